//! Constants of a layer: one number for all elements, or a table with one per element.

use crate::program::Scalar;

/// A constant of a layer's update.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// Its name, which is unique in the layer.
    pub name: ConstantName,
    /// One value if all elements agree, otherwise one per element.
    pub values: Values,
}

/// Name of a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstantName {
    /// Factor by which a current decays in a step, f32.
    DecaySyn,
    /// Factor by which a membrane potential decays in a step, f32.
    DecayMem,
    /// Membrane potential at which a neuron spikes.
    Threshold,
    /// Value added to a membrane potential in every step.
    Bias,
    /// Weight of a neuron's own spikes in its after-hyperpolarization current, f32.
    WAhp,
    /// Factor by which an after-hyperpolarization current decays in a step, f32.
    DecayAhp,
    /// Bit shift of the leak of the first synapse's current, 0 to 15.
    DashSyn,
    /// Bit shift of the leak of the second synapse's current, 0 to 15.
    DashSyn2,
    /// Bit shift of a membrane potential's leak, 0 to 15.
    DashMem,
    /// For each neuron, the neuron that also spikes when it does; [`Constant::NO_ALIAS`] for none.
    Alias,
}

impl ConstantName {
    /// Returns the name in capital letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::DecaySyn => "DECAY_SYN",
            Self::DecayMem => "DECAY_MEM",
            Self::Threshold => "THRESHOLD",
            Self::Bias => "BIAS",
            Self::WAhp => "W_AHP",
            Self::DecayAhp => "DECAY_AHP",
            Self::DashSyn => "DASH_SYN",
            Self::DashSyn2 => "DASH_SYN_2",
            Self::DashMem => "DASH_MEM",
            Self::Alias => "ALIAS",
        }
    }
}

/// Values of a constant, by type.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers in f32.
    F32(Vec<f32>),
    /// Potentials in integers.
    I16(Vec<i16>),
    /// Bit shifts.
    U8(Vec<u8>),
    /// Indices of neurons.
    U16(Vec<u16>),
}

impl Constant {
    /// The index of no neuron. It lies beyond the last neuron of every layer.
    pub const NO_ALIAS: u16 = u16::MAX;

    /// Creates a constant in f32 with the values of `count` elements.
    pub(crate) fn floats(name: ConstantName, count: usize, value: impl Fn(usize) -> f32) -> Self {
        // Bits, not values: -0 and 0 are equal but multiply differently, and NaN equals itself only in bits.
        let first = if count == 0 { 0.0 } else { value(0) };
        let uniform = (1..count).all(|i| value(i).to_bits() == first.to_bits());
        let values = if uniform { vec![first] } else { (0..count).map(value).collect() };
        Self { name, values: Values::F32(values) }
    }

    /// Creates a constant of 16-bit integers.
    pub(crate) fn integers(name: ConstantName, values: &[i16]) -> Self {
        Self { name, values: Values::I16(merged(values)) }
    }

    /// Creates a constant of bit shifts.
    pub(crate) fn dashes(name: ConstantName, values: &[u8]) -> Self {
        Self { name, values: Values::U8(merged(values)) }
    }

    /// Creates the table of alias targets.
    pub(crate) fn aliases(targets: &[Option<usize>]) -> Self {
        let index = |target: &Option<usize>| target.and_then(|t| u16::try_from(t).ok());
        let values = targets.iter().map(|target| index(target).unwrap_or(Self::NO_ALIAS));
        // Not merged: the table is indexed, whatever it contains.
        Self { name: ConstantName::Alias, values: Values::U16(values.collect()) }
    }

    /// Returns the number of values: 1 if all elements agree.
    pub fn count(&self) -> usize {
        match &self.values {
            Values::F32(values) => values.len(),
            Values::I16(values) => values.len(),
            Values::U8(values) => values.len(),
            Values::U16(values) => values.len(),
        }
    }

    /// Returns whether there is a table with one value per element.
    pub fn is_table(&self) -> bool {
        self.name == ConstantName::Alias || self.count() != 1
    }

    /// Returns the type of the values.
    pub fn scalar(&self) -> Scalar {
        match &self.values {
            Values::F32(_) => Scalar::F32,
            Values::I16(_) => Scalar::I16,
            Values::U8(_) => Scalar::U8,
            Values::U16(_) => Scalar::U16,
        }
    }

    /// Returns the size of the table in bytes; one number for all elements is part of the code and counts as 0.
    pub fn bytes(&self) -> u64 {
        if self.is_table() { self.scalar().bytes() * self.count() as u64 } else { 0 }
    }
}

/// Returns the first value alone if all are equal.
fn merged<T: Copy + PartialEq>(values: &[T]) -> Vec<T> {
    let equal = values.windows(2).all(|pair| pair[0] == pair[1]);
    if equal { values.iter().copied().take(1).collect() } else { values.to_vec() }
}
