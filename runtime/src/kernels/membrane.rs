//! Membranes over a block: leak, current, spikes, reset; and the gradient.
//!
//! The arithmetic is that of [`lif`](super::lif), with fused operations and a product in place of the
//! quotient by the threshold: a membrane within 3e-7 below a multiple of the threshold counts as there.

use pulp::{Arch, Simd, WithSimd};

use super::exp::MAX_ROUNDED;
use super::surrogate::SurrogateGradient;
use super::{for_chunks, load, store};

/// The constants of a layer, padded with neurons that never spike.
#[derive(Clone, Debug, Default)]
pub(crate) struct Constants {
    /// Decay of the membrane.
    pub(crate) alpha: Vec<f32>,
    /// Threshold.
    pub(crate) threshold: Vec<f32>,
    /// [`inverse_threshold`] of the threshold.
    pub(crate) inverse_threshold: Vec<f32>,
    /// Bias current.
    pub(crate) bias: Vec<f32>,
    /// Most spikes in a step; more than 2^22 are not told apart.
    pub(crate) max_spikes: f32,
    /// After-hyperpolarization: decay, and current per spike.
    pub(crate) adaptation: Option<Adaptation>,
}

/// One divided by the threshold and made greater by 2^-22, so that the product of a whole multiple of
/// the threshold lies above the whole number.
pub(crate) fn inverse_threshold(threshold: f32) -> f32 {
    (1.0 / threshold) * (1.0 + 2.0 * f32::EPSILON)
}

/// The constants of after-hyperpolarization.
#[derive(Clone, Debug, Default)]
pub(crate) struct Adaptation {
    /// Decay.
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
    /// Spikes of the last step.
    pub(crate) spikes: Vec<f32>,
}

impl State {
    /// All zero.
    pub(crate) fn new(width: usize) -> Self {
        Self { vmem: vec![0.0; width], iahp: vec![0.0; width], spikes: vec![0.0; width] }
    }

    /// Back to zero.
    pub(crate) fn clear(&mut self) {
        for state in [&mut self.vmem, &mut self.iahp, &mut self.spikes] {
            state.fill(0.0);
        }
    }

    /// Becomes equal to another of the same width.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.vmem.copy_from_slice(&other.vmem);
        self.iahp.copy_from_slice(&other.iahp);
        self.spikes.copy_from_slice(&other.spikes);
    }
}

/// `K` vectors of the constants.
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

    /// Spikes at the membrane `v` before reset: the floor of `v / threshold` within its bounds.
    ///
    /// Adding 2^23 - 1/2 leaves the floor above 2^23, since `inverse_threshold` is a little too great for ties.
    #[inline(always)]
    fn spikes(&self, simd: S, k: usize, v: S::f32s) -> S::f32s {
        let floor = simd.mul_add_e_f32s(v, self.inverse_threshold[k], simd.splat_f32s(8_388_607.5));
        let floor = simd.sub_f32s(floor, simd.splat_f32s(8_388_608.0));
        simd.min_f32s(simd.max_f32s(floor, simd.splat_f32s(0.0)), self.max_spikes)
    }

    /// The membrane after reset.
    #[inline(always)]
    fn reset(&self, simd: S, k: usize, v: S::f32s, spikes: S::f32s) -> S::f32s {
        simd.negate_mul_add_e_f32s(spikes, self.threshold[k], v)
    }
}

/// `K` vectors of the constants of after-hyperpolarization; zeros where there is none.
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

/// The one synapse of each neuron, where it is part of the membrane's scan.
pub(crate) struct Synapse<'a> {
    /// Factor per step.
    pub(crate) decay: &'a [f32],
    /// Forwards the current before the block, then after it; backwards the gradient on the current from
    /// the step after the block, then from its first step.
    pub(crate) state: &'a mut [f32],
}

/// Runs a block. All rows are `[rows, width]`; those marked so may be empty where not wanted.
pub(crate) struct Forward<'a> {
    pub(crate) constants: &'a Constants,
    /// Sum of the synaptic currents; with a synapse, its input.
    pub(crate) current: &'a [f32],
    pub(crate) synapse: Option<Synapse<'a>>,
    /// Noise current (may be empty).
    pub(crate) noise: &'a [f32],
    pub(crate) state: &'a mut State,
    /// Written: membrane before reset.
    pub(crate) before_reset: &'a mut [f32],
    /// Written: spike counts.
    pub(crate) spikes: &'a mut [f32],
    /// Written: membrane after reset (may be empty).
    pub(crate) vmem: &'a mut [f32],
    /// Written: after-hyperpolarization current (may be empty).
    pub(crate) iahp: &'a mut [f32],
    /// Added to: spikes of each neuron.
    pub(crate) totals: &'a mut [f32],
}

impl Forward<'_> {
    /// Runs it.
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
        for_chunks!(vectors_per_row, [4, 2, 1], |at, K| {
            match (self.constants.adaptation.is_some(), self.synapse.is_some()) {
                (true, true) => self.columns::<S, K, true, true>(simd, at),
                (true, false) => self.columns::<S, K, true, false>(simd, at),
                (false, true) => self.columns::<S, K, false, true>(simd, at),
                (false, false) => self.columns::<S, K, false, false>(simd, at),
            }
        });
    }
}

impl Forward<'_> {
    #[inline(always)]
    fn columns<S: Simd, const K: usize, const ADAPTS: bool, const SYNAPSE: bool>(
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
        // The membrane of the last step before reset, and its spikes: the leak of both goes in at once.
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
                    let fed = simd.mul_add_e_f32s(count[k], adaptation.weight[k], ahp[k]);
                    ahp[k] = simd.mul_f32s(fed, adaptation.decay[k]);
                    current[k] = simd.add_f32s(current[k], ahp[k]);
                }
                current[k] = simd.add_f32s(current[k], lanes.bias[k]);
                if !noise.is_empty() {
                    current[k] = simd.add_f32s(current[k], noise[row + k]);
                }
                let leaked = simd.mul_add_e_f32s(v[k], lanes.alpha[k], current[k]);
                v[k] = simd.negate_mul_add_e_f32s(reset[k], reset_leak[k], leaked);
            }
            store::<S, K>(before_reset, at, v);
            for k in 0..K {
                count[k] = lanes.spikes(simd, k, v[k]);
                total[k] = simd.add_f32s(total[k], count[k]);
            }
            reset = count;
            store::<S, K>(spikes, at, count);
            if !vmem.is_empty() {
                for k in 0..K {
                    vmem[row + k] = lanes.reset(simd, k, v[k], count[k]);
                }
            }
            if ADAPTS && !iahp.is_empty() {
                store::<S, K>(iahp, row, ahp);
            }
            row += vectors_per_row;
        }
        for k in 0..K {
            v[k] = lanes.reset(simd, k, v[k], reset[k]);
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

/// Decay and state of a synapse; zeros where there is none.
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

/// Gradients that travel backwards from block to block, one value per neuron.
#[derive(Clone, Debug, Default)]
pub(crate) struct Carry {
    /// On the membrane after reset.
    pub(crate) vmem: Vec<f32>,
    /// On the after-hyperpolarization current.
    pub(crate) iahp: Vec<f32>,
}

impl Carry {
    /// All zero.
    pub(crate) fn new(width: usize) -> Self {
        Self { vmem: vec![0.0; width], iahp: vec![0.0; width] }
    }

    /// Back to zero.
    pub(crate) fn clear(&mut self) {
        self.vmem.fill(0.0);
        self.iahp.fill(0.0);
    }
}

/// Sums over time of the gradients of a layer's constants, one value per neuron.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConstantSums {
    /// Of the membrane's decay.
    pub(crate) alpha: Vec<f32>,
    /// Of the threshold.
    pub(crate) threshold: Vec<f32>,
    /// Of the bias.
    pub(crate) bias: Vec<f32>,
    /// Of the decay of the after-hyperpolarization.
    pub(crate) ahp_decay: Vec<f32>,
    /// Of its current per spike.
    pub(crate) ahp_weight: Vec<f32>,
}

impl ConstantSums {
    /// All zero.
    pub(crate) fn new(width: usize) -> Self {
        let zeros = || vec![0.0; width];
        Self { alpha: zeros(), threshold: zeros(), bias: zeros(), ahp_decay: zeros(), ahp_weight: zeros() }
    }

    /// All sums.
    pub(crate) fn all_mut(&mut self) -> [&mut Vec<f32>; 5] {
        [&mut self.alpha, &mut self.threshold, &mut self.bias, &mut self.ahp_decay, &mut self.ahp_weight]
    }
}

/// What the gradients of constants need besides the membranes.
pub(crate) struct Learn<'a> {
    /// Membrane before reset in the step before the block; `None` where the state `start` holds it.
    pub(crate) before: Option<&'a [f32]>,
    /// The state before the block, where `before` is `None`.
    pub(crate) start: &'a State,
    /// After-hyperpolarization currents of the block (empty for neurons without).
    pub(crate) iahp: &'a [f32],
    /// Added to.
    pub(crate) sums: &'a mut ConstantSums,
}

/// From gradients on spikes and membranes to gradients on the current, backwards through a block.
/// All rows are `[rows, width]`.
pub(crate) struct Backward<'a, L> {
    pub(crate) constants: &'a Constants,
    pub(crate) surrogate: L,
    /// Membrane before reset.
    pub(crate) before_reset: &'a [f32],
    /// On the spikes.
    pub(crate) d_spikes: &'a [f32],
    /// On the spikes of every step, one value per neuron.
    pub(crate) d_each_spike: &'a [f32],
    /// On the membrane after reset (may be empty).
    pub(crate) d_vmem: &'a [f32],
    /// On the membrane before reset, from outside (may be empty).
    pub(crate) d_before_reset: &'a [f32],
    pub(crate) carry: &'a mut Carry,
    pub(crate) synapse: Option<Synapse<'a>>,
    /// Written: on the current; with a synapse, on its input.
    pub(crate) d_current: &'a mut [f32],
    /// Gradients of the constants, if wanted.
    pub(crate) learn: Option<Learn<'a>>,
}

impl<L: SurrogateGradient> Backward<'_, L> {
    /// Runs it.
    pub(crate) fn run(self, arch: Arch) {
        if !self.constants.alpha.is_empty() {
            arch.dispatch(self);
        }
    }
}

impl<L: SurrogateGradient> WithSimd for Backward<'_, L> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let vectors_per_row = self.constants.alpha.len() / S::F32_LANES;
        let general = self.learn.is_some() || self.constants.adaptation.is_some();
        match (general, self.synapse.is_some()) {
            (true, true) => {
                for_chunks!(vectors_per_row, [2, 1], |at, K| self.columns::<S, K, true, true>(simd, at))
            }
            (true, false) => {
                for_chunks!(vectors_per_row, [2, 1], |at, K| self.columns::<S, K, true, false>(simd, at))
            }
            (false, true) => {
                for_chunks!(vectors_per_row, [4, 2, 1], |at, K| self.columns::<S, K, false, true>(simd, at));
            }
            (false, false) => {
                for_chunks!(vectors_per_row, [4, 2, 1], |at, K| self.columns::<S, K, false, false>(simd, at));
            }
        }
    }
}

impl<L: SurrogateGradient> Backward<'_, L> {
    /// `GENERAL` adds adaptation and gradients of constants.
    #[inline(always)]
    fn columns<S: Simd, const K: usize, const GENERAL: bool, const SYNAPSE: bool>(
        &mut self,
        simd: S,
        at: usize,
    ) {
        let vectors_per_row = self.constants.alpha.len() / S::F32_LANES;
        let (decay, mut d_isyn) = synapse_lanes::<S, K>(simd, self.synapse.as_ref(), at);
        let lanes = Lanes::<S, K>::new(simd, self.constants, at);
        let adaptation = AdaptationLanes::<S, K>::new(simd, self.constants.adaptation.as_ref(), at);
        let before_reset = S::as_simd_f32s(self.before_reset).0;
        let d_spikes = S::as_simd_f32s(self.d_spikes).0;
        let d_each_spike: [_; K] = load(simd, S::as_simd_f32s(self.d_each_spike).0, at);
        let d_vmem = S::as_simd_f32s(self.d_vmem).0;
        let d_before_reset = S::as_simd_f32s(self.d_before_reset).0;
        let d_current = S::as_mut_simd_f32s(self.d_current).0;
        let mut flow: [_; K] = load(simd, S::as_simd_f32s(&self.carry.vmem).0, at);
        let mut d_iahp: [_; K] = load(simd, S::as_simd_f32s(&self.carry.iahp).0, at);
        let rows = before_reset.len() / vectors_per_row;
        for t in (0..rows).rev() {
            let row = t * vectors_per_row + at;
            let v: [_; K] = load(simd, before_reset, row);
            let d_spikes: [_; K] = load(simd, d_spikes, row);
            let mut d_v = [simd.splat_f32s(0.0); K];
            let mut d_after = flow;
            let mut threshold_gradient = d_v;
            if !d_vmem.is_empty() {
                let d_vmem: [_; K] = load(simd, d_vmem, row);
                for k in 0..K {
                    d_after[k] = simd.add_f32s(d_after[k], d_vmem[k]);
                }
            }
            for k in 0..K {
                let mut d_count = simd.add_f32s(d_spikes[k], d_each_spike[k]);
                if GENERAL {
                    d_count = simd.mul_add_e_f32s(d_iahp[k], adaptation.weight[k], d_count);
                }
                // A spike and the reset that it brings, for each threshold of membrane.
                let d_multiple =
                    simd.mul_add_e_f32s(d_count, lanes.inverse_threshold[k], simd.neg_f32s(d_after[k]));
                let slope = self.surrogate.lanes(simd, v[k], lanes.threshold[k], lanes.inverse_threshold[k]);
                d_v[k] = simd.mul_add_e_f32s(d_multiple, slope, d_after[k]);
                if GENERAL {
                    threshold_gradient[k] = simd.mul_f32s(d_multiple, slope);
                }
                if !d_before_reset.is_empty() {
                    d_v[k] = simd.add_f32s(d_v[k], d_before_reset[row + k]);
                }
                flow[k] = simd.mul_f32s(d_v[k], lanes.alpha[k]);
            }
            if SYNAPSE {
                for k in 0..K {
                    d_isyn[k] = simd.mul_f32s(simd.add_f32s(d_v[k], d_isyn[k]), decay[k]);
                }
                store::<S, K>(d_current, row, d_isyn);
            } else {
                store::<S, K>(d_current, row, d_v);
            }
            if GENERAL {
                if let Some(learn) = &mut self.learn {
                    let earlier = (t > 0).then(|| load::<S, K>(simd, before_reset, row - vectors_per_row));
                    let values = StepValues { v, d_v, d_after, threshold_gradient, d_iahp };
                    learn.add(simd, &lanes, &adaptation, values, earlier, (row, at));
                }
                for k in 0..K {
                    d_iahp[k] = simd.mul_f32s(simd.add_f32s(d_v[k], d_iahp[k]), adaptation.decay[k]);
                }
            }
        }
        store::<S, K>(S::as_mut_simd_f32s(&mut self.carry.vmem).0, at, flow);
        store::<S, K>(S::as_mut_simd_f32s(&mut self.carry.iahp).0, at, d_iahp);
        if let Some(synapse) = &mut self.synapse {
            store::<S, K>(S::as_mut_simd_f32s(synapse.state).0, at, d_isyn);
        }
    }
}

/// Values of one step that the gradients of constants are made of.
struct StepValues<S: Simd, const K: usize> {
    v: [S::f32s; K],
    d_v: [S::f32s; K],
    d_after: [S::f32s; K],
    /// The gradient on the spikes times the surrogate.
    threshold_gradient: [S::f32s; K],
    d_iahp: [S::f32s; K],
}

impl Learn<'_> {
    #[inline(always)]
    fn add<S: Simd, const K: usize>(
        &mut self,
        simd: S,
        lanes: &Lanes<S, K>,
        adaptation: &AdaptationLanes<S, K>,
        values: StepValues<S, K>,
        earlier: Option<[S::f32s; K]>,
        (row, at): (usize, usize),
    ) {
        let earlier = earlier.or_else(|| self.before.map(|row| load(simd, S::as_simd_f32s(row).0, at)));
        let iahp = S::as_simd_f32s(self.iahp).0;
        let [alpha, threshold, bias, ahp_decay, ahp_weight] =
            self.sums.all_mut().map(|sums| S::as_mut_simd_f32s(sums).0);
        for k in 0..K {
            let (spikes_before, v_before) = match earlier {
                Some(v) => {
                    let spikes = lanes.spikes(simd, k, v[k]);
                    (spikes, lanes.reset(simd, k, v[k], spikes))
                }
                None => (
                    S::as_simd_f32s(&self.start.spikes).0[at + k],
                    S::as_simd_f32s(&self.start.vmem).0[at + k],
                ),
            };
            let add = |sums: &mut [S::f32s], x: S::f32s, y: S::f32s| {
                sums[at + k] = simd.mul_add_e_f32s(x, y, sums[at + k]);
            };
            let one = simd.splat_f32s(1.0);
            add(alpha, values.d_v[k], v_before);
            add(bias, values.d_v[k], one);
            let spikes = lanes.spikes(simd, k, values.v[k]);
            let multiple = simd.mul_f32s(values.v[k], lanes.inverse_threshold[k]);
            add(threshold, simd.neg_f32s(values.threshold_gradient[k]), multiple);
            add(threshold, simd.neg_f32s(values.d_after[k]), spikes);
            if !iahp.is_empty() {
                let gradient = simd.add_f32s(values.d_v[k], values.d_iahp[k]);
                add(ahp_weight, simd.mul_f32s(gradient, adaptation.decay[k]), spikes_before);
                // The current is the decay times what was decayed; none is left of a decay of 0.
                let decays = simd.greater_than_f32s(adaptation.decay[k], simd.splat_f32s(f32::MIN_POSITIVE));
                let divisor = simd.select_f32s(decays, adaptation.decay[k], one);
                add(ahp_decay, gradient, simd.div_f32s(iahp[row + k], divisor));
            }
        }
    }
}
