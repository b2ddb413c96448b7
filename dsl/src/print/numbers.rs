//! Numbers, times and lists that evaluate to exactly the given values.

use crate::vocabulary::Unit;

/// Returns a number in the fewest digits.
pub(super) fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value:.0}") } else { format!("{value:?}") }
}

/// Returns a time in the largest unit in which it is at least 1, if few digits express it exactly; else in seconds.
pub(super) fn time(seconds: f64) -> String {
    let units = [Unit::Second, Unit::Millisecond, Unit::Microsecond, Unit::Nanosecond];
    let exact = |unit: &Unit| {
        // From the shortest on, and never more digits than an f64 has.
        (0..17).find_map(|digits| {
            let text = format!("{:.digits$e}", seconds / unit.size());
            let value: f64 = text.parse().ok()?;
            (unit.to_base(value) == seconds).then(|| format!("{} {}", number(value), unit.name()))
        })
    };
    let fitting = units.iter().filter(|unit| seconds >= unit.size()).find_map(exact);
    // A second has the size 1, so that every value is exact in it.
    fitting.unwrap_or_else(|| format!("{} s", number(seconds)))
}

/// Returns one value, a list, or the shortest list that `repeat` continues to it.
pub(super) fn values(values: &[f64], write: fn(f64) -> String) -> String {
    let [first, ..] = values else { return "[]".to_owned() };
    if values.len() == 1 {
        return write(*first);
    }
    let repeats = |period: &usize| (*period..values.len()).all(|i| values[i] == values[i - period]);
    let period = (1..=values.len() / 2).find(repeats).unwrap_or(values.len());
    let list: Vec<String> = values[..period].iter().map(|&value| write(value)).collect();
    let list = format!("[{}]", list.join(", "));
    if period < values.len() { format!("repeat({list})") } else { list }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_and_short() {
        for (seconds, text) in
            [(0.02, "20 ms"), (1e-4, "100 us"), (1.0, "1 s"), (2.5e-3, "2.5 ms"), (3e-10, "3e-10 s")]
        {
            assert_eq!(time(seconds), text);
        }
        for seconds in [0.1 + 0.2, 1.0 / 3.0, 1e-3 / 7.0] {
            let text = time(seconds);
            let (value, unit) = text.split_once(' ').unwrap();
            let unit = Unit::of(unit).unwrap();
            assert_eq!(unit.to_base(value.parse().unwrap()), seconds, "{text}");
        }
    }

    #[test]
    fn lists_repeat_their_shortest_period() {
        assert_eq!(values(&[1.0, 2.0, 1.0, 2.0, 1.0], number), "repeat([1, 2])");
        assert_eq!(values(&[1.0, 1.0], number), "repeat([1])");
        assert_eq!(values(&[1.0, 2.5], number), "[1, 2.5]");
        assert_eq!(values(&[-1e-7], number), "-1e-7");
    }
}
