//! `snnc sim`: simulates a compiled network bit for bit on an array of input events or on a recording.

use serde_json::json;
use synnet_ir::display::pluralize;
use synnet_workbench::compiled_network::CompiledNetwork;
use synnet_workbench::file_kind::Expected;
use synnet_workbench::{cost, inference};

use crate::cli::Sim;
use crate::context::Context;
use crate::failure::Failure;
use crate::input::Input;
use crate::{file_kind, stdio, terminal};

/// Simulates a compiled network and writes the spikes of the readout as `output`.
pub fn run(args: &Sim, context: &Context) -> Result<(), Failure> {
    let arrays = &args.arrays;
    stdio::check_single_stdout("--output", &arrays.output, context.json)?;
    let inputs = [&args.spec, &arrays.input].into_iter().chain(&arrays.front_end.recipe);
    context.check_outputs([&arrays.output], inputs, None)?;
    let named = context.chip(args.target.as_ref(), "compiled networks are for chips")?;
    let bytes = file_kind::read(&args.spec, Expected::CompiledNetwork)?;
    let network = CompiledNetwork::parse(&bytes, &args.spec, &context.chips)?;
    let chip = network.chip(named)?;
    if let Some(chip) = &chip {
        network.check(chip, &context.terminal)?;
    }
    warn_about_defaults(&network.defaulted);
    let input = Input::read(arrays, network.specification.dimensions.inputs, None, context)?;
    // A compiled network does not state its time step.
    input.report(None, context);
    let events = &input.events;
    let run = inference::simulate(&network, chip.as_deref(), events, arrays.record)
        .map_err(|error| error.in_file(&arrays.input))?;
    if run.dropped_events > 0 {
        let events = pluralize(run.dropped_events as usize, "input event");
        terminal::warn(format_args!(
            "{events} dropped: the chip accepts at most 15 events per channel per step"
        ));
    }
    stdio::write(&arrays.output, &run.arrays.to_npz()?)?;
    if run.by_membrane {
        terminal::note(
            "the readout neurons have the maximum threshold and never spike: read their membrane potentials, \
             `readout.vmem` in the output file, instead of `output`",
        );
    }
    if context.json {
        return context.print_json(json!({
            "output": arrays.output,
            "sequences": events.batch,
            "steps": events.time,
            "chip": chip.map(|chip| chip.name.clone()),
            "core": run.core,
            "defaulted_arrays": network.defaulted,
            "dropped_events": run.dropped_events,
            "recording": input.recording_json(),
            "cycles_per_step": run.cycles.map(|[mean, worst]| json!({ "mean": mean, "worst_case": worst })),
        }));
    }
    if let Some(cycles) = run.cycles {
        terminal::print(cost::cycles_summary(cycles));
    }
    Ok(())
}

/// Warns about missing arrays whose default, zeros, is rarely intended: with a `dash` of 0, no current reaches a
/// membrane.
fn warn_about_defaults(defaulted: &[&str]) {
    let suspicious =
        defaulted.iter().filter(|name| name.starts_with("dash") || name.starts_with("threshold"));
    let names: Vec<String> = suspicious.map(|name| format!("`{name}`")).collect();
    if !names.is_empty() {
        terminal::warn(format_args!(
            "the specification lacks {}; zeros are used, as in Rockpool's `XyloSim.from_specification`, but with a \
             `dash` of 0, a current never reaches its membrane",
            names.join(", ")
        ));
    }
}
