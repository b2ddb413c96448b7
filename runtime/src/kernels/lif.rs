//! Leaky integrate-and-fire: one step, the scan over a sequence, and its gradient.
//!
//! [`step`] is the canonical meaning; the interpreter and the training scan both run it. The
//! gradient walks the sequence backwards with one row of adjoints per state, and differentiates
//! the reset.

use super::exp::floor_positive;
use super::integrator::integrate;
use super::rows::{add, add_events};
use super::vectorised;
use crate::surrogate::Gradient;

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
    /// After-hyperpolarisation: decay, and current per spike.
    pub(crate) adaptation: Option<(Vec<f32>, Vec<f32>)>,
}

/// The states of a layer.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// Synaptic currents, per input column.
    pub(crate) isyn: Vec<f32>,
    /// After-hyperpolarisation current.
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

/// Spikes of a layer that come back to it through a matrix `[neurons, columns]`, `lag` steps later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recurrent<'a> {
    /// The weights.
    pub(crate) matrix: &'a [f32],
    /// Steps, 1 or more.
    pub(crate) lag: usize,
}

/// What a scan leaves behind, `[time, neurons]` (`isyn`: columns). Empty where not wanted, but for
/// `before_reset` and `spikes`, which the gradient needs.
#[derive(Debug)]
pub(crate) struct Traces<'a> {
    /// Membrane before reset.
    pub(crate) before_reset: &'a mut [f32],
    /// Spike counts.
    pub(crate) spikes: &'a mut [f32],
    /// Membrane after reset.
    pub(crate) vmem: &'a mut [f32],
    /// Synaptic currents.
    pub(crate) isyn: &'a mut [f32],
    /// After-hyperpolarisation current.
    pub(crate) iahp: &'a mut [f32],
}

/// Runs a sequence from rest. Recurrent currents are added to `input`, `[time, columns]`.
pub(crate) fn forward(
    constants: &Constants,
    recurrent: &[Recurrent<'_>],
    input: &mut [f32],
    traces: &mut Traces<'_>,
) {
    let (neurons, columns) = (constants.neurons(), constants.beta.len());
    if neurons == 0 {
        return;
    }
    let mut state = State::new(constants);
    vectorised(
        #[inline(always)]
        || {
            for (t, input) in input.chunks_exact_mut(columns).enumerate() {
                for path in recurrent.iter().filter(|path| t >= path.lag) {
                    let from = (t - path.lag) * neurons;
                    add_events(input, &traces.spikes[from..from + neurons], path.matrix);
                }
                step(constants, input, None, &mut state);
                let rows = t * neurons..(t + 1) * neurons;
                traces.before_reset[rows.clone()].copy_from_slice(&state.before_reset);
                traces.spikes[rows.clone()].copy_from_slice(&state.spikes);
                if !traces.vmem.is_empty() {
                    traces.vmem[rows.clone()].copy_from_slice(&state.vmem);
                }
                if !traces.iahp.is_empty() {
                    traces.iahp[rows].copy_from_slice(&state.iahp);
                }
                if !traces.isyn.is_empty() {
                    traces.isyn[t * columns..(t + 1) * columns].copy_from_slice(&state.isyn);
                }
            }
        },
    );
}

/// The traces of a scan, to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recorded<'a> {
    /// Input with recurrent currents.
    pub(crate) input: &'a [f32],
    /// Membrane before reset.
    pub(crate) before_reset: &'a [f32],
    /// Spike counts.
    pub(crate) spikes: &'a [f32],
    /// Synaptic currents; needed for the gradients of constants.
    pub(crate) isyn: &'a [f32],
    /// After-hyperpolarisation current; needed for the gradients of constants.
    pub(crate) iahp: &'a [f32],
}

/// Gradients of a sequence. `vmem` and `isyn` are empty where nothing flows into them.
#[derive(Debug)]
pub(crate) struct Adjoints<'a> {
    /// On the spikes; recurrent paths add to it.
    pub(crate) spikes: &'a mut [f32],
    /// On the membrane after reset.
    pub(crate) vmem: &'a [f32],
    /// On the synaptic currents.
    pub(crate) isyn: &'a [f32],
    /// Overwritten: on the input.
    pub(crate) input: &'a mut [f32],
}

/// Sums of gradients of the constants, written out as [`Constants`].
#[derive(Clone, Debug, Default)]
pub(crate) struct ConstantGradients {
    /// Of the membrane's decay.
    pub(crate) alpha: Vec<f32>,
    /// Of the synaptic decays.
    pub(crate) beta: Vec<f32>,
    /// Of the threshold.
    pub(crate) threshold: Vec<f32>,
    /// Of the bias.
    pub(crate) bias: Vec<f32>,
    /// Of the decay of the after-hyperpolarisation.
    pub(crate) ahp_decay: Vec<f32>,
    /// Of its current per spike.
    pub(crate) ahp_weight: Vec<f32>,
}

impl ConstantGradients {
    /// All zero.
    pub(crate) fn new(constants: &Constants) -> Self {
        let zeros = || vec![0.0; constants.neurons()];
        Self {
            alpha: zeros(),
            beta: vec![0.0; constants.beta.len()],
            threshold: zeros(),
            bias: zeros(),
            ahp_decay: zeros(),
            ahp_weight: zeros(),
        }
    }
}

/// The gradient of [`forward`]. Gradients of the constants are added where wanted.
pub(crate) fn backward(
    constants: &Constants,
    surrogate: impl Gradient,
    recurrent: &[Recurrent<'_>],
    recorded: Recorded<'_>,
    adjoints: &mut Adjoints<'_>,
    mut gradients: Option<&mut ConstantGradients>,
) {
    let (neurons, columns) = (constants.neurons(), constants.beta.len());
    if neurons == 0 {
        return;
    }
    let zeros = vec![0.0; columns];
    let mut carry = Carry::new(neurons, columns);
    vectorised(
        #[inline(always)]
        || {
            for t in (0..recorded.spikes.len() / neurons).rev() {
                let rows = t * neurons..(t + 1) * neurons;
                let wide = t * columns..(t + 1) * columns;
                let now = Now {
                    v: &recorded.before_reset[rows.clone()],
                    d_spikes: &adjoints.spikes[rows.clone()],
                    d_vmem: adjoints.vmem.get(rows).unwrap_or(&zeros),
                };
                unfire(constants, surrogate, now, &mut carry);
                if let Some(gradients) = gradients.as_deref_mut() {
                    carry.add_membrane(constants, recorded, t, gradients);
                }
                let d_isyn = adjoints.isyn.get(wide.clone()).unwrap_or(&zeros);
                carry.add_synapses(constants.synapses, d_isyn);
                if let Some(gradients) = gradients.as_deref_mut() {
                    carry.add_leaks(constants, recorded, t, gradients);
                }
                for (c, &decay) in carry.isyn.iter_mut().zip(&constants.beta) {
                    *c *= decay;
                }
                adjoints.input[wide].copy_from_slice(&carry.isyn);
                carry.adapt(constants, recorded, t, gradients.as_deref_mut(), adjoints.spikes);
                for path in recurrent.iter().filter(|path| t >= path.lag) {
                    let from = (t - path.lag) * neurons;
                    let d_source = &mut adjoints.spikes[from..from + neurons];
                    for (d, weights) in d_source.iter_mut().zip(path.matrix.chunks_exact(columns)) {
                        *d += weights.iter().zip(&carry.isyn).map(|(w, g)| w * g).sum::<f32>();
                    }
                }
            }
        },
    );
}

/// Rows of one step that [`unfire`] reads.
#[derive(Clone, Copy)]
struct Now<'a> {
    v: &'a [f32],
    d_spikes: &'a [f32],
    d_vmem: &'a [f32],
}

/// Adjoints that travel backwards through time, and those of the present step.
struct Carry {
    /// On the membrane after reset, from later steps.
    vmem: Vec<f32>,
    /// On the synaptic currents, from later steps.
    isyn: Vec<f32>,
    /// On the after-hyperpolarisation current, from later steps.
    iahp: Vec<f32>,
    /// On the membrane after reset, in this step.
    after: Vec<f32>,
    /// On the membrane before reset, through the spikes.
    through_spikes: Vec<f32>,
    /// On the current into the membrane.
    current: Vec<f32>,
}

/// From the membrane after reset and the spikes to the membrane before reset.
#[inline(always)]
fn unfire(constants: &Constants, surrogate: impl Gradient, now: Now<'_>, carry: &mut Carry) {
    let n = constants.neurons();
    let (alpha, threshold) = (&constants.alpha[..n], &constants.threshold[..n]);
    let (v, d_spikes, d_vmem) = (&now.v[..n], &now.d_spikes[..n], &now.d_vmem[..n]);
    let (vmem, after) = (&mut carry.vmem[..n], &mut carry.after[..n]);
    let (through_spikes, current) = (&mut carry.through_spikes[..n], &mut carry.current[..n]);
    for i in 0..n {
        let d_after = vmem[i] + d_vmem[i];
        // The reset `v - spikes * threshold` sends its share into the spikes.
        let d_count = d_spikes[i] - threshold[i] * d_after;
        let through = d_count * surrogate.at(v[i], threshold[i]);
        let d_before = d_after + through;
        after[i] = d_after;
        through_spikes[i] = through;
        current[i] = d_before;
        vmem[i] = d_before * alpha[i];
    }
}

impl Carry {
    fn new(neurons: usize, columns: usize) -> Self {
        let zeros = || vec![0.0; neurons];
        Self {
            vmem: zeros(),
            isyn: vec![0.0; columns],
            iahp: zeros(),
            after: zeros(),
            through_spikes: zeros(),
            current: zeros(),
        }
    }

    /// Gradients of threshold, bias and membrane decay.
    fn add_membrane(
        &self,
        constants: &Constants,
        recorded: Recorded<'_>,
        t: usize,
        gradients: &mut ConstantGradients,
    ) {
        let n = constants.neurons();
        for i in 0..n {
            let (now, threshold) = (t * n + i, constants.threshold[i]);
            gradients.threshold[i] -= self.through_spikes[i] * recorded.before_reset[now] / threshold
                + recorded.spikes[now] * self.after[i];
            gradients.bias[i] += self.current[i];
            if t > 0 {
                let before = now - n;
                let vmem = recorded.before_reset[before] - recorded.spikes[before] * threshold;
                gradients.alpha[i] += self.current[i] * vmem;
            }
        }
    }

    /// What the membrane and the record send into the synaptic currents of this step.
    #[inline(always)]
    fn add_synapses(&mut self, synapses: usize, d_isyn: &[f32]) {
        add(&mut self.isyn, d_isyn);
        if synapses == 1 {
            add(&mut self.isyn, &self.current);
        } else {
            for (row, &d) in self.isyn.chunks_exact_mut(synapses).zip(&self.current) {
                row.iter_mut().for_each(|x| *x += d);
            }
        }
    }

    /// Gradients of the synaptic decays.
    fn add_leaks(
        &self,
        constants: &Constants,
        recorded: Recorded<'_>,
        t: usize,
        gradients: &mut ConstantGradients,
    ) {
        let columns = constants.beta.len();
        for c in 0..columns {
            let now = t * columns + c;
            let before = if t > 0 { recorded.isyn[now - columns] } else { 0.0 };
            gradients.beta[c] += self.isyn[c] * (before + recorded.input[now]);
        }
    }

    /// Through the after-hyperpolarisation into the spikes of the step before.
    fn adapt(
        &mut self,
        constants: &Constants,
        recorded: Recorded<'_>,
        t: usize,
        mut gradients: Option<&mut ConstantGradients>,
        d_spikes: &mut [f32],
    ) {
        let Some((decay, weight)) = &constants.adaptation else { return };
        let n = constants.neurons();
        for i in 0..n {
            let d_iahp = self.iahp[i] + self.current[i];
            self.iahp[i] = d_iahp * decay[i];
            if t == 0 {
                continue;
            }
            let before = (t - 1) * n + i;
            d_spikes[before] += self.iahp[i] * weight[i];
            if let Some(gradients) = gradients.as_deref_mut() {
                let spikes = recorded.spikes[before];
                gradients.ahp_weight[i] += self.iahp[i] * spikes;
                gradients.ahp_decay[i] += d_iahp * (recorded.iahp[before] + spikes * weight[i]);
            }
        }
    }
}
