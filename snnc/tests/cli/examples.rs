//! The example without standard library: its files are those that `snnc` writes, and it runs.

use crate::support::{Folder, repository};

fn read(path: &str) -> Vec<u8> {
    std::fs::read(repository(path)).unwrap_or_else(|e| panic!("`{path}`: {e}"))
}

#[test]
fn its_network_is_what_snnc_builds() {
    let folder = Folder::new();
    let [network, weights] = ["examples/digits/digits.snn", "examples/digits/digits.safetensors"]
        .map(|path| repository(path).display().to_string());
    let words = ["build", &network, "--weights", &weights, "--target", "rust-int", "-o", "digits.rs"];
    folder.snnc(&words).success();
    for file in ["digits.rs", "digits.weights"] {
        let there = read(&format!("examples/cortex-m/src/{file}"));
        assert!(
            folder.read(file) == there,
            "regenerate `{file}` with the command in examples/cortex-m/README.md"
        );
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn it_recognizes_seven_and_cannot_panic() {
    let target = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("cortex-m");
    let mut cargo = std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["run", "--release", "--offline", "--locked", "--target-dir"]).arg(&target);
    cargo.current_dir(repository("examples/cortex-m"));
    let output = cargo.output().expect("cargo runs this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    assert_eq!(output.stdout, b"seven\n");

    // The panic handler calls this function: if it is not in the table of symbols, no panic is reachable.
    let program = std::fs::read(target.join("release/example-cortex-m")).expect("it was built");
    let has = |name: &[u8]| program.windows(name.len()).any(|bytes| bytes == name);
    assert!(has(b"\0write\0"), "names lie in the program");
    assert!(!has(b"a_panic_is_reachable"), "a panic can be reached");
}
