//! The float network that a chip computes, and its fast twin for training.

mod common;

use common::{float, network};
use proptest::prelude::*;
use synnet_ir::graph::{Endpoint, Lif, Neuron, Operator, Quantity};
use synnet_ir::{Graph, Network, timing};
use synnet_xylo::quantize::{FakeQuantizer, LayerRange, Method, dequantize};
use synnet_xylo::simulate::{Record, Simulator};
use synnet_xylo::{
    BuildOptions, build, build_with,
    chip::Chip,
    map::{MapOptions, map},
    quantize::{QuantizeOptions, Ranges},
};

fn audio3() -> &'static Chip {
    Chip::find("xylo-audio3").unwrap()
}

/// Two hidden layers and a readout; with recurrence, a second synapse, two connections between the same layers
/// and input to both.
fn networks() -> impl Strategy<Value = Network> {
    let sizes = (1..6usize, 1..6usize, 1..4usize);
    let numbers = proptest::collection::vec(-1.5..1.5f64, 600);
    let quantity = prop_oneof![Just(Quantity::Spikes), Just(Quantity::Vmem)];
    (sizes, 1..3usize, quantity, any::<[bool; 5]>(), 0.02..4.0f64, numbers).prop_map(
        |((a, b, outputs), synapses, quantity, [twice, both, never, sum, identity], threshold, numbers)| {
            let mut draw = numbers.into_iter().cycle();
            let mut neuron = |n: usize, synapses: usize, cap: u32| Lif {
                synapses,
                threshold: network::parameter(
                    &(0..n).map(|_| threshold * (2.0 + draw.next().unwrap())).collect::<Vec<_>>(),
                ),
                bias: network::parameter(&(0..n).map(|_| 0.1 * draw.next().unwrap()).collect::<Vec<_>>()),
                syn: Some(network::taus(
                    &(0..n * synapses).map(|i| [20e-3, 33e-3, 60e-3][i % 3]).collect::<Vec<_>>(),
                )),
                ..network::lif(&[27e-3], &[], cap)
            };
            let mut out = neuron(outputs, 1, 1);
            if never {
                out.threshold = network::parameter(&[32767.0]);
            }
            let layers = vec![
                network::layer("a", a, neuron(a, synapses, 31), network::line(1)),
                network::layer("b", b, neuron(b, 1, 31), network::line(2)),
                network::layer("out", outputs, out, network::line(3)),
            ];
            let mut graph = network::chain(10e-3, 3, layers);
            graph.output.quantity = quantity;
            network::connect(&mut graph, network::from_layer(1), 1);
            if twice {
                network::connect(&mut graph, network::from_layer(0), 1);
                graph.connections.last_mut().unwrap().name = "again".into();
            }
            if both {
                network::connect(&mut graph, Endpoint::Input, 1);
            }
            if sum && a == b {
                // Layer `a` becomes an alias source where every connection of `b` is such a sum, else rows are
                // repeated.
                let alone = graph.connections.len().is_multiple_of(2);
                for connection in graph.connections.iter_mut().filter(|c| alone || c.target.index() == 2) {
                    if connection.sources == [network::from_layer(1)] {
                        connection.sources.push(network::from_layer(0));
                    }
                }
            }
            if identity && a == b {
                network::connect(&mut graph, network::from_layer(0), 1);
                let connection = graph.connections.last_mut().unwrap();
                (connection.name, connection.operator) = ("same".into(), Operator::Identity);
            }
            let weights: Vec<Vec<f32>> = (0..graph.connections.len())
                .map(|i| {
                    let connection = &graph.connections[i];
                    let columns = graph.layer(connection.target).input_columns();
                    (0..graph.source_width(connection) * columns)
                        .map(|_| draw.next().unwrap() as f32)
                        .collect()
                })
                .collect();
            network::bind(&graph, &weights)
        },
    )
}

fn options() -> impl Strategy<Value = QuantizeOptions> {
    let method = proptest::sample::select(&[Method::Channel, Method::Global][..]);
    let layer = (0.1..50.0f64, 0.1..50.0f64).prop_map(|(v, i)| LayerRange { vmem: vec![v], isyn: vec![i] });
    let ranges =
        proptest::option::of(proptest::collection::vec(layer, 3).prop_map(|layers| Ranges { layers }));
    let clip = proptest::option::of(20.0..100.0f64);
    (method, any::<bool>(), clip, proptest::option::of(2..9u32), ranges).prop_map(
        |(method, refine, clip, weight_bits, ranges)| {
            let options = QuantizeOptions::new().with_method(method).with_refine(refine);
            options.with_clip(clip).with_weight_bits(weight_bits).with_ranges(ranges)
        },
    )
}

fn lif(graph: &Graph, layer: usize) -> &Lif {
    graph.layers[layer].as_lif().unwrap()
}

proptest! {
    #[test]
    fn fake_quantization_equals_build_and_dequantize(network in networks(), options in options()) {
        let built = build(&network, audio3(), &options).unwrap();
        let expected = dequantize(&network, &built);
        let quantizer = FakeQuantizer::new(&network.graph, audio3(), &options).unwrap();
        // What stood in the target before does not matter.
        let mut twisted = network.clone();
        for layer in &mut twisted.graph.layers {
            if let Neuron::Lif(lif) = &mut layer.neuron {
                lif.threshold.values = vec![7.0; layer.size];
                lif.bias.values = vec![7.0];
            }
        }
        for target in [network.clone(), twisted, expected.clone()] {
            let mut result = target;
            quantizer.apply(&network, &mut result);
            prop_assert_eq!(&result, &expected);
        }
    }

    #[test]
    fn each_number_is_the_chips(network in networks(), options in options()) {
        let built = build(&network, audio3(), &options).unwrap();
        let result = dequantize(&network, &built);
        // Mapped again, it is what the chip has, in other units.
        let again = map(&result, audio3()).unwrap();
        let (spec, report) = (&built.specification, &built.report);
        let d = spec.dimensions;
        // A connection with several sources has one number for cells that may differ.
        let several = network.graph.connections.iter().any(|c| c.sources.len() > 1 || c.name == "same");
        let shared = network.graph.connections.iter().any(|c| c.name == "again");
        let groups = [
            (&again.weights_in, &spec.weights_in, d.input_expansion * d.synapses, spec.weight_shift_in),
            (&again.weights_rec, &spec.weights_rec, d.hidden * d.synapses, spec.weight_shift_rec),
            (&again.weights_out, &spec.weights_out, d.outputs, spec.weight_shift_out),
        ];
        for (group, (float, chip, width, shift)) in groups.into_iter().enumerate() {
            let (scale, synapses) = if group == 2 { (&report.scale_out, 1) } else { (&report.scale, d.synapses) };
            for (i, (&float, &q)) in float.iter().zip(chip).enumerate() {
                let exact = f64::from(q) * f64::from(1 << shift) / scale[i % width / synapses];
                // Terms of a sum are rounded to f32 one by one.
                let room = if shared { 1e-6 * float.abs().max(1.0) } else { 0.0 };
                let room = if several { 1.01 * f64::from(1 << shift) / scale[i % width / synapses] } else { room };
                prop_assert!((float - f64::from(exact as f32)).abs() <= room, "{} for {}", float, exact);
            }
        }
        for n in 0..d.hidden {
            prop_assert_eq!(again.threshold[n], f64::from(spec.threshold[n]) / report.scale[n]);
            prop_assert_eq!(again.bias[n], f64::from(spec.bias[n]) / report.scale[n]);
        }
        for layer in 0..3 {
            let (before, after) = (lif(&network.graph, layer), lif(&result.graph, layer));
            prop_assert_eq!(before.mem.as_ref().unwrap().unit, after.mem.as_ref().unwrap().unit);
            for n in 0..network.graph.layers[layer].input_columns() {
                let dash = before.syn.as_ref().unwrap().dash(n, 10e-3).round_ties_even();
                prop_assert_eq!(after.syn.as_ref().unwrap().decay(n, 10e-3) as f32, timing::bit_shift_to_decay(dash) as f32);
            }
        }
        if report.silent_readout {
            prop_assert_eq!(&lif(&network.graph, 2).threshold, &lif(&result.graph, 2).threshold);
        }
    }
}

#[test]
fn removed_neurons_are_silent() {
    let mut neuron = network::lif(&[20e-3], &[20e-3], 31);
    neuron.bias.values = vec![-0.1, 0.2, -0.3];
    let layers = vec![
        network::layer("h", 3, neuron, network::line(1)),
        network::layer("out", 1, network::lif(&[20e-3], &[20e-3], 1), network::line(2)),
    ];
    // Neuron 0 has no excitation, neuron 1 does not reach the readout.
    let weights = [vec![-1.0, 1.0, 0.9], vec![1.0, 0.0, 0.7]];
    let network = network::bind(&network::chain(10e-3, 1, layers), &weights);
    let options = BuildOptions::new().with_map(MapOptions::new().with_remove_dead(true));
    let built = build_with(&network, audio3(), &options).unwrap();
    assert_eq!(built.float.layers[0].neurons, [2]);
    let result = dequantize(&network, &built);
    let matrix = |i: usize| &result.weights[i].as_ref().unwrap().matrix.data;
    assert!(matrix(0)[..2] == [0.0; 2] && (matrix(0)[2] - 0.9).abs() < 0.01);
    assert!(matrix(1)[..2] == [0.0; 2] && (matrix(1)[2] - 0.7).abs() < 0.01);
    let bias = &lif(&result.graph, 0).bias.values;
    assert!(bias[..2] == [0.0; 2] && (bias[2] + 0.3).abs() < 0.01, "{bias:?}");
}

#[test]
fn the_chip_matches_the_dequantized_network_best() {
    for name in ["kws", "tutorial", "vmem_readout"] {
        let case = common::arrays(&format!("map_{name}_audio3"));
        let network = network::of_case(&case);
        let raster = common::raster(&case["input"]);
        // Few bits, so that the weights matter more than the rounding of states.
        let ranges = Some(float::run(&map(&network, audio3()).unwrap(), &raster).ranges);
        let options = QuantizeOptions::new().with_weight_bits(4).with_ranges(ranges);
        let built = build(&network, audio3(), &options).unwrap();
        let chip = Simulator::new(&built.specification).unwrap().run(&raster, Record::All).unwrap();
        let spikes = &chip.hidden.as_ref().unwrap().spikes;
        let differing = |network: &Network| -> f64 {
            let float = float::run(&map(network, audio3()).unwrap(), &raster).spikes;
            let pairs = float.iter().flatten().zip(spikes);
            pairs.map(|(&float, &chip)| (float - f64::from(chip)).abs()).sum()
        };
        let (original, quantized) = (differing(&network), differing(&dequantize(&network, &built)));
        assert!(
            quantized < 0.5 * original,
            "{name}: {quantized} spikes differ, {original} from the original"
        );
    }
}
