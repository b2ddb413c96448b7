//! Pictures of networks as SVG: the architecture, and the time constants of each layer.
//!
//! A [`Drawing`] is plain SVG without scripts or references. Its colors are variables of [`THEME`], in light and in dark
//! mode. Two [sizes](Size) of the same picture serve wide and narrow pages; [`to_svg`] puts all parts into one file.

pub mod axis;

mod architecture;
mod canvas;
mod edges;
mod labels;
mod layout;
mod palette;
mod time_constants;

pub use architecture::architecture;
pub use time_constants::time_constants;

use crate::graph::{Graph, LayerId};
use crate::network::Network;
use canvas::{escaped, number};

/// The colors of drawings, in light and in dark mode, as CSS variables of the root element.
pub const THEME: &str = include_str!("theme.css");
/// The style of the elements of drawings, as CSS rules.
pub const STYLE: &str = include_str!("drawing.css");

/// The space that a drawing is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Signals flow from left to right.
    Wide,
    /// Signals flow from top to bottom; for a width of 320 pixels, the text of a phone.
    Narrow,
}

/// What to draw of a network.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The graph. Time constants are those of its layers.
    pub graph: &'a Graph,
    /// The declared graph, if `graph` has trained values, to draw both.
    pub declared: Option<&'a Graph>,
    /// Draws this layer and its neighbors only.
    pub layer: Option<LayerId>,
}

impl<'a> Subject<'a> {
    /// Draws a graph with its declared values.
    pub fn new(graph: &'a Graph) -> Self {
        Self { graph, declared: None, layer: None }
    }

    /// Draws a network with its trained values beside those of the source, `declared`.
    pub fn trained(declared: &'a Graph, network: &'a Network) -> Self {
        Self { graph: &network.graph, declared: Some(declared), layer: None }
    }

    /// Draws one layer and its neighbors only.
    #[must_use]
    pub fn with_layer(mut self, layer: Option<LayerId>) -> Self {
        self.layer = layer;
        self
    }

    /// Returns the layers whose values are drawn.
    fn layers(&self) -> impl Iterator<Item = LayerId> + use<> {
        let only = self.layer;
        (0..self.graph.layers.len() as u32).map(LayerId).filter(move |id| only.is_none_or(|only| only == *id))
    }
}

/// Pages scroll a drawing that does not fit at this scale.
const MIN_SCALE: f64 = 0.72;

/// A part of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// The title, such as `synaptic time constants`.
    pub title: String,
    /// The unit or a remark.
    pub note: String,
    /// Left, top, width and height, in pixels.
    pub view_box: [f64; 4],
    /// The elements, as SVG.
    content: String,
}

impl Drawing {
    /// Returns an `svg` element without style, for an HTML page that has [`THEME`] and [`STYLE`]. `class` is a class of
    /// that page.
    pub fn to_inline_svg(&self, class: &str) -> String {
        let least = number(MIN_SCALE * self.view_box[2]);
        let [left, top, width, height] = self.view_box.map(number);
        format!(
            "<svg class=\"{}\" viewBox=\"{left} {top} {width} {height}\" style=\"max-width:{width}px;min-width:{least}px\" \
             role=\"img\" \
             aria-label=\"{}\">\n{}</svg>\n",
            escaped(class),
            escaped(&self.title),
            self.content
        )
    }
}

/// Margin of a file, and distance between its parts, in pixels.
const MARGIN: f64 = 20.0;

/// Prints a network as an SVG file: the architecture, and below it the time constants of each layer over the index of
/// the neuron.
pub fn to_svg(subject: &Subject<'_>) -> String {
    let graph = subject.graph;
    let architecture = architecture(subject, Size::Wide);
    let charts = time_constants(subject, Size::Wide);
    let row: f64 = charts.iter().map(|chart| chart.view_box[2] + MARGIN).sum::<f64>() - MARGIN;
    let width = architecture.view_box[2].max(row) + 2.0 * MARGIN;
    let mut content = String::new();
    let mut place = |drawing: &Drawing, x: f64, y: f64| {
        let [left, top, ..] = drawing.view_box;
        content += &format!(
            "<text class=\"name\" x=\"{}\" y=\"{}\">{} <tspan class=\"quiet\">{}</tspan></text>\n",
            number(x),
            number(y + 12.0),
            escaped(&drawing.title),
            escaped(&drawing.note)
        );
        let (dx, dy) = (number(x - left), number(y + 22.0 - top));
        content += &format!("<g transform=\"translate({dx} {dy})\">\n{}</g>\n", drawing.content);
        22.0 + drawing.view_box[3]
    };
    let indent = (width - architecture.view_box[2]) / 2.0;
    let mut bottom = MARGIN + place(&architecture, indent.max(MARGIN), MARGIN) + MARGIN;
    let mut x = MARGIN.max((width - row) / 2.0);
    let mut highest: f64 = 0.0;
    for chart in &charts {
        highest = highest.max(place(chart, x, bottom));
        x += chart.view_box[2] + MARGIN;
    }
    bottom += highest + MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"img\" \
         aria-label=\"{2}\">\n<style>\n{THEME}{STYLE}</style>\n<rect class=\"card\" width=\"{0}\" height=\"{1}\"/>\n\
         {content}</svg>\n",
        number(width.ceil()),
        number(bottom.ceil()),
        escaped(&graph.name),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::from_json;

    /// An integrator that its input reaches twice, and that feeds itself; its name would be markup.
    fn graph(channels: usize) -> Graph {
        let text = format!(
            r#"{{ "name": "<N>", "dt": 0.001, "input": {{ "name": "\"&'", "channels": {channels} }},
            "layers": [{{ "name": "<o>", "size": {channels},
                "neuron": {{ "exp_syn": {{ "syn": {{ "unit": "decay", "values": [0.5] }} }} }} }}],
            "connections": [
                {{ "name": "a", "sources": ["input"], "target": 0, "operator": "identity" }},
                {{ "name": "b", "sources": ["input"], "target": 0, "operator": "identity", "delay": 2 }},
                {{ "name": "c", "sources": [{{ "layer": 0 }}], "target": 0, "operator": "identity" }},
                {{ "name": "d", "sources": ["input", {{ "layer": 0 }}], "target": 0, "operator": "identity" }}
            ],
            "output": {{ "layer": 0, "quantity": "isyn" }} }}"#
        );
        from_json(&text).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn names_cannot_become_markup() {
        let graph = graph(3);
        let svg = to_svg(&Subject::new(&graph));
        assert!(svg.contains("&lt;o&gt;") && !svg.contains("<o>") && !svg.contains("<N>"), "{svg}");
        assert!(svg.contains("&quot;&amp;'</text>"), "{svg}");
        for reference in ["http:", "https:", "href", "@import", "url("] {
            assert_eq!(svg.matches(reference).count(), usize::from(reference == "http:"), "{reference}");
        }
    }

    #[test]
    fn connections_between_the_same_layers_are_apart() {
        let graph = graph(3);
        let content = architecture(&Subject::new(&graph), Size::Wide).content;
        let heights: Vec<&str> = content
            .lines()
            .filter(|line| line.contains(">identity<") || line.contains(">delay 2<"))
            .filter_map(|line| line.split(" y=\"").nth(1)?.split('"').next())
            .collect();
        let mut distinct = heights.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!((heights.len(), distinct.len()), (5, 5), "{heights:?} in {content}");
        assert_eq!(content.matches("edge recurrent\" d=").count(), 3, "{content}");
    }

    #[test]
    fn large_layers_make_small_pictures() {
        let graph = graph(100_000);
        let svg = to_svg(&Subject::new(&graph));
        assert!(svg.len() < 60_000, "{} bytes", svg.len());
    }
}
