//! The folders of fixtures, and how their files are compiled.
//!
//! A line `// param name=value` of a source sets a parameter of its network; `// name Net` chooses the network.

use std::path::{Path, PathBuf};

use synnet_dsl::{Compilation, CompileOptions, Loader, compile};
use synnet_ir::{Diagnostic, Sources};

use crate::expectations::{Fixture, findings};

/// A file of a folder of fixtures.
pub(crate) struct Case {
    /// Path below the folder without the extension: `syntax/missing_colon`.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// Reads imports from the folder `imported`.
struct Imported;

impl Loader for Imported {
    fn load(&mut self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(folder("imported").join(path)).map_err(|_| "no such file".to_owned())
    }
}

/// A folder beside this crate of tests.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether files are brought up to date instead of compared.
pub(crate) fn updates() -> bool {
    std::env::var_os("SYNNET_UPDATE").is_some_and(|value| value != "0")
}

/// The networks of a folder and the folders in it, by name.
pub(crate) fn cases(name: &str) -> Vec<Case> {
    let root = folder(name);
    let mut cases = Vec::new();
    let mut waiting = vec![root.clone()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("the folder is readable");
            waiting.extend(entries.map(|entry| entry.expect("the folder is readable").path()));
        } else if path.extension().is_some_and(|extension| extension == "snn") {
            let below = path.strip_prefix(&root).expect("the walk starts at the root");
            let name = below.with_extension("").to_string_lossy().replace('\\', "/");
            cases.push(Case { name, text: read(&path), path });
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(!cases.is_empty(), "there are cases in {name}");
    cases
}

fn options(source: &str) -> CompileOptions {
    let mut options = CompileOptions::default();
    for line in source.lines() {
        if let Some((name, value)) = line.strip_prefix("// param ").and_then(|rest| rest.split_once('=')) {
            options.params.push((name.to_owned(), value.to_owned()));
        }
        if let Some(name) = line.strip_prefix("// name ") {
            options.name = Some(name.to_owned());
        }
    }
    options
}

/// Compiles a source; imports are relative to the folder `imported`.
pub(crate) fn compiled(name: &str, source: &str) -> (Sources, Compilation) {
    let mut sources = Sources::new();
    let stem = name.rsplit('/').next().unwrap_or(name);
    let root = sources.add(format!("{stem}.snn"), source);
    let result = compile(&mut sources, root, &options(source), &mut Imported);
    assert_eq!(result.graph.is_some(), !result.diagnostics.has_errors(), "{name}");
    (sources, result)
}

/// The fixture with what its source really gives as expectations. Each error says what to do.
pub(crate) fn found(name: &str, fixture: &Fixture) -> Fixture {
    let (sources, result) = compiled(name, &fixture.source());
    let silent = |d: &&Diagnostic| d.is_error() && d.help.is_none() && d.notes.is_empty();
    if let Some(diagnostic) = result.diagnostics.iter().find(silent) {
        panic!("{name}: neither help nor note: {diagnostic}");
    }
    fixture.with(&findings(&sources, &result.diagnostics, true))
}

#[test]
fn invalid_networks_produce_the_annotated_diagnostics() {
    let mut report = String::new();
    for Case { name, path, text } in cases("fail") {
        let fixture = Fixture::read(&text);
        let found = found(&name, &fixture);
        assert_ne!(found, fixture.with(&[]), "{name} has nothing wrong");
        if updates() {
            std::fs::write(&path, found.write()).expect("the fixture can be written");
        } else {
            report += &fixture.differences(&name, &found);
        }
    }
    assert!(report.is_empty(), "SYNNET_UPDATE=1 rewrites the expectations\n{report}");
}

/// A file outside of `several/` has one mistake, and a correct neighbor that gives no diagnostic at all.
#[test]
fn corrected_networks_compile() {
    let mut report = String::new();
    for Case { name, text, .. } in cases("fail") {
        match Fixture::read(&text).neighbor() {
            None if name.starts_with("several/") => {}
            None => report += &format!("{name}: no line says what would be correct\n"),
            Some(neighbor) => {
                for diagnostic in &compiled(&name, &neighbor).1.diagnostics {
                    report += &format!("{name}, corrected: {diagnostic}\n");
                }
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
}
