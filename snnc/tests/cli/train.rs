//! `snnc train` and `snnc eval` on two tones.

use crate::support::{result, tones};

#[test]
fn training_writes_everything_that_the_recipe_asks_for() {
    let folder = tones();
    let outcome = folder.snnc(&["train", "tones.yaml", "--json", "--set", "training.epochs=40"]).success();
    let json = outcome.json();
    let mut files: Vec<String> =
        folder.files().into_iter().filter(|name| name.starts_with("runs/")).collect();
    files.retain_mut(|name| {
        name.strip_prefix("runs/tones/").map(str::to_owned).map(|rest| *name = rest).is_some()
    });
    let expected = [
        "checkpoint.safetensors",
        "metrics.csv",
        "report.html",
        "report.md",
        "tones.py",
        "tones.rs",
        "tones.spec.npz",
        "tones.weights",
        "weights.safetensors",
    ];
    assert_eq!(files, expected);
    assert_eq!(json["files"].as_array().map(Vec::len), Some(expected.len()), "{json:#}");
    assert_eq!(json["epochs"], 40);
    for engine in ["float", "xylo-audio3"] {
        assert_eq!(json[engine]["samples"], 4, "two takes of each tone are held back");
        assert_eq!(
            json[engine]["confusion"],
            serde_json::json!([[2, 0], [0, 2]]),
            "{engine}: two tones are easy"
        );
    }
    assert_eq!(json["agreement"], 1.0);
    for what in [
        "accuracy on the test set",
        "xylo-audio3",
        "100.0 %",
        "spikes per neuron per step, h0",
        "weights.safetensors",
    ] {
        assert!(outcome.stderr.contains(what), "no {what:?} in:\n{}", outcome.stderr);
    }
    assert!(folder.read_text("runs/tones/report.md").contains("Confusion matrix on SynSense Xylo Audio 3"));

    let metrics = folder.read_text("runs/tones/metrics.csv");
    let losses: Vec<f64> = metrics
        .lines()
        .skip(1)
        .map(|line| {
            line.split(',').nth(1).and_then(|loss| loss.parse().ok()).expect("the second column is the loss")
        })
        .collect();
    assert!(losses.len() == 40 && losses[39] < 0.5 * losses[0], "{losses:?}");

    for engine in ["float", "xylo-audio3"] {
        let weights = "runs/tones/weights.safetensors";
        let outcome =
            folder.snnc(&["eval", "tones.yaml", "--weights", weights, "--on", engine, "--json"]).success();
        let eval = outcome.json();
        assert_eq!(eval["float"], json["float"]);
        assert_eq!(eval[engine], json[engine]);
        assert_eq!(eval.get("xylo-audio3").is_some(), engine == "xylo-audio3");
        if engine == "xylo-audio3" {
            let of = |key: &str| eval["cost"][key].as_f64().unwrap();
            assert!(
                0.0 < of("mean_cycles_per_step") && of("mean_cycles_per_step") < of("worst_cycles_per_step")
            );
            let energy: Vec<f64> = serde_json::from_value(eval["cost"]["uj_per_recording"].clone()).unwrap();
            assert!(energy[0] / of("seconds_per_recording") > 145.0, "the static power is part of it");
        }
        assert!(outcome.stderr.contains("true \\ predicted"), "{}", outcome.stderr);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let folder = tones();
    let mut results = Vec::new();
    for threads in ["1", "2"] {
        let words = ["train", "tones.yaml", "--out", threads, "--threads", threads, "--json"];
        results.push(result(folder.snnc(&words).success().json()));
    }
    assert_eq!(results[0], results[1]);
    for file in [
        "weights.safetensors",
        "checkpoint.safetensors",
        "metrics.csv",
        "tones.rs",
        "tones.weights",
        "tones.spec.npz",
    ] {
        assert_eq!(folder.read(&format!("1/{file}")), folder.read(&format!("2/{file}")), "{file}");
    }
}

#[test]
fn values_of_the_recipe_can_be_replaced() {
    let folder = tones();
    let words = ["train", "tones.yaml", "--json", "--set", "training.epochs=2", "--set", "build=[rust]"];
    let set = ["--set", "params={p_dropout: 0.3}", "--set", "network=tones.snn", "--out", "out"];
    assert_eq!(folder.snnc(&[&words[..], &set].concat()).success().json()["epochs"], 2);
    let files = folder.files();
    assert!(
        files.contains(&"out/tones.rs".into()) && !files.contains(&"out/tones.spec.npz".into()),
        "{files:?}"
    );
    folder.snnc(&["train", "tones.yaml", "--set", "training.batch=0"]).failure(1, &["`training.batch` is 0"]);
    folder.snnc(&["train", "tones.yaml", "--set", "training.epochs"]).failure(2, &["--set"]);
    folder
        .snnc(&["train", "tones.yaml", "--set", "training.epochs.x=1"])
        .failure(1, &["`training.epochs.x`"]);
    folder.snnc(&["train", "tones.yaml", "--threads", "0"]).failure(2, &["--threads"]);
}

#[test]
fn former_keys_suggest_the_present_ones() {
    let folder = tones();
    for (set, present) in [
        ("training.rate_regularizer={weight: 1, target: 0.5, least: 0.1}", "minimum"),
        ("training.loss={kind: peak, rest_weight: 2}", "nontarget_weight"),
        ("front_end={kind: xylo_audio3, normalisation: channel}", "normalization"),
        ("data.augmentation={noise: {colour: pink}}", "color"),
    ] {
        let suggestion = format!("did you mean `{present}`?");
        folder.snnc(&["train", "tones.yaml", "--set", set]).failure(1, &[&suggestion]);
    }
}

#[test]
fn every_built_chip_is_evaluated_and_names_its_layers() {
    let folder = tones();
    let words = ["train", "tones.yaml", "--json", "--set", "training.epochs=1"];
    let build = ["--set", "build=[xylo-audio3, xylo-audio2]"];
    let json = folder.snnc(&[&words[..], &build].concat()).success().json();
    for chip in ["xylo-audio3", "xylo-audio2"] {
        assert!(json[chip]["accuracy"].is_number() && json[chip]["agreement"].is_number(), "{json:#}");
    }
    assert_eq!(json["agreement"], json["xylo-audio3"]["agreement"]);
    // The table is part of the specification, and lies beside the configuration.
    let shows_layers = |file: &str| {
        let file = format!("runs/tones/{file}");
        let json = folder.snnc(&["show", &file, "--json"]).success().json();
        let last = json["layers"].as_array().and_then(|layers| layers.last()).cloned().unwrap_or_default();
        assert_eq!((&last["layer"], &last["population"]), (&"out".into(), &"readout".into()), "{json:#}");
    };
    shows_layers("tones.spec.npz");
    shows_layers("tones.xylo-audio2.json");
    folder.write("runs/tones/tones.xylo-audio2.layers.json", "{}");
    let outcome = folder.snnc(&["show", "runs/tones/tones.xylo-audio2.json"]).success();
    assert!(outcome.stderr.contains("layer table: missing field `network`"), "{}", outcome.stderr);
    // Without a target, `compare` takes the recipe's chip.
    let compare = ["compare", "tones.yaml", "--weights", "runs/tones/weights.safetensors"];
    let outcome = folder.snnc(&compare).success();
    assert!(outcome.stderr.contains("xylo-audio3"), "{}", outcome.stderr);
    folder.snnc(&[&compare[..], &["--set", "build=[]"]].concat()).failure(2, &["the recipe names no chip"]);
}

#[test]
fn recompute_is_accepted_under_its_former_name() {
    let folder = tones();
    let metrics = |key: &str| {
        let set = format!("training.{key}=segments");
        folder.snnc(&["train", "tones.yaml", "--set", "training.epochs=1", "--set", &set]).success();
        folder.read_text("runs/tones/metrics.csv")
    };
    assert_eq!(metrics("checkpoint"), metrics("recompute"));
    let both = "training={checkpoint: segments, recompute: none, epochs: 1, batch: 1, loss: {kind: mse}}";
    folder
        .snnc(&["train", "tones.yaml", "--set", both])
        .failure(1, &["`training.checkpoint` is the former name of `training.recompute`, which is also set"]);
}

#[test]
fn one_output_detects_the_second_of_two_classes() {
    let folder = tones();
    folder.write("tones.snn", folder.read_text("tones.snn").replace("n_classes: 2", "n_classes: 1"));
    let words = ["train", "tones.yaml", "--json", "--set", "training.epochs=30", "--set"];
    let loss = "training.loss={kind: binary_cross_entropy, readout: mean_vmem}";
    let json = folder.snnc(&[&words[..], &[loss]].concat()).success().json();
    assert_eq!(json["float"]["accuracy"], 1.0, "{json:#}");
    assert!(json["float"]["loss"].as_f64().is_some_and(|loss| loss < 0.3), "{json:#}");
    assert!(json["float"].get("confusion").is_none() && json.get("xylo-audio3").is_none(), "{json:#}");
    let html = folder.read_text("runs/tones/report.html");
    assert!(html.contains("accuracy on the test set, float") && html.contains("sample 0 of the test set"));
    let weights = "runs/tones/weights.safetensors";
    let on_chip = ["eval", "tones.yaml", "--weights", weights, "--on", "xylo-audio3", "--set", loss];
    folder.snnc(&on_chip).failure(1, &["measure misses and false alarms with `snnc detect`"]);
    // Another loss needs an output for each class.
    folder.snnc(&["train", "tones.yaml"]).failure(1, &["has 1 output, but the recipe names 2 classes"]);
    folder
        .snnc(&["train", "tones.yaml", "--set", "training.loss={kind: mse}"])
        .failure(1, &["1 output, but"]);
}
