//! Random networks: each comes back as it was, and from its nodes alone with the same spikes.

use proptest::prelude::*;
use proptest::sample::select;
use synnet_ir::{Network, to_json};
use synnet_nir::{ExportDialect, ImportOptions, Nir, export, import, read, write};
use synnet_runtime::{Interpreter, Run, Sequence, Tracing, initial_params};

use crate::events;

const STEPS: usize = 60;
const CHANNELS: usize = 3;

/// A layer: its neurons, whether it has weights to itself, and what comes into it besides the layer before it.
#[derive(Clone, Debug)]
struct Part {
    size: usize,
    kind: &'static str,
    reset: &'static str,
    threshold: f64,
    bias: f64,
    delay: usize,
    is_recurrent: bool,
    has_shortcut: bool,
    has_feedback: bool,
    has_biases: bool,
}

/// Neurons with all that nodes can express; `expsyn` comes last.
const KINDS: [&str; 7] = [
    "lif(N) { tau_mem: 10 ms, tau_syn: 5 ms,",
    "lif(N) { synapses: 2, tau_mem: 10 ms, tau_syn: [5 ms, 20 ms],",
    "lif(N) { tau_mem: 8 ms, tau_syn: none,",
    "lif(N) { tau_mem: none, tau_syn: 3 ms,",
    "lif(N) { tau_mem: none, tau_syn: none,",
    "lif(N) { alpha: 0.875, beta: 0.5,",
    "alif(N) { tau_mem: 10 ms, tau_syn: 5 ms, tau_ahp: 30 ms, w_ahp: -0.1,",
];

fn part() -> impl Strategy<Value = Part> {
    (
        1_usize..6,
        select(&KINDS[..]),
        select(&["reset: zero, max_spikes: 1", "max_spikes: 1", "max_spikes: 3", "max_spikes: 31"][..]),
        select(&[0.25, 0.5, 1.0][..]),
        select(&[0.0, 0.0, 0.015_625][..]),
        select(&[0_usize, 0, 0, 1, 4][..]),
        any::<[bool; 4]>(),
    )
        .prop_map(|(size, kind, reset, threshold, bias, delay, flags)| Part {
            size,
            kind,
            reset,
            threshold,
            bias,
            delay,
            is_recurrent: flags[0],
            has_shortcut: flags[1],
            has_feedback: flags[2],
            has_biases: flags[3],
        })
}

fn source(parts: &[Part]) -> String {
    let mut text = format!("network Random {{\n    dt: 1 ms;\n    input x: {CHANNELS};\n");
    for (i, part) in parts.iter().enumerate() {
        let neuron = part.kind.replace('N', &part.size.to_string());
        let (reset, threshold, bias) = (part.reset, part.threshold, part.bias);
        text += &format!("    layer l{i}: {neuron} {reset}, threshold: {threshold}, bias: {bias} }};\n");
    }
    for (i, part) in parts.iter().enumerate() {
        let before = if i == 0 { "x".to_owned() } else { format!("l{}", i - 1) };
        let delay = if part.delay > 0 { format!("delay({}) -> ", part.delay) } else { String::new() };
        let biases = if part.has_biases { " { bias: uniform(-0.05, 0.1) }" } else { "" };
        text += &format!("    {before} -> {delay}linear{biases} -> l{i};\n");
        if part.has_shortcut && i > 0 {
            text += &format!("    x -> linear -> l{i};\n");
        }
        if part.is_recurrent {
            text += &format!("    l{i} -> linear -> l{i};\n");
        }
        if part.has_feedback && i + 1 < parts.len() {
            text += &format!("    l{} -> linear -> l{i};\n", i + 1);
        }
    }
    text + &format!("    output l{}.spikes;\n}}\n", parts.len() - 1)
}

fn network(parts: &[Part], seed: u64, gain: f32) -> Network {
    let source = source(parts);
    let graph = synnet_dsl::compile_str(&source).unwrap_or_else(|why| panic!("{source}{why}"));
    let mut params = initial_params(&graph, seed);
    for (name, tensor) in &mut params.tensors {
        if name.ends_with(".weight") {
            tensor.data.iter_mut().for_each(|weight| *weight *= gain);
        }
    }
    Network::bind(&graph, &params).unwrap()
}

/// Writes a network and reads the file. Returns also whether other tools will have the order of its layers: the format
/// has none, and the export warns about edges that they will read as recurrent.
fn exported(network: &Network) -> (Nir, bool) {
    let (nir, warnings) = export(network, ExportDialect::Euler).unwrap_or_else(|why| panic!("{why}"));
    let is_in_order = !warnings.iter().any(|found| found.message.contains("one step later"));
    (read(write(&nir).unwrap()).unwrap(), is_in_order)
}

fn run(network: &Network) -> Run {
    let input = Sequence::new(1, STEPS, CHANNELS, events(STEPS * CHANNELS)).unwrap();
    Interpreter::new(network).run(&input, Tracing::On, 0).unwrap()
}

/// Compares the spikes of all layers up to the first step in which rounding decides on one: gains that were divided out and
/// multiplied in again change the last bits.
fn assert_same_spikes(network: &Network, imported: &Network) {
    let [before, after] = [network, imported].map(run);
    let mut first: Option<(usize, usize, usize)> = None;
    for (l, layer) in network.graph.layers.iter().enumerate() {
        let other = imported.graph.layers.iter().position(|other| other.name == layer.name).unwrap();
        let [ours, theirs] = [&before.layers[l], &after.layers[other]].map(|t| t.spikes.as_ref().unwrap());
        let differs = ours.data.iter().zip(&theirs.data).position(|(a, b)| a != b);
        first = first.into_iter().chain(differs.map(|i| (i / layer.size, l, i % layer.size))).min();
    }
    let Some((step, l, neuron)) = first else { return };
    let layer = &network.graph.layers[l];
    let other = imported.graph.layers.iter().position(|other| other.name == layer.name).unwrap();
    let lif = layer.as_lif().unwrap();
    let threshold = lif.threshold.get(neuron) as f32;
    let at = |run: &Run, l: usize| {
        let trace = &run.layers[l];
        let [vmem, spikes] =
            [&trace.vmem, &trace.spikes].map(|t| t.as_ref().unwrap().data[step * layer.size + neuron]);
        (vmem, spikes)
    };
    let [(a, n), (b, m)] = [at(&before, l), at(&after, other)];
    let is_close = if lif.reset == synnet_ir::graph::Reset::Zero {
        // One of them kept its potential, which is that of a threshold.
        (a.max(b) - threshold).abs() < 1e-5
    } else {
        ((a + n * threshold) - (b + m * threshold)).abs() < 1e-5
    };
    assert!(is_close, "spikes of `{}` differ in step {step}: {a} {b}, {n} {m}", layer.name);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_networks_come_back(
        parts in prop::collection::vec(part(), 1..5),
        seed in any::<u64>(),
        gain in select(&[2.0_f32, 4.0, 8.0][..]),
    ) {
        let network = network(&parts, seed, gain);
        let (mut nir, is_in_order) = exported(&network);
        let imported = import(&nir, "Random", &ImportOptions::new()).unwrap();
        prop_assert_eq!(to_json(&imported.network.graph), to_json(&network.graph));
        prop_assert_eq!(imported.network.params(), network.params());
        // From the nodes alone, as another tool reads them.
        nir.root.metadata.remove("synnet_graph");
        prop_assume!(is_in_order);
        let imported = import(&nir, "Random", &ImportOptions::new());
        let imported = imported.unwrap_or_else(|why| panic!("{}{why}", source(&parts)));
        assert_same_spikes(&network, &imported.network);
    }
}

/// Returns the number of networks: `PROPTEST_CASES`, or few.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(100)
}
