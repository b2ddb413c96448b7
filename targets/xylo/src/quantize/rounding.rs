//! From a scaled number to the chip's.

use super::neuron::Limits;
use crate::specification::MAX_DASH;

/// Rounds to the nearest whole number, halves to the even one, and saturates at both ends.
#[inline]
pub(super) fn round(x: f64, limit: f64) -> f64 {
    // Where a float is this large, its last bit is worth 1.
    const UNIT: f64 = (1u64 << 52) as f64 * 1.5;
    let x = if x.is_nan() { 0.0 } else { x };
    (x.clamp(-limit, limit) + UNIT) - UNIT
}

/// A threshold on the chip; with 0 a neuron would spike without input.
pub(super) fn threshold(x: f64, scale: f64, limits: &Limits) -> f64 {
    round(x * scale, limits.threshold).max(1.0)
}

/// The bit shift of a leak on the chip.
pub(super) fn dash(x: f64) -> f64 {
    round(x, MAX_DASH.into()).max(0.0)
}

/// What a shift multiplies weights by.
pub(super) fn shift_factor(shift: u8) -> f64 {
    f64::from(1u32 << shift)
}
