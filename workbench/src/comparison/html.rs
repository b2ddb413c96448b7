//! The comparison as a page to read in a browser.

use maud::{Markup, html};

use synnet_ir::display::format_percent;

use super::engines::{CHIP, ENGINES, FLOAT, QUANTIZED};
use super::{Comparison, END_TO_END, charts, examples};
use crate::chip_evaluation::agreement;
use crate::error::Error;
use crate::html::{self, code_spans, confusion, definition_list, document, section, side_by_side};
use crate::report;

const OVER_TIME: &str = "Steps are those of the float network. Orange: what the chip's weights, thresholds and \
                         leaks do; green: what its states of whole numbers do; blue: both together. Point at a \
                         picture for its numbers.";
const RATES: &str = "Beyond the dotted line neurons spike more on the chip than in float. Point at a bar for its \
                     numbers.";

impl Comparison<'_> {
    /// The page as one file of HTML.
    pub fn html(&self) -> Result<String, Error> {
        let (network, experiment) = (self.subject.network, self.subject.experiment);
        let mut list = report::provenance_facts(network, experiment);
        list.push(("recordings compared".into(), self.recordings.len().to_string()));
        list.push(("weights".into(), self.subject.weights.clone()));
        let making = html! { (definition_list(&list)) (report::sources(network, experiment)) };
        let body = html! {
            (report::heading(network, experiment))
            (html::tiles(&self.tiles()))
            (section("What the numbers say", "", &self.findings_list()))
            (self.tables())
            (section("When they part", OVER_TIME, &side_by_side(&charts::over_time(self))))
            (section("How much they spike", RATES, &side_by_side(&charts::rates(self))))
            (examples::section(self)?)
            (self.confusions())
            (self.quantization())
            (section("How it was made", "", &making))
        };
        let title = format!("{}: float, quantized, {}", network.graph.name, self.subject.chip.name);
        Ok(document(&title, &body).into_string())
    }

    /// Names of the engines where there is room.
    pub(super) fn titles(&self) -> [&str; ENGINES] {
        ["Float", "Quantized weights", &self.subject.chip.title]
    }

    fn tiles(&self) -> Vec<(String, String)> {
        let mut tiles = Vec::new();
        if let Some(classes) = &self.classes {
            let on_chip = format!("accuracy on {}", self.subject.chip.name);
            let what = ["accuracy, float".to_owned(), "quantized weights".to_owned(), on_chip];
            tiles.extend(classes.iter().map(|found| format_percent(found.accuracy)).zip(what));
            let same = agreement(&classes[FLOAT], &classes[CHIP]);
            tiles.push((format_percent(same), "same class on chip and in float".into()));
        }
        let readout = self.layers.iter().find(|layer| layer.readout);
        let discrepancy = readout.map(|layer| (layer, &layer.discrepancies[END_TO_END]));
        tiles.extend(discrepancy.and_then(|(layer, discrepancy)| {
            if layer.by_spikes() {
                Some((format_percent(discrepancy.spikes()?), "of the output's spikes agree".to_owned()))
            } else {
                Some((format_percent(discrepancy.states()?), "error of the output on the chip".to_owned()))
            }
        }));
        tiles
    }

    fn findings_list(&self) -> Markup {
        html! {
            ul.findings {
                @for finding in self.findings() {
                    li {
                        (code_spans(&capitalized(&finding.message))) "."
                        @if let Some(help) = finding.help { span { "Remedy: " (code_spans(&help)) "." } }
                    }
                }
            }
        }
    }

    fn tables(&self) -> Markup {
        let tables = [self.engines_table(), self.layers_table(), self.pairs_table()];
        let content = html! {
            @for table in tables.iter().filter(|rows| rows.len() > 1) { (html::table(table)) }
            p.lead { (Self::legend()) }
        };
        section("Layer by layer", "Silent neurons: float / quantized weights / chip.", &content)
    }

    fn confusions(&self) -> Markup {
        let Some(classes) = &self.classes else { return html! {} };
        let names = &self.subject.experiment.corpus.classes;
        let note = "blue: right, orange: wrong";
        let pictures = [FLOAT, QUANTIZED, CHIP]
            .map(|engine| confusion(self.titles()[engine], note, names, &classes[engine].confusion));
        section("Confusion", "", &side_by_side(&pictures))
    }

    fn quantization(&self) -> Markup {
        let build = &self.subject.build;
        let mut rows = build.report.rows().into_iter();
        let head = rows.next().into_iter().map(|mut head| {
            head.extend(["neurons", "left out"].map(String::from));
            head
        });
        let layers = rows.filter_map(|mut row| {
            let layer = self.layers.iter().find(|layer| row.first() == Some(&layer.name))?;
            row.extend([layer.neurons.to_string(), layer.removed.to_string()]);
            Some(row)
        });
        let lead = format!(
            "{} Left out are neurons that the chip does without. A scale is the chip's state per state of the float \
             network; weights that became 0 or were clipped are counted.",
            report::quantization_lead(build)
        );
        let table = html::table(&head.chain(layers).collect::<Vec<_>>());
        section(&format!("Quantized for {}", self.subject.chip.title), &lead, &table)
    }
}

/// A sentence with a capital, unless it begins with a name.
fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
