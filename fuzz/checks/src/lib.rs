//! What the fuzz targets in `fuzz/` check of their inputs. The targets themselves need a nightly toolchain; these
//! functions run in the tests as well, on the inputs in `fuzz/regressions/`, which failed once.
//!
//! Each function takes arbitrary bytes, and panics if a promise of `docs/reliability.md` is broken.

mod budget;
mod choices;
mod graph;
mod program;
mod source;

/// A check of arbitrary bytes.
pub type Check = fn(&[u8]);

/// Every check with the name of its fuzz target.
pub const CHECKS: &[(&str, Check)] = &[("program", program), ("source", source)];

/// Checks a source: every stage ends in time, formatting keeps the meaning, and the network survives as in
/// [`program`].
///
/// # Panics
/// If a promise is broken.
pub fn source(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        source::check(text);
    }
}

/// Checks a source that is written by the grammar of the language, with the bytes as choices. Most of them compile:
/// their networks are printed, read again, built for every target and simulated.
///
/// # Panics
/// If a promise is broken.
pub fn program(bytes: &[u8]) {
    source::check(&program::write(bytes));
}
