//! Reading of reference cases.
#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod float;
pub(crate) mod network;

use std::collections::BTreeMap;
use std::io::Cursor;

use npyz::npz::NpzArchive;
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
    let bytes = bytes(name);
    let mut npz = NpzArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<String> = npz.array_names().map(str::to_string).collect();
    let mut arrays = BTreeMap::new();
    for name in names {
        let file = npz.by_name(&name).unwrap().unwrap();
        let shape: Vec<usize> = file.shape().iter().map(|&n| n as usize).collect();
        let order = file.order();
        let data: Vec<f64> = match file.dtype().descr().as_str() {
            "'<f4'" => file.into_vec::<f32>().unwrap().into_iter().map(f64::from).collect(),
            "'<f8'" => file.into_vec::<f64>().unwrap(),
            "'<i8'" => file.into_vec::<i64>().unwrap().into_iter().map(|x| x as f64).collect(),
            other => panic!("{name} holds {other}"),
        };
        let data = match (order, shape.as_slice()) {
            (npyz::Order::C, _) => data,
            (_, &[rows, columns]) => {
                (0..rows * columns).map(|i| data[i % columns * rows + i / columns]).collect()
            }
            (_, &[rows, columns, 1]) => {
                (0..rows * columns).map(|i| data[i % columns * rows + i / columns]).collect()
            }
            _ => panic!("{name} is column-major with shape {shape:?}"),
        };
        arrays.insert(name, Array { shape, data });
    }
    arrays
}

/// A raster as event counts.
pub(crate) fn raster(array: &Array) -> Vec<u8> {
    array.data.iter().map(|&x| x as u8).collect()
}

/// The quantised specification that a `map_*` case holds under a prefix.
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
        // Rockpool hands a configuration `bias_hidden`, which its quantisers call `bias`: the recordings are
        // those of a chip without hidden biases.
        bias: vec![0; hidden],
        bias_out: cast(get("bias_out")),
        alias_target: vec![None; hidden],
        ..Default::default()
    }
}
