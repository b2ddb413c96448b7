//! Parts that all figures share: frame, caption, legend, grid lines, and the format of coordinates and colors.

use std::fmt::Write;

use maud::{Markup, Render, html};

/// Number of line colors in the style sheet.
pub const MAX_COLORS: usize = 7;

/// A coordinate or length, written with one decimal.
#[derive(Clone, Copy)]
pub struct Tenths(pub f64);

impl Render for Tenths {
    fn render_to(&self, buffer: &mut String) {
        // Writing to a string cannot fail.
        let _ = write!(buffer, "{:.1}", self.0);
    }
}

/// The CSS class with the color of this index.
#[derive(Clone, Copy)]
pub struct ColorClass(pub usize);

impl Render for ColorClass {
    fn render_to(&self, buffer: &mut String) {
        buffer.push('c');
        (self.0 % MAX_COLORS).render_to(buffer);
    }
}

/// Returns a figure with a title and a subtitle beside it; `content` is the legend, if any, and the drawing.
pub fn figure(title: &str, subtitle: &str, content: &Markup) -> Markup {
    html! {
        figure {
            figcaption { (title) " " span { (subtitle) } }
            (content)
        }
    }
}

/// Returns a drawing that scales to the available width; `label` is for screen readers.
pub fn drawing(label: &str, [width, height]: [f64; 2], content: &Markup) -> Markup {
    html! {
        svg viewBox=(view_box(width, height)) role="img" aria-label=(label) { (content) }
    }
}

/// Like [`drawing`], but never larger than `width` pixels.
pub fn bounded_drawing(label: &str, [width, height]: [f64; 2], content: &Markup) -> Markup {
    html! {
        svg.matrix viewBox=(view_box(width, height)) style=(format_args!("max-width:{width:.0}px")) role="img"
            aria-label=(label) { (content) }
    }
}

fn view_box(width: f64, height: f64) -> String {
    format!("0 0 {width:.0} {height:.0}")
}

/// Returns a legend. Each item has a symbol, 24 units wide and 8 high, and a name.
pub fn legend<'a>(items: impl Iterator<Item = (Markup, &'a str)>) -> Markup {
    html! {
        ul.legend {
            @for (mark, name) in items {
                li { svg viewBox="0 0 24 8" { (mark) } (name) }
            }
        }
    }
}

/// Draws a horizontal grid line with a label on its left.
pub fn rule(left: f64, right: f64, y: f64, label: &str) -> Markup {
    html! {
        path.rule d={ "M" (left) " " (Tenths(y)) "H" (right) } {}
        text.end x=(left - 7.0) y=(Tenths(y + 4.0)) { (label) }
    }
}
