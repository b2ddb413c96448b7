//! Sources as data: `format/` must be formatted as in the snapshots, `fail/` must give exactly the diagnostics
//! that stand under the wrong lines ([`expectations`] describes how), every code is covered from both sides, and
//! the examples of the documentation do what it says.
//!
//! `SYNNET_UPDATE=1 cargo test -p synnet-dsl --test dsl` rewrites expectations, in `docs/` too.

mod cases;
mod coverage;
mod documentation;
mod expectations;
mod grammar;
mod rendering;

use synnet_ir::Code;

/// The rules of the language and of graphs: errors first, then warnings, by number.
fn codes() -> Vec<&'static Code> {
    let mut codes: Vec<&Code> =
        synnet_dsl::codes::CODES.iter().chain(synnet_ir::codes::CODES).copied().collect();
    codes.sort_by_key(|code| (code.id.starts_with('W'), code.id));
    codes
}

#[test]
fn codes_are_ordered_and_unique() {
    let key = |code: &Code| (code.id.starts_with('W'), code.id);
    for table in [synnet_dsl::codes::CODES, synnet_ir::codes::CODES] {
        assert!(table.is_sorted_by(|a, b| key(a) < key(b)));
    }
    assert!(codes().windows(2).all(|pair| pair[0].id != pair[1].id));
}
