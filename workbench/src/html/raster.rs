//! Raster plots of one sample: events and states of the populations, one above the other.

use std::fmt::Write;

use maud::{Markup, html};

use super::chart::{downsampled, path};
use super::svg::{ColorClass, Tenths, drawing, figure};
use synnet_ir::display::shorten;
use synnet_ir::picture::axis::{format_number, ticks};

const WIDTH: f64 = 540.0;
const LEFT: f64 = 8.0;
const RIGHT: f64 = 56.0;
/// Width of a panel without labels.
const PLOT: f64 = WIDTH - LEFT - RIGHT;
const TOP: f64 = 2.0;
/// Height of the label above a panel.
const LABEL: f64 = 21.0;
const GAP: f64 = 6.0;
const BOTTOM: f64 = 42.0;
const TRACES: f64 = 120.0;
/// Maximum number of columns of a raster; more steps are merged.
const MAX_STEPS: usize = 900;
/// Maximum number of rows of a raster; of more neurons, every nth is drawn.
const MAX_ROWS: usize = 160;
/// Maximum length of a label.
const MAX_LABEL_CHARS: usize = 24;

/// A panel of a raster plot.
pub enum Panel {
    /// Events of a population.
    Events(EventPanel),
    /// States over time.
    Traces(Traces),
}

/// Event counts of a population.
pub struct EventPanel {
    /// Name of the population.
    pub name: String,
    /// Number of channels or neurons.
    pub width: usize,
    /// Event counts `[steps, width]`, row-major.
    pub counts: Vec<f32>,
    /// Events to mark with a ring.
    pub marks: Vec<Mark>,
}

/// A position in a raster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The step, from 0.
    pub step: usize,
    /// The channel or neuron, from 0.
    pub neuron: usize,
}

/// States of a population over time.
pub struct Traces {
    /// Name of the population.
    pub name: String,
    /// The quantity, such as `membrane`.
    pub quantity: &'static str,
    /// The lines, from back to front.
    pub lines: Vec<Trace>,
}

/// A state over time.
pub struct Trace {
    /// A value for each step.
    pub values: Vec<f32>,
    /// The style of the line.
    pub style: LineStyle,
}

/// The style of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineStyle {
    /// Gray: one of many.
    Background,
    /// Blue: the true class, or the reference.
    Correct,
    /// Dashed orange: the predicted class, or the engine under test.
    Predicted,
    /// Solid, in this color.
    Color(usize),
    /// Dashed, in this color: the target of the output of the same color.
    Expected(usize),
}

impl LineStyle {
    fn class(self) -> String {
        match self {
            Self::Background => "line background".into(),
            Self::Correct => "line reference".into(),
            Self::Predicted => "line predicted dashed".into(),
            Self::Color(i) => html! { "line " (ColorClass(i)) }.into_string(),
            Self::Expected(i) => html! { "line dashed " (ColorClass(i)) }.into_string(),
        }
    }
}

/// Draws panels of `steps` time steps of `dt` seconds, with a common time axis.
pub fn raster(caption: &str, note: &str, steps: usize, dt: f64, panels: &[Panel]) -> Markup {
    let mut bottom = TOP;
    let mut drawn = Vec::new();
    for panel in panels {
        let top = bottom + if drawn.is_empty() { 0.0 } else { GAP };
        drawn.push(panel.html(steps, top));
        bottom = top + panel.height();
    }
    let content = html! {
        (time_axis(steps, dt, bottom))
        @for panel in drawn { (panel) }
    };
    let drawing = drawing(caption, [WIDTH, bottom + BOTTOM], &content);
    figure(caption, note, &html! { div.raster { (drawing) } })
}

fn time_axis(steps: usize, dt: f64, bottom: f64) -> Markup {
    let duration = steps as f64 * dt;
    let (factor, unit) = if duration < 0.002 {
        (1e6, "\u{b5}s")
    } else if duration < 2.0 {
        (1e3, "ms")
    } else {
        (1.0, "s")
    };
    let x = |time: f64| LEFT + time / duration.max(f64::MIN_POSITIVE) * PLOT;
    let ticks =
        ticks(0.0, duration * factor, 6).into_iter().map(|tick| (x(tick / factor), format_number(tick)));
    html! {
        @for (x, time) in ticks.filter(|(x, _)| *x <= LEFT + PLOT + 0.5) {
            path.rule d={ "M" (Tenths(x)) " " (TOP) "V" (Tenths(bottom + 4.0)) } {}
            text.middle x=(Tenths(x)) y=(Tenths(bottom + 17.0)) { (time) }
        }
        text.middle.quiet x=(Tenths(LEFT + PLOT / 2.0)) y=(Tenths(bottom + 36.0)) { "time (" (unit) ")" }
    }
}

impl Panel {
    /// Returns the height with the label.
    fn height(&self) -> f64 {
        LABEL
            + match self {
                Self::Events(events) => (events.rows() as f64 * 3.0).clamp(48.0, 110.0),
                Self::Traces(_) => TRACES,
            }
    }

    /// Draws the panel with its label at y coordinate `top`.
    fn html(&self, steps: usize, top: f64) -> Markup {
        let (top, height) = (top + LABEL, self.height() - LABEL);
        let (name, remark) = self.label();
        html! {
            rect.ground x=(LEFT) y=(Tenths(top)) width=(PLOT) height=(Tenths(height)) {}
            text x=(LEFT) y=(Tenths(top - 6.0)) { (name) tspan.quiet.small dx="8" { (remark) } }
            @match self {
                Self::Events(events) => (events.html(steps, top, height)),
                Self::Traces(traces) => (traces.html(steps, top, height)),
            }
        }
    }

    /// Returns the name, and what is drawn.
    fn label(&self) -> (String, String) {
        match self {
            Self::Events(events) => {
                let range = match events.stride() {
                    1 => format!("1\u{2013}{}", events.width),
                    stride => format!("every {stride}th of {}", events.width),
                };
                let maximum = format_number(f64::from(events.maximum()));
                (shorten(&events.name, MAX_LABEL_CHARS), format!("{range}, up to {maximum} per step"))
            }
            Self::Traces(traces) => (shorten(&traces.name, MAX_LABEL_CHARS), traces.quantity.into()),
        }
    }
}

impl EventPanel {
    /// Returns the distance between the neurons that are drawn.
    fn stride(&self) -> usize {
        self.width.div_ceil(MAX_ROWS).max(1)
    }

    fn rows(&self) -> usize {
        self.width.div_ceil(self.stride())
    }

    /// Returns the maximum number of events per channel per step.
    fn maximum(&self) -> f32 {
        self.counts.iter().copied().filter(|count| count.is_finite()).fold(0.0, f32::max)
    }

    /// Draws dashes whose opacity depends on the number of events per step. Adjacent events of equal opacity are one
    /// dash. Coordinates are integers, which keeps pages small: one unit is a step across, two units are a neuron down.
    fn html(&self, steps: usize, top: f64, height: f64) -> Markup {
        let maximum = self.maximum();
        let merged = steps.div_ceil(MAX_STEPS).max(1);
        let columns = steps.div_ceil(merged).max(1);
        let count = |column: usize, neuron: usize| {
            let times = column * merged..((column + 1) * merged).min(steps);
            times.filter_map(|t| self.counts.get(t * self.width + neuron)).fold(0.0f32, |a, &b| a.max(b))
        };
        let mut paths = [const { String::new() }; OPACITY_LEVELS];
        for row in 0..self.rows() {
            let levels: Vec<usize> =
                (0..columns).map(|c| level(count(c, row * self.stride()), maximum)).collect();
            let mut start = 0;
            for c in 1..=columns {
                if c < columns && levels[c] == levels[start] {
                    continue;
                }
                if let Some(path) = levels[start].checked_sub(1).and_then(|i| paths.get_mut(i)) {
                    let _ = write!(path, "M{start} {}h{}", 2 * row + 1, c - start);
                }
                start = c;
            }
        }
        let (across, down) = (PLOT / columns as f64, height / (2 * self.rows()).max(1) as f64);
        let scale = format!("scale({across:.4} {down:.4})");
        html! {
            g transform={ "translate(" (LEFT) " " (Tenths(top)) ") " (scale) } {
                @for (i, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
                    path.event.{ "e" (i) } d=(path) {}
                }
            }
            @for mark in &self.marks {
                @let x = (mark.step as f64 + 0.5) / steps.max(1) as f64 * PLOT;
                @let y = ((mark.neuron / self.stride()) as f64 + 0.5) / self.rows().max(1) as f64 * height;
                circle.ring cx=(Tenths(LEFT + x)) cy=(Tenths(top + y)) r="4" {}
            }
        }
    }
}

/// Number of opacities; the style sheet has the classes `e0` to `e4`.
const OPACITY_LEVELS: usize = 5;

/// Returns 0 for silence, otherwise a level from 1 to [`OPACITY_LEVELS`]. The square root keeps single events visible
/// beside many.
fn level(count: f32, maximum: f32) -> usize {
    if count.is_nan() || count <= 0.0 || maximum <= 0.0 {
        return 0;
    }
    ((OPACITY_LEVELS as f32 * (count / maximum).sqrt()).ceil() as usize).clamp(1, OPACITY_LEVELS)
}

impl Traces {
    fn html(&self, steps: usize, top: f64, height: f64) -> Markup {
        let values = || self.lines.iter().flat_map(|line| &line.values);
        let finite = || values().copied().filter(|x| x.is_finite()).map(f64::from);
        let (low, high) = (finite().fold(0.0, f64::min), finite().fold(0.0, f64::max));
        let marks = ticks(low, if high > low { high } else { low + 1.0 }, 3);
        let (low, high) = (marks[0], marks[marks.len() - 1]);
        let y = |value: f64| top + height - (value - low) / (high - low) * height;
        let x = |t: usize| LEFT + (t as f64 + 0.5) / steps.max(1) as f64 * PLOT;
        let path_of = |line: &Trace| {
            let values = line.values.iter().enumerate();
            let points = values.map(|(t, &value)| value.is_finite().then(|| (x(t), y(f64::from(value)))));
            path(&downsampled(&points.collect::<Vec<_>>()))
        };
        html! {
            @for &mark in &marks {
                text.quiet.small x=(LEFT + PLOT + 6.0) y=(Tenths(y(mark) + 3.5)) { (format_number(mark)) }
                path.rule d={ "M" (LEFT) " " (Tenths(y(mark))) "H" (LEFT + PLOT) } {}
            }
            @for line in &self.lines { path.(line.style.class()) d=(path_of(line)) {} }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjacent_events_are_one_dash() {
        let counts = vec![1.0, 0.0, 1.0, 2.0, 0.0, 9.0];
        let events =
            EventPanel { name: "h".into(), width: 2, counts, marks: vec![Mark { step: 1, neuron: 1 }] };
        let svg = events.html(3, 0.0, 40.0).into_string();
        // With at most 9 events per step, 1 and 2 events have opacities of 1/3 and sqrt(2)/3 of the maximum.
        assert!(svg.contains("e1\" d=\"M0 1h2\""), "{svg}");
        assert!(svg.contains("e2\" d=\"M1 3h1\"") && svg.contains("e4\" d=\"M2 3h1\""), "{svg}");
        // The middle of three steps, the lower of two neurons.
        assert!(svg.contains("<circle class=\"ring\" cx=\"246.0\" cy=\"30.0\""), "{svg}");
    }

    #[test]
    fn large_rasters_are_downsampled() {
        let counts = vec![1.0; 5000 * 1000];
        let panel = Panel::Events(EventPanel {
            name: "a.very.long.name.of.a.layer".into(),
            width: 1000,
            counts,
            marks: vec![],
        });
        let lines =
            [LineStyle::Background, LineStyle::Correct].map(|style| Trace { values: vec![0.5; 5000], style });
        let traces = Traces { name: "out".into(), quantity: "membrane", lines: lines.into() };
        let html = raster("c", "n", 5000, 1e-3, &[panel, Panel::Traces(traces)]).into_string();
        assert!(html.len() < 60_000, "{} bytes", html.len());
        assert!(
            html.contains("every 7th of 1000") && html.contains("a.very.l\u{2026}name.of.a.layer"),
            "{html}"
        );
        assert!(!html.contains("NaN") && html.contains("time (s)"));
    }
}
