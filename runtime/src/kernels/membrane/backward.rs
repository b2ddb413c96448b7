//! The scan of a block, backward, and the gradients that it passes on.

use pulp::{Arch, Simd, WithSimd};
use synnet_ir::graph::Reset;

use super::{AdaptationLanes, Constants, Lanes, State, Synapse, synapse_lanes, unless_spiking};
use crate::kernels::surrogate::SurrogateGradient;
use crate::kernels::{for_chunks, load, store};

/// Gradients on the states before a block, which the preceding block takes over. One value per neuron.
#[derive(Clone, Debug, Default)]
pub(crate) struct Carry {
    /// With respect to the membrane after reset.
    pub(crate) vmem: Vec<f32>,
    /// With respect to the after-hyperpolarization current.
    pub(crate) iahp: Vec<f32>,
}

impl Carry {
    /// Returns gradients of zero.
    pub(crate) fn new(width: usize) -> Self {
        Self { vmem: vec![0.0; width], iahp: vec![0.0; width] }
    }

    /// Sets all gradients to zero.
    pub(crate) fn clear(&mut self) {
        self.vmem.fill(0.0);
        self.iahp.fill(0.0);
    }
}

/// Gradients with respect to a layer's constants, summed over time. One value per neuron.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConstantSums {
    /// With respect to the membrane's decay.
    pub(crate) alpha: Vec<f32>,
    pub(crate) threshold: Vec<f32>,
    pub(crate) bias: Vec<f32>,
    /// With respect to the decay of the after-hyperpolarization current.
    pub(crate) ahp_decay: Vec<f32>,
    /// With respect to the after-hyperpolarization current per spike.
    pub(crate) ahp_weight: Vec<f32>,
}

impl ConstantSums {
    /// Returns sums of zero.
    pub(crate) fn new(width: usize) -> Self {
        let zeros = || vec![0.0; width];
        Self { alpha: zeros(), threshold: zeros(), bias: zeros(), ahp_decay: zeros(), ahp_weight: zeros() }
    }

    /// Returns the sums in the order of the fields.
    pub(crate) fn all_mut(&mut self) -> [&mut Vec<f32>; 5] {
        [&mut self.alpha, &mut self.threshold, &mut self.bias, &mut self.ahp_decay, &mut self.ahp_weight]
    }
}

/// What the gradients of constants require besides the membranes.
pub(crate) struct Learn<'a> {
    /// Membrane before reset in the step before the block, `[width]`; `None` if that step is before the span.
    pub(crate) before: Option<&'a [f32]>,
    /// The state before the span, which takes the place of `before`.
    pub(crate) start: &'a State,
    /// After-hyperpolarization current of the block, `[rows, width]`; empty without adaptation.
    pub(crate) iahp: &'a [f32],
    /// Increased by the gradients of the block.
    pub(crate) sums: &'a mut ConstantSums,
}

/// The scan of a block, backward: from gradients on spikes and membranes to gradients on the current. Buffers
/// are `[rows, width]` unless stated otherwise.
pub(crate) struct Backward<'a, L> {
    pub(crate) constants: &'a Constants,
    pub(crate) surrogate: L,
    /// Membrane before reset, from the forward pass.
    pub(crate) before_reset: &'a [f32],
    /// Gradient on the spikes.
    pub(crate) d_spikes: &'a [f32],
    /// Gradient on every spike of a neuron, in addition to `d_spikes`, `[width]`.
    pub(crate) d_each_spike: &'a [f32],
    /// Gradient on the membrane after reset; empty for none.
    pub(crate) d_vmem: &'a [f32],
    /// Gradient of the penalty on the membrane before reset; empty for none.
    pub(crate) d_before_reset: &'a [f32],
    pub(crate) carry: &'a mut Carry,
    pub(crate) synapse: Option<Synapse<'a>>,
    /// Output: gradient on the current; with a fused synapse, on its input.
    pub(crate) d_current: &'a mut [f32],
    /// `None` if no parameter of the neurons is trainable.
    pub(crate) learn: Option<Learn<'a>>,
}

impl<L: SurrogateGradient> Backward<'_, L> {
    /// Runs the scan with the instructions of `arch`.
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
        // The general form needs more registers, so it takes fewer vectors at a time.
        let general = self.learn.is_some() || self.constants.adaptation.is_some();
        macro_rules! run {
            ($chunks:tt, $general:literal, $synapse:literal, $zero:literal) => {
                for_chunks!(vectors_per_row, $chunks, |at, K| self
                    .columns::<S, K, $general, $synapse, $zero>(simd, at))
            };
        }
        match (self.constants.reset, general, self.synapse.is_some()) {
            (Reset::Subtract, true, true) => run!([2, 1], true, true, false),
            (Reset::Subtract, true, false) => run!([2, 1], true, false, false),
            (Reset::Subtract, false, true) => run!([4, 2, 1], false, true, false),
            (Reset::Subtract, false, false) => run!([4, 2, 1], false, false, false),
            (Reset::Zero, true, true) => run!([2, 1], true, true, true),
            (Reset::Zero, true, false) => run!([2, 1], true, false, true),
            (Reset::Zero, false, true) => run!([4, 2, 1], false, true, true),
            (Reset::Zero, false, false) => run!([4, 2, 1], false, false, true),
        }
    }
}

impl<L: SurrogateGradient> Backward<'_, L> {
    /// Runs the neurons of `K` vectors from vector `at` on. `GENERAL`: with adaptation and gradients of
    /// constants; `SYNAPSE`: the synapse is fused; `ZERO`: the reset is to zero.
    #[inline(always)]
    fn columns<S: Simd, const K: usize, const GENERAL: bool, const SYNAPSE: bool, const ZERO: bool>(
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
                // The reset is differentiated, not detached, as in Rockpool's LIFTorch: a spike takes `theta`
                // from the membrane, so its total gradient is `d_count - theta * d_after`. It is divided by
                // `theta` here, since the surrogate comes multiplied by it. A reset to zero takes `v`; the
                // membrane itself passes gradients on only without a spike.
                let (d_multiple, d_kept) = if ZERO {
                    let d_spike = simd.negate_mul_add_e_f32s(v[k], d_after[k], d_count);
                    let spikes = lanes.spikes(simd, k, v[k]);
                    (
                        simd.mul_f32s(d_spike, lanes.inverse_threshold[k]),
                        unless_spiking(simd, spikes, d_after[k]),
                    )
                } else {
                    let d_after = d_after[k];
                    let reset = simd.neg_f32s(d_after);
                    (simd.mul_add_e_f32s(d_count, lanes.inverse_threshold[k], reset), d_after)
                };
                let slope = self.surrogate.lanes(simd, v[k], lanes.threshold[k], lanes.inverse_threshold[k]);
                d_v[k] = simd.mul_add_e_f32s(d_multiple, slope, d_kept);
                if GENERAL {
                    threshold_gradient[k] = simd.mul_f32s(d_multiple, slope);
                }
                // The penalty acts on the membrane itself, not through the spikes or the threshold.
                if !d_before_reset.is_empty() {
                    d_v[k] = simd.add_f32s(d_v[k], d_before_reset[row + k]);
                }
                flow[k] = simd.mul_f32s(d_v[k], lanes.alpha[k]);
            }
            // An input decays in its own step, so the gradients on it and on the previous current are equal.
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
                    let multiple = |k: usize| {
                        self.surrogate.threshold_factor(simd, simd.mul_f32s(v[k], lanes.inverse_threshold[k]))
                    };
                    learn.add::<S, K, ZERO>(
                        simd,
                        &lanes,
                        &adaptation,
                        values,
                        std::array::from_fn(multiple),
                        earlier,
                        (row, at),
                    );
                }
                // After `learn`, which needs the gradient from the next step; `d_iahp` then belongs to the
                // previous step, whose spikes receive it.
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

/// The values of one step from which the gradients of constants are computed.
struct StepValues<S: Simd, const K: usize> {
    /// Membrane before reset.
    v: [S::f32s; K],
    /// Gradient on the membrane before reset.
    d_v: [S::f32s; K],
    /// Gradient on the membrane after reset.
    d_after: [S::f32s; K],
    /// Gradient on the spikes, reset included, times the surrogate.
    threshold_gradient: [S::f32s; K],
    /// Gradient on the after-hyperpolarization current through the next step.
    d_iahp: [S::f32s; K],
}

impl Learn<'_> {
    /// Adds the gradients of one step. The threshold's, through the surrogate, is `-factors` times that of the
    /// membrane. `earlier` is the membrane before reset of the previous step, if it is
    /// in the block; `row` indexes the step's first vector in a `[rows, width]` buffer, `at` that in a row.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "the values of one step, in registers")]
    fn add<S: Simd, const K: usize, const ZERO: bool>(
        &mut self,
        simd: S,
        lanes: &Lanes<S, K>,
        adaptation: &AdaptationLanes<S, K>,
        values: StepValues<S, K>,
        factors: [S::f32s; K],
        earlier: Option<[S::f32s; K]>,
        (row, at): (usize, usize),
    ) {
        let earlier = earlier.or_else(|| self.before.map(|row| load(simd, S::as_simd_f32s(row).0, at)));
        let iahp = S::as_simd_f32s(self.iahp).0;
        let [alpha, threshold, bias, ahp_decay, ahp_weight] =
            self.sums.all_mut().map(|sums| S::as_mut_simd_f32s(sums).0);
        for k in 0..K {
            // The previous step's spikes and reset are recomputed from its membrane: a few operations instead
            // of 8 more bytes per neuron per step.
            let (spikes_before, v_before) = match earlier {
                Some(v) => {
                    let spikes = lanes.spikes(simd, k, v[k]);
                    (spikes, lanes.reset::<ZERO>(simd, k, v[k], spikes))
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
            // The threshold acts through the surrogate, and through a reset that subtracts it once per spike.
            add(threshold, simd.neg_f32s(values.threshold_gradient[k]), factors[k]);
            if !ZERO {
                let spikes = lanes.spikes(simd, k, values.v[k]);
                add(threshold, simd.neg_f32s(values.d_after[k]), spikes);
            }
            if !iahp.is_empty() {
                let gradient = simd.add_f32s(values.d_v[k], values.d_iahp[k]);
                add(ahp_weight, simd.mul_f32s(gradient, adaptation.decay[k]), spikes_before);
                // d iahp / d decay is what was decayed, `iahp / decay`. With a decay of 0, `iahp` is 0.
                let decays = simd.greater_than_f32s(adaptation.decay[k], simd.splat_f32s(f32::MIN_POSITIVE));
                let divisor = simd.select_f32s(decays, adaptation.decay[k], one);
                add(ahp_decay, gradient, simd.div_f32s(iahp[row + k], divisor));
            }
        }
    }
}
