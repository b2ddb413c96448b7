//! Rockpool's quantizers: the same integers from the same arrays.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Array, network};
use synnet_ir::graph::Quantity;
use synnet_xylo::quantize::rockpool::{self, RockpoolArrays, RockpoolError};
use synnet_xylo::quantize::{Method, dequantize};
use synnet_xylo::specification::Dimensions;
use synnet_xylo::{
    FloatSpecification, build,
    chip::Chip,
    quantize::{QuantizeOptions, quantize},
};

/// The arrays that both functions take and return, in the order of the file of random cases.
const NAMES: [&str; 12] = [
    "weights_in",
    "weights_rec",
    "weights_out",
    "threshold",
    "threshold_out",
    "dash_mem",
    "dash_mem_out",
    "dash_syn",
    "dash_syn_2",
    "dash_syn_out",
    "bias",
    "bias_out",
];

fn float(dimensions: Dimensions, arrays: Vec<Vec<f64>>) -> FloatSpecification {
    let arrays: [Vec<f64>; 12] = arrays.try_into().unwrap();
    let [
        weights_in,
        weights_rec,
        weights_out,
        threshold,
        threshold_out,
        dash_mem,
        dash_mem_out,
        dash_syn,
        dash_syn_2,
        dash_syn_out,
        bias,
        bias_out,
    ] = arrays;
    // A network of any kind has the fields that the quantizers do not look at.
    let layers = vec![
        network::layer("h", 1, network::lif(&[20e-3], &[20e-3], 31), network::line(1)),
        network::layer("out", 1, network::lif(&[20e-3], &[20e-3], 1), network::line(2)),
    ];
    let any = network::bind(&network::chain(10e-3, 1, layers), &[vec![1.0], vec![1.0]]);
    let mut any = synnet_xylo::map::map(&any, Chip::find("xylo-audio3").unwrap()).unwrap();
    for (layer, neurons) in any.layers.iter_mut().zip([dimensions.hidden, dimensions.outputs]) {
        (layer.ids, layer.neurons) = (0..neurons, (0..neurons).collect());
    }
    any.alias_target.resize(dimensions.hidden, None);
    FloatSpecification {
        dimensions,
        weights_in,
        weights_rec,
        weights_out,
        threshold,
        threshold_out,
        dash_mem,
        dash_mem_out,
        dash_syn,
        dash_syn_2,
        dash_syn_out,
        bias,
        bias_out,
        ..any
    }
}

fn in_order(arrays: &RockpoolArrays) -> [&Vec<i64>; 12] {
    [
        &arrays.weights_in,
        &arrays.weights_rec,
        &arrays.weights_out,
        &arrays.threshold,
        &arrays.threshold_out,
        &arrays.dash_mem,
        &arrays.dash_mem_out,
        &arrays.dash_syn,
        &arrays.dash_syn_2,
        &arrays.dash_syn_out,
        &arrays.bias,
        &arrays.bias_out,
    ]
}

/// The lengths of the arrays.
fn lengths(d: Dimensions) -> [usize; 12] {
    [
        d.inputs * d.input_expansion * d.synapses,
        d.hidden * d.hidden * d.synapses,
        d.output_expansion * d.outputs,
        d.hidden,
        d.outputs,
        d.hidden,
        d.outputs,
        d.hidden,
        d.hidden,
        d.outputs,
        d.hidden,
        d.outputs,
    ]
}

/// Takes the arrays of the next case.
fn next(values: &mut &[f64], d: Dimensions) -> Vec<Vec<f64>> {
    let take = |length| values.split_off(..length).unwrap().to_vec();
    lengths(d).map(take).into()
}

fn assert_equal(found: &RockpoolArrays, expected: &[Vec<f64>], what: &str) {
    for ((found, expected), name) in in_order(found).into_iter().zip(expected).zip(NAMES) {
        // The integers of the cases are exact as f64.
        let found: Vec<f64> = found.iter().map(|&x| x as f64).collect();
        assert_eq!(&found, expected, "{what}: {name}");
    }
}

/// Random arrays that trigger every fault: both branches for large thresholds, neurons without weights,
/// negative thresholds, biases, and the exception.
#[test]
fn random_arrays_give_the_same_integers() {
    let cases = common::arrays("rockpool_quantizers");
    let [mut inputs, mut channel, mut global] =
        ["inputs", "channel", "global"].map(|name| cases[name].data.as_slice());
    for (i, sizes) in cases["sizes"].data.chunks_exact(6).enumerate() {
        let [inputs_, input_expansion, hidden, output_expansion, outputs, synapses] =
            std::array::from_fn(|i| sizes[i] as usize);
        let d = Dimensions { inputs: inputs_, input_expansion, hidden, output_expansion, outputs, synapses };
        let float = float(d, next(&mut inputs, d));
        assert_equal(&rockpool::global_quantize(&float), &next(&mut global, d), &format!("global {i}"));
        match rockpool::channel_quantize(&float, d.input_expansion) {
            Ok(arrays) => {
                assert_eq!(cases["channel_fails"].data[i], 0.0, "{i}");
                assert_equal(&arrays, &next(&mut channel, d), &format!("channel {i}"));
            }
            Err(error) => {
                assert_eq!(error, RockpoolError::Index(input_expansion));
                assert_eq!(cases["channel_fails"].data[i], 1.0, "{i}");
            }
        }
    }
    assert!(inputs.is_empty() && channel.is_empty() && global.is_empty(), "every number was used");
}

/// The arrays of Rockpool's mapper under a prefix.
fn of_case(case: &BTreeMap<String, Array>) -> FloatSpecification {
    let get = |name: &str| &case[&format!("spec_{name}")];
    let shape = |name: &str| get(name).shape.clone();
    let d = Dimensions {
        inputs: shape("weights_in")[0],
        input_expansion: shape("weights_in")[1],
        hidden: shape("weights_rec")[0],
        output_expansion: shape("weights_out")[0],
        outputs: shape("weights_out")[1],
        // The mapper of one chip has matrices where there is one synapse.
        synapses: shape("weights_rec").get(2).copied().unwrap_or(1),
    };
    float(d, NAMES.map(|name| get(name).data.clone()).into())
}

#[test]
fn networks_of_rockpools_mapper_give_the_same_integers() {
    for name in ["kws_audio3", "tutorial_audio3", "vmem_readout_audio3", "recurrent_audio3"] {
        let case = common::arrays(&format!("map_{name}"));
        let float = of_case(&case);
        let channel = rockpool::channel_quantize(&float, float.dimensions.input_expansion).unwrap();
        for (prefix, found) in [("channel", channel), ("global", rockpool::global_quantize(&float))] {
            let expected = NAMES.map(|array| case[&format!("{prefix}_{array}")].data.clone());
            assert_equal(&found, &expected, &format!("{name} {prefix}"));
        }
    }
}

#[test]
fn rockpool_method_warns_and_loses_the_same_values() {
    let chip = Chip::find("xylo-audio3").unwrap();
    let case = common::arrays("map_vmem_readout_audio3");
    let net = network::of_case(&case);
    let with = |method| build(&net, chip, &QuantizeOptions::new().with_method(method)).unwrap();
    let built = with(Method::RockpoolChannel);
    let codes: Vec<_> = built.warnings.iter().map(|warning| (warning.code.id, warning.span)).collect();
    assert_eq!(codes, [("X0403", None)]);
    // The readout's threshold of 32767 takes its weights with it.
    assert_eq!(built.specification.weights_out.iter().map(|w| w.unsigned_abs()).max(), Some(1));
    assert_eq!(
        with(Method::Channel).specification.weights_out.iter().map(|w| w.unsigned_abs()).max(),
        Some(127)
    );
    // Dequantization keeps the chip's parameters, in units of the float network.
    let back = dequantize(&net, &built);
    let rounded = back.weights.last().unwrap().as_ref().unwrap();
    let kinds: BTreeSet<u32> = rounded.matrix.data.iter().map(|w| w.abs().to_bits()).collect();
    assert!(kinds.len() <= 1 + built.specification.dimensions.outputs, "{kinds:?}");

    let case = common::arrays("map_recurrent_audio3");
    let net = network::of_case(&case);
    let built = build(&net, chip, &QuantizeOptions::new().with_method(Method::RockpoolGlobal)).unwrap();
    assert!(built.report.lost_biases > 0 && built.specification.bias.iter().all(|&bias| bias == 0));
    let warning = built.warnings.iter().find(|warning| warning.code.id == "X0403").unwrap();
    assert!(warning.message.contains("hidden biases are lost"), "{}", warning.message);
}

#[test]
fn the_exception_of_rockpool_is_reported() {
    let neuron = |threshold| {
        let mut lif = network::lif(&[20e-3], &[20e-3], 31);
        lif.threshold.values = vec![threshold];
        lif
    };
    let layers = vec![
        network::layer("a", 2, neuron(1.0), network::line(1)),
        network::layer("b", 1, neuron(1e6), network::line(2)),
        network::layer("out", 1, network::lif(&[20e-3], &[20e-3], 1), network::line(3)),
    ];
    let net = network::bind(&network::chain(10e-3, 1, layers), &[vec![1.0; 2], vec![1.0; 2], vec![1.0]]);
    let options = QuantizeOptions::new().with_method(Method::RockpoolChannel);
    let errors = build(&net, Chip::find("xylo-audio3").unwrap(), &options).unwrap_err();
    assert_eq!(errors[0].code.id, "X0404");
    assert!(
        errors[0].message.contains("raises an IndexError: the threshold of hidden neuron 2"),
        "{errors:?}"
    );
    // Chips without a limit have input weights for all hidden neurons, and no exception.
    build(&net, Chip::find("xylo-audio2").unwrap(), &options).unwrap();
}

#[test]
fn extreme_values_never_produce_an_invalid_specification() {
    let d =
        Dimensions { inputs: 1, input_expansion: 1, hidden: 2, output_expansion: 1, outputs: 1, synapses: 1 };
    for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, 1e-320] {
        for place in 0..12 {
            let mut arrays: Vec<Vec<f64>> = lengths(d).map(|length| vec![1.0; length]).into();
            arrays[place][0] = odd;
            let float = FloatSpecification { output: Quantity::Vmem, ..float(d, arrays) };
            for method in Method::ALL {
                let options = QuantizeOptions::new().with_method(method);
                if let Ok((specification, _)) = quantize(&float, Chip::find("xylo-audio3").unwrap(), &options)
                {
                    specification.check().unwrap();
                } else {
                    assert!(method.rockpool().is_some(), "{odd} {place}");
                }
            }
        }
    }
}
