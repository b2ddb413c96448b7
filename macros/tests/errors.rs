//! The macro where it fails: what the compiler says, and where.

use std::path::Path;

use synnet_ir::{Params, Tensor};

/// Paths start at the folder of `Cargo.toml`, which for these cases is one that `trybuild` makes below
/// the target folder. What they name is put there.
fn provide(file: &str, content: &[u8]) {
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tests/trybuild/synnet-macros");
    let place = package.join(file);
    std::fs::create_dir_all(place.parent().expect("it is below the package")).expect("it can be made");
    std::fs::write(place, content).expect("the target folder can be written");
}

#[test]
fn errors_are_at_their_tokens() {
    for file in ["two.snn", "size.snn", "broken.snn", "unused.snn", "clicks.safetensors"] {
        let file = format!("tests/nets/{file}");
        provide(&file, &std::fs::read(&file).expect("the file is there"));
    }
    let one = || Tensor::new([1, 1], vec![1.0]);
    let tensors = ["events->h.weight", "h->out.weight"].map(|name| (name.to_owned(), one()));
    provide("tests/nets/integers.safetensors", &Params { tensors: tensors.into() }.to_safetensors());
    trybuild::TestCases::new().compile_fail("tests/fail/*.rs");
}
