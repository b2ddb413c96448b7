//! HTML reports of training and evaluation.

use crate::support::{Folder, tones};

/// Asserts that all tags are closed in order, and that the page loads nothing from the network.
pub(crate) fn check_page(html: &str) {
    for reference in ["http:", "https:", "src=", "href=", "@import", "url(", "<script"] {
        assert!(!html.contains(reference), "{reference}");
    }
    assert!(!html.contains("NaN") && !html.contains(">inf"), "numbers are numbers");
    const VOID: [&str; 2] = ["meta", "!doctype"];
    let (_, body) = html.split_once("</style>").expect("there is a style sheet");
    let mut open = vec!["html", "head"];
    for tag in body.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
        let name = tag.trim_start_matches('/').split_whitespace().next().unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "in {open:?}");
        } else if !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} are not closed");
}

/// Trains with these arguments and returns the HTML report.
fn page(folder: &Folder, words: &[&str]) -> String {
    folder.snnc(&[&["train", "tones.yaml", "--out", "out"], words].concat()).success();
    folder.read_text("out/report.html")
}

#[test]
fn report_has_every_section() {
    let folder = tones();
    let html = page(&folder, &["--set", "data.validation={take: [3]}", "--set", "training.epochs=12"]);
    check_page(&html);
    for part in [
        "accuracy on the test set, float",
        "accuracy on xylo-audio3",
        "<h2>Training curves</h2>",
        "Loss over epochs",
        "Accuracy over epochs",
        "Learning rate over epochs",
        "selected epoch: ",
        "<h2>Layer activity</h2>",
        "Firing rates over epochs",
        "Silent neurons over epochs",
        "Saturated neurons over epochs",
        "h0-&gt;out.weight",
        "<h2>Test results</h2>",
        "true low, predicted low: 2",
        "<h2>Test samples</h2>",
        "Class low, correct",
        "time (ms)",
        "Quantization for SynSense Xylo Audio 3",
        "<h2>Provenance</h2>",
        "<dt>optimizer.lr</dt><dd>0.01</dd>",
        "<dt>gradient_clip</dt><dd>none</dd>",
        "readout: mean_vmem",
    ] {
        assert!(html.contains(part), "no {part:?}");
    }
    assert!(html.len() < 300_000, "{} bytes", html.len());
}

#[test]
fn page_shows_all_epochs_after_resuming() {
    let folder = tones();
    let words = ["--set", "build=[]", "--set", "training.epochs=5"];
    let whole = page(&folder, &words);
    let resumed = page(&folder, &[&words[..], &["--resume"]].concat());
    let curves = |html: &str| {
        let (_, rest) = html.split_once("<h2>Training curves</h2>").expect("there are curves");
        rest.split_once("<h2>Test results</h2>").expect("there are results").0.to_owned()
    };
    assert_eq!(curves(&whole), curves(&resumed));
    assert!(curves(&whole).contains("epoch 5\n"));
    assert!(folder.read_text("out/report.md").contains("5 epochs, of which 0 in this run"));
    check_page(&resumed);
}

#[test]
fn eval_writes_a_report() {
    let folder = tones();
    folder.snnc(&["train", "tones.yaml", "--out", "out"]).success();
    let words = ["eval", "tones.yaml", "--weights", "out/weights.safetensors", "--on", "xylo-audio3"];
    folder.snnc(&[&words[..], &["--report", "page.html"]].concat()).success();
    folder.snnc(&[&words[..], &["--report", "-", "--json"]].concat()).failure(2, &["`--report`"]);
    let html = folder.read_text("page.html");
    check_page(&html);
    for part in ["accuracy on xylo-audio3", "<h2>Test samples</h2>", "out/weights.safetensors"] {
        assert!(html.contains(part), "no {part:?}");
    }
    let training = folder.read_text("out/report.html");
    let results = |html: &str| {
        let (_, rest) = html.split_once("<h2>Test results</h2>").expect("there are results");
        rest.split_once("<h2>Provenance</h2>").expect("there is an end").0.to_owned()
    };
    assert_eq!(results(&html), results(&training));
}

#[cfg(unix)]
#[test]
fn names_of_files_cannot_become_markup() {
    let folder = tones();
    let hostile = "<script>\"&'";
    for take in 0..6 {
        let (from, to) = (format!("data/low_{take}.wav"), format!("data/{hostile}_{take}.wav"));
        std::fs::rename(folder.path(&from), folder.path(&to)).expect("the file can be renamed");
    }
    let classes = "['<script>\"&''', high]";
    folder.write("tones.yaml", folder.read_text("tones.yaml").replace("[low, high]", classes));
    let html = page(&folder, &["--set", "training.epochs=1"]);
    check_page(&html);
    assert!(html.contains("Class &lt;script&gt;&quot;&amp;'") && !html.contains("\"&'"));
}

#[test]
fn warnings_appear_once_and_in_reports() {
    let folder = tones();
    // Weights near 0: the hidden layer never spikes.
    let text =
        folder.read_text("tones.snn").replace("output: vmem,", "output: vmem, weight_scale: [1e-6, 1],");
    folder.write("tones.snn", text);
    let outcome = folder.snnc(&[
        "train",
        "tones.yaml",
        "--out",
        "out",
        "--set",
        "training.epochs=3",
        "--set",
        "training.optimizer={kind: adam, lr: 1e-9}",
    ]);
    let outcome = outcome.success();
    let silent = "is silent in 100 % of the samples: the weights of";
    assert_eq!(outcome.stderr.matches(silent).count(), 1, "{}", outcome.stderr);
    let html = folder.read_text("out/report.html");
    check_page(&html);
    assert_eq!(html.matches(silent).count(), 1);
    assert!(html.contains("(in every epoch)"));
    assert!(folder.read_text("out/report.md").contains(silent));
}

#[test]
fn excessive_memory_is_rejected_before_reading_data() {
    let folder = tones();
    let outcome = folder.snnc(&["train", "tones.yaml", "--set", "training.epochs=1"]).success();
    assert!(outcome.stderr.contains("training needs about"), "{}", outcome.stderr);
    if std::path::Path::new("/proc/meminfo").exists() {
        let huge = ["--threads", "1024", "--set", "data.steps=16000000", "--set", "data.path=nowhere"];
        folder
            .snnc(&[&["train", "tones.yaml", "--out", "huge"], &huge[..]].concat())
            .failure(2, &["training needs about", "is available: use fewer threads", "training.recompute"]);
    }
}
