//! Generated integer code, compiled and run: every state equals the simulator's, bit for bit.

mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use support::{Random, networks, rustc, specifications};
use synnet_ir::Raster;
use synnet_ir::graph::{Neuron, Quantity};
use synnet_rust::integer::{IntegerLayer, IntegerNetwork};
use synnet_rust::{Embedding, Machine, Module, Numbers, RustOptions, quantized};
use synnet_xylo::quantize::QuantizeOptions;
use synnet_xylo::simulate::{PopulationTrace, Record};
use synnet_xylo::{simulate::Simulator, specification::Specification};

/// A network in integers, its specification, and input events.
struct Case {
    network: IntegerNetwork,
    specification: Specification,
    events: Vec<u8>,
}

impl Case {
    /// A case from a specification.
    fn of_specification(specification: Specification, name: &str, events: Vec<u8>) -> Self {
        let quantity = [Quantity::Spikes, Quantity::Vmem, Quantity::Isyn][events.len() % 3];
        let network = quantized::describe(&specification, name, 1e-3, quantity).expect("it holds together");
        Self { network, specification, events }
    }

    fn module(&self, i: usize, machine: Machine) -> Module {
        let embedding = Embedding::Include(format!("case{i}.weights"));
        let options = RustOptions::new().with_embedding(embedding).with_machine(Some(machine));
        synnet_rust::generate_integer(&self.network, &options).expect("it holds together")
    }

    fn raster(&self) -> Raster {
        let inputs = self.specification.dimensions.inputs;
        let steps = self.events.len() / inputs;
        Raster::from_counts(inputs, steps, self.events.clone()).expect("the events are whole steps")
    }

    /// Every state of every step, as the program below writes it.
    fn expected(&self) -> Vec<u8> {
        let mut simulator = Simulator::new(&self.specification).expect("it holds together");
        let recording = simulator.run(&self.raster(), Record::All).expect("the chip has these channels");
        let hidden = recording.hidden.as_ref().expect("everything is recorded");
        let mut bytes = Vec::new();
        let last = self.network.layers.len() - 1;
        for step in 0..recording.steps {
            let mut first = 0;
            for (i, layer) in self.network.layers.iter().enumerate() {
                let (record, start) = if i == last { (&recording.readout, 0) } else { (hidden, first) };
                push_states(&mut bytes, record, step, start, layer);
                first += layer.size();
            }
            let of_step =
                |values: &[i16]| values[step * self.network.outputs()..][..self.network.outputs()].to_vec();
            match self.network.quantity {
                Quantity::Spikes => {
                    bytes.extend(
                        &recording.readout.spikes[step * self.network.outputs()..][..self.network.outputs()],
                    );
                }
                Quantity::Vmem => push(&mut bytes, &of_step(&recording.readout.vmem)),
                Quantity::Isyn => push(&mut bytes, &of_step(&recording.readout.isyn)),
            }
        }
        bytes
    }
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
    layer: &IntegerLayer,
) {
    let range = step * record.neurons + start..step * record.neurons + start + layer.size();
    push(bytes, &record.isyn[range.clone()]);
    if layer.dash_syn.len() > 1 {
        push(bytes, &record.isyn2.as_ref().expect("it has second synapses")[range.clone()]);
    }
    push(bytes, &record.vmem[range.clone()]);
    bytes.extend(&record.spikes[range]);
}

/// Compiles all cases at once, for each kind of machine, runs them, and compares every state.
fn assert_equal_to_the_simulator(test: &str, cases: &[Case]) {
    for machine in [Machine::Vector, Machine::Scalar] {
        assert_equal_on(machine, test, cases);
    }
}

fn assert_equal_on(machine: Machine, test: &str, cases: &[Case]) {
    let folder = rustc::folder(&format!("{test}-{machine:?}"));
    let mut modules = String::new();
    let mut main = String::from("fn main() {\n");
    for (i, case) in cases.iter().enumerate() {
        let module = case.module(i, machine);
        write(&folder, &format!("case{i}.rs"), rustc::with_flash(&module.source()).as_bytes());
        write(&folder, &format!("case{i}.weights"), module.weights.as_deref().unwrap_or_default());
        write(&folder, &format!("case{i}.in"), &case.events);
        let _ = writeln!(
            modules,
            "mod case{i} {{ include!(\"case{i}.rs\"); pub fn run() {{\n{} }} }}",
            program(i, case, &module)
        );
        let _ = writeln!(main, "case{i}::run();");
    }
    write(&folder, "main.rs", format!("{modules}{main}}}\n").as_bytes());
    rustc::compile(&folder, "main", &["-C", "opt-level=0", "-C", "overflow-checks=on", "-o", "main"]);
    let status = Command::new(folder.join("main")).current_dir(&folder).status().expect("the program runs");
    assert!(status.success());
    for (i, case) in cases.iter().enumerate() {
        let states = std::fs::read(folder.join(format!("case{i}.out"))).expect("the states were written");
        let expected = case.expected();
        assert_eq!(states.len(), expected.len(), "case {i}");
        let differs = states.iter().zip(&expected).position(|(a, b)| a != b);
        assert_eq!(differs, None, "case {i}, {machine:?}: {:?}", case.network);
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// Runs a case twice, with a reset between, and writes every state; then once more as a whole sequence.
fn program(i: usize, case: &Case, module: &Module) -> String {
    let name = &module.type_name;
    let mut states = String::new();
    // Field names of the layers, as the generated `State` prints them.
    for (layer, field) in case.network.layers.iter().zip(fields(&module.source())) {
        let second =
            if layer.dash_syn.len() > 1 { &["isyn", "isyn2", "vmem"][..] } else { &["isyn", "vmem"] };
        for state in second {
            let _ =
                writeln!(states, "out.extend(state.{field}.{state}.iter().flat_map(|x| x.to_le_bytes()));");
        }
        let _ = writeln!(states, "out.extend(state.{field}.spikes);");
    }
    format!(
        "let input = std::fs::read(\"case{i}.in\").unwrap();
         let (input, _) = input.as_chunks();
         let mut net = {name}::new();
         for events in input {{ net.step(events); }}
         net.reset();
         let mut out: Vec<u8> = Vec::new();
         let mut outputs = Vec::new();
         for events in input {{
             let output = net.step(events);
             outputs.push(output);
             let state = net.state();
             {states}
             out.extend(output.iter().flat_map(|x| x.to_le_bytes()));
         }}
         net.reset();
         let mut run = vec![[0; {name}::OUTPUTS]; input.len()];
         net.run(input, &mut run);
         assert_eq!(run, outputs);
         assert_eq!((size_of::<{name}>(), {}::flash()), ({}, {}));
         std::fs::write(\"case{i}.out\", out).unwrap();",
        module.module_name, module.memory.ram, module.memory.flash
    )
}

/// The names of the fields of the views.
fn fields(source: &str) -> Vec<String> {
    let views = source.split("pub struct State<'n> {").nth(1).expect("there are views");
    let lines = views.lines().map(str::trim).take_while(|line| !line.starts_with('}'));
    let fields = lines.filter_map(|line| line.strip_prefix("pub ")?.split_once(':'));
    fields.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn every_state_equals_the_simulator_on_reference_cases() {
    let raw = (0..12).map(|i| {
        let name = format!("raw_{i}");
        Case::of_specification(specifications::raw(&name), &name, specifications::events(&name))
    });
    let mapped = ["map_kws_audio3", "map_tutorial_audio3", "map_recurrent_audio3", "map_vmem_readout_audio3"];
    let mapped = mapped.iter().flat_map(|name| {
        ["channel", "global"].map(|prefix| {
            let specification = specifications::specification(name, prefix);
            Case::of_specification(specification, &format!("{name}_{prefix}"), specifications::events(name))
        })
    });
    assert_equal_to_the_simulator("reference", &raw.chain(mapped).collect::<Vec<_>>());
}

#[test]
fn every_state_equals_the_simulator_on_random_specifications() {
    let mut runner = TestRunner::deterministic();
    let cases = (0..40).map(|i| {
        let tree = (specifications::specifications(), specifications::rasters())
            .new_tree(&mut runner)
            .expect("there is a case");
        let (specification, mut events) = tree.current();
        events.truncate(events.len() / specification.dimensions.inputs * specification.dimensions.inputs);
        Case::of_specification(specification, &format!("random{i}"), events)
    });
    assert_equal_to_the_simulator("random", &cases.collect::<Vec<_>>());
}

/// Networks of several layers keep them, by name, and have the states that the chip has for them.
#[test]
fn every_state_equals_the_simulator_on_quantized_networks() {
    let mut random = Random(11);
    let mut spiking = 0;
    let cases: Vec<Case> = (0..16)
        .map(|i| {
            let graph = networks::random_for_integers(&format!("Quantized{i}"), &mut random);
            let network = networks::bind(&graph, &mut random);
            let quantized = quantized::quantize(&network, &QuantizeOptions::default()).expect("it fits");
            let inputs = graph.input.channels;
            let events: Vec<u8> =
                (0..80 * inputs).map(|_| (random.below(6) as u8).saturating_sub(3)).collect();
            Case { network: quantized.network, specification: quantized.specification, events }
        })
        .collect();
    for case in &cases {
        let mut simulator = Simulator::new(&case.specification).expect("it holds together");
        simulator.run(&case.raster(), Record::Readout).expect("the chip has these channels");
        spiking += usize::from(simulator.hidden_spikes().iter().any(|&n| n > 0));
    }
    assert!(spiking * 2 > cases.len(), "{spiking} of {} networks spike at the end", cases.len());
    assert_equal_to_the_simulator("quantized", &cases);
}

#[test]
fn values_beyond_integers_are_rejected_with_a_span() {
    let mut graph = networks::corpus("everything_generated");
    if let Neuron::Lif(lif) = &mut graph.layers[0].neuron {
        lif.noise_std = 0.5;
    }
    let network = networks::bind(&graph, &mut Random(1));
    let options = RustOptions::new().with_numbers(Numbers::Integer(QuantizeOptions::new()));
    let say = |diagnostics: synnet_ir::Diagnostics| -> Vec<String> {
        diagnostics
            .into_iter()
            .map(|d| format!("{}: {}; {}", d.code.id, d.message, d.help.unwrap_or_default()))
            .collect()
    };
    let bound = synnet_rust::generate(&network, &options).map(|_| ()).map_err(say);
    let bare = synnet_rust::generate_without_weights(&graph, &options).map(|_| ()).map_err(say);
    insta::assert_debug_snapshot!((bound, bare));
}

#[test]
fn inconsistent_descriptions_are_rejected() {
    let specification = specifications::specification("map_tutorial_audio3", "channel");
    let mut network = quantized::describe(&specification, "broken", 1e-3, Quantity::Spikes).expect("it does");
    network.layers[0].threshold.pop();
    network.layers[0].dash_mem[0] = 16;
    network.layers[1].connections[0].weights[0].pop();
    network.layers[1].connections[0].shift = 8;
    network.output = 7;
    let error = synnet_rust::generate_integer(&network, &RustOptions::default()).map(|_| ()).unwrap_err();
    insta::assert_snapshot!(error);
}
