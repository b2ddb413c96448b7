//! The report as a page to read in a browser, pictures included.

use serde_json::Value;
use synnet_runtime::TrainOptions;

use super::examples;
use super::{Report, percent, recordings, results, spikes_matter};
use crate::chip::agreement;
use crate::page::{
    self, Chart, Line, Scale, confusion, document, escape, facts, figure, section, side_by_side,
};
use crate::progress::clock;

impl Report<'_> {
    /// The report as one file of HTML.
    pub fn html(&self) -> String {
        let graph = &self.trained.network.graph;
        let mut body = format!("<h1>{}</h1>\n", escape(&graph.name));
        if !graph.docs.is_empty() {
            body += &format!("<p>{}</p>\n", escape(&graph.docs.join(" ")));
        }
        body += &format!("<p class=\"under\">{}.</p>\n", escape(&recordings(&self.experiment.corpus)));
        body += &self.tiles();
        body += &self.warnings();
        body += &section(
            "How it learnt",
            "Training values are measured while the weights move, with dropout and augmentation; validation values at \
             the end of each epoch, without. Point at a picture for its numbers.",
            &side_by_side(&learning_curves(self)),
        );
        body += &section(
            "What the layers do",
            "A neuron is silent if it never spiked in the epoch, and saturated if it spiked in nearly every step: neither \
             tells the next layer anything.",
            &side_by_side(&layer_curves(self)),
        );
        body += &section("On the test set", "", &self.results());
        body += &examples::section(self);
        body += &self.quantisation();
        body += &section("How it was made", "", &self.making());
        document(&format!("{}: training report", graph.name), &body)
    }

    fn tiles(&self) -> String {
        let mut tiles = Vec::new();
        match self.float.accuracy() {
            Some(accuracy) => tiles.push((percent(accuracy), "accuracy on the test set, float".to_owned())),
            None => tiles.push((figure(self.float.measured.loss), "loss on the test set, float".to_owned())),
        }
        if let (Some(on), Some(float)) = (self.chip, &self.float.classified) {
            tiles.push((percent(on.result.evaluation.accuracy), format!("accuracy on {}", on.chip.name)));
            let agree = agreement(float, &on.result.evaluation);
            tiles.push((percent(agree), "same class on chip and in float".into()));
        }
        tiles.push((
            self.trained.history.epochs().to_string(),
            format!("epochs; weights of epoch {}", self.trained.kept + 1),
        ));
        if self.trained.epochs == self.trained.history.epochs() {
            tiles.push((clock(self.trained.duration), "minutes of training".into()));
        }
        let items = tiles.iter().map(|(number, what)| {
            format!("<li><b>{}</b><span>{}</span></li>\n", escape(number), escape(what))
        });
        format!("<ul class=\"tiles\">\n{}</ul>\n", items.collect::<String>())
    }

    fn warnings(&self) -> String {
        let noticed = self.trained.history.warnings(&self.trained.network.graph);
        if noticed.is_empty() {
            return String::new();
        }
        let items = noticed.iter().map(|noticed| format!("<li>{}</li>\n", in_code(&noticed.to_string())));
        format!(
            "<div class=\"warnings\">\n<h2>Warnings</h2>\n<ul>\n{}</ul>\n</div>\n",
            items.collect::<String>()
        )
    }

    /// The figures of both engines, and their confusion matrices.
    fn results(&self) -> String {
        let mut rows = results(self.float, self.chip);
        let head = rows.remove(0);
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        let classes = &self.experiment.corpus.classes;
        let note = "blue: right, orange: wrong";
        let float = self.float.classified.as_ref().map(|e| ("Float", e));
        let chip = self.chip.map(|on| (on.chip.title.as_str(), &on.result.evaluation));
        let pictures = float.into_iter().chain(chip);
        let pictures: Vec<String> =
            pictures.map(|(title, e)| confusion(title, note, classes, &e.confusion)).collect();
        page::table(&head, &rows) + &side_by_side(&pictures)
    }

    fn quantisation(&self) -> String {
        let Some(on) = self.chip else { return String::new() };
        let report = &on.build.report;
        let rows: Vec<Vec<String>> = report
            .layers
            .iter()
            .map(|layer| {
                let error = format!("{:.2} %", 100.0 * layer.weight_error);
                vec![layer.name.clone(), error, layer.vanished.to_string()]
            })
            .collect();
        let lead = format!(
            "Weight shifts: input {}, hidden {}, readout {}. The chip's output is {} steps behind the float network's.",
            report.weight_shift_in,
            report.weight_shift_rec,
            report.weight_shift_out,
            on.build.float.latency()
        );
        let table = page::table(&["layer", "error of the weights", "weights that became 0"], &rows);
        section(&format!("Quantised for {}", on.chip.title), &escape(&lead), &table)
    }

    fn making(&self) -> String {
        let graph = &self.trained.network.graph;
        let tensors = graph.tensors();
        let count = |learn: bool| -> usize {
            tensors.iter().filter(|t| t.learn == learn).map(|t| t.shape.iter().product::<usize>()).sum()
        };
        let neurons: usize = graph.layers.iter().map(|layer| layer.size).sum();
        let list = [
            ("made by", format!("snnc {}", env!("CARGO_PKG_VERSION"))),
            ("on", format!("{}, {}", std::env::consts::OS, std::env::consts::ARCH)),
            ("seed", self.trained.seed.to_string()),
            ("epochs", self.epochs_in_words()),
            ("weights kept", format!("epoch {}: {}", self.trained.kept + 1, self.trained.why_kept)),
            ("time of training in this run", format!("{:.1} s", self.trained.duration.as_secs_f64())),
            ("network", format!("{} layers, {neurons} neurons", graph.layers.len())),
            ("numbers that learn", count(true).to_string()),
            ("time step", format!("{} ms", figure(1e3 * graph.dt))),
            ("steps of a recording", self.experiment.corpus.train.steps().to_string()),
        ];
        let list = list.map(|(name, value)| (name.to_owned(), value));
        let files = self.written.iter().map(|file| {
            let name = file.path.file_name().unwrap_or(file.path.as_os_str()).to_string_lossy().into_owned();
            vec![name, file.what.to_owned()]
        });
        let files = page::list(&files.collect::<Vec<_>>());
        let block = |title: &str, text: &str| {
            format!(
                "<details><summary>{title}</summary>\n<pre>{}</pre>\n</details>\n",
                escape(text.trim_end())
            )
        };
        let options = flattened(&self.trained.options);
        facts(&list)
            + &format!("<details><summary>Options of the training</summary>\n{}</details>\n", facts(&options))
            + &block("Layers, connections and tensors", &synnet_dsl::to_table(graph))
            + &block("The recipe, with what <code>--set</code> replaced", &self.experiment.plan.recipe.text)
            + &format!("<details><summary>The files beside this page</summary>\n{files}</details>\n")
    }

    fn epochs_in_words(&self) -> String {
        let all = self.trained.history.epochs();
        if self.trained.epochs == all {
            all.to_string()
        } else {
            format!("{all}, {} of them in this run", self.trained.epochs)
        }
    }
}

fn learning_curves(report: &Report<'_>) -> Vec<String> {
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
        Chart { title, unit, lines, scale, kept: Some(report.trained.kept + 1) }.html()
    };
    let rate = Line { name: "learning rate".into(), values: history.series("lr"), color: 0, dashed: false };
    let rate = Chart {
        title: "Learning rate",
        unit: "of the last update of the epoch",
        lines: vec![rate],
        scale: Scale::FromZero,
        kept: None,
    };
    vec![
        both("Loss", "mean over the samples", "loss", Scale::FromZero),
        both("Accuracy", "share of samples classified right", "accuracy", Scale::Share),
        rate.html(),
        family(
            report,
            "gradient norm ",
            "Gradients",
            "L2 norm of each tensor's, mean over batches",
            Scale::Logarithmic,
        ),
    ]
}

fn layer_curves(report: &Report<'_>) -> Vec<String> {
    vec![
        family(report, "rate ", "Firing rates", "spikes per neuron and step", Scale::FromZero),
        family(
            report,
            "silent samples ",
            "Silent samples",
            "share of samples without a spike in the layer",
            Scale::Share,
        ),
        family(report, "silent neurons ", "Silent neurons", "share of the layer", Scale::Share),
        family(report, "saturated neurons ", "Saturated neurons", "share of the layer", Scale::Share),
    ]
}

/// A picture of all columns that begin alike.
fn family(report: &Report<'_>, prefix: &str, title: &str, unit: &str, scale: Scale) -> String {
    let graph = &report.trained.network.graph;
    let lines = report.trained.history.family(prefix).into_iter();
    let lines = lines.filter(|(name, _)| spikes_matter(graph, name)).enumerate();
    let lines = lines.map(|(i, (name, values))| Line {
        name: name.to_owned(),
        values,
        color: i,
        dashed: i >= page::HUES,
    });
    Chart { title, unit, lines: lines.collect(), scale, kept: None }.html()
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

/// A message with its names, which stand between backticks, set as code.
fn in_code(message: &str) -> String {
    let parts = message.split('`').enumerate();
    let parts = parts
        .map(|(i, part)| if i % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) });
    parts.collect()
}
