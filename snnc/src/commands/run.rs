//! `snnc run`: runs a network on an array of input events.

use serde_json::json;
use synnet_ir::Network;
use synnet_runtime::initial_params;
use synnet_workbench::inference;

use crate::cli::Run;
use crate::context::{Context, NetworkInput};
use crate::failure::Failure;
use crate::stdio;

/// Runs the float interpreter on events `[B, T, C]` and writes `output` `[B, T, O]`.
pub fn run(args: &Run, context: &Context) -> Result<(), Failure> {
    let arrays = &args.arrays;
    stdio::check_single_stdout("--output", &arrays.output, context.json)?;
    let input = context.open(&args.network)?;
    let network = network(args, &input, context)?;
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

/// Returns the network with the weights of the file, or with initial ones.
fn network(args: &Run, input: &NetworkInput, context: &Context) -> Result<Network, Failure> {
    match &args.weights {
        Some(weights) => input.bind(weights, args.allow_mismatch, context),
        None => {
            let loaded = input.loaded();
            let params = initial_params(&loaded.graph, args.init.unwrap_or_default());
            Ok(Network::bind(&loaded.graph, &params).map_err(|diagnostics| loaded.error(diagnostics))?)
        }
    }
}
