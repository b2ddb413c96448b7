//! The HTML report of a comparison.

use maud::{Markup, html};

use synnet_ir::display::format_percent;

use super::engines::{CHIP, ENGINES, FLOAT, QUANTIZED};
use super::{Comparison, END_TO_END, charts, examples};
use crate::chip_evaluation::agreement;
use crate::error::Error;
use crate::html::{self, code_spans, confusion, definition_list, document, section, side_by_side};
use crate::report;

const OVER_TIME: &str = "Steps are those of the float network. Orange is the effect of quantizing weights, thresholds \
                         and leaks; green is the effect of integer states; blue is both together. Hover over a chart \
                         to see its values.";
const RATES: &str =
    "Above the dotted line, neurons spike more on the chip than in float. Hover over a bar to see its value.";

impl Comparison<'_> {
    /// Returns the report as a self-contained HTML page.
    ///
    /// # Errors
    /// Returns an error if an example sample cannot be simulated.
    pub fn html(&self) -> Result<String, Error> {
        let (network, experiment) = (self.input.network, self.input.experiment);
        let mut list = report::provenance_facts(network, experiment);
        list.push(("compared samples".into(), self.samples.len().to_string()));
        list.push(("weights".into(), self.input.weights.clone()));
        let provenance = html! { (definition_list(&list)) (report::sources(network, experiment)) };
        let body = html! {
            (report::heading(network, experiment))
            (html::tiles(&self.tiles()))
            (section("Findings", "", &self.findings_list()))
            (self.tables())
            (section("Divergence over time", OVER_TIME, &side_by_side(&charts::over_time(self))))
            (section("Firing rates", RATES, &side_by_side(&charts::rates(self))))
            (examples::section(self)?)
            (self.confusions())
            (self.quantization())
            (section("Provenance", "", &provenance))
        };
        let title = format!("{}: float, quantized, {}", network.graph.name, self.input.chip.name);
        Ok(document(&title, &body).into_string())
    }

    /// Returns the full names of the engines, for captions.
    pub(super) fn titles(&self) -> [&str; ENGINES] {
        ["Float", "Quantized weights", &self.input.chip.title]
    }

    fn tiles(&self) -> Vec<(String, String)> {
        let mut tiles = Vec::new();
        if let Some(evaluations) = &self.evaluations {
            let on_chip = format!("accuracy on {}", self.input.chip.name);
            let captions =
                ["accuracy in float".to_owned(), "accuracy with quantized weights".to_owned(), on_chip];
            tiles.extend(
                evaluations.iter().map(|evaluation| format_percent(evaluation.accuracy)).zip(captions),
            );
            let same = agreement(&evaluations[FLOAT], &evaluations[CHIP]);
            tiles.push((format_percent(same), "same class on the chip as in float".into()));
        }
        let readout = self.layers.iter().find(|layer| layer.readout);
        let discrepancy = readout.map(|layer| (layer, &layer.discrepancies[END_TO_END]));
        tiles.extend(discrepancy.and_then(|(layer, discrepancy)| {
            if layer.by_spikes() {
                Some((format_percent(discrepancy.spikes()?), "agreement of the output spikes".to_owned()))
            } else {
                Some((
                    format_percent(discrepancy.states()?),
                    "RMS error of the output on the chip".to_owned(),
                ))
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
                        @if let Some(help) = finding.help { span { "Help: " (code_spans(&help)) "." } }
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
        section(
            "Layer comparison",
            "Silent neurons are listed as float / quantized weights / chip.",
            &content,
        )
    }

    fn confusions(&self) -> Markup {
        let Some(evaluations) = &self.evaluations else { return html! {} };
        let names = &self.input.experiment.corpus.classes;
        let note = "blue: correct, orange: incorrect";
        let figures = [FLOAT, QUANTIZED, CHIP]
            .map(|engine| confusion(self.titles()[engine], note, names, &evaluations[engine].confusion));
        section("Confusion matrices", "", &side_by_side(&figures))
    }

    fn quantization(&self) -> Markup {
        let build = &self.input.build;
        let mut rows = build.report.rows().into_iter();
        let head = rows.next().into_iter().map(|mut head| {
            head.extend(["neurons", "removed"].map(String::from));
            head
        });
        let layers = rows.filter_map(|mut row| {
            let layer = self.layers.iter().find(|layer| row.first() == Some(&layer.name))?;
            row.extend([layer.neurons.to_string(), layer.removed.to_string()]);
            Some(row)
        });
        let lead = format!(
            "{} Removed neurons have no effect and are not on the chip. The scale is the chip's state divided by the \
             state of the float network. Weights that became 0 or were clipped are counted.",
            report::quantization_lead(build)
        );
        let table = html::table(&head.chain(layers).collect::<Vec<_>>());
        section(&format!("Quantization for {}", self.input.chip.title), &lead, &table)
    }
}

/// Capitalizes a sentence. One that begins with a name between backticks stays as it is.
fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
