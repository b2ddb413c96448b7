//! Labels: the desired output of a sample.

/// The desired output of a sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Label {
    /// A class: the index of an output. With the detection losses, a network with a single output has two
    /// classes: 0 (no event) and 1 (event).
    Class(usize),
    /// One number per output, from 0 (should stay at rest) to 1 (should respond), `[outputs]`.
    Outputs(Vec<f32>),
    /// The desired output in every step, `[time, outputs]` in row-major order.
    Sequence(Vec<f32>),
}

impl Label {
    /// Returns the desired value of output `o` of `outputs`, from 0 to 1; 0 for sequences.
    pub(super) fn output_target(&self, o: usize, outputs: usize) -> f64 {
        match self {
            Self::Class(label) if outputs == 1 => f64::from(u8::from(*label == 1)),
            Self::Class(label) => f64::from(u8::from(*label == o)),
            Self::Outputs(values) => values.get(o).map_or(0.0, |&y| f64::from(y)),
            Self::Sequence(_) => 0.0,
        }
    }
}
