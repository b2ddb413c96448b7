//! Promises about readers: bytes in, a value or an error out, in time. What was read and can be written is read again.

use std::path::Path;

use synnet_arrays::NpzReader;
use synnet_audio::{Wav, audio3};
use synnet_data::Binning;
use synnet_ir::{Graph, WeightsFile, from_json, from_yaml, to_json, to_yaml};
use synnet_runtime::loss::CrossEntropy;
use synnet_runtime::train::CheckpointInfo;
use synnet_runtime::{Readout, TrainOptions, Trainer};
use synnet_workbench::recipe::Recipe;
use synnet_workbench::{ChipCatalog, InputEvents};
use synnet_xylo::configuration::Configuration;
use synnet_xylo::simulate::Simulator;
use synnet_xylo::specification::Specification;

use crate::budget::timed;
use crate::graph;

/// A network to which weights and checkpoints belong.
const NETWORK: &str = "network N { dt: 1 ms; input x: 2; layer h: lif(3) { tau_mem: 5 ms, tau_syn: 5 ms }; \
                       x -> linear -> h; output h; }";

/// How events are counted: 8 channels, 100 steps of 1 ms.
const BINNING: Binning = Binning { channels: 8, pool: 1, dt: 1e-3, steps: 100, unit: 1e-6 };

/// Number of input channels of arrays of events.
const CHANNELS: usize = 16;

pub(crate) fn graph_json(text: &str) {
    if let Ok(graph) = timed("reading", || from_json(text)) {
        let again = from_json(&to_json(&graph)).expect("a graph can be read again");
        assert_eq!(to_json(&again), to_json(&graph), "JSON changes the graph");
        graph::check(&graph);
    }
}

pub(crate) fn graph_yaml(text: &str) {
    if let Ok(graph) = timed("reading", || from_yaml(text)) {
        let again = from_yaml(&to_yaml(&graph)).expect("a graph can be read again");
        assert_eq!(to_json(&again), to_json(&graph), "YAML changes the graph");
        graph::check(&graph);
    }
}

pub(crate) fn weights(bytes: &[u8]) {
    if let Ok(file) = timed("reading", || WeightsFile::from_safetensors(bytes)) {
        let graph = network();
        for allow_mismatch in [false, true] {
            let _ = timed("binding", || file.bind(&graph, allow_mismatch));
        }
    }
}

pub(crate) fn checkpoint(bytes: &[u8]) {
    let options = TrainOptions::new(CrossEntropy::new(Readout::MeanVmem), 1, 1);
    let read = timed("reading", || CheckpointInfo::read(bytes));
    let resumed = timed("resuming", || Trainer::resume(bytes, &network(), options));
    assert!(read.is_ok() || resumed.is_err(), "a damaged checkpoint is resumed");
}

pub(crate) fn array(bytes: &[u8]) {
    let _ = timed("reading", || synnet_arrays::read_any_npy(bytes));
    if let Ok(events) = timed("reading", || InputEvents::parse(bytes, CHANNELS)) {
        let _ = timed("converting", || events.rasters());
    }
}

pub(crate) fn archive(bytes: &[u8]) {
    let _ = timed("reading", || synnet_data::npz::read(bytes));
    let _ = timed("reading", || synnet_data::npz::read_sample(bytes));
    let _ = timed("reading", || synnet_data::event_list::read_npz(bytes, &BINNING));
    if let Ok(mut archive) = NpzReader::open(bytes) {
        for name in archive.names().to_vec() {
            let _ = timed("reading", || archive.any_array(&name));
        }
    }
}

pub(crate) fn wav(bytes: &[u8]) {
    if let Ok(sound) = timed("decoding", || Wav::decode(bytes)) {
        let _ = timed("encoding", || audio3::raster(&sound, &audio3::FrontEndOptions::default()));
    }
}

pub(crate) fn hdf5(bytes: &[u8]) {
    let _ = timed("reading", || synnet_data::shd::read(bytes.to_vec(), &BINNING));
}

pub(crate) fn event_list(bytes: &[u8]) {
    let _ = timed("reading", || synnet_data::event_list::read_csv(bytes, &BINNING));
}

pub(crate) fn specification(bytes: &[u8]) {
    if let Ok(loaded) = timed("reading", || Specification::from_npz(bytes)) {
        let bytes = loaded.specification.to_npz().expect("what was read can be written");
        let again = Specification::from_npz(&bytes).expect("what was written can be read");
        assert!(again.specification == loaded.specification, "writing changes the specification");
        step(&loaded.specification);
    }
}

pub(crate) fn configuration(bytes: &[u8]) {
    if let Ok(read) = timed("reading", || Configuration::from_json(bytes)) {
        let again =
            Configuration::from_json(read.to_json().as_bytes()).expect("what was written can be read");
        assert!(again.specification() == read.specification(), "writing changes the configuration");
        step(read.specification());
    }
}

pub(crate) fn chip(text: &str) {
    let _ = timed("reading", || ChipCatalog::default().add("chip.yaml", text.to_owned()));
}

pub(crate) fn recipe(text: &str) {
    let path = Path::new("recipe.yaml");
    let _ = timed("reading", || Recipe::parse(text.to_owned(), path, &[], &ChipCatalog::default()));
}

pub(crate) fn nir(bytes: &[u8]) {
    let Ok(file) = timed("reading", || synnet_nir::read_file(bytes.to_vec())) else { return };
    let import =
        timed("importing", || synnet_nir::import(&file, "Net", &synnet_nir::ImportOptions::default()));
    if let Ok(import) = import {
        graph::check(&import.network.graph);
    }
}

pub(crate) fn rockpool(text: &str) {
    let import = timed("importing", || synnet_rockpool::import(text, "Net", synnet_rockpool::Output::Spikes));
    if let Ok(import) = import {
        graph::check(&import.network.graph);
    }
}

fn network() -> Graph {
    synnet_dsl::compile_str(NETWORK).expect("the network is valid")
}

fn step(specification: &Specification) {
    let Ok(mut simulator) = Simulator::new(specification) else { return };
    let events = vec![1; simulator.inputs()];
    timed("simulating", || (0..2).for_each(|_| drop(simulator.step(&events).to_vec())));
}
