//! `snnc compare`: one network on three engines.

use serde_json::Value;
use synnet_arrays::NpzWriter;

use crate::report::check_page;
use crate::support::{Folder, repository, tones, weights};

/// The main example with its weights.
fn example(command: &str, rest: &[&str]) -> crate::support::Outcome {
    let [recipe, weights] = ["examples/digits/digits.yaml", "examples/digits/digits.safetensors"]
        .map(|path| repository(path).display().to_string());
    Folder::new().snnc(&[&[command, &recipe, "--weights", &weights], rest].concat())
}

const TARGET: [&str; 2] = ["--target", "xylo-audio3"];

/// Replaces numbers by `0` and whitespace by one blank: a change of the quantizer changes the numbers, but not the
/// form.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    for line in text.lines() {
        let words = line
            .split_whitespace()
            .map(|word| if word.bytes().all(|b| b.is_ascii_digit() || b == b'.') { "0" } else { word });
        masked += &(words.collect::<Vec<_>>().join(" ") + "\n");
    }
    masked
}

#[test]
fn the_example_is_compared_layer_by_layer() {
    let outcome = example("compare", &[&TARGET[..], &["--json"]].concat()).success();
    let found = outcome.json();
    let (tables, said) = outcome.stderr.split_once("\n* ").expect("there are findings");
    insta::assert_snapshot!(masked(&tables.replace(env!("CARGO_MANIFEST_DIR"), "snnc")));
    for kind in ["classes", "output", "divergence"] {
        let finding =
            found["findings"].as_array().and_then(|list| list.iter().find(|one| one["kind"] == kind));
        let finding = finding.unwrap_or_else(|| panic!("nothing about {kind}"));
        assert!(said.contains(finding["message"].as_str().expect("it is text")), "{said}");
    }

    // The engines are those of `eval`.
    let eval = example("eval", &["--on", "xylo-audio3", "--json"]).success().json();
    for (ours, theirs) in [("float", "float"), ("chip", "xylo-audio3")] {
        for key in ["accuracy", "predictions", "confusion"] {
            assert_eq!(found["engines"][ours][key], eval[theirs][key], "{key} of {ours}");
        }
        for layer in found["layers"].as_array().expect("it is a list") {
            let name = layer["name"].as_str().expect("layers have names");
            let rate = |value: &Value| value.as_f64().expect("rates are numbers");
            let (a, b) = (rate(&layer["rates"][ours]), rate(&eval[theirs]["rates"][name]));
            assert!((a - b).abs() < 1e-9, "{name} on {ours}: {a} {b}");
        }
    }
    assert_eq!(found["same_class"]["float_to_chip"], eval["agreement"]);

    let keys: Vec<&String> = found.as_object().expect("it is an object").keys().collect();
    assert_eq!(
        keys,
        [
            "diagnostics",
            "dt",
            "engines",
            "findings",
            "input_events",
            "labels",
            "layers",
            "quantization",
            "same_class",
            "samples",
            "state_tolerance",
            "steps",
            "target"
        ]
    );
    for (i, name) in ["h0", "h1", "h2", "out"].iter().enumerate() {
        let layer = &found["layers"][i];
        assert_eq!((layer["name"].as_str(), layer["lag"].as_u64()), (Some(*name), Some(i as u64)));
        let pair = &layer["pairs"]["float_to_chip"];
        if *name == "out" {
            assert_eq!(layer["compared_by"], "states");
            assert!(pair["spike_agreement"].is_null() && pair["state_error"].as_f64() < Some(0.2), "{pair}");
        } else {
            assert!(pair["spike_agreement"].as_f64() > Some(0.7), "{name}: {pair}");
            assert!(pair["spike_agreement"].as_f64() <= pair["count_agreement"].as_f64(), "{name}: {pair}");
            let step = pair["first_divergence"].as_u64().expect("rounding shows somewhere");
            assert!(Some(step) <= pair["median_divergence"].as_u64() && step < 70, "{name}: {pair}");
        }
    }
}

/// With a readout that is read by its membrane, Rockpool's global quantizer silences the layers before it.
#[test]
fn a_quantizer_that_silences_layers_is_identified() {
    let words = [&TARGET[..], &["--json", "--quantizer", "rockpool-global"]].concat();
    let found = example("compare", &words).success().json();
    let accuracy = |engine: &str| found["engines"][engine]["accuracy"].as_f64().expect("there are classes");
    assert!(accuracy("float") > accuracy("quantized_weights") + 0.3);
    let pairs = &found["layers"][3]["pairs"];
    assert!(pairs["float_to_quantized_weights"]["state_error"].as_f64() > Some(0.9), "{pairs}");
    assert_eq!(pairs["quantized_weights_to_chip"]["diverging_samples"], 0, "{pairs}");
    let findings = found["findings"].as_array().expect("it is a list");
    let about = |kind: &str| findings.iter().find(|finding| finding["kind"] == kind).expect("it is found");
    let (classes, weights) = (about("classes"), about("weights"));
    let says = |text: &Value, part: &str| assert!(text.as_str().is_some_and(|t| t.contains(part)), "{text}");
    says(&classes["message"], "(statistically significant)");
    says(&classes["help"], "choose another quantizer");
    says(&about("output")["message"], "quantized weights, thresholds and leaks are the main cause");
    assert_eq!(weights["layer"], "h1");
    assert!(about("divergence")["layer"] != "out");
}

#[test]
fn samples_are_spread_and_threads_change_nothing() {
    let few = [&TARGET[..], &["--json", "--samples", "7", "--quantizer", "global"]].concat();
    let run = |threads| example("compare", &[&few[..], &["--threads", threads]].concat()).success().json();
    let (one, three) = (run("1"), run("3"));
    assert_eq!(one, three);
    let samples: Vec<u64> = serde_json::from_value(one["samples"].clone()).expect("they are numbers");
    assert!(
        samples.len() == 7 && samples[0] == 0 && samples.windows(2).all(|pair| pair[1] > pair[0] + 5),
        "{samples:?}"
    );
    assert_eq!(one["quantization"]["method"], "global");
}

#[test]
fn the_page_holds_every_picture() {
    let folder = Folder::new();
    let page = folder.path("page.html");
    let page = page.to_str().expect("the path is text");
    example("compare", &[&TARGET[..], &["--samples", "12", "--html", page]].concat()).success();
    let html = folder.read_text("page.html");
    check_page(&html);
    for part in [
        "accuracy on xylo-audio3",
        "<h2>Findings</h2>",
        "<h2>Layer comparison</h2>",
        "h0, float to quantized weights",
        "h2 over steps",
        "out over steps",
        "<h2>Divergence over time</h2>",
        "Diverged samples over steps",
        "<h2>Firing rates</h2>",
        "Firing rates of the layers",
        "Firing rates of the neurons",
        "<h2>Test samples</h2>",
        "class=\"ring\"",
        "of the spikes agree; float and chip diverge at",
        "aria-label=\"Quantized weights\"",
        "Quantization for SynSense Xylo Audio 3",
        "threshold error",
        "<dl class=\"definitions\">",
        "<dt>compared samples</dt><dd>12</dd>",
    ] {
        assert!(html.contains(part), "no {part:?}");
    }
    assert!(html.len() < 500_000, "{} bytes", html.len());
}

/// A network that gives every finding: time constants between bit shifts, spike limits that differ from the chip's,
/// currents beyond 16 bits, a silent layer, and more input events than a channel accepts.
const UNFIT: &str = "network Unfit {
    dt: 10 ms;
    input events: 8;
    neuron n = lif { tau_mem: 28 ms, tau_syn: 34.8 ms, threshold: 1, max_spikes: 50 };
    layer loud: n(3);
    layer quiet: n(3) { max_spikes: 2 };
    layer mute: n(2) { threshold: 50000 };
    layer out: n(2) { threshold: 32767, max_spikes: 1 };
    events -> linear { init: constant(1), scale: 1 } -> loud -> linear { init: constant(0.2), scale: 1 } -> quiet
        -> linear { init: constant(0.1), scale: 1 } -> mute -> linear { init: constant(0.1), scale: 1 } -> out;
    output out.vmem;
}
";

/// Returns a folder with the network and a sample of each class: 20 steps with 20 events in every channel.
fn unfit(labels: bool) -> Folder {
    let folder = Folder::new();
    let loss = if labels { "cross_entropy, readout: mean_vmem" } else { "mse" };
    let classes = if labels { "classes: 2, " } else { "" };
    folder.write("net.snn", UNFIT);
    folder.write("w.safetensors", weights(UNFIT).to_safetensors());
    folder.write(
        "r.yaml",
        format!(
            "network: net.snn
data: {{ format: npz, path: set.npz, test_path: set.npz, {classes}steps: 20 }}
training: {{ epochs: 1, batch: 2, loss: {{ kind: {loss} }}, optimizer: {{ kind: adam, lr: 0.01 }} }}
build: [rust]
"
        ),
    );
    let mut archive = NpzWriter::new();
    archive.add("rasters", &[2, 20, 8], &[20i64; 320]).expect("the shape fits");
    if labels {
        archive.add("labels", &[2], &[0i64, 1]).expect("the shape fits");
    } else {
        archive.add("targets", &[2, 20, 2], &[0.5f64; 80]).expect("the shape fits");
    }
    folder.write("set.npz", archive.finish().expect("archives can be made"));
    folder
}

const UNFIT_WORDS: [&str; 5] = ["compare", "r.yaml", "--weights", "w.safetensors", "--json"];

#[test]
fn findings_come_with_help() {
    let outcome = unfit(true).snnc(&[&UNFIT_WORDS[..], &TARGET].concat()).success();
    let found = outcome.json();
    assert_eq!(found["input_events"], serde_json::json!({ "total": 6400, "clipped": 1600 }));
    let findings = found["findings"].as_array().expect("it is a list");
    for (kind, layer, text) in [
        ("classes", None, "all 2 samples have the same class on all three engines (50.0 % are correct)"),
        ("saturation", Some("loud"), "`loud` in"),
        ("silence", Some("mute"), "`mute` never spikes, neither in float nor on the chip"),
        ("spike_cap", Some("loud"), "exceeds the chip's limit of 31 spikes per neuron per step"),
        ("spike_cap", Some("quiet"), "exceeds its `max_spikes`"),
        ("time_constants", None, "(X0302)"),
        ("clipped_input", None, "drops 1600 of 6400 input events: it accepts at most 15"),
    ] {
        let finding = findings
            .iter()
            .find(|found| found["kind"] == kind && (layer.is_none() || found["layer"].as_str() == layer));
        let finding = finding.unwrap_or_else(|| panic!("no {kind} of {layer:?} in {findings:#?}"));
        assert!(finding["message"].as_str().is_some_and(|said| said.contains(text)), "{finding}");
        assert!(kind == "classes" || finding["help"].is_string(), "{finding}");
        assert!(outcome.stderr.contains(finding["message"].as_str().expect("it is text")));
    }
    assert!(outcome.stderr.contains("  help: declare `max_spikes: 31`"), "{}", outcome.stderr);
}

#[test]
fn samples_without_classes_are_compared_without_accuracy() {
    let folder = unfit(false);
    let outcome = folder.snnc(&[&UNFIT_WORDS[..], &TARGET, &["--html", "page.html"]].concat()).success();
    let found = outcome.json();
    assert!(found.get("labels").is_none() && found["engines"]["chip"].get("accuracy").is_none(), "{found:#}");
    assert!(!outcome.stderr.contains("accuracy"), "{}", outcome.stderr);
    let html = folder.read_text("page.html");
    check_page(&html);
    assert!(html.contains("output 0") && !html.contains("<h2>Confusion matrices</h2>"));
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let folder = unfit(true);
    let words = ["compare", "r.yaml", "--weights", "w.safetensors"];
    let run = |rest: &[&str]| folder.snnc(&[&words[..], rest].concat());
    run(&[]).failure(2, &["--target"]);
    run(&["--target", "rust-int"]).failure(2, &["target `rust-int` is not a chip", "`xylo-audio3`"]);
    run(&["--target", "xylo-audio9"]).failure(2, &["targets are `rust`"]);
    run(&["--target", "xylo-audio3", "--quantizer", "none"])
        .failure(2, &["channel, global, rockpool-channel"]);
    run(&["--target", "xylo-audio3", "--samples", "0"]).failure(2, &["--samples"]);
    run(&["--target", "xylo-audio3", "--json", "--html", "-"])
        .failure(2, &["`--html`", "pass a file name to `--html`"]);

    // Rules of the chip are checked before data is read.
    let wide = UNFIT.replace("input events: 8", "input events: 17");
    folder.write("net.snn", &wide);
    folder.write("w.safetensors", weights(&wide).to_safetensors());
    run(&["--target", "xylo-audio3", "--set", "data.path=nowhere.npz"]).failure(1, &["X0101", "net.snn:3"]);

    let tones = tones();
    tones.write("w.safetensors", folder.read("w.safetensors"));
    let words = ["compare", "tones.yaml", "--weights", "w.safetensors", "--target", "xylo-audio3"];
    tones.snnc(&words).failure(1, &["does not fit network `Tones`"]);
}

/// A residual sum, which the chip makes with aliases.
const RESIDUAL: &str = "network Residual {
    dt: 10 ms;
    input events: 8;
    neuron n = lif { tau_mem: quantized(20 ms), tau_syn: quantized(20 ms), max_spikes: 31 };
    layer a: n(3);
    layer b: n(3);
    layer out: n(2) { threshold: 32767, max_spikes: 1 };
    events -> linear { init: constant(0.01), scale: 1 } -> a -> linear { init: constant(0.3), scale: 1 } -> b;
    a + b -> linear { init: constant(0.1), scale: 1 } -> out;
    output out.vmem;
}
";

#[test]
fn aliased_spikes_are_counted_once() {
    let folder = unfit(true);
    folder.write("net.snn", RESIDUAL);
    folder.write("w.safetensors", weights(RESIDUAL).to_safetensors());
    let compared = folder.snnc(&[&UNFIT_WORDS[..], &TARGET].concat()).success().json();
    let words = ["eval", "r.yaml", "--weights", "w.safetensors", "--json", "--on", "xylo-audio3"];
    let rates = folder.snnc(&words).success().json()["xylo-audio3"]["rates"].clone();
    let layers = compared["layers"].as_array().expect("it is a list");
    for layer in layers.iter().filter(|layer| layer["name"] != "out") {
        let name = layer["name"].as_str().expect("layers have names");
        let [float, chip] = ["float", "chip"].map(|engine| layer["rates"][engine].as_f64().expect("a rate"));
        let evaluated = rates[name].as_f64().expect("a rate");
        // The chip drops a quarter of the input events.
        assert!(float > 0.1 && (0.6..1.0).contains(&(chip / float)), "{name}: {float} {chip}");
        assert!((chip - evaluated).abs() < 1e-9, "{name}: {chip} {evaluated}");
    }
}
