//! Event lists: one file of events (channel, time) per sample, as text or as NumPy arrays.

use synnet_arrays::{Array, ArrayData, NpzReader};
use synnet_ir::Raster;

use crate::binning::InvalidEvent;
use crate::resolution::{Resolution, decimals};
use crate::{Binning, Error};

/// Maximum size of one array, in bytes after decompression.
const MAX_BYTES: u64 = 1 << 28;

/// Reads events from text: on each line a channel and a time, separated by a comma, semicolon, tab or spaces.
///
/// The first line may name the columns, `channel` and `time`, in either order. Empty lines and lines that
/// start with `#` are skipped. Events may be in any order.
///
/// # Errors
/// Returns an error for the first line that is not an event, or whose event is outside the raster.
pub fn read_csv(bytes: &[u8], binning: &Binning) -> Result<Raster, Error> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let line = 1 + bytes[..e.valid_up_to()].iter().filter(|&&b| b == b'\n').count();
        Error::Line { line, reason: "not UTF-8 text".into() }
    })?;
    // Spreadsheets write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate().map(|(i, line)| (i + 1, line.trim()));
    let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).peekable();
    let named = lines.peek().and_then(|(_, first)| column_order(first));
    if named.is_some() {
        lines.next();
    }
    let time_first = named.unwrap_or(false);
    let (mut events, mut line_numbers, mut digits) = (Vec::new(), Vec::new(), 0);
    for (line, text) in lines {
        let invalid = || Error::Line {
            line,
            reason: format!("expected a channel and a time, found `{}`", shorten(text)),
        };
        let (first, second) = pair(text).ok_or_else(invalid)?;
        let (channel, time) = if time_first { (second, first) } else { (first, second) };
        let number = |word: &str| word.parse::<f64>().map_err(|_| invalid());
        events.push((number(channel)?, number(time)?));
        line_numbers.push(line);
        // Programs omit zeros at the end, so the longest time shows how many digits the times have.
        digits = digits.max(decimals(time));
    }
    let raster = binning.raster(events.into_iter(), Resolution::Decimal(digits));
    raster.map_err(|InvalidEvent { index, reason }| Error::Line {
        line: line_numbers.get(index).copied().unwrap_or(1),
        reason: format!("the event {reason}"),
    })
}

/// Reads events from the bytes of a `.npz` file with the arrays `channel` and `time`, each `[events]`.
///
/// # Errors
/// Returns an error if the bytes are not such an archive, if an array has more than 2^28 bytes, or if an
/// event is outside the raster.
pub fn read_npz(bytes: &[u8], binning: &Binning) -> Result<Raster, Error> {
    let mut reader = NpzReader::open(bytes)?.with_limit(MAX_BYTES);
    let names = reader.names().to_vec();
    let mut column = |name: &str| -> Result<Array, Error> {
        if !names.iter().any(|known| known == name) {
            return Err(Error::missing(&format!("array `{name}` [events]"), &names));
        }
        let array = reader.array(name)?;
        match array.shape[..] {
            [_] => Ok(array),
            _ => Err(Error::invalid(
                format!("`{name}`"),
                format!("has shape {:?}; expected [events]", array.shape),
            )),
        }
    };
    let (channels, times) = (column("channel")?, column("time")?);
    let resolution = match times.numbers {
        ArrayData::Integers(_) => Resolution::INTEGER,
        ArrayData::Floats { bits, .. } => Resolution::Float(bits),
    };
    let (channels, times) = (channels.to_floats(), times.to_floats());
    if channels.len() != times.len() {
        let reason = format!("has {} events, but `time` has {}", channels.len(), times.len());
        return Err(Error::invalid("`channel`", reason));
    }
    binning
        .raster(channels.into_iter().zip(times), resolution)
        .map_err(|InvalidEvent { index, reason }| Error::invalid(format!("event {index}"), reason))
}

/// Returns whether the time is the first column, or `None` if the line does not name the columns.
fn column_order(line: &str) -> Option<bool> {
    let words: Vec<String> = words(line).map(str::to_lowercase).collect();
    match [words.first()?.as_str(), words.get(1)?.as_str()] {
        ["channel", "time"] => Some(false),
        ["time", "channel"] => Some(true),
        _ => None,
    }
}

/// Returns the two words of a line; `None` if it is not exactly two words.
fn pair(line: &str) -> Option<(&str, &str)> {
    let mut words = words(line);
    let pair = (words.next()?, words.next()?);
    words.next().is_none().then_some(pair)
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split([',', ';', '\t', ' ']).filter(|word| !word.is_empty())
}

/// Returns the first 40 characters of a line, for messages.
fn shorten(text: &str) -> String {
    let start: String = text.chars().take(40).collect();
    if start.len() < text.len() { format!("{start}...") } else { start }
}
