//! What the fuzz targets in `fuzz/` check of their inputs. The targets themselves need a nightly toolchain; these
//! functions run in the tests as well, on the inputs in `fuzz/regressions/`, which failed once.
//!
//! Each function takes arbitrary bytes, and panics if a promise of `docs/reliability.md` is broken.

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
    ("archive", archive),
    ("array", array),
    ("checkpoint", checkpoint),
    ("chip", chip),
    ("configuration", configuration),
    ("event_list", event_list),
    ("graph_json", graph_json),
    ("graph_yaml", graph_yaml),
    ("hdf5", hdf5),
    ("nir", nir),
    ("program", program),
    ("recipe", recipe),
    ("rockpool", rockpool),
    ("source", source),
    ("specification", specification),
    ("wav", wav),
    ("weights", weights),
];

/// Checks a source: every stage ends in time, formatting keeps the meaning, and the network survives as in
/// [`program`].
///
/// # Panics
/// If a promise is broken.
pub fn source(bytes: &[u8]) {
    with_text(bytes, source::check);
}

/// Checks a source that is written by the grammar of the language, with the bytes as choices. Most of them compile:
/// their networks are printed, read again, built for every target and simulated.
///
/// # Panics
/// If a promise is broken.
pub fn program(bytes: &[u8]) {
    source::check(&program::write(bytes));
}

/// Checks the reader of an archive of NumPy arrays.
///
/// # Panics
/// If a promise is broken.
pub fn archive(bytes: &[u8]) {
    files::archive(bytes);
}

/// Checks the reader of a NumPy array.
///
/// # Panics
/// If a promise is broken.
pub fn array(bytes: &[u8]) {
    files::array(bytes);
}

/// Checks the reader of a checkpoint.
///
/// # Panics
/// If a promise is broken.
pub fn checkpoint(bytes: &[u8]) {
    files::checkpoint(bytes);
}

/// Checks the reader of a chip description.
///
/// # Panics
/// If a promise is broken.
pub fn chip(bytes: &[u8]) {
    with_text(bytes, files::chip);
}

/// Checks the reader of the vendor's JSON.
///
/// # Panics
/// If a promise is broken.
pub fn configuration(bytes: &[u8]) {
    files::configuration(bytes);
}

/// Checks the reader of a list of events as text.
///
/// # Panics
/// If a promise is broken.
pub fn event_list(bytes: &[u8]) {
    files::event_list(bytes);
}

/// Checks the reader of a graph as JSON.
///
/// # Panics
/// If a promise is broken.
pub fn graph_json(bytes: &[u8]) {
    with_text(bytes, files::graph_json);
}

/// Checks the reader of a graph as YAML.
///
/// # Panics
/// If a promise is broken.
pub fn graph_yaml(bytes: &[u8]) {
    with_text(bytes, files::graph_yaml);
}

/// Checks the reader of an HDF5 file.
///
/// # Panics
/// If a promise is broken.
pub fn hdf5(bytes: &[u8]) {
    files::hdf5(bytes);
}

/// Checks the reader of a NIR file.
///
/// # Panics
/// If a promise is broken.
pub fn nir(bytes: &[u8]) {
    files::nir(bytes);
}

/// Checks the reader of a recipe.
///
/// # Panics
/// If a promise is broken.
pub fn recipe(bytes: &[u8]) {
    with_text(bytes, files::recipe);
}

/// Checks the reader of a file of Rockpool's `net.save`.
///
/// # Panics
/// If a promise is broken.
pub fn rockpool(bytes: &[u8]) {
    with_text(bytes, files::rockpool);
}

/// Checks the reader of a specification of a network on a chip.
///
/// # Panics
/// If a promise is broken.
pub fn specification(bytes: &[u8]) {
    files::specification(bytes);
}

/// Checks the reader of a recording.
///
/// # Panics
/// If a promise is broken.
pub fn wav(bytes: &[u8]) {
    files::wav(bytes);
}

/// Checks the reader of a weights file.
///
/// # Panics
/// If a promise is broken.
pub fn weights(bytes: &[u8]) {
    files::weights(bytes);
}

/// Runs a check of text. Bytes that are not UTF-8 are refused before any reader sees them.
fn with_text(bytes: &[u8], check: fn(&str)) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        check(text);
    }
}
