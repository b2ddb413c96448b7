//! [`Params`]: the learned and overriding values of a network, as tensors by name.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::checksum;
use crate::display::pluralize;

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

    /// Returns minimum, mean and maximum; `None` if the tensor is empty.
    pub fn statistics(&self) -> Option<Statistics> {
        let values = || self.data.iter().map(|&x| f64::from(x));
        let min = values().reduce(f64::min)?;
        let max = values().reduce(f64::max)?;
        Some(Statistics { min, mean: values().sum::<f64>() / self.data.len() as f64, max })
    }

    /// Creates a tensor of zeros.
    pub fn zeros(shape: impl Into<Vec<usize>>) -> Self {
        let shape = shape.into();
        let len = shape.iter().product();
        Self { shape, data: vec![0.0; len] }
    }
}

/// Converts a 16-bit number of IEEE 754, which is exact.
fn half_to_single(bits: u16) -> f32 {
    let (exponent, mantissa) = (u32::from(bits >> 10) & 0x1f, u32::from(bits) & 0x3ff);
    let magnitude = match exponent {
        // Subnormal numbers: multiples of 2^-24.
        0 => mantissa as f32 / 16_777_216.0,
        31 => f32::from_bits(0x7f80_0000 | mantissa << 13),
        _ => f32::from_bits((exponent + 112) << 23 | mantissa << 13),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

/// Minimum, mean and maximum of a tensor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Minimum.
    pub min: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Maximum.
    pub max: f64,
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

impl ReadError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    /// The error for bytes that the safetensors crate rejects.
    pub(crate) fn format(bytes: &[u8], error: &safetensors::SafeTensorError) -> Self {
        match misplaced_bytes(bytes) {
            Some(reason) => Self(format!("not a safetensors file: {reason}")),
            None => Self(format!("not a safetensors file: {error}")),
        }
    }
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReadError {}

/// Returns which bytes of a file are too many or too few: some programs pad headers and files, which the format does not
/// allow (its Python library refuses such files as well, as of version 0.8).
fn misplaced_bytes(bytes: &[u8]) -> Option<String> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (header, data) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let padding = header.iter().rev().take_while(|&&byte| byte == 0).count();
    if padding > 0 {
        let bytes = pluralize(padding, "NUL byte");
        return Some(format!("its header is padded with {bytes}; the format pads with spaces"));
    }
    let header: serde_json::Value = serde_json::from_slice(header).ok()?;
    let ends = header.as_object()?.values().filter_map(|tensor| tensor["data_offsets"][1].as_u64());
    let (end, len) = (ends.max().unwrap_or(0), data.len() as u64);
    match len.cmp(&end) {
        Ordering::Greater => {
            let surplus = len - end;
            Some(format!("its tensors end {surplus} B before the file does; nothing may follow them"))
        }
        Ordering::Less => Some(format!("it is cut off: {} B of its tensors are missing", end - len)),
        Ordering::Equal => None,
    }
}

impl Params {
    /// Reads the safetensors format. Tensors of f32, f64, f16 and bf16 are accepted, and converted to f32.
    ///
    /// # Errors
    /// Fails if the bytes are not in that format, if they do not match their checksum, or if a tensor has another type of
    /// number. What stands behind the tensors is an error, as it is to the library of the format.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, ReadError> {
        Self::from_safetensors_noting(bytes, |_, _| {})
    }

    /// Like [`from_safetensors`](Self::from_safetensors), and reports each tensor of 16-bit numbers with its type.
    pub(crate) fn from_safetensors_noting(
        bytes: &[u8],
        mut note: impl FnMut(&str, &'static str),
    ) -> Result<Self, ReadError> {
        checksum::verify(bytes)?;
        let file = SafeTensors::deserialize(bytes).map_err(|error| ReadError::format(bytes, &error))?;
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
                Dtype::F16 => {
                    note(&name, "F16");
                    let (numbers, _) = view.data().as_chunks::<2>();
                    numbers.iter().map(|&b| half_to_single(u16::from_le_bytes(b))).collect()
                }
                Dtype::BF16 => {
                    note(&name, "BF16");
                    let (numbers, _) = view.data().as_chunks::<2>();
                    numbers.iter().map(|&b| f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16)).collect()
                }
                other => {
                    return Err(ReadError(format!(
                        "tensor `{name}` holds {other:?} numbers; F32, F64, F16 or BF16 are expected"
                    )));
                }
            };
            tensors.insert(name, Tensor { shape: view.shape().to_vec(), data });
        }
        Ok(Self { tensors })
    }

    /// Writes the safetensors format; the same tensors give the same bytes.
    pub fn to_safetensors(&self) -> Vec<u8> {
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
        safetensors::serialize(views, None).expect("float tensors serialize")
    }

    /// Writes the safetensors format with entries of metadata in the header, and a checksum among them. The same tensors
    /// and entries give the same bytes.
    pub fn to_safetensors_with(&self, metadata: &BTreeMap<String, String>) -> Vec<u8> {
        // The crate writes metadata in the random order of a hash map, so the entries are inserted here. The offsets
        // of the tensors count from the end of the header and stay valid.
        let plain = self.to_safetensors();
        let (length, rest) =
            plain.split_first_chunk::<8>().expect("the format starts with the length of its header");
        let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
        let entries = serde_json::to_string(&checksum::with_room(metadata)).expect("text serializes");
        let tensors = &header[1..];
        let comma = if self.tensors.is_empty() { "" } else { "," };
        let mut header = format!("{{\"__metadata__\":{entries}{comma}").into_bytes();
        header.extend(tensors);
        // Data is aligned to 8 bytes.
        header.resize(header.len().next_multiple_of(8), b' ');
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header);
        bytes.extend(data);
        checksum::seal(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use safetensors::SafeTensors;

    use super::*;

    #[test]
    fn metadata_travels_with_tensors() {
        let metadata: BTreeMap<String, String> =
            [("b", "two \"words\""), ("a", "1")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        for tensors in
            [BTreeMap::new(), BTreeMap::from([("w".to_owned(), Tensor::new([2], vec![1.0, -2.5]))])]
        {
            let params = Params { tensors };
            let bytes = params.to_safetensors_with(&metadata);
            assert_eq!(Params::from_safetensors(&bytes).unwrap(), params);
            let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
            let read: BTreeMap<_, _> = header.metadata().clone().unwrap().into_iter().collect();
            assert!(metadata.iter().all(|(key, value)| read.get(key) == Some(value)), "{read:?}");
        }
    }
}
