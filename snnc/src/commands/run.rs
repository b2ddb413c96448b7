//! `snnc run`: runs a network on an array of input events.

use serde_json::json;
use synnet_workbench::inference;

use crate::cli::Run;
use crate::context::Context;
use crate::failure::Failure;
use crate::stdio;

/// Runs the float interpreter on events `[B, T, C]` and writes `output` `[B, T, O]`.
pub fn run(args: &Run, context: &Context) -> Result<(), Failure> {
    let arrays = &args.arrays;
    stdio::check_single_stdout("--output", &arrays.output, context.json)?;
    let loaded = context.load(&args.network)?;
    let network = context.bind(&loaded, &args.weights)?;
    let events = context.events(&arrays.input, network.graph.input.channels)?;
    let out = inference::interpret(&network, &events, arrays.record, args.seed)
        .map_err(|error| error.in_file(&arrays.input))?;
    stdio::write(&arrays.output, &out.to_npz()?)?;
    if context.json {
        stdio::print_json(&json!({
            "network": network.graph.name,
            "output": arrays.output,
            "shape": [events.batch, events.time, network.graph.outputs()],
        }))?;
    }
    Ok(())
}
