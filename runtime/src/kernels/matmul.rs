//! Products of whole sequences with matrices, all row-major.
//!
//! Spikes are sparse: a product is done by adding rows, one per event, while few counts are not
//! zero, and by a dense matrix product above that. The choice depends on the data alone.

use gemm::{Parallelism, gemm};

use super::rows::{add_events, add_scaled};
use super::vectorised;

/// Share of counts that are not zero up to which adding rows is quicker (measured at 16 to 256
/// columns).
const SPARSE: f64 = 0.3;

/// A product of matrices in which every axis may be walked backwards or across.
#[derive(Clone, Copy)]
struct Strided<'a> {
    data: &'a [f32],
    row: usize,
    column: usize,
}

/// `y += x @ w` with `x` `[time, sources]`, `w` `[sources, columns]`, `y` `[time, columns]`.
pub(crate) fn forward(x: &[f32], w: &[f32], y: &mut [f32], sources: usize, columns: usize) {
    if sources == 0 || columns == 0 {
        return;
    }
    if is_sparse(x) {
        vectorised(
            #[inline(always)]
            || {
                for (counts, out) in x.chunks_exact(sources).zip(y.chunks_exact_mut(columns)) {
                    add_events(out, counts, w);
                }
            },
        );
    } else {
        let x = Strided { data: x, row: sources, column: 1 };
        let w = Strided { data: w, row: columns, column: 1 };
        dense(x, w, y, [x.data.len() / sources, sources, columns]);
    }
}

/// `d_w += x^T @ d_y`, the gradient of [`forward`] by the matrix.
pub(crate) fn gradient_of_matrix(x: &[f32], d_y: &[f32], d_w: &mut [f32], sources: usize, columns: usize) {
    if sources == 0 || columns == 0 {
        return;
    }
    if is_sparse(x) {
        vectorised(
            #[inline(always)]
            || {
                for (counts, row) in x.chunks_exact(sources).zip(d_y.chunks_exact(columns)) {
                    for (&count, acc) in counts.iter().zip(d_w.chunks_exact_mut(columns)) {
                        if count != 0.0 {
                            add_scaled(acc, count, row);
                        }
                    }
                }
            },
        );
    } else {
        let time = x.len() / sources;
        let x = Strided { data: x, row: 1, column: sources };
        let d_y = Strided { data: d_y, row: columns, column: 1 };
        dense(x, d_y, d_w, [sources, time, columns]);
    }
}

/// `d_x += d_y @ w^T`, the gradient of [`forward`] by the counts.
pub(crate) fn gradient_of_counts(d_y: &[f32], w: &[f32], d_x: &mut [f32], sources: usize, columns: usize) {
    if sources == 0 || columns == 0 {
        return;
    }
    let d_y = Strided { data: d_y, row: columns, column: 1 };
    let w = Strided { data: w, row: 1, column: columns };
    dense(d_y, w, d_x, [d_y.data.len() / columns, columns, sources]);
}

fn is_sparse(x: &[f32]) -> bool {
    let events: usize = x.iter().map(|&count| usize::from(count != 0.0)).sum();
    (events as f64) < SPARSE * x.len() as f64
}

/// `out += left @ right`, with extents `[m, k, n]` and `out` row-major.
///
/// # Panics
/// Where a slice is too short for its extents and strides.
#[expect(
    unsafe_code,
    reason = "the matrix product of `gemm` takes pointers; its bounds are checked above it"
)]
fn dense(left: Strided<'_>, right: Strided<'_>, out: &mut [f32], [m, k, n]: [usize; 3]) {
    if m == 0 || k == 0 || n == 0 {
        return;
    }
    let last = |a: &Strided<'_>, rows: usize, columns: usize| (rows - 1) * a.row + (columns - 1) * a.column;
    assert!(last(&left, m, k) < left.data.len(), "the left matrix has all its elements");
    assert!(last(&right, k, n) < right.data.len(), "the right matrix has all its elements");
    assert!(m * n <= out.len(), "the product has room");
    // SAFETY: by the assertions above every element that the strides reach lies in its slice, and
    // `out` is borrowed exclusively, so it overlaps neither operand.
    unsafe {
        gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            true,
            left.data.as_ptr(),
            left.column as isize,
            left.row as isize,
            right.data.as_ptr(),
            right.column as isize,
            right.row as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `out += left @ right` as it is written, in f64.
    fn plain(
        left: impl Fn(usize, usize) -> f32,
        right: impl Fn(usize, usize) -> f32,
        [m, k, n]: [usize; 3],
    ) -> Vec<f64> {
        let dot = |i, j| (0..k).map(|l| f64::from(left(i, l)) * f64::from(right(l, j))).sum();
        (0..m * n).map(|x| dot(x / n, x % n)).collect()
    }

    fn close(found: &[f32], expected: &[f64], what: &str) {
        for (i, (f, e)) in found.iter().zip(expected).enumerate() {
            assert!((f64::from(*f) - 0.5 - e).abs() < 1e-4, "{what} at {i}: {f}, not 0.5 + {e}");
        }
    }

    #[test]
    fn products_agree_with_the_definition_for_sparse_and_dense_counts() {
        let (time, sources, columns) = (13, 7, 19);
        let noise = |i: usize| (crate::random::mix(5, i as u32) as f32 / u32::MAX as f32) - 0.5;
        for keep in [2, 1000] {
            let x: Vec<f32> = (0..time * sources)
                .map(|i| if crate::random::mix(9, i as u32) % 10 < keep { noise(i) * 3.0 } else { 0.0 })
                .collect();
            let w: Vec<f32> = (0..sources * columns).map(|i| noise(i + 500)).collect();
            let d_y: Vec<f32> = (0..time * columns).map(|i| noise(i + 900)).collect();

            let mut y = vec![0.5; time * columns];
            forward(&x, &w, &mut y, sources, columns);
            let shape = [time, sources, columns];
            close(&y, &plain(|t, i| x[t * sources + i], |i, c| w[i * columns + c], shape), "forward");

            let mut d_w = vec![0.5; sources * columns];
            gradient_of_matrix(&x, &d_y, &mut d_w, sources, columns);
            let shape = [sources, time, columns];
            close(&d_w, &plain(|i, t| x[t * sources + i], |t, c| d_y[t * columns + c], shape), "matrix");

            let mut d_x = vec![0.5; time * sources];
            gradient_of_counts(&d_y, &w, &mut d_x, sources, columns);
            let shape = [time, columns, sources];
            close(&d_x, &plain(|t, c| d_y[t * columns + c], |c, i| w[i * columns + c], shape), "counts");
        }
    }
}
