//! The report of a training as a page to read in a browser, pictures included.

use maud::{Markup, html};
use serde_json::Value;
use synnet_runtime::TrainOptions;

use super::{Report, heading, provenance_facts, sources};
use crate::files;
use crate::html::{
    self, Chart, Line, Scale, code_spans, definition_list, details, document, section, side_by_side,
};
use synnet_ir::display::format_duration;

const LEARNING: &str = "Training values are measured while the weights move, with dropout and augmentation; \
                        validation values at the end of each epoch, without. Point at a picture for its numbers.";
const LAYERS: &str = "A neuron is silent if it never spiked in the epoch, and saturated if it spiked in nearly every \
                      step: neither tells the next layer anything.";

impl Report<'_> {
    /// The report as one file of HTML.
    pub fn html(&self) -> String {
        let Self { results, trained, .. } = self;
        let mut tiles = results.tiles();
        let epochs = trained.history.epochs();
        tiles.push((epochs.to_string(), format!("epochs; weights of epoch {}", trained.selected_epoch + 1)));
        if trained.epochs == epochs {
            let seconds = trained.duration.as_secs_f64();
            let time = if seconds < 60.0 {
                (format!("{seconds:.1} s"), "of training".to_owned())
            } else {
                (format_duration(trained.duration), "minutes of training".to_owned())
            };
            tiles.push(time);
        }
        let body = html! {
            (heading(results.network, results.experiment))
            (html::tiles(&tiles))
            (self.warnings())
            (section("How it learned", LEARNING, &side_by_side(&learning_curves(self))))
            (section("What the layers do", LAYERS, &side_by_side(&layer_curves(self))))
            (results.sections())
            (section("How it was made", "", &self.making()))
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

    fn making(&self) -> Markup {
        let (network, experiment) = (self.results.network, self.results.experiment);
        let mut list = provenance_facts(network, experiment);
        let of_training = [
            ("seed", self.trained.seed.to_string()),
            ("epochs", self.epochs_summary()),
            (
                "weights kept",
                format!("epoch {}: {}", self.trained.selected_epoch + 1, self.trained.selection_reason),
            ),
            ("time of training in this run", format!("{:.1} s", self.trained.duration.as_secs_f64())),
        ];
        list.extend(of_training.map(|(name, value)| (name.to_owned(), value)));
        let files = self.written.iter().map(|file| (files::name(&file.path), file.what.as_str()));
        let files = html::list(&files.collect::<Vec<_>>());
        let options = definition_list(&flattened(&self.trained.options));
        html! {
            (definition_list(&list))
            (details(&html! { "Options of the training" }, false, &options))
            (sources(network, experiment))
            (details(&html! { "The files beside this page" }, false, &files))
        }
    }

    fn epochs_summary(&self) -> String {
        let all = self.trained.history.epochs();
        if self.trained.epochs == all {
            all.to_string()
        } else {
            format!("{all}, {} of them in this run", self.trained.epochs)
        }
    }
}

fn learning_curves(report: &Report<'_>) -> Vec<Markup> {
    let history = &report.trained.history;
    let both = |title, unit, column: &str, scale| {
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
    let rate = Line { name: "learning rate".into(), values: history.series("lr"), color: 0, dashed: false };
    let rate = Chart {
        title: "Learning rate",
        unit: "of the last update of the epoch",
        x_axis: "epoch",
        lines: vec![rate],
        scale: Scale::FromZero,
        selected_epoch: None,
    };
    vec![
        both("Loss", "mean over the samples", "loss", Scale::FromZero),
        both("Accuracy", "share of samples classified right", "accuracy", Scale::Fraction),
        rate.html(),
        columns_with_prefix(
            report,
            "gradient norm ",
            "Gradients",
            "L2 norm of each tensor's, mean over batches",
            Scale::Logarithmic,
        ),
    ]
}

fn layer_curves(report: &Report<'_>) -> Vec<Markup> {
    vec![
        columns_with_prefix(report, "rate ", "Firing rates", "spikes per neuron and step", Scale::FromZero),
        columns_with_prefix(
            report,
            "silent samples ",
            "Silent samples",
            "share of samples without a spike in the layer",
            Scale::Fraction,
        ),
        columns_with_prefix(
            report,
            "silent neurons ",
            "Silent neurons",
            "share of the layer",
            Scale::Fraction,
        ),
        columns_with_prefix(
            report,
            "saturated neurons ",
            "Saturated neurons",
            "share of the layer",
            Scale::Fraction,
        ),
    ]
}

/// A picture of all columns that begin alike.
fn columns_with_prefix(report: &Report<'_>, prefix: &str, title: &str, unit: &str, scale: Scale) -> Markup {
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

/// Every option by its key in the recipe, those included that were left at their defaults.
fn flattened(options: &TrainOptions) -> Vec<(String, String)> {
    fn walk(key: String, value: Value, list: &mut Vec<(String, String)>) {
        match value {
            Value::Null => list.push((key, "none".into())),
            Value::Object(members) if members.is_empty() => list.push((key, "none".into())),
            Value::Object(members) => {
                for (name, member) in members {
                    walk(if key.is_empty() { name } else { format!("{key}.{name}") }, member, list);
                }
            }
            Value::String(text) => list.push((key, text)),
            other => list.push((key, other.to_string())),
        }
    }
    let mut list = Vec::new();
    walk(String::new(), serde_json::to_value(options).unwrap_or_default(), &mut list);
    list
}
