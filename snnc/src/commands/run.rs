//! `snnc run`: runs a network on an array of input events or on a recording.

use serde_json::json;
use synnet_ir::Network;
use synnet_runtime::initial_params;
use synnet_workbench::inference;

use crate::cli::Run;
use crate::context::{Context, NetworkInput};
use crate::failure::Failure;
use crate::input::Input;
use crate::{stdio, terminal};

/// Runs the float interpreter on events `[B, T, C]` and writes `output` `[B, T, O]`.
pub fn run(args: &Run, context: &Context) -> Result<(), Failure> {
    let arrays = &args.arrays;
    stdio::check_single_stdout("--output", &arrays.output, context.json)?;
    let opened = context.open(&args.network)?;
    let sources = opened.files();
    let given = [&args.network.net, &arrays.input].into_iter().chain(&args.weights);
    let inputs = given.chain(&arrays.front_end.recipe).chain(&sources);
    context.check_outputs([&arrays.output], inputs, opened.recipe())?;
    let network = network(args, &opened, context)?;
    let graph = &network.graph;
    let front_end = opened.recipe().map(|recipe| &recipe.front_end);
    let input = Input::read(arrays, graph.input.channels, front_end, context)?;
    input.report(Some((&graph.name, graph.dt)), context);
    let events = &input.events;
    let run = inference::interpret(&network, events, arrays.record, args.seed)
        .map_err(|error| error.in_file(&arrays.input))?;
    if let Some(values) = run.non_finite {
        terminal::warn(values);
    }
    stdio::write(&arrays.output, &run.arrays.to_npz()?)?;
    if context.json {
        context.print_json(json!({
            "network": graph.name,
            "output": arrays.output,
            "shape": [events.batch, events.time, graph.outputs()],
            "non_finite": run.non_finite.map_or(0, |values| values.count),
            "recording": input.recording_json(),
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
