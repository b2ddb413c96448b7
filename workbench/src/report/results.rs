//! The results on the test set, as an HTML page or as a part of one.

use maud::{Markup, html};

use super::{
    Results, examples, format_percent, heading, metrics, provenance_facts, quantization_lead, sources,
};
use crate::chip_evaluation::agreement;
use crate::html::{self, confusion, definition_list, document, format_number, section, side_by_side};

impl Results<'_> {
    /// Returns the results as a self-contained HTML page; `weights` is the name of the weights.
    pub fn html(&self, weights: &str) -> String {
        let mut list = provenance_facts(self.network, self.experiment);
        list.push(("weights".into(), weights.to_owned()));
        let provenance = html! { (definition_list(&list)) (sources(self.network, self.experiment)) };
        let body = html! {
            (heading(self.network, self.experiment))
            (html::tiles(&self.tiles()))
            (self.sections())
            (section("Provenance", "", &provenance))
        };
        document(&format!("{}: results on the test set", self.network.graph.name), &body).into_string()
    }

    /// Returns the most important metrics with captions.
    pub(super) fn tiles(&self) -> Vec<(String, String)> {
        let mut tiles = Vec::new();
        match self.float.accuracy() {
            Some(accuracy) => {
                tiles.push((format_percent(accuracy), "accuracy on the test set, float".to_owned()))
            }
            None => tiles
                .push((format_number(self.float.measured.loss), "loss on the test set, float".to_owned())),
        }
        for on in self.chips {
            let Some(float) = &self.float.classified else { continue };
            let (evaluation, name) = (&on.result.evaluation, &on.chip.name);
            tiles.push((format_percent(evaluation.accuracy), format!("accuracy on {name}")));
            let chip = if self.chips.len() > 1 { name } else { "the chip" };
            let agree = agreement(float, evaluation);
            tiles.push((format_percent(agree), format!("same class on {chip} as in float")));
        }
        tiles
    }

    /// Returns metrics, confusion matrices, example samples and quantization.
    pub(super) fn sections(&self) -> Markup {
        html! {
            (section("Test results", "", &self.engines()))
            (examples::section(self))
            (self.quantization())
        }
    }

    /// Returns the metrics and the confusion matrices of all engines.
    fn engines(&self) -> Markup {
        let classes = &self.experiment.corpus.classes;
        let note = "blue: correct, orange: incorrect";
        let float = self.float.classified.as_ref().map(|e| ("Float", e));
        let chips = self.chips.iter().map(|on| (on.chip.title.as_str(), &on.result.evaluation));
        let figures = float.into_iter().chain(chips);
        let figures: Vec<Markup> =
            figures.map(|(title, e)| confusion(title, note, classes, &e.confusion)).collect();
        html! { (html::table(&metrics(self.float, self.chips))) (side_by_side(&figures)) }
    }

    fn quantization(&self) -> Markup {
        html! {
            @for on in self.chips {
                @let table = html::table(&on.build.report.rows());
                (section(&format!("Quantization for {}", on.chip.title), &quantization_lead(&on.build), &table))
            }
        }
    }
}
