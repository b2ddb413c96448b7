//! The example without standard library: its files are those that `snnc` writes, and it runs.

use synnet_audio::Wav;
use synnet_audio::audio3::{self, Normalization};

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
        let there = read(&format!("examples/no-std/src/{file}"));
        assert!(
            folder.read(file) == there,
            "regenerate `{file}` with the command in examples/no-std/README.md"
        );
    }
}

#[test]
fn its_events_are_those_of_a_recording() {
    let wav = Wav::decode(&read("examples/digits/data/test/7_annie_0.wav")).expect("it is a WAV file");
    let options =
        audio3::FrontEndOptions::default().with_normalization(Normalization::Channel).with_decimation(488);
    let raster = audio3::raster(&wav, &options).expect("the options are in range");
    assert_eq!((raster.steps(), raster.channels()), (50, 16));
    assert!(raster.counts().unwrap()[..] == read("examples/no-std/src/seven.events"));
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn it_recognizes_seven_and_cannot_panic() {
    let target = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-std");
    let mut cargo = std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["run", "--release", "--offline", "--locked", "--target-dir"]).arg(&target);
    cargo.current_dir(repository("examples/no-std"));
    let output = cargo.output().expect("cargo runs this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    // The panic handler calls `abort`: if the program does not import it, no panic is reachable.
    let program = std::fs::read(target.join("release/example-no-std")).expect("it was built");
    let imports = |name: &[u8]| program.windows(name.len()).any(|bytes| bytes == name);
    assert!(imports(b"\0__libc_start_main\0"), "names of imports lie in the program");
    assert!(!imports(b"\0abort\0"), "a panic can be reached");
}
