//! The resolution of a time's type, which decides whether a time lies on the grid of time steps.

use half::f16;

/// The resolution of the type in which times are stored. [`Binning`](crate::Binning) documents the rules.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Resolution {
    /// A floating-point number of this many bits: 16, 32 or 64.
    Float(u8),
    /// A decimal number with at most this many digits after the point.
    Decimal(i32),
}

impl Resolution {
    /// Integers of any width.
    pub(crate) const INTEGER: Self = Self::Decimal(0);
    /// Floats of 64 bits.
    #[cfg(test)]
    pub(crate) const DOUBLE: Self = Self::Float(64);

    /// Returns the step of a finite time of 0 or more, as an integral number. The duration of a step, `dt`, is
    /// in the unit of the time.
    pub(crate) fn step(self, time: f64, dt: f64) -> f64 {
        let step = (time / dt).floor();
        let next = (step + 1.0) * dt;
        if self.is_written_as(next, time, dt) && !self.is_written_as(step * dt, time, dt) {
            step + 1.0
        } else {
            step
        }
    }

    /// Returns whether `boundary`, the start of a step, is `time` when it is written in this type.
    fn is_written_as(self, boundary: f64, time: f64, dt: f64) -> bool {
        match self {
            // f16 and f32 are exact in f64, so that equal numbers are the same one.
            Self::Float(16) => f64::from(f16::from_f64(without_noise(boundary))) == time,
            Self::Float(32) => f64::from(without_noise(boundary) as f32) == time,
            Self::Float(_) => is_close(boundary, time),
            Self::Decimal(digits) => {
                let unit = 10_f64.powi(-digits);
                // A little less than one half, so that rounding errors of f64 do not move a tie.
                let limit = (0.499_999 * unit).min(dt / 8.0);
                is_close(boundary, time) || (unit <= dt && (boundary - time).abs() <= limit)
            }
        }
    }
}

/// Returns whether two numbers are equal but for the rounding errors of a sum in f64.
fn is_close(a: f64, b: f64) -> bool {
    const TOLERANCE: f64 = 1.0 / (1_u64 << 38) as f64;
    (a - b).abs() <= TOLERANCE * a
}

/// Rounds a finite number of 0 or more to 48 bits. A product has errors in its last bits, which must not
/// decide between two numbers of a type that are equally near.
fn without_noise(number: f64) -> f64 {
    const DROPPED: u64 = 1 << 5;
    f64::from_bits((number.to_bits() + DROPPED / 2) & !(DROPPED - 1))
}

/// Returns the number of digits after the point of a decimal number such as `0.25` (2), `2.5e-3` (4) or `1e3`
/// (0).
pub(crate) fn decimals(number: &str) -> i32 {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let digits = mantissa.split_once('.').map_or(0, |(_, digits)| digits.len());
    let digits = i64::try_from(digits).unwrap_or(i64::MAX);
    let exponent: i64 = exponent.parse().unwrap_or_default();
    // No f64 has more digits than its smallest number, about 5e-324.
    digits.saturating_sub(exponent).clamp(0, 400) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Durations of a step in seconds, as numerator and denominator.
    const STEPS: [(f64, f64); 5] = [(1.0, 1e4), (1.0, 1e3), (1.0, 400.0), (1.0, 100.0), (1.0, 3000.0)];
    /// Units of time per second.
    const UNITS: [f64; 4] = [1.0, 1e3, 1e6, 1e9];

    /// Checks that times of steps are in them, and a time that is a unit of the type before a step is in the
    /// step before. `write` returns a time as it is stored, `before` the next smaller number of the type.
    /// Returns the number of pairs of step and unit in which the type resolves every step.
    fn check(
        resolution: impl Fn(f64) -> Resolution,
        write: impl Fn(f64) -> f64,
        before: impl Fn(f64) -> f64,
        resolves: impl Fn(f64, f64) -> bool,
    ) -> usize {
        let mut checked = 0;
        for (numerator, denominator) in STEPS {
            for unit in UNITS {
                // As a recipe gives it: both numbers in f64, in seconds.
                let (dt, exact) = (numerator / denominator / (1.0 / unit), numerator * unit / denominator);
                let mut count = 0;
                for k in (0..100_000).map(f64::from) {
                    let time = write(k * numerator * unit / denominator);
                    if !time.is_finite() || !resolves(time, exact) {
                        break;
                    }
                    count += 1;
                    let resolution = resolution(dt);
                    assert_eq!(resolution.step(time, dt), k, "{k} steps of {dt}: {time}, {resolution:?}");
                    let middle = write((k + 0.5) * exact);
                    if middle < write((k + 1.0) * exact) {
                        assert_eq!(resolution.step(middle, dt), k, "{middle} with {dt}");
                    }
                    let earlier = before(time);
                    // Unless the type is as fine as f64.
                    if k > 0.0 && earlier < k * exact * (1.0 - 1e-11) {
                        let step = resolution.step(earlier, dt);
                        assert!(step < k, "{earlier} with {dt}: step {step}, {resolution:?}");
                    }
                }
                checked += usize::from(count == 100_000);
            }
        }
        checked
    }

    #[test]
    fn times_of_steps_are_in_their_steps() {
        let half = |x: f64| f64::from(f16::from_f64(x));
        let half_before = |x: f64| f64::from(f16::from_bits(f16::from_f64(x).to_bits().saturating_sub(1)));
        // Numbers are at most 2^-10 and 2^-23 apart.
        check(|_| Resolution::Float(16), half, half_before, |x, dt| x / 1024.0 < dt);
        let single = |x: f64| f64::from(x as f32);
        let single_before = |x: f64| f64::from((x as f32).next_down());
        assert_eq!(20, check(|_| Resolution::Float(32), single, single_before, |x, dt| x / 8_388_608.0 < dt));
        let double_before = |x: f64| x * (1.0 - 2e-11);
        assert_eq!(20, check(|_| Resolution::DOUBLE, |x| x, double_before, |_, _| true));
        for digits in [0, 1, 3, 6, 9] {
            let scale = 10_f64.powi(digits);
            let resolves = |_, dt| 4.0 <= dt * scale || dt * scale == 1.0;
            let write = |x: f64| format!("{x:.*}", digits as usize).parse().unwrap();
            let before = |x: f64| (x * scale - 1.0).round() / scale;
            let resolved = check(|_| Resolution::Decimal(digits), write, before, resolves);
            assert!(resolved >= 12, "{digits}: {resolved}");
        }
    }

    #[test]
    fn sums_of_steps_are_in_their_steps() {
        for (numerator, denominator) in STEPS {
            let dt = numerator / denominator;
            let mut time = 0.0;
            for k in 0..100_000 {
                assert_eq!(Resolution::DOUBLE.step(time, dt), f64::from(k));
                time += dt;
            }
        }
    }

    #[test]
    fn earlier_times_stay_in_their_steps() {
        for (resolution, time, dt, step) in [
            // 2.99 steps of 1 ms, exact.
            (Resolution::Decimal(5), 0.00299, 0.001, 2.0),
            (Resolution::Decimal(6), 0.002_999, 0.001, 2.0),
            (Resolution::DOUBLE, 0.002_999_999_99, 0.001, 2.0),
            (Resolution::Float(32), f64::from(0.002_999_999_f32), 0.001, 2.0),
            // Fewer digits than the step has are no reason to move a time by much.
            (Resolution::Decimal(1), 0.1, 0.007, 14.0),
            (Resolution::Decimal(2), 0.03, 0.011, 2.0),
            (Resolution::Decimal(3), 0.007, 0.0025, 2.0),
            (Resolution::INTEGER, 12.0, 2.5, 4.0),
            (Resolution::INTEGER, 17.0, 2.5, 6.0),
            (Resolution::INTEGER, 999_999.0, 1e6, 0.0),
            (Resolution::INTEGER, 333.0, 1e3 / 3.0, 1.0),
            (Resolution::INTEGER, 332.0, 1e3 / 3.0, 0.0),
            // A type that is too coarse: 8 s and the next number, 8.0078125 s.
            (Resolution::Float(16), 8.0, 0.001, 8000.0),
            (Resolution::Float(16), 8.007_812_5, 0.001, 8007.0),
        ] {
            assert_eq!(resolution.step(time, dt), step, "{time} with {dt}, {resolution:?}");
        }
    }

    #[test]
    fn digits_after_the_point_are_counted() {
        for (number, digits) in [
            ("1", 0),
            ("1.", 0),
            (".25", 2),
            ("0.250", 3),
            ("2.5e-3", 4),
            ("2.5E+1", 0),
            ("1e3", 0),
            ("inf", 0),
        ] {
            assert_eq!(decimals(number), digits, "{number}");
        }
        assert_eq!((decimals("1e-999999999999"), decimals("1e-99999999999999999999")), (400, 0));
    }
}
