//! Line charts over epochs or time steps.

use std::fmt::Write;

use maud::{Markup, html};

use super::svg::{ColorClass, Tenths, drawing, figure, legend, rule};
use synnet_ir::picture::axis::{decades, format_number, ticks, whole_ticks};

/// Size in user units, which are pixels if two charts fit side by side.
const WIDTH: f64 = 540.0;
const HEIGHT: f64 = 230.0;
/// Margins for labels.
const LEFT: f64 = 52.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 40.0;
/// Y coordinate of the horizontal axis.
const FLOOR: f64 = HEIGHT - BOTTOM;
/// Maximum number of points of a line; longer lines are downsampled.
const MAX_POINTS: usize = 600;
/// Maximum number of columns that show their values on hover.
const MAX_HOVER_COLUMNS: usize = 120;

/// A line chart.
pub struct Chart<'a> {
    /// The title.
    pub title: &'a str,
    /// The unit or a remark, shown beside the title.
    pub unit: &'a str,
    /// Name of the horizontal axis, `epoch` or `step`, which counts from 1.
    pub x_axis: &'a str,
    /// The lines.
    pub lines: Vec<Line>,
    /// The vertical scale.
    pub scale: Scale,
    /// The selected epoch, from 1, which is marked.
    pub selected_epoch: Option<usize>,
}

/// A line of a chart.
pub struct Line {
    /// Name in the legend.
    pub name: String,
    /// A value for each epoch or step; `None` leaves a gap.
    pub values: Vec<Option<f64>>,
    /// Index of the color, modulo [`MAX_COLORS`](super::MAX_COLORS).
    pub color: usize,
    /// Whether the line is dashed.
    pub dashed: bool,
}

/// A vertical scale.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Linear, including 0.
    FromZero,
    /// Linear from 0 to 1, labeled in percent.
    Fraction,
    /// Linear including 0, labeled in percent.
    Percent,
    /// Logarithmic; values that are not positive leave gaps.
    Logarithmic,
}

impl Scale {
    fn ticks(self, lines: &[Line]) -> Vec<f64> {
        let values =
            || lines.iter().flat_map(|line| &line.values).flatten().copied().filter(|x| self.shows(*x));
        let high = values().fold(f64::NEG_INFINITY, f64::max);
        let low = values().fold(f64::INFINITY, f64::min);
        match self {
            Self::Fraction => ticks(0.0, 1.0, 4),
            Self::Logarithmic if low > high => vec![0.1, 1.0],
            _ if low > high => ticks(0.0, 1.0, 4),
            Self::FromZero | Self::Percent if low == 0.0 && high == 0.0 => ticks(0.0, 1.0, 4),
            Self::FromZero | Self::Percent => ticks(low.min(0.0), high.max(0.0), 4),
            Self::Logarithmic => decades(low, high, 5),
        }
    }

    fn shows(self, x: f64) -> bool {
        x.is_finite() && (self != Self::Logarithmic || x > 0.0)
    }

    fn position(self, x: f64) -> f64 {
        if self == Self::Logarithmic { x.log10() } else { x }
    }

    fn text(self, x: f64) -> String {
        if matches!(self, Self::Fraction | Self::Percent) {
            format!("{} %", format_number(100.0 * x))
        } else {
            format_number(x)
        }
    }
}

impl Chart<'_> {
    /// Draws the chart with title and legend; empty if no line has a value.
    pub fn html(&self) -> Markup {
        let epochs = self.lines.iter().map(|line| line.values.len()).max().unwrap_or(0);
        if epochs == 0 || self.lines.iter().all(|line| line.values.iter().all(Option::is_none)) {
            return html! {};
        }
        let ticks = self.scale.ticks(&self.lines);
        let (low, high) = (ticks[0], ticks[ticks.len() - 1]);
        let frame = Frame {
            epochs,
            scale: self.scale,
            low: self.scale.position(low),
            high: self.scale.position(high),
        };
        let content = html! {
            @for &tick in &ticks { (rule(LEFT, WIDTH - RIGHT, frame.y(tick), &self.scale.text(tick))) }
            (self.axis(&frame))
            @if let Some(epoch) = self.selected_epoch {
                path.selected d={ "M" (Tenths(frame.x(epoch as f64))) " " (TOP) "V" (FLOOR) } {}
            }
            @for line in &self.lines { (frame.line(line)) }
            (self.hover_columns(&frame))
        };
        let drawing = drawing(&format!("{} over {}s", self.title, self.x_axis), [WIDTH, HEIGHT], &content);
        figure(self.title, self.unit, &html! { (self.legend()) (drawing) })
    }

    fn legend(&self) -> Markup {
        if self.lines.len() == 1 && self.selected_epoch.is_none() {
            return html! {};
        }
        let mark = |class: &str| html! { path.(class) d="M1 4H23" {} };
        let lines = self.lines.iter().map(|line| (mark(&line.class()), line.name.as_str()));
        let selected = self.selected_epoch.map(|epoch| format!("selected epoch: {epoch}"));
        legend(lines.chain(selected.as_deref().map(|name| (mark("selected"), name))))
    }

    /// Draws the horizontal axis with its ticks.
    fn axis(&self, frame: &Frame) -> Markup {
        html! {
            @for epoch in whole_ticks(frame.epochs, 8) {
                @let x = Tenths(frame.x(epoch));
                path.axis d={ "M" (x) " " (FLOOR) "v4" } {}
                text.middle x=(x) y=(FLOOR + 17.0) { (epoch) }
            }
            path.axis d={ "M" (LEFT) " " (FLOOR) "H" (WIDTH - RIGHT) } {}
            text.middle.quiet x=((LEFT + WIDTH - RIGHT) / 2.0) y=(HEIGHT - 6.0) { (self.x_axis) }
        }
    }

    /// Draws transparent columns whose tooltips show the values.
    fn hover_columns(&self, frame: &Frame) -> Markup {
        let every = frame.epochs.div_ceil(MAX_HOVER_COLUMNS).max(1);
        let width = (WIDTH - LEFT - RIGHT) / (frame.epochs.div_ceil(every)) as f64;
        html! {
            @for epoch in (0..frame.epochs).step_by(every) {
                rect.hover x=(Tenths(frame.x((epoch + 1) as f64) - width / 2.0)) y=(TOP)
                    width=(Tenths(width)) height=(FLOOR - TOP) {
                    title {
                        (self.x_axis) " " (epoch + 1)
                        @for line in &self.lines {
                            @if let Some(value) = line.values.get(epoch).copied().flatten() {
                                "\n" (line.name) ": " (self.scale.text(value))
                            }
                        }
                    }
                }
            }
        }
    }
}

impl Line {
    fn class(&self) -> String {
        html! { "line " (ColorClass(self.color)) @if self.dashed { " dashed" } }.into_string()
    }
}

/// The plot area, which maps values to coordinates.
struct Frame {
    epochs: usize,
    scale: Scale,
    /// Lower and upper end of the axis, after [`Scale::position`].
    low: f64,
    high: f64,
}

impl Frame {
    fn x(&self, epoch: f64) -> f64 {
        let fraction = if self.epochs > 1 { (epoch - 1.0) / (self.epochs - 1) as f64 } else { 0.5 };
        LEFT + 6.0 + fraction * (WIDTH - LEFT - RIGHT - 12.0)
    }

    fn y(&self, value: f64) -> f64 {
        let fraction =
            (self.scale.position(value) - self.low) / (self.high - self.low).max(f64::MIN_POSITIVE);
        FLOOR - fraction * (FLOOR - TOP)
    }

    fn line(&self, line: &Line) -> Markup {
        let points: Vec<Option<(f64, f64)>> = line
            .values
            .iter()
            .enumerate()
            .map(|(i, value)| {
                let value = value.filter(|x| self.scale.shows(*x))?;
                Some((self.x((i + 1) as f64), self.y(value)))
            })
            .collect();
        // A path of one point is invisible.
        if points.iter().flatten().count() == 1 {
            let (x, y) = points.iter().flatten().next().copied().unwrap_or_default();
            return html! { circle.dot.(ColorClass(line.color)) cx=(Tenths(x)) cy=(Tenths(y)) r="1" {} };
        }
        let path = path(&downsampled(&points));
        html! {
            @if !path.is_empty() { path.(line.class()) d=(path) {} }
        }
    }
}

/// Returns the commands of a path through the points; `None` interrupts it.
pub fn path(points: &[Option<(f64, f64)>]) -> String {
    let mut d = String::new();
    let mut pen_down = false;
    for point in points {
        if let Some((x, y)) = point {
            let _ = write!(d, "{}{x:.1} {y:.1}", if pen_down { "L" } else { "M" });
        }
        pen_down = point.is_some();
    }
    d
}

/// Reduces many points to the lowest and the highest of each interval, so that no peak is lost.
pub fn downsampled(points: &[Option<(f64, f64)>]) -> Vec<Option<(f64, f64)>> {
    if points.len() <= MAX_POINTS {
        return points.to_vec();
    }
    let interval = (2 * points.len()).div_ceil(MAX_POINTS);
    let mut kept = Vec::new();
    for part in points.chunks(interval) {
        let by_height = |a: &(f64, f64), b: &(f64, f64)| a.1.total_cmp(&b.1);
        let (Some(low), Some(high)) = (
            part.iter().flatten().copied().min_by(by_height),
            part.iter().flatten().copied().max_by(by_height),
        ) else {
            kept.push(None);
            continue;
        };
        let (first, second) = if low.0 <= high.0 { (low, high) } else { (high, low) };
        kept.push(Some(first));
        if second != first {
            kept.push(Some(second));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[Option<f64>], scale: Scale) -> String {
        let line = Line { name: "<a>".into(), values: values.to_vec(), color: 0, dashed: false };
        Chart { title: "t", unit: "u", x_axis: "epoch", lines: vec![line], scale, selected_epoch: None }
            .html()
            .into_string()
    }

    #[test]
    fn lines_stay_within_the_frame_and_break_at_gaps() {
        let html = chart(&[Some(1.0), None, Some(2.0), Some(0.0)], Scale::FromZero);
        assert!(html.contains("d=\"M58.0 100.0M367.3 10.0L522.0 190.0\""), "{html}");
        assert!(html.contains("&lt;a&gt;") && !html.contains("<a>"));
        assert!(!html.contains("NaN") && !html.contains("inf"));
    }

    #[test]
    fn a_small_chart_matches_its_snapshot() {
        let line = |name: &str, values: [Option<f64>; 3], color, dashed| {
            let values = values.to_vec();
            Line { name: name.into(), values, color, dashed }
        };
        let lines = vec![
            line("training", [Some(2.0), Some(1.0), Some(0.5)], 0, false),
            line("validation", [None, Some(1.5), None], 1, true),
        ];
        let chart = Chart {
            title: "Loss",
            unit: "mean",
            x_axis: "epoch",
            lines,
            scale: Scale::FromZero,
            selected_epoch: Some(2),
        };
        // One element per line.
        let html = chart.html().into_string().replace("><", ">\n<").replace(">\n</", "></");
        insta::assert_snapshot!(html, @r#"
        <figure>
        <figcaption>Loss <span>mean</span></figcaption>
        <ul class="legend">
        <li>
        <svg viewBox="0 0 24 8">
        <path class="line c0" d="M1 4H23"></path></svg>training</li>
        <li>
        <svg viewBox="0 0 24 8">
        <path class="line c1 dashed" d="M1 4H23"></path></svg>validation</li>
        <li>
        <svg viewBox="0 0 24 8">
        <path class="selected" d="M1 4H23"></path></svg>selected epoch: 2</li></ul>
        <svg viewBox="0 0 540 230" role="img" aria-label="Loss over epochs">
        <path class="rule" d="M52 190.0H528"></path>
        <text class="end" x="45" y="194.0">0</text>
        <path class="rule" d="M52 145.0H528"></path>
        <text class="end" x="45" y="149.0">0.5</text>
        <path class="rule" d="M52 100.0H528"></path>
        <text class="end" x="45" y="104.0">1</text>
        <path class="rule" d="M52 55.0H528"></path>
        <text class="end" x="45" y="59.0">1.5</text>
        <path class="rule" d="M52 10.0H528"></path>
        <text class="end" x="45" y="14.0">2</text>
        <path class="axis" d="M58.0 190v4"></path>
        <text class="middle" x="58.0" y="207">1</text>
        <path class="axis" d="M290.0 190v4"></path>
        <text class="middle" x="290.0" y="207">2</text>
        <path class="axis" d="M522.0 190v4"></path>
        <text class="middle" x="522.0" y="207">3</text>
        <path class="axis" d="M52 190H528"></path>
        <text class="middle quiet" x="290" y="224">epoch</text>
        <path class="selected" d="M290.0 10V190"></path>
        <path class="line c0" d="M58.0 10.0L290.0 100.0L522.0 145.0"></path>
        <circle class="dot c1" cx="290.0" cy="55.0" r="1"></circle>
        <rect class="hover" x="-21.3" y="10" width="158.7" height="180">
        <title>epoch 1
        training: 2</title></rect>
        <rect class="hover" x="210.7" y="10" width="158.7" height="180">
        <title>epoch 2
        training: 1
        validation: 1.5</title></rect>
        <rect class="hover" x="442.7" y="10" width="158.7" height="180">
        <title>epoch 3
        training: 0.5</title></rect></svg></figure>
        "#);
    }

    #[test]
    fn charts_without_values_are_empty() {
        assert_eq!(chart(&[], Scale::FromZero), "");
        assert_eq!(chart(&[None, None], Scale::Fraction), "");
        for scale in [Scale::FromZero, Scale::Fraction, Scale::Percent, Scale::Logarithmic] {
            for values in
                [vec![Some(0.0)], vec![Some(f64::NAN), Some(1.0)], vec![Some(1e-9), Some(1e9), Some(-1.0)]]
            {
                let html = chart(&values, scale);
                let drawn = html.split("<title>").next().unwrap_or_default();
                assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{html}");
            }
        }
    }

    #[test]
    fn downsampling_keeps_extremes() {
        let points: Vec<_> = (0..10_000).map(|i| Some((f64::from(i), f64::from(i == 4321)))).collect();
        let kept = downsampled(&points);
        assert!(kept.len() <= MAX_POINTS + 2, "{}", kept.len());
        assert!(kept.contains(&Some((4321.0, 1.0))));
    }
}
