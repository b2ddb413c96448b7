//! Operations on single rows.

/// `acc += factor * row`, element by element, in two roundings.
#[inline(always)]
pub(crate) fn add_scaled(acc: &mut [f32], factor: f32, row: &[f32]) {
    for (a, &x) in acc.iter_mut().zip(row) {
        *a += factor * x;
    }
}

/// `acc += row`.
#[inline(always)]
pub(crate) fn add(acc: &mut [f32], row: &[f32]) {
    for (a, &x) in acc.iter_mut().zip(row) {
        *a += x;
    }
}

/// `acc += counts @ matrix`, with the rows of the matrix as wide as `acc`: sources in ascending
/// order, silent ones skipped. This is the canonical order of the float model.
#[inline(always)]
pub(crate) fn add_events(acc: &mut [f32], counts: &[f32], matrix: &[f32]) {
    let width = acc.len();
    if width == 0 {
        return;
    }
    for (&count, row) in counts.iter().zip(matrix.chunks_exact(width)) {
        if count != 0.0 {
            add_scaled(acc, count, row);
        }
    }
}
