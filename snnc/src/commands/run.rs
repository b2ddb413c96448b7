//! `snnc run`: runs a network on an array of input events or on a recording.

use serde_json::json;
use synnet_ir::Network;
use synnet_ir::display::pluralize;
use synnet_runtime::initial_params;
use synnet_workbench::{files, inference, sample_page};

use crate::cli::Run;
use crate::context::{Context, NetworkInput};
use crate::failure::Failure;
use crate::input::Input;
use crate::{stdio, terminal};

/// Runs the float interpreter on events `[B, T, C]` and writes `output` `[B, T, O]`.
pub fn run(args: &Run, context: &Context) -> Result<(), Failure> {
    let arrays = &args.arrays;
    stdio::check_stdout_and_page("--output", &arrays.output, args.html.as_deref(), context.json)?;
    let opened = context.open(&args.network)?;
    let sources = opened.files();
    let given = [&args.network.net, &arrays.input].into_iter().chain(&args.weights);
    let inputs = given.chain(&arrays.front_end.recipe).chain(&sources);
    let outputs = std::iter::once(&arrays.output).chain(&args.html);
    context.check_outputs(outputs, inputs, opened.recipe())?;
    let network = network(args, &opened, context)?;
    let graph = &network.graph;
    let front_end = opened.recipe().map(|recipe| &recipe.front_end);
    let input = Input::read(arrays, graph.input.channels, front_end, context)?;
    input.report(Some((&graph.name, graph.dt)), context);
    let events = &input.events;
    if args.sequence >= events.batch {
        return Err(Failure::Usage(format!(
            "`--sequence {}` is out of range: the input has {}",
            args.sequence,
            pluralize(events.batch, "sequence")
        )));
    }
    let run = inference::interpret(&network, events, arrays.record, args.seed)
        .map_err(|error| error.in_file(&arrays.input))?;
    if let Some(values) = run.non_finite {
        terminal::warn(values);
    }
    let title = if stdio::is_stdio(&arrays.input) { "<stdin>".into() } else { files::name(&arrays.input) };
    let page = args.html.as_ref().map(|path| {
        let page = sample_page(&network, events, args.sequence, args.seed, &title);
        page.map(|html| (path.as_path(), html.into_bytes())).map_err(|error| error.in_file(&arrays.input))
    });
    let mut outputs = vec![(arrays.output.as_path(), run.arrays.to_npz()?)];
    outputs.extend(page.transpose()?);
    stdio::write_together(&outputs)?;
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
        Some(weights) => input.bind(weights, args.mismatch.allow_mismatch, context),
        None => {
            let loaded = input.loaded();
            let params = initial_params(&loaded.graph, args.init.unwrap_or_default());
            Ok(Network::bind(&loaded.graph, &params).map_err(|diagnostics| loaded.error(diagnostics))?)
        }
    }
}
