//! `snnc sim`: the bit-exact chip on an array of input events.

use serde_json::json;
use synnet_xylo::simulate::{PopulationRecord, Record, Recording};
use synnet_xylo::{CoreVersion, Simulator};

use crate::cli::Sim;
use synnet_workbench::error::Error as Failure;
use synnet_workbench::events::{self, Events, Output};
use synnet_workbench::{artifacts, cost, terminal};

/// Runs a specification on events and writes the readout's spikes as `output`.
pub fn run(args: &Sim, json: bool) -> Result<(), Failure> {
    super::check_streams(&args.arrays, json)?;
    let loaded = artifacts::read_xylo(&args.spec)?;
    let chip = artifacts::chip_of(&args.spec, &loaded, args.target.as_ref())?;
    if let Some(chip) = chip {
        artifacts::check_xylo(&args.spec, &loaded.specification, chip)?;
    }
    warn_of_defaults(&loaded.defaulted);
    let core = chip.map_or(CoreVersion::default(), |chip| chip.core);
    let simulator =
        Simulator::with_core(&loaded.specification, core).map_err(|e| Failure::input(&args.spec, e))?;
    let input = &args.arrays.input;
    let events = events::read(input, simulator.inputs())?;
    let raster = events.counts().map_err(|why| Failure::input(input, why))?;
    let length = events.sequence_len();
    let sequences: Vec<&[u8]> = (0..events.batch).map(|b| &raster[b * length..(b + 1) * length]).collect();
    let record = if args.arrays.record { Record::All } else { Record::Readout };
    let recordings = simulator.run_batch(&sequences, record).map_err(|e| Failure::input(input, e))?;

    let clipped = recordings.iter().map(|r| r.clipped_events).sum::<u64>().saturating_add(events.above_u8());
    if clipped > 0 {
        let plural = if clipped == 1 { "" } else { "s" };
        terminal::warn(format_args!(
            "{clipped} input event{plural} dropped: a channel takes at most 15 events in a step"
        ));
    }
    // Such a readout is not meant to spike.
    let by_membrane = loaded.specification.threshold_out.iter().all(|&threshold| threshold == i16::MAX);
    write(args, &events, simulator.outputs(), &recordings, by_membrane)?;
    if by_membrane {
        terminal::say(
            "the readout neurons have the largest threshold: they are read by their membranes, `readout.vmem` in the \
             output file, and not by `output`, their spikes",
        );
    }
    let cycles = chip.and_then(|chip| cost::measured(&loaded.specification, chip, &sequences, &recordings));
    if let Some(cycles) = cycles.filter(|_| !json) {
        terminal::say(cost::measured_in_words(cycles));
    }
    if json {
        terminal::print_json(&json!({
            "output": args.arrays.output,
            "sequences": events.batch,
            "steps": events.time,
            "chip": chip.map(|chip| &chip.name),
            "core": core,
            "defaulted_arrays": loaded.defaulted,
            "dropped_events": clipped,
            "cycles_per_step": cycles.map(|[mean, worst]| json!({ "mean": mean, "worst_case": worst })),
        }))?;
    }
    Ok(())
}

/// Zeros in the place of arrays are rarely meant: with a `dash` of 0 no current reaches a membrane.
fn warn_of_defaults(defaulted: &[&str]) {
    let telling = defaulted.iter().filter(|name| name.starts_with("dash") || name.starts_with("threshold"));
    let names: Vec<String> = telling.map(|name| format!("`{name}`")).collect();
    if !names.is_empty() {
        terminal::warn(format_args!(
            "the specification lacks {}, which count as zeros, as in Rockpool's `XyloSim.from_specification`; with a \
             `dash` of 0 a current never reaches its membrane",
            names.join(", ")
        ));
    }
}

/// Writes the readout's spikes, its membranes where it is read by them, and with `--record` every state.
fn write(
    args: &Sim,
    events: &Events,
    outputs: usize,
    recordings: &[Recording],
    by_membrane: bool,
) -> Result<(), Failure> {
    let mut archive = Output::new();
    let shape = |n: usize| {
        let sequence = [events.time, n];
        if events.batched { vec![events.batch, sequence[0], sequence[1]] } else { sequence.to_vec() }
    };
    let spikes: Vec<i64> = recordings.iter().flat_map(|r| r.output()).map(|&n| i64::from(n)).collect();
    archive.add("output", &shape(outputs), &spikes)?;
    if by_membrane && !args.arrays.record {
        let vmem: Vec<i64> = recordings.iter().flat_map(|r| &r.readout.vmem).map(|&x| i64::from(x)).collect();
        archive.add("readout.vmem", &shape(outputs), &vmem)?;
    }
    if args.arrays.record {
        let hidden = |r: &Recording| r.hidden.clone();
        population(&mut archive, "hidden", recordings, &shape, hidden)?;
        population(&mut archive, "readout", recordings, &shape, |r| Some(r.readout.clone()))?;
    }
    archive.write(&args.arrays.output)
}

fn population(
    archive: &mut Output,
    name: &str,
    recordings: &[Recording],
    shape: &dyn Fn(usize) -> Vec<usize>,
    of: impl Fn(&Recording) -> Option<PopulationRecord>,
) -> Result<(), Failure> {
    let records: Vec<PopulationRecord> = recordings.iter().filter_map(of).collect();
    let neurons = records.first().map_or(0, |r| r.neurons);
    let shape = shape(neurons);
    let spikes: Vec<i64> = records.iter().flat_map(|r| &r.spikes).map(|&x| i64::from(x)).collect();
    archive.add(&format!("{name}.spikes"), &shape, &spikes)?;
    let mut state = |what: &str, of: &dyn Fn(&PopulationRecord) -> Option<&Vec<i16>>| {
        let values: Option<Vec<&Vec<i16>>> = records.iter().map(of).collect();
        let Some(values) = values else { return Ok(()) };
        let values: Vec<i64> = values.into_iter().flatten().map(|&x| i64::from(x)).collect();
        archive.add(&format!("{name}.{what}"), &shape, &values)
    };
    state("vmem", &|r| Some(&r.vmem))?;
    state("isyn", &|r| Some(&r.isyn))?;
    state("isyn2", &|r| r.isyn2.as_ref())
}
