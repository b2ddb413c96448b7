//! Wrong recipes and chip descriptions, each with the diagnostics that it must give.
//!
//! `tests/recipes/fail/NAME.yaml` has `NAME.txt` beside it: what `snnc` prints about the file. A line
//! `#! key=value` in a recipe stands for `--set key=value`. In `tests/recipes/plans/`, recipes are read with their
//! networks, and in `tests/recipes/data/` with their data; warnings count as well. `SYNNET_UPDATE=1` rewrites the
//! expectations.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use synnet_ir::{Diagnostic, Sources};
use synnet_workbench::recipe::Recipe;
use synnet_workbench::{Checks, ChipCatalog, Error, Observer, Plan, SourceDiagnostics, codes};

/// Returns the files in a folder with an extension, sorted by name.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == extension));
    files.sort();
    assert!(!files.is_empty(), "{}", folder.display());
    files
}

/// Codes whose diagnostics may lack a place, with the reason.
const WITHOUT_PLACE: [(&str, &str); 0] = [];

/// Compares what the files of a folder give with what stands beside them. Every diagnostic has a place.
fn compare(folder: &str, read: impl Fn(&str, String) -> Vec<SourceDiagnostics>) {
    let mut report = String::new();
    for path in files(folder, "yaml") {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let all = read(name, text);
        let found: Vec<String> = all.iter().map(ToString::to_string).collect();
        let found = found.join("\n\n") + "\n";
        for diagnostic in all.iter().flat_map(|found| found.diagnostics.iter()) {
            let is_exempt = WITHOUT_PLACE.iter().any(|(code, _)| *code == diagnostic.code.id);
            assert!(diagnostic.span.is_some() || is_exempt, "{name}: no place: {diagnostic}");
        }
        let beside = path.with_extension("txt");
        if std::env::var_os("SYNNET_UPDATE").is_some() {
            std::fs::write(&beside, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&beside).unwrap_or_default();
        if expected != found {
            writeln!(report, "--- {}\n{expected}+++ found\n{found}", beside.display()).unwrap();
        }
        assert!(found.starts_with("error[") || found.starts_with("warning["), "{}: {found}", path.display());
    }
    assert!(report.is_empty(), "{report}");
}

/// Returns the diagnostics of an error, which has some.
fn diagnostics(result: Result<(), Error>) -> Vec<SourceDiagnostics> {
    match result {
        Ok(()) => Vec::new(),
        Err(Error::Diagnostics(found)) => vec![*found],
        Err(other) => panic!("no diagnostics: {other}"),
    }
}

/// Returns the overrides that a recipe asks for.
fn overrides(text: &str) -> Vec<(String, String)> {
    let overrides = text.lines().filter_map(|line| line.strip_prefix("#! ")?.split_once('='));
    overrides.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Keeps the warnings.
#[derive(Default)]
struct Warnings(Mutex<Vec<SourceDiagnostics>>);

impl Observer for Warnings {
    fn diagnostics(&self, warnings: &[Diagnostic], sources: &Sources) {
        let (diagnostics, sources) = (warnings.to_vec().into(), sources.clone());
        self.0.lock().unwrap().push(SourceDiagnostics { diagnostics, sources, conclusion: None });
    }
}

#[test]
fn wrong_recipes_give_every_mistake_at_its_place() {
    compare("recipes/fail", |name, text| {
        let overrides = overrides(&text);
        diagnostics(Recipe::parse(text, Path::new(name), &overrides, &ChipCatalog::default()).map(drop))
    });
}

/// Reads a recipe of a folder with its network, and goes on with the plan. Returns warnings and errors.
fn plan(
    folder: &str,
    name: &str,
    text: String,
    go_on: impl Fn(Plan, &Warnings) -> Result<(), Error>,
) -> Vec<SourceDiagnostics> {
    let (overrides, warnings) = (overrides(&text), Warnings::default());
    let path = Path::new("tests").join(folder).join(name);
    let plan = Plan::parse(text, &path, &overrides, &ChipCatalog::default(), &Checks::training(), &warnings);
    let result = plan.and_then(|plan| go_on(plan, &warnings));
    let mut all = warnings.0.into_inner().unwrap();
    all.extend(diagnostics(result));
    all
}

#[test]
fn recipes_and_their_networks_give_every_mistake_at_its_place() {
    compare("recipes/plans", |name, text| plan("recipes/plans", name, text, |_, _| Ok(())));
}

#[test]
fn recipes_and_their_data_give_every_mistake_at_its_place() {
    compare("recipes/data", |name, text| {
        plan("recipes/data", name, text, |plan, observer| plan.with_data(observer).map(drop))
    });
}

#[test]
fn wrong_chip_descriptions_give_every_mistake_at_its_place() {
    compare("chips/fail", |name, text| diagnostics(ChipCatalog::default().add(name, text)));
}

#[test]
fn every_code_of_recipes_has_a_fixture() {
    let folders = ["recipes/fail", "recipes/plans", "recipes/data", "chips/fail"];
    let texts = folders.iter().flat_map(|folder| files(folder, "txt"));
    let all: String = texts.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for code in codes::CODES {
        let is_covered = all.contains(&format!("error[{}]", code.id));
        assert!(is_covered, "no fixture gives {}", code.id);
        assert!(code.explanation.contains("Remedy:"), "{} says no remedy", code.id);
    }
}
