//! `snnc run`: a network on an array of input events.

use serde_json::json;
use synnet_runtime::{Interpreter, Recording, Sequence};

use crate::cli::Run;
use synnet_workbench::error::Error as Failure;
use synnet_workbench::events::{self, Events};
use synnet_workbench::{source, terminal};

/// Runs the float interpreter on `[B, T, C]` events and writes `output` `[B, T, O]`.
pub fn run(args: &Run, json: bool) -> Result<(), Failure> {
    super::check_streams(&args.arrays, json)?;
    let loaded = super::load(&args.network)?;
    let network = source::bind(&loaded, &args.weights)?;
    let Events { batch, time, data, .. } = events::read(&args.arrays.input, network.graph.input.channels)?;
    let input: Vec<f32> = data.iter().map(|&x| x as f32).collect();
    if let Some(i) = input.iter().position(|x| !x.is_finite()) {
        let message = format!("the array holds {:e}, more than 32-bit floats can hold", data[i]);
        return Err(Failure::input(&args.arrays.input, message));
    }
    let input = Sequence::new(batch, time, network.graph.input.channels, input)
        .map_err(|e| Failure::input(&args.arrays.input, e))?;
    let recording = if args.arrays.record { Recording::On } else { Recording::Off };
    let run = Interpreter::new(&network)
        .run(&input, recording, args.seed)
        .map_err(|e| Failure::input(&args.arrays.input, e))?;

    let mut archive = events::Output::new();
    let shape = |n: usize| vec![batch, time, n];
    archive.add("output", &shape(run.output.width), &run.output.data)?;
    for (layer, trace) in network.graph.layers.iter().zip(&run.layers) {
        for (what, states) in [("spikes", &trace.spikes), ("vmem", &trace.vmem)] {
            if let Some(states) = states {
                archive.add(&format!("{}.{what}", layer.name), &shape(layer.size), &states.data)?;
            }
        }
        let mut currents = shape(layer.size);
        if layer.synapses() > 1 {
            currents.push(layer.synapses());
        }
        archive.add(&format!("{}.isyn", layer.name), &currents, &trace.isyn.data)?;
    }
    archive.write(&args.arrays.output)?;
    if json {
        terminal::print_json(&json!({
            "network": network.graph.name,
            "output": args.arrays.output,
            "shape": [batch, time, run.output.width],
        }))?;
    }
    Ok(())
}
