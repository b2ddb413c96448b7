//! Design rules: each is reported at its span, with the number used and the number allowed.

mod common;

use std::fmt::Write;

use common::network::{bind, chain, connect, from_layer, graph, layer, lif, line};
use common::{arrays, specification};
use synnet_ir::graph::{
    Adaptation, Distribution, Endpoint, ExpSyn, Init, LinearBias, Neuron, Operator, Parameter, Quantity,
    Reset,
};
use synnet_ir::timing::quantized_tau;
use synnet_ir::{Diagnostics, Graph};
use synnet_xylo::{
    build, chip::Chip, codes, map::map, quantize::QuantizeOptions, rules, specification::Specification,
};

const DT: f64 = 1e-3;

fn tau(seconds: f64) -> [f64; 1] {
    [quantized_tau(seconds, DT)]
}

/// A chain of layers of the given sizes that breaks no rule.
fn plain(channels: usize, sizes: &[usize]) -> Graph {
    let last = sizes.len() - 1;
    let layers = sizes.iter().enumerate().map(|(i, &size)| {
        let (name, cap) = if i == last { ("out".into(), 1) } else { (format!("h{i}"), 31) };
        layer(&name, size, lif(&tau(2e-3), &tau(4e-3), cap), line(i + 1))
    });
    chain(DT, channels, layers.collect())
}

fn change(graph: &mut Graph, layer: usize, change: impl FnOnce(&mut synnet_ir::graph::Lif)) {
    match &mut graph.layers[layer].neuron {
        Neuron::Lif(lif) => change(lif),
        Neuron::ExpSyn(_) => unreachable!("these networks have no such neurons"),
    }
}

/// The findings on Audio 3.
fn findings(graph: &Graph) -> String {
    findings_on(graph, "xylo-audio3")
}

fn findings_on(graph: &Graph, chip: &str) -> String {
    listed(rules::check(graph, Chip::find(chip).unwrap()))
}

/// The findings, one per line: code, severity, place (in units of [`line`]), message, label, notes, help.
fn listed(diagnostics: Diagnostics) -> String {
    let mut text = String::new();
    for found in diagnostics {
        assert!(found.help.is_some(), "{}: a finding says what to do", found.message);
        let place = found.span.map(|span| span.start / 100);
        let kind = if found.is_error() { "error" } else { "warning" };
        writeln!(text, "{} {kind} at {place:?}: {}", found.code.id, found.message).unwrap();
        if !found.label.is_empty() {
            writeln!(text, "    ^ {}", found.label).unwrap();
        }
        for (span, note) in &found.notes {
            writeln!(text, "    at {}: {note}", span.start / 100).unwrap();
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
        lif.syn.as_mut().unwrap().parameter.values = vec![0.5e-3, 4e-3, 0.7e-3];
        lif.mem.as_mut().unwrap().parameter = Parameter { values: vec![5e-3], learn: false, span: line(20) };
    });
    change(&mut graph, 1, |lif| {
        lif.mem.as_mut().unwrap().parameter.values = vec![1e3];
        lif.max_spikes = 1;
    });
    change(&mut graph, 2, |lif| lif.max_spikes = 31);
    let spikes = findings(&graph);
    graph.output.quantity = Quantity::Vmem;
    let vmem = findings(&graph);
    assert!(vmem.len() < spikes.len(), "a membrane readout may have any cap");
    insta::assert_snapshot!(spikes);
}

/// A finding that several layers share is reported once.
#[test]
fn the_same_finding_over_layers() {
    let mut graph = plain(2, &[3, 4, 5, 2]);
    for i in 0..3 {
        change(&mut graph, i, |lif| {
            lif.mem.as_mut().unwrap().parameter =
                Parameter { values: vec![5e-3], learn: false, span: line(20 + i / 2) };
            lif.max_spikes = 15;
        });
    }
    change(&mut graph, 3, |lif| lif.syn.as_mut().unwrap().parameter.values = vec![2e-3]);
    insta::assert_snapshot!(findings(&graph));
}

#[test]
fn unsupported_features() {
    let mut graph = plain(2, &[3, 4, 5, 2]);
    let leak = |graph: &Graph| graph.layers[0].as_lif().unwrap().mem.clone().unwrap();
    change(&mut graph, 0, |lif| lif.noise_std = 0.1);
    graph.connections[1].delay = 2;
    if let Some(linear) = graph.connections[2].as_linear_mut() {
        let init = Init { distribution: Distribution::Constant(0.0), scale: vec![1.0] };
        linear.bias = Some(LinearBias { learn: true, init });
    }
    let adaptation = Adaptation { leak: leak(&graph), w_ahp: Parameter::uniform(-0.1) };
    change(&mut graph, 1, |lif| {
        lif.adaptation = Some(adaptation);
        lif.bias = Parameter { values: vec![0.5], learn: false, span: line(30) };
    });
    graph.layers[3].neuron = Neuron::ExpSyn(ExpSyn { syn: Some(leak(&graph)) });
    graph.output.quantity = Quantity::Isyn;
    insta::assert_snapshot!(
        ["xylo-audio3", "xylo-1", "xylo-imu"].map(|chip| findings_on(&graph, chip)).join("\n")
    );
}

#[test]
fn neurons_of_other_tools() {
    let mut graph = plain(2, &[3, 4, 5, 2]);
    change(&mut graph, 0, |lif| {
        (lif.reset, lif.max_spikes, lif.spans.reset) = (Reset::Zero, 1, line(20));
    });
    change(&mut graph, 1, |lif| (lif.syn, lif.spans.no_syn) = (None, line(21)));
    change(&mut graph, 2, |lif| (lif.mem, lif.spans.no_mem) = (None, line(22)));
    insta::assert_snapshot!(["xylo-audio3", "xylo-1"].map(|chip| findings_on(&graph, chip)).join("\n"));
}

#[test]
fn sums_and_connections_without_weights_fit() {
    let mut graph = plain(2, &[4, 4, 4, 2]);
    graph.connections[2].sources = vec![from_layer(0), from_layer(1)];
    connect(&mut graph, from_layer(2), 2);
    graph.connections[4].operator = Operator::Identity;
    let aliased = findings(&graph);
    let without = Chip { aliases: false, ..Chip::find("xylo-audio3").unwrap().clone() };
    insta::assert_snapshot!([aliased, listed(rules::check(&graph, &without))].join("\n"));
}

#[test]
fn each_chip_has_its_own_limits() {
    let mut graph = plain(16, &[129, 65, 130, 33]);
    change(&mut graph, 0, |lif| lif.synapses = 2);
    let each = Chip::all().iter().map(|chip| format!("{}\n{}", chip.name, findings_on(&graph, &chip.name)));
    insta::assert_snapshot!(each.collect::<Vec<_>>().join("\n"));
}

/// A custom chip cannot promise more than a specification holds.
#[test]
fn a_chip_without_limits_has_some() {
    let mut chip = Chip::find("xylo-audio3").unwrap().clone();
    (chip.hidden, chip.input_expansion, chip.output_expansion) = (1 << 40, 1 << 40, 1 << 40);
    (chip.fan_out.total, chip.fan_out.per_neuron) = (usize::MAX, usize::MAX);
    (chip.synapses.hidden, chip.synapses.readout) = (9, 9);
    let mut graph = plain(2, &[3000, 3000, 2]);
    change(&mut graph, 0, |lif| lif.synapses = 3);
    change(&mut graph, 2, |lif| lif.synapses = 2);
    let found = rules::check(&graph, &chip);
    let ids: Vec<_> = found.iter().filter(|found| found.is_error()).map(|found| found.code.id).collect();
    assert_eq!(ids, ["X0108", "X0108", "X0103"]);
}

/// If weights are known, only nonzero ones count.
#[test]
fn a_pruned_network_fits() {
    let mut chip = Chip::find("xylo-audio3").unwrap().clone();
    chip.fan_out.per_neuron = 64;
    chip.fan_out.total = 1000;
    let graph = plain(2, &[60, 65, 2]);
    insta::assert_snapshot!(listed(rules::check(&graph, &chip)));
    let network = |kept: usize| {
        let pruned = (0..60 * 65).map(|i| if i % 65 < kept { 1.0 } else { 0.0 }).collect();
        bind(&graph, &[vec![1.0; 120], pruned, vec![1.0; 130]])
    };
    let options = QuantizeOptions::default();
    assert!(map(&network(16), &chip).is_ok() && build(&network(16), &chip, &options).is_ok());
    let errors = build(&network(65), &chip, &options).unwrap_err();
    assert_eq!(map(&network(65), &chip).unwrap_err(), errors);
    insta::assert_snapshot!(listed(errors));
}

#[test]
fn integers_that_do_not_fit() {
    let (audio, imu, first) = ("xylo-audio3", "xylo-imu", "xylo-1");
    let on = |chip: &str, specification: &Specification| {
        listed(rules::check_specification(specification, Chip::find(chip).unwrap()))
    };
    let mut tutorial = specification(&arrays("map_tutorial_audio3"), "channel");
    assert_eq!(on(audio, &tutorial), "");
    tutorial.dash_syn[3] = 0;
    tutorial.bias_out[0] = -3;
    tutorial.alias_target[7] = Some(0);
    tutorial.alias_target[2] = Some(30);
    let two_synapses = specification(&arrays("map_two_synapses_audio2"), "channel");
    assert_eq!(on("xylo-audio2", &two_synapses), "");
    let texts = [on(audio, &tutorial), on(first, &tutorial), on(imu, &two_synapses)];
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn codes_are_in_order_and_explained() {
    let ids: Vec<_> = codes::CODES.iter().map(|code| code.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b));
    assert!(codes::CODES.iter().all(|code| code.explanation.contains("Remedy:")));
}
