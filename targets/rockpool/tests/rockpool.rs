//! Networks that Rockpool saved, and the spikes that it computed with them (`golden/make.py`).

use serde_json::Value;
use synnet_ir::{Diagnostics, Network, Params, Target, Tensor};
use synnet_rockpool::{Output, RockpoolTarget, codes, import, import_with_weights};
use synnet_runtime::{Interpreter, Run, Sequence, Tracing};

const CASES: [(&str, &str, &str); 4] = [
    ("synnet", include_str!("golden/synnet.json"), include_str!("golden/synnet.expected.json")),
    ("recurrent", include_str!("golden/recurrent.json"), include_str!("golden/recurrent.expected.json")),
    ("residual", include_str!("golden/residual.json"), include_str!("golden/residual.expected.json")),
    ("wavesense", include_str!("golden/wavesense.json"), include_str!("golden/wavesense.expected.json")),
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
        "out_neurons" => "out".to_owned(),
        "2_TorchResidual.1_LIFTorch" => "res2_lif1".to_owned(),
        "spk1" => "encoding".to_owned(),
        "spk2" => "hidden".to_owned(),
        "spk_out" => "out".to_owned(),
        _ if path.starts_with("wave") => {
            let (block, neurons) = path["wave".len()..].split_once('.').unwrap();
            let names = [("spk1", "dilated"), ("spk2_res", "residual"), ("spk2_skip", "skip")];
            let name = names.iter().find(|(theirs, _)| *theirs == neurons).unwrap().1;
            format!("{name}{block}")
        }
        _ => match path.split_once('_').unwrap() {
            (place, "neurons") => format!("h{place}"),
            (place, class) => format!("{}{place}", class.trim_end_matches("Torch").to_lowercase()),
        },
    }
}

#[test]
fn spikes_are_those_of_rockpool() {
    for (name, file, expected) in CASES {
        let network =
            import(file, name, Output::Spikes).unwrap_or_else(|why| panic!("{name}: {why}")).network;
        let expected: Value = serde_json::from_str(expected).unwrap();
        let run = run(&network, 100);
        let modules = expected["spikes"].as_object().unwrap();
        assert!(!modules.is_empty());
        for (path, rows) in modules {
            if path == "wave2.spk2_res" {
                // The last residual path feeds nothing.
                continue;
            }
            let layer = network.graph.layers.iter().position(|layer| layer.name == layer_of(path));
            let layer = layer.unwrap_or_else(|| panic!("{name}: no layer for `{path}`"));
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
        let output = expected["output"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
        for (ours, theirs) in run.output.data.iter().zip(output) {
            assert!((f64::from(*ours) - theirs.as_f64().unwrap()).abs() < 1e-5, "{name}: {ours} {theirs}");
        }
    }
}

#[test]
fn exported_networks_come_back_as_they_were() {
    for (name, file, _) in CASES {
        let network = import(file, name, Output::Spikes).unwrap().network;
        let built = RockpoolTarget.build(&network, "net.json");
        if ["residual", "wavesense"].contains(&name) {
            let why = built.unwrap_err();
            assert!(why.iter().all(|found| found.code.id == "P0104"), "{why}");
            continue;
        }
        let files = built.unwrap_or_else(|why| panic!("{name}: {why}")).files;
        let text = std::str::from_utf8(&files[0].bytes).unwrap();
        let again = import(text, name, Output::Spikes).unwrap().network;
        assert_eq!(again.params(), network.params(), "{name}");
        let saved: Value = serde_json::from_str(file).unwrap();
        let written: Value = serde_json::from_str(text).unwrap();
        assert_eq!(keys(&written, ""), keys(&saved, ""), "{name}: `net.load` needs the same keys");
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
        ("P0104", built(residual), built(synnet)),
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
