//! Bars of parts that use a limited resource.

use maud::{Markup, html};
use synnet_ir::display::format_thousands;

use super::svg::{ColorClass, Tenths, drawing, figure, legend};

const WIDTH: f64 = 540.0;
const LEFT: f64 = 206.0;
const RIGHT: f64 = 104.0;
/// Width of a bar if the resource is used up.
const FULL: f64 = WIDTH - LEFT - RIGHT;
const ROW: f64 = 22.0;
const BAR: f64 = 12.0;

/// A chart with a bar for each resource.
pub struct Stacked<'a> {
    /// The title.
    pub title: &'a str,
    /// A remark, shown beside the title.
    pub note: &'a str,
    /// Names of the parts, in the order of colors.
    pub parts: &'a [String],
    /// The bars.
    pub rows: Vec<StackedRow>,
}

/// The use of a resource.
pub struct StackedRow {
    /// Name of the resource.
    pub name: String,
    /// Amount that all parts use.
    pub used: usize,
    /// Amount that there is.
    pub available: usize,
    /// Amount that each part uses; empty if the use cannot be divided.
    pub parts: Vec<usize>,
}

impl Stacked<'_> {
    /// Draws the chart; empty if there are no rows.
    pub fn html(&self) -> Markup {
        if self.rows.is_empty() {
            return html! {};
        }
        let content = html! {
            @for (i, row) in self.rows.iter().enumerate() { (self.row(row, ROW * i as f64 + 4.0)) }
        };
        let drawing = drawing(self.title, [WIDTH, ROW * self.rows.len() as f64 + 4.0], &content);
        let mark = |i| html! { rect.bar.(ColorClass(i)) x="4" width="16" height="8" {} };
        let names = legend(self.parts.iter().enumerate().map(|(i, name)| (mark(i), name.as_str())));
        figure(self.title, self.note, &html! { (names) (drawing) })
    }

    fn row(&self, row: &StackedRow, y: f64) -> Markup {
        // A resource that is exceeded fills its bar; a line marks the limit.
        let whole = row.available.max(row.used).max(1) as f64;
        let x = |amount: usize| LEFT + amount as f64 / whole * FULL;
        let mut sum = 0;
        let parts = row.parts.iter().map(|&amount| {
            sum += amount;
            [sum - amount, sum]
        });
        let parts: Vec<[usize; 2]> = parts.collect();
        let middle = y + BAR - 2.0;
        html! {
            text.end x=(LEFT - 10.0) y=(Tenths(middle)) { (row.name) }
            rect.available x=(LEFT) y=(Tenths(y)) width=(FULL) height=(BAR) {}
            @if parts.is_empty() {
                rect.bar.c6 x=(LEFT) y=(Tenths(y)) width=(Tenths(x(row.used) - LEFT)) height=(BAR) {}
            }
            @for (i, &[from, to]) in parts.iter().enumerate().filter(|(_, [from, to])| to > from) {
                rect.bar.(ColorClass(i)) x=(Tenths(x(from))) y=(Tenths(y))
                    width=(Tenths((x(to) - x(from)).max(1.0))) height=(BAR) {
                    title { (self.parts.get(i).map_or("", String::as_str)) ": " (to - from) }
                }
            }
            @if row.used > row.available {
                @let x = Tenths(x(row.available));
                path.limit d={ "M" (x) " " (Tenths(y - 3.0)) "v" (BAR + 6.0) } {}
            }
            text x=(LEFT + FULL + 8.0) y=(Tenths(middle)) {
                (format_thousands(row.used as f64)) " of " (format_thousands(row.available as f64))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_beside_each_other() {
        let row = |used, available, parts| StackedRow { name: "<n>".into(), used, available, parts };
        let rows = vec![row(50, 100, vec![20, 0, 30]), row(200, 100, vec![]), row(0, 0, vec![])];
        let names = ["a", "b", "<c>"].map(str::to_owned);
        let html = Stacked { title: "t", note: "", parts: &names, rows }.html().into_string();
        assert!(html.contains("x=\"206.0\" y=\"4.0\" width=\"46.0\""), "{html}");
        assert!(html.contains("x=\"252.0\" y=\"4.0\" width=\"69.0\"") && html.contains("&lt;c&gt;: 30"));
        assert!(html.contains("class=\"limit\" d=\"M321.0 23.0"), "{html}");
        assert!(!html.contains("NaN") && !html.contains("<n>"));
    }
}
