//! What the test set says of a network, as a page or as a part of one.

use maud::{Markup, html};

use super::{
    Results, examples, figures, format_percent, heading, provenance_facts, quantization_lead, sources,
};
use crate::chip_evaluation::agreement;
use crate::html::{self, confusion, definition_list, document, format_number, section, side_by_side};

impl Results<'_> {
    /// The results by themselves as one file of HTML; `weights` names what was tested.
    pub fn html(&self, weights: &str) -> String {
        let mut list = provenance_facts(self.network, self.experiment);
        list.push(("weights".into(), weights.to_owned()));
        let making = html! { (definition_list(&list)) (sources(self.network, self.experiment)) };
        let body = html! {
            (heading(self.network, self.experiment))
            (html::tiles(&self.tiles()))
            (self.sections())
            (section("How it was made", "", &making))
        };
        document(&format!("{}: results on the test set", self.network.graph.name), &body).into_string()
    }

    /// The figures that matter most, each with what it is.
    pub(super) fn tiles(&self) -> Vec<(String, String)> {
        let mut tiles = Vec::new();
        match self.float.accuracy() {
            Some(accuracy) => {
                tiles.push((format_percent(accuracy), "accuracy on the test set, float".to_owned()))
            }
            None => tiles
                .push((format_number(self.float.measured.loss), "loss on the test set, float".to_owned())),
        }
        if let (Some(on), Some(float)) = (self.chip, &self.float.classified) {
            tiles.push((
                format_percent(on.result.evaluation.accuracy),
                format!("accuracy on {}", on.chip.name),
            ));
            let agree = agreement(float, &on.result.evaluation);
            tiles.push((format_percent(agree), "same class on chip and in float".into()));
        }
        tiles
    }

    /// Figures, confusion, recordings to look at, quantization.
    pub(super) fn sections(&self) -> Markup {
        html! {
            (section("On the test set", "", &self.engines()))
            (examples::section(self))
            (self.quantization())
        }
    }

    /// The figures of both engines, and their confusion matrices.
    fn engines(&self) -> Markup {
        let classes = &self.experiment.corpus.classes;
        let note = "blue: right, orange: wrong";
        let float = self.float.classified.as_ref().map(|e| ("Float", e));
        let chip = self.chip.map(|on| (on.chip.title.as_str(), &on.result.evaluation));
        let pictures = float.into_iter().chain(chip);
        let pictures: Vec<Markup> =
            pictures.map(|(title, e)| confusion(title, note, classes, &e.confusion)).collect();
        html! { (html::table(&figures(self.float, self.chip))) (side_by_side(&pictures)) }
    }

    fn quantization(&self) -> Markup {
        let Some(on) = self.chip else { return html! {} };
        let table = html::table(&on.build.report.rows());
        section(&format!("Quantized for {}", on.chip.title), &quantization_lead(&on.build), &table)
    }
}
