//! Plots of confusion matrices.

use maud::{Markup, html};

use super::svg::{Tenths, bounded_drawing, figure};

/// Maximum number of classes for which cells are large enough for numbers.
const MAX_NUMBERED: usize = 24;
/// Maximum number of classes for which every cell is drawn. Of larger matrices, which are mostly zeros, only the cells
/// with samples are.
const MAX_DRAWN: usize = 64;
/// Maximum number of cells of a larger matrix, those with the most samples.
const MAX_CELLS: usize = 5000;
/// Maximum length of a class label.
const MAX_LABEL_CHARS: usize = 14;

/// Draws a confusion matrix: numbers of samples by true class (row) and predicted class (column).
pub fn confusion(caption: &str, note: &str, classes: &[String], counts: &[Vec<u64>]) -> Markup {
    let grid = Grid::new(classes, counts.len());
    let content = html! {
        (grid.axis_labels(classes))
        @if grid.n > MAX_DRAWN {
            rect.cell x=(Tenths(grid.left)) y=(Tenths(grid.top)) width=(Tenths(grid.length()))
                height=(Tenths(grid.length())) {}
        }
        @for (cell, count, fraction) in cells(counts) {
            (grid.cell(cell, classes, count, fraction))
        }
    };
    figure(caption, note, &bounded_drawing(caption, grid.size(), &content))
}

/// Returns the cells to draw: row and column, number of samples, and its fraction of the row.
fn cells(counts: &[Vec<u64>]) -> Vec<([usize; 2], u64, f64)> {
    let rows = counts.iter().enumerate().flat_map(|(row, line)| {
        let total = line.iter().sum::<u64>().max(1) as f64;
        line.iter().enumerate().map(move |(column, &count)| ([row, column], count, count as f64 / total))
    });
    if counts.len() <= MAX_DRAWN {
        return rows.collect();
    }
    let mut cells: Vec<_> = rows.filter(|(_, count, _)| *count > 0).collect();
    cells.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
    cells.truncate(MAX_CELLS);
    cells
}

/// The layout of a matrix, in pixels.
struct Grid {
    /// Number of classes.
    n: usize,
    /// Side of a cell.
    side: f64,
    /// Width of the longest label.
    label_width: f64,
    /// Whether the column labels are too long to be horizontal.
    slanted: bool,
    /// Distance between labeled classes.
    every: usize,
    left: f64,
    top: f64,
}

impl Grid {
    fn new(classes: &[String], n: usize) -> Self {
        let numbered = n <= MAX_NUMBERED;
        let side = if numbered { (400.0 / n as f64).clamp(24.0, 46.0) } else { (440.0 / n as f64).max(3.0) };
        let every = if numbered { 1 } else { n.div_ceil(20) };
        let longest = classes.iter().map(|class| class.chars().count()).max().unwrap_or(1);
        let label_width = 7.0 * longest.min(MAX_LABEL_CHARS) as f64;
        let slanted = label_width > side - 4.0 && every == 1;
        let top = if slanted { 0.72 * label_width + 40.0 } else { 46.0 };
        Self { n, side, label_width, slanted, every, left: label_width + 34.0, top }
    }

    /// Returns the length of a row or column of cells.
    fn length(&self) -> f64 {
        self.n as f64 * self.side
    }

    fn size(&self) -> [f64; 2] {
        let right = if self.slanted { 0.7 * self.label_width } else { 8.0 };
        [self.left + self.length() + right, self.top + self.length() + 8.0]
    }

    /// Draws the axis titles, and the class names beside the rows and above the columns.
    fn axis_labels(&self, classes: &[String]) -> Markup {
        let across = Tenths(self.left + self.length() / 2.0);
        let down = Tenths(self.top + self.length() / 2.0);
        html! {
            text.quiet.middle x=(across) y="13" { "predicted class" }
            text.quiet.middle transform={ "translate(12 " (down) ") rotate(-90)" } { "true class" }
            @for (i, class) in classes.iter().enumerate().step_by(self.every) {
                @let name = shortened(class);
                @let center = (i as f64 + 0.5) * self.side;
                @let (x, y) = (Tenths(self.left + center), Tenths(self.top - 8.0));
                text.end x=(Tenths(self.left - 8.0)) y=(Tenths(self.top + center + 4.0)) { (name) }
                @if self.slanted {
                    text transform={ "translate(" (x) " " (y) ") rotate(-45)" } { (name) }
                } @else {
                    text.middle x=(x) y=(y) { (name) }
                }
            }
        }
    }

    /// Draws a cell; `fraction` is its fraction of the row's samples.
    fn cell(&self, [row, column]: [usize; 2], classes: &[String], count: u64, fraction: f64) -> Markup {
        let (x, y) = (self.left + column as f64 * self.side, self.top + row as f64 * self.side);
        let gap = if self.side > 8.0 { 1.5 } else { 0.0 };
        let (left, top, side) = (Tenths(x + gap / 2.0), Tenths(y + gap / 2.0), Tenths(self.side - gap));
        let kind = if row == column { "correct" } else { "incorrect" };
        // Even a single mistake must be visible.
        let opacity = 0.12 + 0.88 * fraction;
        let name = |i: usize| classes.get(i).map_or("", String::as_str);
        let percent = Tenths(100.0 * fraction);
        html! {
            g {
                rect.cell x=(left) y=(top) width=(side) height=(side) {}
                @if count > 0 {
                    rect.(kind) fill-opacity=(format_args!("{opacity:.2}")) x=(left) y=(top) width=(side) height=(side) {}
                    @if self.n <= MAX_NUMBERED {
                        text.middle.on[opacity > 0.55] x=(Tenths(x + self.side / 2.0))
                            y=(Tenths(y + self.side / 2.0 + 4.0)) { (count) }
                    }
                }
                title {
                    "true " (name(row)) ", predicted " (name(column)) ": " (count) " (" (percent) " % of the class)"
                }
            }
        }
    }
}

fn shortened(class: &str) -> String {
    if class.chars().count() <= MAX_LABEL_CHARS {
        return class.to_owned();
    }
    class.chars().take(MAX_LABEL_CHARS - 1).chain(['\u{2026}']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_a_tooltip() {
        let classes = ["low".to_owned(), "a very long name of a class".to_owned()];
        let html = confusion("float", "", &classes, &[vec![3, 1], vec![0, 0]]).into_string();
        assert!(html.contains("<title>true low, predicted low: 3 (75.0 % of the class)</title>"), "{html}");
        assert_eq!(html.matches("class=\"incorrect\"").count(), 1);
        assert!(html.contains("a very long n\u{2026}<") && !html.contains("NaN"));
        let many: Vec<String> = (0..60).map(|i| i.to_string()).collect();
        let html = confusion("float", "", &many, &vec![vec![1; 60]; 60]).into_string();
        assert!(html.contains("viewBox") && html.matches("<title>").count() == 3600);
        let many: Vec<String> = (0..1000).map(|i| i.to_string()).collect();
        for (counts, drawn) in [(0, 1000), (1, MAX_CELLS)] {
            let mut counts = vec![vec![counts; 1000]; 1000];
            (0..1000).for_each(|i| counts[i][i] = 9);
            let html = confusion("float", "", &many, &counts).into_string();
            assert_eq!(html.matches("<title>").count(), drawn);
            assert!(html.len() < 2 << 20, "{} bytes", html.len());
        }
    }
}
