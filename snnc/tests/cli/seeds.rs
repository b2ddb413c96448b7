//! Validation, early stopping, and several seeds.

use crate::support::tones;

/// Returns a column of a metrics file.
fn column(text: &str, name: &str) -> Vec<f64> {
    let mut lines = text.lines();
    let place = lines.next().and_then(|head| head.split(',').position(|column| column == name));
    let place = place.unwrap_or_else(|| panic!("no column `{name}` in:\n{text}"));
    lines.map(|line| line.split(',').nth(place).and_then(|x| x.parse().ok()).expect("a number")).collect()
}

#[test]
fn the_best_epoch_by_validation_is_selected() {
    let folder = tones();
    let words = ["train", "tones.yaml", "--json", "--set", "data.validation=0.25"];
    let outcome = folder.snnc(&words).success();
    let json = outcome.json();
    let log = folder.read_text("runs/tones/metrics.csv");
    let (scores, losses) = (column(&log, "validation accuracy"), column(&log, "validation loss"));
    let (_, best) = best_epochs(&scores, &losses);
    assert_eq!(json["selected_epoch"].as_u64(), Some(best), "{scores:?} {losses:?}");
    assert!(outcome.stderr.contains(", 2 validation and 4 test samples"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("the best by validation accuracy"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("  validation "), "{}", outcome.stderr);

    let last = ["--set", "training.selection={by: loss}", "--out", "by-loss"];
    let json = folder.snnc(&[&words[..], &last].concat()).success().json();
    let losses = column(&folder.read_text("by-loss/metrics.csv"), "loss");
    let best = losses.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1)).map(|(i, _)| i + 1);
    assert_eq!(json["selected_epoch"].as_u64(), best.map(|n| n as u64), "{losses:?}");
}

/// Returns the first epoch with the highest score, and the one with the lowest loss among all of them, from 1.
fn best_epochs(scores: &[f64], losses: &[f64]) -> (u64, u64) {
    let highest = scores.iter().copied().fold(0.0, f64::max);
    let best: Vec<usize> = (0..scores.len()).filter(|&i| scores[i] == highest).collect();
    let lowest = best.iter().copied().min_by(|&a, &b| losses[a].total_cmp(&losses[b]));
    (best[0] as u64 + 1, lowest.map_or(0, |i| i as u64 + 1))
}

#[test]
fn training_stops_early() {
    let folder = tones();
    let words = ["train", "tones.yaml", "--json", "--set", "data.validation={take: [3]}", "--set"];
    let stopping = "training.selection={by: validation_accuracy, patience: 2}";
    let set = [stopping, "--set", "training.epochs=200"];
    let json = folder.snnc(&[&words[..], &set].concat()).success().json();
    let (epochs, selected) = (json["epochs"].as_u64(), json["selected_epoch"].as_u64());
    let log = folder.read_text("runs/tones/metrics.csv");
    let (scores, losses) = (column(&log, "validation accuracy"), column(&log, "validation loss"));
    let (first, best) = best_epochs(&scores, &losses);
    assert_eq!(epochs, Some(first + 2), "training stops after two epochs without a better score");
    assert_eq!(selected, Some(best), "{scores:?} {losses:?}");
    let again = folder.snnc(&[&words[..], &set, &["--resume"]].concat()).success().json();
    assert_eq!((again["epochs"].as_u64(), again["selected_epoch"].as_u64()), (epochs, selected));
}

#[test]
fn selection_needs_a_validation_set() {
    let folder = tones();
    for (set, says) in [
        ("training.selection={by: validation_loss}", "data.validation"),
        ("data.validation={take: [9]}", "`data.validation`: no sample has `take: 9`"),
        ("data.validation={takes: [3]}", "has no field `{takes}`"),
        ("data.validation=2", "a fraction must be above 0 and below 1"),
        ("data.validation={take: [0, 1, 2, 3]}", "the training set is empty"),
    ] {
        folder.snnc(&["train", "tones.yaml", "--set", set]).failure(1, &[says]);
    }
}

#[test]
fn several_seeds_give_mean_and_spread() {
    let folder = tones();
    let words = ["train", "tones.yaml", "--json", "--set", "training.epochs=4", "--out"];
    let outcome = folder.snnc(&[&words[..], &["three", "--seeds", "3"]].concat()).success();
    let json = outcome.json();
    let seeds = json["seeds"].as_array().expect("it is a list");
    let numbers: Vec<_> = seeds.iter().filter_map(|seed| seed["seed"].as_u64()).collect();
    assert_eq!(numbers, [3, 4, 5], "the recipe's seed is 3");
    let accuracies: Vec<f64> = seeds.iter().filter_map(|seed| seed["float"]["accuracy"].as_f64()).collect();
    let mean = json["summary"]["test accuracy, float"]["mean"].as_f64().expect("it is a number");
    assert!((mean - accuracies.iter().sum::<f64>() / 3.0).abs() < 1e-12);
    assert!(outcome.stderr.contains("standard deviation"), "{}", outcome.stderr);
    assert_eq!(folder.read_text("three/seeds.csv").lines().count(), 4);
    assert!(folder.read_text("three/report.html").contains("seed-4"));

    // Each run equals a run with this seed alone.
    folder.snnc(&[&words[..], &["one", "--set", "training.seed=4"]].concat()).success();
    for file in ["weights.safetensors", "metrics.csv", "checkpoint.safetensors", "tones.spec.npz"] {
        assert!(
            folder.read(&format!("one/{file}")) == folder.read(&format!("three/seed-4/{file}")),
            "{file}"
        );
    }
    assert_ne!(
        folder.read("three/seed-3/weights.safetensors"),
        folder.read("three/seed-4/weights.safetensors")
    );

    // `--resume` trains missing seeds; the recipe may list the seeds.
    std::fs::remove_dir_all(folder.path("three/seed-5")).expect("it was written");
    let resume = ["three", "--resume", "--set", "seeds=[3, 4, 5]"];
    let again = folder.snnc(&[&words[..], &resume].concat()).success().json();
    assert_eq!(again["summary"], json["summary"]);
}

#[test]
fn invalid_seeds_are_rejected() {
    let folder = tones();
    for (words, code, says) in [
        (&["--set", "seeds=[1, 1]"][..], 1, "duplicate seed 1"),
        (&["--set", "seeds=[]"], 1, "specify at least one seed"),
        (&["--seeds", "0"], 2, "--seeds"),
        (
            &["--seeds", "2", "--set", "training.seed=18446744073709551615"],
            1,
            "`--seeds 2` exceeds the range of seeds",
        ),
        (&["--seeds", "2", "--resume"], 2, "has no checkpoint to resume from"),
    ] {
        folder.snnc(&[&["train", "tones.yaml"], words].concat()).failure(code, &[says]);
    }
}
