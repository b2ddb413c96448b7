//! What the fuzz targets in `fuzz/` check of their inputs. The targets themselves need a nightly toolchain; these
//! functions run in the tests as well, on the inputs in `fuzz/regressions/`, which failed once.
//!
//! Each check takes arbitrary bytes, and panics if a promise of `docs/reliability.md` is broken.

mod budget;
mod choices;
mod files;
mod graph;
mod program;
mod source;

/// A check of arbitrary bytes.
pub type Check = fn(&[u8]);

/// Every check with the name of its fuzz target.
pub const CHECKS: &[(&str, Check)] = &[
    ("archive", files::archive),
    ("array", files::array),
    ("checkpoint", files::checkpoint),
    ("chip", |bytes| with_text(bytes, files::chip)),
    ("configuration", files::configuration),
    ("event_list", files::event_list),
    ("graph_json", |bytes| with_text(bytes, files::graph_json)),
    ("graph_yaml", |bytes| with_text(bytes, files::graph_yaml)),
    ("hdf5", files::hdf5),
    ("nir", files::nir),
    // The bytes are choices in the grammar of the language: most of these sources compile.
    ("program", |bytes| source::check(&program::write(bytes))),
    ("recipe", |bytes| with_text(bytes, files::recipe)),
    ("rockpool", |bytes| with_text(bytes, files::rockpool)),
    ("source", |bytes| with_text(bytes, source::check)),
    ("specification", files::specification),
    ("wav", files::wav),
    ("weights", files::weights),
];

/// Runs the check of a fuzz target.
///
/// # Panics
/// If a promise is broken, or if there is no such target.
pub fn check(target: &str, bytes: &[u8]) {
    let known = CHECKS.iter().find(|(name, _)| *name == target);
    let (_, check) = known.unwrap_or_else(|| panic!("there is no check `{target}`"));
    check(bytes);
}

/// Runs a check of text. Bytes that are not UTF-8 are refused before any reader sees them.
fn with_text(bytes: &[u8], check: fn(&str)) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        check(text);
    }
}
