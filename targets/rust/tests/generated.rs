//! Generated code, compiled by the real compiler and run: it computes what the graph means, bit for
//! bit, and no compiler, linter or formatter has anything to say about it.

mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use support::networks::{self, bind};
use support::{Random, reference, rustc};
use synnet_dsl::Network;
use synnet_rust::{Embedding, Module, Options, generate, generate_without_weights, weights};

const STEPS: usize = 120;

fn cases() -> Vec<Network> {
    let mut random = Random(7);
    let mut graphs = vec![networks::keyword_spotter(), networks::everything()];
    graphs.extend((0..24).map(|i| networks::random(&format!("Random{i}"), &mut random)));
    graphs.iter().map(|graph| bind(graph, &mut random)).collect()
}

/// Mostly silence, some counts, a few large and a few fractional values.
fn inputs(channels: usize, random: &mut Random) -> Vec<Vec<f32>> {
    let value = |random: &mut Random| match random.below(40) {
        0..3 => 1.0,
        3 => 2.0,
        4 => random.between(-3.0, 3.0) as f32,
        5 => random.below(3000) as f32 * random.below(2) as f32,
        _ => 0.0,
    };
    (0..STEPS).map(|_| (0..channels).map(|_| value(random)).collect()).collect()
}

fn write(folder: &Path, module: &Module, file: &str) {
    std::fs::write(folder.join(format!("{file}.rs")), module.source()).expect("the source is written");
    if let Some(bytes) = &module.weights {
        std::fs::write(folder.join(format!("{file}.weights")), bytes).expect("the weights are written");
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect()
}

/// Every case runs twice: with its weights, after a reset; and with weights given at run time.
#[test]
fn outputs_equal_the_reference_bit_for_bit() {
    let folder = rustc::folder("outputs");
    let cases = cases();
    let mut program = String::from(
        "fn read(file: &str) -> Vec<u8> { std::fs::read(file).unwrap() }\n\
         fn floats(bytes: &[u8]) -> Vec<f32> {\n\
             bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect()\n\
         }\n\
         fn main() {\n",
    );
    let mut modules = String::new();
    let mut expected = Vec::new();
    for (i, network) in cases.iter().enumerate() {
        let embedding = Embedding::Include(format!("case{i}.weights"));
        let module =
            generate(network, &Options { embedding, ..Options::default() }).expect("it is supported");
        write(&folder, &module, &format!("case{i}"));
        let bare = generate_without_weights(&network.graph, &Options::default()).expect("it is supported");
        write(&folder, &bare, &format!("bare{i}"));

        let name = &module.type_name;
        let bare_new = if module.weights.is_some() {
            format!("with_weights(&weights{i}).unwrap()")
        } else {
            "new()".into()
        };
        let _ = writeln!(
            modules,
            "mod case{i} {{ include!(\"case{i}.rs\"); }} mod bare{i} {{ include!(\"bare{i}.rs\"); }}"
        );
        if module.weights.is_some() {
            let _ = writeln!(program, "let weights{i} = read(\"case{i}.weights\");");
        }
        let _ = write!(
            program,
            "let inputs = floats(&read(\"case{i}.in\"));\n\
             let mut out = Vec::new();\n\
             let mut net = case{i}::{name}::new();\n\
             let mut bare = bare{i}::{name}::{bare_new};\n\
             for input in inputs.as_chunks().0 {{ net.step(input); }}\n\
             net.reset();\n\
             for input in inputs.as_chunks().0 {{\n\
                 let output = net.step(input);\n\
                 assert_eq!(output.map(f32::to_bits), bare.step(input).map(f32::to_bits));\n\
                 out.extend(output.iter().flat_map(|x| x.to_le_bytes()));\n\
             }}\n\
             std::fs::write(\"case{i}.out\", out).unwrap();\n\
             assert_eq!(size_of::<case{i}::{name}>(), {});\n",
            module.memory.ram
        );
        let inputs = inputs(network.graph.input.channels, &mut Random(i as u64));
        let bytes: Vec<u8> = inputs.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
        std::fs::write(folder.join(format!("case{i}.in")), bytes).expect("the input is written");
        expected.push(reference::run(network, &inputs));
    }
    std::fs::write(folder.join("main.rs"), format!("{modules}{program}}}\n"))
        .expect("the program is written");
    rustc::compile(&folder, "main", &["-C", "opt-level=2", "-o", "main"]);
    let status = Command::new(folder.join("main")).current_dir(&folder).status().expect("the program runs");
    assert!(status.success());

    let mut active = 0;
    for (i, (network, expected)) in cases.iter().zip(expected).enumerate() {
        let outputs =
            floats(&std::fs::read(folder.join(format!("case{i}.out"))).expect("the output was written"));
        let expected: Vec<f32> = expected.into_iter().flatten().collect();
        assert_eq!(outputs.len(), expected.len());
        let differs = outputs.iter().zip(&expected).position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(differs, None, "network {}", network.graph.name);
        active += usize::from(expected.iter().any(|&x| x != 0.0));
    }
    assert!(active * 4 > cases.len() * 3, "{active} of {} networks answer at all", cases.len());
}

/// As a library without `std`, under lints that a careful crate may turn on; and nothing in it panics.
#[test]
fn compilers_linters_and_formatters_are_content() {
    let folder = rustc::folder("lints");
    let mut library = String::from(
        "//! Generated networks.\n#![no_std]\n#![forbid(unsafe_code)]\n\
         #![deny(warnings, missing_docs, missing_debug_implementations, unused, unreachable_pub)]\n",
    );
    let mut files = Vec::new();
    for (i, network) in cases().iter().enumerate().take(12) {
        let include =
            Options { embedding: Embedding::Include(format!("with{i}.weights")), ..Options::default() };
        write(&folder, &generate(network, &include).expect("it is supported"), &format!("with{i}"));
        let bare = generate_without_weights(&network.graph, &Options::default()).expect("it is supported");
        write(&folder, &bare, &format!("bare{i}"));
        let _ = write!(library, "/// Documented.\npub mod with{i};\nmod bare{i};\n");
        files.extend([format!("with{i}.rs"), format!("bare{i}.rs")]);
    }
    std::fs::write(folder.join("lib.rs"), library).expect("the library is written");
    rustc::compile(&folder, "lib", &["--crate-type", "lib", "--emit", "metadata"]);

    rustc::compile(&folder, "lib", &["--crate-type", "lib", "-C", "opt-level=3", "--emit", "asm"]);
    let assembly = std::fs::read_to_string(folder.join("lib.s")).expect("the assembly was written");
    assert!(assembly.contains("step"), "the methods are compiled");
    let panics: Vec<&str> = assembly.lines().filter(|line| line.contains("panicking")).collect();
    assert!(panics.is_empty(), "{panics:?}");

    let clippy = [
        "--edition",
        "2024",
        "--crate-type",
        "lib",
        "--emit",
        "metadata",
        "-W",
        "clippy::pedantic",
        "lib.rs",
    ];
    for (tool, arguments) in [
        ("clippy-driver", clippy.to_vec()),
        (
            "rustfmt",
            ["--check", "--edition", "2024"].into_iter().chain(files.iter().map(String::as_str)).collect(),
        ),
    ] {
        let Some(output) = rustc::tool(tool, &folder, &arguments) else { continue };
        let said =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        assert!(output.status.success(), "{tool}: {said}");
    }
}

#[test]
fn weights_of_another_network_are_refused_at_run_time() {
    let folder = rustc::folder("refused");
    let mut random = Random(1);
    let network = bind(&networks::keyword_spotter(), &mut random);
    let bare = generate_without_weights(&network.graph, &Options::default()).expect("it is supported");
    assert_eq!(bare.weights, None);
    write(&folder, &bare, "kws");
    std::fs::write(folder.join("good"), weights::pack(&network)).expect("the weights are written");
    let mut slower = networks::keyword_spotter();
    slower.dt *= 2.0;
    std::fs::write(folder.join("other"), weights::pack(&bind(&slower, &mut random)))
        .expect("the weights are written");
    let program = r#"
        mod kws;
        use kws::{Kws, kws::WeightsError};
        fn main() {
            let (good, other) = (std::fs::read("good").unwrap(), std::fs::read("other").unwrap());
            assert!(Kws::with_weights(&good).is_ok());
            assert_eq!(good.len(), Kws::WEIGHTS);
            let length = WeightsError::Length { expected: Kws::WEIGHTS, actual: 3 };
            assert_eq!(Kws::with_weights(&good[..3]).unwrap_err(), length);
            println!("{length}");
            let other = Kws::with_weights(&other).unwrap_err();
            assert_eq!(other, WeightsError::OtherNetwork);
            println!("{other}");
        }
    "#;
    std::fs::write(folder.join("main.rs"), program).expect("the program is written");
    rustc::compile(&folder, "main", &["-o", "main"]);
    let output = Command::new(folder.join("main")).current_dir(&folder).output().expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "the weights of `Kws` are 34568 bytes, not 3\nthese are weights of another network than `Kws`\n"
    );
}
