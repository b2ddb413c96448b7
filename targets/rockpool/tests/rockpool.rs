//! Networks that Rockpool saved, and the spikes that it computed with them (`golden/make.py`). Exported files in Rockpool, if
//! Python has it (`golden/run.py`).

#[path = "../../../tests/support/python.rs"]
mod python;

use std::path::Path;

use serde_json::Value;
use synnet_ir::{Diagnostics, Network, Params, Target, Tensor};
use synnet_rockpool::{Output, RockpoolTarget, codes, import, import_with_weights};
use synnet_runtime::{Interpreter, Run, Sequence, Tracing};

const CASES: [(&str, &str, &str); 5] = [
    ("synnet", include_str!("golden/synnet.json"), include_str!("golden/synnet.expected.json")),
    ("recurrent", include_str!("golden/recurrent.json"), include_str!("golden/recurrent.expected.json")),
    ("residual", include_str!("golden/residual.json"), include_str!("golden/residual.expected.json")),
    ("wavesense", include_str!("golden/wavesense.json"), include_str!("golden/wavesense.expected.json")),
    ("nested", include_str!("golden/nested.json"), include_str!("golden/nested.expected.json")),
];

/// The events of `golden/make.py`.
fn events(count: usize) -> Vec<f32> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f32::from(u8::from(((state >> 33) as f64) / 2_f64.powi(31) < 0.4))
    };
    (0..count).map(|_| next()).collect()
}

fn run(network: &Network, steps: usize) -> Run {
    let channels = network.graph.input.channels;
    let input = Sequence::new(1, steps, channels, events(steps * channels)).unwrap();
    Interpreter::new(network).run(&input, Tracing::On, 0).unwrap()
}

/// Returns the name of the layer of a module.
fn layer_of(path: &str) -> String {
    match path {
        "spk1" => return "encoding".to_owned(),
        "spk2" => return "hidden".to_owned(),
        "out_neurons" | "spk_out" => return "out".to_owned(),
        _ => {}
    }
    if let Some((block, neurons)) = path.strip_prefix("wave").and_then(|path| path.split_once('.')) {
        let names = [("spk1", "dilated"), ("spk2_res", "residual"), ("spk2_skip", "skip")];
        let name = names.iter().find(|(theirs, _)| *theirs == neurons).unwrap().1;
        return format!("{name}{block}");
    }
    let parts = path.split('.').map(|part| match part.split_once('_').unwrap() {
        (place, "neurons") => format!("h{place}"),
        (place, "TorchResidual") => format!("res{place}"),
        (place, "TorchSequential") => format!("seq{place}"),
        (place, class) => format!("{}{place}", class.trim_end_matches("Torch").to_lowercase()),
    });
    parts.collect::<Vec<_>>().join("_")
}

/// Compares the spikes of all layers with those of the modules that `layer_of` finds for them. Every layer spikes.
fn assert_spikes(
    name: &str,
    network: &Network,
    run: &Run,
    modules: &Value,
    layer_of: impl Fn(&str) -> usize,
) {
    let modules = modules.as_object().unwrap();
    assert!(!modules.is_empty());
    for (path, rows) in modules.iter().filter(|(path, _)| *path != LAST_RESIDUAL) {
        let layer = layer_of(path);
        let size = network.graph.layers[layer].size;
        let spikes = run.layers[layer].spikes.as_ref().unwrap();
        let mut total = 0.0;
        for (step, row) in rows.as_array().unwrap().iter().enumerate() {
            let counts = &spikes.data[step * size..(step + 1) * size];
            let expected: Vec<f32> =
                row.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect();
            assert_eq!(counts, expected, "{name}: `{path}` in step {step}");
            total += counts.iter().sum::<f32>();
        }
        assert!(total > 0.0, "{name}: `{path}` is silent");
    }
}

/// The last residual path of a `WaveSenseNet`, which feeds nothing.
const LAST_RESIDUAL: &str = "wave2.spk2_res";

#[test]
fn spikes_are_those_of_rockpool() {
    for (name, file, expected) in CASES {
        let network =
            import(file, name, Output::Spikes).unwrap_or_else(|why| panic!("{name}: {why}")).network;
        let expected: Value = serde_json::from_str(expected).unwrap();
        let run = run(&network, 100);
        assert_spikes(name, &network, &run, &expected["spikes"], |path| {
            let layer = network.graph.layers.iter().position(|layer| layer.name == layer_of(path));
            layer.unwrap_or_else(|| panic!("{name}: no layer for `{path}`"))
        });
        let output = expected["output"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
        for (ours, theirs) in run.output.data.iter().zip(output) {
            assert!((f64::from(*ours) - theirs.as_f64().unwrap()).abs() < 1e-5, "{name}: {ours} {theirs}");
        }
    }
}

/// Exports a network that was imported.
fn exported(name: &str, file: &str) -> (Network, String) {
    let network = import(file, name, Output::Spikes).unwrap().network;
    let built = RockpoolTarget.build(&network, "net.json");
    let files = built.unwrap_or_else(|why| panic!("{name}: {why}")).files;
    (network, std::str::from_utf8(&files[0].bytes).unwrap().to_owned())
}

#[test]
fn exported_networks_come_back_as_they_were() {
    for (name, file, _) in CASES {
        let (network, text) = exported(name, file);
        let again = import(&text, name, Output::Spikes).unwrap().network;
        let saved: Value = serde_json::from_str(file).unwrap();
        let written: Value = serde_json::from_str(&text).unwrap();
        if name == "nested" {
            // The `Sequential` in a `Sequential` becomes a part of it, so that names change.
            let values = |network: &Network| network.weights.clone();
            assert_eq!(values(&again), values(&network));
            continue;
        }
        assert_eq!(again.params(), network.params(), "{name}");
        let mut needed = keys(&saved, "");
        needed.retain(|key| !key.starts_with("/wave2/lin2_res") && !key.starts_with("/wave2/spk2_res"));
        assert_eq!(keys(&written, ""), needed, "{name}: `net.load` needs the same keys");
    }
}

#[test]
fn exported_networks_spike_the_same_in_rockpool() {
    let folder = std::env::temp_dir().join(format!("synnet-rockpool-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let networks = CASES.map(|(name, file, _)| {
        let (network, text) = exported(name, file);
        std::fs::write(folder.join(format!("{name}.json")), text).unwrap();
        network
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/run.py");
    let said = python::last_line_of(&script, &[folder.as_ref()]);
    std::fs::remove_dir_all(&folder).unwrap();
    let Some(said) = said else { return };
    let found: Value = serde_json::from_str(&said).unwrap();
    for ((name, ..), network) in CASES.iter().zip(networks) {
        let run = run(&network, 100);
        assert_spikes(name, &network, &run, &found[name], |path| {
            // The module of the `Sequential` that `run.py` takes apart.
            let layer = if *name == "nested" { layer_of(&renamed(path)) } else { layer_of(path) };
            network.graph.layers.iter().position(|other| other.name == layer).unwrap()
        });
    }
}

/// Returns the path of a module of the network `nested` before `run.py` takes its inner `Sequential` apart.
fn renamed(path: &str) -> String {
    match path {
        "4_LIFTorch" => "3_TorchSequential.1_LIFTorch".to_owned(),
        "6_LIFTorch" => "5_LIFTorch".to_owned(),
        _ => path.to_owned(),
    }
}

/// Returns the paths of all modules and parameters, sorted.
fn keys(value: &Value, path: &str) -> Vec<String> {
    let Value::Object(entries) = value else { return vec![path.to_owned()] };
    let mut found: Vec<String> =
        entries.iter().flat_map(|(key, inner)| keys(inner, &format!("{path}/{key}"))).collect();
    found.sort();
    found
}

/// Returns the modules of a network in the language, and what is refused.
fn modules(statements: &str) -> Result<Vec<String>, Diagnostics> {
    let text = format!(
        "network N {{ dt: 1 ms; input x: 3; neuron lif3 = lif {{ tau_mem: 5 ms, tau_syn: 5 ms }}; {statements} }}"
    );
    let graph = synnet_dsl::compile_str(&text).unwrap();
    let network = Network::bind(&graph, &synnet_runtime::initial_params(&graph, 0)).unwrap();
    let bytes = RockpoolTarget.build(&network, "net.json")?.files.remove(0).bytes;
    let tree: Value = serde_json::from_slice(&bytes).unwrap();
    fn names(value: &Value, path: &str) -> Vec<String> {
        let inner = value.as_object().unwrap().iter().filter(|(_, value)| value.is_object());
        let inner = inner.flat_map(|(name, value)| {
            let path = format!("{path}/{name}");
            let inner = names(value, &path);
            std::iter::once(path).chain(inner).collect::<Vec<_>>()
        });
        inner.collect()
    }
    let mut found = names(&tree, "");
    found.sort();
    Ok(found)
}

#[test]
fn shortcuts_become_residual_modules() {
    let layers = "layer a: lif3(3); layer b: lif3(3); layer c: lif3(3); layer d: lif3(3);";
    let with = |edges: &str| modules(&format!("{layers} {edges} output d.spikes;"));
    let found = with("x -> linear -> a -> linear -> b -> linear -> c; a + b + c -> linear -> d;").unwrap();
    // Around `b`, a path that goes around `c` ends at the same place.
    let expected = [
        "/0_LinearTorch",
        "/1_LIFTorch",
        "/2_TorchResidual",
        "/2_TorchResidual/0_LinearTorch",
        "/2_TorchResidual/1_LIFTorch",
        "/2_TorchResidual/2_TorchResidual",
        "/2_TorchResidual/2_TorchResidual/0_LinearTorch",
        "/2_TorchResidual/2_TorchResidual/1_LIFTorch",
        "/3_LinearTorch",
        "/4_LIFTorch",
    ];
    assert_eq!(found, expected);
    let found = with("x -> linear -> a; x + a -> linear -> b; b -> c; b + c -> dropout(0.5) -> linear -> d;");
    let expected = [
        "/0_TorchResidual",
        "/0_TorchResidual/0_LinearTorch",
        "/0_TorchResidual/1_LIFTorch",
        "/1_LinearTorch",
        "/2_LIFTorch",
        "/3_TorchResidual",
        "/3_TorchResidual/0_LIFTorch",
        "/4_TimeStepDropout",
        "/5_LinearTorch",
        "/6_LIFTorch",
    ];
    assert_eq!(found.unwrap(), expected);
}

#[test]
fn other_structures_are_refused() {
    let layers = "layer a: lif3(3); layer b: lif3(3); layer c: lif3(3); layer d: lif3(3);";
    let cases = [
        // A shortcut that starts within a residual path.
        ("x -> linear -> a -> linear -> b; a + b -> linear -> c; b + c -> linear -> d;", "`b+c->d`"),
        ("x -> linear -> a -> linear -> b -> linear -> c; a + c -> linear -> d; d -> linear -> b;", "`b`"),
        ("x -> linear -> a -> linear -> b; a -> linear -> c; b + c -> linear -> d;", "`a->c`"),
        ("x -> linear -> a -> delay(2) -> linear -> b -> c -> d;", "`a->b`"),
    ];
    for (edges, what) in cases {
        let why = modules(&format!("{layers} {edges} output d.spikes;")).unwrap_err();
        assert!(why.iter().all(|found| found.code.id == "P0104" && found.help.is_some()), "{why}");
        assert!(why.iter().any(|found| found.message.contains(what)), "{edges}: {why}");
    }
}

#[test]
fn mistakes_are_named() {
    let lif = |more: &str| {
        format!(
            r#"{{ "0_LinearTorch": {{ "weight": "[[1.0, 2.0]]" }}, "1_LIFTorch": {{ "tau_mem": "0.02", "tau_syn": "0.01",
            "threshold": "1.0", "bias": "0.0", "dt": "0.001", "max_spikes_per_dt": "31.0", "noise_std": "0.0",
            "learning_window": "0.5" {more} }} }}"#
        )
    };
    assert!(import(&lif(""), "N", Output::Vmem).is_ok());
    let cases = [
        ("[]".to_owned(), "P0101", "no modules"),
        (
            r#"{ "0_LinearTorch": { "weight": "[[1.0" } }"#.to_owned(),
            "P0101",
            "`0_LinearTorch.weight` is not JSON",
        ),
        (r#"{ "0_Conv2dTorch": {}, "mine": {} }"#.to_owned(), "P0102", "`0_Conv2dTorch` has no equivalent"),
        (
            r#"{ "0_LinearTorch": { "weight": "[[1.0], [1.0, 2.0]]" } }"#.to_owned(),
            "P0103",
            "finite numbers of one shape",
        ),
        (r#"{ "0_LinearTorch": { "weight": "[[1.0]]" } }"#.to_owned(), "P0101", "no layer of neurons"),
        (lif(r#", "leak_mode": "\"other\"""#), "P0103", "`leak_mode`"),
        (lif(r#", "w_rec": "[[1.0, 2.0, 3.0]]""#), "P0103", "`w_rec`"),
    ];
    for (file, code, part) in cases {
        let why = import(&file, "N", Output::Spikes).unwrap_err();
        assert!(why[0].code.id == code && why[0].message.contains(part), "{file}: {why}");
        assert!(why.iter().all(|found| found.help.is_some()));
    }
    // Warnings name what the file does not state.
    let imported = import(&lif(""), "N", Output::Spikes).unwrap();
    assert!(imported.warnings.iter().all(|found| found.code.id == "P0201"));
}

#[test]
fn tensors_of_a_state_dict_replace_those_of_the_file() {
    let (_, file, _) = CASES[0];
    let network = import(file, "N", Output::Spikes).unwrap().network;
    let names = ["seq.0_linear.weight", "seq.1_linear.weight", "seq.out_linear.weight"];
    let mut weights = Params::default();
    for (i, name) in names.iter().enumerate() {
        let mut matrix = network.linear(i).matrix.clone();
        matrix.data.iter_mut().for_each(|weight| *weight = 0.5 - *weight);
        weights.tensors.insert((*name).to_owned(), matrix);
    }
    // States come along, and are left out.
    weights.tensors.insert("seq.0_neurons.vmem".into(), Tensor::new([6], vec![1.0; 6]));
    let replaced = import_with_weights(file, "N", Output::Spikes, &weights).unwrap().network;
    for (i, name) in names.iter().enumerate() {
        assert_eq!(replaced.linear(i).matrix, weights.tensors[*name], "{name}");
    }
    assert_eq!(replaced.graph, network.graph);

    weights.tensors.remove(names[0]);
    weights.tensors.insert(names[1].into(), Tensor::new([1], vec![0.0]));
    weights.tensors.insert("seq.9_linear.weight".into(), Tensor::new([1], vec![0.0]));
    weights.tensors.insert("seq.0_neurons.tau".into(), Tensor::new([1], vec![0.0]));
    let why = import_with_weights(file, "N", Output::Spikes, &weights).unwrap_err();
    let parts =
        ["names no parameter", "has the shape [1]", "names no module", "`seq.0_linear.weight` is missing"];
    assert_eq!(why.len(), parts.len(), "{why}");
    for (found, part) in why.iter().zip(parts) {
        assert!(found.code.id == "P0103" && found.message.contains(part), "{found}");
    }
}

#[test]
fn every_code_is_covered_from_both_sides() {
    let findings =
        |file: &str, output| import(file, "N", output).map_or_else(|why| why, |found| found.warnings);
    let built = |file: &str| {
        let network = import(file, "N", Output::Spikes).unwrap().network;
        RockpoolTarget.build(&network, "net.json").err().unwrap_or_default()
    };
    let built_without_leak = || {
        modules("layer a: lif(3) { tau_mem: none, tau_syn: 5 ms }; x -> linear -> a; output a.spikes;")
            .unwrap_err()
    };
    let [synnet, residual, wavesense] = [CASES[0].1, CASES[2].1, CASES[3].1];
    let pairs: [(&str, Diagnostics, Diagnostics); 6] = [
        ("P0101", findings(&synnet[1..], Output::Spikes), findings(synnet, Output::Spikes)),
        (
            "P0102",
            findings(&residual.replace("1_LIFTorch", "1_RateTorch"), Output::Spikes),
            findings(residual, Output::Spikes),
        ),
        (
            "P0103",
            findings(&synnet.replace("\"tau_mem\"", "\"tau_men\""), Output::Spikes),
            findings(synnet, Output::Spikes),
        ),
        ("P0104", built_without_leak(), built(synnet)),
        ("P0201", findings(synnet, Output::Spikes), findings(synnet, Output::Vmem)),
        ("P0202", findings(wavesense, Output::Spikes), findings(synnet, Output::Spikes)),
    ];
    assert!(pairs.iter().map(|pair| pair.0).eq(codes::CODES.iter().map(|code| code.id)));
    for (code, broken, neighbor) in pairs {
        let count = |found: &Diagnostics| found.iter().filter(|found| found.code.id == code).count();
        assert!(count(&broken) > 0 && broken.iter().all(|found| found.help.is_some()), "{code}: {broken}");
        assert!(
            broken.iter().filter(|found| found.is_error()).all(|found| found.code.id == code),
            "{broken}"
        );
        // The surrogate is never stated; the output can be given.
        let left = usize::from(code == "P0201");
        assert_eq!(count(&neighbor), left, "the neighbor of {code}: {neighbor}");
    }
}
