//! `snnc build`.

use crate::support::{Folder, Outcome, digits, digits_weights, events, npy};

fn build(folder: &Folder, target: &str, out: &str) -> Outcome {
    let digits = digits();
    let digits = digits.to_str().expect("the path is text");
    folder.snnc(&["build", digits, "--weights", "w.safetensors", "--target", target, "-o", out, "--json"])
}

#[test]
fn every_target_leaves_its_files_the_same_each_time() {
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
                assert_eq!(json["written"][i]["path"], format!("{target}/{name}/{file}"));
            }
            assert_eq!(json["written"].as_array().map(Vec::len), Some(files.len()), "{json:#}");
        }
        for file in files {
            let [a, b] = ["a", "b"].map(|name| folder.read(&format!("{target}/{name}/{file}")));
            assert!(!a.is_empty() && a == b, "{target}: {file}");
        }
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
    build(&folder, "xylo-audio3", "-").failure(2, &["several files"]);
    assert_eq!(folder.files(), ["w.safetensors"]);
}

#[test]
fn what_is_built_for_a_chip_runs_on_its_simulator() {
    let folder = Folder::new();
    folder.write("w.safetensors", digits_weights());
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
