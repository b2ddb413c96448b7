//! The files of `files/`: arrays as h5py reads them, spikes as an independent executor computes them.

use std::path::Path;

use serde_json::Value;
use synnet_ir::graph::Reset;
use synnet_nir::{Array, Field, ImportOptions, Node, Values, import, read};
use synnet_runtime::{Interpreter, Sequence, Tracing};

use crate::events;

/// Returns the files with what is expected of them.
pub(crate) fn files() -> Vec<(String, Vec<u8>, Value)> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files"));
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "nir")).collect();
    paths.sort();
    let load = |path: std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let expected = std::fs::read_to_string(folder.join(format!("expected/{name}.json"))).unwrap();
        (name, std::fs::read(&path).unwrap(), serde_json::from_str(&expected).unwrap())
    };
    paths.into_iter().map(load).collect()
}

/// Returns the public files that are too large to be stored here, from the folder that `SYNNET_NIR_FILES` names.
fn other_files() -> Vec<(String, Vec<u8>, Value)> {
    let Some(folder) = std::env::var_os("SYNNET_NIR_FILES").map(std::path::PathBuf::from) else {
        return Vec::new();
    };
    let expected = |name: &str| match name {
        "neurocuda_mlp_mnist" => include_str!("../files/expected/neurocuda_mlp_mnist.json"),
        _ => include_str!("../files/expected/nmnistcnn-1.0.0.json"),
    };
    let load = |name: &str| {
        let bytes = std::fs::read(folder.join(format!("{name}.nir"))).unwrap();
        (name.to_owned(), bytes, serde_json::from_str(expected(name)).unwrap())
    };
    ["neurocuda_mlp_mnist", "nmnistcnn-1.0.0"].map(load).into()
}

/// Returns the FNV-1a hash of the values in 64 bits, as `tools/expect.py` computes it.
fn hash(array: &Array) -> String {
    let bytes = array.iter().flat_map(f64::to_le_bytes);
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[test]
fn arrays_are_those_that_h5py_reads() {
    for (name, bytes, expected) in files().into_iter().chain(other_files()) {
        let nir = read(bytes).unwrap();
        let mut found = 0;
        for (node, node_value) in &nir.root.nodes {
            for (field, value) in &node_value.fields {
                let Field::Array(array) = value else { continue };
                let expected = &expected["arrays"][format!("{node}/{field}")];
                let kind = match array.values {
                    Values::F32(_) => "float32",
                    Values::F64(_) => "float64",
                    Values::I64(_) => "int64",
                };
                assert_eq!(expected["type"], kind, "{name}: {node}/{field}");
                assert_eq!(expected["shape"], serde_json::json!(array.shape), "{name}: {node}/{field}");
                assert_eq!(expected["hash"], hash(array), "{name}: {node}/{field}");
                found += 1;
            }
        }
        assert_eq!(found, expected["arrays"].as_object().unwrap().len(), "{name}");
    }
}

#[test]
fn spikes_are_those_of_the_executor() {
    let mut compared = 0;
    for (name, bytes, expected) in files() {
        let Some(dt) = expected["dt"].as_f64() else { continue };
        let options = ImportOptions::new().with_dt(dt);
        let imported = import(&read(bytes).unwrap(), &name, &options).unwrap();
        let graph = &imported.network.graph;
        let steps = 400;
        let input =
            Sequence::new(1, steps, graph.input.channels, events(steps * graph.input.channels)).unwrap();
        let run = Interpreter::new(&imported.network).run(&input, Tracing::On, 0).unwrap();
        for (node, rows) in expected["spikes"].as_object().unwrap() {
            let layer = graph.layers.iter().position(|layer| layer.name == *node).unwrap();
            let size = graph.layers[layer].size;
            let spikes = run.layers[layer].spikes.as_ref().unwrap();
            for (step, expected) in rows.as_array().unwrap().iter().enumerate() {
                let row = &spikes.data[step * size..(step + 1) * size];
                let active: Vec<usize> = (0..size).filter(|&n| row[n] != 0.0).collect();
                assert_eq!(serde_json::json!(active), *expected, "{name}: `{node}` in step {step}");
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 8);
}

#[test]
fn imports_match_snapshots() {
    for (name, bytes, expected) in files() {
        let options = ImportOptions::new().with_dt(expected["dt"].as_f64());
        let imported = import(&read(bytes).unwrap(), &name, &options).unwrap();
        let (graph, _) = synnet_dsl::with_identifiers(&imported.network.graph);
        let source = synnet_dsl::to_source(&graph).unwrap();
        let text = format!("dialect: {}\n\n{}\n\n{source}", imported.dialect, imported.warnings);
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn nodes_are_written_as_they_are_read() {
    for (name, bytes, _) in files() {
        let nir = read(bytes).unwrap();
        let again = read(synnet_nir::write(&nir).unwrap()).unwrap();
        let sorted = |node: &Node| {
            let mut node = node.clone();
            node.nodes.sort_by(|a, b| a.0.cmp(&b.0));
            node
        };
        assert_eq!(sorted(&again.root), sorted(&nir.root), "{name}");
    }
}

/// The files of `exports/`, which the exporters of the tools wrote, with the spikes that the tools computed
/// (`tools/exports.py`).
#[test]
fn exports_of_tools_are_recognized_and_spike_the_same() {
    // Norse and sinabs write no time step, and SpikingJelly only with `decay_input=False`.
    let tools = [
        ("norse", Some(1e-3), 1e-3),
        ("rockpool", None, 1e-3),
        ("sinabs", Some(2e-3), 2e-3),
        ("snntorch", None, 1e-4),
        ("spikingjelly", Some(1e-3), 1e-3),
        ("spyx", None, 1e-3),
    ];
    for (tool, given, step) in tools {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/exports/{tool}.nir"));
        let nir = read(std::fs::read(&path).unwrap()).unwrap();
        let imported = import(&nir, "Net", &ImportOptions::new().with_dt(given)).unwrap();
        assert_eq!((imported.dialect.name(), imported.network.graph.dt), (tool, step));
        let Ok(expected) = std::fs::read_to_string(path.with_extension("json")) else {
            // Its neurons have other rules.
            assert_eq!(tool, "spyx");
            assert!(imported.warnings.iter().any(|found| found.message.contains("one step later")));
            continue;
        };
        let rows: Vec<Vec<f32>> = serde_json::from_str(&expected).unwrap();
        let input = Sequence::new(1, rows.len(), 3, events(rows.len() * 3)).unwrap();
        let run = Interpreter::new(&imported.network).run(&input, Tracing::Off, 0).unwrap();
        assert_eq!(run.output.data, rows.concat(), "{tool}");
        assert!(rows.concat().iter().sum::<f32>() > 5.0, "{tool} is silent");
    }
}

#[test]
fn subtraction_in_snntorch_is_warned_about() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/snntorch.nir");
    let nir = read(std::fs::read(path).unwrap()).unwrap();
    for (reset, warns) in [(Reset::Subtract, true), (Reset::Zero, false)] {
        let imported = import(&nir, "Net", &ImportOptions::new().with_reset(reset)).unwrap();
        let is_there = imported.warnings.iter().any(|found| found.message.contains("reaches two thresholds"));
        assert_eq!(is_there, warns, "{}", imported.warnings);
    }
}

/// The files of `layouts/`, in which HDF5 stores the same network in many ways (`tools/layouts.py`).
#[test]
fn layouts_hold_the_same_network() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layouts");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let numbers = |bytes: Vec<u8>| {
        let nir = read(bytes).map_err(|why| why.to_string())?;
        let mut nodes = nir.root.nodes;
        nodes.sort_by(|a, b| a.0.cmp(&b.0));
        let fields = nodes.into_iter().map(|(name, node)| {
            let arrays = node.fields.iter().map(|(field, value)| match value {
                Field::Array(array) => {
                    (field.clone(), array.shape.clone(), array.iter().collect::<Vec<f64>>())
                }
                Field::Text(text) => panic!("{field} is {text}"),
            });
            (name, node.kind.clone(), arrays.collect::<Vec<_>>())
        });
        Ok::<_, String>((fields.collect::<Vec<_>>(), nir.root.edges))
    };
    let plain = numbers(std::fs::read(&paths[0]).unwrap()).unwrap();
    assert!(paths[0].ends_with("a_plain.nir") && paths.len() > 20);
    for path in &paths[1..] {
        let read = numbers(std::fs::read(path).unwrap());
        assert!(read.as_ref() == Ok(&plain), "{}: {read:?}", path.display());
    }
}
