//! The Python scripts, as they are written. `run_loaders.rs` runs them.

use synnet_xylo::loader::LoaderFiles;
use synnet_xylo::{chip::Chip, loader::loader};

const FILES: LoaderFiles<'_> =
    LoaderFiles { specification: "digits.spec.npz", configuration: Some("digits.json") };

fn chip(name: &str) -> &'static Chip {
    Chip::find(name).unwrap()
}

#[test]
fn scripts() {
    insta::assert_snapshot!("audio2", loader("Digits", FILES, chip("xylo-audio2")));
    insta::assert_snapshot!(
        "audio3",
        loader("Digits", LoaderFiles { configuration: None, ..FILES }, chip("xylo-audio3"))
    );
    insta::assert_snapshot!(
        "xylo1",
        loader("Digits", LoaderFiles { configuration: None, ..FILES }, chip("xylo-1"))
    );
}

#[test]
fn names_cannot_leave_their_string() {
    let files = LoaderFiles { specification: "b\"\\.npz", configuration: None };
    let mut own = chip("xylo-audio3").clone();
    own.rockpool = Some("os; import sys\nquit()".into());
    own.title = "a\"\"\"b".into();
    let text = loader("a\"\"\"\nimport os", files, &own);
    assert!(text.starts_with("\"\"\"Network \"a\\\"\\\"\\\" import os\" on a\\\"\\\"\\\"b"));
    assert!(text.contains("with_name(\"b\\\"\\\\.npz\")") && text.contains("from osimportsysquit import"));
    assert!(text.contains("  * None of this was tested"));
}
