//! Sources and diagnostics as people see them: formatted, and rendered with their lines. The graphs of right networks
//! are the matter of the corpus in `tests/networks`, which formats each of them, too.

use std::path::Path;

use synnet_dsl::format;
use synnet_ir::render;

use crate::cases::{Case, cases, compiled, folder, read};
use crate::expectations::Fixture;

#[test]
fn diagnostics_are_rendered_with_their_lines() {
    for name in ["five_mistakes", "instances", "duplicates"] {
        let text = read(&folder("fail/several").join(format!("{name}.snn")));
        let (sources, result) = compiled(name, &Fixture::read(&text).source());
        insta::assert_snapshot!(format!("render_{name}"), render(&result.diagnostics, &sources, false));
        let colored = render(&result.diagnostics, &sources, true);
        assert!(colored.contains("\u{1b}["));
    }
}

#[test]
fn sources_are_formatted() {
    for Case { name, text, .. } in cases("format") {
        let formatted = format(&text).expect("it parses");
        assert_eq!(format(&formatted).expect("it parses"), formatted, "{name}");
        insta::assert_snapshot!(format!("formatted_{name}"), formatted);
    }
}

#[test]
fn the_standard_library_is_formatted() {
    for file in ["std/synnet.snn", "std/wavesense.snn"] {
        let text = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
        assert_eq!(format(&text).expect("it parses"), text, "{file}");
    }
}
