//! What went on in a network during one sample: events of every population above one another.

use std::fmt::Write;

use super::axis::{figure, ticks};
use super::chart::{path, thinned};
use super::{escape, hue, picture};

const WIDTH: f64 = 540.0;
const LEFT: f64 = 104.0;
const RIGHT: f64 = 34.0;
const TOP: f64 = 8.0;
const GAP: f64 = 12.0;
const BOTTOM: f64 = 38.0;
const TRACES: f64 = 120.0;
/// Columns and rows beyond which a raster is thinned.
const MOST_STEPS: usize = 900;
const MOST_ROWS: usize = 160;

/// A part of a raster.
pub enum Panel {
    /// Events of a population.
    Events(Events),
    /// Courses of a few quantities.
    Traces(Traces),
}

/// Event counts of a population.
pub struct Events {
    /// Name of the population.
    pub name: String,
    /// Channels or neurons.
    pub width: usize,
    /// `[steps, width]`, row-major.
    pub counts: Vec<f32>,
    /// Places that are ringed.
    pub marks: Vec<Mark>,
}

/// A place in a raster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The step, from 0.
    pub step: usize,
    /// The channel or neuron.
    pub neuron: usize,
}

/// The course of a few quantities.
pub struct Traces {
    /// Name of the population.
    pub name: String,
    /// The quantity.
    pub what: &'static str,
    /// From the one at the back to the one at the front.
    pub lines: Vec<Trace>,
}

/// The course of a quantity.
pub struct Trace {
    /// A value for each step.
    pub values: Vec<f32>,
    /// How it is drawn.
    pub look: Look,
}

/// How a course is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// One of many.
    Quiet,
    /// The one that should stand out.
    Right,
    /// The one that is taken for it.
    Taken,
    /// In a colour of its own.
    Color(usize),
    /// What the one of this colour should be.
    Wanted(usize),
}

impl Look {
    fn class(self) -> String {
        match self {
            Self::Quiet => "line other".into(),
            Self::Right => "line true".into(),
            Self::Taken => "line false dashed".into(),
            Self::Color(i) => format!("line {}", hue(i)),
            Self::Wanted(i) => format!("line dashed {}", hue(i)),
        }
    }
}

/// A picture of `steps` time steps of `dt` seconds, under a caption.
pub fn raster(caption: &str, note: &str, steps: usize, dt: f64, panels: &[Panel]) -> String {
    let heights: Vec<f64> = panels.iter().map(Panel::height).collect();
    let bottom = TOP + heights.iter().sum::<f64>() + GAP * panels.len().saturating_sub(1) as f64;
    let height = bottom + BOTTOM;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"{}\">\n",
        escape(caption)
    );
    svg += &time_axis(steps, dt, bottom);
    let mut y = TOP;
    for (panel, height) in panels.iter().zip(heights) {
        let [name, range, most] = panel.label();
        let (width, x) = (WIDTH - LEFT - RIGHT, LEFT - 8.0);
        let _ = writeln!(
            svg,
            "<rect class=\"ground\" x=\"{LEFT}\" y=\"{y:.1}\" width=\"{width}\" height=\"{height:.1}\"/>\
             <text class=\"end\" x=\"{x}\" y=\"{:.1}\">{}</text>\
             <text class=\"end quiet small\" x=\"{x}\" y=\"{:.1}\">{}</text>\
             <text class=\"end quiet small\" x=\"{x}\" y=\"{:.1}\">{}</text>",
            y + 13.0,
            escape(&name),
            y + 27.0,
            escape(&range),
            y + 40.0,
            escape(&most)
        );
        svg += &match panel {
            Panel::Events(events) => events.svg(steps, y, height),
            Panel::Traces(traces) => traces.svg(steps, y, height),
        };
        y += height + GAP;
    }
    svg += "</svg>\n";
    picture(caption, note, &svg)
}

fn time_axis(steps: usize, dt: f64, bottom: f64) -> String {
    let duration = steps as f64 * dt;
    let (factor, unit) = if duration < 0.002 {
        (1e6, "\u{b5}s")
    } else if duration < 2.0 {
        (1e3, "ms")
    } else {
        (1.0, "s")
    };
    let x = |time: f64| LEFT + time / duration.max(f64::MIN_POSITIVE) * (WIDTH - LEFT - RIGHT);
    let mut svg = String::new();
    for tick in ticks(0.0, duration * factor, 6) {
        let x = x(tick / factor);
        if x > WIDTH - RIGHT + 0.5 {
            continue;
        }
        let _ = writeln!(
            svg,
            "<path class=\"rule\" d=\"M{x:.1} {TOP}V{:.1}\"/><text class=\"middle\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
            bottom + 4.0,
            bottom + 17.0,
            figure(tick)
        );
    }
    let _ = writeln!(
        svg,
        "<text class=\"middle quiet\" x=\"{:.1}\" y=\"{:.1}\">time ({unit})</text>",
        (LEFT + WIDTH - RIGHT) / 2.0,
        bottom + 33.0
    );
    svg
}

impl Panel {
    fn height(&self) -> f64 {
        match self {
            Self::Events(events) => (events.rows() as f64 * 3.0).clamp(48.0, 110.0),
            Self::Traces(_) => TRACES,
        }
    }

    /// Name, and what is to be said below it.
    fn label(&self) -> [String; 3] {
        match self {
            Self::Events(events) => {
                let range = match events.stride() {
                    1 => format!("1\u{2013}{}", events.width),
                    stride => format!("every {stride}th of {}", events.width),
                };
                [shortened(&events.name), range, format!("up to {} a step", figure(f64::from(events.most())))]
            }
            Self::Traces(traces) => [shortened(&traces.name), traces.what.into(), String::new()],
        }
    }
}

/// Names of layers may be long; their end tells more.
fn shortened(name: &str) -> String {
    const LONGEST: usize = 12;
    let count = name.chars().count();
    if count <= LONGEST {
        return name.to_owned();
    }
    std::iter::once('\u{2026}').chain(name.chars().skip(count + 1 - LONGEST)).collect()
}

impl Events {
    fn stride(&self) -> usize {
        self.width.div_ceil(MOST_ROWS).max(1)
    }

    fn rows(&self) -> usize {
        self.width.div_ceil(self.stride())
    }

    /// The greatest number of events of a channel in a step.
    fn most(&self) -> f32 {
        self.counts.iter().copied().filter(|count| count.is_finite()).fold(0.0, f32::max)
    }

    /// Dashes whose strength follows the number of events in a step. Coordinates are whole numbers: one is a
    /// step across, two are a neuron down.
    fn svg(&self, steps: usize, top: f64, height: f64) -> String {
        let most = self.most();
        let merged = steps.div_ceil(MOST_STEPS).max(1);
        let columns = steps.div_ceil(merged).max(1);
        let count = |column: usize, neuron: usize| {
            let times = column * merged..((column + 1) * merged).min(steps);
            times.filter_map(|t| self.counts.get(t * self.width + neuron)).fold(0.0f32, |a, &b| a.max(b))
        };
        let mut paths = [const { String::new() }; STRENGTHS];
        for row in 0..self.rows() {
            let levels: Vec<usize> =
                (0..columns).map(|c| level(count(c, row * self.stride()), most)).collect();
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
        let (across, down) =
            ((WIDTH - LEFT - RIGHT) / columns as f64, height / (2 * self.rows()).max(1) as f64);
        let mut svg = format!("<g transform=\"translate({LEFT} {top:.1}) scale({across:.4} {down:.4})\">");
        for (i, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
            let _ = write!(svg, "<path class=\"event e{i}\" d=\"{path}\"/>");
        }
        svg += "</g>\n";
        let width = WIDTH - LEFT - RIGHT;
        for mark in &self.marks {
            let x = LEFT + (mark.step as f64 + 0.5) / steps.max(1) as f64 * width;
            let y = top + ((mark.neuron / self.stride()) as f64 + 0.5) / self.rows().max(1) as f64 * height;
            let _ = write!(svg, "<circle class=\"ring\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>");
        }
        svg
    }
}

/// Strengths of dashes; the style sheet knows as many.
const STRENGTHS: usize = 5;

/// 0 for silence, else a strength from 1: by the square root, so that single events show beside many.
fn level(count: f32, most: f32) -> usize {
    if count.is_nan() || count <= 0.0 || most <= 0.0 {
        return 0;
    }
    ((STRENGTHS as f32 * (count / most).sqrt()).ceil() as usize).clamp(1, STRENGTHS)
}

impl Traces {
    fn svg(&self, steps: usize, top: f64, height: f64) -> String {
        let values = || self.lines.iter().flat_map(|line| &line.values);
        let finite = || values().copied().filter(|x| x.is_finite()).map(f64::from);
        let (low, high) = (finite().fold(0.0, f64::min), finite().fold(0.0, f64::max));
        let marks = ticks(low, if high > low { high } else { low + 1.0 }, 3);
        let (low, high) = (marks[0], marks[marks.len() - 1]);
        let y = |value: f64| top + height - (value - low) / (high - low) * height;
        let x = |t: usize| LEFT + (t as f64 + 0.5) / steps.max(1) as f64 * (WIDTH - LEFT - RIGHT);
        let mut svg = String::new();
        for &mark in &marks {
            let at = y(mark);
            let _ = write!(
                svg,
                "<text class=\"quiet small\" x=\"{}\" y=\"{:.1}\">{}</text>",
                WIDTH - RIGHT + 6.0,
                at + 3.5,
                figure(mark)
            );
            let _ = writeln!(svg, "<path class=\"rule\" d=\"M{LEFT} {at:.1}H{}\"/>", WIDTH - RIGHT);
        }
        for line in &self.lines {
            let points = line
                .values
                .iter()
                .enumerate()
                .map(|(t, &value)| value.is_finite().then(|| (x(t), y(f64::from(value)))));
            let path = path(&thinned(&points.collect::<Vec<_>>()));
            let _ = writeln!(svg, "<path class=\"{}\" d=\"{path}\"/>", line.look.class());
        }
        svg
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_events_are_one_dash() {
        let counts = vec![1.0, 0.0, 1.0, 2.0, 0.0, 9.0];
        let events = Events { name: "h".into(), width: 2, counts, marks: vec![Mark { step: 1, neuron: 1 }] };
        let svg = events.svg(3, 0.0, 40.0);
        // Of at most 9 events in a step, 1 and 2 have the strengths of 1/3 and sqrt(2)/3.
        assert!(svg.contains("e1\" d=\"M0 1h2\""), "{svg}");
        assert!(svg.contains("e2\" d=\"M1 3h1\"") && svg.contains("e4\" d=\"M2 3h1\""), "{svg}");
        // The middle of three steps, the lower of two neurons.
        assert!(svg.contains("<circle class=\"ring\" cx=\"305.0\" cy=\"30.0\""), "{svg}");
    }

    #[test]
    fn great_rasters_are_thinned() {
        let counts = vec![1.0; 5000 * 1000];
        let panel =
            Panel::Events(Events { name: "a.very.long.name".into(), width: 1000, counts, marks: vec![] });
        let lines = [Look::Quiet, Look::Right].map(|look| Trace { values: vec![0.5; 5000], look });
        let traces = Traces { name: "out".into(), what: "membrane", lines: lines.into() };
        let html = raster("c", "n", 5000, 1e-3, &[panel, Panel::Traces(traces)]);
        assert!(html.len() < 60_000, "{} bytes", html.len());
        assert!(html.contains("every 7th of 1000") && html.contains("\u{2026}y.long.name"), "{html}");
        assert!(!html.contains("NaN") && html.contains("time (s)"));
    }
}
