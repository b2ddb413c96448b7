//! Cross-validation over the values of a field.

use crate::support::{Folder, tones};

const ONLY: [&str; 4] = ["--set", "data.only={take: [0, 1, 2]}", "--set", "training.epochs=1"];

/// Returns the weights of a plain run with these values of `data`.
fn weights(folder: &Folder, only: &str, test: &str) -> Vec<u8> {
    let (only, test) = (format!("data.only={{take: {only}}}"), format!("data.test={{take: {test}}}"));
    let words = ["train", "tones.yaml", "--overwrite", "--out", "plain", "--set", "training.epochs=1"];
    folder.snnc(&[&words[..], &["--set", &only, "--set", &test]].concat()).success();
    folder.read("plain/weights.safetensors")
}

#[test]
fn each_value_is_tested_once() {
    let folder = tones();
    let words = ["train", "tones.yaml", "--folds", "take", "--out", "folds", "--json"];
    let outcome = folder.snnc(&[&words[..], &ONLY].concat()).success();
    let json = outcome.json();
    assert_eq!(json["folds"]["folds"].as_array().map(Vec::len), Some(3));
    assert_eq!(json["folds"]["folds"][1]["tested"], "1");
    for take in 0..3 {
        let fold = folder.read(&format!("folds/take-{take}/weights.safetensors"));
        assert!(fold == weights(&folder, "[0, 1, 2]", &format!("[{take}]")), "fold {take}");
    }
    // The mean is that of the folds.
    let csv = folder.read_text("folds/folds.csv");
    let column =
        csv.lines().next().and_then(|head| head.split(',').position(|name| name == "test loss float"));
    let losses: Vec<f64> = csv
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').nth(column.expect("a column of losses"))?.parse().ok())
        .collect();
    assert_eq!(losses.len(), 3, "{csv}");
    let mean = json["folds"]["summary"]["test loss, float"]["mean"].as_f64().unwrap();
    assert!((mean - losses.iter().sum::<f64>() / 3.0).abs() < 1e-12, "{csv}\n{mean}");
    let page = folder.read_text("folds/report.html");
    assert!(page.contains("3 folds by `take`"), "{page}");
}

#[test]
fn nested_folds_see_nothing_of_what_is_left_out() {
    let folder = tones();
    let words = ["train", "tones.yaml", "--folds", "take", "--nested", "--seeds", "2", "--out", "nested"];
    let outcome = folder.snnc(&[&words[..], &ONLY].concat()).success();
    for text in ["6 folds by `take`, nested", "take left out", "inner test accuracy, float"] {
        assert!(outcome.stderr.contains(text), "no {text:?} in:\n{}", outcome.stderr);
    }
    let fold = folder.read("nested/without-0/take-1/seed-3/weights.safetensors");
    assert!(fold == weights(&folder, "[1, 2]", "[1]"));
    assert_eq!(folder.read_text("nested/folds.csv").lines().count(), 1 + 3 * 2 * 2);
}

#[test]
fn folds_resume() {
    let folder = tones();
    let words = ["train", "tones.yaml", "--folds", "take", "--out", "folds"];
    folder
        .snnc(&[&words[..], &ONLY, &["--resume"]].concat())
        .failure(2, &["has no checkpoint to resume from"]);
    folder.snnc(&[&words[..], &ONLY].concat()).success();
    let before = folder.read("folds/take-2/weights.safetensors");
    std::fs::remove_dir_all(folder.path("folds/take-2")).unwrap();
    folder.snnc(&[&words[..], &ONLY, &["--resume"]].concat()).success();
    assert!(folder.read("folds/take-2/weights.safetensors") == before);
}

#[test]
fn folds_that_cannot_be_made_are_refused() {
    let folder = tones();
    let train = |words: &[&str]| folder.snnc(&[&["train", "tones.yaml", "--out", "out"], words].concat());
    train(&["--folds", "speaker"]).failure(1, &["have no field `speaker`", "--folds"]);
    let one = ["--set", "data.only={take: [4]}"];
    train(&[&["--folds", "take"][..], &one].concat())
        .failure(1, &["have one value, `4`, in the field `take`"]);
    let two = ["--set", "data.only={take: [4, 5]}"];
    train(&[&["--folds", "take", "--nested"][..], &two].concat())
        .failure(1, &["folds need at least 3 values"]);
    train(&["--nested"]).failure(2, &["--folds <FIELD>"]);
    train(&["--set", "training.epochs=1"]).success();
    train(&["--folds", "take"]).failure(2, &["already contains a run without folds"]);
}
