//! Reading of reference cases.
#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod float;
pub(crate) mod network;
pub(crate) mod random;
pub(crate) mod strategies;

use std::collections::BTreeMap;

use synnet_arrays::read_npz;
use synnet_ir::Raster;
use synnet_xylo::specification::{Dimensions, Specification};

/// The bytes of a reference case.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let path = format!("{}/../../tests/golden/xylo/{name}.npz", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// An array of any kind of number, as f64.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Vec<f64>,
}

/// The arrays of a reference case.
pub(crate) fn arrays(name: &str) -> BTreeMap<String, Array> {
    arrays_of(&bytes(name))
}

/// The arrays of an archive.
pub(crate) fn arrays_of(bytes: &[u8]) -> BTreeMap<String, Array> {
    let arrays = read_npz(bytes).unwrap().into_iter();
    arrays.map(|(name, array)| (name, Array { data: array.to_floats(), shape: array.shape })).collect()
}

/// The raster of an array `[steps, channels]` of event counts.
pub(crate) fn raster(array: &Array) -> Raster {
    let events: Vec<u8> = array.data.iter().map(|&x| x as u8).collect();
    raster_of(array.shape[1], &events)
}

/// The raster of event counts `[steps, channels]`.
pub(crate) fn raster_of(channels: usize, events: &[u8]) -> Raster {
    Raster::from_counts(channels, events.len() / channels, events.to_vec()).unwrap()
}

/// The quantized specification that a `map_*` case holds under a prefix.
pub(crate) fn specification(case: &BTreeMap<String, Array>, prefix: &str) -> Specification {
    let get = |name: &str| &case[&format!("{prefix}_{name}")];
    let (w_in, w_rec, w_out) = (get("weights_in"), get("weights_rec"), get("weights_out"));
    fn cast<T: TryFrom<i64, Error: std::fmt::Debug>>(array: &Array) -> Vec<T> {
        array.data.iter().map(|&x| T::try_from(x as i64).unwrap()).collect()
    }
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
        weights_in: cast(w_in),
        weights_rec: cast(w_rec),
        weights_out: cast(w_out),
        dash_mem: cast(get("dash_mem")),
        dash_syn: cast(get("dash_syn")),
        dash_syn_2: cast(get("dash_syn_2")),
        dash_mem_out: cast(get("dash_mem_out")),
        dash_syn_out: cast(get("dash_syn_out")),
        threshold: cast(get("threshold")),
        threshold_out: cast(get("threshold_out")),
        // Rockpool hands a configuration `bias_hidden`, which its quantizers call `bias`: the recordings are
        // those of a chip without hidden biases.
        bias: vec![0; hidden],
        bias_out: cast(get("bias_out")),
        alias_target: vec![None; hidden],
        ..Default::default()
    }
}
