//! `snnc train` and `snnc eval`, on recordings of two tones.

use serde_json::Value;

use crate::support::{Folder, tones};

/// What belongs to a training but not to its result: how long it took, and where its files are.
fn result(mut json: Value) -> Value {
    let object = json.as_object_mut().expect("results are an object");
    assert!(object.remove("seconds").is_some() && object.remove("written").is_some());
    json
}

/// The accuracy of each epoch in a folder's log.
fn epochs(folder: &Folder, out: &str) -> Vec<String> {
    let text = folder.read_text(&format!("{out}/metrics.csv"));
    text.lines().skip(1).map(|line| line.split(',').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_training_leaves_everything_that_its_recipe_asks_for() {
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
        "report.md",
        "tones.py",
        "tones.rs",
        "tones.spec.npz",
        "tones.weights",
        "weights.safetensors",
    ];
    assert_eq!(files, expected);
    assert_eq!(json["written"].as_array().map(Vec::len), Some(expected.len()), "{json:#}");
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
        "spikes per neuron and step, h0",
        "weights.safetensors",
    ] {
        assert!(outcome.stderr.contains(what), "no {what:?} in:\n{}", outcome.stderr);
    }
    assert!(folder.read_text("runs/tones/report.md").contains("Confusion on SynSense Xylo Audio 3"));

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
    folder.snnc(&["train", "tones.yaml", "--set", "training.epochs=0"]).failure(1, &["`epochs`"]);
    folder.snnc(&["train", "tones.yaml", "--set", "training.epochs"]).failure(2, &["--set"]);
    folder
        .snnc(&["train", "tones.yaml", "--set", "training.epochs.x=1"])
        .failure(1, &["--set training.epochs.x"]);
    folder.snnc(&["train", "tones.yaml", "--threads", "0"]).failure(2, &["--threads"]);
}

#[test]
fn a_checkpoint_of_another_training_is_refused() {
    let folder = tones();
    folder.snnc(&["train", "tones.yaml", "--out", "a", "--resume"]).failure(2, &["checkpoint.safetensors"]);
    folder.snnc(&["train", "tones.yaml", "--out", "a", "--set", "training.epochs=1"]).success();
    let again = ["train", "tones.yaml", "--out", "a", "--resume", "--set", "training.epochs=1", "--set"];
    let weights = folder.read("a/weights.safetensors");
    folder.snnc(&[&again[..], &["training.seed=4"]].concat()).failure(1, &["`seed`"]);
    folder.write("a/checkpoint.safetensors", &weights);
    folder.snnc(&[&again[..], &["training.seed=3"]].concat()).failure(1, &["not a checkpoint"]);
    folder.write("a/checkpoint.safetensors", b"hello");
    folder.snnc(&[&again[..], &["training.seed=3"]].concat()).failure(1, &["not a checkpoint"]);
    assert_eq!(folder.read("a/weights.safetensors"), weights);
}

#[cfg(unix)]
mod interrupted {
    use super::*;
    use crate::support::Outcome;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    /// Starts a training, waits until its log says more than `after`, and sends it an interrupt.
    fn interrupt(folder: &Folder, words: &[&str], out: &str, after: usize) -> Outcome {
        let mut command = folder.command(words);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be started");
        let log = folder.path(&format!("{out}/metrics.csv"));
        let lines = || std::fs::read_to_string(&log).map_or(0, |text| text.lines().count());
        while lines() <= after && child.try_wait().expect("it can be asked").is_none() {
            std::thread::sleep(Duration::from_millis(2));
        }
        let id = child.id().to_string();
        // Where the training has ended by itself, there is nobody to take the signal.
        let _ = Command::new("kill")
            .args(["-INT", &id])
            .stderr(Stdio::null())
            .status()
            .expect("`kill` can be run");
        Outcome::of(child.wait_with_output().expect("it ends"))
    }

    #[test]
    fn a_training_goes_on_where_it_was_interrupted() {
        let folder = tones();
        let words = ["train", "tones.yaml", "--out", "out", "--set", "training.epochs=1000000"];
        let outcome = interrupt(&folder, &words, "out", 0);
        outcome.failure(130, &["interrupted after", "of 1000000 epochs", "`--resume`"]);
        let files: Vec<String> = folder.files().into_iter().filter(|name| name.starts_with("out/")).collect();
        assert_eq!(files, ["out/checkpoint.safetensors", "out/metrics.csv"]);
        let before = epochs(&folder, "out");
        let resume = [&words[..], &["--resume"]].concat();
        interrupt(&folder, &resume, "out", before.len() + 1).failure(130, &["interrupted after"]);
        let after = epochs(&folder, "out");
        assert!(after.len() > before.len() && after.starts_with(&before));
        assert!(
            after.iter().enumerate().all(|(i, epoch)| *epoch == (i + 1).to_string()),
            "none is lost or done twice"
        );
    }

    /// The same bytes as without an interruption. Should a quick machine be through before the signal
    /// arrives, it gets more to do.
    #[test]
    fn an_interruption_leaves_no_trace() {
        let folder = tones();
        for epochs in [100, 1000, 10_000] {
            let set = format!("training.epochs={epochs}");
            let words = ["train", "tones.yaml", "--json", "--set", &set, "--out"];
            let broken = [&words[..], &["broken"]].concat();
            if interrupt(&folder, &broken, "broken", 3).code == Some(0) {
                std::fs::remove_dir_all(folder.path("broken")).expect("it was written");
                continue;
            }
            let resumed = folder.snnc(&[&broken[..], &["--resume"]].concat()).success().json();
            let whole = folder.snnc(&[&words[..], &["whole"]].concat()).success().json();
            assert_eq!(result(resumed), result(whole));
            for file in ["weights.safetensors", "checkpoint.safetensors", "tones.spec.npz", "tones.weights"] {
                assert!(
                    folder.read(&format!("broken/{file}")) == folder.read(&format!("whole/{file}")),
                    "{file}"
                );
            }
            // The epoch in which the signal came is logged by the batches that were left of it.
            let [broken, whole] =
                ["broken", "whole"].map(|out| folder.read_text(&format!("{out}/metrics.csv")));
            assert_eq!(broken.lines().count(), whole.lines().count());
            let other = broken.lines().zip(whole.lines()).filter(|(a, b)| a != b).count();
            assert!(other <= 1, "{other} epochs are logged otherwise");
            return;
        }
        panic!("no signal arrived in time");
    }
}
