//! The leaky integrator: one canonical step of synaptic currents.

/// Computes `isyn = (isyn + input) * decay` per element. An input decays in its own step, as in Rockpool's
/// `LIFTorch` and `ExpSynTorch`.
#[inline(always)]
pub(crate) fn integrate(isyn: &mut [f32], input: &[f32], decay: &[f32]) {
    for ((i, &x), &d) in isyn.iter_mut().zip(input).zip(decay) {
        *i = (*i + x) * d;
    }
}
