//! Formatting of quantities for people: one function each for times, numbers, percentages, sizes and tables.

use std::borrow::Cow;
use std::time::Duration;

use crate::graph::Quantity;

/// Replaces characters that act on a terminal by their escapes: `\u{1b}`. They are control characters, except for line
/// feeds and tabs, and the marks by which Unicode changes the direction of text. Names from files and data may have them.
pub fn escape_controls(text: &str) -> Cow<'_, str> {
    let acts = |c: char| {
        c.is_control() && c != '\n' && c != '\t'
            || matches!(c, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if acts(c) { escaped.extend(c.escape_unicode()) } else { escaped.push(c) }
    }
    Cow::Owned(escaped)
}

/// Formats a time in seconds as a person would write it: in the largest unit in which it is at least 1, with up to nine
/// digits.
pub fn format_time(seconds: f64) -> String {
    let (scale, unit) = match seconds.abs() {
        s if s >= 1.0 => (1.0, "s"),
        s if s >= 1e-3 || s == 0.0 => (1e-3, "ms"),
        s if s >= 1e-6 => (1e-6, "us"),
        _ => (1e-9, "ns"),
    };
    // Nine digits hide the rounding of the conversion.
    let rounded: f64 = format!("{:.9e}", seconds / scale).parse().unwrap_or(seconds / scale);
    format!("{rounded} {unit}")
}

/// Formats a time in seconds with four digits.
pub fn format_time_rounded(seconds: f64) -> String {
    let rounded: f64 = format!("{seconds:.3e}").parse().unwrap_or(seconds);
    format_time(rounded)
}

/// Formats a number exactly: with an exponent if it would have many zeros.
pub fn format_exact(value: f64) -> String {
    let is_moderate = value == 0.0 || (1e-6..1e16).contains(&value.abs());
    if is_moderate { value.to_string() } else { format!("{value:e}") }
}

/// Formats an integer as it is, and any other number with four digits.
pub fn format_number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e9 {
        return value.to_string();
    }
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    rounded.to_string()
}

/// Returns a quantity in words: "spikes", "membrane potentials", "synaptic currents".
pub fn quantity_name(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Spikes => "spikes",
        Quantity::Vmem => "membrane potentials",
        Quantity::Isyn => "synaptic currents",
    }
}

/// Formats a rounded number with separated thousands: "12,036".
pub fn format_thousands(number: f64) -> String {
    let plain = format!("{:.0}", number.round());
    let places = plain.len();
    let digits = plain.chars().enumerate();
    digits
        .map(|(i, c)| if i > 0 && (places - i) % 3 == 0 { format!(",{c}") } else { c.to_string() })
        .collect()
}

/// Formats a measured number with three significant digits, trailing zeros included: "10.0", "0.181".
pub fn format_significant(number: f64) -> String {
    let places = (2 - number.abs().max(1e-9).log10().floor() as i32).clamp(0, 6) as usize;
    format!("{number:.places$}")
}

/// Formats a range of measured numbers with their unit, or one number if both are equal.
pub fn format_range(low: f64, high: f64, unit: &str) -> String {
    if low == high {
        format!("{} {unit}", format_significant(low))
    } else {
        format!("{} to {} {unit}", format_significant(low), format_significant(high))
    }
}

/// Returns a fraction, from 0 to 1, in percent with one decimal: "97.5 %".
pub fn format_percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// Returns a fraction, from 0 to 1, in whole percent: "98 %".
pub fn format_whole_percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// Returns a measured time in milliseconds, or in microseconds below one: "10.0 ms".
pub fn format_milliseconds(seconds: f64) -> String {
    if seconds < 1e-3 {
        format!("{} us", format_significant(1e6 * seconds))
    } else {
        format!("{} ms", format_significant(1e3 * seconds))
    }
}

/// Returns a duration in minutes and seconds: "2:05".
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Returns a size in the largest binary unit of which there is at least one: "900 bytes", "3.2 MiB".
pub fn format_bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{size:.1} {}", UNITS[unit]) }
}

/// Returns a count with its noun: "1 layer", "2 layers".
pub fn pluralize(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Cuts the middle of a name that has more than `max` characters: long names of a network often start alike, and the
/// layers of a block end alike.
pub fn shorten(name: &str, max: usize) -> String {
    let count = name.chars().count();
    if count <= max {
        return name.to_owned();
    }
    let head = max / 3;
    let tail = max.saturating_sub(head + 1);
    let (start, end) = (name.chars().take(head), name.chars().skip(count - tail));
    start.chain(std::iter::once('\u{2026}')).chain(end).collect()
}

/// Formats a table with aligned columns: the first holds text, the others numbers. The first row is the head.
pub fn format_table(rows: &[Vec<String>]) -> String {
    aligned(rows, |column| column > 0)
}

/// Formats names and their meanings in two columns of text.
pub fn format_list(rows: &[Vec<String>]) -> String {
    aligned(rows, |_| false)
}

/// Aligns columns to equal widths, two spaces apart.
fn aligned(rows: &[Vec<String>], to_the_right: impl Fn(usize) -> bool) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|s| s.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (c, cell) in row.iter().enumerate() {
            let gap = " ".repeat(widths[c] - cell.chars().count());
            let space = if c == 0 { "" } else { "  " };
            line +=
                &if to_the_right(c) { format!("{space}{gap}{cell}") } else { format!("{space}{cell}{gap}") };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// Indents every line by two spaces.
pub fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!(
            ["7", "999", "1,000", "12,036", "1,234,567"],
            [7.0, 999.0, 1000.0, 12036.4, 1234567.0].map(format_thousands).each_ref().map(String::as_str)
        );
        assert_eq!(
            ["0.181", "1.44", "14.4", "144", "1444"],
            [0.1812, 1.4443, 14.44, 144.4, 1444.0].map(format_significant).each_ref().map(String::as_str)
        );
        assert_eq!([5e-4, 0.01].map(format_milliseconds), ["500 us", "10.0 ms"]);
        assert_eq!(format_duration(Duration::from_secs(125)), "2:05");
    }

    #[test]
    fn sizes_are_readable() {
        for (size, text) in [(900, "900 bytes"), (3_355_443, "3.2 MiB"), (u64::MAX, "16777216.0 TiB")] {
            assert_eq!(format_bytes(size), text);
        }
    }

    #[test]
    fn columns_are_aligned() {
        let rows = [["", "\u{b5}"], ["layer", "1.5"], ["h", "10"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(format_table(&rows), "         \u{b5}\nlayer  1.5\nh       10\n");
        assert_eq!(format_list(&rows), "       \u{b5}\nlayer  1.5\nh      10\n");
    }
}
