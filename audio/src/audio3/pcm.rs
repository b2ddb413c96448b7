//! Resampling of 16-bit PCM in integers, with the results of the formula in `f64`.

use super::resample::{FloatSegment, Interpolation, Position, Segment};

/// Number of input samples up to which the result equals that in `f64`.
const SAME_AS_FLOATS: u64 = 1 << 28;

impl Interpolation for i16 {
    type Segment = PcmSegment;

    #[inline]
    fn segment(from: i16, to: i16, _: &Position) -> PcmSegment {
        PcmSegment { from, to }
    }

    fn quantized(self) -> i16 {
        // 16 bits to 14, truncated toward zero.
        self / 4
    }
}

/// A segment in integers.
pub struct PcmSegment {
    from: i16,
    to: i16,
}

impl Segment for PcmSegment {
    #[inline]
    fn reaches(&self, position: &Position) -> bool {
        position.phase < Position::INTERVAL
    }

    #[inline]
    fn includes(&self, position: &Position) -> bool {
        // If the recording ends exactly at the next output sample, rounding in `f64` decides: at the end of a
        // recording. Until then, the sample is held.
        position.phase < 2 * Position::INTERVAL
    }

    #[inline]
    fn value(&self, position: &Position) -> i16 {
        const INTERVAL: u32 = Position::INTERVAL as u32;
        let difference = i64::from(self.to) - i64::from(self.from);
        // The exact value in units of `1 / (4 * INTERVAL)`, below 2^34.
        let exact = i64::from(self.from) * Position::INTERVAL + difference * position.phase;
        let magnitude = exact.unsigned_abs();
        let quarter = (magnitude >> 2) as u32;
        let whole = quarter / INTERVAL;
        if position.received < SAME_AS_FLOATS && difference != 0 && position.phase != 0 {
            // With u = 2^-53, a time `T` has an error of `u * T`, the slope a relative one of `2 * u * (T * rate + 1)`,
            // and the value, which changes by up to 2, one of `8 * u * (received + 1)`. In the units of `rest`, this is
            // below `received / 2^16`.
            let rest = (quarter % INTERVAL) * 4 + (magnitude & 3) as u32;
            let error = (position.received >> 16) as u32;
            // Truncation makes 0 of both sides of 0.
            let may_be_less = rest <= error && whole > 0;
            let may_be_more = rest + error >= 4 * INTERVAL;
            if may_be_less || may_be_more {
                return self.in_floats(position);
            }
        }
        let whole = whole as i16;
        if exact < 0 { -whole } else { whole }
    }
}

impl PcmSegment {
    /// Evaluates the formula in `f64`. Rarely needed, so it does not belong into the loop.
    #[cold]
    #[inline(never)]
    fn in_floats(&self, position: &Position) -> i16 {
        let [from, to] = [self.from, self.to].map(|sample| f64::from(sample) / 32768.0);
        let segment: FloatSegment = f64::segment(from, to, position);
        segment.value(position)
    }
}
