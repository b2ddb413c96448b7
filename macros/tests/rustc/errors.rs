//! Compile errors of the macro: message and span. A new file in `tests/fail` is a new case.

use std::path::Path;

use crate::compile;

#[test]
fn errors_are_at_their_tokens() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../fail");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let entries = std::fs::read_dir(package.join("tests/fail")).expect("the folder is readable");
    let mut names: Vec<_> = entries.map(|entry| entry.expect("as is its entry").file_name()).collect();
    names.sort();
    for name in names.iter().filter_map(|name| name.to_str()?.strip_suffix(".rs")) {
        let file = format!("tests/fail/{name}.rs");
        let output = compile(package, &file, Path::new(env!("CARGO_TARGET_TMPDIR")));
        assert!(!output.status.success(), "{file} compiles");
        let said = String::from_utf8(output.stderr).expect("messages are UTF-8");
        settings.bind(|| insta::assert_snapshot!(name, said));
    }
}
