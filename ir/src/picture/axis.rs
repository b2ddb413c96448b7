//! Axis ticks, and the format of numbers.

/// Returns about `count` round values that cover the range from `low` to `high`.
pub fn ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    // Widen an empty range, in proportion to its position, so that the step is not 0.
    let high = high.max(low + 1e-6 * low.abs()).max(low + 1e-300);
    let raw = (high - low) / count.max(1) as f64;
    let magnitude = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * magnitude)
        .find(|step| *step >= raw * (1.0 - 1e-9))
        .unwrap_or(10.0 * magnitude);
    let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
    let steps = (last - first).clamp(1.0, 2.0 * count.max(1) as f64 + 2.0) as usize;
    (0..=steps).map(|i| (first + i as f64) * step).collect()
}

/// Returns about `count` whole numbers from 1 to `last`, both included.
pub fn whole_ticks(last: usize, count: usize) -> Vec<f64> {
    if last <= count {
        return (1..=last.max(1)).map(|n| n as f64).collect();
    }
    let step = ticks(0.0, last as f64, count).get(1).copied().unwrap_or(1.0).max(1.0).round();
    let mut values = vec![1.0];
    let mut next = step;
    while next < last as f64 {
        // Skip a tick whose label would overlap the last one.
        if next > 1.0 && last as f64 - next > 0.6 * step {
            values.push(next);
        }
        next += step;
    }
    values.push(last as f64);
    values
}

/// Returns at most about `count` powers of ten that cover a range of positive values.
pub fn decades(low: f64, high: f64, count: usize) -> Vec<f64> {
    let (first, last) = ((low.log10() + 1e-9).floor() as i32, (high.log10() - 1e-9).ceil() as i32);
    let last = last.max(first + 1);
    let every = ((last - first) as usize).div_ceil(count.max(1)).max(1);
    let last = last + (every as i32 - (last - first) % every as i32) % every as i32;
    (first..=last).step_by(every).map(|exponent| 10f64.powi(exponent)).collect()
}

/// Formats a number with three significant digits, without trailing zeros.
pub fn format_number(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    if !x.is_finite() {
        return x.to_string();
    }
    let size = x.abs();
    if !(1e-4..1e6).contains(&size) {
        let text = format!("{x:.1e}");
        return text.replace(".0e", "e").replace("e-", "e\u{2212}");
    }
    let decimals = (2 - size.log10().floor() as i32).max(0) as usize;
    let text = format!("{x:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover() {
        for (low, high, expected) in [
            (0.0, 1.0, vec![0.0, 0.25, 0.5, 0.75, 1.0]),
            (0.1, 2.3, vec![0.0, 1.0, 2.0, 3.0]),
            (-0.4, 0.3, vec![-0.4, -0.2, 0.0, 0.2, 0.4]),
        ] {
            let found = ticks(low, high, 4);
            assert_eq!(found.len(), expected.len(), "{found:?}");
            assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        }
        for (low, high) in [(5.0, 5.0), (0.0, 0.0), (1e30, 1e30), (-1e-30, 0.0), (0.0, 1e300)] {
            let found = ticks(low, high, 4);
            assert!(found.len() >= 2 && found.iter().all(|x| x.is_finite()), "{low} {high}: {found:?}");
            let slack = 1e-9 * high.abs();
            assert!(found[0] <= low + slack && found[found.len() - 1] >= high - slack, "{found:?}");
        }
        assert_eq!(whole_ticks(3, 6), [1.0, 2.0, 3.0]);
        assert_eq!(whole_ticks(100, 5), [1.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(whole_ticks(101, 5).last(), Some(&101.0));
        assert_eq!(decades(0.003, 4.0, 5), [1e-3, 1e-2, 1e-1, 1.0, 10.0]);
        assert_eq!(decades(1e-9, 1.0, 3).len(), 4);
    }

    #[test]
    fn numbers_have_three_significant_digits() {
        for (x, text) in [
            (0.0, "0"),
            (0.5, "0.5"),
            (1.0, "1"),
            (0.012345, "0.0123"),
            (1234.5, "1234"),
            (-2.5, "\u{2212}2.5"),
            (1e-7, "1e\u{2212}7"),
            (2.5e8, "2.5e8"),
        ] {
            assert_eq!(format_number(x), text);
        }
    }
}
