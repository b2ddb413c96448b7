//! Targets: what samples should give.

/// What a sample should give.
#[derive(Clone, Debug, PartialEq)]
pub enum Label {
    /// A class: the index of an output. For the losses that detect, a network with a single output knows
    /// the classes 0 (nothing) and 1 (something).
    Class(usize),
    /// One number per output, from 0 (it should rest) to 1 (it should respond), `[outputs]`.
    Outputs(Vec<f32>),
    /// An output sequence, `[time, outputs]`.
    Sequence(Vec<f32>),
}

impl Label {
    /// What output `o` of `outputs` should be, from 0 to 1; 0 for sequences.
    pub(super) fn of_output(&self, o: usize, outputs: usize) -> f64 {
        match self {
            Self::Class(label) if outputs == 1 => f64::from(u8::from(*label == 1)),
            Self::Class(label) => f64::from(u8::from(*label == o)),
            Self::Outputs(values) => values.get(o).map_or(0.0, |&y| f64::from(y)),
            Self::Sequence(_) => 0.0,
        }
    }
}
