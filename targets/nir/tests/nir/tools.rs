//! Exported files in other tools, if Python has them: an independent executor, snnTorch, Norse and Rockpool.

use std::path::Path;

use synnet_ir::{Network, Target};
use synnet_nir::{ExportDialect, NirTarget};
use synnet_runtime::{Interpreter, Sequence, Tracing, initial_params};

use crate::events;
use crate::python::last_line_of;

const STEPS: usize = 200;

/// Networks that every forward Euler integrates: once with all that nodes can express, once with what each tool takes.
const EVERYTHING: &str = "network Everything {
    dt: 1 ms;
    input x: 6;
    layer a: lif(8) { synapses: 2, tau_mem: 10 ms, tau_syn: [5 ms, 20 ms], threshold: 0.4, bias: 0.01 };
    layer b: alif(8) { tau_mem: 10 ms, tau_syn: 5 ms, tau_ahp: 30 ms, w_ahp: -0.1, threshold: 0.3, max_spikes: 2 };
    layer c: lif(8) { tau_mem: none, tau_syn: none, threshold: 0.9, reset: zero, max_spikes: 1 };
    layer d: lif(5) { tau_mem: 8 ms, tau_syn: none, threshold: 0.3, reset: zero, max_spikes: 1 };
    x -> linear -> a -> delay(3) -> linear { bias: uniform(-0.05, 0.1) } -> b;
    a -> linear -> a;
    a + b -> c;
    b -> linear -> d;
    c -> delay(1) -> linear -> d;
    d -> linear -> b;
    output d.spikes;
}";
/// What Rockpool's importer understands, a layer with weights to itself among it.
const ROCKPOOL: &str = "network Rockpool {
    dt: 10 ms;
    input x: 6;
    layer a: lif(8) { tau_mem: 20 ms, tau_syn: 50 ms, threshold: 0.5, max_spikes: 65536 };
    layer b: lif(5) { tau_mem: 40 ms, tau_syn: 20 ms, threshold: 0.4, bias: 0.01, max_spikes: 65536 };
    x -> linear -> a -> linear { bias: uniform(-0.02, 0.02) } -> b;
    b -> linear -> b;
    output b.spikes;
}";
const PLAIN: &str = "network Plain {
    dt: 100 us;
    input x: 6;
    layer a: lif(8) { tau_mem: 2 ms, tau_syn: 1 ms, threshold: 0.5, reset: zero, max_spikes: 1 };
    layer b: lif(4) { tau_mem: 1 ms, tau_syn: 2 ms, threshold: 0.4, reset: zero, max_spikes: 1 };
    x -> linear { bias: uniform(-0.02, 0.02) } -> a -> linear -> b;
    output b.spikes;
}";

#[test]
fn the_executor_gives_the_same_spikes() {
    for (text, gain) in [(EVERYTHING, 4.0), (PLAIN, 8.0)] {
        compare("executor", text, gain);
    }
}

#[test]
fn snntorch_gives_the_same_spikes() {
    compare("snntorch", PLAIN, 8.0);
}

#[test]
fn rockpool_gives_the_same_spikes() {
    compare_in("rockpool", ExportDialect::Rockpool, ROCKPOOL, 4.0);
}

#[test]
fn norse_gives_the_same_spikes() {
    compare("norse", PLAIN, 8.0);
}

/// Compares the spikes of the output with those of a tool.
fn compare(tool: &str, text: &str, gain: f32) {
    compare_in(tool, ExportDialect::Euler, text, gain);
}

fn compare_in(tool: &str, dialect: ExportDialect, text: &str, gain: f32) {
    let network = network(text, gain);
    let graph = &network.graph;
    let files = NirTarget::new(dialect).build(&network, "net.nir").unwrap().files;
    let folder =
        std::env::temp_dir().join(format!("synnet-nir-{tool}-{}-{}", graph.name, std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("net.nir");
    std::fs::write(&path, &files[0].bytes).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/run.py");
    let (steps, dt) = (STEPS.to_string(), graph.dt.to_string());
    let said = last_line_of(&script, &[tool.as_ref(), path.as_ref(), steps.as_ref(), dt.as_ref()]);
    std::fs::remove_dir_all(&folder).unwrap();
    let Some(said) = said else { return };
    let rows: Vec<Vec<f32>> = serde_json::from_str(&said).unwrap();
    let channels = graph.input.channels;
    let input = Sequence::new(1, STEPS, channels, events(STEPS * channels)).unwrap();
    let run = Interpreter::new(&network).run(&input, Tracing::Off, 0).unwrap();
    assert!(run.output.data.iter().sum::<f32>() > 20.0, "the output spikes");
    for (step, (ours, theirs)) in run.output.data.chunks(graph.outputs()).zip(&rows).enumerate() {
        assert_eq!(ours, theirs, "{tool}: `{}` in step {step}", graph.name);
    }
    assert_eq!(rows.len(), STEPS);
}

fn network(text: &str, gain: f32) -> Network {
    let graph = synnet_dsl::compile_str(text).unwrap();
    let mut params = initial_params(&graph, 1);
    for (name, tensor) in &mut params.tensors {
        if name.ends_with(".weight") {
            tensor.data.iter_mut().for_each(|weight| *weight *= gain);
        }
    }
    Network::bind(&graph, &params).unwrap()
}
