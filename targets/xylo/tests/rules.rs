//! Design rules: each at its place, with the numbers used and allowed.

mod common;

use std::fmt::Write;

use common::network::{chain, connect, from_layer, graph, layer, lif, line};
use synnet_dsl::Graph;
use synnet_dsl::graph::{Endpoint, Neuron, Parameter, Quantity};
use synnet_dsl::timing::quantized_tau;
use synnet_xylo::{Chip, codes, rules};

const DT: f64 = 1e-3;

fn tau(seconds: f64) -> [f64; 1] {
    [quantized_tau(seconds, DT)]
}

/// A chain of layers of the given sizes, with nothing to complain about.
fn plain(channels: usize, sizes: &[usize]) -> Graph {
    let last = sizes.len() - 1;
    let layers = sizes.iter().enumerate().map(|(i, &size)| {
        let (name, cap) = if i == last { ("out".into(), 1) } else { (format!("h{i}"), 31) };
        layer(&name, size, lif(&tau(2e-3), &tau(4e-3), cap), line(i + 1))
    });
    chain(DT, channels, layers.collect())
}

fn change(graph: &mut Graph, layer: usize, change: impl FnOnce(&mut synnet_dsl::graph::Lif)) {
    match &mut graph.layers[layer].neuron {
        Neuron::Lif(lif) => change(lif),
        Neuron::ExpSyn(_) => unreachable!("these networks have no such neurons"),
    }
}

/// The findings, one per line: code, severity, place (in units of [`line`]), message, label, help.
fn findings(graph: &Graph) -> String {
    let mut text = String::new();
    for found in rules::check(graph, Chip::find("xylo-audio3").unwrap()) {
        assert!(found.help.is_some(), "{}: a finding says what to do", found.message);
        let place = found.span.map(|span| span.start / 100);
        let kind = if found.is_error() { "error" } else { "warning" };
        writeln!(text, "{} {kind} at {place:?}: {}", found.code.id, found.message).unwrap();
        if !found.label.is_empty() {
            writeln!(text, "    ^ {}", found.label).unwrap();
        }
        writeln!(text, "    help: {}", found.help.unwrap()).unwrap();
    }
    text
}

#[test]
fn networks_that_fit() {
    assert_eq!(findings(&plain(16, &[60, 60, 60, 10])), "");
    assert_eq!(findings(&plain(1, &[1, 1])), "");
    let mut recurrent = plain(16, &[100, 100, 32]);
    connect(&mut recurrent, from_layer(1), 1);
    assert_eq!(findings(&recurrent), "");
}

#[test]
fn sizes() {
    let mut graph = plain(17, &[200, 400, 500, 40]);
    change(&mut graph, 0, |lif| lif.synapses = 3);
    change(&mut graph, 3, |lif| lif.synapses = 2);
    insta::assert_snapshot!(findings(&graph));
}

#[test]
fn fan_out_per_neuron() {
    let mut chip = Chip::find("xylo-audio3").unwrap().clone();
    chip.fan_out.per_neuron = 64;
    let found = rules::check(&plain(16, &[60, 65, 10]), &chip);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].message,
        "each neuron of `h0` has 65 hidden targets; SynSense Xylo Audio 3 allows 64"
    );
}

#[test]
fn structure() {
    let mut lone = graph(DT, 2, vec![layer("out", 2, lif(&tau(2e-3), &tau(2e-3), 1), line(1))]);
    connect(&mut lone, Endpoint::Input, 0);
    let mut wild = plain(2, &[3, 4, 2]);
    connect(&mut wild, from_layer(2), 2);
    connect(&mut wild, from_layer(2), 0);
    connect(&mut wild, Endpoint::Input, 2);
    connect(&mut wild, from_layer(0), 2);
    insta::assert_snapshot!([findings(&lone), findings(&wild)].join("\n"));
}

#[test]
fn time_and_spikes() {
    let mut graph = plain(2, &[3, 4, 2]);
    change(&mut graph, 0, |lif| {
        lif.syn.parameter.values = vec![0.5e-3, 4e-3, 0.7e-3];
        lif.mem.parameter = Parameter { values: vec![5e-3], learn: false, span: line(20) };
    });
    change(&mut graph, 1, |lif| {
        lif.mem.parameter.values = vec![1e3];
        lif.max_spikes = 1;
    });
    change(&mut graph, 2, |lif| lif.max_spikes = 31);
    let spikes = findings(&graph);
    graph.output.quantity = Quantity::Vmem;
    let vmem = findings(&graph);
    assert!(vmem.len() < spikes.len(), "a membrane readout may have any cap");
    insta::assert_snapshot!(spikes);
}

#[test]
fn unsupported_features() {
    let mut graph = plain(2, &[3, 4, 2]);
    change(&mut graph, 0, |lif| lif.noise_std = 0.1);
    graph.connections[1].delay = 2;
    graph.connections[2].operator = synnet_dsl::graph::Operator::Identity;
    insta::assert_snapshot!(findings(&graph));
}

#[test]
fn codes_are_in_order_and_explained() {
    let ids: Vec<_> = codes::CODES.iter().map(|code| code.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b));
    assert!(codes::CODES.iter().all(|code| code.explanation.contains("Remedy:")));
}
