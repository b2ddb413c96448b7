//! Specifications: all integers that a chip is given, under Rockpool's names.
//!
//! The quantizer creates a [`Specification`], the simulator runs it, and an `.npz` file stores it. The arrays of the
//! file, with `I` inputs, `H` hidden neurons of `S` synapses, and `O` readout neurons:
//!
//! | array | shape | range | if missing |
//! |---|---|---|---|
//! | `weights_in` | `(I, E, S)`, `E <= H` columns for the first hidden ids | -128..127 | required |
//! | `weights_rec` | `(H, H, S)`, row = source | -128..127 | zeros, `H = E` |
//! | `weights_out` | `(F, O)`, `F <= H` rows for the last hidden ids | -128..127 | required |
//! | `dash_mem`, `dash_syn`, `dash_syn_2` | `(H,)` | 0..15 | zeros |
//! | `dash_mem_out`, `dash_syn_out` | `(O,)` | 0..15 | zeros |
//! | `threshold`, `bias` | `(H,)` | -32768..32767 | zeros |
//! | `threshold_out`, `bias_out` | `(O,)` | -32768..32767 | zeros |
//! | `weight_shift_in`, `weight_shift_rec`, `weight_shift_out` | `()` | 0..7 | 0 |
//! | `alias_target` | `(H,)`, -1 for none | -1..H-1 | no aliases |
//!
//! Weights with two dimensions belong to one synapse per neuron. The defaults are those of Rockpool's
//! `XyloSim.from_specification`.

#[cfg(feature = "files")]
use crate::layer_table::LayerTable;

#[cfg(feature = "files")]
mod checksum;
#[cfg(feature = "files")]
mod read;
#[cfg(feature = "files")]
mod write;

/// Maximum weight shift: three bits on every chip.
pub const MAX_WEIGHT_SHIFT: u8 = 7;
/// Maximum bit shift of a leak: four bits on every chip.
pub const MAX_DASH: u8 = 15;
/// Maximum number of events of an input channel per step; the excess is dropped and counted.
pub const MAX_INPUT_EVENTS: u8 = 15;
/// Maximum number of spikes of a hidden neuron per step.
pub const MAX_HIDDEN_SPIKES: u8 = 31;
/// Maximum number of spikes of a readout neuron per step.
pub const MAX_READOUT_SPIKES: u8 = 1;
/// Maximum number of channels or neurons of a specification; the largest chip has 1000.
pub const MAX_NEURONS: usize = 4096;

/// Sizes of a specification, from which the lengths of its arrays follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dimensions {
    /// Number of input channels.
    pub inputs: usize,
    /// Number of hidden neurons with input weights. They have the first ids.
    pub input_expansion: usize,
    /// Number of hidden neurons.
    pub hidden: usize,
    /// Number of hidden neurons with readout weights. They have the last ids.
    pub output_expansion: usize,
    /// Number of readout neurons.
    pub outputs: usize,
    /// Number of synapses of a hidden neuron, 1 or 2.
    pub synapses: usize,
}

/// All integers that a chip is given. Matrices are row-major, and rows are sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Specification {
    /// Sizes, which every array must match ([`check`](Self::check)).
    pub dimensions: Dimensions,
    /// Weights from the input, `[inputs, input_expansion, synapses]`.
    pub weights_in: Vec<i8>,
    /// Weights between hidden neurons, `[hidden, hidden, synapses]`.
    pub weights_rec: Vec<i8>,
    /// Weights to the readout, `[output_expansion, outputs]`.
    pub weights_out: Vec<i8>,
    /// Left shift of the input weights, 0 to 7.
    pub weight_shift_in: u8,
    /// Left shift of the weights between hidden neurons, 0 to 7.
    pub weight_shift_rec: u8,
    /// Left shift of the readout weights, 0 to 7.
    pub weight_shift_out: u8,
    /// Bit shifts of the hidden membranes' leaks, 0 to 15, `[hidden]`.
    pub dash_mem: Vec<u8>,
    /// Bit shifts of the leaks of first synapses, 0 to 15, `[hidden]`. With 0, no current reaches the membrane.
    pub dash_syn: Vec<u8>,
    /// Bit shifts of the leaks of second synapses, 0 to 15, `[hidden]`; without effect if there is one synapse.
    pub dash_syn_2: Vec<u8>,
    /// Bit shifts of the readout membranes' leaks, 0 to 15, `[outputs]`.
    pub dash_mem_out: Vec<u8>,
    /// Bit shifts of the leaks of readout synapses, 0 to 15, `[outputs]`.
    pub dash_syn_out: Vec<u8>,
    /// Thresholds of hidden neurons, `[hidden]`.
    pub threshold: Vec<i16>,
    /// Thresholds of readout neurons, `[outputs]`.
    pub threshold_out: Vec<i16>,
    /// Biases of hidden neurons, added to the membrane in every step, `[hidden]`.
    pub bias: Vec<i16>,
    /// Biases of readout neurons, added to the membrane in every step, `[outputs]`.
    pub bias_out: Vec<i16>,
    /// For each hidden neuron, the hidden neuron that also spikes when it does, `[hidden]`.
    pub alias_target: Vec<Option<usize>>,
}

/// A specification read from a file.
#[cfg(feature = "files")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The consistent specification.
    pub specification: Specification,
    /// The layers of the network, if the file has a table of them ([`Specification::to_npz_with`]).
    pub layers: Option<LayerTable>,
    /// Names of the arrays that the file lacks and that took their defaults.
    pub defaulted: Vec<&'static str>,
    /// Names of the arrays that are not part of a specification, such as inputs and recordings.
    pub ignored: Vec<String>,
}

/// The error for an inconsistent or unreadable specification, with everything that was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .errors.join("\n"))]
pub struct SpecificationError {
    /// The errors, one line each.
    pub errors: Vec<String>,
}

impl Specification {
    /// Returns the same network with input weights and readout weights for every hidden neuron. Missing weights become
    /// 0.
    pub fn with_full_expansion(&self) -> Self {
        let d = self.dimensions;
        let row = d.input_expansion * d.synapses;
        let mut weights_in = vec![0; d.inputs * d.hidden * d.synapses];
        for (wide, narrow) in
            weights_in.chunks_mut((d.hidden * d.synapses).max(1)).zip(self.weights_in.chunks(row.max(1)))
        {
            let columns = wide.iter_mut().zip(narrow);
            columns.for_each(|(wide, narrow)| *wide = *narrow);
        }
        let mut weights_out = vec![0; d.hidden.saturating_sub(d.output_expansion) * d.outputs];
        weights_out.extend_from_slice(&self.weights_out);
        let dimensions = Dimensions { input_expansion: d.hidden, output_expansion: d.hidden, ..d };
        Self { dimensions, weights_in, weights_out, ..self.clone() }
    }

    /// Checks that the length of every array matches the sizes, and that every shift and alias is in range.
    ///
    /// # Errors
    /// Returns all inconsistencies at once.
    pub fn check(&self) -> Result<(), SpecificationError> {
        let d = self.dimensions;
        let mut errors = Vec::new();
        let mut expect = |what: &str, ok: bool| {
            if !ok {
                errors.push(what.to_string());
            }
        };
        // `None` if a product overflows, which no length equals.
        let size = |factors: [usize; 3]| factors.iter().try_fold(1usize, |n, &f| n.checked_mul(f));
        expect("a hidden neuron has 1 or 2 synapses", matches!(d.synapses, 1 | 2));
        expect("`weights_in` has more columns than there are hidden neurons", d.input_expansion <= d.hidden);
        expect("`weights_out` has more rows than there are hidden neurons", d.output_expansion <= d.hidden);
        let lengths = [
            ("weights_in", self.weights_in.len(), size([d.inputs, d.input_expansion, d.synapses])),
            ("weights_rec", self.weights_rec.len(), size([d.hidden, d.hidden, d.synapses])),
            ("weights_out", self.weights_out.len(), size([d.output_expansion, d.outputs, 1])),
            ("dash_mem", self.dash_mem.len(), Some(d.hidden)),
            ("dash_syn", self.dash_syn.len(), Some(d.hidden)),
            ("dash_syn_2", self.dash_syn_2.len(), Some(d.hidden)),
            ("threshold", self.threshold.len(), Some(d.hidden)),
            ("bias", self.bias.len(), Some(d.hidden)),
            ("alias_target", self.alias_target.len(), Some(d.hidden)),
            ("dash_mem_out", self.dash_mem_out.len(), Some(d.outputs)),
            ("dash_syn_out", self.dash_syn_out.len(), Some(d.outputs)),
            ("threshold_out", self.threshold_out.len(), Some(d.outputs)),
            ("bias_out", self.bias_out.len(), Some(d.outputs)),
        ];
        for (name, length, expected) in lengths {
            expect(
                &format!("`{name}` has {length} values, which does not match the sizes"),
                Some(length) == expected,
            );
        }
        for (name, shift) in [
            ("weight_shift_in", self.weight_shift_in),
            ("weight_shift_rec", self.weight_shift_rec),
            ("weight_shift_out", self.weight_shift_out),
        ] {
            expect(
                &format!("`{name}` is {shift}; expected 0 to {MAX_WEIGHT_SHIFT}"),
                shift <= MAX_WEIGHT_SHIFT,
            );
        }
        for (name, dashes) in [
            ("dash_mem", &self.dash_mem),
            ("dash_syn", &self.dash_syn),
            ("dash_syn_2", &self.dash_syn_2),
            ("dash_mem_out", &self.dash_mem_out),
            ("dash_syn_out", &self.dash_syn_out),
        ] {
            let fits = dashes.iter().all(|&dash| dash <= MAX_DASH);
            expect(&format!("`{name}` contains a value above {MAX_DASH}"), fits);
        }
        let aliases_fit = self.alias_target.iter().flatten().all(|&target| target < d.hidden);
        expect("`alias_target` names a neuron that does not exist", aliases_fit);
        if errors.is_empty() { Ok(()) } else { Err(SpecificationError { errors }) }
    }
}
