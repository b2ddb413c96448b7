//! The numbers in which filters and spike generator compute: floats for vectors of 64-bit processors, integers for the
//! rest.

use core::fmt::Debug;
use core::ops::{Add, Sub};

use super::bank::{FACTORS, FRACTIONAL_BITS};
use super::{CHANNELS, Lanes};

/// A form of the numbers: [`Floats`] or [`Integers`]. Both give the same integers.
pub trait Arithmetic: Operations {}

/// All quantities are integers, stored as `f64`: every value and every product stays below 2^53 units of its last bit,
/// so the arithmetic is exact.
///
/// The reason is speed: vectors of baseline x86-64 have neither a 64-bit arithmetic shift nor a signed widening
/// multiplication, but they have `f64`; the same holds for NEON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Floats;

/// `i32`, and `i64` for sums, for processors without vectors of `f64`. A product takes one instruction on a Cortex-M3 or
/// better; on a Cortex-M0+, it is made of products of 32 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Integers;

/// The form that is faster on the processor for which the crate is compiled.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "wasm32"))]
pub type Native = Floats;
/// The form that is faster on the processor for which the crate is compiled.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "wasm32")))]
pub type Native = Integers;

impl Arithmetic for Floats {}
impl Arithmetic for Integers {}

/// What the formulas of [`bank`](super::bank) and [`spikes`](super::spikes) need. Each operation is exact within the
/// stated ranges.
pub trait Operations: Copy + Debug + Default + PartialEq {
    /// Whether a block of audio is processed channel by channel, if channels do not depend on each other. Their states
    /// then stay in registers. Otherwise all channels of a sample are processed at once, in vectors.
    const CHANNEL_BY_CHANNEL: bool;

    /// Samples, states and outputs of filters, averages: magnitudes below 2^28.
    type Narrow: Copy + Debug + Default + PartialEq + PartialOrd + Sub<Output = Self::Narrow>;
    /// Sums and thresholds: magnitudes up to 2^53.
    type Wide: Copy
        + Debug
        + Default
        + PartialEq
        + PartialOrd
        + Add<Output = Self::Wide>
        + Sub<Output = Self::Wide>;
    /// Spikes of a time step: 0 to 2^32 - 1.
    type Count: Copy + Debug + Default + PartialEq;
    /// The exponent of a division by a power of two, prepared.
    type Shift: Copy + Debug + PartialEq;

    fn narrow(value: i32) -> Self::Narrow;
    fn to_i32(value: Self::Narrow) -> i32;
    fn magnitude(value: Self::Narrow) -> Self::Narrow;

    fn wide(value: u64) -> Self::Wide;
    fn widen(value: Self::Narrow) -> Self::Wide;
    /// Multiplies a number from 0 to 2^24 by one from 0 to 2^20.
    fn product(value: Self::Narrow, factor: Self::Narrow) -> Self::Wide;

    /// Returns the floor of `values · FACTORS[c] / 2^FRACTIONAL_BITS`.
    fn recursion(values: [Self::Narrow; 3], c: usize) -> Self::Narrow;

    /// Prepares a division by `2^exponent`, with exponents up to 20.
    fn shift(exponent: u32) -> Self::Shift;
    /// Divides a number from 0 to `2^28 * 2^exponent`, and returns the floor.
    fn shift_right(value: Self::Wide, shift: Self::Shift) -> Self::Narrow;

    /// Returns whether `sum` reaches `threshold`, and what is left of it, less the threshold in this case.
    fn compare(sum: Self::Wide, threshold: Self::Wide) -> (bool, Self::Wide);

    /// Adds one if the condition holds.
    fn count(count: Self::Count, condition: bool) -> Self::Count;
    fn to_u32(count: Self::Count) -> u32;
}

impl Operations for Floats {
    const CHANNEL_BY_CHANNEL: bool = false;

    type Narrow = f64;
    type Wide = f64;
    type Count = f64;
    /// `2^-exponent`, and [`floor_offset`] of the exponent.
    type Shift = [f64; 2];

    #[inline(always)]
    fn narrow(value: i32) -> f64 {
        f64::from(value)
    }

    #[inline(always)]
    fn to_i32(value: f64) -> i32 {
        value as i32
    }

    #[inline(always)]
    fn magnitude(value: f64) -> f64 {
        value.abs()
    }

    #[inline(always)]
    fn wide(value: u64) -> f64 {
        value as f64
    }

    #[inline(always)]
    fn widen(value: f64) -> f64 {
        value
    }

    #[inline(always)]
    fn product(value: f64, factor: f64) -> f64 {
        value * factor
    }

    #[inline(always)]
    fn recursion([x, w1, w2]: [f64; 3], c: usize) -> f64 {
        // All terms are multiples of 2^-15 below 2^30, so the sum is exact.
        let input = x * GAINS[0][c] + const { floor_offset(FRACTIONAL_BITS) };
        round(input + w2 * GAINS[2][c] + w1 * GAINS[1][c])
    }

    #[inline(always)]
    fn shift(exponent: u32) -> [f64; 2] {
        [1.0 / (1_u64 << exponent) as f64, floor_offset(exponent)]
    }

    #[inline(always)]
    fn shift_right(value: f64, [factor, offset]: [f64; 2]) -> f64 {
        round(value * factor + offset)
    }

    #[inline(always)]
    fn compare(sum: f64, threshold: f64) -> (bool, f64) {
        let fires = sum >= threshold;
        (fires, sum - if fires { threshold } else { 0.0 })
    }

    #[inline(always)]
    fn count(count: f64, condition: bool) -> f64 {
        count + if condition { 1.0 } else { 0.0 }
    }

    #[inline(always)]
    fn to_u32(count: f64) -> u32 {
        count as u32
    }
}

impl Operations for Integers {
    const CHANNEL_BY_CHANNEL: bool = true;

    type Narrow = i32;
    type Wide = i64;
    type Count = u32;
    type Shift = u32;

    #[inline(always)]
    fn narrow(value: i32) -> i32 {
        value
    }

    #[inline(always)]
    fn to_i32(value: i32) -> i32 {
        value
    }

    #[inline(always)]
    fn magnitude(value: i32) -> i32 {
        value.wrapping_abs()
    }

    #[inline(always)]
    fn wide(value: u64) -> i64 {
        value.cast_signed()
    }

    #[inline(always)]
    fn widen(value: i32) -> i64 {
        i64::from(value)
    }

    #[inline(always)]
    fn product(value: i32, factor: i32) -> i64 {
        if cfg!(no_long_multiplication) {
            halves::product(value, factor)
        } else {
            whole::product(value, factor)
        }
    }

    #[inline(always)]
    fn recursion([x, w1, w2]: [i32; 3], c: usize) -> i32 {
        // The factor of the input is a multiple of the divisor, so only the feedback is rounded.
        let input = x.wrapping_mul(FACTORS[0][c] >> FRACTIONAL_BITS);
        let (states, factors) = ([w1, w2], [FACTORS[1][c], FACTORS[2][c]]);
        let feedback = if cfg!(no_long_multiplication) {
            halves::feedback(states, factors)
        } else {
            whole::feedback(states, factors)
        };
        input.wrapping_add(feedback)
    }

    #[inline(always)]
    fn shift(exponent: u32) -> u32 {
        exponent
    }

    #[inline(always)]
    fn shift_right(value: i64, shift: u32) -> i32 {
        // The result has 28 bits: two shifts of 32 bits take less code than one of 64 by a variable.
        let [low, high] = [value as u32, (value >> 32) as u32];
        ((low >> (shift & 31)) | (high << 1 << (31 - (shift & 31)))) as i32
    }

    #[inline(always)]
    fn compare(sum: i64, threshold: i64) -> (bool, i64) {
        let rest = sum - threshold;
        if rest >= 0 { (true, rest) } else { (false, sum) }
    }

    #[inline(always)]
    fn count(count: u32, condition: bool) -> u32 {
        count.wrapping_add(u32::from(condition))
    }

    #[inline(always)]
    fn to_u32(count: u32) -> u32 {
        count
    }
}

/// Products of 64 bits, for processors that multiply numbers of 32 bits to one of 64.
#[cfg_attr(no_long_multiplication, allow(dead_code, reason = "tests compare both"))]
mod whole {
    use super::FRACTIONAL_BITS;

    #[inline(always)]
    pub(super) fn product(value: i32, factor: i32) -> i64 {
        i64::from(value) * i64::from(factor)
    }

    /// Returns the floor of `states · factors / 2^FRACTIONAL_BITS`.
    #[inline(always)]
    pub(super) fn feedback([w1, w2]: [i32; 2], [f1, f2]: [i32; 2]) -> i32 {
        ((product(w1, f1) + product(w2, f2)) >> FRACTIONAL_BITS) as i32
    }
}

/// The same in products of 32 bits, which are all that a Cortex-M0+ has: one of 64 bits is a call of 40 instructions.
#[cfg_attr(not(no_long_multiplication), allow(dead_code, reason = "tests compare both"))]
mod halves {
    use super::FRACTIONAL_BITS;

    #[inline(always)]
    pub(super) fn product(value: i32, factor: i32) -> i64 {
        // The value has 24 bits and the factor 20: both products fit into 32.
        let (value, factor) = (value.cast_unsigned(), factor.cast_unsigned());
        let (high, low) = ((value >> 12).wrapping_mul(factor), (value & 0xFFF).wrapping_mul(factor));
        ((u64::from(high) << 12) + u64::from(low)).cast_signed()
    }

    #[inline(always)]
    pub(super) fn feedback(states: [i32; 2], [f1, f2]: [i32; 2]) -> i32 {
        let sum = |[w1, w2]: [i32; 2]| w1.wrapping_mul(f1).wrapping_add(w2.wrapping_mul(f2));
        // Of the low parts, positive and negative terms stay within 32 bits: see the assertion below.
        let high = sum(states.map(|w| w >> FRACTIONAL_BITS));
        let low = sum(states.map(|w| w & ((1 << FRACTIONAL_BITS) - 1)));
        high.wrapping_add(low >> FRACTIONAL_BITS)
    }

    const _: () = {
        let mut c = 0;
        while c < super::CHANNELS {
            let (mut positive, mut negative, mut k) = (0_i64, 0_i64, 1);
            while k < 3 {
                let factor = super::FACTORS[k][c] as i64;
                if factor > 0 {
                    positive += factor
                } else {
                    negative += factor
                }
                k += 1;
            }
            let largest = (1 << FRACTIONAL_BITS) - 1;
            assert!(positive * largest <= i32::MAX as i64 && negative * largest >= i32::MIN as i64);
            c += 1;
        }
    };
}

/// [`FACTORS`] over `2^FRACTIONAL_BITS`.
const GAINS: [Lanes<f64>; 3] = {
    let mut gains = [[0.0; CHANNELS]; 3];
    let mut k = 0;
    while k < 3 {
        let mut c = 0;
        while c < CHANNELS {
            gains[k][c] = FACTORS[k][c] as f64 / (1_u64 << FRACTIONAL_BITS) as f64;
            c += 1;
        }
        k += 1;
    }
    gains
};

/// Rounds to the nearest integer, for magnitudes below 2^51. With [`floor_offset`] added to `value`, this is
/// the floor.
#[inline(always)]
fn round(value: f64) -> f64 {
    // From 2^52 to 2^53, the unit in the last place is 1. `f64::floor` is a library call on baseline x86-64.
    const MAGIC: f64 = 1.5 * (1_u64 << 52) as f64;
    (value + MAGIC) - MAGIC
}

/// Returns what to add to a number of `fractional_bits` fractional bits so that [`round`] gives its floor.
const fn floor_offset(fractional_bits: u32) -> f64 {
    // -1/2 turns rounding to nearest into the floor; half a unit of the last bit avoids ties.
    0.5 / (1_u64 << fractional_bits) as f64 - 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_with_the_offset_is_the_floor() {
        for bits in [0, 1, 7, 15, 20] {
            let unit = 1.0 / f64::from(1_u32 << bits);
            for base in [0.0, 1.0, -1.0, 7.0, -8.0, (1_u32 << 28) as f64, -((1_u32 << 28) as f64)] {
                for steps in [-2.0, -1.0, 0.0, 1.0, 2.0] {
                    let value: f64 = base + steps * unit;
                    assert_eq!(round(value + floor_offset(bits)), value.floor(), "{value} with {bits} bits");
                }
            }
        }
    }

    fn feedback_factors() -> impl Iterator<Item = (usize, [i32; 2])> {
        FACTORS[1].into_iter().zip(FACTORS[2]).map(|(f1, f2)| [f1, f2]).enumerate()
    }

    #[test]
    fn products_in_halves_equal_whole_ones() {
        let mut state = 1_u32;
        let mut next = |bits: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> (32 - bits)).cast_signed()
        };
        for _ in 0..10_000 {
            let (value, factor) = (next(24), next(20));
            assert_eq!(halves::product(value, factor), whole::product(value, factor), "{value} * {factor}");
            let states = [next(29) - (1 << 28), next(29) - (1 << 28)];
            for (c, factors) in feedback_factors() {
                assert_eq!(
                    halves::feedback(states, factors),
                    whole::feedback(states, factors),
                    "{states:?}, {c}"
                );
            }
        }
        let (value, factor) = (1 << 24, 1 << 20);
        assert_eq!(halves::product(value - 1, factor - 1), whole::product(value - 1, factor - 1));
        for states in
            [[0, 0], [-1, -1], [32767, 0], [32767, 32767], [-1, 0], [(1 << 28) - 1; 2], [-(1 << 28); 2]]
        {
            for (c, factors) in feedback_factors() {
                assert_eq!(
                    halves::feedback(states, factors),
                    whole::feedback(states, factors),
                    "{states:?}, {c}"
                );
            }
        }
    }

    #[test]
    fn both_forms_divide_alike() {
        for exponent in 0..=20 {
            let largest = (1_u64 << 24 << exponent) - 1;
            for value in [0, 1, largest / 3, (1 << exponent) - 1, 1 << exponent, largest - 1, largest] {
                let integer =
                    Integers::shift_right(Integers::wide(value), <Integers as Operations>::shift(exponent));
                let float = Floats::shift_right(Floats::wide(value), <Floats as Operations>::shift(exponent));
                assert_eq!(i64::from(integer), (value >> exponent) as i64);
                assert_eq!(float, f64::from(integer));
            }
        }
    }
}
