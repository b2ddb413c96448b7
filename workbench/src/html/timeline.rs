//! Timelines: spans of time with labels, and marks of several rows below them, in lines like text.

use maud::{Markup, html};

use super::svg::{ColorClass, Tenths, drawing, figure};
use synnet_ir::display::shorten;

/// Seconds per line.
const LINE: f64 = 20.0;
const WIDTH: f64 = 540.0;
const LEFT: f64 = 8.0;
const RIGHT: f64 = 8.0;
/// Height of the spans, of their labels, and of a row of marks.
const SPAN: f64 = 10.0;
const LABEL: f64 = 14.0;
const ROW: f64 = 13.0;
/// Distance between lines.
const GAP: f64 = 22.0;
/// Seconds from the start of a line after which a label would not fit.
const LAST_LABEL: f64 = 0.82 * LINE;
/// Maximum length of a label.
const MAX_LABEL_CHARS: usize = 10;

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

impl Timeline<'_> {
    /// Draws the timeline with its title.
    pub fn html(&self) -> Markup {
        let lines = (self.seconds / LINE).ceil().max(1.0) as usize;
        let height = LABEL + SPAN + ROW * self.rows.len() as f64 + GAP;
        let content = html! {
            @for line in 0..lines { (self.line(line as f64 * LINE, line as f64 * height)) }
        };
        let drawing = drawing(self.title, [WIDTH, lines as f64 * height], &content);
        figure(self.title, self.unit, &html! { div.timeline { (drawing) } })
    }

    /// Draws the line that starts at a time.
    fn line(&self, from: f64, top: f64) -> Markup {
        let to = (from + LINE).min(self.seconds);
        let spans = self.spans.iter().filter(|span| span.end > from && span.start < to);
        let axis = top + LABEL + SPAN + ROW * self.rows.len() as f64 + 4.0;
        html! {
            @for span in spans {
                @let (start, end) = (span.start.max(from) - from, span.end.min(to) - from);
                @let class = if span.is_filled { "available keyword" } else { "ground" };
                rect class=(class) x=(x(start)) y=(Tenths(top + LABEL)) width=(Tenths(x(end).0 - x(start).0))
                    height=(SPAN) {
                    title { (format!("{}: {:.2} s to {:.2} s", span.label, span.start, span.end)) }
                }
                @if span.is_filled && span.start >= from {
                    @let label = shorten(&span.label, MAX_LABEL_CHARS);
                    @let y = Tenths(top + LABEL - 3.0);
                    // A label at the right edge ends with its line.
                    @if start > LAST_LABEL { text.small.end x=(x(LINE)) y=(y) { (label) } }
                    @else { text.small x=(x(start)) y=(y) { (label) } }
                }
            }
            @for (i, row) in self.rows.iter().enumerate() {
                (marks(row, i, from, to, top + LABEL + SPAN + ROW * (i as f64 + 0.5)))
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
