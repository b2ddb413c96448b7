//! Scatter plots of a quantity in two conditions, with the line of equality. Both axes are square roots, which spreads
//! out small values.

use maud::{Markup, html};

use super::svg::{ColorClass, Tenths, bounded_drawing, figure, legend};
use synnet_ir::picture::axis::{format_number, ticks};

const SIZE: f64 = 240.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 40.0;
/// Lower and right end of the plot area.
const FLOOR: f64 = TOP + SIZE;
const EDGE: f64 = LEFT + SIZE;
/// Maximum number of points; of more points, every nth is drawn.
const MAX_POINTS: usize = 3000;

/// A scatter plot.
pub struct Scatter<'a> {
    /// The title.
    pub title: &'a str,
    /// The unit or a remark, shown beside the title.
    pub unit: &'a str,
    /// Titles of the horizontal and the vertical axis.
    pub axes: [&'a str; 2],
    /// Names of groups with their points, in the order of colors. Values are 0 or more.
    pub groups: Vec<(String, Vec<[f64; 2]>)>,
}

impl Scatter<'_> {
    /// Draws the plot with title and legend; empty if there are no points.
    pub fn html(&self) -> Markup {
        let points = self.groups.iter().map(|(_, points)| points.len()).sum::<usize>();
        if points == 0 {
            return html! {};
        }
        let values = self.groups.iter().flat_map(|(_, points)| points.iter().flatten());
        let maximum = values.copied().filter(|x| x.is_finite()).fold(0.0, f64::max);
        let marks = ticks(0.0, if maximum > 0.0 { maximum } else { 1.0 }, 4);
        let high = marks[marks.len() - 1];
        let distance = |value: f64| (value / high).max(0.0).sqrt() * SIZE;
        let (x, y) = (|value: f64| LEFT + distance(value), |value: f64| FLOOR - distance(value));
        let every = points.div_ceil(MAX_POINTS).max(1);
        let shown = |points: &[[f64; 2]]| {
            let finite = points.iter().step_by(every).filter(|point| point.iter().all(|x| x.is_finite()));
            finite.map(|&[a, b]| [Tenths(x(a)), Tenths(y(b))]).collect::<Vec<_>>()
        };
        let content = html! {
            @for fraction in [0.0, 0.25, 0.5, 0.75, 1.0] {
                // Evenly spaced on a square-root axis.
                @let mark = fraction * fraction * high;
                (cross(x(mark), y(mark), &format_number(mark)))
            }
            (self.axes())
            @for (i, (_, points)) in self.groups.iter().enumerate() {
                @for [x, y] in shown(points) { circle.point.(ColorClass(i)) cx=(x) cy=(y) r="3" {} }
            }
        };
        let drawing = bounded_drawing(self.title, [EDGE + RIGHT, FLOOR + BOTTOM], &content);
        figure(self.title, self.unit, &html! { (self.legend()) (drawing) })
    }

    /// Draws the line of equality and the axis titles.
    fn axes(&self) -> Markup {
        let [across, up] = self.axes;
        html! {
            path.equality d={ "M" (LEFT) " " (FLOOR) "L" (EDGE) " " (TOP) } {}
            text.middle.quiet x=(LEFT + SIZE / 2.0) y=(FLOOR + 34.0) { (across) }
            text.middle.quiet transform={ "translate(12 " (Tenths(TOP + SIZE / 2.0)) ") rotate(-90)" } { (up) }
        }
    }

    fn legend(&self) -> Markup {
        let mark = |i| html! { circle.point.(ColorClass(i)) cx="12" cy="4" r="3" {} };
        legend(self.groups.iter().enumerate().map(|(i, (name, _))| (mark(i), name.as_str())))
    }
}

/// Draws the grid lines through a point on the line of equality, with their labels.
fn cross(x: f64, y: f64, label: &str) -> Markup {
    let (x, label_y) = (Tenths(x), Tenths(y + 4.0));
    html! {
        path.rule d={ "M" (LEFT) " " (Tenths(y)) "H" (EDGE) "M" (x) " " (TOP) "V" (FLOOR) } {}
        text.end x=(LEFT - 7.0) y=(label_y) { (label) }
        text.middle x=(x) y=(FLOOR + 16.0) { (label) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_lie_on_the_line() {
        let points = vec![[0.0, 0.0], [1.0, 1.0], [0.25, 0.0625], [f64::NAN, 1.0]];
        let html = Scatter { title: "t", unit: "u", axes: ["a", "<b>"], groups: vec![("g".into(), points)] }
            .html()
            .into_string();
        for position in ["cx=\"56.0\" cy=\"250.0\"", "cx=\"296.0\" cy=\"10.0\"", "cx=\"176.0\" cy=\"190.0\""]
        {
            assert!(html.contains(position), "no {position} in {html}");
        }
        assert!(html.contains("&lt;b&gt;") && !html.contains("NaN"));
        assert_eq!(Scatter { title: "t", unit: "u", axes: ["a", "b"], groups: vec![] }.html().0, "");
    }

    #[test]
    fn many_points_are_downsampled() {
        let points = vec![[0.1, 0.2]; 10_000];
        let html = Scatter { title: "t", unit: "u", axes: ["a", "b"], groups: vec![("g".into(), points)] }
            .html()
            .into_string();
        assert!(html.matches("<circle").count() <= MAX_POINTS + 1);
    }
}
