//! Rounding of scaled numbers to the chip's integers.

use super::statistics::Limits;
use crate::specification::MAX_DASH;

/// Rounds to the nearest integer, with halves to even, and saturates at `-limit` and `limit`, which are below 2^51.
#[inline]
pub(super) fn round(x: f64, limit: f64) -> f64 {
    // The last bit of a float of this size is worth 1, so the addition rounds, by the processor's default mode. Unlike
    // `round_ties_even`, it needs no library call on baseline x86-64, and vectorizes.
    const UNIT: f64 = (1u64 << 52) as f64 * 1.5;
    let x = if x.is_nan() { 0.0 } else { x };
    (x.clamp(-limit, limit) + UNIT) - UNIT
}

/// Returns a threshold on the chip: at least 1, because a neuron with threshold 0 would spike without input.
pub(super) fn threshold(x: f64, scale: f64, limits: &Limits) -> f64 {
    round(x * scale, limits.threshold).max(1.0)
}

/// Returns the bit shift of a leak on the chip, 0 to 15.
pub(super) fn dash(x: f64) -> f64 {
    round(x, MAX_DASH.into()).max(0.0)
}

/// Returns `2^shift`, by which the chip multiplies weights.
pub(super) fn shift_factor(shift: u8) -> f64 {
    f64::from(1u32 << shift)
}
