//! Additions of rows, in the canonical arithmetic of the interpreter.

/// Computes `acc += factor * row` per element, with two roundings. Rust never fuses them by itself.
#[inline(always)]
pub(crate) fn add_scaled(acc: &mut [f32], factor: f32, row: &[f32]) {
    for (a, &x) in acc.iter_mut().zip(row) {
        *a += factor * x;
    }
}

/// Computes `acc += row` per element.
#[inline(always)]
pub(crate) fn add(acc: &mut [f32], row: &[f32]) {
    for (a, &x) in acc.iter_mut().zip(row) {
        *a += x;
    }
}

/// Computes `acc += counts @ matrix`, whose rows are as wide as `acc`: sources in ascending order, silent
/// ones skipped. This is the canonical order of the float model.
#[inline(always)]
pub(crate) fn add_events(acc: &mut [f32], counts: &[f32], matrix: &[f32]) {
    let width = acc.len();
    if width == 0 {
        return;
    }
    for (&count, row) in counts.iter().zip(matrix.chunks_exact(width)) {
        // Adding `0 * row` would not change the sum; most counts are 0.
        if count != 0.0 {
            add_scaled(acc, count, row);
        }
    }
}
