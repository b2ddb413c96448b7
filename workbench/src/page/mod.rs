//! Pages to read in a browser: one file of HTML with its pictures in it, nothing from the network.
//!
//! Pictures are inline SVG, drawn here and not by a crate for charts: these write colours and sizes as numbers, and
//! know no columns that show their figures to the pointer. Their colours are variables of the style sheet, so that one picture serves light
//! and dark; the palette is Okabe and Ito's, which people tell apart whatever their colour vision, and lines
//! differ in their dashes, too.

mod axis;
mod bars;
mod chart;
mod matrix;
mod raster;
mod scatter;

use std::fmt::Write;

pub use axis::figure;
pub use bars::Bars;
pub use chart::{Chart, Line, Scale};
pub use matrix::confusion;
pub use raster::{Events, Look, Mark, Panel, Trace, Traces, raster};
pub use scatter::Scatter;

/// A page: title, and the HTML of its body.
pub fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>\n{}</style>\n</head>\n\
         <body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        escape(title),
        include_str!("style.css")
    )
}

/// A text as it stands in HTML and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// A message with its names, which stand between backticks, set as code.
pub fn in_code(message: &str) -> String {
    let parts = message.split('`').enumerate();
    let parts = parts
        .map(|(i, part)| if i % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) });
    parts.collect()
}

/// A section with a heading and, where not empty, a sentence on how to read it.
pub fn section(heading: &str, lead: &str, content: &str) -> String {
    let lead = if lead.is_empty() { String::new() } else { format!("<p class=\"lead\">{lead}</p>\n") };
    format!("<section>\n<h2>{}</h2>\n{lead}{content}</section>\n", escape(heading))
}

/// Pictures side by side where there is room.
pub fn side_by_side(pictures: &[String]) -> String {
    format!("<div class=\"grid\">\n{}</div>\n", pictures.concat())
}

/// A table with a head: the first column is text, the others are numbers.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut html = String::from("<div class=\"scroll\"><table>\n");
    if !head.is_empty() {
        html += "<thead><tr>";
        for cell in head {
            let _ = write!(html, "<th scope=\"col\">{}</th>", escape(cell));
        }
        html += "</tr></thead>\n";
    }
    html += "<tbody>\n";
    for row in rows {
        html += "<tr>";
        for (c, cell) in row.iter().enumerate() {
            let tag = if c == 0 { "th scope=\"row\"" } else { "td" };
            let _ = write!(html, "<{tag}>{}</{}>", escape(cell), &tag[..2]);
        }
        html += "</tr>\n";
    }
    html + "</tbody>\n</table></div>\n"
}

/// Figures that catch the eye, each with what it is.
pub fn tiles(tiles: &[(String, String)]) -> String {
    let items = tiles
        .iter()
        .map(|(figure, what)| format!("<li><b>{}</b><span>{}</span></li>\n", escape(figure), escape(what)));
    format!("<ul class=\"tiles\">\n{}</ul>\n", items.collect::<String>())
}

/// Names and values, as a list of definitions.
pub fn facts(facts: &[(String, String)]) -> String {
    let rows = facts
        .iter()
        .map(|(name, value)| format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value)));
    format!("<dl class=\"facts\">\n{}</dl>\n", rows.collect::<String>())
}

/// Names and what they stand for, in two columns of text.
pub fn list(rows: &[Vec<String>]) -> String {
    table(&[], rows).replacen("<table>", "<table class=\"list\">", 1)
}

/// Colours that lines can have.
pub const HUES: usize = 7;

/// A picture with its title, and what is to be said beside that; `content` is the legend, if any, and the drawing.
fn picture(title: &str, beside: &str, content: &str) -> String {
    format!(
        "<figure>\n<figcaption>{} <span>{}</span></figcaption>\n{content}</figure>\n",
        escape(title),
        escape(beside)
    )
}

/// What the marks of a picture mean: for each its drawing, 24 wide and 8 high, and its name.
fn legend(items: impl Iterator<Item = (String, String)>) -> String {
    let items =
        items.map(|(mark, name)| format!("<li><svg viewBox=\"0 0 24 8\">{mark}</svg>{}</li>", escape(&name)));
    format!("<ul class=\"legend\">{}</ul>\n", items.collect::<String>())
}

/// A line across a picture at height `y`, with a label before it.
fn rule(left: f64, right: f64, y: f64, label: &str) -> String {
    format!(
        "<path class=\"rule\" d=\"M{left} {y:.1}H{right}\"/><text class=\"end\" x=\"{}\" y=\"{:.1}\">{label}</text>\n",
        left - 7.0,
        y + 4.0
    )
}

/// The class of the style sheet that colours line `i`.
fn hue(i: usize) -> String {
    format!("c{}", i % HUES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_become_markup() {
        assert_eq!(escape("h0->h1 & \"<b>\""), "h0-&gt;h1 &amp; &quot;&lt;b&gt;&quot;");
        assert!(document("<script>", "").contains("<title>&lt;script&gt;</title>"));
        assert!(table(&["<i>"], &[vec!["<b>".into()]]).contains("<th scope=\"row\">&lt;b&gt;</th>"));
    }

    #[test]
    fn a_page_needs_nothing_else() {
        let page = document("t", "");
        for reference in ["http:", "https:", "src=", "href=", "@import", "url("] {
            assert!(!page.contains(reference), "{reference}");
        }
    }
}
