//! Networks as data: `pass/` must compile to the graphs in the snapshots, `fail/` must give exactly the
//! diagnostics that stand beside the wrong lines, and the examples of the documentation do what it says.
//!
//! An expectation is a comment on the line of the diagnostic: `// error E0301: part of the message`, or
//! `// warning W0201: part of the message`; the part may be absent. A finding without a place belongs
//! to line 1. A first line `// param name=value` sets a parameter, `// name Net` chooses the network.

use std::path::{Path, PathBuf};

use synnet_dsl::{Loader, Options, compile, format};
use synnet_ir::{Code, Diagnostic, SourceId, Sources, from_json, from_yaml, render, to_json, to_yaml};

/// The rules of the language and of graphs: errors first, then warnings, by number.
fn codes() -> Vec<&'static Code> {
    let mut codes: Vec<&Code> =
        synnet_dsl::codes::CODES.iter().chain(synnet_ir::codes::CODES).copied().collect();
    codes.sort_by_key(|code| (code.id.starts_with('W'), code.id));
    codes
}

/// Reads imports from the folder of the tests.
struct Folder(PathBuf);

impl Loader for Folder {
    fn load(&mut self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(path)).map_err(|_| "no such file".to_owned())
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The networks of a folder, by name.
fn cases(name: &str) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder(name)).expect("the folder exists");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the folder is readable").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "snn"));
    paths.sort();
    assert!(!paths.is_empty(), "there are cases in {name}");
    let stem = |path: &Path| path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
    paths.iter().map(|path| (stem(path), read(path))).collect()
}

fn options(text: &str) -> Options {
    let mut options = Options::default();
    for line in text.lines() {
        if let Some((name, value)) = line.strip_prefix("// param ").and_then(|rest| rest.split_once('=')) {
            options.params.push((name.to_owned(), value.to_owned()));
        }
        if let Some(name) = line.strip_prefix("// name ") {
            options.name = Some(name.to_owned());
        }
    }
    options
}

fn compiled(name: &str, text: &str) -> (Sources, synnet_dsl::Compilation) {
    let mut sources = Sources::new();
    let root = sources.add(format!("{name}.snn"), text);
    let result = compile(&mut sources, root, &options(text), &mut Folder(folder("cases")));
    assert_eq!(result.graph.is_some(), !result.diagnostics.iter().any(Diagnostic::is_error), "{name}");
    (sources, result)
}

/// What differs between the diagnostics of a text and those that it announces; empty where nothing does.
fn differences(name: &str, text: &str) -> String {
    let (sources, result) = compiled(name, text);
    let mut expected: Vec<(usize, String, String)> = Vec::new();
    for (line, content) in text.lines().enumerate() {
        for severity in ["error ", "warning "] {
            for part in content.split(&format!("// {severity}")).skip(1) {
                let part = part.split(" // ").next().unwrap_or(part).trim();
                let (code, message) = part.split_once(": ").unwrap_or((part, ""));
                expected.push((line + 1, code.to_owned(), message.to_owned()));
            }
        }
    }
    let mut report = String::new();
    for diagnostic in &result.diagnostics {
        let line = match diagnostic.span {
            Some(span) if span.source == SourceId(0) => sources.line_column(span).0,
            _ => 1,
        };
        let found = expected.iter().position(|(at, code, message)| {
            *at == line && code == diagnostic.code.id && diagnostic.message.contains(message.as_str())
        });
        match found {
            Some(i) => drop(expected.remove(i)),
            None => {
                report +=
                    &format!("{name}:{line}: unexpected {}: {}\n", diagnostic.code.id, diagnostic.message)
            }
        }
        if diagnostic.is_error() && diagnostic.help.is_none() && diagnostic.notes.is_empty() {
            report += &format!(
                "{name}:{line}: {} has neither help nor note: {}\n",
                diagnostic.code.id, diagnostic.message
            );
        }
    }
    for (line, code, message) in expected {
        report += &format!("{name}:{line}: missing {code}: {message}\n");
    }
    report
}

#[test]
fn wrong_networks_give_the_diagnostics_that_they_announce() {
    let report: String = cases("fail").iter().map(|(name, text)| differences(name, text)).collect();
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn wrong_expectations_are_noticed() {
    let network = "network N {\n    dt: 10;   COMMENT\n    input a: 1;\n    layer b: expsyn(1) { tau_syn: 2 ms };\n    a -> b;\n    output b;\n}\n";
    let differs = |comment: &str| differences("n", &network.replace("COMMENT", comment));
    assert_eq!(differs("// error E0301: is a time"), "");
    assert!(differs("").contains("n:2: unexpected E0301"));
    assert!(differs("// error E0302").contains("n:2: missing E0302"));
    assert!(differs("// error E0301: is a duration").contains("n:2: missing E0301"));
    assert!(differs("// error E0301 // error E0301").contains("n:2: missing E0301"));
}

#[test]
fn right_networks_give_their_graphs() {
    for (name, text) in cases("pass") {
        assert_eq!(differences(&name, &text), "");
        let (_, result) = compiled(&name, &text);
        let graph = result.graph.expect("there are no errors");
        insta::assert_snapshot!(name.as_str(), to_yaml(&graph));
    }
}

#[test]
fn graphs_survive_yaml_and_json() {
    for (name, text) in cases("pass") {
        let graph = compiled(&name, &text).1.graph.expect("there are no errors");
        let from_text = from_yaml(&to_yaml(&graph)).expect("a graph that was written can be read");
        assert_eq!(to_yaml(&from_text), to_yaml(&graph), "{name}");
        let from_text = from_json(&to_json(&graph)).expect("a graph that was written can be read");
        assert_eq!(to_json(&from_text), to_json(&graph), "{name}");
    }
}

#[test]
fn diagnostics_are_rendered_with_their_lines() {
    for name in ["five_mistakes", "instances", "duplicates"] {
        let text = read(&folder("fail").join(format!("{name}.snn")));
        let (sources, result) = compiled(name, &text);
        insta::assert_snapshot!(format!("render_{name}"), render(&result.diagnostics, &sources, false));
        let colourful = render(&result.diagnostics, &sources, true);
        assert!(colourful.contains("\u{1b}["));
    }
}

#[test]
fn graphs_are_shown_as_tables_and_drawings() {
    let text = read(&folder("pass").join("everything.snn"));
    let graph = compiled("everything", &text).1.graph.expect("there are no errors");
    insta::assert_snapshot!("table_everything", synnet_ir::to_table(&graph));
    insta::assert_snapshot!("dot_everything", synnet_ir::to_dot(&graph));
}

#[test]
fn formatting_keeps_graphs_and_is_stable() {
    for (name, text) in cases("pass") {
        let formatted = format(&text).expect("it parses");
        assert_eq!(format(&formatted).expect("it parses"), formatted, "{name}");
        assert_eq!(
            compiled(&name, &formatted).1.graph.map(|graph| to_yaml(&graph)),
            compiled(&name, &text).1.graph.map(|graph| to_yaml(&graph)),
            "{name}"
        );
        if name.starts_with("formatting") {
            insta::assert_snapshot!(format!("formatted_{name}"), formatted);
        }
    }
}

#[test]
fn the_standard_library_is_formatted() {
    let text = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("std/synnet.snn"));
    assert_eq!(format(&text).expect("it parses"), text);
}

/// The code blocks of a Markdown text: their tags and contents.
fn blocks(markdown: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in markdown.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(tag)) => open = Some((tag.to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, content)), None) => *content += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a code block does not end");
    blocks
}

/// Compiles an example. Statements alone get what makes them a network; then warnings that the
/// example does not announce are about what it leaves out.
fn example(name: &str, tag: &str, content: &str) -> String {
    let report = match tag {
        "snn" | "snn-error" => differences(name, content),
        "snn-part" | "snn-part-error" => {
            let report = differences(name, &whole(content));
            report
                .lines()
                .filter(|line| !line.contains("unexpected W"))
                .map(|line| format!("{line}\n"))
                .collect()
        }
        _ => return String::new(),
    };
    let announces = content.contains("// error E");
    assert_eq!(announces, tag.ends_with("-error"), "{name}: the tag `{tag}` does not suit\n{content}");
    if report.is_empty() { report } else { format!("{report}in\n{content}\n") }
}

fn whole(statements: &str) -> String {
    let mut text = String::from("network Example {\n");
    let has = |start: &str| statements.lines().any(|line| line.trim_start().starts_with(start));
    if !has("dt:") {
        text += "dt: 1 ms;\n";
    }
    if !has("input ") {
        text += "input audio: 4;\n";
    }
    text += statements;
    if !has("output ") {
        text += "layer readout: expsyn(1) { tau_syn: 2 ms };\noutput readout;\n";
    }
    text + "}\n"
}

#[test]
fn examples_of_the_language_reference_do_what_it_says() {
    let text = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/language.md"));
    let blocks = blocks(&text);
    assert!(blocks.iter().filter(|(tag, _)| tag.starts_with("snn")).count() > 15);
    let report: String = blocks.iter().map(|(tag, content)| example("language.md", tag, content)).collect();
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn explanations_have_examples_that_do_what_they_say() {
    let mut report = String::new();
    for code in codes() {
        let blocks = blocks(code.explanation);
        report += &blocks.iter().map(|(tag, content)| example(code.id, tag, content)).collect::<String>();
        assert!(code.explanation.trim().lines().count() > 1, "{} has no explanation", code.id);
        let of_language = !code.id.starts_with("E05") && !code.id.starts_with("E06");
        // Limits and files have no short example.
        if of_language && !["E0103", "E0104", "E0409", "E0410"].contains(&code.id) {
            let shows = |id: &str| blocks.iter().any(|(_, content)| content.contains(&format!(" {id}")));
            assert!(shows(code.id), "{} has no example", code.id);
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn codes_are_ordered_and_unique() {
    let key = |code: &Code| (code.id.starts_with('W'), code.id);
    for table in [synnet_dsl::codes::CODES, synnet_ir::codes::CODES] {
        assert!(table.is_sorted_by(|a, b| key(a) < key(b)));
    }
    assert!(codes().windows(2).all(|pair| pair[0].id != pair[1].id));
}

#[test]
fn the_index_of_errors_lists_every_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
    let mut index = String::from(
        "# Errors and warnings\n\nEvery rule of the language has a code. `snnc explain CODE` prints what stands here. Codes that\nstart with `X` belong to chips; they are listed with the targets.\n",
    );
    for code in codes() {
        index += &format!("\n## {}: {}\n\n{}\n", code.id, code.title, code.explanation.trim());
    }
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, &index).expect("the index can be written");
    }
    assert_eq!(read(&path), index, "docs/errors.md is out of date: INSTA_UPDATE=always writes it");
}
