//! Lists of events, one file for each recording.

use synnet_arrays::NpzReader;
use synnet_ir::Raster;

use crate::binning::InvalidEvent;
use crate::{Binning, Error};

/// Most bytes of one array, unpacked.
const MAX_BYTES: u64 = 1 << 28;

/// Reads a text of events: on each line channel and time, with a comma, a semicolon, a tab or blanks between.
///
/// A first line of names, `channel` and `time` in either order, gives the order of the columns. Empty lines and
/// those that start with `#` are left out. Events may stand in any order.
///
/// # Errors
/// The first line that is not an event of the raster.
pub fn read_csv(bytes: &[u8], binning: &Binning) -> Result<Raster, Error> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let line = 1 + bytes[..e.valid_up_to()].iter().filter(|&&b| b == b'\n').count();
        Error::Line { line, reason: "not UTF-8 text".into() }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate().map(|(i, line)| (i + 1, line.trim()));
    let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).peekable();
    let named = lines.peek().and_then(|(_, first)| column_order(first));
    if named.is_some() {
        lines.next();
    }
    let time_first = named.unwrap_or(false);
    let (mut events, mut places) = (Vec::new(), Vec::new());
    for (line, text) in lines {
        let (first, second) = pair(text).ok_or_else(|| Error::Line {
            line,
            reason: format!("`{}` is not a channel and a time", short(text)),
        })?;
        events.push(if time_first { (second, first) } else { (first, second) });
        places.push(line);
    }
    binning.raster(events.into_iter()).map_err(|InvalidEvent { index, reason }| Error::Line {
        line: places.get(index).copied().unwrap_or(1),
        reason: format!("the event {reason}"),
    })
}

/// Reads events from the bytes of a `.npz` file with the arrays `channel` and `time`, each `[events]`.
///
/// # Errors
/// Where the bytes are no such archive, or an event does not belong to the raster; an array of more than 2^28 bytes.
pub fn read_npz(bytes: &[u8], binning: &Binning) -> Result<Raster, Error> {
    let mut reader = NpzReader::open(bytes)?.with_limit(MAX_BYTES);
    let names = reader.names().to_vec();
    let mut column = |name: &str| -> Result<Vec<f64>, Error> {
        if !names.iter().any(|known| known == name) {
            return Err(Error::missing(&format!("array `{name}` [events]"), &names));
        }
        let array = reader.array(name)?;
        match array.shape[..] {
            [_] => Ok(array.to_floats()),
            _ => Err(Error::part(
                format!("`{name}`"),
                format!("has the shape {:?}; expected [events]", array.shape),
            )),
        }
    };
    let (channels, times) = (column("channel")?, column("time")?);
    if channels.len() != times.len() {
        let reason = format!("has {} events; `time` has {}", channels.len(), times.len());
        return Err(Error::part("`channel`", reason));
    }
    binning
        .raster(channels.into_iter().zip(times))
        .map_err(|InvalidEvent { index, reason }| Error::part(format!("event {index}"), reason))
}

/// Whether the time stands first, where a line names the columns.
fn column_order(line: &str) -> Option<bool> {
    let words: Vec<String> = words(line).map(str::to_lowercase).collect();
    match [words.first()?.as_str(), words.get(1)?.as_str()] {
        ["channel", "time"] => Some(false),
        ["time", "channel"] => Some(true),
        _ => None,
    }
}

/// The two numbers of a line.
fn pair(line: &str) -> Option<(f64, f64)> {
    let mut words = words(line);
    let pair = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    words.next().is_none().then_some(pair)
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split([',', ';', '\t', ' ']).filter(|word| !word.is_empty())
}

/// The start of a text, for messages.
fn short(text: &str) -> String {
    let start: String = text.chars().take(40).collect();
    if start.len() < text.len() { format!("{start}...") } else { start }
}
