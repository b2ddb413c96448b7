//! Properties that hold for the mapping of every network.

mod common;

use common::network::{bind, connect, from_layer, graph, layer, lif, line, parameter};
use common::{float, raster_of};
use proptest::prelude::*;
use synnet_ir::graph::{Endpoint, Operator, Quantity};
use synnet_ir::timing::quantized_tau;
use synnet_ir::{Diagnostic, Graph, Network, Raster, validate};
use synnet_xylo::budget::{Budget, Resource};
use synnet_xylo::simulate::Record;
use synnet_xylo::{
    BuildOptions, build, build_with,
    chip::Chip,
    map::{MapOptions, map, map_with},
    quantize::QuantizeOptions,
    rules,
    simulate::Simulator,
};

const DT: f64 = 1e-3;

/// A graph from small numbers: for each layer its size and synapses, for each connection its sources as bits (the
/// input first), its target and whether it has weights.
fn assemble(channels: usize, layers: &[(usize, usize)], connections: &[(u8, usize, bool)]) -> Graph {
    let tau = [quantized_tau(3e-3, DT)];
    let count = layers.len();
    let layers = layers.iter().enumerate().map(|(i, &(size, synapses))| {
        let last = i + 1 == count;
        let mut lif = lif(&tau, &tau, if last { 1 } else { 31 });
        lif.synapses = if last { 1 } else { synapses };
        layer(&format!("l{i}"), size, lif, line(i + 1))
    });
    let mut graph = graph(DT, channels, layers.collect());
    for &(bits, target, has_weights) in connections {
        let ends = (0..=count).filter(|i| bits >> i & 1 == 1);
        let ends: Vec<_> =
            ends.map(|i| if i == 0 { Endpoint::Input } else { from_layer(i as u32 - 1) }).collect();
        let Some(&first) = ends.first() else { continue };
        connect(&mut graph, first, (target % count) as u32);
        let connection = graph.connections.last_mut().unwrap();
        connection.name = format!("{ends:?}->{target}");
        connection.sources = ends;
        if !has_weights {
            connection.operator = Operator::Identity;
        }
    }
    graph.output.quantity = Quantity::Vmem;
    graph
}

/// Joins a graph with weights between -1 and 1, many of them zero, and biases, from a seed.
fn with_weights(graph: &Graph, seed: u64, biased: bool) -> Network {
    let mut state = seed | 1;
    let mut random = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 40) as f32 / (1 << 23) as f32) - 1.0
    };
    let mut graph = graph.clone();
    if biased {
        let count = graph.layers.len();
        for layer in &mut graph.layers[..count - 1] {
            let biases: Vec<f64> = (0..layer.size).map(|_| f64::from(random()).max(0.7) - 0.7).collect();
            if let synnet_ir::graph::Neuron::Lif(lif) = &mut layer.neuron {
                lif.bias = parameter(&biases);
            }
        }
    }
    let weighted = graph.connections.iter().filter(|connection| connection.as_linear().is_some());
    let matrices = weighted.map(|connection| {
        let columns = graph.layer(connection.target).input_columns();
        let mut weight = || Some(random()).filter(|w| w.abs() > 0.3).unwrap_or(0.0);
        (0..graph.source_width(connection) * columns).map(|_| weight()).collect()
    });
    let matrices: Vec<Vec<f32>> = matrices.collect();
    bind(&graph, &matrices)
}

fn is_error(found: &[Diagnostic]) -> bool {
    found.iter().any(Diagnostic::is_error)
}

type Parts = (usize, Vec<(usize, usize)>, Vec<(u8, usize, bool)>);

/// Sizes of 2 make sums and connections without weights frequent.
fn parts() -> impl Strategy<Value = Parts> {
    let size = prop_oneof![4 => Just(2_usize), 1 => 1..6_usize];
    let layers = proptest::collection::vec((size, prop_oneof![3 => Just(1_usize), 1 => Just(2)]), 1..6);
    let connections = proptest::collection::vec((1..64_u8, 0..6_usize, prop::bool::weighted(0.8)), 1..9);
    (1..4_usize, layers, connections)
}

/// Events, from a seed.
fn events(channels: usize, steps: usize, seed: u64) -> Raster {
    let mut state = seed | 1;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 61) as u8
    };
    let events: Vec<u8> = (0..channels * steps).map(|_| next().saturating_sub(4)).collect();
    raster_of(channels, &events)
}

/// Adds the connections that make random graphs usable: the input feeds the first layer, and each layer the next.
fn connected((channels, layers, mut connections): Parts) -> Graph {
    connections.retain(|(bits, target, _)| {
        let last = layers.len() - 1;
        // The readout feeds nothing, and takes nothing from the input.
        let target = target % layers.len();
        bits >> (last + 1) & 1 == 0 && !(target == last && bits & 1 == 1)
    });
    for target in 0..layers.len() {
        connections.push((1 << target, target, true));
    }
    assemble(channels, &layers, &connections)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_global_rejects: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn networks_that_pass_the_rules_are_mapped(parts in parts(), usable in any::<bool>(), chip in 0..4_usize, seed in any::<u64>()) {
        let chip = &Chip::all()[chip];
        let graph = if usable { connected(parts) } else { assemble(parts.0, &parts.1, &parts.2) };
        prop_assume!(!is_error(&validate(&graph)));
        let structure = Budget::from_graph(&graph, chip);
        let found = rules::check(&graph, chip);
        let network = with_weights(&graph, seed, false);
        let spec = match map(&network, chip) {
            Ok(spec) => spec,
            Err(_) => {
                prop_assert!(is_error(&found));
                return Ok(());
            }
        };
        prop_assert!(!is_error(&found), "{found:?}");
        prop_assert!(structure.exceeded().next().is_none(), "{structure}");

        // Ids are a permutation.
        let mut ids: Vec<usize> = spec.layers.iter().filter(|l| !l.readout).flat_map(|l| l.ids.clone()).collect();
        ids.sort_unstable();
        prop_assert_eq!(ids, (0..spec.dimensions.hidden).collect::<Vec<_>>());
        // Aliases lead to higher ids, and no alias target is aliased.
        for (source, target) in spec.alias_target.iter().enumerate() {
            let Some(target) = *target else { continue };
            prop_assert!(source < target && spec.alias_target[target].is_none() && chip.aliases);
        }

        let built = build(&network, chip, &QuantizeOptions::default()).unwrap();
        let errors = rules::check_specification(&built.specification, chip);
        prop_assert!(!is_error(&errors) && built.specification.check().is_ok(), "{errors:?}");
        // The weights use at most what the structure uses, and exactly the same sizes.
        let weights = Budget::from_specification(&built.specification, chip);
        for (whole, part) in structure.resources.iter().zip(&weights.resources) {
            prop_assert!(part.used <= whole.used, "{:?}\n{structure}\n{weights}", part.resource);
            if [Resource::Hidden, Resource::InputExpansion, Resource::Aliases].contains(&part.resource) {
                prop_assert_eq!(part, whole);
            }
        }
        prop_assert_eq!(weights.fan_out.iter().map(|bin| bin.neurons).sum::<usize>(), spec.dimensions.hidden);
    }

    /// An alias and the same weights in the rows of both are one and the same, as long as no alias target meets the
    /// most spikes of a step.
    #[test]
    fn aliases_equal_repeated_rows(parts in parts(), seed in any::<u64>()) {
        let chip = Chip::find("xylo-audio3").unwrap();
        let graph = connected(parts);
        prop_assume!(!is_error(&validate(&graph)));
        let network = with_weights(&graph, seed, false);
        let Ok(aliased) = map(&network, chip) else { return Ok(()) };
        prop_assume!(aliased.alias_target.iter().any(Option::is_some));
        let without = Chip { aliases: false, ..chip.clone() };
        let repeated = map(&network, &without).unwrap();
        prop_assert!(repeated.alias_target.iter().all(Option::is_none));
        let raster = events(graph.input.channels, 60, seed);
        let (aliased, repeated) = (float::run(&aliased, &raster), float::run(&repeated, &raster));
        prop_assume!(aliased.spikes.iter().flatten().all(|&n| n < 31.0));
        for (a, b) in aliased.vmem_out.iter().flatten().zip(repeated.vmem_out.iter().flatten()) {
            prop_assert!((a - b).abs() < 1e-9 * (1.0 + a.abs()), "{a} {b}");
        }
    }

    #[test]
    fn the_readout_does_not_miss_dead_neurons(parts in parts(), seed in any::<u64>(), biased in any::<bool>()) {
        let chip = Chip::find("xylo-audio2").unwrap();
        let graph = connected(parts);
        prop_assume!(!is_error(&validate(&graph)));
        let network = with_weights(&graph, seed, biased);
        let Ok(whole) = map(&network, chip) else { return Ok(()) };
        let options = MapOptions::new().with_remove_dead(true);
        let part = map_with(&network, chip, &options).unwrap();
        let removed: usize = part.removed.iter().map(|r| r.silent.len() + r.without_effect.len()).sum();
        prop_assert_eq!(part.dimensions.hidden + removed, whole.dimensions.hidden);
        let raster = events(graph.input.channels, 40, seed);
        prop_assert_eq!(float::run(&whole, &raster).vmem_out, float::run(&part, &raster).vmem_out);
        // Removing again removes nothing: what is left has an input, and a way to the readout.
        let build = build_with(&network, chip, &BuildOptions::new().with_map(options)).unwrap();
        prop_assert!(build.specification.check().is_ok());
        prop_assert!(build.simulator().unwrap().run(&raster, Record::All).is_ok());
    }
}

/// The rows of alias targets, added to those of their sources.
fn repeat_rows<T: Copy + std::ops::AddAssign>(weights_rec: &mut [T], alias_target: &[Option<usize>]) {
    let length = weights_rec.len() / alias_target.len();
    for (source, target) in alias_target.iter().enumerate() {
        for i in 0..target.map_or(0, |_| length) {
            let w = weights_rec[target.unwrap() * length + i];
            weights_rec[source * length + i] += w;
        }
    }
}

/// On the chip itself, bit for bit: a residual block as aliases and as repeated rows.
#[test]
fn aliases_equal_repeated_rows_on_the_chip() {
    let chip = Chip::find("xylo-audio3").unwrap();
    let without = Chip { aliases: false, ..chip.clone() };
    let layers = [(12, 1), (12, 1), (8, 1), (3, 1)];
    let mut graph = assemble(4, &layers, &[(1, 0, true), (2, 1, true), (6, 2, true), (8, 3, true)]);
    for layer in &mut graph.layers {
        if let synnet_ir::graph::Neuron::Lif(lif) = &mut layer.neuron {
            lif.threshold = parameter(&[2.0]);
        }
    }
    let mut compared = 0;
    for seed in 0..20 {
        let network = with_weights(&graph, seed * 7919 + 3, false);
        let build = build(&network, chip, &QuantizeOptions::default()).unwrap();
        let mut floats = build.float.weights_rec.clone();
        repeat_rows(&mut floats, &build.float.alias_target);
        assert_eq!(floats, map(&network, &without).unwrap().weights_rec);

        let mut repeated = build.specification.clone();
        repeat_rows(&mut repeated.weights_rec, &build.specification.alias_target);
        repeated.alias_target.fill(None);
        let entries = |specification| {
            let budget = Budget::from_specification(specification, chip);
            budget.get(Resource::FanOutMemory).unwrap().used
        };
        assert!(entries(&build.specification) < entries(&repeated));

        let raster = events(4, 100, seed);
        let aliased = build.simulator().unwrap().run(&raster, Record::All).unwrap();
        let repeated = Simulator::new(&repeated).unwrap().run(&raster, Record::All).unwrap();
        let hidden = aliased.hidden.as_ref().unwrap();
        // Far from saturation, in which the order of events would matter.
        let far = |states: &[i16]| states.iter().all(|x| x.unsigned_abs() < 1 << 14);
        if hidden.spikes.iter().all(|&n| n < 31) && far(&hidden.vmem) && far(&hidden.isyn) {
            compared += 1;
            assert_eq!(aliased.readout, repeated.readout, "seed {seed}");
            let driven = aliased.readout.vmem.iter().filter(|&&v| v != 0).count();
            assert!(driven > 100, "seed {seed}: {driven} of 300");
        }
    }
    assert!(compared >= 10, "{compared}");
}
