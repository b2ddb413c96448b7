//! Values of arguments: times, seeds and assignments.

use synnet_dsl::vocabulary::Unit;

/// Parses a time such as `10ms` or `10 ms`, above 0, into seconds.
pub fn duration(text: &str) -> Result<f64, String> {
    let wrong = || "expected a positive time with a unit, such as `10ms`".to_owned();
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = Unit::of(&text[number.len()..]).filter(|unit| unit.time() == 1).ok_or_else(wrong)?;
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    let seconds = number * unit.size();
    if seconds.is_finite() && seconds > 0.0 { Ok(seconds) } else { Err(wrong()) }
}

/// Parses a seed.
pub fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("expected a whole number from 0 to {}", u64::MAX))
}

/// Parses `NAME=VALUE`.
pub fn assignment(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    if key.trim().is_empty() {
        return Err("expected a name before `=`".into());
    }
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}
