//! Generated detectors in Rust and in C against their definition, bit for bit: in f32 and in integers, with both scores,
//! on random outputs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use synnet_c::{COptions, Numbers};
use synnet_ir::Network;
use synnet_runtime::initial_params;
use synnet_rust::RustOptions;
use synnet_step::Scalar;
use synnet_step::detector::{Detector, Keyword, Level, Score, Smoother, Trigger};

const STEPS: usize = 3000;
const OUTPUTS: usize = 4;

/// Returns a network with [`OUTPUTS`] outputs: spikes or membrane potentials.
fn network(quantity: &str) -> Network {
    let graph = synnet_dsl::compile_str(&format!(
        "network Kws {{
            dt: 1 ms;
            input events: 2;
            layer h: lif(3) {{ tau_mem: 4 ms, tau_syn: 4 ms }};
            layer detector: lif({OUTPUTS}) {{ tau_mem: 4 ms, tau_syn: 4 ms }};
            events -> linear {{ scale: 1 }} -> h -> linear {{ scale: 1 }} -> detector;
            output detector.{quantity};
        }}"
    ));
    let graph = graph.expect("the network has no errors");
    Network::bind(&graph, &initial_params(&graph, 0)).expect("the weights fit")
}

/// A detector with its outputs, as bytes and as they are expected to be decided on.
struct Case {
    detector: Detector,
    quantity: &'static str,
    outputs: Vec<u8>,
    expected: Vec<u8>,
}

fn case(numbers: Scalar, score: Score, weights: &[u16], seed: u64) -> Case {
    let mut state = seed;
    let thresholds = match (numbers, score) {
        (Scalar::F32, _) => [20.7_f32, -3.3].map(f64::from),
        (Scalar::U8, _) => [900.0, 930.0],
        _ => [200_000.0, -80_000.0],
    };
    let keyword =
        |(i, threshold)| Keyword { label: format!("word \"{i}\" ?\\"), output: 2 * i + 1, threshold };
    let detector = Detector {
        network: "Kws".into(),
        numbers,
        outputs: OUTPUTS,
        score,
        window: 7,
        refractory: 5,
        weights: weights.to_vec(),
        keywords: thresholds.into_iter().enumerate().map(keyword).collect(),
    };
    // The linear congruential generator of Knuth's MMIX; the upper bits are random enough.
    let mut unit = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 24)
    };
    let draws: Vec<f64> = (0..STEPS * OUTPUTS).map(|_| unit()).collect();
    let (outputs, expected) = match numbers {
        Scalar::F32 => {
            let outputs: Vec<f32> = draws.iter().map(|x| (20.0 * x - 10.0) as f32).collect();
            (
                outputs.iter().flat_map(|x| x.to_le_bytes()).collect(),
                decide(&detector, &outputs, |t| t as f32),
            )
        }
        Scalar::U8 => {
            let outputs: Vec<u8> = draws.iter().map(|x| (256.0 * x) as u8).collect();
            let wide: Vec<i16> = outputs.iter().map(|&x| i16::from(x)).collect();
            (outputs, decide(&detector, &wide, |t| t as i32))
        }
        _ => {
            let outputs: Vec<i16> = draws.iter().map(|x| (65_536.0 * x - 32_768.0) as i16).collect();
            let bytes = outputs.iter().flat_map(|x| x.to_le_bytes()).collect();
            (bytes, decide(&detector, &outputs, |t| t as i32))
        }
    };
    let quantity = if numbers == Scalar::U8 { "spikes" } else { "vmem" };
    Case { detector, quantity, outputs, expected }
}

/// Returns a byte for each step and keyword: 1 for a detection.
fn decide<N: Level>(detector: &Detector, outputs: &[N], threshold: fn(f64) -> N::Sum) -> Vec<u8> {
    let keywords: Vec<usize> = detector.keywords.iter().map(|keyword| keyword.output).collect();
    let Detector { window, score, weights, refractory, .. } = detector;
    let mut smoother = Smoother::<N>::new(*window, OUTPUTS, *score, weights, &keywords);
    let triggers = detector.keywords.iter().map(|k| Trigger::new(threshold(k.threshold), *refractory));
    let mut triggers: Vec<_> = triggers.collect();
    let mut decisions = Vec::new();
    for output in outputs.chunks(OUTPUTS) {
        let scores = smoother.step(output);
        decisions
            .extend(triggers.iter_mut().zip(scores).map(|(trigger, &score)| u8::from(trigger.step(score))));
    }
    let detections = decisions.iter().filter(|decision| **decision == 1).count();
    assert!((20..STEPS).contains(&detections), "{detections} detections say little: {detector:?}");
    decisions
}

fn cases() -> Vec<Case> {
    vec![
        case(Scalar::F32, Score::Value, &[], 1),
        case(Scalar::F32, Score::Margin, &[], 2),
        case(Scalar::I16, Score::Value, &[], 3),
        case(Scalar::I16, Score::Margin, &[], 4),
        case(Scalar::I16, Score::Margin, &[32_768, 20_001, 9_999, 32_768], 5),
        case(Scalar::U8, Score::Value, &[], 6),
    ]
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the build's folder can be written");
    folder
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
}

fn numbers(case: &Case) -> Numbers {
    if case.detector.numbers == Scalar::F32 { Numbers::Float } else { Numbers::integer() }
}

/// Runs a program, and compares what it wrote with what the definition says.
fn compare(folder: &Path, cases: &[Case]) {
    let run = Command::new(folder.join("main")).current_dir(folder).output().expect("the program starts");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    for (i, case) in cases.iter().enumerate() {
        let found = std::fs::read(folder.join(format!("{i}.out"))).expect("it was written");
        let differs = found.iter().zip(&case.expected).position(|(a, b)| a != b);
        assert_eq!((found.len(), differs), (case.expected.len(), None), "{:?}", case.detector);
    }
}

#[test]
fn generated_rust_decides_as_defined() {
    let (folder, cases) = (folder("detector-rust"), cases());
    let mut main = String::new();
    let mut calls = String::new();
    for (i, case) in cases.iter().enumerate() {
        let options =
            RustOptions::new().with_numbers(numbers(case)).with_detector(Some(case.detector.clone()));
        let module = synnet_rust::generate(&network(case.quantity), &options).expect("the detector fits");
        write(&folder, &format!("{i}.rs"), module.source().as_bytes());
        write(&folder, &format!("{i}.in"), &case.outputs);
        let number = case.detector.numbers.name();
        let size = case.outputs.len() / STEPS / OUTPUTS;
        let _ = writeln!(
            main,
            "mod case{i} {{ include!(\"{i}.rs\"); pub fn run() {{
                let bytes = std::fs::read(\"{i}.in\").unwrap();
                let numbers: Vec<{number}> = bytes.as_chunks::<{size}>().0.iter().map(|x| {number}::from_le_bytes(*x)).collect();
                let mut detector = KwsDetector::default();
                let mut out: Vec<u8> = Vec::new();
                for output in numbers.as_chunks::<{OUTPUTS}>().0 {{ detector.step(output); }}
                detector.reset();
                for output in numbers.as_chunks::<{OUTPUTS}>().0 {{
                    out.extend(detector.step(output).map(u8::from));
                }}
                assert_eq!(KwsDetector::LABELS, [\"word \\\"0\\\" ?\\\\\", \"word \\\"1\\\" ?\\\\\"]);
                assert_eq!(Kws::OUTPUTS, {OUTPUTS});
                std::fs::write(\"{i}.out\", out).unwrap();
            }} }}"
        );
        let _ = writeln!(calls, "case{i}::run();");
    }
    write(&folder, "main.rs", format!("{main}fn main() {{\n{calls}}}\n").as_bytes());
    let rustc = option_env!("RUSTC").unwrap_or("rustc");
    let arguments =
        ["--edition", "2024", "-D", "warnings", "-C", "overflow-checks=on", "main.rs", "-o", "main"];
    let output = Command::new(rustc).args(arguments).current_dir(&folder).output().expect("rustc starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    compare(&folder, &cases);
}

#[test]
fn generated_c_decides_as_defined() {
    let (folder, cases) = (folder("detector-c"), cases());
    let mut main = String::from("#include <stdio.h>\n#include <string.h>\n");
    let mut calls = String::new();
    let mut arguments: Vec<String> =
        ["-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
            .map(str::to_owned)
            .to_vec();
    arguments.extend(
        ["-ffp-contract=off", "-fsanitize=undefined", "-fno-sanitize-recover=all"].map(str::to_owned),
    );
    for (i, case) in cases.iter().enumerate() {
        let prefix = format!("kws{i}");
        let options = COptions::new()
            .with_name(&prefix)
            .with_numbers(numbers(case))
            .with_detector(Some(case.detector.clone()));
        let files = synnet_c::generate(&network(case.quantity), &options).expect("the detector fits");
        write(&folder, &format!("{prefix}.h"), files.header().as_bytes());
        write(&folder, &format!("{prefix}.c"), files.source(&format!("{prefix}.h")).as_bytes());
        write(&folder, &format!("{i}.in"), &case.outputs);
        arguments.push(format!("{prefix}.c"));
        let number = match case.detector.numbers {
            Scalar::F32 => "float",
            Scalar::U8 => "uint8_t",
            _ => "int16_t",
        };
        let _ = writeln!(
            main,
            "#include \"{prefix}.h\"
            static int run{i}(void) {{
                {prefix}_detector detector;
                {number} output[{OUTPUTS}];
                uint8_t detected[KWS{i}_KEYWORDS];
                FILE *in = fopen(\"{i}.in\", \"rb\");
                FILE *out = fopen(\"{i}.out\", \"wb\");
                if (!in || !out || strcmp({prefix}_keywords[1], \"word \\\"1\\\" \\?\\\\\") != 0) {{ return 1; }}
                {prefix}_detector_reset(&detector);
                while (fread(output, sizeof output, 1U, in) == 1U) {{
                    uint32_t count = {prefix}_detector_step(&detector, output, detected);
                    if (count != (uint32_t)(detected[0] + detected[1])) {{ return 1; }}
                    fwrite(detected, sizeof detected, 1U, out);
                }}
                fclose(in);
                return fclose(out);
            }}"
        );
        let _ = write!(calls, "run{i}() || ");
    }
    write(&folder, "main.c", format!("{main}int main(void) {{ return {calls}0; }}\n").as_bytes());
    arguments.extend(["main.c", "-o", "main"].map(str::to_owned));
    let Ok(output) = Command::new("gcc").args(&arguments).current_dir(&folder).output() else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    compare(&folder, &cases);
}

#[test]
fn detectors_of_other_networks_are_refused() {
    let network = network("vmem");
    let refused = |detector: Detector| {
        let options = RustOptions::new().with_detector(Some(detector.clone()));
        let rust = synnet_rust::generate(&network, &options).expect_err("it does not fit").to_string();
        let options = COptions::new().with_detector(Some(detector));
        assert_eq!(synnet_c::generate(&network, &options).expect_err("it does not fit").to_string(), rust);
        rust
    };
    let fitting = case(Scalar::F32, Score::Value, &[], 1).detector;
    let other = Detector { network: "Other".into(), ..fitting.clone() };
    assert!(refused(other).contains("it belongs to network `Other`, not to `Kws`"));
    let integer = case(Scalar::I16, Score::Value, &[], 3).detector;
    assert!(refused(integer).contains("it takes outputs in i16, but those of the code are in f32"));
    assert!(
        refused(Detector { outputs: 9, ..fitting.clone() })
            .contains("it takes 9 outputs, but the network has 4")
    );
    assert!(refused(Detector { window: 0, ..fitting }).contains("the window is 0"));
}
