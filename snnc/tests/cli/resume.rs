//! `snnc train --resume`, after an interrupt, after a kill, and from files that do not match.

use std::process::Stdio;

use crate::support::{Folder, result, tones};

/// Returns the epochs in the metrics of a folder.
fn epochs(folder: &Folder, out: &str) -> Vec<String> {
    let text = folder.read_text(&format!("{out}/metrics.csv"));
    text.lines().skip(1).map(|line| line.split(',').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn other_network_or_data_is_rejected() {
    let folder = tones();
    let words = ["train", "tones.yaml", "--out", "a", "--set", "training.epochs=2"];
    folder.snnc(&words).success();
    for (setting, part) in [
        ("data.steps=19", "dataset"),
        ("data.test={take: [3, 4]}", "dataset"),
        ("front_end.normalization=channel", "dataset"),
        ("data.augmentation={gain: 3}", "`data.augmentation`"),
    ] {
        let says = ["checkpoint.safetensors` was made with another", part, "start a new run"];
        folder.snnc(&[&words[..], &["--resume", "--set", setting]].concat()).failure(1, &says);
    }
    folder.snnc(&[&words[..], &["--resume"]].concat()).success();
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

#[test]
fn history_shorter_than_the_checkpoint_is_rejected() {
    let folder = tones();
    let words = ["train", "tones.yaml", "--out", "a", "--set", "training.epochs=3"];
    folder.snnc(&words).success();
    let resume = [&words[..], &["--resume"]].concat();
    let whole = folder.read_text("a/metrics.csv");
    let two: String = whole.lines().take(3).map(|line| format!("{line}\n")).collect();
    for (metrics, says) in [
        (two.as_str(), "the file holds 2 epochs, but the checkpoint beside it has 3"),
        (&whole.replacen("\n1,", "\none,", 1), "line 2: `one` is not a number"),
        (&whole.replacen("\n1,", "\n1,1,", 1), "line 2 has "),
        ("", "the file holds 0 epochs"),
    ] {
        folder.write("a/metrics.csv", metrics);
        folder.snnc(&resume).failure(1, &["a/metrics.csv", says]);
    }
    // A process that was killed while it wrote leaves a part of a line.
    folder.write("a/metrics.csv", format!("{whole}4,0."));
    folder.snnc(&resume).success();
    assert_eq!(folder.read_text("a/metrics.csv"), whole);
}

/// Asserts that two output folders have the same files, except for reports, which state durations and paths.
fn same_files(folder: &Folder, a: &str, b: &str) {
    let names = |out: &str| -> Vec<String> {
        let files = folder.files().into_iter();
        files.filter_map(|name| name.strip_prefix(&format!("{out}/")).map(str::to_owned)).collect()
    };
    assert_eq!(names(a), names(b));
    for name in names(a).iter().filter(|name| !name.starts_with("report.")) {
        assert!(folder.read(&format!("{a}/{name}")) == folder.read(&format!("{b}/{name}")), "{name}");
    }
}

/// The process is killed repeatedly, at arbitrary times.
#[test]
fn killed_training_loses_at_most_one_epoch() {
    let folder = tones();
    let words =
        ["train", "tones.yaml", "--set", "training.epochs=300", "--set", "data.validation={take: [3]}"];
    let whole = folder.snnc(&[&words[..], &["--out", "whole", "--json"]].concat()).success().json();
    let killed = [&words[..], &["--out", "killed"]].concat();
    let rows =
        || std::fs::read_to_string(folder.path("killed/metrics.csv")).map_or(0, |text| text.lines().count());
    let has_checkpoint = || folder.path("killed/checkpoint.safetensors").exists();
    let mut delay = 1u64;
    let mut kills_in_training = 0;
    for _ in 0..20 {
        let resume: &[&str] = if has_checkpoint() { &["--resume"] } else { &[] };
        let before = rows();
        let mut command = folder.command(&[&killed[..], resume].concat());
        let mut child = command.stderr(Stdio::null()).spawn().expect("it can be started");
        while rows() <= before + 1 && child.try_wait().expect("it can be asked").is_none() {
            std::thread::sleep(std::time::Duration::from_micros(200));
        }
        // Times spread over an epoch, from a linear congruential generator.
        delay = delay.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(std::time::Duration::from_micros((delay >> 33) % 6000));
        let running = child.try_wait().expect("it can be asked").is_none();
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        if running {
            kills_in_training += 1;
            // The metrics of the first epoch are written before the first checkpoint.
            let done =
                has_checkpoint().then(|| epochs_in_checkpoint(&folder, "killed/checkpoint.safetensors"));
            let done = done.unwrap_or(0);
            let written = epochs(&folder, "killed").len();
            assert!(
                done <= written && written <= done + 1,
                "{written} epochs written, {done} in the checkpoint"
            );
        }
    }
    assert!(kills_in_training > 10, "{kills_in_training} kills came while it trained");
    let resumed = folder.snnc(&[&killed[..], &["--resume", "--json"]].concat()).success().json();
    assert_eq!(result(resumed), result(whole));
    same_files(&folder, "killed", "whole");
}

/// Returns the number of complete epochs in a checkpoint.
fn epochs_in_checkpoint(folder: &Folder, name: &str) -> usize {
    let bytes = folder.read(name);
    let text = String::from_utf8_lossy(&bytes);
    let (_, after) = text.split_once("\\\"epoch\\\":").expect("the header holds the position");
    after.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok()).expect("it is a number")
}

/// There is one update per epoch, and the first one gives weights with which the second epoch overflows.
#[test]
fn nan_stops_training_and_keeps_the_checkpoint() {
    let folder = tones();
    let steep = ["--set", "training.optimizer={kind: adam, lr: 3e37}", "--set", "training.batch=8"];
    let words = [&["train", "tones.yaml", "--out", "a"], &steep[..]].concat();
    let says = [
        "training stopped: the loss of sample",
        "is not finite in epoch 2, batch 1: layer `h0` becomes infinite or NaN in time step",
        "lower the learning rate",
        "`a/checkpoint.safetensors` has the state after epoch 1",
    ];
    folder.snnc(&words).failure(1, &says);
    assert_eq!(epochs_in_checkpoint(&folder, "a/checkpoint.safetensors"), 1);
    assert_eq!(epochs(&folder, "a"), ["1"]);
    let before = folder.read("a/checkpoint.safetensors");
    folder.snnc(&[&words[..], &["--resume"]].concat()).failure(1, &says);
    assert_eq!(folder.read("a/checkpoint.safetensors"), before);
    let files: Vec<String> = folder.files().into_iter().filter(|name| name.starts_with("a/")).collect();
    assert_eq!(files, ["a/checkpoint.safetensors", "a/metrics.csv"]);
}

#[cfg(unix)]
mod interrupted {
    use super::*;
    use crate::support::Outcome;
    use std::process::Command;
    use std::time::Duration;

    /// Starts training, waits until its metrics have more than `after` lines, and sends SIGTERM, which a parent in the
    /// background ignores less often than SIGINT.
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
        // Fails if training has already ended, which the caller handles.
        let _ = Command::new("kill")
            .args(["-TERM", &id])
            .stderr(Stdio::null())
            .status()
            .expect("`kill` can be run");
        Outcome::of(child.wait_with_output().expect("it ends"))
    }

    #[test]
    fn interrupted_training_resumes() {
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

    /// An interrupted and resumed run gives the same bytes as an uninterrupted one. If training ends before the signal
    /// arrives, the test tries again with more epochs.
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
            same_files(&folder, "broken", "whole");
            return;
        }
        panic!("no signal arrived in time");
    }
}
