//! `snnc chips`: lists the supported chips, or describes one.

use std::sync::Arc;

use serde_json::json;
use synnet_ir::display;
use synnet_xylo::chip::Chip;
use synnet_xylo::chip::CoreVersion;

use crate::cli::Chips;
use crate::context::Context;
use crate::failure::Failure;
use crate::{stdio, terminal};

/// Prints a table of all chips, or the description of one.
pub fn run(args: &Chips, context: &Context) -> Result<(), Failure> {
    let Some(name) = &args.name else {
        let chips: Vec<&Chip> = context.chips.iter().map(Arc::as_ref).collect();
        return if context.json {
            stdio::print_json(&json!(chips))
        } else {
            // The first line names the columns.
            let table = table(&chips);
            let (head, rows) = table.split_once('\n').unwrap_or((&table, ""));
            stdio::print_text(&format!("{}\n{rows}", terminal::heading(head)))
        };
    };
    let chip = context.chips.get(name).map_err(|why| Failure::Usage(why.to_string()))?;
    if context.json {
        return stdio::print_json(&json!(**chip));
    }
    stdio::print_text(context.chips.source(name).unwrap_or_default())
}

/// Returns a table with a column for each chip: there are few chips and many properties.
fn table(chips: &[&Chip]) -> String {
    let row = |property: &str, value: &dyn Fn(&Chip) -> String| {
        let cells = chips.iter().map(|chip| value(chip));
        std::iter::once(property.to_owned()).chain(cells).collect::<Vec<_>>()
    };
    let known = |known: bool| if known { "known" } else { "-" }.to_owned();
    let yes = |yes: bool| if yes { "yes" } else { "-" }.to_owned();
    display::format_table(&[
        row("chip", &|chip| chip.name.clone()),
        row("part", &|chip| chip.part.clone()),
        row("input channels", &|chip| chip.inputs.to_string()),
        row("hidden neurons", &|chip| chip.hidden.to_string()),
        row("  fed by the input", &|chip| chip.input_expansion.to_string()),
        row("  feeding the readout", &|chip| chip.output_expansion.to_string()),
        row("readout neurons", &|chip| chip.outputs.to_string()),
        row("synapses, hidden", &|chip| chip.synapses.hidden.to_string()),
        row("synapses, readout", &|chip| chip.synapses.readout.to_string()),
        row("fan-out per neuron", &|chip| chip.fan_out.per_neuron.to_string()),
        row("fan-out memory", &|chip| chip.fan_out.total.to_string()),
        row("weight bits", &|chip| chip.weight_bits.to_string()),
        row("biases", &|chip| yes(chip.bias)),
        row("aliases", &|chip| yes(chip.aliases)),
        row("update order", &|chip| {
            match chip.core {
                CoreVersion::V1 => "v1",
                CoreVersion::V2 => "v2",
            }
            .into()
        }),
        row("Rockpool", &|chip| known(chip.rockpool.is_some())),
        row("vendor's format", &|chip| known(chip.configuration.is_some())),
        row("cycle model", &|chip| known(chip.cycles.is_some())),
        row("power model", &|chip| known(chip.power.is_some())),
    ])
}
