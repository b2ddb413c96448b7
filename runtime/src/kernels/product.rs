//! The dense product of a block with a matrix: register-tiled, after Goto and van de Geijn (2008).

use pulp::{Arch, Simd, WithSimd};

use super::{for_chunks, load, store};

/// Computes `out += left @ right`.
pub(crate) struct Product<'a> {
    /// Element `(m, l)` is at `m * row + l * column`, so that the left operand may be transposed.
    pub(crate) left: &'a [f32],
    /// Stride between the rows of `left`.
    pub(crate) row: usize,
    /// Stride between the columns of `left`.
    pub(crate) column: usize,
    /// Number of columns of `left`.
    pub(crate) inner: usize,
    /// `[inner, width]`.
    pub(crate) right: &'a [f32],
    /// Width of `right` and `out`, a multiple of [`LANES`](super::LANES).
    pub(crate) width: usize,
    /// `[rows, width]`.
    pub(crate) out: &'a mut [f32],
}

impl Product<'_> {
    /// Runs the kernel with the instructions of `arch`.
    pub(crate) fn run(self, arch: Arch) {
        if self.width > 0 && self.inner > 0 {
            arch.dispatch(self);
        }
    }
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let vectors_per_row = self.width / S::F32_LANES;
        let left = Left { data: self.left, row: self.row, column: self.column, inner: self.inner };
        let right = S::as_simd_f32s(self.right).0;
        let out = S::as_mut_simd_f32s(self.out).0;
        let rows = out.len() / vectors_per_row;
        // A tile keeps its accumulators, its part of a row of `right` and one broadcast in registers: 6 * 4 +
        // 4 + 1 of 32, or 6 * 2 + 2 + 1 of 16. AVX-512 then reaches the limit of the core's multiply-adds.
        if S::REGISTER_COUNT >= 32 {
            for_chunks!(vectors_per_row, [4, 2, 1], |at, K| columns::<S, 6, K>(
                simd,
                left,
                right,
                out,
                rows,
                vectors_per_row,
                at
            ));
        } else {
            for_chunks!(vectors_per_row, [2, 1], |at, K| columns::<S, 6, K>(
                simd,
                left,
                right,
                out,
                rows,
                vectors_per_row,
                at
            ));
        }
    }
}

/// The left operand of a [`Product`], with its strides.
#[derive(Clone, Copy)]
struct Left<'a> {
    data: &'a [f32],
    row: usize,
    column: usize,
    inner: usize,
}

/// Computes the columns `at..at + K` (in vectors) of all rows, in tiles of `M` rows, then of 2 and 1.
#[inline(always)]
fn columns<S: Simd, const M: usize, const K: usize>(
    simd: S,
    left: Left<'_>,
    right: &[S::f32s],
    out: &mut [S::f32s],
    rows: usize,
    vectors_per_row: usize,
    at: usize,
) {
    let mut m = 0;
    while m + M <= rows {
        tile::<S, M, K>(simd, left, m, right, out, vectors_per_row, at);
        m += M;
    }
    while m + 2 <= rows {
        tile::<S, 2, K>(simd, left, m, right, out, vectors_per_row, at);
        m += 2;
    }
    if m < rows {
        tile::<S, 1, K>(simd, left, m, right, out, vectors_per_row, at);
    }
}

/// Computes the tile of `M` rows from row `from` on, and `K` vectors from vector `at` on.
#[inline(always)]
fn tile<S: Simd, const M: usize, const K: usize>(
    simd: S,
    left: Left<'_>,
    from: usize,
    right: &[S::f32s],
    out: &mut [S::f32s],
    vectors_per_row: usize,
    at: usize,
) {
    let mut sums = [[simd.splat_f32s(0.0); K]; M];
    for (m, sums) in sums.iter_mut().enumerate() {
        *sums = load(simd, out, (from + m) * vectors_per_row + at);
    }
    // Each element of `out` is summed in the order of `l`, whatever the size of the tile: results do not
    // depend on the width of the vectors.
    let left_rows = &left.data[from * left.row..];
    for (l, right) in right.chunks_exact(vectors_per_row).take(left.inner).enumerate() {
        let right: [S::f32s; K] = load(simd, right, at);
        for (m, sums) in sums.iter_mut().enumerate() {
            let factor = simd.splat_f32s(left_rows[m * left.row + l * left.column]);
            for k in 0..K {
                sums[k] = simd.mul_add_e_f32s(factor, right[k], sums[k]);
            }
        }
    }
    for (m, sums) in sums.into_iter().enumerate() {
        store::<S, K>(out, (from + m) * vectors_per_row + at, sums);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{archs, padded};

    #[test]
    fn products_match_the_definition_for_all_shapes() {
        let noise = |i: usize| (synnet_random::mix(5, i as u32) as f32 / u32::MAX as f32) - 0.5;
        for (rows, inner, columns) in
            [(1, 1, 1), (6, 3, 16), (13, 7, 19), (48, 60, 60), (7, 5, 100), (3, 9, 150)]
        {
            let width = padded(columns);
            let left: Vec<f32> = (0..rows * inner).map(noise).collect();
            let right: Vec<f32> = (0..inner * width).map(|i| noise(i + 900)).collect();
            for (transposed, arch) in [false, true].into_iter().flat_map(|t| archs().map(move |a| (t, a))) {
                let (row, column) = if transposed { (1, rows) } else { (inner, 1) };
                let mut out = vec![0.5; rows * width];
                Product { left: &left, row, column, inner, right: &right, width, out: &mut out }.run(arch);
                for (i, &found) in out.iter().enumerate() {
                    let (m, n) = (i / width, i % width);
                    let term = |l| f64::from(left[m * row + l * column]) * f64::from(right[l * width + n]);
                    let expected = 0.5 + (0..inner).map(term).sum::<f64>();
                    assert!((f64::from(found) - expected).abs() < 1e-5, "{rows} x {inner} x {columns}: {i}");
                }
            }
        }
    }
}
