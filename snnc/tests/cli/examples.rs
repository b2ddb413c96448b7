//! The examples for firmware, in Rust and in C: their networks are those that `snnc` writes, and they run.

use crate::support::{Folder, repository};

fn read(path: &str) -> Vec<u8> {
    std::fs::read(repository(path)).unwrap_or_else(|e| panic!("`{path}`: {e}"))
}

#[test]
fn their_networks_are_what_snnc_builds() {
    let [network, weights] = ["examples/digits/digits.snn", "examples/digits/digits.safetensors"]
        .map(|path| repository(path).display().to_string());
    for (target, example, files) in [
        ("rust-int", "examples/cortex-m/src", ["digits.rs", "digits.weights"]),
        ("c-int", "examples/c", ["digits.c", "digits.h"]),
    ] {
        let folder = Folder::new();
        let words = ["build", &network, "--weights", &weights, "--target", target, "-o", files[0]];
        folder.snnc(&words).success();
        for file in files {
            let there = read(&format!("{example}/{file}"));
            assert!(
                folder.read(file) == there,
                "regenerate `{example}/{file}` with the command in its README"
            );
        }
    }
}

/// A few minutes of validation and test streams. The README has the figures of hours.
#[test]
fn the_wake_word_is_detected_on_the_chip() {
    let [recipe, weights] = ["keyword.yaml", "keyword.safetensors"]
        .map(|name| repository(&format!("examples/keyword/{name}")).display().to_string());
    let folder = Folder::new();
    folder.snnc(&["check", &recipe]).success();
    let set = ["validation=120", "test=120"].map(|key| format!("detection.streams.{key}"));
    let words = ["detect", &recipe, "--weights", &weights, "--on", "xylo-audio3", "--json"];
    let short = ["--set", &set[0], "--set", &set[1], "--set", "detection.false_alarms=60"];
    let json = folder.snnc(&[&words[..], &short].concat()).success().json();
    for engine in json["engines"].as_array().expect("it is a list") {
        let keyword = &engine["keywords"][0];
        let [words, misses, false_alarms] =
            ["words", "misses", "false_alarms"].map(|key| keyword[key].as_u64().expect("it is a number"));
        assert!(words > 5 && 2 * misses < words && false_alarms < 10, "{keyword}");
    }
}

/// The samples in the C source are those of the recording.
#[test]
fn the_example_in_c_holds_the_recording() {
    let source = String::from_utf8(read("examples/c/seven.h")).expect("C is text");
    let (_, numbers) = source.split_once("= {").expect("there is an array");
    let numbers = numbers.split_once('}').expect("it ends").0.split(',').map(str::trim);
    let samples: Vec<i16> = numbers.map_while(|number| number.parse().ok()).collect();
    let recording = read("examples/digits/data/test/7_annie_0.wav");
    let expected: Vec<i16> = recording[44..].as_chunks().0.iter().copied().map(i16::from_le_bytes).collect();
    assert!(samples == expected, "regenerate `examples/c/seven.h`");
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn the_example_in_c_recognizes_seven() {
    let folder = Folder::new();
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    // The folder is that of a test of `synnet-audio`, which builds the same library.
    let audio = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("audio-c");
    let mut make = std::process::Command::new("make");
    make.arg("-C")
        .arg(repository("examples/c"))
        .args(["-s", "run"])
        .arg(format!("CARGO={cargo} --offline"))
        .arg(format!("AUDIO={}", audio.display()))
        .arg(format!("OUT={}", folder.path("out").display()));
    let Ok(output) = make.output() else { return skipped("make") };
    if std::process::Command::new("cc").arg("--version").output().is_err() {
        return skipped("cc");
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout, b"seven\n");
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(clippy::print_stderr, reason = "a test that is left out says so")]
fn skipped(tool: &str) {
    eprintln!("skipped: `{tool}` is not installed");
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn the_example_in_rust_recognizes_seven_and_cannot_panic() {
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
