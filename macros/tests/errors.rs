//! The macro where it fails: what the compiler says, and where.

use std::path::Path;

/// Paths start at the folder of `Cargo.toml`, which for these cases is one that `trybuild` makes below
/// the target folder. What they name is put there.
fn copy(files: &[&str]) {
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tests/trybuild/synnet-macros");
    for file in files {
        let place = package.join(file);
        let folder = place.parent().expect("it is below the package");
        std::fs::create_dir_all(folder).expect("the target folder can be written");
        std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), place).expect("the file is there");
    }
}

#[test]
fn errors_are_at_their_tokens() {
    copy(&[
        "tests/nets/two.snn",
        "tests/nets/size.snn",
        "tests/nets/broken.snn",
        "tests/nets/unused.snn",
        "tests/nets/clicks.safetensors",
    ]);
    trybuild::TestCases::new().compile_fail("tests/fail/*.rs");
}
