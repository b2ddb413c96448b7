//! The lines of a source that a diagnostic shows. Neither long files nor long lines make it longer.

use std::collections::HashMap;
use std::ops::Range;

use crate::source::{SourceId, Sources, Span};

/// Bytes that are kept on either side of a marked place on a long line.
const CONTEXT: usize = 300;
/// Bytes of a line that is shown as it is.
const MAX_LINE: usize = 2 * CONTEXT;
/// Bytes of a place that are underlined on a long line.
const MAX_UNDERLINE: usize = 120;
/// Lines between the first and the last marked one.
const MAX_LINES: usize = 200;
/// Lines around a marked one of which the renderer may show some.
const NEIGHBORS: usize = 6;

/// A part of a source with places in it.
pub(crate) struct Excerpt {
    pub(crate) text: String,
    /// Number of the first line, counted from 1.
    pub(crate) first_line: usize,
    /// The given places, as bytes of the text.
    pub(crate) places: Vec<Range<usize>>,
    /// Line and column of the first place, both counted from 1, if the text does not tell them.
    pub(crate) origin: Option<(usize, usize)>,
}

/// The starts of the lines of some sources, each found once.
#[derive(Default)]
pub(crate) struct LineStarts {
    by_source: HashMap<SourceId, Vec<usize>>,
}

impl LineStarts {
    /// Returns the excerpt with the first of the places, and with all others that fit into it; the indices of those that
    /// do not fit come back with it.
    pub(crate) fn excerpt(
        &mut self,
        sources: &Sources,
        source: SourceId,
        spans: &[Span],
    ) -> (Excerpt, Vec<usize>) {
        let text = sources.get(source).map_or("", |source| source.text.as_str());
        let starts = self.by_source.entry(source).or_insert_with(|| line_starts(text));
        let lines = Lines { text, starts };
        let mut places: Vec<Range<usize>> = Vec::new();
        let mut left = Vec::new();
        for (i, span) in spans.iter().enumerate() {
            let place = lines.shortened(bytes(text, *span));
            if places.first().is_none_or(|first| lines.is_near(first, &place)) {
                places.push(place);
            } else {
                left.push(i);
            }
        }
        (lines.excerpt(&places), left)
    }
}

/// A source with the starts of its lines.
struct Lines<'a> {
    text: &'a str,
    starts: &'a [usize],
}

impl Lines<'_> {
    fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|&start| start <= at).saturating_sub(1)
    }

    /// Returns the bytes of a line without the characters that end it.
    fn contents(&self, line: usize) -> Range<usize> {
        let start = self.starts[line];
        let end = self.starts.get(line + 1).map_or(self.text.len(), |&next| next);
        let contents = self.text[start..end].trim_end_matches('\n').trim_end_matches('\r');
        start..start + contents.len()
    }

    /// Cuts a place that covers too many lines, or too much of a long one.
    fn shortened(&self, place: Range<usize>) -> Range<usize> {
        let (first, last) = (self.line(place.start), self.line(place.end));
        let contents = self.contents(first);
        let end = if last > first + MAX_LINES { contents.end.max(place.start) } else { place.end };
        if contents.len() <= MAX_LINE && self.contents(self.line(end)).len() <= MAX_LINE {
            return place.start..end;
        }
        place.start..floor(self.text, end.min(place.start + MAX_UNDERLINE)).max(place.start)
    }

    /// Returns whether one excerpt can show both places.
    fn is_near(&self, a: &Range<usize>, b: &Range<usize>) -> bool {
        let (first, last) = (self.line(a.start.min(b.start)), self.line(a.end.max(b.end)));
        let is_long = |line: usize| self.contents(line).len() > MAX_LINE;
        let distance = a.end.max(b.end) - a.start.min(b.start);
        last <= first + MAX_LINES
            && ((!is_long(self.line(a.start)) && !is_long(self.line(b.start))) || distance <= MAX_UNDERLINE)
    }

    fn excerpt(&self, places: &[Range<usize>]) -> Excerpt {
        let points = || places.iter().flat_map(|place| [place.start, place.end]);
        let marked: Vec<usize> = points().map(|at| self.line(at)).collect();
        let first = marked.iter().copied().min().unwrap_or(0);
        let last = marked.iter().copied().max().unwrap_or(0);
        let mut text = String::new();
        // For each line, the first byte that is kept, and its place in the excerpt.
        let mut kept: Vec<(usize, usize)> = Vec::new();
        for line in first..=last.min(self.starts.len().saturating_sub(1)) {
            let contents = self.contents(line);
            let next = self.starts.get(line + 1).map_or(self.text.len(), |&next| next);
            let on_line = || points().filter(|&at| self.line(at) == line);
            let range = if let (Some(low), Some(high)) = (on_line().min(), on_line().max()) {
                self.window(&contents, low, high)
            } else if marked.iter().any(|&other| other.abs_diff(line) <= NEIGHBORS) {
                contents.start..floor(self.text, contents.end.min(contents.start + MAX_LINE))
            } else {
                contents.start..contents.start
            };
            kept.push((range.start, text.len()));
            text += &self.text[range];
            text += &self.text[contents.end..next];
        }
        let moved = |at: usize| {
            let (start, offset) = kept.get(self.line(at) - first).copied().unwrap_or((at, text.len()));
            (offset + at.saturating_sub(start)).min(text.len())
        };
        let moved_places =
            places.iter().map(|place| moved(place.start)..moved(place.end).max(moved(place.start)));
        let moved_places = moved_places.collect();
        let is_cut = kept.iter().enumerate().any(|(i, (start, _))| *start != self.starts[first + i]);
        let origin = places.first().filter(|_| is_cut).map(|place| {
            let line = self.line(place.start);
            (line + 1, self.text[self.starts[line]..place.start].chars().count() + 1)
        });
        Excerpt { text, first_line: first + 1, places: moved_places, origin }
    }

    /// Returns the part of a line around the places from `low` to `high`.
    fn window(&self, contents: &Range<usize>, low: usize, high: usize) -> Range<usize> {
        if contents.len() <= MAX_LINE {
            return contents.clone();
        }
        let start = floor(self.text, low.saturating_sub(CONTEXT).max(contents.start));
        start..floor(self.text, (high + CONTEXT).min(contents.end)).max(start)
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    let ends = text.match_indices('\n').map(|(at, _)| at + 1);
    // What follows the last line break is a line only if it has characters.
    std::iter::once(0).chain(ends.filter(|&start| start < text.len())).collect()
}

/// Returns the bytes of a span, moved to lie within its source and on character boundaries.
fn bytes(text: &str, span: Span) -> Range<usize> {
    let start = floor(text, span.start as usize);
    start..floor(text, span.end as usize).max(start)
}

/// Returns the last character boundary at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, spans: &[(usize, usize)]) -> (Excerpt, Vec<usize>) {
        let mut sources = Sources::new();
        let id = sources.add("a", text);
        let spans: Vec<Span> = spans.iter().map(|&(start, end)| Span::new(id, start, end)).collect();
        LineStarts::default().excerpt(&sources, id, &spans)
    }

    #[test]
    fn short_sources_keep_their_lines() {
        let text = "a\nbc\n\u{e9}f\n";
        for (span, line, part, place) in [
            ((0, 1), 1, "a\n", 0..1),
            ((2, 4), 2, "bc\n", 0..2),
            ((2, 7), 2, "bc\n\u{e9}f\n", 0..5),
            ((6, 8), 3, "\u{e9}f\n", 0..3),
            ((9, 9), 3, "\u{e9}f\n", 4..4),
            ((99, 200), 3, "\u{e9}f\n", 4..4),
        ] {
            let (found, left) = excerpt(text, &[span]);
            assert_eq!((found.first_line, found.text.as_str()), (line, part), "{span:?}");
            assert_eq!((found.places, found.origin, left), (vec![place], None, Vec::new()), "{span:?}");
        }
        let (found, _) = excerpt("", &[(0, 0)]);
        assert_eq!((found.text.as_str(), found.first_line, &found.places[0]), ("", 1, &(0..0)));
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("first\n{}\u{e9}{}\n", "x".repeat(5_000), "y".repeat(5_000));
        let (found, left) = excerpt(&text, &[(5_006, 5_008), (5_010, 5_011), (9_000, 9_001), (0, 2)]);
        assert_eq!((found.first_line, found.origin), (2, Some((2, 5_001))));
        assert!(found.text.len() < 2 * CONTEXT + MAX_UNDERLINE, "{}", found.text.len());
        assert_eq!(&found.text[found.places[0].clone()], "\u{e9}");
        assert_eq!(&found.text[found.places[1].clone()], "y");
        assert_eq!(left, [2, 3]);
        let (found, _) = excerpt(&text, &[(10, 9_000)]);
        assert_eq!(found.places[0].len(), MAX_UNDERLINE);
    }

    #[test]
    fn distant_lines_are_left_out() {
        let text = "0123456789\n".repeat(10_000);
        let (found, left) = excerpt(&text, &[(0, 2), (11 * 100, 11 * 100 + 3), (11 * 5_000, 11 * 5_000 + 1)]);
        assert_eq!(left, [2]);
        assert!(found.text.len() < 400, "{}", found.text.len());
        assert_eq!(found.text.lines().count(), 101);
        assert_eq!(&found.text[found.places[1].clone()], "012");
        let (found, _) = excerpt(&text, &[(3, 11 * 9_000)]);
        assert_eq!((&found.places[0], found.text.as_str()), (&(3..10), "0123456789\n"));
    }
}
