//! Counts, shares, durations and sizes as text for people; tables and measured numbers are in `synnet_ir::display`.

use std::time::Duration;

/// A count with its noun: "1 layer", "2 layers".
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Minutes and seconds: "2:05".
pub fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A number of bytes in the largest unit of which there is at least one.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{size:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_easy_to_read() {
        assert_eq!(clock(Duration::from_secs(125)), "2:05");
    }

    #[test]
    fn sizes_are_readable() {
        for (size, text) in [(900, "900 bytes"), (3_355_443, "3.2 MiB"), (u64::MAX, "16777216.0 TiB")] {
            assert_eq!(bytes(size), text);
        }
    }
}
