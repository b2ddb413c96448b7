//! A program: a specification prepared for simulation, with constants in blocks of neurons and weights in panels.

use crate::chip::CoreVersion;
use crate::specification::{MAX_HIDDEN_SPIKES, MAX_READOUT_SPIKES, Specification};

use super::delivery::{LaneBlock, Matrix, blocks};

/// Everything that does not change while the chip runs.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) core: CoreVersion,
    pub(super) inputs: usize,
    pub(super) hidden: Neurons,
    pub(super) readout: Neurons,
    /// Weights from input channels to hidden neurons, one matrix per synapse.
    pub(super) from_input: Vec<Matrix>,
    /// Weights between hidden neurons, one matrix per synapse.
    pub(super) between_hidden: Vec<Matrix>,
    /// Weights from hidden to readout neurons.
    pub(super) to_readout: Matrix,
}

/// The constants of a population of neurons.
#[derive(Debug)]
pub(super) struct Neurons {
    pub(super) count: usize,
    pub(super) synapses: usize,
    /// One element per block of neurons.
    pub(super) constants: Vec<Constants>,
    /// Aliases in ascending order of their sources.
    pub(super) aliases: Vec<Alias>,
    /// Maximum number of spikes per step.
    pub(super) cap: u8,
}

/// Constants of a block of neurons. Those of the padding keep its neurons silent.
#[derive(Debug)]
pub(super) struct Constants {
    pub(super) dash_mem: LaneBlock,
    pub(super) dash_syn: [LaneBlock; 2],
    pub(super) threshold: LaneBlock,
    pub(super) bias: LaneBlock,
}

/// An alias: `target` also spikes whenever `source` does.
#[derive(Debug)]
pub(super) struct Alias {
    pub(super) source: usize,
    pub(super) target: usize,
}

impl Program {
    pub(super) fn new(specification: &Specification, core: CoreVersion) -> Self {
        let s = specification;
        let d = s.dimensions;
        let aliases = s.alias_target.iter().enumerate();
        let aliases = aliases.filter_map(|(source, &target)| Some(Alias { source, target: target? }));
        let hidden = Neurons {
            count: d.hidden,
            synapses: d.synapses,
            constants: constants(&s.dash_mem, [&s.dash_syn, &s.dash_syn_2], &s.threshold, &s.bias),
            aliases: aliases.collect(),
            cap: MAX_HIDDEN_SPIKES,
        };
        let readout = Neurons {
            count: d.outputs,
            synapses: 1,
            // A readout neuron has one synapse; the second list is never read.
            constants: constants(&s.dash_mem_out, [&s.dash_syn_out; 2], &s.threshold_out, &s.bias_out),
            aliases: Vec::new(),
            cap: MAX_READOUT_SPIKES,
        };
        // The rows of `weights_out` belong to the last hidden ids.
        let first = d.hidden - d.output_expansion;
        Self {
            core,
            inputs: d.inputs,
            hidden,
            readout,
            from_input: matrices(&s.weights_in, d.input_expansion, d.synapses, s.weight_shift_in),
            between_hidden: matrices(&s.weights_rec, d.hidden, d.synapses, s.weight_shift_rec),
            to_readout: Matrix::new(&s.weights_out, d.outputs, first, s.weight_shift_out),
        }
    }
}

/// Splits weights `[sources, targets, synapses]` into one matrix per synapse.
fn matrices(weights: &[i8], targets: usize, synapses: usize, shift: u8) -> Vec<Matrix> {
    let of = |synapse: usize| weights.iter().copied().skip(synapse).step_by(synapses).collect::<Vec<i8>>();
    (0..synapses).map(|synapse| Matrix::new(&of(synapse), targets, 0, shift)).collect()
}

fn constants(dash_mem: &[u8], dash_syn: [&[u8]; 2], threshold: &[i16], bias: &[i16]) -> Vec<Constants> {
    let dashes = |dashes: &[u8]| blocks(dashes.iter().map(|&dash| dash.into()), 0);
    let [dash_syn, dash_syn_2] = dash_syn.map(dashes);
    let values = |values: &[i16], fill| blocks(values.iter().copied(), fill);
    // Padding: no weights, no bias and the maximum threshold, so its neurons stay at 0.
    let threshold = values(threshold, i16::MAX).into_iter().zip(values(bias, 0));
    let dash = dashes(dash_mem).into_iter().zip(dash_syn).zip(dash_syn_2);
    dash.zip(threshold)
        .map(|(((dash_mem, dash_syn), dash_syn_2), (threshold, bias))| Constants {
            dash_mem,
            dash_syn: [dash_syn, dash_syn_2],
            threshold,
            bias,
        })
        .collect()
}
