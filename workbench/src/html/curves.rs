//! Curves of a fraction over a rate on a logarithmic axis, such as misses over false alarms per hour.

use maud::{Markup, html};

use super::svg::{ColorClass, Tenths, drawing, figure, legend, rule};
use synnet_ir::picture::axis::{decades, format_number, ticks};

const WIDTH: f64 = 540.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 10.0;
const FLOOR: f64 = HEIGHT - 40.0;

/// Curves in one frame.
pub struct Curves<'a> {
    /// The title.
    pub title: &'a str,
    /// The unit or a remark, shown beside the title.
    pub unit: &'a str,
    /// Titles of the horizontal and the vertical axis.
    pub axes: [&'a str; 2],
    /// Lower end of the horizontal axis, above 0. Smaller rates are drawn there.
    pub lowest: f64,
    /// The curves.
    pub curves: Vec<Curve>,
}

/// A curve, which is constant between its points.
pub struct Curve {
    /// Name in the legend.
    pub name: String,
    /// Rates with fractions, by ascending rate.
    pub points: Vec<[f64; 2]>,
    /// A point that is marked.
    pub mark: Option<[f64; 2]>,
    /// Index of the color.
    pub color: usize,
}

impl Curves<'_> {
    /// Draws the curves with title and legend; empty if there is no point.
    pub fn html(&self) -> Markup {
        let all = || self.curves.iter().flat_map(|curve| curve.points.iter().chain(&curve.mark));
        let highest = all().map(|point| point[0]).fold(self.lowest * 10.0, f64::max);
        let largest = all().map(|point| point[1]).fold(0.0, f64::max);
        if all().next().is_none() {
            return html! {};
        }
        let across = decades(self.lowest, highest, 6);
        let (low, high) =
            (self.lowest.log10(), across.last().map_or(1.0, |x| x.log10()).max(highest.log10()));
        let up = ticks(0.0, if largest > 0.0 { largest } else { 1.0 }, 4);
        let top = up.last().copied().unwrap_or(1.0);
        let x =
            |rate: f64| LEFT + (rate.max(self.lowest).log10() - low) / (high - low) * (WIDTH - LEFT - RIGHT);
        let y = |share: f64| FLOOR - share / top * (FLOOR - TOP);
        let content = html! {
            @for &mark in &up { (rule(LEFT, WIDTH - RIGHT, y(mark), &format!("{} %", format_number(100.0 * mark)))) }
            @for &mark in across.iter().filter(|mark| **mark >= self.lowest) {
                path.axis d={ "M" (Tenths(x(mark))) " " (FLOOR) "v4" } {}
                text.middle x=(Tenths(x(mark))) y=(FLOOR + 17.0) { (format_number(mark)) }
            }
            path.axis d={ "M" (LEFT) " " (FLOOR) "H" (WIDTH - RIGHT) } {}
            text.middle.quiet x=((LEFT + WIDTH - RIGHT) / 2.0) y=(FLOOR + 34.0) { (self.axes[0]) }
            @for curve in &self.curves {
                path.line.(ColorClass(curve.color)) d=(path(curve, &x, &y)) {}
                @if let Some([rate, share]) = curve.mark {
                    circle.dot.(ColorClass(curve.color)) cx=(Tenths(x(rate))) cy=(Tenths(y(share))) r="2" {
                        title {
                            (curve.name) ": " (format_number(100.0 * share)) " % " (self.axes[1]) ", "
                            (format_number(rate)) " " (self.axes[0])
                        }
                    }
                }
            }
        };
        let mark = |curve: &Curve| html! { path.line.(ColorClass(curve.color)) d="M0 4H24" {} };
        let legend = legend(self.curves.iter().map(|curve| (mark(curve), curve.name.as_str())));
        figure(self.title, self.unit, &html! { (legend) (drawing(self.title, [WIDTH, HEIGHT], &content)) })
    }
}

/// Returns the path of a curve in steps: between two points, the fraction is that of the smaller rate.
fn path(curve: &Curve, x: &dyn Fn(f64) -> f64, y: &dyn Fn(f64) -> f64) -> String {
    let mut path = String::new();
    for (i, &[rate, share]) in curve.points.iter().enumerate() {
        if i == 0 {
            path += &format!("M{:.1} {:.1}", x(rate), y(share));
        } else {
            path += &format!("H{:.1}V{:.1}", x(rate), y(share));
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_steps() {
        let points = vec![[0.0, 1.0], [1.0, 0.5], [10.0, 0.0]];
        let curve = Curve { name: "<a>".into(), points, mark: Some([1.0, 0.5]), color: 0 };
        let curves = Curves { title: "t", unit: "u", axes: ["x", "y"], lowest: 0.1, curves: vec![curve] };
        let html = curves.html().into_string();
        assert!(html.contains("d=\"M52.0 10.0H288.0V115.0H524.0V220.0\""), "{html}");
        assert!(html.contains("&lt;a&gt;: 50 % y, 1 x") && !html.contains("NaN"), "{html}");
        let empty = Curves { title: "t", unit: "u", axes: ["x", "y"], lowest: 0.1, curves: vec![] };
        assert_eq!(empty.html().0, "");
    }
}
