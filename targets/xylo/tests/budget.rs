//! Budgets of networks on chips.

mod common;

use common::network::{chain, connect, from_layer, layer, lif, line, parameter};
use common::{arrays, network, specification};
use synnet_ir::Graph;
use synnet_ir::graph::{Neuron, Operator};
use synnet_ir::timing::quantized_tau;
use synnet_xylo::budget::{Basis, Resource};
use synnet_xylo::layer_use::LayerUse;
use synnet_xylo::{budget::Budget, chip::Chip};

fn plain(channels: usize, sizes: &[usize]) -> Graph {
    let tau = [quantized_tau(4e-3, 1e-3)];
    let layers = sizes.iter().enumerate();
    let layers = layers.map(|(i, &size)| layer(&format!("l{i}"), size, lif(&tau, &tau, 31), line(i + 1)));
    chain(1e-3, channels, layers.collect())
}

fn budget(graph: &Graph, chip: &str) -> Budget {
    Budget::from_graph(graph, Chip::find(chip).unwrap())
}

#[test]
fn a_network_that_fits() {
    let mut graph = plain(16, &[60, 60, 60, 10]);
    if let Neuron::Lif(lif) = &mut graph.layers[1].neuron {
        lif.bias = parameter(&[0.5]);
    }
    insta::assert_snapshot!(budget(&graph, "xylo-audio3"));
}

#[test]
fn networks_that_do_not_fit() {
    let mut graph = plain(17, &[200, 400, 500, 40]);
    for layer in &mut graph.layers {
        if let Neuron::Lif(lif) = &mut layer.neuron {
            lif.synapses = 2;
            lif.bias.learn = true;
        }
    }
    insta::assert_snapshot!(
        [budget(&graph, "xylo-imu"), budget(&graph, "xylo-1")].map(|b| b.to_string()).join("\n")
    );
}

#[test]
fn the_uses_of_the_layers_add_up() {
    // A residual sum, which is an alias on the chip, and a recurrence.
    let mut graph = plain(16, &[20, 20, 30, 5]);
    graph.connections[2].sources = vec![from_layer(0), from_layer(1)];
    connect(&mut graph, from_layer(2), 2);
    let chip = Chip::find("xylo-audio2").unwrap();
    let uses = LayerUse::of_graph(&graph, chip);
    let mut compared = 0;
    for usage in Budget::from_graph(&graph, chip).resources {
        let Some(sum) = uses.iter().map(|part| part.get(usage.resource)).sum::<Option<usize>>() else {
            continue;
        };
        assert_eq!(sum, usage.used, "{:?}", usage.resource);
        compared += 1;
    }
    assert_eq!(compared, 8);
    assert_eq!(uses[1].get(Resource::FanOutMemory), Some(20 * 30));
}

#[test]
fn sums_consume_memory_once() {
    // in -> l0 -> l1 -> l2 -> l3, l0 + l1 -> l2, a recurrence of l2 with and without weights.
    let mut graph = plain(2, &[10, 10, 10, 2]);
    graph.connections[2].sources = vec![from_layer(0), from_layer(1)];
    connect(&mut graph, from_layer(2), 2);
    graph.connections[4].operator = Operator::Identity;
    let used = |graph: &Graph, chip: &Chip| {
        let budget = Budget::from_graph(graph, chip);
        let resources =
            [Resource::LargestFanOut, Resource::FanOutMemory, Resource::HiddenWeights, Resource::Aliases];
        resources.map(|resource| budget.get(resource).unwrap().used)
    };
    let chip = Chip::find("xylo-audio2").unwrap();
    assert_eq!(used(&graph, chip), [10, 210, 210, 10]);
    let without = Chip { aliases: false, ..chip.clone() };
    assert_eq!(used(&graph, &without), [20, 310, 310, 0]);
    // Two connections between the same neurons share the entries.
    connect(&mut graph, from_layer(2), 2);
    assert_eq!(used(&graph, chip), [10, 300, 300, 10]);
}

#[test]
fn weights_of_zero_take_nothing() {
    let case = arrays("map_tutorial_audio3");
    let chip = Chip::find("xylo-audio3").unwrap();
    let full = Budget::from_graph(&network::of_case(&case).graph, chip);
    let mut quantized = specification(&case, "channel");
    quantized.weights_rec.iter_mut().skip(1).step_by(2).for_each(|w| *w = 0);
    let built = Budget::from_specification(&quantized, chip);
    let entries = |budget: &Budget| budget.get(Resource::FanOutMemory).unwrap().used;
    assert_eq!((full.basis, built.basis), (Basis::Structure, Basis::Weights));
    assert_eq!(entries(&full), 2 * 24 * 24);
    let counted = quantized.weights_rec.iter().filter(|&&w| w != 0).count();
    assert_eq!(entries(&built), counted);
    assert!(counted < 24 * 24 + 1);
    insta::assert_snapshot!(built);
}

/// The numbers of each chip, side by side.
#[test]
fn the_chips() {
    let numbers = |chip: &'static Chip| {
        let neurons = [chip.inputs, chip.input_expansion, chip.hidden, chip.output_expansion, chip.outputs];
        let memory =
            [chip.synapses.hidden, chip.synapses.readout, chip.fan_out.per_neuron, chip.fan_out.total];
        let events = [chip.events.input, chip.events.hidden, chip.events.readout];
        (chip.part.as_str(), neurons, memory, events, chip.bias)
    };
    let events = [15, 31, 1];
    let expected = [
        ("SYNS61300", [16, 998, 998, 998, 8], [2, 1, 64, 32000], events, false),
        ("SYNS61201", [16, 1000, 1000, 1000, 8], [2, 1, 64, 32000], events, true),
        ("SYNS65302", [16, 128, 992, 128, 32], [2, 1, 1024, 31744], events, true),
        ("SYNS63300", [16, 128, 496, 128, 16], [1, 1, 512, 31744], events, true),
    ];
    assert_eq!(Chip::all().iter().map(numbers).collect::<Vec<_>>(), expected);
}
