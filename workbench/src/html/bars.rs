//! Grouped bar charts.

use maud::{Markup, html};

use super::svg::{ColorClass, Tenths, drawing, figure, legend, rule};
use synnet_ir::display::shorten;
use synnet_ir::picture::axis::{format_number, ticks};

const WIDTH: f64 = 540.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 28.0;
/// Maximum length of a label.
const MAX_LABEL_CHARS: usize = 14;

/// A grouped bar chart.
pub struct Bars<'a> {
    /// The title.
    pub title: &'a str,
    /// The unit or a remark, shown beside the title.
    pub unit: &'a str,
    /// Names of the series, in the order of colors.
    pub names: &'a [&'a str],
    /// Groups with a value for each series. Values are 0 or more; others are not drawn.
    pub groups: Vec<(String, Vec<f64>)>,
}

impl Bars<'_> {
    /// Draws the chart with title and legend; empty if there are no groups.
    pub fn html(&self) -> Markup {
        if self.groups.is_empty() || self.names.is_empty() {
            return html! {};
        }
        let values = self.groups.iter().flat_map(|(_, values)| values).copied().filter(|x| x.is_finite());
        let maximum = values.fold(0.0, f64::max);
        let marks = ticks(0.0, if maximum > 0.0 { maximum } else { 1.0 }, 4);
        let high = marks[marks.len() - 1];
        let bottom = HEIGHT - BOTTOM;
        let y = |value: f64| bottom - value / high * (bottom - TOP);
        let group_width = (WIDTH - LEFT - RIGHT) / self.groups.len() as f64;
        let bar = (0.7 * group_width / self.names.len() as f64).min(34.0);
        let content = html! {
            @for &mark in &marks { (rule(LEFT, WIDTH - RIGHT, y(mark), &format_number(mark))) }
            @for (i, (name, values)) in self.groups.iter().enumerate() {
                @let middle = LEFT + (i as f64 + 0.5) * group_width;
                @let first = middle - 0.5 * bar * self.names.len() as f64;
                @for (j, &value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
                    rect.bar.(ColorClass(j)) x=(Tenths(first + j as f64 * bar + 0.5)) y=(Tenths(y(value)))
                        width=(Tenths(bar - 1.0)) height=(Tenths((bottom - y(value)).max(0.0))) {
                        title { (name) ", " (self.names.get(j).copied().unwrap_or_default()) ": " (format_number(value)) }
                    }
                }
                text.middle x=(Tenths(middle)) y=(Tenths(bottom + 17.0)) { (shorten(name, MAX_LABEL_CHARS)) }
            }
            path.axis d={ "M" (LEFT) " " (bottom) "H" (WIDTH - RIGHT) } {}
        };
        let drawing = drawing(self.title, [WIDTH, HEIGHT], &content);
        // The title says what a single series is.
        let legend = if self.names.len() > 1 {
            self.legend()
        } else {
            html! {}
        };
        figure(self.title, self.unit, &html! { (legend) (drawing) })
    }

    fn legend(&self) -> Markup {
        let mark = |i| html! { rect.bar.(ColorClass(i)) x="4" width="16" height="8" {} };
        legend(self.names.iter().enumerate().map(|(i, &name)| (mark(i), name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_the_axis() {
        let groups = vec![("a".to_owned(), vec![1.0, 0.5]), ("<b>".to_owned(), vec![0.0, f64::NAN])];
        let html = Bars { title: "t", unit: "u", names: &["x", "y"], groups }.html().into_string();
        assert!(html.contains("y=\"10.0\" width=\"33.0\" height=\"242.0\""), "{html}");
        assert!(html.contains("y=\"131.0\" width=\"33.0\" height=\"121.0\""), "{html}");
        assert!(html.contains("&lt;b&gt;") && !html.contains("NaN"));
        assert_eq!(Bars { title: "t", unit: "u", names: &[], groups: vec![] }.html().0, "");
    }
}
