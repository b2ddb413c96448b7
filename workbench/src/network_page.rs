//! The page of a network: architecture, time constants, weights, and its part of a chip.

use maud::{Markup, html};
use synnet_ir::display::{format_significant, format_thousands, format_time_rounded, pluralize};
use synnet_ir::graph::{LayerId, LayerParameter};
use synnet_ir::picture::{Size, Subject, architecture, time_constants};
use synnet_ir::{Graph, Network, Slot, Tensor, to_layer_table, to_summary};
use synnet_xylo::budget::{Budget, Resource};
use synnet_xylo::chip::Chip;
use synnet_xylo::layer_use::LayerUse;

use crate::html::{
    self, Histogram, Scatter, Stacked, StackedRow, beside, code_spans, document, picture, section,
    side_by_side, tall_picture, tiles,
};

/// Wider pictures of the architecture are drawn from top to bottom, beside the time constants.
const MAX_WIDTH: f64 = 1280.0;
/// Pictures from top to bottom that are wider than this have the width of the page for themselves.
const MAX_HALF_WIDTH: f64 = 600.0;
/// Maximum number of points of a layer that compare trained with declared constants.
const MAX_POINTS: usize = 500;

/// A network to show.
pub struct NetworkPage<'a> {
    /// The graph with the declared constants.
    pub declared: &'a Graph,
    /// The trained network, if there are weights.
    pub trained: Option<&'a Network>,
    /// The only layer to show; all by default.
    pub layer: Option<LayerId>,
    /// The chip whose resources are shown.
    pub chip: Option<&'a Chip>,
}

impl NetworkPage<'_> {
    /// Returns a self-contained HTML page.
    pub fn html(&self) -> String {
        let graph = self.graph();
        let title = match self.layer {
            Some(id) => format!("{} of {}", graph.layer(id).name, graph.name),
            None => graph.name.clone(),
        };
        let docs = self.layer.map_or(&graph.docs, |id| &graph.layer(id).docs);
        let table = match self.layer {
            Some(id) => to_layer_table(self.declared, id, self.trained),
            None => to_summary(graph),
        };
        let body = html! {
            h1 { (title) }
            @if !docs.is_empty() { p.lead { (code_spans(&docs.join(" "))) } }
            (tiles(&self.key_numbers()))
            (self.pictures())
            (section(if self.layer.is_some() { "Layer" } else { "Layers" }, "", &html! { pre { (table) } }))
            (self.weights())
            (self.constants())
            (self.chip_use())
        };
        document(&title, &body).into_string()
    }

    fn graph(&self) -> &Graph {
        self.trained.map_or(self.declared, |network| &network.graph)
    }

    fn subject(&self) -> Subject<'_> {
        let subject = match self.trained {
            Some(network) => Subject::trained(self.declared, network),
            None => Subject::new(self.declared),
        };
        subject.with_layer(self.layer)
    }

    fn key_numbers(&self) -> Vec<(String, String)> {
        let graph = self.graph();
        let layers: Vec<LayerId> =
            graph.layers_with_ids().map(|(id, _)| id).filter(|id| self.shows(*id)).collect();
        let neurons: usize = layers.iter().map(|id| graph.layer(*id).size).sum();
        let learned = graph.tensors().into_iter().filter(|spec| {
            spec.learn
                && self.shows(match spec.slot {
                    Slot::Weight(i) | Slot::LinearBias(i) => graph.connections[i].target,
                    Slot::Layer(id, _) => id,
                })
        });
        let learned: usize = learned.map(|spec| spec.shape.iter().product::<usize>()).sum();
        let mut numbers = vec![
            (format_thousands(neurons as f64), "neurons".to_owned()),
            (format_thousands(learned as f64), "learned parameters".to_owned()),
            (format_time_rounded(graph.dt), "time step".to_owned()),
        ];
        if self.layer.is_none() {
            numbers.insert(0, (layers.len().to_string(), "layers".to_owned()));
        }
        numbers
    }

    fn shows(&self, id: LayerId) -> bool {
        self.layer.is_none_or(|layer| layer == id)
    }

    fn pictures(&self) -> Markup {
        let subject = self.subject();
        let drawing = |size| architecture(&subject, size);
        let (wide, narrow) = (drawing(Size::Wide), drawing(Size::Narrow));
        let charts =
            time_constants(&subject, Size::Wide).into_iter().zip(time_constants(&subject, Size::Narrow));
        let charts: Vec<Markup> = charts.map(|(wide, narrow)| picture(&wide, &narrow)).collect();
        let lead = "Each trace is a layer, over the index of the neuron.";
        let is_tall = wide.view_box[2] > MAX_WIDTH;
        if is_tall && narrow.view_box[2] <= MAX_HALF_WIDTH {
            let stack = html! { div.stack { @for chart in &charts { (chart) } } };
            let content = beside(&tall_picture(&narrow), &stack);
            return section("Architecture and time constants", lead, &content);
        }
        html! {
            (section("Architecture", "", &if is_tall { tall_picture(&narrow) } else { picture(&wide, &narrow) }))
            (section("Time constants", lead, &side_by_side(&charts)))
        }
    }

    /// Draws a histogram of each matrix, and of each vector of biases.
    fn weights(&self) -> Markup {
        let Some(network) = self.trained else { return html! {} };
        let shown = network.graph.tensors().into_iter().filter(|spec| match spec.slot {
            Slot::Weight(i) | Slot::LinearBias(i) => self.shows(network.graph.connections[i].target),
            Slot::Layer(..) => false,
        });
        let figures: Vec<Markup> = shown
            .map(|spec| {
                let tensor = network.tensor(spec.slot);
                let note = spread(&tensor);
                Histogram { title: &spec.name, note: &note, values: &tensor.data }.html()
            })
            .collect();
        if figures.is_empty() {
            return html! {};
        }
        section("Weights", "", &html! { div.small-grid { @for figure in &figures { (figure) } } })
    }

    /// Compares the constants that training or the weights file changed with the declared ones.
    fn constants(&self) -> Markup {
        let figures: Vec<Markup> =
            LayerParameter::ALL.into_iter().filter_map(|which| self.comparison(which)).collect();
        if figures.is_empty() {
            return html! {};
        }
        let lead = "Each point is a neuron, or a constant that its layer shares. On the dotted line, the trained value \
                    is the declared one.";
        section("Trained and declared constants", lead, &side_by_side(&figures))
    }

    fn comparison(&self, which: LayerParameter) -> Option<Markup> {
        let network = self.trained?;
        let layers = self.declared.layers_with_ids().filter(|(id, _)| self.shows(*id));
        let mut groups = Vec::new();
        let mut name = "";
        for (id, before) in layers {
            let after = network.graph.layer(id);
            let (Some(old), Some(new)) = (which.of(before), which.of(after)) else { continue };
            if old.values == new.values {
                continue;
            }
            name = which.name(after);
            let count = old.values.len().max(new.values.len());
            let every = count.div_ceil(MAX_POINTS);
            let unit = if which.leak(after).is_some() && name.starts_with("tau") { 1e3 } else { 1.0 };
            let points = (0..count).step_by(every).map(|i| [old.get(i) * unit, new.get(i) * unit]);
            groups.push((after.name.clone(), points.collect::<Vec<_>>()));
        }
        // The axes are square roots, which have no place for negative values; the table of the layers lists these.
        let is_positive = groups.iter().all(|(_, points)| points.iter().flatten().all(|x| *x >= 0.0));
        if groups.is_empty() || !is_positive {
            return None;
        }
        let unit = if name.starts_with("tau") { "in ms, square-root axes" } else { "square-root axes" };
        Some(Scatter { title: name, unit, axes: ["declared", "trained"], groups }.html())
    }

    fn chip_use(&self) -> Markup {
        let Some(chip) = self.chip else { return html! {} };
        let budget = Budget::from_graph(self.declared, chip);
        let uses = LayerUse::of_graph(self.declared, chip);
        let parts: Vec<String> = self.declared.layers.iter().map(|layer| layer.name.clone()).collect();
        let rows = budget.resources.iter().filter(|usage| usage.used > 0 || usage.available > 0);
        let rows = rows.map(|usage| StackedRow {
            name: usage.resource.description().trim_start().to_owned(),
            used: usage.used,
            available: usage.available,
            parts: uses
                .iter()
                .map(|part| part.get(usage.resource))
                .collect::<Option<Vec<_>>>()
                .unwrap_or_default(),
        });
        let exceeded = budget.exceeded().count();
        let note = match exceeded {
            0 => "connections in full".to_owned(),
            _ => format!("connections in full; {} exceeded", pluralize(exceeded, "limit")),
        };
        let chart = Stacked { title: &chip.title, note: &note, parts: &parts, rows: rows.collect() };
        section(
            "Use of the chip",
            "",
            &html! {
                (side_by_side(&[chart.html()]))
                (html::table(&chip_table(&uses, &parts)))
            },
        )
    }
}

/// Returns mean and standard deviation of a tensor, and its shape.
fn spread(tensor: &Tensor) -> String {
    let count = tensor.data.len().max(1) as f64;
    let mean = tensor.data.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
    let variance = tensor.data.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / count;
    let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
    format!(
        "{}, mean {}, deviation {}",
        shape.join(" \u{d7} "),
        html::format_number(mean),
        format_significant(variance.sqrt())
    )
}

/// Returns the rows of a table of what each layer takes.
fn chip_table(uses: &[LayerUse], names: &[String]) -> Vec<Vec<String>> {
    const COLUMNS: [(&str, Resource); 6] = [
        ("hidden neurons", Resource::Hidden),
        ("readout neurons", Resource::Outputs),
        ("fan-out memory", Resource::FanOutMemory),
        ("weights from the input", Resource::InputWeights),
        ("from hidden neurons", Resource::HiddenWeights),
        ("to the readout", Resource::ReadoutWeights),
    ];
    let head = std::iter::once("layer").chain(COLUMNS.iter().map(|(name, _)| *name)).map(str::to_owned);
    let row = |(part, name): (&LayerUse, &String)| {
        let cells = COLUMNS.iter().map(|(_, resource)| match part.get(*resource) {
            Some(0) | None => String::new(),
            Some(amount) => format_thousands(amount as f64),
        });
        std::iter::once(name.clone()).chain(cells).collect()
    };
    std::iter::once(head.collect()).chain(uses.iter().zip(names).map(row)).collect()
}

#[cfg(test)]
mod tests {
    use synnet_ir::from_json;
    use synnet_runtime::initial_params;

    use super::*;

    /// Two layers, of which one has a hostile name and learned time constants.
    fn graph() -> Graph {
        let layer = |name: &str, size: usize| {
            format!(
                r#"{{ "name": "{name}", "size": {size}, "neuron": {{ "lif": {{ "synapses": 1,
                "mem": {{ "unit": "time_constant", "values": [0.01], "learn": true }},
                "syn": {{ "unit": "bit_shift", "values": [60] }},
                "threshold": {{ "values": [1] }}, "bias": {{ "values": [0] }}, "noise_std": 0, "max_spikes": 1,
                "surrogate": {{ "kind": "periodic_exponential", "window": 0.5 }} }} }} }}"#
            )
        };
        let linear =
            r#"{ "linear": { "learn": true, "init": { "distribution": { "constant": 1 }, "scale": [1] } } }"#;
        let text = format!(
            r#"{{ "name": "<N>", "dt": 0.001, "input": {{ "name": "x", "channels": 2 }},
            "layers": [{}, {}],
            "connections": [
                {{ "name": "x-><h>", "sources": ["input"], "target": 0, "operator": {linear} }},
                {{ "name": "<h>->o", "sources": [{{ "layer": 0 }}], "target": 1, "operator": {linear} }}
            ],
            "output": {{ "layer": 1, "quantity": "spikes" }} }}"#,
            layer("<h>", 5000),
            layer("o", 3)
        );
        from_json(&text).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn pages_show_what_is_known() {
        let declared = graph();
        let mut network = Network::bind(&declared, &initial_params(&declared, 1)).unwrap();
        if let Some(leak) = LayerParameter::MemLeak.of_mut(&mut network.graph.layers[0]) {
            leak.values = vec![0.02];
        }
        let page = |trained, layer, chip| NetworkPage { declared: &declared, trained, layer, chip }.html();
        let chip = Chip::find("xylo-audio3");
        let plain = page(None, None, None);
        let full = page(Some(&network), None, chip);
        for (heading, only) in [
            ("Time constants", false),
            ("Weights", true),
            ("Trained and declared", true),
            ("Use of the chip", true),
        ] {
            let tag = format!("<h2>{heading}");
            assert!(full.contains(&tag) && plain.contains(&tag) != only, "{heading}");
        }
        let layer = page(Some(&network), Some(LayerId(1)), None);
        assert!(
            layer.contains("&lt;h&gt;-&gt;o.weight") && !layer.contains("x-&gt;&lt;h&gt;.weight"),
            "{layer}"
        );
        for page in [&plain, &full, &layer] {
            assert!(!page.contains("<h>") && !page.contains("<N>"), "a name is markup");
            assert!(!page.contains("NaN") && !page.contains("inf "), "not finite");
            assert!(page.len() < 150_000, "{} bytes", page.len());
        }
    }
}
