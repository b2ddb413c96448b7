//! Random specifications and inputs, with a bias toward rare cases: saturation, aliases, odd thresholds, many spikes.

use proptest::collection::vec;
use proptest::prelude::*;
use synnet_xylo::chip::CoreVersion;
use synnet_xylo::specification::{Dimensions, Specification};

/// Values from the whole range, with a bias toward small values and the ends.
fn state() -> impl Strategy<Value = i16> {
    prop_oneof![-300..300i16, any::<i16>(), Just(i16::MAX), Just(i16::MIN)]
}

fn weight() -> impl Strategy<Value = i8> {
    prop_oneof![2 => Just(0), 3 => any::<i8>(), 1 => Just(i8::MIN), 1 => Just(i8::MAX)]
}

prop_compose! {
    /// Of one block of neurons mostly, of several sometimes.
    fn dimensions()(
        inputs in 1..5usize,
        hidden in prop_oneof![12 => 1..40usize, 1 => 60..150usize],
        outputs in 1..4usize,
        synapses in 1..3usize
    )(
        input_expansion in 1..=hidden, output_expansion in 1..=hidden,
        (inputs, hidden, outputs, synapses) in Just((inputs, hidden, outputs, synapses))
    ) -> Dimensions {
        Dimensions { inputs, input_expansion, hidden, output_expansion, outputs, synapses }
    }
}

/// Half of them anything that the arrays can hold, half of them with leaks, thresholds and shifts that
/// networks have.
pub(crate) fn specifications() -> impl Strategy<Value = Specification> {
    (dimensions(), any::<bool>()).prop_flat_map(|(d, anything)| {
        let weights = (
            vec(weight(), d.inputs * d.input_expansion * d.synapses),
            vec(weight(), d.hidden * d.hidden * d.synapses),
            vec(weight(), d.output_expansion * d.outputs),
        );
        let shift = move || if anything { 0..8u8 } else { 0..3u8 };
        let dashes = move |n: usize| vec(if anything { 0..16u8 } else { 1..6u8 }, n);
        let leaks =
            (dashes(d.hidden), dashes(d.hidden), dashes(d.hidden), dashes(d.outputs), dashes(d.outputs));
        let thresholds = move |n: usize| {
            vec(state(), n).prop_map(move |values| {
                let usual = |t: i16| if anything { t } else { 100 + t.rem_euclid(4000) };
                values.into_iter().map(usual).collect::<Vec<_>>()
            })
        };
        let biases = move |n: usize| vec(if anything { state().boxed() } else { (-60..60i16).boxed() }, n);
        let values = (thresholds(d.hidden), thresholds(d.outputs), biases(d.hidden), biases(d.outputs));
        let aliases = prop_oneof![
            Just(vec![None; d.hidden]),
            vec(proptest::option::weighted(0.2, 0..d.hidden), d.hidden),
        ];
        let shifts = (shift(), shift(), shift());
        (weights, shifts, leaks, values, aliases, any::<bool>()).prop_map(
            move |(weights, shifts, leaks, values, alias_target, biased)| Specification {
                dimensions: d,
                weights_in: weights.0,
                weights_rec: weights.1,
                weights_out: weights.2,
                weight_shift_in: shifts.0,
                weight_shift_rec: shifts.1,
                weight_shift_out: shifts.2,
                dash_mem: leaks.0,
                dash_syn: leaks.1,
                dash_syn_2: leaks.2,
                dash_mem_out: leaks.3,
                dash_syn_out: leaks.4,
                threshold: values.0,
                threshold_out: values.1,
                bias: values.2.into_iter().map(|b| if biased { b } else { 0 }).collect(),
                bias_out: values.3.into_iter().map(|b| if biased { b } else { 0 }).collect(),
                alias_target,
            },
        )
    })
}

/// Both orders of the neuron update.
pub(crate) fn cores() -> impl Strategy<Value = CoreVersion> {
    prop_oneof![Just(CoreVersion::V1), Just(CoreVersion::V2)]
}

/// Counts of input events, some of them above the limit of a channel.
pub(crate) fn events(length: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![3 => Just(0u8), 2 => 0..4u8, 1 => any::<u8>()], length)
}
