//! Timelines: spans of time with labels, and marks of several rows below them, in lines like text.

use maud::{Markup, html};

use super::svg::{ColorClass, Tenths, drawing, figure};
use synnet_ir::display::shorten;

/// Seconds per line.
const LINE: f64 = 20.0;
const WIDTH: f64 = 540.0;
const LEFT: f64 = 8.0;
const RIGHT: f64 = 8.0;
/// Height of the spans, of a row of labels, and of a row of marks.
const SPAN: f64 = 10.0;
const LABEL: f64 = 14.0;
const ROW: f64 = 13.0;
/// Distance between lines.
const GAP: f64 = 22.0;
/// Maximum length of a label.
const MAX_LABEL_CHARS: usize = 10;
/// Width of a character of a label on a phone, where they are largest.
const CHARACTER: f64 = 8.0;
/// Maximum number of rows of labels.
const LABEL_ROWS: usize = 2;

/// A timeline.
pub struct Timeline<'a> {
    /// The title.
    pub title: &'a str,
    /// A remark, shown beside the title.
    pub unit: &'a str,
    /// Duration, in seconds.
    pub seconds: f64,
    /// The spans.
    pub spans: Vec<TimelineSpan>,
    /// The rows, in the order of colors.
    pub rows: Vec<TimelineRow>,
}

/// A span of time, in seconds.
pub struct TimelineSpan {
    /// The start.
    pub start: f64,
    /// The end.
    pub end: f64,
    /// The label.
    pub label: String,
    /// Whether it is filled.
    pub is_filled: bool,
}

/// Marks at times in seconds, with labels.
pub struct TimelineRow {
    /// The name of the row.
    pub name: String,
    /// Marked by dots.
    pub hits: Vec<(f64, String)>,
    /// Marked by crosses.
    pub false_alarms: Vec<(f64, String)>,
    /// Marked by rings.
    pub misses: Vec<(f64, String)>,
}

/// Scale of a line.
fn x(seconds: f64) -> Tenths {
    Tenths(LEFT + seconds.clamp(0.0, LINE) / LINE * (WIDTH - LEFT - RIGHT))
}

/// A label of a span.
#[derive(Debug, PartialEq)]
struct Label {
    text: String,
    /// Left end.
    x: f64,
    /// Row above the spans, from 0.
    row: usize,
}

impl Timeline<'_> {
    /// Draws the timeline with its title.
    pub fn html(&self) -> Markup {
        let count = (self.seconds / LINE).ceil().max(1.0) as usize;
        let lines: Vec<f64> = (0..count).map(|line| line as f64 * LINE).collect();
        let labels: Vec<Vec<Label>> = lines.iter().map(|&from| self.labels(from)).collect();
        let label_rows = labels.iter().flatten().map(|label| label.row + 1).max().unwrap_or(0);
        let above = LABEL * label_rows as f64;
        let height = above + SPAN + ROW * self.rows.len() as f64 + GAP;
        let content = html! {
            @for (i, (&from, labels)) in lines.iter().zip(&labels).enumerate() {
                (self.line(from, i as f64 * height + above, labels))
            }
        };
        let drawing = drawing(self.title, [WIDTH, count as f64 * height], &content);
        figure(self.title, self.unit, &html! { div.timeline { (drawing) } })
    }

    /// Places the labels of the filled spans that start in the line from a time on: each in the lowest row in which it
    /// does not touch the one before. Where there is no such row, the label is left out.
    fn labels(&self, from: f64) -> Vec<Label> {
        let starts = |span: &&TimelineSpan| span.is_filled && (from..from + LINE).contains(&span.start);
        let mut ends = [f64::NEG_INFINITY; LABEL_ROWS];
        let place = |span: &TimelineSpan| {
            let text = shorten(&span.label, MAX_LABEL_CHARS);
            let width = CHARACTER * text.chars().count() as f64;
            // A label at the right edge ends with its line.
            let x = x(span.start - from).0.min(WIDTH - RIGHT - width);
            let row = ends.iter().position(|&end| x >= end)?;
            ends[row] = x + width;
            Some(Label { text, x, row })
        };
        self.spans.iter().filter(starts).filter_map(place).collect()
    }

    /// Draws the line that starts at a time, with the upper edge of its spans at `top`.
    fn line(&self, from: f64, top: f64, labels: &[Label]) -> Markup {
        let to = (from + LINE).min(self.seconds);
        let spans = self.spans.iter().filter(|span| span.end > from && span.start < to);
        let axis = top + SPAN + ROW * self.rows.len() as f64 + 4.0;
        html! {
            @for span in spans {
                @let (start, end) = (span.start.max(from) - from, span.end.min(to) - from);
                @let class = if span.is_filled { "available keyword" } else { "ground" };
                rect class=(class) x=(x(start)) y=(Tenths(top)) width=(Tenths(x(end).0 - x(start).0))
                    height=(SPAN) {
                    title { (format!("{}: {:.2} s to {:.2} s", span.label, span.start, span.end)) }
                }
            }
            @for label in labels {
                text.small x=(Tenths(label.x)) y=(Tenths(top - LABEL * label.row as f64 - 3.0)) { (label.text) }
            }
            @for (i, row) in self.rows.iter().enumerate() {
                (marks(row, i, from, to, top + SPAN + ROW * (i as f64 + 0.5)))
            }
            path.axis d={ "M" (x(0.0)) " " (Tenths(axis)) "H" (x(to - from)) } {}
            text.small.quiet x=(x(0.0)) y=(Tenths(axis + 12.0)) { (format!("{from:.0} s")) }
        }
    }
}

/// Draws the marks of a row between two times.
fn marks(row: &TimelineRow, color: usize, from: f64, to: f64, y: f64) -> Markup {
    let within = |marks: &[(f64, String)]| {
        let within = marks.iter().filter(|(at, _)| (from..to).contains(at));
        within.map(|(at, label)| (x(at - from), *at, label.clone())).collect::<Vec<_>>()
    };
    html! {
        @for (x, at, label) in within(&row.hits) {
            circle.bar.(ColorClass(color)) cx=(x) cy=(Tenths(y)) r="3.5" {
                title { (format!("{}: {label} heard at {at:.2} s", row.name)) }
            }
        }
        @for (x, at, label) in within(&row.false_alarms) {
            path.line.(ColorClass(color)) d={ "M" (Tenths(x.0 - 4.0)) " " (Tenths(y - 4.0)) "l8 8m-8 0l8 -8" } {
                title { (format!("{}: false alarm for {label} at {at:.2} s", row.name)) }
            }
        }
        @for (x, _, label) in within(&row.misses) {
            circle.point.(ColorClass(color)) cx=(x) cy=(Tenths(y)) r="3.5" {
                title { (format!("{}: {label} missed", row.name)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_do_not_touch() {
        let word = |start: f64, label: &str| TimelineSpan {
            start,
            end: start + 0.5,
            label: label.into(),
            is_filled: true,
        };
        let spans = vec![
            word(1.0, "computer"),
            word(2.0, "computer"),
            word(3.0, "computer"),
            word(5.0, "stop"),
            word(18.5, "computer"),
            word(19.8, "go"),
            word(20.5, "go"),
        ];
        let timeline = Timeline { title: "t", unit: "u", seconds: 40.0, spans, rows: Vec::new() };
        let labels = timeline.labels(0.0);
        let placed: Vec<_> = labels.iter().map(|label| (label.text.as_str(), label.row)).collect();
        let expected = [("computer", 0), ("computer", 1), ("stop", 0), ("computer", 0), ("go", 1)];
        assert_eq!(placed, expected);
        let ends = labels.iter().map(|label| label.x + CHARACTER * label.text.chars().count() as f64);
        assert!(ends.into_iter().all(|end| end <= WIDTH - RIGHT));
        assert_eq!(timeline.labels(LINE).len(), 1);
    }

    #[test]
    fn spans_and_marks_are_at_their_times() {
        let span = TimelineSpan { start: 1.0, end: 2.0, label: "<yes>".into(), is_filled: true };
        let row = TimelineRow {
            name: "float".into(),
            hits: vec![(2.0, "yes".into())],
            false_alarms: vec![(21.0, "yes".into())],
            misses: vec![],
        };
        let timeline = Timeline { title: "t", unit: "u", seconds: 25.0, spans: vec![span], rows: vec![row] };
        let html = timeline.html().into_string();
        assert!(html.contains("x=\"34.2\"") && html.contains("cx=\"60.4\""), "{html}");
        assert!(html.contains("&lt;yes&gt;") && !html.contains("<yes>"), "{html}");
        assert!(html.contains("false alarm for yes at 21.00 s") && html.contains(">20 s<"), "{html}");
    }
}
