//! Histograms of one tensor.

use maud::{Markup, html};
use synnet_ir::picture::axis::{format_number, ticks};

use super::svg::{Tenths, drawing, figure};

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 150.0;
const SIDE: f64 = 14.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 24.0;
const FLOOR: f64 = HEIGHT - BOTTOM;
/// Maximum number of bins.
const MAX_BINS: usize = 40;

/// A histogram.
pub struct Histogram<'a> {
    /// The title.
    pub title: &'a str,
    /// A remark, shown beside the title.
    pub note: &'a str,
    /// The values; those that are not finite are left out.
    pub values: &'a [f32],
}

impl Histogram<'_> {
    /// Draws the histogram; empty if there are no finite values.
    pub fn html(&self) -> Markup {
        let values: Vec<f64> = self.values.iter().map(|&x| f64::from(x)).filter(|x| x.is_finite()).collect();
        if values.is_empty() {
            return html! {};
        }
        let low = values.iter().copied().fold(0.0, f64::min);
        let high = values.iter().copied().fold(0.0, f64::max);
        let marks = ticks(low, if high > low { high } else { low + 1.0 }, 4);
        let (low, high) = (marks[0], marks[marks.len() - 1]);
        // About the square root of the number of values.
        let bins = ((values.len() as f64).sqrt().ceil() as usize).clamp(8, MAX_BINS);
        let bin = |x: f64| (((x - low) / (high - low) * bins as f64) as usize).min(bins - 1);
        let mut counts = vec![0_usize; bins];
        values.iter().for_each(|&x| counts[bin(x)] += 1);
        let most = counts.iter().copied().max().unwrap_or(1).max(1);
        let x = |value: f64| SIDE + (value - low) / (high - low) * (WIDTH - 2.0 * SIDE);
        let edge = |i: usize| low + (high - low) * i as f64 / bins as f64;
        let content = html! {
            @for (i, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                @let height = (count as f64 / most as f64 * (FLOOR - TOP)).max(1.0);
                rect.bar.c0 x=(Tenths(x(edge(i)) + 0.5)) y=(Tenths(FLOOR - height))
                    width=(Tenths((x(edge(i + 1)) - x(edge(i)) - 1.0).max(0.5))) height=(Tenths(height)) {
                    title { (format_number(edge(i))) " to " (format_number(edge(i + 1))) ": " (count) }
                }
            }
            path.axis d={ "M" (SIDE) " " (FLOOR) "H" (WIDTH - SIDE) "M" (Tenths(x(0.0))) " " (TOP) "V" (FLOOR) } {}
            @for &mark in &marks {
                text.middle.small x=(Tenths(x(mark))) y=(FLOOR + 16.0) { (format_number(mark)) }
            }
        };
        figure(self.title, self.note, &drawing(self.title, [WIDTH, HEIGHT], &content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_a_bin() {
        let values = [-1.0, -0.99, 0.0, 0.2, 0.2, 0.99, 1.0, f32::NAN];
        let html = Histogram { title: "<w>", note: "n", values: &values }.html().into_string();
        assert!(html.contains("\u{2212}1 to \u{2212}0.75: 2</title>"), "{html}");
        assert!(html.contains("0.75 to 1: 2</title>") && html.contains("0 to 0.25: 3</title>"), "{html}");
        assert!(html.contains("&lt;w&gt;") && !html.contains("NaN"));
        let equal = Histogram { title: "t", note: "", values: &[0.0; 3] }.html().into_string();
        assert!(equal.contains(": 3</title>"), "{equal}");
        assert_eq!(Histogram { title: "t", note: "", values: &[] }.html().0, "");
    }
}
