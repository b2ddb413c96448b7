//! Datasets of every format, from files to trained weights.

use synnet_arrays::NpzWriter;

use crate::support::{Folder, RECIPE, Wav, repository, tones};

/// A network for the Spiking Heidelberg Digits.
const HEIDELBERG: &str = "network Heidelberg(inputs = 700) {
    dt: 10 ms;
    input cochlea: inputs;
    neuron n = lif { tau_mem: 20 ms, tau_syn: 20 ms, surrogate: periodic_exponential };
    layer hidden: n(12);
    layer out: n(2) { threshold: 32767 };
    cochlea -> linear -> hidden -> linear -> out;
    output out.vmem;
}
";

/// Returns a recipe with this section `data`.
fn recipe(data: &str) -> String {
    format!(
        "network: net.snn
{data}
training:
  epochs: 12
  batch: 4
  loss: {{ kind: cross_entropy, readout: mean_vmem }}
  optimizer: {{ kind: adam, lr: 0.03 }}
build: [rust]
"
    )
}

const SHD: &str = "data: { format: shd, path: shd.h5, test: { speaker: [2] }, classes: 2, steps: 21 }";

/// A folder with the network for it and the file that h5py wrote.
fn heidelberg(data: &str) -> Folder {
    let folder = Folder::new();
    folder.write("net.snn", HEIDELBERG);
    folder.write("r.yaml", recipe(data));
    let golden = std::fs::read(repository("tests/golden/data/shd.h5")).expect("the file is there");
    folder.write("shd.h5", golden);
    folder
}

fn train(folder: &Folder, rest: &[&str]) -> serde_json::Value {
    folder.snnc(&[&["train", "r.yaml", "--out", "out", "--json"], rest].concat()).success().json()
}

fn archive(integers: &[(&str, &[usize], &[i64])], floats: &[(&str, &[usize], &[f64])]) -> Vec<u8> {
    let mut archive = NpzWriter::new();
    integers.iter().for_each(|(name, shape, x)| archive.add(name, shape, x).expect("the shape fits"));
    floats.iter().for_each(|(name, shape, x)| archive.add(name, shape, x).expect("the shape fits"));
    archive.finish().expect("archives can be made")
}

/// Label, speaker, and events `(time, channel)`.
type Spoken = (i64, i64, Vec<(f64, i64)>);

/// The samples of the HDF5 file, from its twin in text.
fn samples() -> Vec<Spoken> {
    let text = std::fs::read_to_string(repository("tests/golden/data/shd.csv")).expect("the file is there");
    let mut samples: Vec<Spoken> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(',').collect();
        let number = |i: usize| words[i].parse().expect("it is a number");
        if number(0) as usize == samples.len() {
            samples.push((number(1), number(2), Vec::new()));
        }
        if let [_, _, _, time, channel] = words[..] {
            let event = (time.parse().expect("a number"), channel.parse().expect("a number"));
            samples.last_mut().expect("there is one").2.push(event);
        }
    }
    samples
}

#[test]
fn the_layout_of_the_heidelberg_digits_is_trained_on_and_evaluated() {
    let folder = heidelberg(SHD);
    let trained = train(&folder, &["--set", "training.epochs=40"]);
    assert_eq!(trained["float"]["samples"], 8, "one of three speakers is held back");
    assert_eq!(trained["float"]["accuracy"], 1.0, "the classes have other channels");
    let words = ["eval", "r.yaml", "--weights", "out/weights.safetensors", "--json"];
    assert_eq!(folder.snnc(&words).success().json()["float"], trained["float"]);
}

/// 700 channels become 16, which a chip takes.
#[test]
fn channels_are_pooled_for_a_chip() {
    let folder = heidelberg(&SHD.replace("classes", "channel_pool: 44, classes"));
    let words = ["--set", "params.inputs=16", "--set", "build=[xylo-audio3]", "--set", "data.validation=0.2"];
    let trained = train(&folder, &words);
    assert_eq!(trained["xylo-audio3"]["samples"], 8);
}

/// The same events as HDF5, as lists in text and in archives, and as rasters: the same weights, bit for bit.
#[test]
fn every_format_of_the_same_events_gives_the_same_weights() {
    let folder = heidelberg(SHD);
    // Times of 64 bits, as in the other files: a time may be that of a step in 16 bits only.
    let wide = std::fs::read(repository("tests/golden/data/shd_wide.h5")).expect("the file is there");
    folder.write("shd.h5", wide);
    train(&folder, &[]);
    let expected = folder.read("out/weights.safetensors");

    let samples = samples();
    let (mut rasters, mut labels, mut speakers) = (Vec::new(), Vec::new(), Vec::new());
    for (i, (label, speaker, events)) in samples.iter().enumerate() {
        let name = |extension: &str| format!("lists/{i:02}_{label}_{speaker}.{extension}");
        let lines = events.iter().map(|(time, channel)| format!("{},{channel}\n", time * 1e6));
        folder.write(&name("csv"), format!("time,channel\n{}", lines.collect::<String>()));
        let (times, channels): (Vec<f64>, Vec<i64>) = events.iter().copied().unzip();
        let shape = [events.len()];
        folder.write(&name("npz"), archive(&[("channel", &shape, &channels)], &[("time", &shape, &times)]));
        let mut raster = vec![0; 21 * 700];
        events
            .iter()
            .for_each(|(time, channel)| raster[(time * 100.0) as usize * 700 + *channel as usize] += 1);
        folder.write(
            &format!("one/{i:02}_{label}_{speaker}.npz"),
            archive(&[("raster", &[21, 700], &raster)], &[]),
        );
        rasters.extend(raster);
        labels.push(*label);
        speakers.push(*speaker);
    }
    let arrays: [(&str, &[usize], &[i64]); 3] =
        [("rasters", &[24, 21, 700], &rasters), ("labels", &[24], &labels), ("speaker", &[24], &speakers)];
    folder.write("all.npz", archive(&arrays, &[]));

    let rest = "test: { speaker: [2] }, classes: 2, steps: 21 }";
    let folder_of =
        |kind: &str| format!("path: lists, pattern: '{{index}}_{{label}}_{{speaker}}.{kind}', {rest}");
    for data in [
        format!("data: {{ format: events, time_unit: us, {}", folder_of("csv")),
        format!("data: {{ format: events, {}", folder_of("npz")),
        format!("data: {{ format: npz, path: one, {}", folder_of("npz").replace("path: lists, ", "")),
        format!("data: {{ format: npz, path: all.npz, {rest}"),
    ] {
        folder.write("r.yaml", recipe(&data));
        train(&folder, &[]);
        assert!(folder.read("out/weights.safetensors") == expected, "{data}");
    }
    let wrong = format!("data: {{ format: events, time_unit: s, {}", folder_of("csv"));
    folder.write("r.yaml", recipe(&wrong));
    let said = folder.snnc(&["train", "r.yaml", "--out", "wrong"]).success().stderr;
    assert!(said.contains("check `data.time_unit`"), "{said}");
}

/// A network follows a target sequence: its membrane should rise with the events of one channel.
#[test]
fn target_sequences_are_learned() {
    let folder = heidelberg("data: { format: npz, path: train.npz, test_path: test.npz, steps: 12 }");
    let network = HEIDELBERG.replace("layer out: n(2)", "layer out: n(1)");
    folder.write("net.snn", network);
    let (mut rasters, mut targets) = (Vec::new(), Vec::new());
    for sample in 0..6 {
        for t in 0..12 {
            let events: Vec<i64> = (0..3).map(|c| i64::from((t * 5 + sample * 3 + c) % 4 == 0)).collect();
            targets.push(0.1 * events[0] as f64);
            rasters.extend(events);
        }
    }
    let bytes = archive(&[("rasters", &[6, 12, 3], &rasters)], &[("targets", &[6, 12, 1], &targets)]);
    folder.write("train.npz", &bytes);
    folder.write("test.npz", &bytes);
    let loss = ["--set", "params.inputs=3", "--set", "training.loss={kind: mse}"];
    let outcome = folder.snnc(&[&["train", "r.yaml", "--out", "out"][..], &loss].concat()).success();
    assert!(outcome.stderr.contains("6 training and 6 test samples"), "{}", outcome.stderr);
    let text = folder.read_text("out/metrics.csv");
    let column = text.lines().next().and_then(|names| names.split(',').position(|name| name == "loss"));
    let column = column.expect("the loss is among the metrics");
    let losses: Vec<f64> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(column).and_then(|x| x.parse().ok()).expect("a number"))
        .collect();
    assert!(losses.last() < losses.first(), "{losses:?}");
}

const AUGMENTATION: &str = "augmentation: { gain: 6, noise: { snr: [5, 20], color: pink }, time_shift: 0.02, speed: 0.1, pitch: 0.1 }";

/// Augmented audio is the same for any number of threads, with or without an interrupt, and different for another seed.
#[test]
fn audio_augmentation_depends_on_the_seed_only() {
    let folder = tones();
    folder.write("tones.yaml", RECIPE.replace("  steps: 20", &format!("  steps: 20\n  {AUGMENTATION}")));
    let train = |out: &str, rest: &[&str]| {
        folder.snnc(&[&["train", "tones.yaml", "--out", out], rest].concat()).success();
        folder.read(&format!("{out}/weights.safetensors"))
    };
    let expected = train("a", &["--threads", "1"]);
    assert!(expected == train("b", &["--threads", "2"]));
    assert!(expected != train("c", &["--set", "data.augmentation={}"]));
    assert!(expected != train("e", &["--set", "training.seed=4"]));
    // A training of which only the first epoch's checkpoint is left.
    let mut first = folder.command(&["train", "tones.yaml", "--out", "d"]);
    let mut child = first.stderr(std::process::Stdio::null()).spawn().expect("the command can be started");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !folder.path("d/checkpoint.safetensors").exists() && std::time::Instant::now() < end {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    child.kill().expect("it is our own");
    child.wait().expect("it ends");
    assert!(expected == train("d", &["--resume"]));
}

#[test]
fn cache_never_changes_results() {
    let folder = tones();
    let train = |out: &str, cache: &str| {
        let cache = format!("data.cache={cache}");
        folder.snnc(&["train", "tones.yaml", "--out", out, "--set", &cache]).success();
        folder.read(&format!("{out}/weights.safetensors"))
    };
    let entries =
        || -> Vec<String> { folder.files().into_iter().filter(|name| name.starts_with("kept/")).collect() };
    let expected = train("a", "false");
    assert_eq!(entries(), Vec::<String>::new());
    assert!(train("b", "kept") == expected);
    let names = entries();
    assert_eq!(names.len(), 12, "one for each recording");
    assert!(train("c", "kept") == expected);
    // Two damaged entries and an empty one.
    let whole: Vec<Vec<u8>> = names.iter().map(|name| folder.read(name)).collect();
    let mut damaged = whole[0].clone();
    damaged[40] ^= 1;
    folder.write(&names[0], damaged);
    folder.write(&names[1], &whole[1][..whole[1].len() / 2]);
    folder.write(&names[2], b"");
    assert!(train("d", "kept") == expected);
    let after: Vec<Vec<u8>> = names.iter().map(|name| folder.read(name)).collect();
    assert!(entries() == names && after == whole, "damaged entries are made anew");
    // Another front end has entries of its own.
    let other = ["train", "tones.yaml", "--out", "e", "--set", "data.cache=kept", "--set", "front_end.b1=7"];
    folder.snnc(&other).success();
    assert_eq!(entries().len(), 24);
    // A cache that cannot be written is a warning.
    folder.write("file", "in the way");
    let words = ["train", "tones.yaml", "--out", "f", "--set", "data.cache=file"];
    let said = folder.snnc(&words).success().stderr;
    assert!(said.contains("cannot cache the front end's output in `file`"), "{said}");
    assert!(folder.read("f/weights.safetensors") == expected);
}

#[test]
fn a_path_of_its_own_holds_the_test_set() {
    let folder = tones();
    for take in 0..3 {
        folder.write(&format!("more/low_{take}.wav"), Wav::PLAIN.tone(300.0, 0.2));
        folder.write(&format!("more/high_{take}.wav"), Wav::PLAIN.tone(2500.0, 0.2));
    }
    folder.write("tones.yaml", RECIPE.replace("  test: { take: [4, 5] }", "  test_path: more"));
    let words = ["train", "tones.yaml", "--json", "--set", "data.validation={take: [5]}"];
    let outcome = folder.snnc(&words).success();
    assert_eq!(outcome.json()["float"]["samples"], 6);
    assert!(outcome.stderr.contains("10 training, 2 validation and 6 test samples"), "{}", outcome.stderr);
}

/// The rules of a split concern `data.path` alone.
#[test]
fn samples_of_the_training_path_only_train() {
    let folder = tones();
    for take in 3..7 {
        folder.write(&format!("more/low_{take}.wav"), Wav::PLAIN.tone(310.0, 0.2));
        folder.write(&format!("more/high_{take}.wav"), Wav::PLAIN.tone(2400.0, 0.2));
    }
    let rules = ["data.train_path=more", "data.only={take: [0, 1, 4, 5]}", "data.validation={take: [1]}"];
    let words: Vec<&str> = rules.iter().flat_map(|rule| ["--set", rule]).collect();
    let says = |count: &str, rest: &[&str]| {
        let outcome =
            folder.snnc(&[&["train", "tones.yaml", "--overwrite"], &words[..], rest].concat()).success();
        assert!(outcome.stderr.contains(count), "{}", outcome.stderr);
    };
    says("10 training, 2 validation and 4 test samples", &[]);
    says("10 training, 2 validation and 4 test samples", &["--set", "data.augmentation={gain: 6}"]);
    says("10 training, 2 validation and 4 test samples", &["--set", "data.validation=0.3"]);
    let folds = ["--folds", "take", "--set", "data.validation=null"];
    says("14 training and 2 test samples", &folds);
    folder.write("more/medium_0.wav", Wav::PLAIN.tone(800.0, 0.2));
    let outcome = folder.snnc(&[&["train", "tones.yaml", "--overwrite"], &words[..]].concat());
    outcome.failure(1, &["`data.classes` lacks a label of the samples: `medium`"]);
    let missing = ["train", "tones.yaml", "--overwrite", "--set", "data.train_path=none"];
    folder.snnc(&missing).failure(2, &["`data.train_path`: there is no such folder or file: `none`"]);
}

#[test]
fn a_table_that_only_trains_needs_no_fields_of_the_rules() {
    let test = "test: { speaker: [2] }, classes: 2, steps: 12";
    let folder = heidelberg(&format!("data: {{ format: npz, path: all.npz, train_path: more.npz, {test} }}"));
    let rasters: Vec<i64> = (0..6 * 12 * 3).map(|i| i64::from(i % 4 == 0)).collect();
    let rasters = ("rasters", &[6, 12, 3][..], &rasters[..]);
    let labels = ("labels", &[6][..], &[0, 1, 0, 1, 0, 1][..]);
    let speaker = ("speaker", &[6][..], &[0, 0, 1, 1, 2, 2][..]);
    folder.write("all.npz", archive(&[rasters, labels, speaker], &[]));
    folder.write("more.npz", archive(&[rasters, labels], &[]));
    let train = ["train", "r.yaml", "--out", "out", "--set", "params.inputs=3"];
    let outcome = folder.snnc(&train).success();
    assert!(outcome.stderr.contains("10 training and 2 test samples"), "{}", outcome.stderr);
    folder.write("more.npz", archive(&[rasters, speaker], &[]));
    folder
        .snnc(&[&train[..], &["--overwrite"]].concat())
        .failure(1, &["`more.npz`: there is no array `labels`"]);
}

/// Each mistake about data gets the right code and its name, and nothing is written.
#[test]
fn data_errors_are_reported() {
    let folder = heidelberg(SHD);
    let small = |shape: &[usize], labels: &[i64]| {
        let rasters = vec![1; shape.iter().product()];
        archive(&[("rasters", shape, &rasters), ("labels", &[labels.len()], labels)], &[])
    };
    folder.write("narrow.npz", small(&[2, 3, 5], &[0, 1]));
    folder.write("fit.npz", small(&[2, 3, 700], &[0, 7]));
    folder.write("traces.npz", {
        let (rasters, targets) = (vec![1; 700], vec![0.5; 3]);
        archive(&[("rasters", &[1, 1, 700], &rasters)], &[("targets", &[1, 1, 3], &targets)])
    });
    folder.write("lists/0_a.csv", "channel,time\n1,0.1\n2;x\n");
    folder.write("lists/1_b.csv", "channel,time\n701,0.1\n");
    folder.write("text.h5", "hello");
    let npz = |path: &str, rest: &str| format!("data: {{ format: npz, path: {path}, steps: 3, {rest} }}");
    let lists = "data: { format: events, path: lists, steps: 3, classes: 2, test: { take: [a] }, ";
    for (data, code, says) in [
        (SHD.replace("shd.h5", "text.h5"), 1, &["`text.h5`", "does not start with the HDF5 signature"][..]),
        (SHD.replace("shd.h5", "none.h5"), 2, &["`none.h5`", "no such folder or file"]),
        (SHD.replace("shd.h5", "lists"), 1, &["`lists`", "the format `shd` is a single HDF5 file"]),
        (SHD.replace("speaker", "accent"), 1, &["no field `accent`", "`data.test`", "`label`, `speaker`"]),
        (SHD.replace("[2]", "[9]"), 1, &["`data.test`: no sample has `speaker: 9`"]),
        (
            SHD.replace("test: { speaker: [2] }", "steps: 4").replace(", steps: 21", ""),
            1,
            &["`data.test` is missing"],
        ),
        (SHD.replace("classes: 2,", ""), 1, &["`data.classes` is missing"]),
        (
            SHD.replace("classes: 2", "classes: zwei"),
            1,
            &["data.classes", "expected a list of classes, or their number"],
        ),
        (
            SHD.replace("classes: 2", "classes: [1, 2]"),
            1,
            &["`data.classes` lacks a label of the samples: `0` (12 samples, such as `sample 0`)"],
        ),
        (
            SHD.replace("shd,", "hdf,"),
            1,
            &["data.format", "`data.format` is `hdf`; expected `wav`, `npz`, `events` or `shd`"],
        ),
        (SHD.replace("steps", "channel_pool: 0, steps"), 1, &["`data.channel_pool`"]),
        (
            SHD.replace("steps", "pattern: '{label}.h5', steps"),
            1,
            &["`data.pattern` applies only to folders, but `data.format` is `shd` (a single file)"],
        ),
        (SHD.replace("steps", "time_unit: ms, steps"), 1, &["`data.time_unit` applies only to event lists"]),
        (
            SHD.replace("steps", "augmentation: { gain: 3 }, steps"),
            1,
            &["`data.augmentation` applies only to audio"],
        ),
        (
            SHD.replace("steps", "cache: 3, steps"),
            1,
            &["data.cache", "expected `true`, `false` or the path of a folder"],
        ),
        (
            npz("narrow.npz", "test: { label: [1] }, classes: 2"),
            1,
            &["5 channels", "the network has 700 inputs"],
        ),
        (
            npz("fit.npz", "test: { label: [1] }, classes: 2"),
            1,
            &["`data.classes` lacks a label of the samples: `7` (`sample 1`)"],
        ),
        (npz("fit.npz", "test: { label: [1] }"), 1, &["has `labels`; name the classes"]),
        (npz("traces.npz", "test: { take: [1] }"), 1, &["targets for 3 outputs; the network has 2"]),
        (npz("traces.npz", "test: { take: [1] }, classes: 2"), 1, &["omit `data.classes`"]),
        (npz("lists", "test: { take: [1] }, classes: 2"), 1, &["`lists`", "`data.pattern`"]),
        (
            format!("{lists} pattern: '{{label}}_{{take}}.csv' }}"),
            1,
            &["0_a.csv`: line 3: expected a channel and a time, found `2;x`", "1_b.csv`: line 2", "701"],
        ),
        (
            format!("{lists} pattern: '{{label}}_{{word}}.csv' }}"),
            1,
            &["no field `{take}`, which `data.test`"],
        ),
        (
            format!("{lists} time_unit: h, pattern: '{{label}}_{{take}}.csv' }}"),
            1,
            &["data.time_unit", "`h`"],
        ),
        (format!("{lists} channel_pool: 2 }}"), 1, &["`data.pattern` is missing"]),
    ] {
        folder.write("r.yaml", recipe(&data));
        let before = folder.files();
        folder.snnc(&["train", "r.yaml", "--out", "out"]).failure(code, says);
        assert_eq!(folder.files(), before, "{data}");
    }
    let folder = tones();
    for (augmentation, says) in [
        ("{ gain: -3 }", "gain` is -3; it must be from 0 to 60"),
        ("{ noise: { snr: [20, 3] } }", "noise.snr` is [20, 3]"),
        ("{ noise: { snr: [3, 20], color: brown } }", "`brown`"),
        ("{ volume: 3 }", "`volume`"),
    ] {
        let set = format!("data.augmentation={augmentation}");
        folder.snnc(&["train", "tones.yaml", "--set", &set]).failure(1, &["data.augmentation", says]);
    }
}
