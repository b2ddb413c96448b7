//! Each network on every chip: the specification and a run of the simulator, or why the network does not fit.

use std::fmt::Write as _;

use synnet_ir::{Raster, Sources};
use synnet_tests::Random;
use synnet_tests::corpus::Case;
use synnet_tests::engines::{compiled, on_chip};
use synnet_xylo::simulate::{PopulationTrace, Record};
use synnet_xylo::{Build, chip::Chip, specification::Specification};

use crate::{assert_snapshot, digest, for_each, rounded, shown};

#[test]
fn specifications_and_diagnostics_match_snapshots() {
    for_each(|case| {
        let compiled = compiled(case);
        // Chips with the same result share an entry.
        let mut groups: Vec<(Vec<&str>, String)> = Vec::new();
        for chip in Chip::all() {
            let text = match on_chip(&compiled.network, chip) {
                Ok(build) => built(case, &build, &compiled.sources),
                Err(refused) => shown(&refused, &compiled.sources),
            };
            let text = text.replace(&chip.title, "{chip}");
            match groups.iter_mut().find(|(_, same)| *same == text) {
                Some((chips, _)) => chips.push(&chip.name),
                None => groups.push((vec![&chip.name], text)),
            }
        }
        let groups = groups.iter().map(|(chips, text)| format!("{}\n{text}\n", chips.join(", ")));
        assert_snapshot("chips", case, &groups.collect::<Vec<_>>().join("\n"));
    });
}

/// Describes specification and quantization, then a run on random events.
fn built(case: &Case, build: &Build, sources: &Sources) -> String {
    let specification = &build.specification;
    let bytes = specification.to_npz().expect("it fits into an archive");
    let loaded = Specification::from_npz(&bytes).expect("it was just written");
    assert!(loaded.defaulted.is_empty() && loaded.ignored.is_empty(), "the archive holds the specification");
    assert!(loaded.specification == *specification, "a specification survives its file");

    let d = specification.dimensions;
    let mut text = format!(
        "  inputs {} to {}, hidden {} of {} synapses, readout {} from {}, latency {} steps, digest {}\n",
        d.inputs,
        d.input_expansion,
        d.hidden,
        d.synapses,
        d.outputs,
        d.output_expansion,
        build.float.latency(),
        digest(format!("{specification:?}").as_bytes()),
    );
    let aliases = specification.alias_target.iter().flatten().count();
    let report = &build.report;
    let _ = writeln!(
        text,
        "  weight shifts {} {} {}, aliases {aliases}{}",
        report.weight_shift_in,
        report.weight_shift_rec,
        report.weight_shift_out,
        if report.silent_readout { ", readout never spikes" } else { "" },
    );
    for layer in &report.layers {
        let [low, high] = layer.scale.map(rounded);
        let _ = writeln!(
            text,
            "  {}: scale {low} to {high}, weights {:.1} % off, {} became 0, {} clipped, thresholds {:.1} % off",
            layer.name,
            100.0 * layer.weight_error,
            layer.vanished,
            layer.saturated,
            100.0 * layer.threshold_error,
        );
    }
    if !build.warnings.is_empty() {
        let _ = writeln!(text, "{}", shown(&build.warnings, sources));
    }
    text + &simulated(case, build)
}

fn simulated(case: &Case, build: &Build) -> String {
    let inputs = build.specification.dimensions.inputs;
    let events = Random(case.settings.seed).events(case.settings.steps * inputs);
    let mut simulator = build.simulator().expect("it was just built");
    let raster =
        Raster::from_counts(inputs, case.settings.steps, events).expect("the events are whole steps");
    let recording = simulator.run(&raster, Record::All).expect("the chip has as many inputs");
    let hidden = recording.hidden.as_ref().expect("everything is recorded");
    let spikes = |record: &PopulationTrace| record.spikes.iter().map(|&n| u64::from(n)).sum::<u64>();
    let saturated = |record: &PopulationTrace| record.saturations.iter().map(|&n| u64::from(n)).sum::<u64>();
    format!(
        "  {} steps: {} hidden and {} readout spikes, {} saturated states, digest {}",
        recording.steps,
        spikes(hidden),
        spikes(&recording.readout),
        saturated(hidden) + saturated(&recording.readout),
        digest(format!("{recording:?}").as_bytes()),
    )
}
