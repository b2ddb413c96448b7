//! Leaky integrate-and-fire, one canonical step, as the interpreter runs it.
//!
//! The order of operations is that of Rockpool's `LIFTorch` and `aLIFTorch`. Generated code follows it bit
//! for bit, so every operation here rounds on its own: no fused multiply-add.

use synnet_ir::graph::Reset;

use super::exp::floor_positive;
use super::integrator::integrate;
use super::rows::add;

/// The constants of a layer, one value per neuron unless stated otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Constants {
    /// Synapses per neuron, 1 or more.
    pub(crate) synapses: usize,
    /// Decay of the membrane per step; 1 without leak.
    pub(crate) alpha: Vec<f32>,
    /// Whether the input passes a synaptic filter.
    pub(crate) filters: bool,
    /// Decay of the synaptic current per step, one value per input column. Not used without filter.
    pub(crate) beta: Vec<f32>,
    /// Positive, in the unit of the membrane.
    pub(crate) threshold: Vec<f32>,
    /// Bias current, added to the membrane in each step.
    pub(crate) bias: Vec<f32>,
    pub(crate) reset: Reset,
    /// Maximum number of spikes of a neuron in a step, an integer.
    pub(crate) max_spikes: f32,
    /// After-hyperpolarization: decay per step, and current per spike.
    pub(crate) adaptation: Option<(Vec<f32>, Vec<f32>)>,
}

/// The states of a layer, one value per neuron unless stated otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// Synaptic current, one value per input column.
    pub(crate) isyn: Vec<f32>,
    /// After-hyperpolarization current; empty without adaptation.
    pub(crate) iahp: Vec<f32>,
    /// Membrane potential after reset.
    pub(crate) vmem: Vec<f32>,
    /// Membrane potential before reset.
    pub(crate) before_reset: Vec<f32>,
    /// Number of spikes in the last step.
    pub(crate) spikes: Vec<f32>,
    /// Buffer for the sum of all currents into the membrane.
    current: Vec<f32>,
}

impl Constants {
    /// Returns the number of neurons.
    pub(crate) fn neurons(&self) -> usize {
        self.alpha.len()
    }
}

impl State {
    /// Returns states of zero.
    pub(crate) fn new(constants: &Constants) -> Self {
        let zeros = || vec![0.0; constants.neurons()];
        Self {
            isyn: vec![0.0; constants.beta.len()],
            iahp: if constants.adaptation.is_some() { zeros() } else { Vec::new() },
            vmem: zeros(),
            before_reset: zeros(),
            spikes: zeros(),
            current: zeros(),
        }
    }
}

/// Advances a layer by one step. `input` has one value per input column, `noise` one per neuron.
#[inline(always)]
pub(crate) fn step(constants: &Constants, input: &[f32], noise: Option<&[f32]>, state: &mut State) {
    let State { isyn, iahp, vmem, before_reset, spikes, current } = state;
    if constants.filters {
        integrate(isyn, input, &constants.beta);
    } else {
        isyn.copy_from_slice(input);
    }
    // Each current is added on its own in a fixed order, since f32 addition is not associative: synapses
    // first, then after-hyperpolarization, bias and noise.
    if constants.synapses == 1 {
        current.copy_from_slice(isyn);
    } else {
        for (sum, currents) in current.iter_mut().zip(isyn.chunks_exact(constants.synapses)) {
            *sum = currents[0];
            for &i in &currents[1..] {
                *sum += i;
            }
        }
    }
    if let Some((decay, weight)) = &constants.adaptation {
        // `spikes` still holds those of the previous step.
        for (((i, &s), &w), &d) in iahp.iter_mut().zip(spikes.iter()).zip(weight).zip(decay) {
            *i = (*i + s * w) * d;
        }
        add(current, iahp);
    }
    add(current, &constants.bias);
    if let Some(noise) = noise {
        add(current, noise);
    }
    // The kind of reset is a constant of the loop: it is chosen here once.
    match constants.reset {
        Reset::Subtract => fire::<false>(constants, current, vmem, before_reset, spikes),
        Reset::Zero => fire::<true>(constants, current, vmem, before_reset, spikes),
    }
}

/// Adds the current to the decayed membrane, counts the spikes, and resets: to zero if `ZERO`, else by a threshold per
/// spike.
#[inline(always)]
fn fire<const ZERO: bool>(
    constants: &Constants,
    current: &[f32],
    vmem: &mut [f32],
    before_reset: &mut [f32],
    spikes: &mut [f32],
) {
    // Slices of one length let the compiler drop the bounds checks and vectorize the loop.
    let n = constants.neurons();
    let (alpha, threshold) = (&constants.alpha[..n], &constants.threshold[..n]);
    let (current, vmem) = (&current[..n], &mut vmem[..n]);
    let (before_reset, spikes) = (&mut before_reset[..n], &mut spikes[..n]);
    for i in 0..n {
        let v = vmem[i] * alpha[i] + current[i];
        // The cap is an integer, so taking the minimum first gives the same count, and keeps an infinite
        // quotient out of the floor.
        let count = floor_positive((v / threshold[i]).min(constants.max_spikes));
        let count = if v >= threshold[i] { count } else { 0.0 };
        before_reset[i] = v;
        spikes[i] = count;
        vmem[i] = match ZERO {
            true if count > 0.0 => 0.0,
            true => v,
            false => v - count * threshold[i],
        };
    }
}
