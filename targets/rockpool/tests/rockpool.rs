//! Networks that Rockpool saved, and the spikes that it computed with them (`golden/make.py`).

use serde_json::Value;
use synnet_ir::{Network, Target};
use synnet_rockpool::{Output, RockpoolTarget, import};
use synnet_runtime::{Interpreter, Run, Sequence, Tracing};

const CASES: [(&str, &str, &str); 3] = [
    ("synnet", include_str!("golden/synnet.json"), include_str!("golden/synnet.expected.json")),
    ("recurrent", include_str!("golden/recurrent.json"), include_str!("golden/recurrent.expected.json")),
    ("residual", include_str!("golden/residual.json"), include_str!("golden/residual.expected.json")),
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
        if name == "residual" {
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
