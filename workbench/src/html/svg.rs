//! What all pictures have in common: frame, caption, legend, rules, and how coordinates and colors are written.

use std::fmt::Write;

use maud::{Markup, Render, html};

/// Number of colors that lines can have.
pub const MAX_COLORS: usize = 7;

/// A coordinate or length, written to a tenth of a unit.
#[derive(Clone, Copy)]
pub struct Tenths(pub f64);

impl Render for Tenths {
    fn render_to(&self, buffer: &mut String) {
        // Writing to a string cannot fail.
        let _ = write!(buffer, "{:.1}", self.0);
    }
}

/// The class of the style sheet that colors line `i`.
#[derive(Clone, Copy)]
pub struct ColorClass(pub usize);

impl Render for ColorClass {
    fn render_to(&self, buffer: &mut String) {
        buffer.push('c');
        (self.0 % MAX_COLORS).render_to(buffer);
    }
}

/// A picture under its title, with its unit or a remark beside the title; `content` is the legend, if any, and the
/// drawing.
pub fn picture(title: &str, subtitle: &str, content: &Markup) -> Markup {
    html! {
        figure {
            figcaption { (title) " " span { (subtitle) } }
            (content)
        }
    }
}

/// A drawing that takes the width it finds; `label` names it for screen readers.
pub fn drawing(label: &str, [width, height]: [f64; 2], content: &Markup) -> Markup {
    html! {
        svg viewBox=(view_box(width, height)) role="img" aria-label=(label) { (content) }
    }
}

/// A drawing that is never larger than its own units, in pixels.
pub fn bounded_drawing(label: &str, [width, height]: [f64; 2], content: &Markup) -> Markup {
    html! {
        svg.matrix viewBox=(view_box(width, height)) style=(format_args!("max-width:{width:.0}px")) role="img"
            aria-label=(label) { (content) }
    }
}

fn view_box(width: f64, height: f64) -> String {
    format!("0 0 {width:.0} {height:.0}")
}

/// What the marks of a picture mean: for each its drawing, 24 wide and 8 high, and its name.
pub fn legend<'a>(items: impl Iterator<Item = (Markup, &'a str)>) -> Markup {
    html! {
        ul.legend {
            @for (mark, name) in items {
                li { svg viewBox="0 0 24 8" { (mark) } (name) }
            }
        }
    }
}

/// A line across a picture at height `y`, with a label before it.
pub fn rule(left: f64, right: f64, y: f64, label: &str) -> Markup {
    html! {
        path.rule d={ "M" (left) " " (Tenths(y)) "H" (right) } {}
        text.end x=(left - 7.0) y=(Tenths(y + 4.0)) { (label) }
    }
}

/// A long name cut to `letters`: its end, which tells layers apart better than its beginning.
pub fn shortened(name: &str, letters: usize) -> String {
    let count = name.chars().count();
    if count <= letters {
        return name.to_owned();
    }
    std::iter::once('\u{2026}').chain(name.chars().skip(count + 1 - letters)).collect()
}
