//! Bars side by side: one quantity of several things, in a few situations.

use std::fmt::Write;

use super::axis::{figure, ticks};
use super::{escape, hue, legend, picture, rule};

const WIDTH: f64 = 540.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 28.0;
/// Letters of a name that there is room for.
const LONGEST: usize = 14;

/// A picture of bars.
pub struct Bars<'a> {
    /// What is shown.
    pub title: &'a str,
    /// Its unit, or what is to be said beside the title.
    pub unit: &'a str,
    /// The situations, in the order of colours.
    pub names: &'a [&'a str],
    /// Each thing with its value in every situation; values are not negative.
    pub groups: Vec<(String, Vec<f64>)>,
}

impl Bars<'_> {
    /// The picture with title and legend; nothing where there are no groups.
    pub fn html(&self) -> String {
        if self.groups.is_empty() || self.names.is_empty() {
            return String::new();
        }
        let values = self.groups.iter().flat_map(|(_, values)| values).copied().filter(|x| x.is_finite());
        let most = values.fold(0.0, f64::max);
        let marks = ticks(0.0, if most > 0.0 { most } else { 1.0 }, 4);
        let high = marks[marks.len() - 1];
        let bottom = HEIGHT - BOTTOM;
        let y = |value: f64| bottom - value / high * (bottom - TOP);
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">\n",
            escape(self.title)
        );
        for &mark in &marks {
            svg += &rule(LEFT, WIDTH - RIGHT, y(mark), &figure(mark));
        }
        let room = (WIDTH - LEFT - RIGHT) / self.groups.len() as f64;
        let bar = (0.7 * room / self.names.len() as f64).min(34.0);
        for (i, (name, values)) in self.groups.iter().enumerate() {
            let middle = LEFT + (i as f64 + 0.5) * room;
            let first = middle - 0.5 * bar * self.names.len() as f64;
            for (j, &value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
                let situation = self.names.get(j).copied().unwrap_or_default();
                let _ = writeln!(
                    svg,
                    "<rect class=\"bar {}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{}</title></rect>",
                    hue(j),
                    first + j as f64 * bar + 0.5,
                    y(value),
                    bar - 1.0,
                    (bottom - y(value)).max(0.0),
                    escape(&format!("{name}, {situation}: {}", figure(value)))
                );
            }
            let shown: String = if name.chars().count() <= LONGEST {
                name.clone()
            } else {
                std::iter::once('\u{2026}')
                    .chain(name.chars().skip(name.chars().count() + 1 - LONGEST))
                    .collect()
            };
            let _ = writeln!(
                svg,
                "<text class=\"middle\" x=\"{middle:.1}\" y=\"{:.1}\">{}</text>",
                bottom + 17.0,
                escape(&shown)
            );
        }
        let _ = writeln!(svg, "<path class=\"axis\" d=\"M{LEFT} {bottom}H{}\"/>\n</svg>", WIDTH - RIGHT);
        picture(self.title, self.unit, &(self.legend() + &svg))
    }

    fn legend(&self) -> String {
        let mark = |i| format!("<rect class=\"bar {}\" x=\"4\" width=\"16\" height=\"8\"/>", hue(i));
        legend(self.names.iter().enumerate().map(|(i, &name)| (mark(i), name.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_the_axis() {
        let groups = vec![("a".to_owned(), vec![1.0, 0.5]), ("<b>".to_owned(), vec![0.0, f64::NAN])];
        let html = Bars { title: "t", unit: "u", names: &["x", "y"], groups }.html();
        assert!(html.contains("y=\"10.0\" width=\"33.0\" height=\"242.0\""), "{html}");
        assert!(html.contains("y=\"131.0\" width=\"33.0\" height=\"121.0\""), "{html}");
        assert!(html.contains("&lt;b&gt;") && !html.contains("NaN"));
        assert_eq!(Bars { title: "t", unit: "u", names: &[], groups: vec![] }.html(), "");
    }
}
