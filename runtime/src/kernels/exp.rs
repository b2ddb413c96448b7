//! An exponential and rounding of vectors for the surrogate gradient, and a floor of single numbers.

use pulp::Simd;

/// `floor(x)` for `x >= 0`, without the library call that SSE2 would need.
#[inline(always)]
pub(crate) fn floor_positive(x: f32) -> f32 {
    // From 2^23 on every f32 is whole; below, adding and subtracting it rounds to nearest.
    const WHOLE: f32 = 8_388_608.0;
    let rounded = (x + WHOLE) - WHOLE;
    let floored = if rounded > x { rounded - 1.0 } else { rounded };
    if x < WHOLE { floored } else { x }
}

/// `2^x` of each lane for `-100 <= x <= 0`, relative error below 3e-7; below -100 it stays at `2^-100`.
///
/// `x = n + r` with `|r| <= 1/2`, then the polynomial of degree 5 that is nearest to `2^r` and exact at 0
/// with its slope, and the exponent `n` set in the bits.
#[inline(always)]
pub(crate) fn exp2_negative_lanes<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    // Adding 1.5 * 2^23 + 127 rounds to a whole number and leaves it in the low bits, with the exponent's offset.
    const ROUND: f32 = 12_583_039.0;
    // From the highest power down: those of `exp`, times powers of ln 2.
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

/// Whole numbers up to this are told apart by [`round_lanes`] and by the count of spikes.
pub(crate) const MAX_ROUNDED: f32 = 4_194_304.0;

/// The nearest whole number of each lane, for `0 <= x <=` [`MAX_ROUNDED`].
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

    /// `2^x` in the first lane of a vector.
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
