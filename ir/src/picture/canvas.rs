//! SVG elements, and the extent that they cover.

use std::fmt::Write;

/// A point in pixels, to the right and down.
pub(super) type Point = [f64; 2];

/// Elements with the rectangle that they cover.
pub(super) struct Canvas {
    content: String,
    /// Left, top, right, bottom.
    bounds: [f64; 4],
}

/// Alignment of a text at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Writes to a string, which cannot fail.
macro_rules! add {
    ($canvas:ident, $($text:tt)*) => { let _ = write!($canvas.content, $($text)*); };
}

impl Canvas {
    pub(super) fn new() -> Self {
        let (high, low) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { content: String::new(), bounds: [high, high, low, low] }
    }

    /// Returns the content and its rectangle: left, top, width, height.
    pub(super) fn finish(self) -> (String, [f64; 4]) {
        let [left, top, right, bottom] = self.bounds;
        let view_box = [left.floor(), top.floor(), (right - left).ceil() + 1.0, (bottom - top).ceil() + 1.0];
        (self.content, if left <= right { view_box } else { [0.0, 0.0, 1.0, 1.0] })
    }

    /// Extends the rectangle to a point.
    pub(super) fn include(&mut self, [x, y]: Point) {
        let [left, top, right, bottom] = self.bounds;
        self.bounds = [left.min(x), top.min(y), right.max(x), bottom.max(y)];
    }

    /// Returns left, top, right and bottom of the elements.
    pub(super) fn bounds(&self) -> [f64; 4] {
        self.bounds
    }

    /// Opens a group whose tooltip is `title`.
    pub(super) fn open(&mut self, title: &str) {
        add!(self, "<g><title>{}</title>\n", escaped(title));
    }

    pub(super) fn close(&mut self) {
        self.content += "</g>\n";
    }

    /// Draws a path of the commands `d`, which covers the points.
    pub(super) fn path(&mut self, class: &str, d: &str, covers: &[Point]) {
        covers.iter().for_each(|point| self.include(*point));
        add!(self, "<path class=\"{class}\" d=\"{d}\"/>\n");
    }

    /// Draws a path with round ends of the given width, whose rectangle is covered already.
    pub(super) fn thick_path(&mut self, class: &str, d: &str, width: f64) {
        let width = number(width);
        add!(self, "<path class=\"{class}\" stroke-width=\"{width}\" d=\"{d}\"/>\n");
    }

    /// Draws lines through points.
    pub(super) fn line(&mut self, class: &str, points: &[Point]) {
        self.path(class, &polyline(points), points);
    }

    /// Fills a polygon.
    pub(super) fn polygon(&mut self, class: &str, points: &[Point]) {
        self.path(class, &format!("{}Z", polyline(points)), points);
    }

    /// Draws a rectangle between two corners, with rounded corners of radius `r`.
    pub(super) fn rectangle(&mut self, class: &str, a: Point, b: Point, r: f64) {
        self.include(a);
        self.include(b);
        let (x, y) = (number(a[0].min(b[0])), number(a[1].min(b[1])));
        let (width, height) = (number((a[0] - b[0]).abs()), number((a[1] - b[1]).abs()));
        add!(self, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"");
        if r > 0.0 {
            add!(self, " rx=\"{}\"", number(r));
        }
        self.content += "/>\n";
    }

    pub(super) fn circle(&mut self, class: &str, [x, y]: Point, r: f64) {
        self.include([x - r, y - r]);
        self.include([x + r, y + r]);
        let (x, y, r) = (number(x), number(y), number(r));
        add!(self, "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"/>\n");
    }

    /// Writes a text. `[x, y]` is the end of its base line that `anchor` names, or its middle.
    pub(super) fn text(&mut self, class: &str, [x, y]: Point, anchor: Anchor, text: &str) {
        let width = if class.starts_with("name") { name_width(text) } else { text_width(text) };
        let (left, suffix) = match anchor {
            Anchor::Start => (x, ""),
            Anchor::Middle => (x - width / 2.0, " middle"),
            Anchor::End => (x - width, " end"),
        };
        self.include([left, y - 11.0]);
        self.include([left + width, y + 4.0]);
        let (x, y) = (number(x), number(y));
        add!(self, "<text class=\"{class}{suffix}\" x=\"{x}\" y=\"{y}\">{}</text>\n", escaped(text));
    }

    /// Writes a text from top to bottom; its middle is at the point.
    pub(super) fn vertical_text(&mut self, class: &str, [x, y]: Point, text: &str) {
        let half = text_width(text) / 2.0;
        self.include([x - 7.0, y - half]);
        self.include([x + 7.0, y + half]);
        let place = format!("translate({} {}) rotate(90)", number(x), number(y));
        add!(self, "<text class=\"{class} middle\" transform=\"{place}\" y=\"4\">{}</text>\n", escaped(text));
    }
}

/// Returns the commands of lines through points.
pub(super) fn polyline(points: &[Point]) -> String {
    let commands = points
        .iter()
        .enumerate()
        .map(|(i, [x, y])| format!("{}{} {}", if i == 0 { "M" } else { "L" }, number(*x), number(*y)));
    commands.collect()
}

/// Like [`polyline`], with corners rounded by the radius `r`.
pub(super) fn rounded_polyline(points: &[Point], r: f64) -> String {
    let mut d = polyline(&points[..1.min(points.len())]);
    for (i, &[x, y]) in points.iter().enumerate().skip(1) {
        let Some(&next) = points.get(i + 1) else {
            let _ = write!(d, "L{} {}", number(x), number(y));
            continue;
        };
        // The curve starts and ends at most half of a segment away from the corner.
        let toward = |[px, py]: Point| {
            let length = (px - x).hypot(py - y).max(f64::MIN_POSITIVE);
            let share = (r / length).min(0.5);
            format!("{} {}", number(x + (px - x) * share), number(y + (py - y) * share))
        };
        let _ = write!(d, "L{}Q{} {} {}", toward(points[i - 1]), number(x), number(y), toward(next));
    }
    d
}

/// Estimates the width of a text in the style `small`, in pixels.
pub(super) fn text_width(text: &str) -> f64 {
    // Widths of DejaVu Sans, which is wide: a picture is drawn before the font of its reader is known.
    let em = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | '|' | '\'' | ' ' => 0.32,
        'f' | 'r' | 't' | '(' | ')' | '-' => 0.42,
        'm' | 'w' | 'M' | 'W' | '+' | '\u{d7}' | '\u{221e}' | '\u{2026}' => 0.95,
        c if c.is_uppercase() => 0.74,
        c if c < '\u{2e80}' => 0.64,
        // Ideographs are squares.
        _ => 1.0,
    };
    11.0 * text.chars().map(em).sum::<f64>()
}

/// Estimates the width of a text in the style `name`, which is larger and bold, in pixels.
pub(super) fn name_width(text: &str) -> f64 {
    1.22 * text_width(text)
}

/// Formats a coordinate with at most one decimal.
pub(super) fn number(x: f64) -> String {
    let text = format!("{x:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Escapes a text for an element or an attribute. Control characters, which XML forbids, become spaces.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            c if (c.is_control() && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_become_markup() {
        assert_eq!(escaped("<a>\"&\u{0}\u{b}'"), "&lt;a&gt;&quot;&amp;  '");
    }

    #[test]
    fn corners_are_rounded() {
        let d = rounded_polyline(&[[0.0, 0.0], [0.0, 10.0], [4.0, 10.0]], 6.0);
        assert_eq!(d, "M0 0L0 5Q0 10 2 10L4 10");
        assert_eq!([1.25, -0.04, 3.0].map(number), ["1.2", "0", "3"]);
    }
}
