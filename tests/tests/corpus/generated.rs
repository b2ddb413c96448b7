//! Generated modules, all compiled at once, against the interpreter and the integer simulator, bit for bit.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use synnet_ir::graph::Layer;
use synnet_ir::{Network, Raster};
use synnet_rust::integer::IntegerLayer;
use synnet_rust::quantized::Quantized;
use synnet_rust::{Machine, Module};
use synnet_tests::Random;
use synnet_tests::corpus::Case;
use synnet_tests::engines::{compiled, float_module, integer_module, interpret};
use synnet_xylo::simulate::Simulator;
use synnet_xylo::simulate::{PopulationTrace, Record};

use crate::{assert_snapshot, cases, for_each, shown};

/// A module in the program, and the bytes that it has to give.
struct Part {
    name: String,
    expected: Vec<u8>,
}

#[test]
fn generated_code_matches_interpreter_and_simulator() {
    let mut program = Program::new();
    let (mut parts, mut texts) = (Vec::new(), BTreeMap::new());
    for case in cases() {
        let compiled = compiled(&case);
        let mut text = String::from("in f32\n");
        let name = format!("float_{}", case.name);
        match float_module(&compiled.network, &format!("{name}.weights")) {
            Ok(module) => {
                text += &facts(&module, "");
                parts.push(float_part(&mut program, &case, name, &compiled.network, &module));
            }
            Err(refused) => text += &shown(&refused, &compiled.sources),
        }
        text += "\nin integers\n";
        let name = format!("integer_{}", case.name);
        match integer_module(&compiled.network, &format!("{name}.weights"), None) {
            Ok((module, quantized)) => {
                // The form for machines without vectors, which this one has.
                let name_of_scalar = format!("scalar_{}", case.name);
                let file = format!("{name_of_scalar}.weights");
                let scalar = integer_module(&compiled.network, &file, Some(Machine::Scalar));
                let (scalar, _) = scalar.expect("it can be expressed for every machine");
                parts.push(integer_part(&mut program, &case, name_of_scalar, &scalar, &quantized));
                text += &facts(&module, &shown(&module.warnings, &compiled.sources));
                parts.push(integer_part(&mut program, &case, name, &module, &quantized));
            }
            Err(refused) => text += &shown(&refused, &compiled.sources),
        }
        texts.insert(case.name, text);
    }
    let folder = program.run();
    let differing = parts.iter().filter_map(|Part { name, expected }| {
        let found =
            std::fs::read(folder.join(format!("{name}.out"))).expect("the program writes every state");
        let differs = found.iter().zip(expected).position(|(a, b)| a != b);
        let same = found.len() == expected.len() && differs.is_none();
        (!same).then(|| format!("{name}: byte {differs:?}, {} bytes of {}", found.len(), expected.len()))
    });
    let differing: Vec<String> = differing.collect();
    assert!(differing.is_empty(), "{differing:#?}");
    for_each(|case| assert_snapshot("generated", case, &texts[&case.name]));
}

fn facts(module: &Module, warnings: &str) -> String {
    let memory = module.memory;
    let mut text =
        format!("  `{}`, RAM {} bytes, flash {} bytes\n", module.type_name, memory.ram, memory.flash);
    if !warnings.is_empty() {
        text += &format!("{warnings}\n");
    }
    text
}

fn float_part(program: &mut Program, case: &Case, name: String, network: &Network, module: &Module) -> Part {
    let Reference { input, expected } = float_reference(case, network);
    let layers = network.graph.layers.iter().map(float_states);
    program.add(&name, module, &input, "f32", layers);
    Part { name, expected }
}

/// The input of a case, and every output and state that the interpreter gives for it, little-endian.
pub(crate) struct Reference {
    pub(crate) input: Vec<u8>,
    pub(crate) expected: Vec<u8>,
}

/// The states of a layer in f32 that are compared, in this order.
pub(crate) fn float_states(layer: &Layer) -> &'static [&'static str] {
    match layer.as_lif() {
        Some(_) => &["isyn", "vmem", "spikes"],
        None => &["isyn"],
    }
}

/// The states of a layer in integers, in this order.
pub(crate) fn integer_states(layer: &IntegerLayer) -> &'static [&'static str] {
    match layer.dash_syn.len() {
        1 => &["isyn", "vmem", "spikes"],
        _ => &["isyn", "isyn2", "vmem", "spikes"],
    }
}

/// Runs the interpreter.
pub(crate) fn float_reference(case: &Case, network: &Network) -> Reference {
    let raster = Random(case.settings.seed).values(case.settings.steps * network.graph.input.channels);
    let run = interpret(network, &raster);
    let mut expected = Vec::new();
    let mut push = |row: &[f32]| expected.extend(row.iter().flat_map(|x| x.to_le_bytes()));
    for t in 0..case.settings.steps {
        push(run.output.row(0, t));
        for trace in &run.layers {
            push(trace.isyn.row(0, t));
            for states in [&trace.vmem, &trace.spikes].into_iter().flatten() {
                push(states.row(0, t));
            }
        }
    }
    Reference { input: raster.iter().flat_map(|x| x.to_le_bytes()).collect(), expected }
}

fn integer_part(
    program: &mut Program,
    case: &Case,
    name: String,
    module: &Module,
    quantized: &Quantized,
) -> Part {
    let Reference { input, expected } = integer_reference(case, quantized);
    let layers = quantized.network.layers.iter().map(integer_states);
    program.add(&name, module, &input, "u8", layers);
    Part { name, expected }
}

/// Runs the simulator.
pub(crate) fn integer_reference(case: &Case, quantized: &Quantized) -> Reference {
    let (network, specification) = (&quantized.network, &quantized.specification);
    let events = Random(case.settings.seed).events(case.settings.steps * network.inputs);
    let mut simulator = Simulator::new(specification).expect("what quantization gives holds together");
    let raster = Raster::from_counts(network.inputs, case.settings.steps, events.clone());
    let raster = raster.expect("the events are whole steps");
    let recording = simulator.run(&raster, Record::All).expect("the network has as many inputs");
    let hidden = recording.hidden.as_ref().expect("everything is recorded");
    let mut expected = Vec::new();
    for step in 0..recording.steps {
        let readout = &recording.readout;
        let outputs = step * readout.neurons..(step + 1) * readout.neurons;
        match network.quantity {
            synnet_ir::graph::Quantity::Spikes => expected.extend(&readout.spikes[outputs]),
            synnet_ir::graph::Quantity::Vmem => push(&mut expected, &readout.vmem[outputs]),
            synnet_ir::graph::Quantity::Isyn => push(&mut expected, &readout.isyn[outputs]),
        }
        let mut first = 0;
        for (i, layer) in network.layers.iter().enumerate() {
            let last = i + 1 == network.layers.len();
            let (record, start) = if last { (readout, 0) } else { (hidden, first) };
            push_states(&mut expected, record, step, start, layer.size(), layer.dash_syn.len() > 1);
            first += layer.size();
        }
    }
    Reference { input: events, expected }
}

fn push(bytes: &mut Vec<u8>, values: &[i16]) {
    bytes.extend(values.iter().flat_map(|x| x.to_le_bytes()));
}

/// The states of the neurons that a layer has in a population.
fn push_states(
    bytes: &mut Vec<u8>,
    record: &PopulationTrace,
    step: usize,
    start: usize,
    size: usize,
    two: bool,
) {
    let range = step * record.neurons + start..step * record.neurons + start + size;
    push(bytes, &record.isyn[range.clone()]);
    if let Some(isyn2) = record.isyn2.as_ref().filter(|_| two) {
        push(bytes, &isyn2[range.clone()]);
    }
    push(bytes, &record.vmem[range.clone()]);
    bytes.extend(&record.spikes[range]);
}

/// One Rust program that runs all modules on their inputs and writes what they give.
struct Program {
    folder: PathBuf,
    modules: String,
    main: String,
}

impl Program {
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("the build's folder can be written");
        Self { folder, modules: String::new(), main: String::new() }
    }

    /// Adds a module whose inputs have numbers of type `count`, and which states to write of each layer. It runs once
    /// with every state, and after a reset as a whole sequence.
    fn add<'a>(
        &mut self,
        name: &str,
        module: &Module,
        input: &[u8],
        count: &str,
        layers: impl Iterator<Item = &'a [&'a str]>,
    ) {
        let source = module.source();
        self.write(&format!("{name}.rs"), source.as_bytes());
        self.write(&format!("{name}.in"), input);
        if let Some(weights) = &module.weights {
            self.write(&format!("{name}.weights"), weights);
        }
        let states: String = fields(&source)
            .zip(layers)
            .flat_map(|(field, states)| {
                states.iter().map(move |state| format!("state.{field}.{state}.put(&mut out);"))
            })
            .collect();
        let _ = writeln!(
            self.modules,
            "mod {name} {{
                use super::Bytes as _;
                include!(\"{name}.rs\");
                pub fn run() {{
                    let numbers: Vec<{count}> = super::numbers(\"{name}.in\");
                    let (input, _) = numbers.as_chunks();
                    let mut net = {type_name}::new();
                    let (mut out, mut outputs) = (Vec::new(), Vec::new());
                    for counts in input {{
                        let output = net.step(counts);
                        output.put(&mut out);
                        outputs.push(output);
                        let state = net.state();
                        {states}
                    }}
                    net.reset();
                    let mut run = vec![[Default::default(); {type_name}::OUTPUTS]; input.len()];
                    net.run(input, &mut run);
                    assert!(run == outputs, \"{name}: a sequence gives what its steps give\");
                    assert_eq!(size_of::<{type_name}>(), {ram});
                    std::fs::write(\"{name}.out\", out).unwrap();
                }}
            }}",
            type_name = module.type_name,
            ram = module.memory.ram,
        );
        let _ = writeln!(self.main, "{name}::run();");
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.join(name), bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    /// Compiles the program with warnings as errors and runs it; gives the folder of what it wrote.
    fn run(self) -> PathBuf {
        let Self { modules, main, .. } = &self;
        self.write("main.rs", format!("{NUMBERS}{modules}fn main() {{ {main} }}\n").as_bytes());
        let rustc = option_env!("RUSTC").unwrap_or("rustc");
        let arguments = ["--edition", "2024", "-D", "warnings", "-C", "overflow-checks=on", "main.rs"];
        let output = Command::new(rustc).args(arguments).current_dir(&self.folder).output();
        let output = output.expect("a compiler compiled this test");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let status = Command::new(self.folder.join("main")).current_dir(&self.folder).status();
        assert!(status.expect("the program can be started").success());
        self.folder
    }
}

/// The names of the fields of the generated `State`, one a layer.
fn fields(source: &str) -> impl Iterator<Item = &str> {
    let views = source.split("pub struct State<'n> {").nth(1).expect("there are views of the states");
    let lines = views.lines().map(str::trim).take_while(|line| !line.starts_with('}'));
    lines.filter_map(|line| line.strip_prefix("pub ")?.split_once(':')).map(|(name, _)| name)
}

/// How the program reads and writes numbers.
const NUMBERS: &str = "
trait Bytes {
    fn put(&self, out: &mut Vec<u8>);
}
trait Input: Sized {
    const SIZE: usize;
    fn get(bytes: &[u8]) -> Self;
}
impl Bytes for f32 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.to_le_bytes());
    }
}
impl Input for f32 {
    const SIZE: usize = 4;
    fn get(bytes: &[u8]) -> Self {
        Self::from_le_bytes(bytes.try_into().unwrap())
    }
}
impl Bytes for u8 {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }
}
impl Input for u8 {
    const SIZE: usize = 1;
    fn get(bytes: &[u8]) -> Self {
        bytes[0]
    }
}
impl Bytes for i16 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.to_le_bytes());
    }
}
impl<T: Bytes, const N: usize> Bytes for [T; N] {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|x| x.put(out));
    }
}
fn numbers<T: Input>(file: &str) -> Vec<T> {
    std::fs::read(file).unwrap().chunks_exact(T::SIZE).map(T::get).collect()
}
";
