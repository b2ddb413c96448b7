//! Scans of synaptic currents over a block: `isyn = (isyn + input) * decay`, and its gradient.

use pulp::{Arch, Simd, WithSimd};

use super::{for_chunks, load, store};

/// Replaces inputs by currents, in place.
pub(crate) struct Forward<'a> {
    /// Decay per step of each column, `[width]`.
    pub(crate) decay: &'a [f32],
    /// Inputs, then currents, `[rows, width]`.
    pub(crate) rows: &'a mut [f32],
    /// The current before the block, then after it, `[width]`.
    pub(crate) state: &'a mut [f32],
}

impl Forward<'_> {
    /// Runs the kernel with the instructions of `arch`.
    pub(crate) fn run(self, arch: Arch) {
        if !self.decay.is_empty() {
            arch.dispatch(self);
        }
    }
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let decay = S::as_simd_f32s(self.decay).0;
        let rows = S::as_mut_simd_f32s(self.rows).0;
        let state = S::as_mut_simd_f32s(self.state).0;
        for_chunks!(decay.len(), [4, 2, 1], |at, K| {
            let factor: [_; K] = load(simd, decay, at);
            // The current stays in registers over the whole block.
            let mut isyn: [_; K] = load(simd, state, at);
            for row in rows.chunks_exact_mut(decay.len()) {
                let input: [_; K] = load(simd, row, at);
                for k in 0..K {
                    isyn[k] = simd.mul_f32s(simd.add_f32s(isyn[k], input[k]), factor[k]);
                }
                store::<S, K>(row, at, isyn);
            }
            store::<S, K>(state, at, isyn);
        });
    }
}

/// Replaces gradients on currents by gradients on inputs, in place, from the last step of a block to the
/// first.
pub(crate) struct Backward<'a> {
    /// Decay per step of each column, `[width]`.
    pub(crate) decay: &'a [f32],
    /// Gradient on the currents through everything but the next step's current; then on the inputs.
    /// `[rows, width]`.
    pub(crate) rows: &'a mut [f32],
    /// Gradient on the last current through the following block; then on the current before the block.
    /// `[width]`.
    pub(crate) carry: &'a mut [f32],
    /// The currents, `[rows, width]`, and the sums of the decays' gradient, `[width]`; `None` if the leak is
    /// not trainable.
    pub(crate) learn: Option<(&'a [f32], &'a mut [f32])>,
}

impl Backward<'_> {
    /// Runs the kernel with the instructions of `arch`.
    pub(crate) fn run(self, arch: Arch) {
        if !self.decay.is_empty() {
            arch.dispatch(self);
        }
    }
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let decay = S::as_simd_f32s(self.decay).0;
        let rows = S::as_mut_simd_f32s(self.rows).0;
        let carry = S::as_mut_simd_f32s(self.carry).0;
        let width = decay.len();
        if let Some((isyn, d_decay)) = self.learn {
            let (isyn, d_decay) = (S::as_simd_f32s(isyn).0, S::as_mut_simd_f32s(d_decay).0);
            for_chunks!(width, [2, 1], |at, K| {
                let factor: [_; K] = load(simd, decay, at);
                let mut sums: [_; K] = load(simd, d_decay, at);
                let mut flow: [_; K] = load(simd, carry, at);
                for (row, isyn) in rows.chunks_exact_mut(width).zip(isyn.chunks_exact(width)).rev() {
                    let (from_outside, isyn): ([_; K], [_; K]) = (load(simd, row, at), load(simd, isyn, at));
                    for k in 0..K {
                        let gradient = simd.add_f32s(from_outside[k], flow[k]);
                        // d isyn / d decay is what was decayed, `isyn / decay`. With a decay of 0, which
                        // padding has, `isyn` is 0 and so is the result.
                        let decays = simd.greater_than_f32s(factor[k], simd.splat_f32s(f32::MIN_POSITIVE));
                        let divisor = simd.select_f32s(decays, factor[k], simd.splat_f32s(1.0));
                        let decayed = simd.div_f32s(isyn[k], divisor);
                        sums[k] = simd.mul_add_e_f32s(gradient, decayed, sums[k]);
                        flow[k] = simd.mul_f32s(gradient, factor[k]);
                    }
                    store::<S, K>(row, at, flow);
                }
                store::<S, K>(carry, at, flow);
                store::<S, K>(d_decay, at, sums);
            });
        } else {
            for_chunks!(width, [4, 2, 1], |at, K| {
                let factor: [_; K] = load(simd, decay, at);
                let mut flow: [_; K] = load(simd, carry, at);
                for row in rows.chunks_exact_mut(width).rev() {
                    let from_outside: [_; K] = load(simd, row, at);
                    for k in 0..K {
                        flow[k] = simd.mul_f32s(simd.add_f32s(from_outside[k], flow[k]), factor[k]);
                    }
                    store::<S, K>(row, at, flow);
                }
                store::<S, K>(carry, at, flow);
            });
        }
    }
}
