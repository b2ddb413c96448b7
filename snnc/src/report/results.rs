//! What the test set says of a network, as a page or as a part of one.

use super::{Results, examples, figures, percent, recordings};
use crate::chip::agreement;
use crate::page::{self, confusion, document, escape, facts, figure, section, side_by_side};

impl Results<'_> {
    /// The results by themselves as one file of HTML; `weights` names what was tested.
    pub fn html(&self, weights: &str) -> String {
        let mut body = self.heading() + &page::tiles(&self.tiles()) + &self.sections();
        let mut list = self.facts();
        list.push(("weights".into(), weights.to_owned()));
        body += &section("How it was made", "", &(facts(&list) + &self.sources()));
        document(&format!("{}: results on the test set", self.network.graph.name), &body)
    }

    /// Name, documentation, and what the recordings serve for.
    pub fn heading(&self) -> String {
        let graph = &self.network.graph;
        let docs = match graph.docs.as_slice() {
            [] => String::new(),
            docs => format!("<p>{}</p>\n", escape(&docs.join(" "))),
        };
        let recordings = recordings(&self.experiment.corpus);
        format!("<h1>{}</h1>\n{docs}<p class=\"under\">{}.</p>\n", escape(&graph.name), escape(&recordings))
    }

    /// The figures that matter most, each with what it is.
    pub fn tiles(&self) -> Vec<(String, String)> {
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
        tiles
    }

    /// Figures, confusion, recordings to look at, quantisation.
    pub fn sections(&self) -> String {
        section("On the test set", "", &self.engines()) + &examples::section(self) + &self.quantisation()
    }

    /// What was at work.
    pub fn facts(&self) -> Vec<(String, String)> {
        let graph = &self.network.graph;
        let neurons: usize = graph.layers.iter().map(|layer| layer.size).sum();
        let tensors = graph.tensors();
        let learnt = tensors.iter().filter(|tensor| tensor.learn).map(|t| t.shape.iter().product::<usize>());
        let list = [
            ("made by", format!("snnc {}", env!("CARGO_PKG_VERSION"))),
            ("on", format!("{}, {}", std::env::consts::OS, std::env::consts::ARCH)),
            ("network", format!("{} layers, {neurons} neurons", graph.layers.len())),
            ("numbers that learn", learnt.sum::<usize>().to_string()),
            ("time step", format!("{} ms", figure(1e3 * graph.dt))),
            ("steps of a recording", self.experiment.corpus.test.steps().to_string()),
        ];
        let mut list = list.map(|(name, value)| (name.to_owned(), value)).to_vec();
        if let Some((chip, from)) = self.experiment.plan.recipe.aware() {
            let trained = format!("the numbers of {} from epoch {} on", chip.title, from + 1);
            list.push(("trained through".to_owned(), trained));
        }
        list
    }

    /// The network and the recipe, to be unfolded.
    pub fn sources(&self) -> String {
        let block = |title: &str, text: &str| {
            let text = escape(text.trim_end());
            format!("<details><summary>{title}</summary>\n<pre>{text}</pre>\n</details>\n")
        };
        block("Layers, connections and tensors", &synnet_dsl::to_table(&self.network.graph))
            + &block("The recipe, with what <code>--set</code> replaced", &self.experiment.plan.recipe.text)
    }

    /// The figures of both engines, and their confusion matrices.
    fn engines(&self) -> String {
        let mut rows = figures(self.float, self.chip);
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
            "Method: {}. Weight shifts: input {}, hidden {}, readout {}. The chip's output is {} steps behind the float network's.",
            report.method.name(),
            report.weight_shift_in,
            report.weight_shift_rec,
            report.weight_shift_out,
            on.build.float.latency()
        );
        let table = page::table(&["layer", "error of the weights", "weights that became 0"], &rows);
        section(&format!("Quantised for {}", on.chip.title), &escape(&lead), &table)
    }
}
