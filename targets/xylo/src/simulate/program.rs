//! A specification, prepared for running: weights shifted, rows cut to where they have weights.

use crate::chip::CoreVersion;
use crate::specification::Specification;

use super::{HIDDEN_CAP, READOUT_CAP};

/// What does not change while the chip runs.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) core: CoreVersion,
    pub(super) hidden: Neurons,
    pub(super) readout: Neurons,
    /// From each input channel to hidden neurons.
    pub(super) input_rows: Vec<Row>,
    /// From each hidden neuron to hidden neurons.
    pub(super) hidden_rows: Vec<Row>,
    /// From each hidden neuron to readout neurons.
    pub(super) readout_rows: Vec<Row>,
}

/// The weights of one source: stretches of neighbouring targets.
#[derive(Debug, Default)]
pub(super) struct Row(pub(super) Vec<Stretch>);

/// Weights to neighbouring neurons, zeros between them included.
#[derive(Debug)]
pub(super) struct Stretch {
    /// Which of a neuron's synapses.
    pub(super) synapse: usize,
    /// First target.
    pub(super) start: usize,
    /// Weights, shifted.
    pub(super) weights: Vec<i16>,
    /// Largest count for which no product with a weight leaves 16 bits.
    pub(super) narrow_up_to: u8,
}

/// Constants of a population.
#[derive(Debug)]
pub(super) struct Neurons {
    pub(super) dash_mem: Shifts,
    /// One for each synapse.
    pub(super) dash_syn: Vec<Shifts>,
    pub(super) threshold: Vec<i16>,
    /// `None` where all are zero.
    pub(super) bias: Option<Vec<i16>>,
    /// `None` where there are none.
    pub(super) aliases: Option<Vec<Option<usize>>>,
    /// Most spikes per step.
    pub(super) cap: u8,
}

/// Right shifts, one per neuron, as masks of the bits of the shift: all ones where the bit is set.
///
/// Lanes cannot be shifted by different amounts on every machine; they can be shifted by 1, 2, 4 and 8 under
/// a mask.
#[derive(Debug)]
pub(super) struct Shifts {
    pub(super) len: usize,
    /// For each bit that is set anywhere: its value, and one mask per neuron.
    pub(super) bits: Vec<(u32, Vec<i16>)>,
}

/// Zeros that a stretch bridges: beginning another costs more.
const GAP: usize = 16;

impl Program {
    pub(super) fn new(specification: &Specification, core: CoreVersion) -> Self {
        let d = specification.dimensions;
        let used = |bias: &[i16]| core == CoreVersion::V2 && bias.iter().any(|&b| b != 0);
        let aliases = specification.alias_target.iter().any(Option::is_some);
        let mut dash_syn = vec![Shifts::new(&specification.dash_syn)];
        if d.synapses == 2 {
            dash_syn.push(Shifts::new(&specification.dash_syn_2));
        }
        let hidden = Neurons {
            dash_mem: Shifts::new(&specification.dash_mem),
            dash_syn,
            threshold: specification.threshold.clone(),
            bias: used(&specification.bias).then(|| specification.bias.clone()),
            aliases: aliases.then(|| specification.alias_target.clone()),
            cap: HIDDEN_CAP,
        };
        let readout = Neurons {
            dash_mem: Shifts::new(&specification.dash_mem_out),
            dash_syn: vec![Shifts::new(&specification.dash_syn_out)],
            threshold: specification.threshold_out.clone(),
            bias: used(&specification.bias_out).then(|| specification.bias_out.clone()),
            aliases: None,
            cap: READOUT_CAP,
        };
        let silent = (0..d.hidden - d.output_expansion).map(|_| Row::default());
        let speaking = rows(&specification.weights_out, d.outputs, 1, specification.weight_shift_out);
        Self {
            core,
            hidden,
            readout,
            input_rows: rows(
                &specification.weights_in,
                d.input_expansion,
                d.synapses,
                specification.weight_shift_in,
            ),
            hidden_rows: rows(
                &specification.weights_rec,
                d.hidden,
                d.synapses,
                specification.weight_shift_rec,
            ),
            readout_rows: silent.chain(speaking).collect(),
        }
    }
}

/// The rows of a matrix `[sources, targets, synapses]`.
fn rows(weights: &[i8], targets: usize, synapses: usize, shift: u8) -> Vec<Row> {
    if targets == 0 {
        return Vec::new();
    }
    weights.chunks_exact(targets * synapses).map(|row| Row::new(row, synapses, shift)).collect()
}

impl Row {
    fn new(row: &[i8], synapses: usize, shift: u8) -> Self {
        let mut stretches: Vec<Stretch> = Vec::new();
        for synapse in 0..synapses {
            let first = stretches.len();
            for (target, cell) in row.chunks_exact(synapses).enumerate() {
                if cell[synapse] == 0 {
                    continue;
                }
                // Fits: at most 128 << 7.
                let weight = i16::from(cell[synapse]) << shift;
                match stretches[first..].last_mut() {
                    Some(last) if target - (last.start + last.weights.len()) < GAP => {
                        last.weights.resize(target - last.start, 0);
                        last.weights.push(weight);
                    }
                    _ => stretches.push(Stretch {
                        synapse,
                        start: target,
                        weights: vec![weight],
                        narrow_up_to: 0,
                    }),
                }
            }
        }
        for stretch in &mut stretches {
            let largest = stretch.weights.iter().map(|w| w.unsigned_abs()).max().unwrap_or(1).max(1);
            stretch.narrow_up_to = (i16::MAX as u16 / largest).min(u8::MAX.into()) as u8;
        }
        Self(stretches)
    }
}

impl Shifts {
    fn new(dashes: &[u8]) -> Self {
        let used = |bit: u32| dashes.iter().any(|&dash| u32::from(dash) & bit != 0);
        let mask = |bit: u32| dashes.iter().map(|&d| if u32::from(d) & bit != 0 { -1 } else { 0 }).collect();
        let bits = [1, 2, 4, 8].into_iter().filter(|&bit| used(bit)).map(|bit| (bit, mask(bit))).collect();
        Self { len: dashes.len(), bits }
    }
}
