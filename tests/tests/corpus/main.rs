//! Every network of `tests/networks` on every engine. A new file there takes part without a line of code;
//! `synnet_tests::corpus` documents its opening comment.
//!
//! | module | what is tested | snapshots |
//! |---|---|---|
//! | [`graph`] | graph, table, formatter, YAML and JSON | `graph/` |
//! | [`float`] | interpreter against the equations in f32; training's spikes and gradients against f64 | `float/` |
//! | [`generated`] | generated modules in f32 and in integers against interpreter and simulator | `generated/` |
//! | [`c`] | generated C in f32 and in integers, by every compiler that is installed, against the same | |
//! | [`detector`] | generated detectors in Rust and C against their definition | |
//! | [`chips`] | specification and simulation on each chip, or why the network does not fit | `chips/` |
//! | [`nir`] | NIR files: the same network with metadata, the same spikes without | |
//! | [`agreement`] | three of the networks, with weights that a chip hardly rounds: float spikes against the chip's | |
//!
//! `SYNNET_NETWORKS=part` runs only the networks whose names contain `part`. `INSTA_UPDATE=always` writes snapshots;
//! they are reviewed like code.

mod agreement;
mod c;
mod chips;
mod detector;
mod float;
mod generated;
mod graph;
mod nir;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use synnet_ir::{Diagnostics, Sources, fnv1a, render};
use synnet_tests::corpus::{self, Case};

/// Returns the networks to test, by name.
fn cases() -> Vec<Case> {
    let part = std::env::var("SYNNET_NETWORKS").unwrap_or_default();
    let cases: Vec<Case> = corpus::cases().into_iter().filter(|case| case.name.contains(&part)).collect();
    assert!(!cases.is_empty(), "no network's name contains `{part}`");
    cases
}

/// Tests every network. Fails at the end, with the names of the networks that failed.
fn for_each(check: impl Fn(&Case)) {
    let cases = cases();
    let fails = |case: &&Case| catch_unwind(AssertUnwindSafe(|| check(case))).is_err();
    let failed: Vec<&str> = cases.iter().filter(fails).map(|case| case.name.as_str()).collect();
    assert!(failed.is_empty(), "{} of {} networks fail: {}", failed.len(), cases.len(), failed.join(", "));
}

/// Compares a text with the snapshot of a network in a group.
fn assert_snapshot(group: &str, case: &Case, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("snapshots/{group}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(&case.shows);
    settings.bind(|| insta::assert_snapshot!(case.name.as_str(), text));
}

/// Returns a digest of 16 hexadecimal digits.
fn digest(bytes: &[u8]) -> String {
    format!("{:016x}", fnv1a(bytes))
}

/// Returns the digest of all bits of numbers.
fn digest_of<'a>(numbers: impl IntoIterator<Item = &'a f32>) -> String {
    digest(&numbers.into_iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())
}

/// Renders diagnostics as the command line does.
fn shown(diagnostics: &Diagnostics, sources: &Sources) -> String {
    render(diagnostics, sources, false).trim_end().to_owned()
}

/// Formats a number with three significant digits.
fn rounded(x: f64) -> String {
    format!("{x:.2e}")
}

#[test]
fn every_snapshot_belongs_to_a_network() {
    let snapshots = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/snapshots"));
    let files = |path: &Path| {
        std::fs::read_dir(path).expect("the folder is readable").map(|e| e.expect("as is its entry").path())
    };
    let names: Vec<String> = corpus::cases().into_iter().map(|case| case.name).collect();
    for path in files(snapshots).flat_map(|group| files(&group).collect::<Vec<_>>()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = name.split('.').next().unwrap_or_default();
        assert!(names.iter().any(|known| known == name), "{}: there is no network `{name}`", path.display());
    }
}
