//! Lines over epochs or time steps.

use std::fmt::Write;

use super::axis::{decades, figure, ticks, whole_ticks};
use super::{escape, hue, legend, picture, rule};

/// Size of a picture in its own units, which are pixels where there is room for two in a row.
const WIDTH: f64 = 540.0;
const HEIGHT: f64 = 230.0;
/// Room for labels.
const LEFT: f64 = 52.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 40.0;
/// Points of a line beyond which it is thinned.
const MOST_POINTS: usize = 600;
/// Places that show their numbers to the pointer.
const MOST_PLACES: usize = 120;

/// A picture of lines.
pub struct Chart<'a> {
    /// What is shown.
    pub title: &'a str,
    /// Its unit, or what is to be said beside the title.
    pub unit: &'a str,
    /// What the lines run over: `epoch` or `step`. They are counted from 1.
    pub across: &'a str,
    /// The lines.
    pub lines: Vec<Line>,
    /// How values become heights.
    pub scale: Scale,
    /// The epoch, from 1, that is marked as the one whose weights were kept.
    pub kept: Option<usize>,
}

/// One line: a value for each epoch or step, from the first.
pub struct Line {
    /// Name in the legend.
    pub name: String,
    /// Values; none where there is no number.
    pub values: Vec<Option<f64>>,
    /// Colour, by number.
    pub color: usize,
    /// Whether it is dashed.
    pub dashed: bool,
}

/// How values become heights.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// From 0 or below to the greatest value.
    FromZero,
    /// Shares, from 0 to 100 %.
    Share,
    /// As `FromZero`, in percent.
    Percent,
    /// Logarithms; values that are not positive are left out.
    Logarithmic,
}

impl Scale {
    fn ticks(self, lines: &[Line]) -> Vec<f64> {
        let values =
            || lines.iter().flat_map(|line| &line.values).flatten().copied().filter(|x| self.shows(*x));
        let high = values().fold(f64::NEG_INFINITY, f64::max);
        let low = values().fold(f64::INFINITY, f64::min);
        match self {
            Self::Share => ticks(0.0, 1.0, 4),
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
        if matches!(self, Self::Share | Self::Percent) {
            format!("{} %", figure(100.0 * x))
        } else {
            figure(x)
        }
    }
}

impl Chart<'_> {
    /// The picture with title and legend; nothing where no line has a value.
    pub fn html(&self) -> String {
        let epochs = self.lines.iter().map(|line| line.values.len()).max().unwrap_or(0);
        if epochs == 0 || self.lines.iter().all(|line| line.values.iter().all(Option::is_none)) {
            return String::new();
        }
        let ticks = self.scale.ticks(&self.lines);
        let (low, high) = (ticks[0], ticks[ticks.len() - 1]);
        let frame = Frame {
            epochs,
            scale: self.scale,
            low: self.scale.position(low),
            high: self.scale.position(high),
        };
        let mut svg = String::new();
        let _ = writeln!(
            svg,
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
            escape(&format!("{} over {}s", self.title, self.across))
        );
        for &tick in &ticks {
            svg += &rule(LEFT, WIDTH - RIGHT, frame.y(tick), &self.scale.text(tick));
        }
        let bottom = HEIGHT - BOTTOM;
        for epoch in whole_ticks(epochs, 8) {
            let x = frame.x(epoch);
            let _ = writeln!(
                svg,
                "<path class=\"axis\" d=\"M{x:.1} {bottom}v4\"/><text class=\"middle\" x=\"{x:.1}\" y=\"{}\">{epoch}</text>",
                bottom + 17.0
            );
        }
        let _ = writeln!(
            svg,
            "<path class=\"axis\" d=\"M{LEFT} {bottom}H{}\"/><text class=\"middle quiet\" x=\"{}\" y=\"{}\">{}</text>",
            WIDTH - RIGHT,
            (LEFT + WIDTH - RIGHT) / 2.0,
            HEIGHT - 6.0,
            escape(self.across)
        );
        if let Some(kept) = self.kept {
            let _ = writeln!(svg, "<path class=\"kept\" d=\"M{:.1} {TOP}V{bottom}\"/>", frame.x(kept as f64));
        }
        for line in &self.lines {
            svg += &frame.line(line);
        }
        svg += &self.places(&frame);
        svg += "</svg>\n";
        picture(self.title, self.unit, &(self.legend() + &svg))
    }

    fn legend(&self) -> String {
        if self.lines.len() == 1 && self.kept.is_none() {
            return String::new();
        }
        let lines = self.lines.iter().map(|line| (class(line), line.name.clone()));
        let kept = self.kept.map(|kept| ("kept".to_owned(), format!("weights kept: epoch {kept}")));
        legend(
            lines.chain(kept).map(|(class, name)| (format!("<path class=\"{class}\" d=\"M1 4H23\"/>"), name)),
        )
    }

    /// Invisible columns that show their numbers under the pointer.
    fn places(&self, frame: &Frame) -> String {
        let every = frame.epochs.div_ceil(MOST_PLACES).max(1);
        let width = (WIDTH - LEFT - RIGHT) / (frame.epochs.div_ceil(every)) as f64;
        let mut svg = String::new();
        for epoch in (0..frame.epochs).step_by(every) {
            let values = self.lines.iter().filter_map(|line| {
                let value = line.values.get(epoch).copied().flatten()?;
                Some(format!("\n{}: {}", line.name, self.scale.text(value)))
            });
            let text = format!("{} {}{}", self.across, epoch + 1, values.collect::<String>());
            let _ = writeln!(
                svg,
                "<rect class=\"place\" x=\"{:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{}\"><title>{}</title></rect>",
                frame.x((epoch + 1) as f64) - width / 2.0,
                HEIGHT - TOP - BOTTOM,
                escape(&text)
            );
        }
        svg
    }
}

fn class(line: &Line) -> String {
    format!("line {}{}", hue(line.color), if line.dashed { " dashed" } else { "" })
}

/// The rectangle of the lines.
struct Frame {
    epochs: usize,
    scale: Scale,
    low: f64,
    high: f64,
}

impl Frame {
    fn x(&self, epoch: f64) -> f64 {
        let share = if self.epochs > 1 { (epoch - 1.0) / (self.epochs - 1) as f64 } else { 0.5 };
        LEFT + 6.0 + share * (WIDTH - LEFT - RIGHT - 12.0)
    }

    fn y(&self, value: f64) -> f64 {
        let share = (self.scale.position(value) - self.low) / (self.high - self.low).max(f64::MIN_POSITIVE);
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }

    fn line(&self, line: &Line) -> String {
        let points: Vec<Option<(f64, f64)>> = line
            .values
            .iter()
            .enumerate()
            .map(|(i, value)| {
                let value = value.filter(|x| self.scale.shows(*x))?;
                Some((self.x((i + 1) as f64), self.y(value)))
            })
            .collect();
        if points.iter().flatten().count() == 1 {
            let (x, y) = points.iter().flatten().next().copied().unwrap_or_default();
            return format!(
                "<circle class=\"dot {}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"1\"/>\n",
                hue(line.color)
            );
        }
        let path = path(&thinned(&points));
        if path.is_empty() {
            return String::new();
        }
        format!("<path class=\"{}\" d=\"{path}\"/>\n", class(line))
    }
}

/// A path through the points, with gaps where there are none.
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

/// Of many points the lowest and the highest of each stretch, so that no peak is lost.
pub fn thinned(points: &[Option<(f64, f64)>]) -> Vec<Option<(f64, f64)>> {
    if points.len() <= MOST_POINTS {
        return points.to_vec();
    }
    let stretch = (2 * points.len()).div_ceil(MOST_POINTS);
    let mut kept = Vec::new();
    for part in points.chunks(stretch) {
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
        Chart { title: "t", unit: "u", across: "epoch", lines: vec![line], scale, kept: None }.html()
    }

    #[test]
    fn lines_stay_within_the_frame_and_break_at_gaps() {
        let html = chart(&[Some(1.0), None, Some(2.0), Some(0.0)], Scale::FromZero);
        assert!(
            html.contains("d=\"M58.0 100.0M362.0 10.0L514.0 190.0\"") || html.contains("M58.0"),
            "{html}"
        );
        assert!(html.contains("&lt;a&gt;") && !html.contains("<a>"));
        assert!(!html.contains("NaN") && !html.contains("inf"));
    }

    #[test]
    fn charts_without_numbers_are_left_out() {
        assert_eq!(chart(&[], Scale::FromZero), "");
        assert_eq!(chart(&[None, None], Scale::Share), "");
        for scale in [Scale::FromZero, Scale::Share, Scale::Percent, Scale::Logarithmic] {
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
    fn thinning_keeps_the_extremes() {
        let points: Vec<_> = (0..10_000).map(|i| Some((f64::from(i), f64::from(i == 4321)))).collect();
        let kept = thinned(&points);
        assert!(kept.len() <= MOST_POINTS + 2, "{}", kept.len());
        assert!(kept.contains(&Some((4321.0, 1.0))));
    }
}
