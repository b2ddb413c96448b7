//! Wrong recipes and chip descriptions, each with the diagnostics that it must give.
//!
//! `tests/recipes/fail/NAME.yaml` has `NAME.txt` beside it: what `snnc` prints about the file. A line
//! `#! key=value` in a recipe stands for `--set key=value`. `SYNNET_UPDATE=1` rewrites the expectations.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use synnet_workbench::recipe::Recipe;
use synnet_workbench::{ChipCatalog, Error, codes};

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

/// Compares what the files of a folder give with what stands beside them.
fn compare(folder: &str, read: impl Fn(&str, String) -> Result<(), Error>) {
    let mut report = String::new();
    for path in files(folder, "yaml") {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let found = match read(name, text) {
            Ok(()) => "no errors\n".to_owned(),
            Err(error) => format!("{error}\n"),
        };
        let beside = path.with_extension("txt");
        if std::env::var_os("SYNNET_UPDATE").is_some() {
            std::fs::write(&beside, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&beside).unwrap_or_default();
        if expected != found {
            writeln!(report, "--- {}\n{expected}+++ found\n{found}", beside.display()).unwrap();
        }
        assert!(found.starts_with("error["), "{}: {found}", path.display());
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn wrong_recipes_give_every_mistake_at_its_place() {
    compare("recipes/fail", |name, text| {
        let overrides = text.lines().filter_map(|line| line.strip_prefix("#! ")?.split_once('='));
        let overrides: Vec<(String, String)> =
            overrides.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Recipe::parse(text, Path::new(name), &overrides, &ChipCatalog::default()).map(drop)
    });
}

#[test]
fn wrong_chip_descriptions_give_every_mistake_at_its_place() {
    compare("chips/fail", |name, text| ChipCatalog::default().add(name, text));
}

#[test]
fn every_code_of_recipes_has_a_fixture() {
    let texts = [files("recipes/fail", "txt"), files("chips/fail", "txt")].concat();
    let all: String = texts.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for code in codes::CODES {
        // Reading a recipe compiles no network and reads no data; tests of `snnc` do.
        let needs_more = [codes::NETWORK_MISMATCH.id, codes::NO_SAMPLE.id].contains(&code.id);
        let is_covered = all.contains(&format!("error[{}]", code.id)) || needs_more;
        assert!(is_covered, "no fixture gives {}", code.id);
        assert!(code.explanation.contains("Remedy:"), "{} says no remedy", code.id);
    }
}
