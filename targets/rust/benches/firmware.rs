//! Instructions of one step on microcontrollers: `cargo bench -p synnet-rust --bench firmware`.
//!
//! The digits network of `examples/digits`, with its trained weights, is generated in f32 and in integers, compiled for
//! Cortex-M0+, M3, M4F and RV32IMC, and run in QEMU on the events of ten recordings, one of each digit, so that its
//! neurons spike at their real rates. QEMU counts instructions, not cycles. A hash of all outputs shows that every core
//! gives the same bits.
//!
//! It needs `qemu-system-arm`, `qemu-system-riscv32`, and rustc's targets for these cores (`rustup target add`). What
//! is missing is left out with a message.

#![allow(clippy::print_stdout, reason = "a bench reports")]

#[path = "../tests/support/rustc.rs"]
#[allow(dead_code, reason = "each program uses a part")]
mod rustc;

use std::path::Path;
use std::process::Command;

use synnet_audio::{Wav, audio3};
use synnet_dsl::{CompileOptions, compile};
use synnet_ir::{Network, Params, Sources};
use synnet_rust::{Embedding, Numbers, RustOptions, generate};
use synnet_step::Machine;

/// A core: its name, rustc's target and CPU, and how QEMU runs it.
struct Core {
    name: &'static str,
    target: &'static str,
    cpu: &'static str,
    qemu: &'static [&'static str],
    /// Files that start and end the program, and that place it in memory.
    machine: [&'static str; 2],
}

const ARM: [&str; 2] = ["../../examples/cortex-m/src/cortex_m.rs", "../../examples/cortex-m/link.ld"];
const RISCV: [&str; 2] = ["benches/firmware/riscv.rs", "benches/firmware/riscv.ld"];

/// QEMU has no Cortex-M0+. Its instructions are a part of the Cortex-M3's, so that core runs the code that is compiled
/// for it, in as many instructions.
const CORES: [Core; 4] = [
    Core {
        name: "Cortex-M0+",
        target: "thumbv6m-none-eabi",
        cpu: "cortex-m0plus",
        qemu: &["qemu-system-arm", "-M", "mps2-an385"],
        machine: ARM,
    },
    Core {
        name: "Cortex-M3",
        target: "thumbv7m-none-eabi",
        cpu: "cortex-m3",
        qemu: &["qemu-system-arm", "-M", "mps2-an385"],
        machine: ARM,
    },
    Core {
        name: "Cortex-M4F",
        target: "thumbv7em-none-eabihf",
        cpu: "cortex-m4",
        qemu: &["qemu-system-arm", "-M", "mps2-an386"],
        machine: ARM,
    },
    Core {
        name: "RV32IMC",
        target: "riscv32imc-unknown-none-elf",
        cpu: "generic-rv32",
        qemu: &["qemu-system-riscv32", "-M", "virt", "-bios", "none"],
        machine: RISCV,
    },
];

/// A form of the network: its name, types of counts and outputs, and the options that generate it.
type Form = (&'static str, [&'static str; 2], RustOptions);

fn main() {
    let (network, events) = digits();
    let steps = events.len() / network.graph.input.channels;
    let integers = || RustOptions::new().with_numbers(Numbers::integer());
    let forms: [Form; 3] = [
        ("f32", ["f32", "f32"], RustOptions::new()),
        ("integers", ["u8", "i16"], integers()),
        ("integers, in vectors", ["u8", "i16"], integers().with_machine(Some(Machine::Vector))),
    ];
    println!(
        "digits, {steps} steps. Instructions per step: mean, maximum; bytes: code, constants, network, stack"
    );
    for core in &CORES {
        for level in ["3", "s"] {
            for form in &forms {
                let label = format!("{:<11} {level} {:<21}", core.name, form.0);
                match run(core, level, form, &network, &events) {
                    Ok([total, longest, hash, text, rodata, ram, stack]) => println!(
                        "{label} {:>8} {longest:>8}   {text:>6} {:>6} {ram:>5} {stack:>5}   {hash:08x}",
                        total as usize / steps,
                        rodata as usize - events.len()
                    ),
                    Err(missing) => println!("{label} left out: {missing}"),
                }
            }
        }
    }
}

/// The digits network, and the events of one recording of each digit by a voice that is not in the training set.
fn digits() -> (Network, Vec<u8>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/digits");
    let read = |path: String| std::fs::read(folder.join(&path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    let mut sources = Sources::new();
    let text = String::from_utf8(read("digits.snn".into())).expect("a network is text");
    let root = sources.add("digits.snn", text);
    let graph = compile(&mut sources, root, &CompileOptions::new(), &mut synnet_tests::corpus::Imports);
    let params = Params::from_safetensors(&read("digits.safetensors".into())).expect("they are weights");
    let network =
        Network::bind(&graph.graph.expect("the example compiles"), &params).expect("they belong to it");
    let options = audio3::FrontEndOptions::default()
        .with_normalization(audio3::Normalization::Channel)
        .with_decimation(488);
    let recordings = (0..10).flat_map(|digit| {
        let wav = Wav::decode(&read(format!("data/test/{digit}_annie_0.wav"))).expect("it is a recording");
        let raster = audio3::raster(&wav, &options).expect("it can be encoded");
        raster.counts().expect("they are counts").to_vec()
    });
    (network, recordings.collect())
}

/// Compiles a form for a core and runs it. Returns the numbers that the program prints.
fn run(core: &Core, level: &str, form: &Form, network: &Network, events: &[u8]) -> Result<[u32; 7], String> {
    let (name, [count, output], options) = form;
    let folder =
        rustc::folder(&format!("firmware-{}-{level}-{}", core.target, name.replace([' ', ','], "-")));
    let write =
        |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).expect("it can be written");
    let options = options.clone().with_embedding(Embedding::Include("net.weights".into()));
    let module = generate(network, &options).expect("it is supported");
    write("net.rs", module.source().as_bytes());
    write("net.weights", &module.weights.unwrap_or_default());
    write("events.bin", events);
    write("config.rs", format!("type Count = {count};\ntype Output = {output};\n").as_bytes());
    let copy = |from: &str, to: &str| {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(from);
        std::fs::copy(from, folder.join(to)).expect("it can be copied")
    };
    copy("benches/firmware/program.rs", "main.rs");
    let [machine, memory] = core.machine;
    copy(machine, "machine.rs");
    copy(memory, "link.ld");
    let (level, cpu) = (format!("opt-level={level}"), format!("target-cpu={}", core.cpu));
    let codegen =
        [level.as_str(), &cpu, "codegen-units=1", "link-arg=-Tlink.ld", "panic=abort", "linker=rust-lld"];
    let mut arguments = vec!["--target", core.target, "-o", "firmware"];
    arguments.extend(codegen.iter().flat_map(|option| ["-C", option]));
    let compiled = rustc::try_compile(&folder, "main", &arguments);
    if !compiled.status.success() {
        let said = String::from_utf8_lossy(&compiled.stderr);
        let missing = said.contains("may not be installed");
        return Err(if missing { format!("rustup target add {}", core.target) } else { said.into_owned() });
    }
    let common = ["-nographic", "-monitor", "none", "-icount", "shift=6,sleep=off", "-semihosting"];
    let kernel = ["-kernel", "firmware"];
    let output = Command::new(core.qemu[0])
        .args(&core.qemu[1..])
        .args(common)
        .args(kernel)
        .current_dir(&folder)
        .output()
        .map_err(|error| format!("{}: {error}", core.qemu[0]))?;
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    let numbers: Vec<u32> = said.lines().filter_map(|line| line.trim().parse().ok()).collect();
    <[u32; 7]>::try_from(numbers).map_err(|_| said)
}
