//! Confusion matrices.

use std::fmt::Write;

use super::{escape, picture};

/// Classes beyond which cells are too small for numbers.
const MOST_NUMBERED: usize = 24;

/// Samples by true class (row) and prediction (column), as a picture with a caption.
pub fn confusion(caption: &str, note: &str, classes: &[String], counts: &[Vec<u64>]) -> String {
    let n = counts.len();
    let cell =
        if n > MOST_NUMBERED { (440.0 / n as f64).max(3.0) } else { (400.0 / n as f64).clamp(24.0, 46.0) };
    let every = if n > MOST_NUMBERED { n.div_ceil(20) } else { 1 };
    let longest = classes.iter().map(|class| class.chars().count()).max().unwrap_or(1);
    let shown: Vec<String> = classes.iter().map(|class| shortened(class)).collect();
    let room = 7.0 * longest.min(LONGEST) as f64;
    let slanted = room > cell - 4.0 && every == 1;
    let (left, top) = (room + 34.0, if slanted { 0.72 * room + 40.0 } else { 46.0 });
    let (width, height) =
        (left + n as f64 * cell + if slanted { 0.7 * room } else { 8.0 }, top + n as f64 * cell + 8.0);

    let mut svg = format!(
        "<svg class=\"matrix\" viewBox=\"0 0 {width:.0} {height:.0}\" style=\"max-width:{width:.0}px\" role=\"img\" aria-label=\"{}\">\n",
        escape(caption)
    );
    let _ = writeln!(
        svg,
        "<text class=\"quiet middle\" x=\"{:.1}\" y=\"13\">predicted class</text>\
         <text class=\"quiet middle\" transform=\"translate(12 {:.1}) rotate(-90)\">true class</text>",
        left + n as f64 * cell / 2.0,
        top + n as f64 * cell / 2.0
    );
    for (i, class) in shown.iter().enumerate().step_by(every) {
        let centre = (i as f64 + 0.5) * cell;
        let _ = writeln!(
            svg,
            "<text class=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            left - 8.0,
            top + centre + 4.0,
            escape(class)
        );
        let (x, y) = (left + centre, top - 8.0);
        let _ = if slanted {
            writeln!(svg, "<text transform=\"translate({x:.1} {y:.1}) rotate(-45)\">{}</text>", escape(class))
        } else {
            writeln!(svg, "<text class=\"middle\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escape(class))
        };
    }
    for (row, line) in counts.iter().enumerate() {
        let total = line.iter().sum::<u64>().max(1) as f64;
        for (column, &count) in line.iter().enumerate() {
            let share = count as f64 / total;
            let (x, y) = (left + column as f64 * cell, top + row as f64 * cell);
            let gap = if cell > 8.0 { 1.5 } else { 0.0 };
            let kind = if row == column { "right" } else { "wrong" };
            // A single mistake must be seen, too.
            let strength = if count == 0 { 0.0 } else { 0.12 + 0.88 * share };
            let _ = write!(
                svg,
                "<g><rect class=\"cell\" x=\"{:.1}\" y=\"{:.1}\" width=\"{2:.1}\" height=\"{2:.1}\"/>",
                x + gap / 2.0,
                y + gap / 2.0,
                cell - gap
            );
            if count > 0 {
                let _ = write!(
                    svg,
                    "<rect class=\"{kind}\" fill-opacity=\"{strength:.2}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{2:.1}\" height=\"{2:.1}\"/>",
                    x + gap / 2.0,
                    y + gap / 2.0,
                    cell - gap
                );
            }
            if count > 0 && n <= MOST_NUMBERED {
                let on = if strength > 0.55 { "middle on" } else { "middle" };
                let _ = write!(
                    svg,
                    "<text class=\"{on}\" x=\"{:.1}\" y=\"{:.1}\">{count}</text>",
                    x + cell / 2.0,
                    y + cell / 2.0 + 4.0
                );
            }
            let name = |i: usize| classes.get(i).map_or("", String::as_str);
            let _ = writeln!(
                svg,
                "<title>{}</title></g>",
                escape(&format!(
                    "true {}, predicted {}: {count} ({:.1} % of the class)",
                    name(row),
                    name(column),
                    100.0 * share
                ))
            );
        }
    }
    svg += "</svg>\n";
    picture(caption, note, &svg)
}

/// Letters of a class name that there is room for.
const LONGEST: usize = 14;

fn shortened(class: &str) -> String {
    if class.chars().count() <= LONGEST {
        return class.to_owned();
    }
    class.chars().take(LONGEST - 1).chain(['\u{2026}']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_says_what_it_counts() {
        let classes = ["low".to_owned(), "a very long name of a class".to_owned()];
        let html = confusion("float", "", &classes, &[vec![3, 1], vec![0, 0]]);
        assert!(html.contains("<title>true low, predicted low: 3 (75.0 % of the class)</title>"), "{html}");
        assert_eq!(html.matches("class=\"wrong\"").count(), 1);
        assert!(html.contains("a very long n\u{2026}<") && !html.contains("NaN"));
        let many: Vec<String> = (0..60).map(|i| i.to_string()).collect();
        let html = confusion("float", "", &many, &vec![vec![1; 60]; 60]);
        assert!(html.contains("viewBox") && html.matches("<title>").count() == 3600);
    }
}
