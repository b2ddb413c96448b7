//! Scans of membrane potentials over a block: leak, current, spikes and reset, and their gradient.
//!
//! The equations are those of [`lif`](super::lif), with fused multiply-adds, and with a product in place of
//! the division by the threshold: a membrane potential within 3e-7 (relative) below a multiple of the
//! threshold counts as having reached it.
//!
//! States and gradients stay in registers over the whole block. Only the membrane potential before reset is
//! stored for the backward pass, which recomputes spikes and reset from it.

mod backward;

use pulp::{Arch, Simd, WithSimd};
use synnet_ir::graph::Reset;

use super::exp::MAX_ROUNDED;
use super::{for_chunks, load, store};

pub(crate) use backward::{Backward, Carry, ConstantSums, Learn};

/// The constants of a layer, one value per neuron, padded with neurons that never spike.
#[derive(Clone, Debug, Default)]
pub(crate) struct Constants {
    /// Decay of the membrane per step; 1 without leak.
    pub(crate) alpha: Vec<f32>,
    /// Positive, in the unit of the membrane.
    pub(crate) threshold: Vec<f32>,
    /// [`inverse_threshold`] of each threshold.
    pub(crate) inverse_threshold: Vec<f32>,
    /// Bias current, added to the membrane in each step.
    pub(crate) bias: Vec<f32>,
    pub(crate) reset: Reset,
    /// Maximum number of spikes of a neuron in a step. Kernels limit it to [`MAX_ROUNDED`].
    pub(crate) max_spikes: f32,
    /// `None` if the neurons have no after-hyperpolarization.
    pub(crate) adaptation: Option<Adaptation>,
}

/// Returns `1 / threshold`, slightly too large.
pub(crate) fn inverse_threshold(threshold: f32) -> f32 {
    // Larger by 2^-22, which exceeds all roundings: a membrane at a multiple of the threshold gives a product
    // of that integer or more, so the spike at the threshold is not lost.
    (1.0 / threshold) * (1.0 + 2.0 * f32::EPSILON)
}

/// The constants of after-hyperpolarization, one value per neuron.
#[derive(Clone, Debug, Default)]
pub(crate) struct Adaptation {
    /// Decay of the current per step.
    pub(crate) decay: Vec<f32>,
    /// Current per spike.
    pub(crate) weight: Vec<f32>,
}

/// States between two blocks, one value per neuron.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// Membrane potential after reset.
    pub(crate) vmem: Vec<f32>,
    /// After-hyperpolarization current.
    pub(crate) iahp: Vec<f32>,
    /// Number of spikes in the last step.
    pub(crate) spikes: Vec<f32>,
}

impl State {
    /// Returns states of zero.
    pub(crate) fn new(width: usize) -> Self {
        Self { vmem: vec![0.0; width], iahp: vec![0.0; width], spikes: vec![0.0; width] }
    }

    /// Sets all states to zero.
    pub(crate) fn clear(&mut self) {
        for state in [&mut self.vmem, &mut self.iahp, &mut self.spikes] {
            state.fill(0.0);
        }
    }

    /// Copies another state of the same width, without allocation.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.vmem.copy_from_slice(&other.vmem);
        self.iahp.copy_from_slice(&other.iahp);
        self.spikes.copy_from_slice(&other.spikes);
    }
}

/// `K` vectors of [`Constants`].
struct Lanes<S: Simd, const K: usize> {
    alpha: [S::f32s; K],
    threshold: [S::f32s; K],
    inverse_threshold: [S::f32s; K],
    bias: [S::f32s; K],
    max_spikes: S::f32s,
}

impl<S: Simd, const K: usize> Lanes<S, K> {
    #[inline(always)]
    fn new(simd: S, constants: &Constants, at: usize) -> Self {
        Self {
            alpha: load(simd, S::as_simd_f32s(&constants.alpha).0, at),
            threshold: load(simd, S::as_simd_f32s(&constants.threshold).0, at),
            inverse_threshold: load(simd, S::as_simd_f32s(&constants.inverse_threshold).0, at),
            bias: load(simd, S::as_simd_f32s(&constants.bias).0, at),
            max_spikes: simd.splat_f32s(constants.max_spikes.min(MAX_ROUNDED)),
        }
    }

    /// Returns the number of spikes at the membrane potential `v` before reset: `floor(v / threshold)`, from
    /// 0 to `max_spikes`.
    #[inline(always)]
    fn spikes(&self, simd: S, k: usize, v: S::f32s) -> S::f32s {
        // The sum with 2^23 - 1/2 rounds to an integer: a rounding of `x - 1/2` is the floor of `x`. An
        // integer `x` would be a tie, which `inverse_threshold` breaks upward.
        let floor = simd.mul_add_e_f32s(v, self.inverse_threshold[k], simd.splat_f32s(8_388_607.5));
        let floor = simd.sub_f32s(floor, simd.splat_f32s(8_388_608.0));
        simd.min_f32s(simd.max_f32s(floor, simd.splat_f32s(0.0)), self.max_spikes)
    }

    /// Returns the membrane potential after reset: `v - spikes * threshold`; if `ZERO`, 0 after a spike.
    #[inline(always)]
    fn reset<const ZERO: bool>(&self, simd: S, k: usize, v: S::f32s, spikes: S::f32s) -> S::f32s {
        if ZERO {
            unless_spiking(simd, spikes, v)
        } else {
            simd.negate_mul_add_e_f32s(spikes, self.threshold[k], v)
        }
    }
}

/// Returns `x` in the lanes without spikes, and 0 in the others.
#[inline(always)]
fn unless_spiking<S: Simd>(simd: S, spikes: S::f32s, x: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    simd.select_f32s(simd.greater_than_f32s(spikes, zero), zero, x)
}

/// `K` vectors of [`Adaptation`]; zeros if there is none.
struct AdaptationLanes<S: Simd, const K: usize> {
    decay: [S::f32s; K],
    weight: [S::f32s; K],
}

impl<S: Simd, const K: usize> AdaptationLanes<S, K> {
    #[inline(always)]
    fn new(simd: S, adaptation: Option<&Adaptation>, at: usize) -> Self {
        let zeros = [simd.splat_f32s(0.0); K];
        let Some(adaptation) = adaptation else { return Self { decay: zeros, weight: zeros } };
        Self {
            decay: load(simd, S::as_simd_f32s(&adaptation.decay).0, at),
            weight: load(simd, S::as_simd_f32s(&adaptation.weight).0, at),
        }
    }
}

/// The single synapse of each neuron, if it is fused into the membrane's scan.
pub(crate) struct Synapse<'a> {
    /// Decay per step, `[width]`.
    pub(crate) decay: &'a [f32],
    /// `[width]`. Forward: the current before the block, then after it. Backward: the gradient on the last
    /// current through the following block, then on the current before this block.
    pub(crate) state: &'a mut [f32],
}

/// The scan of a block, forward. Buffers are `[rows, width]` unless stated otherwise.
pub(crate) struct Forward<'a> {
    pub(crate) constants: &'a Constants,
    /// Sum of the synaptic currents; with a fused synapse, its input.
    pub(crate) current: &'a [f32],
    pub(crate) synapse: Option<Synapse<'a>>,
    /// Noise current; empty for none.
    pub(crate) noise: &'a [f32],
    pub(crate) state: &'a mut State,
    /// Output: membrane potential before reset.
    pub(crate) before_reset: &'a mut [f32],
    /// Output: spike counts.
    pub(crate) spikes: &'a mut [f32],
    /// Output: membrane potential after reset; empty if not needed.
    pub(crate) vmem: &'a mut [f32],
    /// Output: after-hyperpolarization current; empty if not needed.
    pub(crate) iahp: &'a mut [f32],
    /// Increased by the spikes of each neuron, `[width]`.
    pub(crate) totals: &'a mut [f32],
}

impl Forward<'_> {
    /// Runs the scan with the instructions of `arch`.
    pub(crate) fn run(self, arch: Arch) {
        if !self.constants.alpha.is_empty() {
            arch.dispatch(self);
        }
    }
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let vectors_per_row = self.constants.alpha.len() / S::F32_LANES;
        let (adapts, fuses) = (self.constants.adaptation.is_some(), self.synapse.is_some());
        // A neuron's step is a chain of dependent operations; four vectors side by side hide its latency.
        for_chunks!(vectors_per_row, [4, 2, 1], |at, K| {
            match (self.constants.reset, adapts, fuses) {
                (Reset::Subtract, true, true) => self.columns::<S, K, true, true, false>(simd, at),
                (Reset::Subtract, true, false) => self.columns::<S, K, true, false, false>(simd, at),
                (Reset::Subtract, false, true) => self.columns::<S, K, false, true, false>(simd, at),
                (Reset::Subtract, false, false) => self.columns::<S, K, false, false, false>(simd, at),
                (Reset::Zero, true, true) => self.columns::<S, K, true, true, true>(simd, at),
                (Reset::Zero, true, false) => self.columns::<S, K, true, false, true>(simd, at),
                (Reset::Zero, false, true) => self.columns::<S, K, false, true, true>(simd, at),
                (Reset::Zero, false, false) => self.columns::<S, K, false, false, true>(simd, at),
            }
        });
    }
}

impl Forward<'_> {
    /// Runs the neurons of `K` vectors from vector `at` on. `ADAPTS`: they have after-hyperpolarization;
    /// `SYNAPSE`: the synapse is fused; `ZERO`: the reset is to zero.
    #[inline(always)]
    fn columns<S: Simd, const K: usize, const ADAPTS: bool, const SYNAPSE: bool, const ZERO: bool>(
        &mut self,
        simd: S,
        at: usize,
    ) {
        let vectors_per_row = self.constants.alpha.len() / S::F32_LANES;
        let (decay, mut isyn) = synapse_lanes::<S, K>(simd, self.synapse.as_ref(), at);
        let lanes = Lanes::<S, K>::new(simd, self.constants, at);
        let adaptation = AdaptationLanes::<S, K>::new(simd, self.constants.adaptation.as_ref(), at);
        let currents = S::as_simd_f32s(self.current).0.chunks_exact(vectors_per_row);
        let noise = S::as_simd_f32s(self.noise).0;
        let before_resets = S::as_mut_simd_f32s(self.before_reset).0.chunks_exact_mut(vectors_per_row);
        let spikes = S::as_mut_simd_f32s(self.spikes).0.chunks_exact_mut(vectors_per_row);
        let vmem = S::as_mut_simd_f32s(self.vmem).0;
        let iahp = S::as_mut_simd_f32s(self.iahp).0;
        let mut v: [_; K] = load(simd, S::as_simd_f32s(&self.state.vmem).0, at);
        let mut ahp: [_; K] = load(simd, S::as_simd_f32s(&self.state.iahp).0, at);
        let mut count: [_; K] = load(simd, S::as_simd_f32s(&self.state.spikes).0, at);
        let mut total: [_; K] = load(simd, S::as_simd_f32s(self.totals).0, at);
        let mut reset_leak = lanes.threshold;
        for (threshold, &alpha) in reset_leak.iter_mut().zip(&lanes.alpha) {
            *threshold = simd.mul_f32s(*threshold, alpha);
        }
        // `v` carries the membrane before reset, and `reset` its spikes. The next step is
        // `v = alpha * v + current - reset * (alpha * threshold)`: the leak of `v` need not wait for the
        // spike count, which takes an operation out of the chain from step to step. That chain bounds the
        // speed of small layers. With `ZERO`, `v` is the membrane after reset.
        let mut reset = [simd.splat_f32s(0.0); K];
        let mut row = at;
        for ((current, before_reset), spikes) in currents.zip(before_resets).zip(spikes) {
            let mut current: [_; K] = load(simd, current, at);
            for k in 0..K {
                if SYNAPSE {
                    isyn[k] = simd.mul_f32s(simd.add_f32s(isyn[k], current[k]), decay[k]);
                    current[k] = isyn[k];
                }
                if ADAPTS {
                    let increased = simd.mul_add_e_f32s(count[k], adaptation.weight[k], ahp[k]);
                    ahp[k] = simd.mul_f32s(increased, adaptation.decay[k]);
                    current[k] = simd.add_f32s(current[k], ahp[k]);
                }
                current[k] = simd.add_f32s(current[k], lanes.bias[k]);
                if !noise.is_empty() {
                    current[k] = simd.add_f32s(current[k], noise[row + k]);
                }
                let leaked = simd.mul_add_e_f32s(v[k], lanes.alpha[k], current[k]);
                v[k] =
                    if ZERO { leaked } else { simd.negate_mul_add_e_f32s(reset[k], reset_leak[k], leaked) };
            }
            store::<S, K>(before_reset, at, v);
            for k in 0..K {
                count[k] = lanes.spikes(simd, k, v[k]);
                total[k] = simd.add_f32s(total[k], count[k]);
            }
            store::<S, K>(spikes, at, count);
            if ZERO {
                for k in 0..K {
                    v[k] = unless_spiking(simd, count[k], v[k]);
                }
            } else {
                reset = count;
            }
            if !vmem.is_empty() {
                for k in 0..K {
                    vmem[row + k] = lanes.reset::<ZERO>(simd, k, v[k], count[k]);
                }
            }
            if ADAPTS && !iahp.is_empty() {
                store::<S, K>(iahp, row, ahp);
            }
            row += vectors_per_row;
        }
        // Between blocks, the state is the membrane after reset.
        if !ZERO {
            for k in 0..K {
                v[k] = lanes.reset::<false>(simd, k, v[k], reset[k]);
            }
        }
        store::<S, K>(S::as_mut_simd_f32s(&mut self.state.vmem).0, at, v);
        store::<S, K>(S::as_mut_simd_f32s(&mut self.state.iahp).0, at, ahp);
        store::<S, K>(S::as_mut_simd_f32s(&mut self.state.spikes).0, at, count);
        store::<S, K>(S::as_mut_simd_f32s(self.totals).0, at, total);
        if let Some(synapse) = &mut self.synapse {
            store::<S, K>(S::as_mut_simd_f32s(synapse.state).0, at, isyn);
        }
    }
}

/// Loads decay and state of a synapse; zeros if there is none.
#[inline(always)]
fn synapse_lanes<S: Simd, const K: usize>(
    simd: S,
    synapse: Option<&Synapse<'_>>,
    at: usize,
) -> ([S::f32s; K], [S::f32s; K]) {
    let zeros = [simd.splat_f32s(0.0); K];
    let Some(synapse) = synapse else { return (zeros, zeros) };
    (load(simd, S::as_simd_f32s(synapse.decay).0, at), load(simd, S::as_simd_f32s(synapse.state).0, at))
}
