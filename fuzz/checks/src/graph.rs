//! Promises about graphs: they survive their files, every target builds what it accepts, and the engines run it.

use synnet_c::{COptions, CTarget};
use synnet_ir::{
    Graph, Network, Target, from_json, from_yaml, picture::Subject, to_dot, to_json, to_svg, to_table,
    to_yaml,
};
use synnet_nir::{ExportDialect, NirTarget};
use synnet_rockpool::RockpoolTarget;
use synnet_runtime::{Interpreter, initial_params};
use synnet_rust::{Numbers, RustOptions, RustTarget};
use synnet_xylo::chip::Chip;
use synnet_xylo::quantize::QuantizeOptions;
use synnet_xylo::simulate::Simulator;
use synnet_xylo::{BuildOptions, XyloTarget};

use crate::budget::timed;

/// Maximum number of values of a network that is built and run. Larger ones take longer in every engine, in proportion.
const MAX_VALUES: usize = 20_000;

/// Maximum number of layers and connections of a network that is built and run.
const MAX_PARTS: usize = 100;

/// Maximum number of connections of a network that is written. A kilobyte of source can unfold to a million, which are
/// half a gigabyte of JSON.
const MAX_WRITTEN: usize = 100_000;

/// Returns whether a graph is small enough to be written in a second.
pub(crate) fn is_written(graph: &Graph) -> bool {
    graph.connections.len() <= MAX_WRITTEN
}

/// Checks a graph that passed validation.
pub(crate) fn check(graph: &Graph) {
    if !is_written(graph) {
        return;
    }
    let json = timed("writing JSON", || to_json(graph));
    let read = timed("reading JSON", || from_json(&json)).expect("a graph can be read again");
    assert_eq!(to_json(&read), json, "JSON changes the graph");
    let values: usize = graph.tensors().iter().map(|spec| spec.shape.iter().product::<usize>()).sum();
    if values > MAX_VALUES || graph.layers.len() + graph.connections.len() > MAX_PARTS {
        return;
    }
    let yaml = timed("writing YAML", || to_yaml(graph));
    let read = timed("reading YAML", || from_yaml(&yaml)).expect("a graph can be read again");
    assert_eq!(to_json(&read), json, "YAML changes the graph");
    timed("drawing", || (to_table(graph), to_dot(graph), to_svg(&Subject::new(graph))));
    let network = Network::bind(graph, &initial_params(graph, 1)).expect("initial weights fit their network");
    let mut interpreter = Interpreter::new(&network);
    let input = vec![1.0; graph.input.channels];
    timed("interpreting", || (0..3).for_each(|_| drop(interpreter.step(&input).to_vec())));
    for target in targets() {
        build(&*target, &network);
    }
    for chip in Chip::all() {
        simulate(&network, chip);
    }
}

/// Builds a network for a target that accepts it.
fn build(target: &dyn Target, network: &Network) {
    let name = target.name();
    if timed(name, || target.check(&network.graph)).has_errors() {
        return;
    }
    let file = target.file_name("net");
    match timed(name, || target.build(network, &file)) {
        Ok(artifacts) => assert!(!artifacts.files.is_empty(), "{name} builds nothing"),
        Err(errors) => panic!("{name} refuses what it accepted: {errors}"),
    }
}

/// Runs three steps on the simulator of a chip that accepts the network.
fn simulate(network: &Network, chip: &Chip) {
    let Ok(build) = synnet_xylo::build(network, chip, &QuantizeOptions::default()) else { return };
    let mut simulator = Simulator::new(&build.specification).expect("a built specification is consistent");
    let events = vec![1; simulator.inputs()];
    timed("simulating", || (0..3).for_each(|_| drop(simulator.step(&events).to_vec())));
}

fn targets() -> Vec<Box<dyn Target>> {
    let integers = Numbers::Integer(QuantizeOptions::default());
    let c_integers = synnet_c::Numbers::Integer(QuantizeOptions::default());
    let mut targets: Vec<Box<dyn Target>> = vec![
        Box::new(RustTarget::new(RustOptions::new())),
        Box::new(RustTarget::new(RustOptions::new().with_numbers(integers))),
        Box::new(CTarget::new(COptions::new())),
        Box::new(CTarget::new(COptions::new().with_numbers(c_integers))),
        Box::new(NirTarget::new(ExportDialect::default())),
        Box::new(RockpoolTarget),
    ];
    let chips = Chip::all().iter().map(|chip| XyloTarget::new(chip.clone(), BuildOptions::new()));
    targets.extend(chips.map(|target| Box::new(target) as Box<dyn Target>));
    targets
}
