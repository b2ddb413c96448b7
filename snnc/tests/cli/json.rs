//! `--json`: failures of every command are one document of diagnostics, and the exit code stays.

use crate::support::{Folder, TONES, tones, weights};

/// A folder with one wrong file of each kind.
fn folder() -> Folder {
    let folder = tones();
    folder.write("w.safetensors", weights(TONES).to_safetensors());
    folder.write("wrong.snn", "network Wrong {\n   dt: 10;\n}\n");
    folder.write("wrong.yaml", "network: tones.snn\ntraining:\n  epochs: zero\n  bach: 3\n");
    folder.write("chip.yaml", "name: c\ncore: v9\nfan_out: { total: 1 }\n");
    folder.write("in.npy", "not an array");
    folder.write("x.spec.npz", "not an archive");
    folder.write("big.snn", TONES.replace("input x: 16", "input x: 20").replace("(14)", "(20)"));
    folder
}

#[test]
fn failures_of_every_command_are_diagnostics() {
    let folder = folder();
    let run = "--weights w.safetensors --input in.npy --output o.npz";
    let eval = "--weights none.safetensors";
    for (line, code) in [
        ("check wrong.snn", Some("E0301")),
        ("check wrong.yaml", Some("R0203")),
        ("check chip.yaml", Some("R0204")),
        ("check none.snn", None),
        ("check x.spec.npz", None),
        ("train wrong.yaml", Some("R0203")),
        ("train tones.yaml --set training.batch=0", Some("T0101")),
        ("train tones.snn", None),
        ("train tones.yaml --set data.path=nowhere", Some("R0305")),
        ("eval wrong.yaml --weights w.safetensors", Some("R0203")),
        (&format!("eval tones.yaml {eval}"), None),
        (&format!("compare tones.yaml {eval} --target xylo-audio3"), None),
        ("show wrong.snn", Some("E0301")),
        ("show w.safetensors", None),
        ("build wrong.snn --target rust -o o.rs", Some("E0301")),
        (&format!("run tones.snn {run}"), None),
        ("sim x.spec.npz --input in.npy --output o.npz", None),
        ("fmt wrong.snn --check", None),
        ("fmt unclosed.snn", Some("E0102")),
        ("chips loihi", None),
        ("chips --chip chip.yaml", Some("R0204")),
        ("explain E9999", None),
        ("check", None),
        ("chekc tones.snn", None),
        ("train tones.yaml --threads 0", None),
    ] {
        folder.write("unclosed.snn", "network Unclosed {");
        let words: Vec<&str> = line.split(' ').collect();
        let plain = folder.snnc(&words);
        let outcome = folder.snnc(&[&words[..], &["--json"]].concat());
        assert_eq!(outcome.code, plain.code, "{line}");
        assert!(matches!(outcome.code, Some(1 | 2)), "{line}: {:?} {}", outcome.code, outcome.stderr);
        // The usage of clap lists the options that are given.
        let first = |text: &str| text.lines().next().map(str::to_owned);
        assert_eq!(first(&outcome.stderr), first(&plain.stderr), "{line}");
        let json = outcome.json();
        let diagnostics = json["diagnostics"].as_array().unwrap_or_else(|| panic!("{line}: {json:#}"));
        if line != "fmt wrong.snn --check" {
            assert!(!diagnostics.is_empty(), "{line}: {json:#}");
        }
        for diagnostic in diagnostics {
            assert!(diagnostic["message"].as_str().is_some_and(|text| !text.is_empty()), "{line}: {json:#}");
            let place = &diagnostic["place"];
            assert!(
                place.is_null() || place["end_line"].as_u64() >= place["line"].as_u64(),
                "{line}: {json:#}"
            );
        }
        let has_code = diagnostics.iter().any(|diagnostic| diagnostic["code"].as_str() == code);
        assert!(has_code || diagnostics.is_empty(), "{line}: {json:#}");
    }
}

#[test]
fn places_have_a_start_and_an_end() {
    let folder = folder();
    folder.write("r.yaml", "network: tones.snn\ndata: 5\ntraining: { epochs: \u{e9}\u{e9}, batch: [1] }\n");
    let json = folder.snnc(&["check", "r.yaml", "--json"]).failure(1, &[]).json();
    let places: Vec<_> = json["diagnostics"]
        .as_array()
        .expect("it is a list")
        .iter()
        .map(|d| {
            let place = &d["place"];
            let numbers =
                ["line", "column", "end_line", "end_column", "start", "end"].map(|key| place[key].as_u64());
            (place["file"].as_str().map(str::to_owned), numbers.map(Option::unwrap_or_default))
        })
        .collect();
    let at = |numbers| (Some("r.yaml".to_owned()), numbers);
    assert_eq!(places[0], at([2, 7, 2, 8, 25, 26]), "{json:#}");
    // Columns count characters, offsets bytes.
    assert_eq!(places[2], at([3, 21, 3, 23, 47, 51]), "{json:#}");
}

#[test]
fn warnings_of_a_valid_recipe_are_diagnostics() {
    let folder = tones();
    let text = folder.read_text("tones.yaml").replace("decimation: 488", "decimation: 50");
    folder.write("tones.yaml", text);
    let json = folder.snnc(&["check", "tones.yaml", "--json"]).success().json();
    assert_eq!(json["diagnostics"][0]["severity"], "warning", "{json:#}");
    assert!(json["diagnostics"][0]["message"].as_str().is_some_and(|m| m.contains("front_end.decimation")));
}

#[test]
fn codes_and_help_of_data_errors_reach_the_user() {
    let folder = tones();
    let words = ["eval", "tones.yaml", "--weights", "w.safetensors", "--set", "data.steps=100000000"];
    folder.write("w.safetensors", weights(TONES).to_safetensors());
    folder.snnc(&words).failure(1, &["error[T0201]: "]);
    let json = folder.snnc(&[&words[..], &["--json"]].concat()).failure(1, &[]).json();
    assert_eq!(json["diagnostics"][0]["code"], "T0201", "{json:#}");
    assert!(json["diagnostics"][0]["place"].is_null(), "{json:#}");
}

#[test]
fn files_of_another_kind_are_named() {
    let folder = folder();
    folder
        .snnc(&["train", "tones.snn"])
        .failure(2, &["`tones.snn` is a network, but a recipe is expected here", "network: tones.snn"]);
    folder.snnc_with_input(&["train", "-"], TONES.as_bytes()).failure(2, &["`<stdin>` is a network"]);
    folder.snnc(&["train", "chip.yaml"]).failure(2, &["is a chip description", "`--chip`"]);
    folder.snnc(&["train", "w.safetensors"]).failure(2, &["`w.safetensors` is a weights file"]);
    let run = ["--weights", "w.safetensors", "--input", "in.npy", "--output", "o.npz"];
    folder
        .snnc(&[&["run", "chip.yaml"][..], &run].concat())
        .failure(2, &["is a chip description", "a network or a recipe is expected"]);
    let recipe = folder.read("tones.yaml");
    let outcome = folder.snnc_with_input(&["check", "-"], &recipe).success();
    assert!(outcome.stderr.contains("`<stdin>` has no errors: network `Tones`"), "{}", outcome.stderr);
    folder.snnc(&["check", "chip.yaml"]).failure(1, &["`core` is `v9`", "errors in `chip.yaml`"]);
}
