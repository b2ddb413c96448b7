//! Bars of parts that use a limited resource.

use maud::{Markup, html};
use synnet_ir::display::format_thousands;

use super::svg::{ColorClass, Tenths, figure, legend};

/// Width of a bar if the resource is used up; bars stretch to the space that the page has.
const FULL: f64 = 240.0;
const HEIGHT: f64 = 18.0;
/// Distance of a bar from the ends of the line that marks a limit.
const MARGIN: f64 = 3.0;

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
        let rows = html! { ul.resources { @for row in &self.rows { (self.row(row)) } } };
        let mark = |i| html! { rect.bar.(ColorClass(i)) x="4" width="16" height="8" {} };
        let names = legend(self.parts.iter().enumerate().map(|(i, name)| (mark(i), name.as_str())));
        figure(self.title, self.note, &html! { (names) (rows) })
    }

    fn row(&self, row: &StackedRow) -> Markup {
        // A resource that is exceeded fills its bar; a line marks the limit.
        let whole = row.available.max(row.used).max(1) as f64;
        let x = |amount: usize| amount as f64 / whole * FULL;
        let mut sum = 0;
        let parts = row.parts.iter().map(|&amount| {
            sum += amount;
            [sum - amount, sum]
        });
        let parts: Vec<[usize; 2]> = parts.collect();
        let bar = HEIGHT - 2.0 * MARGIN;
        html! {
            li {
                span { (row.name) }
                svg viewBox={ "0 0 " (FULL) " " (HEIGHT) } preserveAspectRatio="none" aria-hidden="true" {
                    rect.available y=(MARGIN) width=(FULL) height=(bar) {}
                    @if parts.is_empty() { rect.bar.c6 y=(MARGIN) width=(Tenths(x(row.used))) height=(bar) {} }
                    @for (i, &[from, to]) in parts.iter().enumerate().filter(|(_, [from, to])| to > from) {
                        rect.bar.(ColorClass(i)) x=(Tenths(x(from))) y=(MARGIN)
                            width=(Tenths((x(to) - x(from)).max(1.0))) height=(bar) {
                            title { (self.parts.get(i).map_or("", String::as_str)) ": " (to - from) }
                        }
                    }
                    @if row.used > row.available {
                        path.limit d={ "M" (Tenths(x(row.available))) " 0v" (HEIGHT) } {}
                    }
                }
                b { (format_thousands(row.used as f64)) " of " (format_thousands(row.available as f64)) }
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
        assert!(html.contains("x=\"0.0\" y=\"3\" width=\"48.0\""), "{html}");
        assert!(html.contains("x=\"48.0\" y=\"3\" width=\"72.0\"") && html.contains("&lt;c&gt;: 30"));
        assert!(html.contains("class=\"limit\" d=\"M120.0 0v18"), "{html}");
        assert!(!html.contains("NaN") && !html.contains("<n>"));
    }
}
