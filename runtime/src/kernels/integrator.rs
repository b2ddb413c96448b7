//! The leaky integrator: `isyn = (isyn + input) * decay`.

use super::vectorised;

/// One step of leaky integration, `isyn = (isyn + input) * decay`, over a row.
#[inline(always)]
pub(crate) fn integrate(isyn: &mut [f32], input: &[f32], decay: &[f32]) {
    for ((i, &x), &d) in isyn.iter_mut().zip(input).zip(decay) {
        *i = (*i + x) * d;
    }
}

/// A whole sequence `[time, width]` of leaky integration from rest; `isyn` gets every step.
pub(crate) fn forward(input: &[f32], decay: &[f32], isyn: &mut [f32]) {
    let width = decay.len().max(1);
    vectorised(
        #[inline(always)]
        || {
            let mut state = vec![0.0; decay.len()];
            for (x, out) in input.chunks_exact(width).zip(isyn.chunks_exact_mut(width)) {
                integrate(&mut state, x, decay);
                out.copy_from_slice(&state);
            }
        },
    );
}

/// The gradient of [`forward`]: from `d_isyn` to `d_input`, and added to `d_decay` where wanted.
pub(crate) fn backward(
    input: &[f32],
    decay: &[f32],
    isyn: &[f32],
    d_isyn: &[f32],
    d_input: &mut [f32],
    mut d_decay: Option<&mut [f32]>,
) {
    let width = decay.len().max(1);
    let mut carry = vec![0.0; decay.len()];
    for t in (0..input.len() / width).rev() {
        let row = t * width..(t + 1) * width;
        for (n, i) in row.enumerate() {
            let g = carry[n] + d_isyn[i];
            if let Some(d_decay) = &mut d_decay {
                let before = if t > 0 { isyn[i - width] } else { 0.0 };
                d_decay[n] += g * (before + input[i]);
            }
            carry[n] = g * decay[n];
            d_input[i] = carry[n];
        }
    }
}
