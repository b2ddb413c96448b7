//! The Markdown report of training: short, for terminals and version control.

use std::fmt::Write;

use synnet_ir::display::{escape_controls, format_duration, format_table, pluralize};

use super::{Report, Results, confusion, format_percent, quantization_lead, split_summary, summary};
use crate::experiment::ChipResult;
use crate::files;

impl Report<'_> {
    /// Returns the report as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let Results { experiment, network, float, chips } = self.results;
        let _ = writeln!(text, "# {}\n", experiment.plan.loaded.graph.name);
        for line in &experiment.plan.loaded.graph.docs {
            let _ = writeln!(text, "{}", escaped(line));
        }
        let _ = writeln!(
            text,
            "\n{}. {}, of which {} in this run, in {}. Selected: {}.\n",
            split_summary(&experiment.corpus),
            pluralize(self.trained.history.epochs(), "epoch"),
            self.trained.epochs,
            format_duration(self.trained.duration),
            self.trained.selection()
        );
        let warnings = self.trained.history.warnings(&experiment.plan.loaded.graph);
        if !warnings.is_empty() {
            let _ = writeln!(text, "## Warnings\n");
            for warning in warnings {
                let _ = writeln!(text, "* {}", escaped(&warning.to_string()));
            }
            text.push('\n');
        }
        let _ = writeln!(text, "## Results\n\n{}", fenced(&summary(float, chips)));
        let classes = &experiment.corpus.classes;
        if let Some(classified) = &float.classified {
            let _ =
                writeln!(text, "## Confusion matrix in float\n\n{}", fenced(&confusion(classified, classes)));
        }
        for on in chips {
            let confusion = confusion(&on.result.evaluation, classes);
            let title = escaped(&on.chip.title);
            let _ = writeln!(text, "## Confusion matrix on {title}\n\n{}", fenced(&confusion));
            let _ = writeln!(text, "## Quantization for {title}\n\n{}", quantization(on));
        }
        let _ = writeln!(text, "## Training\n\n{}", fenced(&self.metrics_table()));
        let network = synnet_ir::to_trained_table(&experiment.plan.loaded.graph, network);
        let _ = writeln!(text, "## Network\n\n{}", fenced(&network));
        let _ = writeln!(text, "## Files\n");
        for file in self.written {
            let name = files::name(&file.path).replace('`', "'");
            let _ = writeln!(text, "* `{}`: {}", escape_controls(&name), escaped(&file.description));
        }
        text
    }

    /// Returns loss, accuracy and firing rates of about twenty epochs as a table.
    fn metrics_table(&self) -> String {
        let history = &self.trained.history;
        let every = history.epochs().div_ceil(20).max(1);
        let fractions = ["accuracy", "validation accuracy"];
        let columns = ["loss", "accuracy", "validation loss", "validation accuracy", "lr"];
        let columns = columns.into_iter().filter(|column| history.series(column).iter().any(Option::is_some));
        let columns: Vec<&str> = columns.collect();
        let rates = history.columns_with_prefix("rate ");
        let head = columns.iter().map(ToString::to_string);
        let rate_names = rates.iter().map(|(layer, _)| format!("rate {layer}"));
        let mut rows = vec![std::iter::once("epoch".to_owned()).chain(head).chain(rate_names).collect()];
        for epoch in 0..history.epochs() {
            if !(epoch + 1).is_multiple_of(every) && epoch + 1 != history.epochs() {
                continue;
            }
            let mut row = vec![(epoch + 1).to_string()];
            row.extend(columns.iter().map(|&column| match history.get(column, epoch) {
                None => String::new(),
                Some(fraction) if fractions.contains(&column) => format_percent(fraction),
                Some(lr) if column == "lr" => format!("{lr:.2e}"),
                Some(loss) => format!("{loss:.4}"),
            }));
            row.extend(
                rates.iter().map(|(_, rate)| rate[epoch].map_or(String::new(), |rate| format!("{rate:.3}"))),
            );
            rows.push(row);
        }
        format_table(&rows)
    }
}

/// Returns the method and the errors of the quantization.
fn quantization(on: &ChipResult) -> String {
    let rows = on.build.report.rows();
    format!("{}\n\n{}", quantization_lead(&on.build), fenced(&format_table(&rows)))
}

/// Returns a block of code, whose fence is longer than any in the text.
fn fenced(text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}text\n{}\n{fence}\n", escape_controls(text.trim_end()))
}

/// Returns a line that is no markup: no tags, links, headings, lists or fences. Emphasis and code in a line stay.
fn escaped(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut at_start = true;
    for c in escape_controls(line).chars() {
        if "\\<>&[]|".contains(c) || at_start && "#-+=~`".contains(c) {
            text.push('\\');
        }
        at_start &= c.is_whitespace();
        text.push(if c == '\n' { ' ' } else { c });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_become_markup() {
        for (line, expected) in [
            ("plain `code` and *emphasis* - as # meant", "plain `code` and *emphasis* - as # meant"),
            ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
            ("![x](http://x)\u{1b}[2J\n# x", r"!\[x\](http://x)\\u{1b}\[2J # x"),
            ("  ```", r"  \```"),
            ("# heading", r"\# heading"),
            ("- item", r"\- item"),
        ] {
            assert_eq!(escaped(line), expected);
        }
        assert_eq!(fenced("a ``` b ````\n"), "`````text\na ``` b ````\n`````\n");
    }
}
