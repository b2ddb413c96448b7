//! Every source file of the project parses, except the test files that the compiler's parser refuses too.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{each_node, parse};

/// Returns the path of a file or folder of the project.
pub(crate) fn in_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Returns all `.snn` files below a folder of the project, in order.
pub(crate) fn sources(folder: &str) -> Vec<PathBuf> {
    fn collect(folder: &Path, sources: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                collect(&path, sources);
            } else if path.extension().is_some_and(|extension| extension == "snn") {
                sources.push(path);
            }
        }
    }
    let mut sources = Vec::new();
    collect(&in_project(folder), &mut sources);
    sources.sort();
    assert!(!sources.is_empty(), "{folder} has no networks");
    sources
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the places that do not parse, as `line:column: node`.
fn errors(text: &str) -> Vec<String> {
    let tree = parse(text);
    let mut errors = Vec::new();
    each_node(tree.root_node(), &mut |node| {
        if node.is_error() || node.is_missing() {
            let at = node.start_position();
            errors.push(format!("{}:{}: {node}", at.row + 1, at.column + 1));
        }
    });
    errors
}

#[test]
fn every_network_parses() {
    let folders =
        ["dsl/std", "examples", "tests/networks", "dsl/tests/format", "macros/tests", "targets/xylo/tests"];
    for path in folders.iter().flat_map(|folder| sources(folder)) {
        assert_eq!(errors(&read(&path)), [""; 0], "{}", path.display());
    }
}

#[test]
fn the_networks_of_the_documentation_parse() {
    let mut count = 0;
    for page in ["README.md", "docs/guide.md", "docs/language.md", "docs/synnet.md", "docs/xylo.md"] {
        let text = read(&in_project(page));
        for block in text.split("\n```snn\n").skip(1) {
            let (block, _) = block.split_once("\n```").expect("code blocks end");
            assert_eq!(errors(block), [""; 0], "{page}:\n{block}");
            count += 1;
        }
    }
    assert!(count > 5, "the pages show {count} networks");
}

#[test]
fn the_network_inside_rust_parses() {
    let text = read(&in_project("examples/macro/src/main.rs"));
    let (_, rest) = text.split_once("synnet::synnet! ").expect("the macro");
    let (network, _) = rest.split_once("\n}\n").expect("its last brace");
    assert_eq!(errors(&format!("{network}\n}}")), [""; 0]);
    let settings =
        "{ #![weights = \"w\"] #![params(n = 2)] #![allow_mismatch = true] network N { output a; } }";
    assert_eq!(errors(settings), [""; 0]);
}

/// The fixtures of the compiler's tests: an expectation `error E01..` says that a file does not parse.
#[test]
fn fixtures_parse_unless_they_are_about_syntax() {
    // The compiler limits sizes and depths. It reserves words everywhere; this grammar, where they could be keywords.
    let is_exempt = |path: &Path| {
        let path = path.to_string_lossy();
        path.contains("/limits/") || path.ends_with("_with_reserved_name.snn")
    };
    let fixtures = sources("dsl/tests/fail");
    let mut wrong = Vec::new();
    for path in fixtures.iter().filter(|path| !is_exempt(path)) {
        let text = read(path);
        let (expectations, source): (Vec<&str>, Vec<&str>) =
            text.split_inclusive('\n').partition(|line| is_expectation(line));
        let errors = errors(&source.concat());
        if errors.is_empty() == expectations.iter().any(|line| is_syntax_error(line)) {
            wrong.push(format!("{}: {errors:?}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), fixtures.len(), wrong.join("\n"));
}

/// Whether a line of a fixture says that the compiler's parser refuses the line above it. An expectation that names
/// another source is about that one.
fn is_syntax_error(line: &str) -> bool {
    let marker = line.trim_start_matches('/').trim_start();
    let is_here = marker.starts_with('^')
        || marker.strip_prefix('@').is_some_and(|at| at.starts_with(char::is_numeric));
    is_here && line.contains(" error E01")
}

/// Whether a line of a fixture is no part of the source: an expectation or a correction.
fn is_expectation(line: &str) -> bool {
    let Some(rest) = line.strip_prefix("//") else { return false };
    rest.starts_with('+') || ["^", "@", "= help"].iter().any(|marker| rest.trim_start().starts_with(marker))
}
