//! Compiled networks: written for a chip, shown, and simulated.

use serde_json::Value;

use crate::support::{Folder, events, npy, weights};

const NETWORK: &str = "network Small {
    dt: 10 ms;
    input x: 4;
    layer h: lif(6) { tau_mem: 40 ms, tau_syn: 40 ms, max_spikes: 31 };
    layer out: lif(3) { tau_mem: 40 ms, tau_syn: 40 ms, max_spikes: 1 };
    x -> linear -> h -> linear -> out;
    output out.spikes;
}
";

/// A folder with the network built for Xylo Audio 2.
fn built() -> Folder {
    let folder = Folder::new();
    folder.write("small.snn", NETWORK);
    let mut weights = weights(NETWORK);
    for tensor in weights.tensors.values_mut() {
        tensor.data.iter_mut().for_each(|w| *w = w.abs());
    }
    folder.write("w.safetensors", weights.to_safetensors());
    folder.write("in.npy", npy("|u1", false, &[40, 4], &events(40, 4)));
    let outcome = folder.snnc(&build("xylo-audio2")).success();
    for says in [
        "wrote small.json",
        "wrote small.py (loader for Rockpool)",
        "not confirmed: the form of aliases",
        "cost: at most ",
    ] {
        assert!(outcome.stderr.contains(says), "no `{says}` in:\n{}", outcome.stderr);
    }
    folder
}

fn build(target: &str) -> [&str; 8] {
    ["build", "small.snn", "--weights", "w.safetensors", "--target", target, "-o", "small.json"]
}

#[test]
fn the_configuration_runs_as_the_specification_does() {
    let folder = built();
    let sim = |spec: &str, more: &[&str]| {
        let words = ["sim", spec, "--input", "in.npy", "--output", "out.npz", "--record", "--json"];
        let json = folder.snnc(&[&words[..], more].concat()).success().json();
        (json, folder.arrays("out.npz"))
    };
    let (json, arrays) = sim("small.json", &[]);
    assert_eq!((json["chip"].as_str(), json["core"].as_str()), (Some("xylo-audio2"), Some("v2")));
    let cycles = |what: &str| json["cycles_per_step"][what].as_f64().expect("a chip with a model has cycles");
    assert!(cycles("mean") > 0.0 && cycles("mean") < cycles("worst_case"), "{json:#}");
    assert!(arrays["output"].to_floats().iter().sum::<f64>() > 0.0, "a silent network shows little");
    let (json, same) = sim("small.spec.npz", &[]);
    assert_eq!(json["chip"], Value::Null);
    assert_eq!(same, arrays);
    // The order of update is that of the chip.
    let (json, _) = sim("small.spec.npz", &["--target", "xylo-1"]);
    assert_eq!((json["chip"].as_str(), json["core"].as_str()), (Some("xylo-1"), Some("v1")));

    let sim = ["sim", "small.json", "--input", "in.npy", "--output", "out.npz", "--target"];
    folder
        .snnc(&[&sim[..], &["xylo-imu"]].concat())
        .failure(2, &["is a configuration of SynSense Xylo Audio 2"]);
    folder.snnc(&[&sim[..], &["rust"]].concat()).failure(2, &["compiled networks are for chips"]);
}

#[test]
fn built_networks_are_shown() {
    let folder = built();
    let outcome = folder.snnc(&["show", "small.json"]).success();
    for what in [
        "dash_mem",
        "sources x targets x synapses",
        "4 x 6 x 1",
        "SynSense Xylo Audio 2",
        "cost on",
        "(`--dt`)",
    ] {
        assert!(outcome.text().contains(what), "no `{what}` in:\n{}", outcome.text());
    }
    let outcome = folder.snnc(&["show", "small.json", "--dt", "10ms"]).success();
    assert!(
        outcome.text().contains("for a time step of 10.0 ms")
            && outcome.text().contains("power: 250 to 271 uW")
    );
    let outcome = folder.snnc(&["show", "small.spec.npz"]).success();
    assert!(outcome.text().contains("name a chip with `--target`"), "{}", outcome.text());

    let json = folder.snnc(&["show", "small.spec.npz", "--target", "xylo-audio3", "--json"]).success().json();
    assert_eq!(
        (json["chip"].as_str(), json["populations"][0]["neurons"].as_u64()),
        (Some("xylo-audio3"), Some(6))
    );
    assert_eq!(json["weights"][2]["shape"], serde_json::json!([6, 3, 1]));
    assert_eq!(json["cost"]["clock"], Value::Null);
    let built = folder.snnc(&[&build("xylo-audio3")[..], &["--json"]].concat()).success().json();
    assert_eq!(built["cost"]["cycles_per_step"], json["cost"]["cycles_per_step"]);
    assert!(built["known"].as_array().is_some_and(|facts| facts.len() >= 3), "{built:#}");
    assert_eq!(
        built["files"].as_array().map(Vec::len),
        Some(2),
        "the vendor's format for this chip is not known"
    );

    let outcome = folder.snnc(&["show", "small.spec.npz", "--target", "xylo-1"]).success();
    assert!(
        outcome.text().contains("unknown, because there is no model of its cycles"),
        "{}",
        outcome.text()
    );
    for words in
        [&["--name", "Small"][..], &["--param", "n=1"], &["--weights", "w.safetensors"], &["--format", "dot"]]
    {
        folder.snnc(&[&["show", "small.json"][..], words].concat()).failure(2, &["compiled networks"]);
    }
}

#[test]
fn chips_without_a_function_in_rockpool_get_their_simulator() {
    let folder = built();
    let outcome = folder.snnc(&build("xylo-1")).success();
    assert!(
        outcome.stderr.contains("loader for xylosim") && outcome.stderr.contains("None of this was tested")
    );
    assert!(!outcome.stderr.contains("cost:"), "no model of this chip is known");
    assert!(folder.read_text("small.py").contains("from xylosim.v1 import"));
}

#[test]
fn every_error_of_a_damaged_configuration_is_reported() {
    let folder = built();
    let text = folder.read_text("small.json");
    let damaged = text.replace("\"biasEnable\": false", "\"biasEnabled\": 0").replacen(
        "\"vMemDecay\": 2",
        "\"vMemDecay\": 99",
        1,
    );
    assert_ne!(damaged, text);
    folder.write("bad.json", damaged);
    let says = [
        "`bad.json`",
        "`value0.biasEnable`: is missing",
        "did you mean `biasEnable`?",
        "vMemDecay`: is 99; expected 0 to 15",
    ];
    folder.snnc(&["show", "bad.json"]).failure(1, &says);
    folder.snnc(&["sim", "bad.json", "--input", "in.npy", "--output", "out.npz"]).failure(1, &says);
    folder.write("cut.json", &text[..text.len() / 2]);
    folder.snnc(&["show", "cut.json"]).failure(1, &["`cut.json`", "not JSON", "line "]);
    folder.snnc(&["show", "none.json"]).failure(2, &["there is no such file"]);
}

#[test]
fn a_specification_that_does_not_fit_the_chip_is_refused() {
    let folder = built();
    let two = NETWORK.replace("lif(6) {", "lif(6) { synapses: 2,");
    folder.write("small.snn", &two);
    folder.write("w.safetensors", weights(&two).to_safetensors());
    folder.snnc(&build("xylo-audio3")).success();
    let outcome = folder.snnc(&["show", "small.spec.npz", "--target", "xylo-imu"]);
    assert!(outcome.text().contains("1 too many"), "it is shown nevertheless: {}", outcome.text());
    outcome.failure(1, &["error[X0108]", "`small.spec.npz` does not fit SynSense Xylo IMU"]);
    let outcome =
        folder.snnc(&["check", "small.spec.npz", "--target", "xylo-imu", "--json"]).failure(1, &["X0108"]);
    assert_eq!(outcome.json()["diagnostics"][0]["code"], "X0108");
    let outcome = folder.snnc(&["check", "small.spec.npz", "--target", "xylo-audio3"]).success();
    assert!(outcome.stderr.ends_with("4 inputs, 6 hidden and 3 readout neurons; fits xylo-audio3\n"));
    folder.snnc(&["check", "small.spec.npz", "--name", "x"]).failure(2, &["compiled networks"]);
    let sim = ["sim", "small.spec.npz", "--input", "in.npy", "--output", "out.npz", "--target", "xylo-imu"];
    folder.snnc(&sim).failure(1, &["error[X0108]"]);
    assert!(!folder.path("out.npz").exists());
}
