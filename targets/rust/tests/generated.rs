//! Generated code, compiled and run: it computes the graph bit for bit, without warnings of the compiler, linter or
//! formatter.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use support::networks::{self, bind};
use support::{Random, rustc, specifications};
use synnet_ir::graph::Quantity;
use synnet_ir::{Graph, Network};
use synnet_rust::{
    Embedding, Machine, Module, Numbers, RustOptions, generate, generate_integer, generate_without_weights,
    quantized, weights,
};
use synnet_tests::equations;
use synnet_xylo::quantize::QuantizeOptions;

const STEPS: usize = 120;

fn cases() -> Vec<Network> {
    let mut random = Random(7);
    let mut graphs: Vec<Graph> =
        ["keyword_spotter", "everything_generated", "keywords"].map(networks::corpus).into();
    graphs.extend((0..24).map(|i| networks::random(&format!("Random{i}"), &mut random)));
    graphs.iter().map(|graph| bind(graph, &mut random)).collect()
}

/// Half of the cases have measured rates, low and high ones: they decide how connections are evaluated, never the
/// result.
fn options(i: usize, network: &Network, file: &str) -> RustOptions {
    let layers = network.graph.layers.iter().map(|layer| layer.name.clone());
    let names = layers.chain([network.graph.input.name.clone()]);
    let rates = names.enumerate().map(|(k, name)| (name, if (i + k).is_multiple_of(3) { 0.05 } else { 0.9 }));
    RustOptions::new()
        .with_embedding(Embedding::Include(format!("{file}.weights")))
        .with_rates(if i.is_multiple_of(2) { BTreeMap::new() } else { rates.collect() })
}

/// Every other case is for machines without vectors, where these tests would not use that code otherwise.
fn machine(i: usize) -> Option<Machine> {
    (!i.is_multiple_of(2)).then_some(Machine::Scalar)
}

/// Networks that integers can express, in integers.
fn integer_cases() -> Vec<Module> {
    let mut random = Random(5);
    let modules = (0..6).map(|i| {
        let graph = networks::random_for_integers(&format!("Quantized{i}"), &mut random);
        let numbers = Numbers::Integer(QuantizeOptions::default());
        let embedding = Embedding::Include(format!("integer{i}.weights"));
        let options =
            RustOptions::new().with_embedding(embedding).with_numbers(numbers).with_machine(machine(i));
        generate(&bind(&graph, &mut random), &options).expect("it is supported")
    });
    let mut aliases = specifications::specification("map_recurrent_audio3", "channel");
    aliases.alias_target = vec![Some(0); aliases.dimensions.hidden];
    aliases.weight_shift_rec = 7;
    // A threshold that is never reached, and one that always is.
    let mut ends = specifications::specification("map_vmem_readout_audio3", "channel");
    ends.threshold_out.fill(i16::MAX);
    ends.threshold.fill(i16::MIN);
    let raw = (0..12).step_by(3).map(|i| specifications::raw(&format!("raw_{i}")));
    let chips = [aliases, ends].into_iter().chain(raw).enumerate().map(|(i, specification)| {
        let quantity = [Quantity::Isyn, Quantity::Vmem, Quantity::Spikes][i % 3];
        let name = format!("Chip{i}");
        let network = quantized::describe(&specification, &name, 1e-3, quantity).expect("it holds together");
        let embedding = Embedding::Include(format!("integer{}.weights", i + 6));
        let options = RustOptions::new().with_embedding(embedding).with_machine(machine(i));
        generate_integer(&network, &options).expect("it holds together")
    });
    modules.chain(chips).collect()
}

/// Mostly silence, some counts, a few large and a few fractional values.
fn inputs(channels: usize, random: &mut Random) -> Vec<f32> {
    let value = |random: &mut Random| match random.below(40) {
        0..3 => 1.0,
        3 => 2.0,
        4 => random.between(-3.0, 3.0) as f32,
        5 => random.below(3000) as f32 * random.below(2) as f32,
        _ => 0.0,
    };
    (0..STEPS * channels).map(|_| value(random)).collect()
}

fn write(folder: &Path, module: &Module, file: &str) {
    write_as(folder, module, &module.source(), file);
}

fn write_as(folder: &Path, module: &Module, source: &str, file: &str) {
    std::fs::write(folder.join(format!("{file}.rs")), source).expect("the source is written");
    if let Some(bytes) = &module.weights {
        std::fs::write(folder.join(format!("{file}.weights")), bytes).expect("the weights are written");
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect()
}

/// Every case runs twice: with its weights, after a reset; and with weights given at run time.
#[test]
fn outputs_follow_the_equations_bit_for_bit() {
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
        let module = generate(network, &options(i, network, &format!("case{i}"))).expect("it is supported");
        write_as(&folder, &module, &rustc::with_flash(&module.source()), &format!("case{i}"));
        let bare =
            generate_without_weights(&network.graph, &RustOptions::default()).expect("it is supported");
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
             assert_eq!(size_of::<case{i}::{name}>(), {});\n\
             assert_eq!(case{i}::{}::flash(), {});\n",
            module.memory.ram, module.module_name, module.memory.flash
        );
        let inputs = inputs(network.graph.input.channels, &mut Random(i as u64));
        let bytes: Vec<u8> = inputs.iter().flat_map(|x| x.to_le_bytes()).collect();
        std::fs::write(folder.join(format!("case{i}.in")), bytes).expect("the input is written");
        expected.push(equations::run(network, &inputs));
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
        let expected: Vec<f32> = expected.into_iter().flat_map(|step| step.output).collect();
        assert_eq!(outputs.len(), expected.len());
        let differs = outputs.iter().zip(&expected).position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(differs, None, "network {}", network.graph.name);
        active += usize::from(expected.iter().any(|&x| x != 0.0));
    }
    assert!(active * 4 > cases.len() * 3, "{active} of {} networks answer at all", cases.len());
}

/// As a library without `std`, under lints that a careful crate may turn on.
#[test]
fn generated_code_passes_compiler_clippy_and_rustfmt() {
    let folder = rustc::folder("lints");
    let mut library = String::from(
        "//! Generated networks.\n#![no_std]\n#![forbid(unsafe_code)]\n\
         #![deny(warnings, missing_docs, missing_debug_implementations, unused, unreachable_pub)]\n",
    );
    let mut files = Vec::new();
    for (i, network) in cases().iter().enumerate().take(12) {
        let include = options(i, network, &format!("with{i}"));
        write(&folder, &generate(network, &include).expect("it is supported"), &format!("with{i}"));
        let bare =
            generate_without_weights(&network.graph, &RustOptions::default()).expect("it is supported");
        write(&folder, &bare, &format!("bare{i}"));
        let _ = write!(library, "/// Documented.\npub mod with{i};\nmod bare{i};\n");
        files.extend([format!("with{i}.rs"), format!("bare{i}.rs")]);
    }
    for (i, module) in integer_cases().iter().enumerate() {
        write(&folder, module, &format!("integer{i}"));
        let _ = write!(library, "/// Documented.\npub mod integer{i};\n");
        files.push(format!("integer{i}.rs"));
    }
    std::fs::write(folder.join("lib.rs"), library).expect("the library is written");
    rustc::compile(&folder, "lib", &["--crate-type", "lib", "--emit", "metadata"]);

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

/// A bare program: no `std`, no allocator, and a panic handler that calls what no library has. It can be
/// linked only where no path from a step leads to a panic.
const BARE: &str = r#"
#![no_std]
#![no_main]
#![allow(dead_code)]
unsafe extern "C" {
    fn a_panic_is_linked() -> !;
}
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    unsafe { a_panic_is_linked() }
}
// The compiled `core` names it, whether panics unwind or not.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
"#;

#[test]
fn no_panic_code_is_linked() {
    let folder = rustc::folder("bare");
    let mut modules = String::new();
    let mut body = String::new();
    for (i, network) in cases().iter().enumerate() {
        let module = generate(network, &options(i, network, &format!("float{i}"))).expect("it is supported");
        write(&folder, &module, &format!("float{i}"));
        let _ = writeln!(modules, "mod float{i} {{ include!(\"float{i}.rs\"); }}");
        body.push_str(&bare_use(&format!("float{i}"), &module.type_name, "0.0"));
    }
    for (i, module) in integer_cases().iter().enumerate() {
        write(&folder, module, &format!("integer{i}"));
        let _ = writeln!(modules, "mod integer{i} {{ include!(\"integer{i}.rs\"); }}");
        body.push_str(&bare_use(&format!("integer{i}"), &module.type_name, "0"));
    }
    let main = |body: &str| {
        format!("{BARE}{modules}#[unsafe(no_mangle)]\nextern \"C\" fn main() -> i32 {{ {body} 0 }}\n")
    };
    std::fs::write(folder.join("main.rs"), main(&body)).expect("the program is written");
    // A step that can panic: the check can fail.
    let broken = format!("{body} core::hint::black_box([1, 2, 3][core::hint::black_box(4_usize)]);");
    std::fs::write(folder.join("broken.rs"), main(&broken)).expect("the program is written");
    for level in ["3", "s"] {
        let level = format!("opt-level={level}");
        let arguments = ["-C", "panic=abort", "-C", &level, "-C", "link-arg=-lc", "-o", "program"];
        rustc::compile(&folder, "main", &arguments);
        let status = Command::new(folder.join("program")).status().expect("the program runs");
        assert!(status.success());
        let refused = rustc::try_compile(&folder, "broken", &arguments);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains("a_panic_is_linked"), "{said}");
    }
}

/// Code that uses everything of a generated type, with values that the compiler does not know.
fn bare_use(module: &str, name: &str, zero: &str) -> String {
    format!(
        "{{ use core::hint::black_box; use {module}::{name};
            let mut net = black_box({name}::new());
            let input = [{zero}; {name}::INPUTS];
            black_box(net.step(black_box(&input)));
            let mut outputs = [black_box(net.step(&input)); 3];
            net.run(black_box(&[input; 2]), black_box(&mut outputs));
            black_box(net.state());
            net.reset(); black_box(&net); }}
"
    )
}

#[test]
fn other_and_damaged_weights_are_refused_at_run_time() {
    let folder = rustc::folder("refused");
    let mut random = Random(1);
    let network = bind(&networks::corpus("keyword_spotter"), &mut random);
    let bare = generate_without_weights(&network.graph, &RustOptions::default()).expect("it is supported");
    assert_eq!(bare.weights, None);
    write(&folder, &bare, "kws");
    std::fs::write(folder.join("good"), weights::pack(&network)).expect("the weights are written");
    let mut slower = networks::corpus("keyword_spotter");
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
            let mut damaged = good;
            let mut at = 0;
            for _ in 0..1000 {
                at = (at * 7_919 + 104_729) % damaged.len();
                damaged[at] ^= 4;
                let expected = if at < 8 { WeightsError::OtherNetwork } else { WeightsError::Damaged };
                assert_eq!(Kws::with_weights(&damaged).unwrap_err(), expected, "byte {at}");
                damaged[at] ^= 4;
            }
            println!("{}", WeightsError::Damaged);
        }
    "#;
    std::fs::write(folder.join("main.rs"), program).expect("the program is written");
    rustc::compile(&folder, "main", &["-o", "main"]);
    let output = Command::new(folder.join("main")).current_dir(&folder).output().expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "the weights of `Kws` are 34576 bytes, not 3\nthese are weights of another network than `Kws`\n\
         the weights of `Kws` are damaged: their checksum does not match\n"
    );
}
