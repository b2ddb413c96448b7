//! The leaky integrator: `isyn = (isyn + input) * decay`.

/// One step of leaky integration, `isyn = (isyn + input) * decay`, over a row.
#[inline(always)]
pub(crate) fn integrate(isyn: &mut [f32], input: &[f32], decay: &[f32]) {
    for ((i, &x), &d) in isyn.iter_mut().zip(input).zip(decay) {
        *i = (*i + x) * d;
    }
}
