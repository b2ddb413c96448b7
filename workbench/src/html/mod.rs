//! Self-contained HTML pages with inline figures, which load nothing from the network.
//!
//! Every component returns [`Markup`]. `maud` escapes texts and attributes, so that a name from data, a file or a
//! network cannot become markup. Only the style sheet is included verbatim.
//!
//! Figures are inline SVG, drawn here rather than by a plotting crate: such crates hard-code colors and sizes, and
//! cannot show values on hover. Colors are variables of the style sheet, so that one figure serves light and dark mode.
//! The palette is that of Okabe and Ito, which is safe for color-blind readers; lines also differ in their dashes.

mod bars;
mod chart;
mod curves;
mod histogram;
mod matrix;
mod raster;
mod scatter;
mod stacked;
mod svg;
mod timeline;

use maud::{DOCTYPE, Markup, PreEscaped, Render, html};
use synnet_ir::picture::{self, Drawing};

pub use bars::Bars;
pub use chart::{Chart, Line, Scale};
pub use curves::{Curve, Curves};
pub use histogram::Histogram;
pub use matrix::confusion;
pub use raster::{EventPanel, LineStyle, Mark, Panel, Trace, Traces, raster};
pub use scatter::Scatter;
pub use stacked::{Stacked, StackedRow};
pub use svg::MAX_COLORS;
pub use synnet_ir::picture::axis::format_number;
pub use timeline::{Timeline, TimelineRow, TimelineSpan};

/// Returns a complete page.
pub fn document(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped([picture::THEME, picture::STYLE, include_str!("style.css")].concat())) }
            }
            body { main { (body) } }
        }
    }
}

/// Formats a message; text between backticks becomes code.
pub fn code_spans(message: &str) -> Markup {
    html! {
        @for (i, part) in message.split('`').enumerate() {
            @if i % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// Returns a section with a heading and a lead that explains the content. An empty lead is omitted; text between
/// backticks in the lead becomes code.
pub fn section(heading: &str, lead: &str, content: &Markup) -> Markup {
    html! {
        section {
            h2 { (heading) }
            @if !lead.is_empty() { p.lead { (code_spans(lead)) } }
            (content)
        }
    }
}

/// Returns content that expands at a click on its summary.
pub fn details(summary: &Markup, open: bool, content: &Markup) -> Markup {
    html! {
        details open[open] {
            summary { (summary) }
            (content)
        }
    }
}

/// Arranges figures in a grid of as many columns as fit.
pub fn side_by_side(figures: &[Markup]) -> Markup {
    html! {
        div.grid {
            @for figure in figures { (figure) }
        }
    }
}

/// Returns the figure of a picture in two sizes, of which the page shows the one that fits.
pub fn picture(wide: &Drawing, narrow: &Drawing) -> Markup {
    let drawings = [wide.to_inline_svg("wide"), narrow.to_inline_svg("narrow")];
    svg::figure(
        &wide.title,
        &wide.note,
        &html! { div.scroll { @for drawing in drawings { (PreEscaped(drawing)) } } },
    )
}

/// Returns the figure of a picture in one size.
pub fn tall_picture(drawing: &Drawing) -> Markup {
    let content = html! { div.scroll { (PreEscaped(drawing.to_inline_svg("tall"))) } };
    svg::figure(&drawing.title, &drawing.note, &content)
}

/// Arranges two parts side by side, with their tops in line; on narrow pages, one above the other.
pub fn beside(left: &Markup, right: &Markup) -> Markup {
    html! { div.beside { (left) (right) } }
}

/// Returns a table from the same rows as [`format_table`](synnet_ir::display::format_table): the first row is the
/// header, the first column is text, the others are numbers.
pub fn table(rows: &[Vec<String>]) -> Markup {
    let Some((head, rows)) = rows.split_first() else { return html! {} };
    html! {
        div.scroll {
            table {
                thead {
                    tr { @for cell in head { th scope="col" { (cell) } } }
                }
                tbody {
                    @for row in rows {
                        tr {
                            @for (column, cell) in row.iter().enumerate() {
                                @if column == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Returns a table of names with their descriptions.
pub fn list(rows: &[(String, &str)]) -> Markup {
    html! {
        div.scroll {
            table.list {
                tbody {
                    @for (name, description) in rows {
                        tr { th scope="row" { (name) } td { (description) } }
                    }
                }
            }
        }
    }
}

/// Returns tiles with key numbers in large type, each with a caption.
pub fn tiles<N: Render>(tiles: &[(N, String)]) -> Markup {
    html! {
        ul.tiles {
            @for (number, caption) in tiles {
                li { b { (number) } span { (caption) } }
            }
        }
    }
}

/// Returns a list of names with their values.
pub fn definition_list(items: &[(String, String)]) -> Markup {
    html! {
        dl.definitions {
            @for (name, value) in items {
                div { dt { (name) } dd { (value) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name that would become markup in text, in an attribute, or in either kind of quotes.
    const HOSTILE: &str = "<script>\"&'";
    const ESCAPED: &str = "&lt;script&gt;&quot;&amp;'";

    /// Asserts that the markup contains the hostile name `times` times, always escaped.
    #[track_caller]
    fn assert_escaped(markup: &Markup, times: usize) {
        let html = &markup.0;
        assert!(!html.contains("<script") && !html.contains("\"&'"), "{html}");
        assert_eq!(html.matches(ESCAPED).count(), times, "{html}");
    }

    #[test]
    fn names_cannot_become_markup() {
        let name = || HOSTILE.to_owned();
        let content = html! { p { (HOSTILE) } };
        assert_escaped(&document(HOSTILE, &content), 2);
        assert_escaped(&section(HOSTILE, &format!("{HOSTILE} `{HOSTILE}`"), &content), 4);
        assert_escaped(&details(&html! { (HOSTILE) }, true, &content), 2);
        assert_escaped(&table(&[vec![name()], vec![name(), name()]]), 3);
        assert_escaped(&list(&[(name(), HOSTILE)]), 2);
        assert_escaped(&tiles(&[(name(), name())]), 2);
        assert_escaped(&definition_list(&[(name(), name())]), 2);
    }

    #[test]
    fn names_in_figures_cannot_become_markup() {
        let name = || HOSTILE.to_owned();
        let line = |color, dashed| Line { name: name(), values: vec![Some(1.0), Some(0.5)], color, dashed };
        let (title, unit) = (HOSTILE, HOSTILE);
        let lines = vec![line(0, false), line(1, true)];
        let chart =
            Chart { title, unit, x_axis: HOSTILE, lines, scale: Scale::FromZero, selected_epoch: Some(1) };
        // Caption, unit, label (title and axis), axis, legend of two lines; in the tooltips of two epochs, axis and
        // lines.
        assert_escaped(&chart.html(), 2 + 2 + 1 + 2 + 2 * 3);
        let bars = Bars { title, unit, names: &[HOSTILE; 2], groups: vec![(name(), vec![1.0; 2])] };
        // Caption, unit, label, legend of two series, group; in the tooltips of the bars, group and series.
        assert_escaped(&bars.html(), 3 + 2 + 1 + 2 * 2);
        let groups = vec![(name(), vec![[0.5, 0.5]])];
        assert_escaped(&Scatter { title, unit, axes: [HOSTILE, HOSTILE], groups }.html(), 6);
        // Caption, note, label, the labels of row and column; in the tooltip, true and predicted class.
        assert_escaped(&confusion(HOSTILE, HOSTILE, &[name()], &[vec![1]]), 3 + 2 + 2);
        let events = EventPanel { name: name(), width: 1, counts: vec![1.0], marks: vec![] };
        let traces = Traces { name: name(), quantity: HOSTILE, lines: vec![] };
        let panels = [Panel::Events(events), Panel::Traces(traces)];
        assert_escaped(&raster(HOSTILE, HOSTILE, 1, 1e-3, &panels), 3 + 3);
    }

    #[test]
    fn page_is_self_contained() {
        let page = document("t", &html! {}).into_string();
        for reference in ["http:", "https:", "src=", "href=", "@import", "url("] {
            assert!(!page.contains(reference), "{reference}");
        }
    }

    #[test]
    fn names_between_backticks_are_code() {
        assert_eq!(code_spans("`h0 -> h1` is <b>").0, "<code>h0 -&gt; h1</code> is &lt;b&gt;");
    }
}
