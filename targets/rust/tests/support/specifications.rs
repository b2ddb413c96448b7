//! Specifications of chips: those of the reference cases, and random ones.

use proptest::collection::vec;
use proptest::prelude::*;
use synnet_arrays::{Array, read_npz};
use synnet_xylo::specification::Dimensions;
use synnet_xylo::specification::Specification;

/// The bytes of a reference case.
fn bytes(name: &str) -> Vec<u8> {
    let path = format!("{}/../../tests/golden/xylo/{name}.npz", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn arrays(name: &str) -> impl Fn(&str) -> Array {
    let arrays = read_npz(&bytes(name)).expect("it is an archive");
    let name = name.to_owned();
    move |array| arrays.get(array).unwrap_or_else(|| panic!("{name} has no `{array}`")).clone()
}

/// The input of a reference case.
pub(crate) fn events(name: &str) -> Vec<u8> {
    arrays(name)("input").to_floats().iter().map(|&x| x as u8).collect()
}

/// The specification of a `raw_*` case.
pub(crate) fn raw(name: &str) -> Specification {
    Specification::from_npz(&bytes(name)).expect("it is a specification").specification
}

/// The quantized specification that a `map_*` case holds under a prefix.
pub(crate) fn specification(name: &str, prefix: &str) -> Specification {
    let get = arrays(name);
    let get = |name: &str| get(&format!("{prefix}_{name}"));
    fn cast<T: TryFrom<i64, Error: std::fmt::Debug>>(array: &Array) -> Vec<T> {
        array.to_floats().iter().map(|&x| T::try_from(x as i64).expect("it fits")).collect()
    }
    let (w_in, w_rec, w_out) = (get("weights_in"), get("weights_rec"), get("weights_out"));
    let hidden = w_rec.shape[0];
    Specification {
        dimensions: Dimensions {
            inputs: w_in.shape[0],
            input_expansion: w_in.shape[1],
            hidden,
            output_expansion: w_out.shape[0],
            outputs: w_out.shape[1],
            synapses: w_rec.shape[2],
        },
        weights_in: cast(&w_in),
        weights_rec: cast(&w_rec),
        weights_out: cast(&w_out),
        dash_mem: cast(&get("dash_mem")),
        dash_syn: cast(&get("dash_syn")),
        dash_syn_2: cast(&get("dash_syn_2")),
        dash_mem_out: cast(&get("dash_mem_out")),
        dash_syn_out: cast(&get("dash_syn_out")),
        threshold: cast(&get("threshold")),
        threshold_out: cast(&get("threshold_out")),
        bias: vec![0; hidden],
        bias_out: cast(&get("bias_out")),
        alias_target: vec![None; hidden],
        ..Default::default()
    }
}

/// Event counts of 60 steps of at most four channels: mostly few, some beyond every cap.
pub(crate) fn rasters() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![3 => Just(0u8), 2 => 0..4u8, 1 => any::<u8>()], 4 * 60)
}

/// Values from the whole range, with a bias toward small values and the ends.
fn state() -> impl Strategy<Value = i16> {
    prop_oneof![-300..300i16, any::<i16>(), Just(i16::MAX), Just(i16::MIN)]
}

fn weight() -> impl Strategy<Value = i8> {
    prop_oneof![2 => Just(0), 3 => any::<i8>(), 1 => Just(i8::MIN), 1 => Just(i8::MAX)]
}

prop_compose! {
    fn dimensions()(
        inputs in 1..5usize, hidden in 1..70usize, outputs in 1..20usize, synapses in 1..3usize
    )(
        input_expansion in 1..=hidden, output_expansion in 1..=hidden,
        (inputs, hidden, outputs, synapses) in Just((inputs, hidden, outputs, synapses))
    ) -> Dimensions {
        Dimensions { inputs, input_expansion, hidden, output_expansion, outputs, synapses }
    }
}

/// Specifications with everything that a chip can have.
pub(crate) fn specifications() -> impl Strategy<Value = Specification> {
    dimensions().prop_flat_map(|d| {
        let weights = (
            vec(weight(), d.inputs * d.input_expansion * d.synapses),
            vec(weight(), d.hidden * d.hidden * d.synapses),
            vec(weight(), d.output_expansion * d.outputs),
        );
        let dashes = |n: usize| vec(0..16u8, n);
        let leaks =
            (dashes(d.hidden), dashes(d.hidden), dashes(d.hidden), dashes(d.outputs), dashes(d.outputs));
        let values = (
            vec(state(), d.hidden),
            vec(state(), d.outputs),
            vec(state(), d.hidden),
            vec(state(), d.outputs),
        );
        let aliases = vec(proptest::option::weighted(0.2, 0..d.hidden), d.hidden);
        let flags = (any::<bool>(), any::<bool>());
        (weights, (0..8u8, 0..8u8, 0..8u8), leaks, values, aliases, flags).prop_map(
            move |(weights, shifts, leaks, values, aliases, (biased, aliased))| Specification {
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
                alias_target: if aliased { aliases } else { vec![None; d.hidden] },
            },
        )
    })
}
