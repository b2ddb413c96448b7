//! The mapping compared with Rockpool's, or with results by hand if Rockpool's are wrong.

mod common;

use std::collections::BTreeMap;

use common::network::{bind, chain, connect, from_layer, layer, lif, line};
use common::{Array, arrays, arrays_of, network, raster, specification};
use synnet_ir::Network;
use synnet_ir::graph::{Endpoint, Operator, Quantity};
use synnet_ir::timing::quantized_tau;
use synnet_xylo::layer_table::{LayerIds, LayerTable};
use synnet_xylo::simulate::Record;
use synnet_xylo::specification::Specification;
use synnet_xylo::{
    Build, BuildOptions, FloatSpecification, build_with,
    chip::Chip,
    map::{MapOptions, map, map_with},
    simulate::Simulator,
};

fn chip(name: &str) -> &'static Chip {
    Chip::find(name).unwrap()
}

/// Rockpool's arrays: those of Audio 2 have all hidden neurons, and one synapse has no axis.
fn check_weights(name: &str, spec: &FloatSpecification, case: &BTreeMap<String, Array>) {
    let d = spec.dimensions;
    let golden = |what: &str| &case[&format!("spec_{what}")];
    let columns = golden("weights_in").shape[1];
    let mut weights_in = Vec::new();
    for row in spec.weights_in.chunks_exact(d.input_expansion * d.synapses) {
        weights_in.extend_from_slice(row);
        weights_in.resize(weights_in.len() + (columns - d.input_expansion) * d.synapses, 0.0);
    }
    let rows = golden("weights_out").shape[0];
    let mut weights_out = vec![0.0; (rows - d.output_expansion) * d.outputs];
    weights_out.extend_from_slice(&spec.weights_out);
    assert_eq!(golden("weights_rec").shape[0], d.hidden, "{name}");
    if columns != d.hidden {
        assert_eq!((columns, rows), (d.input_expansion, d.output_expansion), "{name}");
    }
    let exact = [
        ("weights_in", &weights_in),
        ("weights_rec", &spec.weights_rec),
        ("weights_out", &weights_out),
        ("threshold", &spec.threshold),
        ("threshold_out", &spec.threshold_out),
        ("bias", &spec.bias),
        ("bias_out", &spec.bias_out),
    ];
    for (what, ours) in exact {
        assert_eq!(ours, &golden(what).data, "{name}: {what}");
    }
}

fn check_dashes(name: &str, spec: &FloatSpecification, case: &BTreeMap<String, Array>) {
    let rounded = |values: &[f64]| values.iter().map(|x| x.round_ties_even()).collect::<Vec<_>>();
    let dashes = [
        ("dash_mem", &spec.dash_mem),
        ("dash_mem_out", &spec.dash_mem_out),
        ("dash_syn", &spec.dash_syn),
        ("dash_syn_2", &spec.dash_syn_2),
        ("dash_syn_out", &spec.dash_syn_out),
    ];
    for (what, ours) in dashes {
        assert_eq!(rounded(ours), rounded(&case[&format!("spec_{what}")].data), "{name}: {what}");
    }
}

#[test]
fn arrays_equal_those_of_rockpool() {
    for name in [
        "map_kws_audio3",
        "map_tutorial_audio3",
        "map_recurrent_audio3",
        "map_vmem_readout_audio3",
        "map_tutorial_audio2",
        "map_ragged_audio2",
        "map_high_threshold_audio2",
        "map_recurrent_audio2",
        "map_two_synapses_audio2",
        "map_tutorial_imu",
        "map_recurrent_imu",
    ] {
        let case = arrays(name);
        let chip = chip(&format!("xylo-{}", name.rsplit('_').next().unwrap()));
        let spec = map(&network::of_case(&case), chip).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        check_weights(name, &spec, &case);
        check_dashes(name, &spec, &case);
        let hidden = spec.layers.len() - 1;
        assert_eq!(spec.latency(), hidden, "{name}");
        assert_eq!(spec.output == Quantity::Vmem, name == "map_vmem_readout_audio3");
    }
}

/// Rockpool takes `log2(tau / dt)`, whose decay is further from `exp(-dt / tau)` for short time constants.
#[test]
fn bit_shifts_of_learned_time_constants_are_the_nearest() {
    let case = arrays("map_learned_taus_audio3");
    let spec = map(&network::of_case(&case), chip("xylo-audio3")).unwrap();
    check_weights("map_learned_taus_audio3", &spec, &case);
    let decay = |dash: f64| 1.0 - (-dash.round_ties_even()).exp2();
    let taus: Vec<f64> = (0..3).flat_map(|i| case[&format!("layer{i}_tau_syn")].data.clone()).collect();
    let mut differ = 0;
    for ((tau, ours), theirs) in taus.iter().zip(&spec.dash_syn).zip(&case["spec_dash_syn"].data) {
        let error = |dash: f64| (decay(dash) - (-1e-3 / tau).exp()).abs();
        assert!(error(*ours) <= error(*theirs), "tau {tau}: {ours} against {theirs}");
        differ += usize::from(ours.round_ties_even() != theirs.round_ties_even());
    }
    assert!(differ > 0);
}

/// Rockpool's mapper for Audio 3 takes the time constants of the first synapses only, and mixes them.
#[test]
fn two_synapses_keep_their_time_constants_on_audio_3() {
    let case = arrays("map_two_synapses_audio2");
    let network = network::of_case(&case);
    let spec = map(&network, chip("xylo-audio3")).unwrap();
    check_weights("two synapses", &spec, &case);
    check_dashes("two synapses", &spec, &case);
    assert_eq!(spec.dimensions.synapses, 2);
    let seconds: Vec<f64> = spec.dash_syn_2.iter().map(|dash| dash.round()).collect();
    assert_eq!(seconds, [vec![4.0; 16], vec![0.0; 12]].concat());
    assert!(map(&network, chip("xylo-imu")).is_err(), "its neurons have one synapse");
}

/// A network of small, distinct integer weights, so that misplaced weights are noticed.
fn numbered(graph: &synnet_ir::Graph) -> Network {
    let weights: Vec<Vec<f32>> = graph
        .connections
        .iter()
        .enumerate()
        .filter(|(_, connection)| connection.as_linear().is_some())
        .map(|(i, connection)| {
            let count = graph.source_width(connection) * graph.layer(connection.target).input_columns();
            (0..count).map(|k| (100 * i + k + 1) as f32).collect()
        })
        .collect();
    bind(graph, &weights)
}

fn plain(channels: usize, sizes: &[usize]) -> synnet_ir::Graph {
    let tau = [quantized_tau(4e-3, 1e-3)];
    let layers = sizes.iter().enumerate();
    let layers = layers.map(|(i, &size)| layer(&format!("l{i}"), size, lif(&tau, &tau, 31), line(i + 1)));
    chain(1e-3, channels, layers.collect())
}

/// Rockpool's mapper for the IMU fails if one layer both receives input and feeds the readout.
#[test]
fn a_single_hidden_layer_fits_every_chip() {
    let network = numbered(&plain(2, &[3, 1]));
    for chip in Chip::all() {
        let spec = map(&network, chip).unwrap();
        let d = spec.dimensions;
        assert_eq!((d.input_expansion, d.hidden, d.output_expansion), (3, 3, 3));
        assert_eq!(spec.weights_in, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(spec.weights_rec, [0.0; 9]);
        assert_eq!(spec.weights_out, [101.0, 102.0, 103.0]);
    }
}

#[test]
fn a_connection_without_weights_is_a_diagonal() {
    let mut graph = plain(2, &[2, 2, 1]);
    graph.connections[1].operator = Operator::Identity;
    let spec = map(&numbered(&graph), chip("xylo-imu")).unwrap();
    #[rustfmt::skip]
    assert_eq!(spec.weights_rec, [
        0.0, 0.0, 1.0, 0.0,
        0.0, 0.0, 0.0, 1.0,
        0.0, 0.0, 0.0, 0.0,
        0.0, 0.0, 0.0, 0.0,
    ]);
}

/// `in -> a -> b`, `a + b -> c`, `c -> out`. The cases were made with Rockpool 3.1: a `Sequential` of `LinearTorch` and
/// `LIFTorch` with `Residual(LinearTorch, LIFTorch)` for `b`, its chip's `mapper`, `channel_quantize`, and
/// `XyloSim.from_specification` with the mapper's `aliases` on a random raster.
fn residual(case: &BTreeMap<String, Array>) -> Network {
    let mut network = network::of_case(case);
    network.graph.connections[2].sources = vec![from_layer(0), from_layer(1)];
    network
}

#[test]
fn residual_connections_are_aliases_as_in_rockpool() {
    for name in ["map_residual_audio2", "map_residual_audio3"] {
        let case = arrays(name);
        let spec = map(&residual(&case), chip(&name.replace("map_residual_", "xylo-"))).unwrap();
        check_weights(name, &spec, &case);
        let golden = case["spec_alias_target"].data.iter().map(|&t| (t >= 0.0).then_some(t as usize));
        assert_eq!(spec.alias_target, golden.collect::<Vec<_>>(), "{name}");

        // The simulator with aliases against SynSense's.
        let mut quantized = specification(&case, "channel");
        quantized.alias_target = spec.alias_target;
        let mut simulator = Simulator::new(&quantized).unwrap();
        let run = simulator.run(&raster(&case["input"]), Record::All).unwrap();
        let hidden = run.hidden.unwrap();
        let floats = |counts: &[u8]| counts.iter().map(|&n| f64::from(n)).collect::<Vec<_>>();
        assert_eq!(floats(&hidden.spikes), case["channel_rec_Spikes"].data, "{name}");
        assert_eq!(floats(&run.readout.spikes), case["channel_out"].data, "{name}");
    }
}

/// The alias target of each hidden id, and the name of the layer at each id.
fn aliases(graph: &synnet_ir::Graph) -> String {
    let spec = map(&numbered(graph), chip("xylo-audio3")).unwrap();
    let names = spec.layers.iter().filter(|l| !l.readout).map(|l| format!("{}: {:?}", l.name, l.ids));
    let pairs = spec.alias_target.iter().enumerate().filter_map(|(k, t)| t.map(|t| format!("{k} > {t}")));
    let rows = names.chain(pairs).collect::<Vec<_>>();
    format!("{}; {} between neurons", rows.join(", "), spec.weights_rec.iter().filter(|w| **w != 0.0).count())
}

#[test]
fn sums_are_aliases_where_nothing_else_changes() {
    let sum = |sources: &[Endpoint], graph: &mut synnet_ir::Graph, i: usize| {
        graph.connections[i].sources = sources.to_vec();
    };
    let [a, b] = [from_layer(0), from_layer(1)];
    // in -> a -> b -> c -> out, with a + b -> c.
    let mut residual = plain(2, &[2, 2, 2, 1]);
    sum(&[a, b], &mut residual, 2);
    assert_eq!(aliases(&residual), "l0: 0..2, l1: 2..4, l2: 4..6, 0 > 2, 1 > 3; 8 between neurons");

    // Straight to the readout: the source needs no readout weights.
    let mut readout = plain(2, &[2, 2, 1]);
    sum(&[b, a], &mut readout, 2);
    assert_eq!(aliases(&readout), "l0: 0..2, l1: 2..4, 0 > 2, 1 > 3; 4 between neurons");

    // b also feeds a layer that a does not: rows for both.
    let mut shared = residual.clone();
    connect(&mut shared, b, 1);
    assert_eq!(aliases(&shared), "l0: 0..2, l1: 2..4, l2: 4..6; 16 between neurons");

    // The input has rows of its own, the layers are still aliased.
    let mut with_input = residual.clone();
    sum(&[Endpoint::Input, a, b], &mut with_input, 2);
    let expected = "l0: 0..2, l1: 4..6, l2: 2..4, 0 > 4, 1 > 5; 8 between neurons";
    assert_ne!(aliases(&with_input), expected, "c receives input and feeds the readout, so it lies before b");

    // Of three, both of the others are aliased to the last.
    let mut three = plain(2, &[2, 2, 2, 1]);
    sum(&[a, b, from_layer(2)], &mut three, 3);
    assert_eq!(
        aliases(&three),
        "l0: 0..2, l1: 2..4, l2: 4..6, 0 > 4, 1 > 5, 2 > 4, 3 > 5; 8 between neurons"
    );
}

#[test]
fn an_alias_target_comes_after_its_sources() {
    // Two branches, the later one first in the sum; only the first can repeat, because the second feeds on.
    let mut graph = plain(2, &[2, 2, 2, 2, 1]);
    graph.connections[1].sources = vec![Endpoint::Input];
    graph.connections[2].sources = vec![from_layer(0), from_layer(1)];
    connect(&mut graph, from_layer(1), 3);
    assert_eq!(aliases(&graph), "l1: 0..2, l0: 2..4, l2: 4..6, l3: 6..8, 0 > 2, 1 > 3; 12 between neurons");
}

#[test]
fn dead_neurons_are_removed_on_request() {
    let mut graph = plain(2, &[3, 3, 1]);
    connect(&mut graph, from_layer(1), 1);
    #[rustfmt::skip]
    let weights = [
        // l0: the last neuron has no positive input.
        vec![1.0, 1.0, 0.0, 1.0, 0.0, -1.0],
        // l1: the first neuron receives from the silent one only, the others from the first two.
        vec![0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 5.0, 0.0, 0.0],
        // The last neuron of l1 feeds nothing.
        vec![1.0, 1.0, 0.0],
        vec![0.0; 9],
    ];
    let network = bind(&graph, &weights);
    let options = MapOptions::new().with_remove_dead(true);
    let spec = map_with(&network, chip("xylo-audio3"), &options).unwrap();
    let places: Vec<_> =
        spec.layers.iter().map(|l| (l.name.as_str(), l.ids.clone(), l.neurons.clone())).collect();
    assert_eq!(places, [("l0", 0..2, vec![0, 1]), ("l1", 2..3, vec![1]), ("l2", 0..1, vec![0])]);
    let removed: Vec<_> =
        spec.removed.iter().map(|r| (r.name.as_str(), r.silent.clone(), r.without_effect.clone())).collect();
    assert_eq!(removed, [("l0", vec![2], vec![]), ("l1", vec![0], vec![2])]);
    assert_eq!(spec.weights_in, [1.0, 1.0, 1.0, 0.0]);
    #[rustfmt::skip]
    assert_eq!(spec.weights_rec, [
        0.0, 0.0, 1.0,
        0.0, 0.0, 1.0,
        0.0, 0.0, 0.0,
    ]);
    assert_eq!(spec.weights_out, [1.0]);

    // All are dead: nothing is removed.
    let silent = bind(&graph, &weights.map(|w| vec![-1.0; w.len()]));
    let spec = map_with(&silent, chip("xylo-audio3"), &options).unwrap();
    assert_eq!((spec.dimensions.hidden, spec.removed.len()), (6, 0));
}

#[test]
fn the_table_of_layers_follows_aliases_and_removed_neurons() {
    // l0 is aliased to l1, neuron by neuron, and its last neuron is silent.
    let mut graph = plain(2, &[3, 3, 2, 1]);
    graph.connections[2].sources = vec![from_layer(0), from_layer(1)];
    #[rustfmt::skip]
    let weights = [
        vec![1.0, 1.0, -1.0, 1.0, 1.0, -1.0],
        vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        vec![1.0; 6],
        vec![1.0; 2],
    ];
    let network = bind(&graph, &weights);
    let build = |remove_dead| {
        let options = BuildOptions::new().with_map(MapOptions::new().with_remove_dead(remove_dead));
        build_with(&network, chip("xylo-audio2"), &options).unwrap()
    };
    let layers = |build: &Build| -> Vec<String> {
        let table = LayerTable::new("N", build);
        let archive = build.specification.to_npz_with(&table).unwrap();
        // The arrays are those of an archive without a table.
        assert_eq!(arrays_of(&archive), arrays_of(&build.specification.to_npz().unwrap()));
        assert_eq!(Specification::from_npz(&archive).unwrap().layers.as_ref(), Some(&table));
        let line = |layer: &LayerIds| {
            let (ids, neurons) = (layer.ids, layer.neurons_summary());
            format!("{} {} {ids:?} {neurons} {:?}", layer.layer, layer.population.name(), layer.aliased_from)
        };
        table.layers.iter().map(line).collect()
    };
    assert_eq!(
        layers(&build(false)),
        [
            "l0 hidden [0, 3] 0-2 []",
            r#"l1 hidden [3, 6] 0-2 ["l0"]"#,
            "l2 hidden [6, 8] 0-1 []",
            "l3 readout [0, 1] 0 []"
        ]
    );
    let build = build(true);
    assert_eq!(
        layers(&build),
        [
            "l0 hidden [0, 2] 0-1 []",
            r#"l1 hidden [2, 4] 0-1 ["l0"]"#,
            "l2 hidden [4, 6] 0-1 []",
            "l3 readout [0, 1] 0 []"
        ]
    );
    assert_eq!(build.specification.alias_target[..3], [Some(2), Some(3), None]);
}

/// A network that does not fit may fit without its dead neurons.
#[test]
fn only_remaining_neurons_must_fit() {
    let graph = plain(1, &[200, 1]);
    let alive = |n: usize| f32::from(u8::from(n < 100));
    let network = bind(&graph, &[(0..200).map(alive).collect(), vec![1.0; 200]]);
    assert!(map(&network, chip("xylo-audio3")).is_err());
    let spec = map_with(&network, chip("xylo-audio3"), &MapOptions::new().with_remove_dead(true)).unwrap();
    assert_eq!(spec.dimensions.input_expansion, 100);
}
