//! The HTML report of training.

use maud::{Markup, html};
use serde_json::Value;
use synnet_runtime::TrainOptions;

use super::{Report, heading, provenance_facts, sources};
use crate::files;
use crate::html::{
    self, Chart, Line, Scale, code_spans, definition_list, details, document, section, side_by_side,
};
use synnet_ir::display::format_duration;

const CURVES: &str = "Training values are means over the epoch, while the weights change, with dropout and \
                      augmentation. Validation values are measured at the end of each epoch, without either. Hover \
                      over a chart to see its values.";
const LAYERS: &str = "A neuron is silent if it never spiked in the epoch, and saturated if it spiked in nearly every \
                      step. Neither carries information to the next layer.";

impl Report<'_> {
    /// Returns the report as a self-contained HTML page.
    pub fn html(&self) -> String {
        let Self { results, trained, .. } = self;
        let mut tiles = results.tiles();
        let epochs = trained.history.epochs();
        tiles.push((epochs.to_string(), format!("epochs; epoch {} selected", trained.selected_epoch + 1)));
        // A resumed run knows the duration of its own epochs only.
        if trained.epochs == epochs {
            let seconds = trained.duration.as_secs_f64();
            let time = if seconds < 60.0 {
                (format!("{seconds:.1} s"), "training time".to_owned())
            } else {
                (format_duration(trained.duration), "training time".to_owned())
            };
            tiles.push(time);
        }
        let body = html! {
            (heading(results.network, results.experiment))
            (html::tiles(&tiles))
            (self.warnings())
            (section("Training curves", CURVES, &side_by_side(&training_curves(self))))
            (section("Layer activity", LAYERS, &side_by_side(&layer_curves(self))))
            (results.sections())
            (section("Provenance", "", &self.provenance()))
        };
        document(&format!("{}: training report", results.network.graph.name), &body).into_string()
    }

    fn warnings(&self) -> Markup {
        let warnings = self.trained.history.warnings(&self.trained.network.graph);
        html! {
            @if !warnings.is_empty() {
                div.warnings {
                    h2 { "Warnings" }
                    ul {
                        @for warning in &warnings { li { (code_spans(&warning.to_string())) } }
                    }
                }
            }
        }
    }

    fn provenance(&self) -> Markup {
        let (network, experiment) = (self.results.network, self.results.experiment);
        let mut list = provenance_facts(network, experiment);
        let of_training = [
            ("seed", self.trained.seed.to_string()),
            ("epochs", self.epochs_summary()),
            ("selected", self.trained.selection()),
            ("training time of this run", format!("{:.1} s", self.trained.duration.as_secs_f64())),
        ];
        list.extend(of_training.map(|(name, value)| (name.to_owned(), value)));
        let files = self.written.iter().map(|file| (files::name(&file.path), file.description.as_str()));
        let files = html::list(&files.collect::<Vec<_>>());
        let options = definition_list(&flattened(&self.trained.options));
        html! {
            (definition_list(&list))
            (details(&html! { "Training options" }, false, &options))
            (sources(network, experiment))
            (details(&html! { "Output files" }, false, &files))
        }
    }

    fn epochs_summary(&self) -> String {
        let all = self.trained.history.epochs();
        if self.trained.epochs == all {
            all.to_string()
        } else {
            format!("{all}, of which {} in this run", self.trained.epochs)
        }
    }
}

fn training_curves(report: &Report<'_>) -> Vec<Markup> {
    let history = &report.trained.history;
    let training_and_validation = |title, unit, column: &str, scale| {
        let line = |name: &str, column: &str, color, dashed| Line {
            name: name.into(),
            values: history.series(column),
            color,
            dashed,
        };
        let mut lines = vec![
            line("training", column, 0, false),
            line("validation", &format!("validation {column}"), 1, true),
        ];
        lines.retain(|line| line.values.iter().any(Option::is_some));
        Chart {
            title,
            unit,
            x_axis: "epoch",
            lines,
            scale,
            selected_epoch: Some(report.trained.selected_epoch + 1),
        }
        .html()
    };
    let lr = Line { name: "learning rate".into(), values: history.series("lr"), color: 0, dashed: false };
    let lr = Chart {
        title: "Learning rate",
        unit: "at the last update of the epoch",
        x_axis: "epoch",
        lines: vec![lr],
        scale: Scale::FromZero,
        selected_epoch: None,
    };
    vec![
        training_and_validation("Loss", "mean over samples", "loss", Scale::FromZero),
        training_and_validation("Accuracy", "fraction of samples", "accuracy", Scale::Fraction),
        lr.html(),
        prefix_chart(
            report,
            "gradient norm ",
            "Gradient norms",
            "L2 norm per tensor, mean over batches",
            Scale::Logarithmic,
        ),
    ]
}

fn layer_curves(report: &Report<'_>) -> Vec<Markup> {
    let fraction = |prefix, title, unit| prefix_chart(report, prefix, title, unit, Scale::Fraction);
    vec![
        prefix_chart(report, "rate ", "Firing rates", "spikes per neuron per step", Scale::FromZero),
        fraction("silent samples ", "Silent samples", "fraction of samples without a spike in the layer"),
        fraction("silent neurons ", "Silent neurons", "fraction of the layer"),
        fraction("saturated neurons ", "Saturated neurons", "fraction of the layer"),
    ]
}

/// Draws all columns of the metrics whose names start with `prefix`, one line per layer or tensor.
fn prefix_chart(report: &Report<'_>, prefix: &str, title: &str, unit: &str, scale: Scale) -> Markup {
    let graph = &report.trained.network.graph;
    let lines = report.trained.history.columns_with_prefix(prefix).into_iter();
    let lines = lines.filter(|(name, _)| graph.uses_spikes_of(name)).enumerate();
    let lines = lines.map(|(i, (name, values))| Line {
        name: name.to_owned(),
        values,
        color: i,
        dashed: i >= html::MAX_COLORS,
    });
    Chart { title, unit, x_axis: "epoch", lines: lines.collect(), scale, selected_epoch: None }.html()
}

/// Returns all training options, defaults included, by their dotted keys in the recipe.
fn flattened(options: &TrainOptions) -> Vec<(String, String)> {
    fn flatten(key: String, value: Value, list: &mut Vec<(String, String)>) {
        match value {
            Value::Null => list.push((key, "none".into())),
            Value::Object(members) if members.is_empty() => list.push((key, "none".into())),
            Value::Object(members) => {
                for (name, member) in members {
                    flatten(if key.is_empty() { name } else { format!("{key}.{name}") }, member, list);
                }
            }
            Value::String(text) => list.push((key, text)),
            other => list.push((key, other.to_string())),
        }
    }
    let mut list = Vec::new();
    flatten(String::new(), serde_json::to_value(options).unwrap_or_default(), &mut list);
    list
}
