//! `snnc build`.

use crate::support::{Folder, Outcome, digits, digits_weights, events, npy, repository, tones, weights};

fn build(folder: &Folder, target: &str, out: &str) -> Outcome {
    let digits = digits();
    let digits = digits.to_str().expect("the path is text");
    folder.snnc(&["build", digits, "--weights", "w.safetensors", "--target", target, "-o", out, "--json"])
}

#[test]
fn builds_are_reproducible() {
    let folder = Folder::new();
    folder.write("w.safetensors", digits_weights());
    for (target, out, files) in [
        ("rust", "digits.rs", ["digits.rs", "digits.weights"]),
        ("xylo-audio3", "digits.json", ["digits.spec.npz", "digits.py"]),
    ] {
        for name in ["a", "b"] {
            folder.write(&format!("{target}/{name}/keep"), "");
            let json = build(&folder, target, &format!("{target}/{name}/{out}")).success().json();
            for (i, file) in files.iter().enumerate() {
                assert_eq!(json["files"][i]["path"], format!("{target}/{name}/{file}"));
            }
            assert_eq!(json["files"].as_array().map(Vec::len), Some(files.len()), "{json:#}");
        }
        for file in files {
            let [a, b] = ["a", "b"].map(|name| folder.read(&format!("{target}/{name}/{file}")));
            assert!(!a.is_empty() && a == b, "{target}: {file}");
        }
    }
}

#[test]
fn other_names_than_the_given_one_are_reported() {
    let folder = Folder::new();
    folder.write("w.safetensors", digits_weights());
    for (target, out, reported) in [
        ("xylo-audio3", "r.npz", true),
        ("xylo-audio3", "r.json", true),
        ("xylo-audio2", "r.json", false),
        ("xylo-audio3", "r.spec.npz", false),
        ("xylo-audio3", "r", false),
        ("xylo-audio3", "r.v2", false),
        ("rust", "r.rs", false),
    ] {
        let outcome = build(&folder, target, out);
        let says =
            format!("target `{target}` does not write `{out}`; its output files are named after the stem");
        assert_eq!(outcome.stderr.contains(&says), reported, "{target} {out}: {}", outcome.stderr);
    }
}

#[test]
fn one_text_of_rust_goes_to_a_pipe() {
    let folder = Folder::new();
    folder.write("w.safetensors", digits_weights());
    let digits = digits();
    let digits = digits.to_str().expect("the path is text");
    let words = ["build", digits, "--weights", "w.safetensors", "--target", "rust", "-o", "-"];
    let outcome = folder.snnc(&words).success();
    assert!(outcome.text().contains("pub struct Digits") && !outcome.text().contains("include_bytes!"));
    build(&folder, "rust", "-").failure(2, &["`--json`", "`-o -`"]);
    let words = ["build", digits, "--weights", "w.safetensors", "--target", "xylo-audio3", "-o", "-"];
    folder.snnc(&words).failure(2, &["several files"]);
    assert_eq!(folder.files(), ["w.safetensors"]);
}

#[test]
fn flash_and_ram_are_reported() {
    let folder = Folder::new();
    folder.write("w.safetensors", digits_weights());
    let json = build(&folder, "rust", "digits.rs").success().json();
    let flash = json["memory"]["flash"].as_u64().expect("it is a number");
    let ram = json["memory"]["ram"].as_u64().expect("it is a number");
    assert!(flash >= folder.read("digits.weights").len() as u64, "the weights lie in flash");
    assert!(ram >= 4 * 3 * (60 + 60 + 60 + 10), "three states of each neuron lie in RAM");
    let digits = digits();
    let digits = digits.to_str().expect("the path is text");
    let words = ["build", digits, "--weights", "w.safetensors", "--target", "rust", "-o", "digits.rs"];
    let said = folder.snnc(&words).success().stderr;
    assert!(said.contains(&format!("flash: {flash} bytes")) && said.contains(&format!("RAM: {ram} bytes")));
    assert!(folder.read_text("digits.rs").contains(&format!("RAM: {ram} bytes")), "the code says the same");
    let json = build(&folder, "xylo-audio3", "digits").success().json();
    assert!(json["memory"].is_null(), "a chip's memory is fixed");
}

#[test]
fn weights_can_be_loaded_at_run_time() {
    let folder = Folder::new();
    let digits = digits();
    let digits = digits.to_str().expect("the path is text");
    let words = ["build", digits, "--target", "rust", "-o", "digits.rs", "--json"];
    let json = folder.snnc(&words).success().json();
    assert_eq!(json["files"].as_array().map(Vec::len), Some(1), "{json:#}");
    let code = folder.read_text("digits.rs");
    assert!(code.contains("pub const fn with_weights(") && !code.contains("include_bytes!"));
    folder
        .snnc(&["build", digits, "--target", "xylo-audio3", "-o", "chip"])
        .failure(2, &["`xylo-audio3`", "`--weights`"]);
    assert_eq!(folder.files(), ["digits.rs"]);

    // Built with weights, they lie beside the code in the form that this type takes.
    folder.write("w.safetensors", digits_weights());
    build(&folder, "rust", "built.rs").success();
    let length = format!("const LEN: usize = {};", folder.read("built.weights").len());
    let fingerprint = u64::from_le_bytes(folder.read("built.weights")[..8].try_into().expect("there are 8"));
    let fingerprint = format!("const FINGERPRINT: u64 = {fingerprint};");
    assert!(code.contains(&length) && code.contains(&fingerprint), "{length} {fingerprint}");
}

#[test]
fn unsupported_networks_are_reported_before_writing() {
    const NOISY: &str = "network Noisy {
    dt: 1 ms;
    input events: 2;
    layer h: lif(2) { tau_mem: 2 ms, tau_syn: 2 ms, noise_std: 0.1 };
    layer out: lif(2) { tau_mem: learn 2 ms, tau_syn: 2 ms, noise_std: 0.1 };
    events -> linear -> h -> linear -> out;
    output out.spikes;
}
";
    let folder = Folder::new();
    folder.write("noisy.snn", NOISY);
    folder.write("w.safetensors", weights(NOISY).to_safetensors());
    let places = ["membrane noise", "noisy.snn:4:5", "noisy.snn:5:5"];
    let words = ["build", "noisy.snn", "--target", "rust", "-o", "noisy.rs"];
    let said = folder.snnc(&words).failure(1, &places);
    assert!(said.stderr.contains("pass the weights when the code is generated"), "{}", said.stderr);
    let words = ["build", "noisy.snn", "--weights", "w.safetensors", "--target", "rust", "-o", "noisy.rs"];
    folder.snnc(&words).failure(1, &places);
    assert_eq!(folder.files(), ["noisy.snn", "w.safetensors"]);
}

#[test]
fn what_is_built_for_a_chip_runs_on_its_simulator() {
    let folder = Folder::new();
    let trained = repository("examples/digits/digits.safetensors");
    folder.write("w.safetensors", std::fs::read(trained).expect("the example has weights"));
    folder.write("in.npy", npy("|u1", false, &[40, 16], &events(40, 16)));
    build(&folder, "xylo-audio3", "digits").success();
    let words = ["sim", "digits.spec.npz", "--input", "in.npy", "--output", "out.npz", "--record", "--json"];
    let json = folder.snnc(&words).success().json();
    assert_eq!(json["defaulted_arrays"], serde_json::json!([]), "a built specification is complete");
    let arrays = folder.arrays("out.npz");
    assert_eq!(arrays["hidden.vmem"].shape, [40, 180]);
    assert_eq!(arrays["readout.vmem"].shape, [40, 10]);
    assert!(arrays["readout.vmem"].to_floats().iter().any(|&v| v != 0.0));
}

#[test]
fn integers_are_another_form_of_rust() {
    let folder = Folder::new();
    folder.write("w.safetensors", digits_weights());
    let json = build(&folder, "rust-int", "digits_int.rs").success().json();
    let code = folder.read_text("digits_int.rs");
    assert!(code.contains("pub vmem: [i16; 60]"), "states are 16-bit integers");
    let float = build(&folder, "rust", "digits.rs").success().json();
    let flash = |json: &serde_json::Value| json["memory"]["flash"].as_u64().expect("it is a number");
    assert!(3 * flash(&json) < flash(&float), "weights of 8 bits instead of 32");

    let digits = digits();
    let digits = digits.to_str().expect("the path is text");
    folder
        .snnc(&["build", digits, "--target", "rust-int", "-o", "no.rs"])
        .failure(1, &["digits.snn", "pass the weights when the code is generated"]);
    folder.snnc(&["check", digits, "--target", "rust-int"]).success();
    assert!(!folder.path("no.rs").exists());
}

#[test]
fn recipe_can_build_integer_code() {
    let folder = tones();
    let words = ["train", "tones.yaml", "--out", "run", "--set", "training.epochs=1"];
    folder.snnc(&[&words[..], &["--set", "build=[rust, rust-int]"]].concat()).success();
    let files = folder.files();
    for file in ["tones.rs", "tones.weights", "tones_int.rs", "tones_int.weights"] {
        assert!(files.contains(&format!("run/{file}")), "no {file} in {files:?}");
    }
    assert!(folder.read_text("run/tones_int.rs").contains("pub vmem: [i16; 12]"));
}

#[test]
fn unsupported_integer_networks_are_reported() {
    const CURRENTS: &str = "network Currents {
    dt: 1 ms;
    input events: 2;
    layer h: lif(2) { tau_mem: 2 ms, tau_syn: 2 ms };
    layer out: expsyn(2) { tau_syn: 2 ms };
    events -> linear -> h -> linear -> out;
    output out.isyn;
}
";
    let folder = Folder::new();
    folder.write("currents.snn", CURRENTS);
    folder.write("w.safetensors", weights(CURRENTS).to_safetensors());
    let words =
        ["build", "currents.snn", "--weights", "w.safetensors", "--target", "rust-int", "-o", "currents.rs"];
    folder.snnc(&words).failure(1, &["currents.snn:5:5", "expsyn"]);
    folder.snnc(&["check", "currents.snn", "--target", "rust-int"]).failure(1, &["currents.snn:5:5"]);
    assert_eq!(folder.files(), ["currents.snn", "w.safetensors"]);
}

#[test]
fn measured_rates_choose_how_weights_are_added() {
    let folder = Folder::new();
    folder.write("w.safetensors", digits_weights());
    let digits = digits();
    let digits = digits.to_str().expect("the path is text");
    let code = |rates: &str| {
        folder.write("eval.json", rates);
        let words = ["build", digits, "--weights", "w.safetensors", "--target", "rust", "-o", "digits.rs"];
        folder.snnc(&[&words[..], &["--rates", "eval.json"]].concat())
    };
    let text = || folder.read_text("digits.rs");
    code(r#"{ "float": { "accuracy": 1.0, "rates": { "h0": 0.01, "h1": 2.5 } } }"#).success();
    assert!(text().contains("measured 2.50 events per source per step"), "an evaluation is read");
    code(r#"{ "h1": 1.25 }"#).success();
    assert!(text().contains("measured 1.25 events per source per step"), "a map is read");
    code(r#"{ "h9": 1.0, "h1": -1.0 }"#)
        .failure(1, &["eval.json", "no layer or input `h9`", "`h1` is -1; it must be 0 or more"]);
    code(r#"{ "h1": [] }"#).failure(1, &["neither the output of `snnc eval --json` nor a map"]);
    code("no").failure(1, &["eval.json"]);
    let words = ["build", digits, "--weights", "w.safetensors", "--rates", "eval.json"];
    for target in ["xylo-audio3", "rust-int"] {
        folder.snnc(&[&words[..], &["--target", target, "-o", "x"]].concat()).failure(2, &["`--rates`"]);
    }
}

#[test]
fn a_quantizer_is_chosen_and_calibrated() {
    let folder = Folder::new();
    folder.write("w.safetensors", digits_weights());
    folder.write("in.npy", npy("|u1", false, &[2, 40, 16], &[events(40, 16), events(40, 16)].concat()));
    folder.write("silence.npy", npy("|u1", false, &[40, 16], &[0; 640]));
    let digits = digits();
    let digits = digits.to_str().expect("the path is text");
    let build = |target: &str, more: &[&str]| {
        let words = ["build", digits, "--weights", "w.safetensors", "--target", target, "-o", "digits"];
        folder.snnc(&[&words[..], more].concat())
    };
    let report = |more: &[&str]| build("xylo-audio3", &[more, &["--json"]].concat()).success().json();
    let shifts = |json: &serde_json::Value| {
        ["weight_shift_in", "weight_shift_rec", "weight_shift_out"]
            .map(|name| json["quantization"][name].as_u64().expect("it is a number"))
    };
    let plain = report(&[]);
    assert_eq!(plain["quantization"]["method"], "channel");
    assert_eq!(shifts(&plain), [0; 3], "without ranges there are no shifts");
    assert_eq!(plain["quantization"]["layers"][0]["name"], "h0");
    let plain_spec = folder.read("digits.spec.npz");
    let calibrated = report(&["--calibrate", "in.npy"]);
    assert_ne!(shifts(&calibrated), [0; 3]);
    assert_ne!(folder.read("digits.spec.npz"), plain_spec);
    let global = report(&["--quantizer", "global"]);
    let [min, max] = [0, 1].map(|i| global["quantization"]["layers"][0]["scale"][i].as_f64());
    assert!(min == max && min.is_some());

    let said = build("xylo-audio3", &["--quantizer", "rockpool-channel"]).success().stderr;
    for part in ["warning[X0403]", "for comparison only", "quantized by `rockpool-channel`", "weight error"] {
        assert!(said.contains(part), "no {part} in {said}");
    }
    // Rockpool's quantizer loses the weights of a readout whose threshold is so high that it never spikes.
    let lost = report(&["--quantizer", "rockpool-channel"])["quantization"]["layers"][3].clone();
    assert!(lost["name"] == "out" && lost["weight_error"].as_f64() > Some(0.2), "{lost}");

    build("xylo-audio3", &["--quantizer", "best"]).failure(2, &["channel, global, rockpool-channel"]);
    build("xylo-audio3", &["--quantizer", "rockpool-global", "--calibrate", "in.npy"])
        .failure(2, &["`rockpool-global`", "`--calibrate`"]);
    build("xylo-audio3", &["--calibrate", "silence.npy"]).failure(1, &["silence.npy", "typical input"]);
    build("xylo-audio3", &["--calibrate", "none.npy"]).failure(2, &["none.npy"]);
    build("rust", &["--quantizer", "global"])
        .failure(2, &["`--quantizer`", "has no effect on target `rust`"]);
    build("rust", &["--remove-dead"])
        .failure(2, &["`--remove-dead`", "has no effect on target `rust`", "`xylo-imu`"]);
    build("rust", &["--calibrate", "in.npy"]).failure(2, &["`--calibrate`"]);
    let words = ["build", digits, "--target", "rust-int", "-o", "x.rs", "--calibrate", "in.npy"];
    folder.snnc(&words).failure(2, &["`--calibrate`", "`--weights`"]);
    build("rust-int", &["--calibrate", "in.npy"]).success();
}
