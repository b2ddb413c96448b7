//! Leaky integrate-and-fire, one step: the canonical meaning, which the interpreter runs.

use super::exp::floor_positive;
use super::integrator::integrate;
use super::rows::add;

/// The constants of a layer, each written out per neuron (per input column for `beta`).
#[derive(Clone, Debug, Default)]
pub(crate) struct Constants {
    /// Synapses of each neuron.
    pub(crate) synapses: usize,
    /// Decay of the membrane.
    pub(crate) alpha: Vec<f32>,
    /// Decay of the synaptic currents.
    pub(crate) beta: Vec<f32>,
    /// Threshold.
    pub(crate) threshold: Vec<f32>,
    /// Bias current.
    pub(crate) bias: Vec<f32>,
    /// Most spikes in a step.
    pub(crate) max_spikes: f32,
    /// After-hyperpolarization: decay, and current per spike.
    pub(crate) adaptation: Option<(Vec<f32>, Vec<f32>)>,
}

/// The states of a layer.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// Synaptic currents, per input column.
    pub(crate) isyn: Vec<f32>,
    /// After-hyperpolarization current.
    pub(crate) iahp: Vec<f32>,
    /// Membrane potential after reset.
    pub(crate) vmem: Vec<f32>,
    /// Membrane potential before reset.
    pub(crate) before_reset: Vec<f32>,
    /// Spikes of the last step.
    pub(crate) spikes: Vec<f32>,
    /// Sum of the currents into the membrane.
    current: Vec<f32>,
}

impl Constants {
    /// Number of neurons.
    pub(crate) fn neurons(&self) -> usize {
        self.alpha.len()
    }
}

impl State {
    /// All zero.
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

/// One step. `input` has a value per input column, `noise` one per neuron.
#[inline(always)]
pub(crate) fn step(constants: &Constants, input: &[f32], noise: Option<&[f32]>, state: &mut State) {
    let State { isyn, iahp, vmem, before_reset, spikes, current } = state;
    integrate(isyn, input, &constants.beta);
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
        for (((i, &s), &w), &d) in iahp.iter_mut().zip(spikes.iter()).zip(weight).zip(decay) {
            *i = (*i + s * w) * d;
        }
        add(current, iahp);
    }
    add(current, &constants.bias);
    if let Some(noise) = noise {
        add(current, noise);
    }
    fire(constants, current, vmem, before_reset, spikes);
}

/// Adds the current to the decayed membrane, spikes, and resets.
#[inline(always)]
fn fire(
    constants: &Constants,
    current: &[f32],
    vmem: &mut [f32],
    before_reset: &mut [f32],
    spikes: &mut [f32],
) {
    let n = constants.neurons();
    let (alpha, threshold) = (&constants.alpha[..n], &constants.threshold[..n]);
    let (current, vmem) = (&current[..n], &mut vmem[..n]);
    let (before_reset, spikes) = (&mut before_reset[..n], &mut spikes[..n]);
    for i in 0..n {
        let v = vmem[i] * alpha[i] + current[i];
        // The cap is whole, so capping first gives the same count and keeps the floor in range.
        let count = floor_positive((v / threshold[i]).min(constants.max_spikes));
        let count = if v >= threshold[i] { count } else { 0.0 };
        before_reset[i] = v;
        spikes[i] = count;
        vmem[i] = v - count * threshold[i];
    }
}
