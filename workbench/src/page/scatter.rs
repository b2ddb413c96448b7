//! Points: one quantity of many things in two situations, against the line of equality. Both axes are
//! square roots, so that small values do not lie in one corner.

use std::fmt::Write;

use super::axis::{figure, ticks};
use super::{escape, hue, legend, picture};

const SIZE: f64 = 240.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 40.0;
/// Points beyond which only every so many-th is drawn.
const MOST_POINTS: usize = 3000;

/// A picture of points.
pub struct Scatter<'a> {
    /// What is shown.
    pub title: &'a str,
    /// Its unit, or what is to be said beside the title.
    pub unit: &'a str,
    /// What the axes say: across, and up.
    pub axes: [&'a str; 2],
    /// Groups of points with their names, in the order of colours; values are not negative.
    pub groups: Vec<(String, Vec<[f64; 2]>)>,
}

impl Scatter<'_> {
    /// The picture with title and legend; nothing where there are no points.
    pub fn html(&self) -> String {
        let points = self.groups.iter().map(|(_, points)| points.len()).sum::<usize>();
        if points == 0 {
            return String::new();
        }
        let values = self.groups.iter().flat_map(|(_, points)| points.iter().flatten());
        let most = values.copied().filter(|x| x.is_finite()).fold(0.0, f64::max);
        let marks = ticks(0.0, if most > 0.0 { most } else { 1.0 }, 4);
        let high = marks[marks.len() - 1];
        let marks = [0.0, 0.25, 0.5, 0.75, 1.0].map(|share: f64| share * share * high);
        let (bottom, right) = (TOP + SIZE, LEFT + SIZE);
        let place = |value: f64| (value / high).max(0.0).sqrt() * SIZE;
        let (x, y) = (|value: f64| LEFT + place(value), |value: f64| bottom - place(value));
        let (width, height) = (right + RIGHT, bottom + BOTTOM);
        let mut svg = format!(
            "<svg class=\"matrix\" viewBox=\"0 0 {width} {height}\" style=\"max-width:{width}px\" role=\"img\" aria-label=\"{}\">\n",
            escape(self.title)
        );
        for &mark in &marks {
            let _ = writeln!(
                svg,
                "<path class=\"rule\" d=\"M{LEFT} {0:.1}H{right}M{1:.1} {TOP}V{bottom}\"/>\
                 <text class=\"end\" x=\"{2}\" y=\"{3:.1}\">{4}</text><text class=\"middle\" x=\"{1:.1}\" y=\"{5}\">{4}</text>",
                y(mark),
                x(mark),
                LEFT - 7.0,
                y(mark) + 4.0,
                figure(mark),
                bottom + 16.0
            );
        }
        let middle = LEFT + SIZE / 2.0;
        let [across, up] = self.axes.map(escape);
        let _ = writeln!(
            svg,
            "<path class=\"kept\" d=\"M{LEFT} {bottom}L{right} {TOP}\"/>\
             <text class=\"middle quiet\" x=\"{middle}\" y=\"{}\">{across}</text>\
             <text class=\"middle quiet\" transform=\"translate(12 {:.1}) rotate(-90)\">{up}</text>",
            bottom + 34.0,
            TOP + SIZE / 2.0
        );
        let every = points.div_ceil(MOST_POINTS).max(1);
        for (i, (_, points)) in self.groups.iter().enumerate() {
            for [a, b] in points.iter().step_by(every).filter(|point| point.iter().all(|x| x.is_finite())) {
                let (x, y) = (x(*a), y(*b));
                let _ =
                    writeln!(svg, "<circle class=\"point {}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>", hue(i));
            }
        }
        svg += "</svg>\n";
        picture(self.title, self.unit, &(self.legend() + &svg))
    }

    fn legend(&self) -> String {
        let mark = |i| format!("<circle class=\"point {}\" cx=\"12\" cy=\"4\" r=\"3\"/>", hue(i));
        legend(self.groups.iter().enumerate().map(|(i, (name, _))| (mark(i), name.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_lie_on_the_line() {
        let points = vec![[0.0, 0.0], [1.0, 1.0], [0.25, 0.0625], [f64::NAN, 1.0]];
        let html =
            Scatter { title: "t", unit: "u", axes: ["a", "<b>"], groups: vec![("g".into(), points)] }.html();
        for place in ["cx=\"56.0\" cy=\"250.0\"", "cx=\"296.0\" cy=\"10.0\"", "cx=\"176.0\" cy=\"190.0\""] {
            assert!(html.contains(place), "no {place} in {html}");
        }
        assert!(html.contains("&lt;b&gt;") && !html.contains("NaN"));
        assert_eq!(Scatter { title: "t", unit: "u", axes: ["a", "b"], groups: vec![] }.html(), "");
    }

    #[test]
    fn many_points_are_thinned() {
        let points = vec![[0.1, 0.2]; 10_000];
        let html =
            Scatter { title: "t", unit: "u", axes: ["a", "b"], groups: vec![("g".into(), points)] }.html();
        assert!(html.matches("<circle").count() <= MOST_POINTS + 1);
    }
}
