//! The examples of the documentation do what it says: `docs/language.md`, and the explanation of each code.
//!
//! The tag of a code block tells what it holds: `snn` a whole file without errors, `snn-error` one with errors,
//! `snn-part` and `snn-part-error` statements of a network. Expectations stand as in fixtures, without help and
//! without notes in other sources.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use synnet_ir::{Code, Severity};

use crate::cases::{compiled, read, updates};
use crate::codes;
use crate::expectations::{Finding, Fixture, findings};

pub(crate) fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A code block of a Markdown text.
struct Block {
    tag: String,
    content: String,
    /// Bytes of the content within the text.
    start: usize,
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let mut at = 0;
    for line in markdown.split_inclusive('\n') {
        at += line.len();
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(tag)) => {
                open = Some(Block { tag: tag.trim_end().to_owned(), content: String::new(), start: at });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.content += line,
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a code block does not end");
    blocks
}

/// What makes a network of statements: the text before and after them.
fn frame(statements: &str) -> (String, &'static str) {
    let has = |start: &str| statements.lines().any(|line| line.trim_start().starts_with(start));
    let mut before = String::from("network Example {\n");
    if !has("dt:") {
        before += "dt: 1 ms;\n";
    }
    if !has("input ") {
        before += "input audio: 4;\n";
    }
    let after = if has("output ") {
        "}\n"
    } else {
        "layer readout: expsyn(1) { tau_syn: 2 ms };\noutput readout;\n}\n"
    };
    (before, after)
}

/// An example with what it really gives as expectations, or `None` where it is in another language.
fn found(name: &str, block: &Block) -> Option<Fixture> {
    let fixture = Fixture::read(&block.content);
    let source = fixture.source();
    match block.tag.as_str() {
        "snn" | "snn-error" => {
            let (sources, result) = compiled(name, &source);
            Some(fixture.with(&findings(&sources, &result.diagnostics, false)))
        }
        "snn-part" | "snn-part-error" => {
            let (before, after) = frame(&source);
            let (sources, result) = compiled(name, &format!("{before}{source}{after}"));
            let mut found = findings(&sources, &result.diagnostics, false);
            let above = before.lines().count();
            found.iter_mut().for_each(|finding| finding.line = finding.line.saturating_sub(above));
            // Warnings that the example does not announce are about what it leaves out.
            let announced = |f: &Finding| f.severity == Severity::Error || fixture.expects(f.line, f.code);
            found.retain(announced);
            Some(fixture.with(&found))
        }
        _ => None,
    }
}

/// The text of a page with its examples checked or, if that is asked for, brought up to date.
fn page(path: &Path) -> String {
    // Tests run side by side, and several of them bring the same page up to date.
    static WRITER: Mutex<()> = Mutex::new(());
    let _writer = WRITER.lock().unwrap_or_else(PoisonError::into_inner);
    let name = path.file_name().expect("a page has a name").to_string_lossy();
    let mut text = read(path);
    let mut report = String::new();
    // From the end, so that earlier blocks stay where they are.
    for block in blocks(&text).iter().rev() {
        let Some(found) = found(&name, block) else { continue };
        let is_wrong = block.tag.ends_with("-error");
        assert_eq!(
            found.expects_errors(),
            is_wrong,
            "{name}: `{}` does not suit\n{}",
            block.tag,
            found.write()
        );
        if updates() {
            text.replace_range(block.start..block.start + block.content.len(), &found.write());
        } else {
            report += &Fixture::read(&block.content).differences(&name, &found);
        }
    }
    assert!(report.is_empty(), "SYNNET_UPDATE=1 rewrites the expectations\n{report}");
    if updates() {
        std::fs::write(path, &text).expect("the page can be written");
    }
    text
}

/// The explanation of a code as its file holds it.
fn explanation(code: &Code) -> String {
    let paths = ["dsl", "ir"].map(|folder| in_repository(&format!("{folder}/src/codes/{}.md", code.id)));
    page(paths.iter().find(|path| path.exists()).expect("each code has a file"))
}

#[test]
fn language_reference_examples_behave_as_documented() {
    let text = page(&in_repository("docs/language.md"));
    assert!(blocks(&text).iter().filter(|block| block.tag.starts_with("snn")).count() > 15);
}

#[test]
fn explanation_examples_behave_as_documented() {
    for code in codes() {
        let text = explanation(code);
        assert!(text.trim().lines().count() > 1, "{} has no explanation", code.id);
        let of_language = !["E05", "E06", "W06"].iter().any(|family| code.id.starts_with(family));
        // Limits and files have no short example.
        if of_language && !["E0103", "E0104", "E0409", "E0410", "E0411", "W0403"].contains(&code.id) {
            let shows = blocks(&text).iter().any(|block| block.content.contains(&format!(" {}: ", code.id)));
            assert!(shows, "{} has no example", code.id);
        }
    }
}

#[test]
fn the_index_of_errors_lists_every_code() {
    let path = in_repository("docs/errors.md");
    let mut index = String::from(
        "# Errors and warnings\n\nEvery rule of the language has a code. `snnc explain CODE` prints its section of this page. It also explains the\nother codes: `X` for rules of chips and of integer code, `T` for training.\n",
    );
    for code in codes() {
        index += &format!("\n## {}: {}\n\n{}\n", code.id, code.title, explanation(code).trim());
    }
    index += "\nNext: [Dependencies](dependencies.md)\n";
    if updates() {
        std::fs::write(&path, &index).expect("the index can be written");
    }
    assert_eq!(read(&path), index, "docs/errors.md is out of date: SYNNET_UPDATE=1 writes it");
}
