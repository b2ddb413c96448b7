//! Pages to read in a browser: one HTML file with its pictures inside, which fetches nothing from the network.
//!
//! Every component returns [`Markup`]. Texts and attributes are escaped by `maud`, so that a name from data, a file or
//! a network cannot become markup; only the style sheet is included as it is.
//!
//! Pictures are inline SVG, drawn here and not by a crate for charts: such crates write colors and sizes as numbers,
//! and cannot show the values of a column under the pointer. Colors are variables of the style sheet, so that one
//! picture serves light and dark. The palette is Okabe and Ito's, which people with any color vision can tell apart;
//! lines differ in their dashes, too.

mod axis;
mod bars;
mod chart;
mod matrix;
mod raster;
mod scatter;
mod svg;

use maud::{DOCTYPE, Markup, PreEscaped, Render, html};

pub use axis::format_number;
pub use bars::Bars;
pub use chart::{Chart, Line, Scale};
pub use matrix::confusion;
pub use raster::{EventPanel, LineStyle, Mark, Panel, Trace, Traces, raster};
pub use scatter::Scatter;
pub use svg::MAX_COLORS;

/// A whole page: its title, and what stands in its body.
pub fn document(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body { main { (body) } }
        }
    }
}

/// A message with its names, which stand between backticks, set as code.
pub fn code_spans(message: &str) -> Markup {
    html! {
        @for (i, part) in message.split('`').enumerate() {
            @if i % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A section with a heading and, unless it is empty, a lead on how to read it. Names between backticks in the lead
/// are set as code.
pub fn section(heading: &str, lead: &str, content: &Markup) -> Markup {
    html! {
        section {
            h2 { (heading) }
            @if !lead.is_empty() { p.lead { (code_spans(lead)) } }
            (content)
        }
    }
}

/// Content that unfolds at a click on its summary.
pub fn details(summary: &Markup, open: bool, content: &Markup) -> Markup {
    html! {
        details open[open] {
            summary { (summary) }
            (content)
        }
    }
}

/// Pictures side by side if there is room.
pub fn side_by_side(pictures: &[Markup]) -> Markup {
    html! {
        div.grid {
            @for picture in pictures { (picture) }
        }
    }
}

/// A table as [`table`](synnet_ir::display::format_table) takes it: the first column is text, the others are numbers. The
/// first row is the head.
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

/// Names with their meanings, in two columns of text.
pub fn list(rows: &[(String, &str)]) -> Markup {
    html! {
        div.scroll {
            table.list {
                tbody {
                    @for (name, meaning) in rows {
                        tr { th scope="row" { (name) } td { (meaning) } }
                    }
                }
            }
        }
    }
}

/// Key numbers in large type, each with what it measures.
pub fn tiles<N: Render>(tiles: &[(N, String)]) -> Markup {
    html! {
        ul.tiles {
            @for (number, measured) in tiles {
                li { b { (number) } span { (measured) } }
            }
        }
    }
}

/// Names with their values, as a list of definitions.
pub fn definition_list(definition_list: &[(String, String)]) -> Markup {
    html! {
        dl.definition_list {
            @for (name, value) in definition_list {
                div { dt { (name) } dd { (value) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name that would become markup in a text, in an attribute or in either kind of quotes.
    const HOSTILE: &str = "<script>\"&'";
    const ESCAPED: &str = "&lt;script&gt;&quot;&amp;'";

    /// The markup has the hostile name `times` times, escaped in each place.
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
    fn names_in_pictures_cannot_become_markup() {
        let name = || HOSTILE.to_owned();
        let line = |color, dashed| Line { name: name(), values: vec![Some(1.0), Some(0.5)], color, dashed };
        let (title, unit) = (HOSTILE, HOSTILE);
        let lines = vec![line(0, false), line(1, true)];
        let chart =
            Chart { title, unit, x_axis: HOSTILE, lines, scale: Scale::FromZero, selected_epoch: Some(1) };
        // Caption, unit, label (title and axis), axis, legend of two lines; at two epochs the axis and two lines.
        assert_escaped(&chart.html(), 2 + 2 + 1 + 2 + 2 * 3);
        let bars = Bars { title, unit, names: &[HOSTILE], groups: vec![(name(), vec![1.0])] };
        // Caption, unit, label, legend, group, and the values of the bar with group and situation.
        assert_escaped(&bars.html(), 4 + 1 + 2);
        let groups = vec![(name(), vec![[0.5, 0.5]])];
        assert_escaped(&Scatter { title, unit, axes: [HOSTILE, HOSTILE], groups }.html(), 6);
        // Caption, note, label, the head of row and column, true and predicted class.
        assert_escaped(&confusion(HOSTILE, HOSTILE, &[name()], &[vec![1]]), 3 + 2 + 2);
        let events = EventPanel { name: name(), width: 1, counts: vec![1.0], marks: vec![] };
        let traces = Traces { name: name(), what: HOSTILE, lines: vec![] };
        let panels = [Panel::EventPanel(events), Panel::Traces(traces)];
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
