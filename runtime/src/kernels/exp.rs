//! Floor, rounding and an exponential without library calls or branches.

use pulp::Simd;

/// Returns `floor(x)` for `x >= 0`, without the library call that `f32::floor` is on SSE2.
#[inline(always)]
pub(crate) fn floor_positive(x: f32) -> f32 {
    // From 2^23 on, every f32 is an integer. Below, adding and subtracting 2^23 rounds to the nearest
    // integer, which is then corrected downward.
    const WHOLE: f32 = 8_388_608.0;
    let rounded = (x + WHOLE) - WHOLE;
    let floored = if rounded > x { rounded - 1.0 } else { rounded };
    if x < WHOLE { floored } else { x }
}

/// Returns `2^x` of each lane for `-100 <= x <= 0`, with a relative error below 3e-7. Below -100 the result
/// stays at `2^-100`, so that a far surrogate gradient is tiny but not zero.
///
/// With `x = n + r`, `n` an integer and `|r| <= 1/2`, the result is a minimax polynomial of degree 5 for
/// `2^r` (exact in value and slope at 0) times `2^n`, whose bits are set directly.
#[inline(always)]
pub(crate) fn exp2_negative_lanes<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits of the significand; 127 is the
    // bias of the exponent, which the shift by 23 below moves into place.
    const ROUND: f32 = 12_583_039.0;
    // From the highest power down: coefficients of `exp`, times powers of ln 2.
    const COEFFICIENTS: [f32; 6] =
        [1.330_025_6e-3, 9.669_708e-3, 5.550_56e-2, 0.240_222_82, std::f32::consts::LN_2, 1.0];
    let splat = |x| simd.splat_f32s(x);
    let x = simd.max_f32s(x, splat(-100.0));
    let shifted = simd.add_f32s(x, splat(ROUND));
    let r = simd.sub_f32s(x, simd.sub_f32s(shifted, splat(ROUND)));
    let mut polynomial = splat(COEFFICIENTS[0]);
    for coefficient in &COEFFICIENTS[1..] {
        polynomial = simd.mul_add_e_f32s(polynomial, r, splat(*coefficient));
    }
    let exponent = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    simd.mul_f32s(polynomial, simd.transmute_f32s_u32s(exponent))
}

/// Upper limit of [`round_lanes`] and of spike counts in training, 2^22. The sum of it and 2^23 still has a
/// unit in the last place of 1.
pub(crate) const MAX_ROUNDED: f32 = 4_194_304.0;

/// Returns the nearest integer of each lane, for `0 <= x <=` [`MAX_ROUNDED`].
#[inline(always)]
pub(crate) fn round_lanes<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let whole = simd.splat_f32s(8_388_608.0);
    simd.sub_f32s(simd.add_f32s(x, whole), whole)
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};

    use super::*;
    use crate::kernels::archs;

    /// Returns `2^x` from the first lane of a vector.
    fn exp2(x: f32, arch: Arch) -> f32 {
        struct Lanes(f32);
        impl WithSimd for Lanes {
            type Output = f32;

            fn with_simd<S: Simd>(self, simd: S) -> f32 {
                let powers = exp2_negative_lanes(simd, simd.splat_f32s(self.0));
                pulp::bytemuck::cast_slice::<_, f32>(&[powers])[0]
            }
        }
        arch.dispatch(Lanes(x))
    }

    #[test]
    fn powers_are_exact_to_3e_7() {
        for arch in archs() {
            for i in 0..100_000 {
                let x = -(i as f32) * 1e-3;
                let exact = f64::from(x).exp2();
                let error = (f64::from(exp2(x, arch)) - exact).abs() / exact;
                assert!(error < 3e-7, "2^{x}: relative error {error}");
            }
            assert_eq!(exp2(0.0, arch), 1.0);
            assert_eq!(exp2(f32::NEG_INFINITY, arch), exp2(-100.0, arch));
        }
    }

    #[test]
    fn floor_matches_std() {
        let edges = [0.0, 0.5, 0.999_999_94, 1.0, 2.5, 8_388_607.5, 8_388_608.0, 1.6e7, 3e38, f32::INFINITY];
        let grid = (0..100_000).map(|i| i as f32 * 0.037);
        for x in edges.into_iter().chain(grid) {
            assert_eq!(floor_positive(x), x.floor(), "{x}");
        }
    }
}
