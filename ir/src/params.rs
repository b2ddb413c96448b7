//! [`Params`]: the learned and overriding values of a network, as tensors by name.

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

/// A dense array in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Extent of each axis, the slowest first.
    pub shape: Vec<usize>,
    /// Values, as many as the product of `shape`.
    pub data: Vec<f32>,
}

impl Tensor {
    /// Creates a tensor with the given values, in row-major order.
    ///
    /// # Panics
    /// Panics if the product of `shape` is not the number of values.
    pub fn new(shape: impl Into<Vec<usize>>, data: Vec<f32>) -> Self {
        let shape = shape.into();
        assert_eq!(
            shape.iter().product::<usize>(),
            data.len(),
            "a tensor has as many values as its shape says"
        );
        Self { shape, data }
    }

    /// Creates a tensor of zeros.
    pub fn zeros(shape: impl Into<Vec<usize>>) -> Self {
        let shape = shape.into();
        let len = shape.iter().product();
        Self { shape, data: vec![0.0; len] }
    }
}

/// Tensors by name, as in a weights file: `<source>-><target>.weight` `[sources, target columns]`,
/// `<layer>.threshold`, `<layer>.tau_mem`, ... ([`Graph::tensors`](crate::Graph::tensors) lists them).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    /// Tensors by name.
    pub tensors: BTreeMap<String, Tensor>,
}

/// The reason why bytes are not a weights file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError(String);

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReadError {}

impl Params {
    /// Reads the safetensors format. Tensors of f32 and f64 are accepted.
    ///
    /// # Errors
    /// Fails if the bytes are not in that format, or if a tensor has another type of number.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, ReadError> {
        let file = SafeTensors::deserialize(bytes)
            .map_err(|error| ReadError(format!("not a safetensors file: {error}")))?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.tensors() {
            let data = match view.dtype() {
                Dtype::F32 => {
                    let (numbers, _) = view.data().as_chunks::<4>();
                    numbers.iter().map(|&b| f32::from_le_bytes(b)).collect()
                }
                Dtype::F64 => {
                    let (numbers, _) = view.data().as_chunks::<8>();
                    numbers.iter().map(|&b| f64::from_le_bytes(b) as f32).collect()
                }
                other => {
                    return Err(ReadError(format!(
                        "tensor `{name}` holds {other:?} numbers; F32 or F64 are expected"
                    )));
                }
            };
            tensors.insert(name, Tensor { shape: view.shape().to_vec(), data });
        }
        Ok(Self { tensors })
    }

    /// Writes the safetensors format; the same tensors give the same bytes.
    pub fn to_safetensors(&self) -> Vec<u8> {
        self.serialize(None)
    }

    /// Writes the safetensors format with one entry of metadata: `text` under `key`.
    pub fn to_safetensors_with(&self, key: &str, text: String) -> Vec<u8> {
        self.serialize(Some((key.to_owned(), text)))
    }

    /// Writes the format with one entry of metadata at most, so that the order of the map cannot show.
    fn serialize(&self, metadata: Option<(String, String)>) -> Vec<u8> {
        let bytes: Vec<(&String, &Tensor, Vec<u8>)> = self
            .tensors
            .iter()
            .map(|(name, t)| (name, t, t.data.iter().flat_map(|x| x.to_le_bytes()).collect()))
            .collect();
        let views = bytes.iter().map(|(name, tensor, data)| {
            let view = TensorView::new(Dtype::F32, tensor.shape.clone(), data)
                .expect("a tensor has as many values as its shape says");
            (name.as_str(), view)
        });
        let metadata = metadata.map(|entry| [entry].into_iter().collect());
        safetensors::serialize(views, metadata).expect("float tensors serialize")
    }
}
