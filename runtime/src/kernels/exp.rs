//! A vectorisable exponential for the surrogate gradient.

/// `exp(x)` for `x <= 0`, relative error below 3e-7; 0 below -87, where f32 leaves its normal range.
///
/// `x = n ln 2 + r` with `|r| <= ln 2 / 2`, then the Taylor polynomial of degree 6 of `exp(r)` and
/// the exponent `n` set in the bits. There are no branches.
#[inline(always)]
pub(crate) fn exp_negative(x: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let clamped = x.max(-87.0);
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (clamped - n * LN2_HIGH) - n * LN2_LOW;
    let polynomial = 1.0 / 720.0;
    let polynomial = polynomial * r + 1.0 / 120.0;
    let polynomial = polynomial * r + 1.0 / 24.0;
    let polynomial = polynomial * r + 1.0 / 6.0;
    let polynomial = polynomial * r + 0.5;
    let polynomial = polynomial * r + 1.0;
    let polynomial = polynomial * r + 1.0;
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    if x < -87.0 { 0.0 } else { polynomial * f32::from_bits(exponent) }
}

/// `floor(x)` for `x >= 0`, without the library call that SSE2 would need.
#[inline(always)]
pub(crate) fn floor_positive(x: f32) -> f32 {
    // From 2^23 on every f32 is whole; below, adding and subtracting it rounds to nearest.
    const WHOLE: f32 = 8_388_608.0;
    let rounded = (x + WHOLE) - WHOLE;
    let floored = if rounded > x { rounded - 1.0 } else { rounded };
    if x < WHOLE { floored } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_is_exact_to_3e_7() {
        for i in 0..=870_000 {
            let x = -(i as f32) * 1e-4;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp_negative(x)) - exact).abs() / exact;
            assert!(error < 3e-7, "exp({x}): relative error {error}");
        }
        assert_eq!(exp_negative(0.0), 1.0);
        assert_eq!(exp_negative(-100.0), 0.0);
        assert_eq!(exp_negative(f32::NEG_INFINITY), 0.0);
    }

    #[test]
    fn floor_is_that_of_the_library() {
        let edges = [0.0, 0.5, 0.999_999_94, 1.0, 2.5, 8_388_607.5, 8_388_608.0, 1.6e7, 3e38, f32::INFINITY];
        let grid = (0..100_000).map(|i| i as f32 * 0.037);
        for x in edges.into_iter().chain(grid) {
            assert_eq!(floor_positive(x), x.floor(), "{x}");
        }
    }
}
