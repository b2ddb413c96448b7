//! The Python script, as it is written.

use synnet_xylo::{Chip, loader};

#[test]
fn the_script() {
    insta::assert_snapshot!(loader("Digits", "digits.spec.npz", Chip::find("xylo-audio3").unwrap()));
}

#[test]
fn names_cannot_leave_their_string() {
    let text = loader("a\"\"\"\nimport os", "b\"\\.npz", Chip::find("xylo-audio3").unwrap());
    assert!(text.starts_with("\"\"\"Network \"a\\\"\\\"\\\" import os\" on"));
    assert!(text.contains("with_name(\"b\\\"\\\\.npz\")"));
}
