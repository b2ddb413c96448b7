//! Every fenced block of the documentation is checked, depending on its language:
//!
//! * `sh`, `console`: commands. Those of `snnc` are run here ([`command`]), others must be on a short list. Commands
//!   whose files the page shows are in [`transcripts`](crate::transcripts), with what they print. If a `console` shows
//!   errors in another file, that is the reader's: the arguments are read, and the codes must exist.
//! * `yaml`: a recipe or a part of one, completed and read by `snnc`.
//! * `python`: code that needs packages of the reader's. It must be Python.
//! * `snn`, `snn-...`: compiled by the tests of the language where those read the page, otherwise checked here.
//! * `rust`, `no_run`, or no word at all: a documentation test of a crate that includes the page.
//! * `rust,ignore`: code that needs files of the reader's. It must be Rust.
//! * `toml`: names only packages that exist.
//! * `text`: for people.
//!
//! Anything else is an error.

use std::path::{Path, PathBuf};

use crate::support::{Folder, RECIPE, TONES, events, npy, repository, weights};
use crate::transcripts::{is_transcript, shown_files};

/// Programs that the documentation may use besides `snnc`. They are not run.
const OTHER_PROGRAMS: [&str; 9] =
    ["cargo", "git", "rustup", "apt-get", "sudo", "python3", "cd", "curl", ".ci/run"];

pub(crate) struct Block {
    /// Page and line, for messages.
    pub(crate) place: String,
    pub(crate) page: PathBuf,
    /// Index of the first line of the content in the page.
    pub(crate) start: usize,
    pub(crate) kind: String,
    pub(crate) lines: Vec<String>,
}

/// Returns the pages: Markdown files at the root of the repository and in `docs`.
pub(crate) fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for folder in ["", "docs"] {
        let entries = std::fs::read_dir(repository(folder)).expect("the repository can be read");
        pages.extend(entries.map(|entry| entry.expect("the repository can be read").path()));
    }
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    pages
}

pub(crate) fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for page in pages() {
        let name = page.file_name().expect("a page has a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&page).expect("pages are text");
        let mut open: Option<Block> = None;
        for (i, line) in text.lines().enumerate() {
            match (line.trim_start().strip_prefix("```"), &mut open) {
                (Some(kind), None) => {
                    let (place, kind) = (format!("{name}:{}", i + 1), kind.trim().to_owned());
                    open = Some(Block { place, page: page.clone(), start: i + 1, kind, lines: Vec::new() });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (None, Some(block)) => block.lines.push(line.to_owned()),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{name}: unclosed code block");
    }
    blocks
}

#[test]
fn every_block_is_accounted_for() {
    let blocks = blocks();
    assert!(blocks.len() > 50, "only {} blocks were found", blocks.len());
    for block in &blocks {
        let place = &block.place;
        match block.kind.as_str() {
            "sh" => commands(block, &blocks, |line| (!line.trim().is_empty()).then_some(line)),
            "console" if shows_errors_of_another_file(block, &blocks) => shown_errors(block),
            "console" => commands(block, &blocks, |line| line.strip_prefix("$ ")),
            "yaml" => recipe(block, &blocks),
            "yaml-error" => wrong_recipe(block),
            "" | "rust" | "no_run" | "rust,no_run" => {
                assert!(
                    is_doc_test(&block.page),
                    "{place}: no crate includes this page, so nothing compiles the block"
                );
            }
            "rust,ignore" => parses_as_rust(block),
            kind if kind == "snn" || kind.starts_with("snn-") => network(block),
            "python" => parses_as_python(block),
            "c" => compiles_as_c(block),
            "toml" => manifest(block),
            "text" => {}
            kind => panic!("{place}: unknown language `{kind}`"),
        }
    }
}

/// Runs the commands of a block in order, in a folder with the files that the page shows.
fn commands(block: &Block, blocks: &[Block], of_line: impl Fn(&str) -> Option<&str>) {
    let folder = Folder::new();
    let shown = shown_files(&block.page, blocks);
    for (name, content) in &shown {
        folder.write(name, content);
    }
    let joined = block.lines.join("\n").replace("\\\n", " ");
    for line in joined.lines().filter_map(of_line) {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["snnc", words @ ..] if block.kind == "console" && is_transcript(words, &shown) => {}
            ["snnc", words @ ..] => command(&block.place, &folder, words),
            ["cargo", "run", "--release", "-p", "snnc", "--", words @ ..] => {
                command(&block.place, &folder, words)
            }
            [program, ..] => {
                assert!(
                    OTHER_PROGRAMS.contains(program),
                    "{}: `{line}` is not checked by any test",
                    block.place
                );
            }
            [] => {}
        }
    }
}

/// Runs a command of `snnc`, which must succeed.
///
/// Its input files and folders are those of the repository. Others, which stand for files of the reader, are a small network, its
/// weights, events for it, the specification of a chip, and networks of other tools. Folders of output files are created.
///
/// `train`, `eval` and `compare` would take long. They get a data folder that does not exist, so that they stop there:
/// the arguments have been understood, the recipe read and its network compiled by then.
fn command(place: &str, folder: &Folder, words: &[&str]) {
    assert!(
        !words.iter().any(|w| w.contains(['|', '>', '<', '&', ';', '"', '\''])),
        "{place}: the command uses shell syntax"
    );
    for word in words.iter().filter(|word| !word.starts_with('-')) {
        supply(folder, word, words);
    }
    let outcome = match words {
        ["train" | "eval" | "compare", recipe, ..] if !recipe.starts_with('-') => {
            let nowhere = ["--set", "data.path=nowhere"];
            // There is no checkpoint to resume from.
            let resumes = words.contains(&"--resume");
            let says = if resumes { "checkpoint" } else { "there is no such folder or file: `nowhere`" };
            folder.snnc(&[words, &nowhere].concat()).failure(2, &[says])
        }
        _ => folder.snnc(words),
    };
    let stopped = matches!(words[0], "train" | "eval" | "compare");
    assert!(stopped || outcome.code == Some(0), "{place}: `snnc {}`: {}", words.join(" "), outcome.stderr);
}

fn shows_errors_of_another_file(block: &Block, blocks: &[Block]) -> bool {
    let shown = shown_files(&block.page, blocks);
    let mut commands = block.lines.iter().filter_map(|line| line.strip_prefix("$ snnc "));
    block.lines.iter().any(|line| line.starts_with("error["))
        && commands.any(|line| !is_transcript(&line.split_whitespace().collect::<Vec<_>>(), &shown))
}

/// Checks a command on a file of the reader: its arguments must be valid, and the reported codes must exist.
fn shown_errors(block: &Block) {
    let folder = Folder::new();
    for line in &block.lines {
        if let Some(command) = line.strip_prefix("$ snnc ") {
            let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
            assert_eq!(folder.snnc(&words).code, Some(0), "{}: `{line}`", block.place);
        } else if let Some((code, _)) = line.strip_prefix("error[").and_then(|rest| rest.split_once(']')) {
            assert_eq!(folder.snnc(&["explain", code]).code, Some(0), "{}: `{line}`", block.place);
        }
    }
}

fn parses_as_rust(block: &Block) {
    let folder = Folder::new();
    folder.write("example.rs", format!("fn example() {{\n{}\n}}\n", block.lines.join("\n")));
    let rustfmt = std::process::Command::new("rustfmt")
        .args(["--edition", "2024"])
        .arg(folder.path("example.rs"))
        .output();
    // Skipped on toolchains without rustfmt.
    let Ok(output) = rustfmt else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || said.contains("not installed"), "{}: {said}", block.place);
}

fn parses_as_python(block: &Block) {
    let python = std::env::var("SYNNET_PYTHON").unwrap_or_else(|_| "python3".into());
    let code = block.lines.join("\n");
    let parse = ["-c", "import ast, sys; ast.parse(sys.argv[1])", &code];
    // Skipped on machines without Python.
    let Ok(output) = std::process::Command::new(python).args(parse).output() else { return };
    assert!(output.status.success(), "{}: {}", block.place, String::from_utf8_lossy(&output.stderr));
}

/// Compiles a block with the headers that it may include: the generated one of the digits network, and that of the audio
/// front end.
fn compiles_as_c(block: &Block) {
    let folder = Folder::new();
    let (network, weights) = ("examples/digits/digits.snn", "examples/digits/digits.safetensors");
    command(
        &block.place,
        &folder,
        &["build", network, "--weights", weights, "--target", "c-int", "-o", "digits.c"],
    );
    folder.write("block.c", block.lines.join("\n") + "\n");
    let flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-fsyntax-only"];
    let mut compiler = std::process::Command::new("gcc");
    compiler.args(flags);
    compiler.arg("-I").arg(repository("audio/c/include")).arg(folder.path("block.c"));
    // Skipped on machines without the compiler.
    let Ok(output) = compiler.output() else { return };
    assert!(output.status.success(), "{}: {}", block.place, String::from_utf8_lossy(&output.stderr));
}

/// Creates a file that a command names, if it does not exist.
fn supply(folder: &Folder, word: &str, words: &[&str]) {
    if Path::new(word).is_absolute() || folder.path(word).exists() {
        return;
    }
    let original = repository(word);
    if let Some(parent) = Path::new(word).parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder.path(&parent.to_string_lossy())).expect("the folder can be made");
    }
    if original.is_file() {
        folder.write(word, std::fs::read(&original).expect("files of the repository can be read"));
        if word.ends_with(".yaml") {
            let network = Path::new(word).with_file_name("digits.snn");
            folder.write(
                &network.to_string_lossy(),
                std::fs::read(repository(&network.to_string_lossy()))
                    .expect("the recipe's network is beside it"),
            );
        }
    } else if original.is_dir() && words[0] == "encode" {
        for entry in std::fs::read_dir(&original).expect("the repository can be read") {
            let path = entry.expect("the repository can be read").path();
            let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
            folder.write(&format!("{word}/{name}"), std::fs::read(&path).expect("it is a file"));
        }
    } else if word.ends_with(".snn") {
        folder.write(word, TONES);
    } else if word.ends_with(".yaml") {
        folder.write(word, RECIPE);
        folder.write(&Path::new(word).with_file_name("tones.snn").to_string_lossy(), TONES);
    } else if word.ends_with(".safetensors") {
        let network = words.iter().find_map(|w| match w {
            w if w.ends_with(".snn") => Some(folder.read_text(w)),
            w if w.ends_with(".yaml") => {
                let recipe: serde_yaml::Mapping =
                    serde_yaml::from_str(&folder.read_text(w)).expect("recipes are YAML");
                let network = Path::new(w).with_file_name(recipe["network"].as_str().expect("it is a path"));
                Some(folder.read_text(&network.to_string_lossy()))
            }
            _ => None,
        });
        folder.write(word, weights(&network.unwrap_or_else(|| TONES.to_owned())).to_safetensors());
    } else if word.ends_with(".nir") && words[0] == "import" {
        let file = repository("targets/nir/tests/files/brailernn-1.0.1.nir");
        folder.write(word, std::fs::read(file).expect("files of the repository can be read"));
    } else if word.ends_with(".json") && words[0] == "import" {
        let file = repository("targets/rockpool/tests/golden/synnet.json");
        folder.write(word, std::fs::read(file).expect("files of the repository can be read"));
    } else if word.ends_with(".npy") {
        // As many channels as the network takes that the command names; those of the recipes here otherwise.
        let network = words.iter().find(|w| w.ends_with(".snn")).map(|w| folder.read_text(w));
        let graph = network.and_then(|text| synnet_dsl::compile_str(&text).ok());
        let channels = graph.map_or(16, |graph| graph.input.channels);
        folder.write(word, npy("|u1", false, &[20, channels], &events(20, channels)));
    } else if word.ends_with(".spec.npz") && words[0] == "sim" {
        folder.write("own.snn", TONES);
        folder.write("own.safetensors", weights(TONES).to_safetensors());
        let build =
            ["build", "own.snn", "--weights", "own.safetensors", "--target", "xylo-audio3", "-o", word];
        folder.snnc(&build).success();
    }
}

/// Checks a recipe, or keys that are added to one. A network that is not in the repository is the one on the page.
fn recipe(block: &Block, blocks: &[Block]) {
    let folder = Folder::new();
    folder.write("tones.snn", TONES);
    folder.write(
        "digits.snn",
        std::fs::read(repository("examples/digits/digits.snn")).expect("the example can be read"),
    );
    let parse = |text: &str| -> serde_yaml::Mapping {
        serde_yaml::from_str(text).unwrap_or_else(|e| panic!("{}: {e}", block.place))
    };
    let mut whole = parse(RECIPE);
    whole.extend(parse(&block.lines.join("\n")));
    let network = whole["network"].as_str().expect("it is a path");
    for (name, content) in shown_files(&block.page, blocks) {
        folder.write(&name, content);
    }
    if !folder.path(network).exists() {
        let on_page = blocks.iter().find(|other| other.page == block.page && other.kind == "snn");
        let on_page = on_page.unwrap_or_else(|| panic!("{}: there is no network `{network}`", block.place));
        folder.write(network, on_page.lines.join("\n"));
    }
    folder.write("recipe.yaml", serde_yaml::to_string(&whole).expect("it was YAML"));
    let outcome = folder.snnc(&["train", "recipe.yaml", "--set", "data.path=nowhere"]);
    let read =
        outcome.code == Some(2) && outcome.stderr.contains("there is no such folder or file: `nowhere`");
    assert!(read, "{}: {}", block.place, outcome.stderr);
}

/// Checks that a recipe has errors.
fn wrong_recipe(block: &Block) {
    let folder = Folder::new();
    folder.write("recipe.yaml", block.lines.join("\n"));
    folder.snnc(&["check", "recipe.yaml"]).failure(1, &["error[R0", "in `recipe.yaml`"]);
}

fn network(block: &Block) {
    let tests =
        std::fs::read_to_string(repository("dsl/tests/dsl/documentation.rs")).expect("the tests can be read");
    let name = block.page.file_name().expect("a page has a name").to_string_lossy();
    if tests.contains(&format!("docs/{name}")) {
        return;
    }
    assert_eq!(block.kind, "snn", "{}: networks on this page must be complete and valid", block.place);
    let folder = Folder::new();
    let outcome = folder.snnc_with_input(&["check", "-"], block.lines.join("\n").as_bytes());
    assert_eq!(outcome.code, Some(0), "{}: {}", block.place, outcome.stderr);
}

/// Returns whether a crate includes the page in its documentation, so that its examples are compiled and run.
fn is_doc_test(page: &Path) -> bool {
    let name = page.file_name().expect("a page has a name").to_string_lossy();
    let roots = ["src", "tests/src"];
    roots.iter().any(|root| {
        let text = std::fs::read_to_string(repository(root).join("lib.rs")).unwrap_or_default();
        text.lines().any(|line| line.contains("doc = include_str!") && line.contains(&format!("/{name}\"")))
    })
}

fn manifest(block: &Block) {
    let workspace = std::fs::read_to_string(repository("Cargo.toml")).expect("the manifest can be read");
    for line in &block.lines {
        let Some(name) = line.split('=').next().map(str::trim).filter(|name| name.starts_with("synnet"))
        else {
            continue;
        };
        assert!(
            workspace.contains(&format!("\n{name} = {{ path")),
            "{}: there is no package `{name}`",
            block.place
        );
    }
}
