//! The layout of a progress bar with its figures, for any width.

/// Width of the bar, without its brackets, if there is room.
const BAR: usize = 30;
/// Minimum width of the bar; below it, there is none.
const MIN_BAR: usize = 8;
/// Width of the name, and indentation of further lines.
const NAME: usize = 12;
/// Minimum room for figures beside the bar; with less, the figures start on the next line.
const MIN_FIGURES: usize = 24;
/// Maximum number of lines. Networks of many layers have more figures than a glance can take in.
const MAX_LINES: usize = 4;
const GAP: &str = "  ";

/// Lays out a name, a bar that is full to `fraction` (from 0 to 1), and figures, in lines of at most `width`
/// characters. Figures that do not fit into four lines are left out.
pub fn layout(name: &str, fraction: f64, figures: &[String], width: usize) -> Vec<String> {
    let room = width.saturating_sub(NAME + 1);
    // The bar gives way to the figures down to a third of its width.
    let bar =
        room.saturating_sub(2 + GAP.len() + MIN_FIGURES).clamp(BAR / 3, BAR).min(room.saturating_sub(2));
    let mut lines = if bar < MIN_BAR {
        vec![name.to_owned()]
    } else {
        vec![format!("{name:<NAME$} {}", draw(fraction, bar))]
    };
    let indent = " ".repeat(if room < 2 * MIN_FIGURES { 0 } else { NAME + 1 });
    for figure in figures {
        let last = lines.last().map_or(0, |line| line.chars().count());
        let is_start = lines.last().is_some_and(|line| line.trim().is_empty());
        let gap = if is_start { "" } else { GAP };
        if last + gap.len() + figure.chars().count() <= width {
            if let Some(line) = lines.last_mut() {
                line.push_str(gap);
                line.push_str(figure);
            }
        } else if lines.len() < MAX_LINES {
            lines.push(format!("{indent}{figure}"));
        } else {
            break;
        }
    }
    lines.iter().map(|line| line.chars().take(width).collect()).collect()
}

/// Draws a bar of `width` characters in brackets.
fn draw(fraction: f64, width: usize) -> String {
    let full = ((fraction * width as f64) as usize).min(width);
    let tip = if full < width { ">" } else { "" };
    let bar = format!("{}{tip}", "=".repeat(full));
    format!("[{bar:<width$}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Vec<String> {
        let figures = ["epoch 3/50", "loss 1.234", "accuracy 56.7 %", "validation 54.3 %", "1:23 left"];
        let layers = ["rates  h0 0.12", "h1 0.05 (23 % silent)", "h2 0.31", "gradient 1.2e0", "lr 1.0e-3"];
        figures.iter().chain(&layers).map(|&figure| figure.to_owned()).collect()
    }

    #[test]
    fn lines_fit_any_width() {
        for width in 1..300 {
            let lines = layout("training", 0.4, &figures(), width);
            assert!(lines.len() <= MAX_LINES, "{lines:?}");
            assert!(lines.iter().all(|line| line.chars().count() <= width), "{width}: {lines:?}");
        }
    }

    #[test]
    fn every_figure_has_room_on_common_terminals() {
        for (width, expected) in [
            (
                59,
                "training     [=======>          ]  epoch 3/50  loss 1.234
accuracy 56.7 %  validation 54.3 %  1:23 left
rates  h0 0.12  h1 0.05 (23 % silent)  h2 0.31
gradient 1.2e0  lr 1.0e-3",
            ),
            (
                79,
                "training     [============>                 ]  epoch 3/50  loss 1.234
             accuracy 56.7 %  validation 54.3 %  1:23 left  rates  h0 0.12
             h1 0.05 (23 % silent)  h2 0.31  gradient 1.2e0  lr 1.0e-3",
            ),
            (
                119,
                "training     [============>                 ]  epoch 3/50  loss 1.234  accuracy 56.7 %  validation 54.3 %  1:23 left
             rates  h0 0.12  h1 0.05 (23 % silent)  h2 0.31  gradient 1.2e0  lr 1.0e-3",
            ),
        ] {
            assert_eq!(layout("training", 0.42, &figures(), width).join("\n"), expected);
        }
    }

    #[test]
    fn bars_are_full_at_the_end() {
        for (fraction, expected) in
            [(0.0, "[>         ]"), (0.999, "[=========>]"), (1.0, "[==========]"), (2.0, "[==========]")]
        {
            assert_eq!(draw(fraction, 10), expected);
        }
    }
}
