//! A chip's program as integers: every weight, leak, threshold and alias, under Rockpool's names.
//!
//! [`Specification`] is what the quantizer makes, the simulator runs and an `.npz` file holds. The arrays of
//! the file and their shapes, with `I` inputs, `H` hidden neurons of `S` synapses, `O` readout neurons:
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
//! Weights of two dimensions mean one synapse. The defaults are those of Rockpool's
//! `XyloSim.from_specification`.

#[cfg(feature = "files")]
mod read;
#[cfg(feature = "files")]
mod write;

/// Largest weight shift: three bits on every chip.
pub const MAX_WEIGHT_SHIFT: u8 = 7;
/// Largest bit shift of a leak: four bits on every chip.
pub const MAX_DASH: u8 = 15;
/// Most events of an input channel in one step; more are dropped and counted.
pub const MAX_INPUT_EVENTS: u8 = 15;
/// Most spikes of a hidden neuron in one step.
pub const MAX_HIDDEN_SPIKES: u8 = 31;
/// Most spikes of a readout neuron in one step.
pub const MAX_READOUT_SPIKES: u8 = 1;
/// Most channels or neurons that a file may ask for; the largest chip has 1000.
pub const MAX_NEURONS: usize = 4096;

/// Sizes of a specification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dimensions {
    /// Input channels.
    pub inputs: usize,
    /// Hidden neurons that have input weights: the first ids.
    pub input_expansion: usize,
    /// Hidden neurons.
    pub hidden: usize,
    /// Hidden neurons that have readout weights: the last ids.
    pub output_expansion: usize,
    /// Readout neurons.
    pub outputs: usize,
    /// Synapses of a hidden neuron, 1 or 2.
    pub synapses: usize,
}

/// Every integer that a chip is given. Matrices are row-major, rows are sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Specification {
    /// Sizes.
    pub dimensions: Dimensions,
    /// `[inputs, input_expansion, synapses]`.
    pub weights_in: Vec<i8>,
    /// `[hidden, hidden, synapses]`.
    pub weights_rec: Vec<i8>,
    /// `[output_expansion, outputs]`.
    pub weights_out: Vec<i8>,
    /// Left shift of the input weights.
    pub weight_shift_in: u8,
    /// Left shift of the weights between hidden neurons.
    pub weight_shift_rec: u8,
    /// Left shift of the readout weights.
    pub weight_shift_out: u8,
    /// Leak of each hidden membrane.
    pub dash_mem: Vec<u8>,
    /// Leak of each hidden neuron's first synapse.
    pub dash_syn: Vec<u8>,
    /// Leak of each hidden neuron's second synapse; without effect where there is one.
    pub dash_syn_2: Vec<u8>,
    /// Leak of each readout membrane.
    pub dash_mem_out: Vec<u8>,
    /// Leak of each readout synapse.
    pub dash_syn_out: Vec<u8>,
    /// Threshold of each hidden neuron.
    pub threshold: Vec<i16>,
    /// Threshold of each readout neuron.
    pub threshold_out: Vec<i16>,
    /// Bias of each hidden neuron.
    pub bias: Vec<i16>,
    /// Bias of each readout neuron.
    pub bias_out: Vec<i16>,
    /// The neuron that also spikes when this one does.
    pub alias_target: Vec<Option<usize>>,
}

/// A specification read from a file, with what the file left open.
#[cfg(feature = "files")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The specification.
    pub specification: Specification,
    /// Arrays that the file lacks; they took their defaults.
    pub defaulted: Vec<&'static str>,
    /// Arrays of the file that are not part of a specification: inputs and recordings.
    pub ignored: Vec<String>,
}

/// Why a specification cannot be used: every fault that was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .errors.join("\n"))]
pub struct SpecificationError {
    /// One line for each fault.
    pub errors: Vec<String>,
}

impl Specification {
    /// The same network with input weights and readout weights for every hidden neuron; those that it lacked are 0.
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

    /// Checks that every array has the length that the sizes ask for and every shift and alias its range.
    ///
    /// # Errors
    /// Every fault.
    pub fn check(&self) -> Result<(), SpecificationError> {
        let d = self.dimensions;
        let mut errors = Vec::new();
        let mut expect = |what: &str, ok: bool| {
            if !ok {
                errors.push(what.to_string());
            }
        };
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
                &format!("`{name}` has {length} values, not as many as its sizes ask for"),
                Some(length) == expected,
            );
        }
        for (name, shift) in [
            ("weight_shift_in", self.weight_shift_in),
            ("weight_shift_rec", self.weight_shift_rec),
            ("weight_shift_out", self.weight_shift_out),
        ] {
            expect(
                &format!("`{name}` is {shift}; it lies between 0 and {MAX_WEIGHT_SHIFT}"),
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
            expect(&format!("`{name}` holds a value above {MAX_DASH}"), fits);
        }
        let aliases_fit = self.alias_target.iter().flatten().all(|&target| target < d.hidden);
        expect("`alias_target` names a neuron that does not exist", aliases_fit);
        if errors.is_empty() { Ok(()) } else { Err(SpecificationError { errors }) }
    }
}
