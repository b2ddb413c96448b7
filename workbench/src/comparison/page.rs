//! The comparison as a page to read in a browser.

use super::engines::{CHIP, ENGINES, FLOAT, QUANTISED};
use super::findings::fine_percent;
use super::{Comparison, IN_ALL, examples, pictures};
use crate::error::Error;
use crate::on_chip::agreement;
use crate::page::{self, confusion, document, facts, figure, in_code, section, side_by_side};
use crate::report;
use crate::text::percent;

impl Comparison<'_> {
    /// The page as one file of HTML.
    pub fn html(&self) -> Result<String, Error> {
        let (network, experiment) = (self.subject.network, self.subject.experiment);
        let mut body = report::heading(network, experiment);
        body += &page::tiles(&self.tiles());
        body += &section("What the numbers say", "", &self.findings_list());
        body += &self.tables();
        body += &section(
            "When they part",
            "Steps are those of the float network. Orange: what the chip's weights, thresholds and leaks do; green: what \
             its states of whole numbers do; blue: both together. Point at a picture for its numbers.",
            &side_by_side(&pictures::over_time(self)),
        );
        body += &section(
            "How much they spike",
            "Beyond the dotted line neurons spike more on the chip than in float. Point at a bar for its numbers.",
            &side_by_side(&pictures::rates(self)),
        );
        body += &examples::section(self)?;
        body += &self.confusions();
        body += &self.quantisation();
        let mut list = report::origin(network, experiment);
        list.push(("recordings compared".into(), self.recordings.len().to_string()));
        list.push(("weights".into(), self.subject.weights.clone()));
        body += &section("How it was made", "", &(facts(&list) + &report::sources(network, experiment)));
        Ok(document(&format!("{}: float, quantised, {}", network.graph.name, self.subject.chip.name), &body))
    }

    /// Names of the engines where there is room.
    pub(super) fn titles(&self) -> [&str; ENGINES] {
        ["Float", "Quantised weights", &self.subject.chip.title]
    }

    fn tiles(&self) -> Vec<(String, String)> {
        let mut tiles = Vec::new();
        if let Some(classes) = &self.classes {
            let on_chip = format!("accuracy on {}", self.subject.chip.name);
            let what = ["accuracy, float".to_owned(), "quantised weights".to_owned(), on_chip];
            tiles.extend(classes.iter().map(|found| percent(found.accuracy)).zip(what));
            let same = agreement(&classes[FLOAT], &classes[CHIP]);
            tiles.push((percent(same), "same class on chip and in float".into()));
        }
        let readout = self.layers.iter().find(|layer| layer.readout);
        let gap = readout.map(|layer| (layer, &layer.gaps[IN_ALL]));
        tiles.extend(gap.and_then(|(layer, gap)| {
            if layer.by_spikes() {
                Some((percent(gap.spikes()?), "of the output's spikes agree".to_owned()))
            } else {
                Some((percent(gap.states()?), "error of the output on the chip".to_owned()))
            }
        }));
        tiles
    }

    fn findings_list(&self) -> String {
        let items = self.findings().into_iter().map(|finding| {
            let remedy = finding.remedy.map(|remedy| format!("<span>Remedy: {}.</span>", in_code(&remedy)));
            format!("<li>{}.{}</li>\n", in_code(&capitalised(&finding.text)), remedy.unwrap_or_default())
        });
        format!("<ul class=\"findings\">\n{}</ul>\n", items.collect::<String>())
    }

    fn tables(&self) -> String {
        let table = |mut rows: Vec<Vec<String>>| {
            if rows.len() < 2 {
                return String::new();
            }
            let head = rows.remove(0);
            page::table(&head.iter().map(String::as_str).collect::<Vec<_>>(), &rows)
        };
        let legend = format!("<p class=\"lead\">{}</p>\n", page::escape(&Self::legend()));
        let tables = table(self.engines_table()) + &table(self.layers_table()) + &table(self.pairs_table());
        let lead = "Silent neurons: float / quantised weights / chip.";
        section("Layer by layer", lead, &(tables + &legend))
    }

    fn confusions(&self) -> String {
        let Some(classes) = &self.classes else { return String::new() };
        let names = &self.subject.experiment.corpus.classes;
        let note = "blue: right, orange: wrong";
        let pictures = [FLOAT, QUANTISED, CHIP]
            .map(|engine| confusion(self.titles()[engine], note, names, &classes[engine].confusion));
        section("Confusion", "", &side_by_side(&pictures))
    }

    fn quantisation(&self) -> String {
        let (build, report) = (&self.subject.build, &self.subject.build.report);
        let rows = self.layers.iter().filter_map(|layer| {
            let weights = report.layers.iter().find(|found| found.name == layer.name)?;
            let [least, greatest] = weights.scale;
            Some(vec![
                layer.name.clone(),
                layer.neurons.to_string(),
                layer.removed.to_string(),
                format!("{} to {}", figure(least), figure(greatest)),
                format!("{:.2} %", 100.0 * weights.weight_error),
                weights.vanished.to_string(),
                weights.saturated.to_string(),
                fine_percent(weights.threshold_error),
            ])
        });
        let head = [
            "layer",
            "neurons",
            "left out",
            "scales",
            "error of the weights",
            "became 0",
            "were clipped",
            "error of thresholds",
        ];
        let lead = format!(
            "Method <code>{}</code>. Weight shifts: input {}, hidden {}, readout {}. The chip's output is {} steps \
             behind the float network's. Left out are neurons that the chip does without. A scale is the chip's state per state of the float \
             network; weights that became 0 or were clipped are single ones.",
            report.method.name(),
            report.weight_shift_in,
            report.weight_shift_rec,
            report.weight_shift_out,
            build.float.latency()
        );
        section(
            &format!("Quantised for {}", self.subject.chip.title),
            &lead,
            &page::table(&head, &rows.collect::<Vec<_>>()),
        )
    }
}

/// A sentence with a capital, unless it begins with a name.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
