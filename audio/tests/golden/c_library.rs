//! The static library for C: a C program gives the counts of Rockpool's model, compiled by gcc and clang with warnings as
//! errors, and with the sanitizers of addresses and of undefined behavior.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::{Case, MODES, each_case, options};

const STRICT: [&str; 7] =
    ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-Wl,--gc-sections"];

#[test]
fn a_program_in_c_gives_the_same_counts() {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let library = library(&tmp.join("audio-c"));
    let sanitized = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    for (compiler, flags) in [("gcc", &["-O2"][..]), ("clang", &["-O2"]), ("gcc", &sanitized)] {
        let program = tmp.join(format!("audio-c-{compiler}{}", flags.len()));
        let mut compile = Command::new(compiler);
        compile.args(STRICT).args(flags).arg("-I").arg(source("include"));
        compile.arg("-o").arg(&program).arg(source("tests/counts.c")).arg(&library);
        let Ok(output) = compile.output() else {
            skipped(compiler);
            continue;
        };
        assert!(output.status.success(), "{compiler}: {}", text(&output));
        if flags.len() == 1 {
            // The library's panic handler calls this function: without it, no panic is reachable.
            let bytes = std::fs::read(&program).expect("it was compiled");
            let has = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
            assert!(
                has(b"audio3_push") && !has(b"a_panic_is_reachable"),
                "{compiler}: a panic can be reached"
            );
        }
        each_case(|name, case| compare(&program, name, case));
    }
}

/// Compares the counts of the program with those of Rockpool, in all modes.
fn compare(program: &Path, name: &str, case: &Case) {
    for (mode, normalization) in MODES {
        for decimation in [50, 488] {
            let o = options(normalization, decimation);
            let numbers = [
                u64::from(case.wav().sample_rate().get()),
                normalization as u64,
                o.fixed_threshold,
                o.b1.into(),
                o.b2.into(),
                o.low_pass.into(),
                o.eps.into(),
                decimation.into(),
                o.cap.into(),
            ];
            let samples: Vec<u8> = case.array::<i16>("wav").into_iter().flat_map(i16::to_ne_bytes).collect();
            let output = run(program, &numbers.map(|number| number.to_string()), samples);
            assert!(output.status.success(), "{name}, {mode}: {}", text(&output));
            // The program processes the recording twice.
            let expected: Vec<u8> = case.array(&format!("raster_{mode}_{decimation}"));
            assert!(output.stdout == expected.repeat(2), "{name}, {mode}, decimation {decimation}");
        }
    }
}

fn run(program: &Path, arguments: &[String], input: Vec<u8>) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it was compiled");
    // The program reads all of it before it writes.
    let _ = child.stdin.take().expect("it is piped").write_all(&input);
    child.wait_with_output().expect("it ends")
}

/// Builds the library in a folder, and returns its path.
fn library(folder: &Path) -> PathBuf {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--offline", "--locked", "--target-dir"]).arg(folder);
    let output = cargo.current_dir(source("")).output().expect("cargo runs this test");
    assert!(output.status.success(), "{}", text(&output));
    folder.join("release/libsynnet_audio3.a")
}

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("c").join(path)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[allow(clippy::print_stderr, reason = "a test that is left out says so")]
fn skipped(compiler: &str) {
    eprintln!("skipped: `{compiler}` is not installed");
}
