//! Tables of labeled recordings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::SpokenWord;
use super::scoring::Interval;
use crate::error::Error;
use crate::files;

/// The first line of a table.
const HEADER: &str = "file,start,end,label";

/// A recording with its words.
#[derive(Debug, PartialEq)]
pub(super) struct LabeledRecording {
    pub(super) path: PathBuf,
    pub(super) words: Vec<SpokenWord>,
}

/// Reads a table. Paths in it are relative to its folder.
///
/// # Errors
/// Returns an error with the line, if the table is not of the form `file,start,end,label`, if times are not in order, or
/// if there is no recording.
pub(super) fn read(path: &Path, keywords: &[String]) -> Result<Vec<LabeledRecording>, Error> {
    let text = files::read_text(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    parse(&text, folder, keywords).map_err(|why| Error::file(path, why))
}

fn parse(text: &str, folder: &Path, keywords: &[String]) -> Result<Vec<LabeledRecording>, String> {
    let mut lines =
        text.trim_start_matches('\u{feff}').lines().enumerate().map(|(i, line)| (i + 1, line.trim()));
    match lines.next() {
        Some((_, HEADER)) => {}
        _ => return Err(format!("line 1: expected the header `{HEADER}`")),
    }
    let mut recordings: BTreeMap<&str, Vec<SpokenWord>> = BTreeMap::new();
    for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let &[file, start, end, label] = fields.as_slice() else {
            return Err(format!("line {number}: expected 4 values, found {}", fields.len()));
        };
        if file.is_empty() {
            return Err(format!("line {number}: the name of the file is missing"));
        }
        let words = recordings.entry(file).or_default();
        // A recording without words has a line of its own.
        if [start, end, label].iter().all(|value| value.is_empty()) {
            continue;
        }
        let seconds = |name: &str, text: &str| {
            let number_of = text.parse::<f64>().ok().filter(|x| x.is_finite() && *x >= 0.0);
            number_of
                .ok_or_else(|| format!("line {number}: `{name}` is `{text}`; expected seconds, 0 or more"))
        };
        let interval = Interval { start: seconds("start", start)?, end: seconds("end", end)? };
        if interval.end <= interval.start {
            return Err(format!("line {number}: the word ends at {end} s, but starts at {start} s"));
        }
        words.push(SpokenWord {
            label: label.to_owned(),
            keyword: keywords.iter().position(|keyword| keyword == label),
            interval,
            file: file.to_owned(),
        });
    }
    if recordings.is_empty() {
        return Err("there are no recordings".to_owned());
    }
    let recordings = recordings.into_iter().map(|(file, mut words)| {
        words.sort_by(|a, b| a.interval.start.total_cmp(&b.interval.start));
        LabeledRecording { path: folder.join(file), words }
    });
    Ok(recordings.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted_and_recordings_may_have_none() {
        let text = "file,start,end,label\nb.wav,2,2.5,yes\nb.wav, 0.5,1 ,no\n\na.wav,,,\n";
        let table = parse(text, Path::new("d"), &["yes".to_owned()]).unwrap();
        let names: Vec<&Path> = table.iter().map(|recording| recording.path.as_path()).collect();
        assert_eq!(names, [Path::new("d/a.wav"), Path::new("d/b.wav")]);
        let words: Vec<_> = table[1].words.iter().map(|word| (word.label.as_str(), word.keyword)).collect();
        assert_eq!(words, [("no", None), ("yes", Some(0))]);
    }

    #[test]
    fn mistakes_have_their_line() {
        for (lines, message) in [
            ("", "line 1: expected the header `file,start,end,label`"),
            ("file,start,end,label", "there are no recordings"),
            ("file,start,end,label\na.wav,1,2", "line 2: expected 4 values, found 3"),
            ("file,start,end,label\na.wav,x,2,yes", "line 2: `start` is `x`; expected seconds, 0 or more"),
            ("file,start,end,label\n\na.wav,3,2,yes", "line 3: the word ends at 2 s, but starts at 3 s"),
            ("file,start,end,label\n,1,2,yes", "line 2: the name of the file is missing"),
        ] {
            assert_eq!(parse(lines, Path::new(""), &[]).unwrap_err(), message);
        }
    }
}
