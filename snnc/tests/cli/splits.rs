//! Splits and folders of samples: what is selected, what is skipped, and what is said about it.

use crate::support::{Folder, Outcome, RECIPE, TONES, Wav, npy, tones};

/// A folder as Speech Commands unpacks: words, list files, noise, and files that are no samples.
fn speech_commands() -> Folder {
    let folder = Folder::new();
    folder.write("tones.snn", TONES);
    let (mut testing, mut validation) = (String::new(), String::new());
    for (word, hertz) in [("yes", 300.0), ("no", 2500.0), ("bed", 900.0), ("bird", 1200.0)] {
        for (i, speaker) in
            ["0001e234", "00012345", "0x1f", "a1b2c3d4", "7f7f7f7f", "e0000001"].iter().enumerate()
        {
            let name = format!("{word}/{speaker}_nohash_0.wav");
            let detuned = 1.0 + 0.01 * i as f64;
            folder.write(&format!("sc/{name}"), Wav::PLAIN.tone(hertz * detuned, 0.2));
            match *speaker {
                "0001e234" => testing += &format!("{name}\n"),
                "0x1f" => validation += &format!("{name}\n"),
                _ => {}
            }
        }
    }
    folder.write("sc/testing_list.txt", testing);
    folder.write("sc/validation_list.txt", validation);
    folder.write("sc/LICENSE", "");
    folder.write("sc/.DS_Store", "");
    folder.write("sc/yes/tap.flac", "");
    folder.write("sc/_background_noise_/running_tap.wav", Wav::PLAIN.tone(50.0, 1.0));
    folder.write("sc/_background_noise_/README.md", "");
    folder
}

const BY_LIST: &str = "test: { list: testing_list.txt }, validation: { list: validation_list.txt }";

/// Trains on the folder with these keys of `data`.
fn train(folder: &Folder, keys: &str) -> Outcome {
    let data = format!(
        "data: {{ path: sc, pattern: '{{label}}/{{speaker}}_nohash_{{take}}.wav', steps: 20, {keys} }}\n"
    );
    let (front_end, training) =
        RECIPE.split_once("front_end:").map(|(_, rest)| ("front_end:", rest)).unwrap();
    folder.write("sc.yaml", format!("network: tones.snn\n{data}{front_end}{training}build: []\n"));
    folder.snnc(&["train", "sc.yaml", "--out", "out", "--overwrite", "--set", "training.epochs=1"])
}

#[test]
fn speech_commands_are_read_as_unpacked() {
    let folder = speech_commands();
    let outcome = train(&folder, &format!("classes: [yes, unknown], {BY_LIST}")).success();
    for text in [
        "16 training, 4 validation and 4 test samples",
        "skipped 1 hidden file (`.DS_Store`), 1 ignored file or folder (`_background_noise_`), 1 file with another \
         extension (`yes/tap.flac`)",
        "class `unknown` gathers 18 samples of 3 labels: `bed`, `bird`, `no`",
    ] {
        assert!(outcome.stderr.contains(text), "no {text:?} in:\n{}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains("warning: `sc`"), "{}", outcome.stderr);
    train(&folder, &format!("classes: [yes, no], only: {{ label: [yes, no] }}, {BY_LIST}")).success();
    train(&folder, &format!("classes: [yes, no], {BY_LIST}"))
        .failure(1, &["`data.classes` lacks 2 labels of the samples: `bed` (6 samples, such as `bed/00012345_nohash_0.wav`)", "add the class `unknown`"]);
    train(&folder, &format!("classes: [yes, rest], unknown: rest, {BY_LIST}")).success();
    train(&folder, &format!("classes: [yes, rest], unknown: others, {BY_LIST}"))
        .failure(1, &["`data.unknown` is `others`, which is not one of `data.classes`"]);
}

#[test]
fn noise_of_the_dataset_is_added_if_asked_for() {
    let folder = speech_commands();
    let keys = format!("classes: [yes, unknown], {BY_LIST}");
    let weights = |noise: &str| {
        train(&folder, &format!("{keys}, augmentation: {{ noise: {{ snr: [0, 0]{noise} }} }}")).success();
        folder.read("out/weights.safetensors")
    };
    let recorded = weights(", recordings: _background_noise_");
    assert!(recorded == weights(", recordings: _background_noise_"));
    assert!(recorded != weights(""));
    let noise = format!("{keys}, augmentation: {{ noise: {{ snr: [0, 0], recordings: NAME }} }}");
    train(&folder, &noise.replace("NAME", "nowhere")).failure(2, &["there is no such folder: `sc/nowhere`"]);
    // A folder of noise among the samples is no class.
    folder.write("sc/noise/a1b2c3d4_nohash_0.wav", Wav::PLAIN.tone(50.0, 1.0));
    let outcome = train(&folder, &noise.replace("NAME", "noise")).success();
    assert!(outcome.stderr.contains("16 training, 4 validation and 4 test samples"), "{}", outcome.stderr);
    folder.write("sc/noise/b.wav", "no sound");
    train(&folder, &noise.replace("NAME", "noise"))
        .failure(1, &["1 noise recording cannot be used", "`b.wav`"]);
}

#[test]
fn lists_that_name_missing_files_are_reported() {
    let folder = speech_commands();
    let keys = "classes: [yes, unknown], test: { list: short.txt }";
    folder.write("sc/short.txt", "# a comment\n./yes/0001e234_nohash_0.wav\nyes\\nobody_nohash_0.wav\n\n");
    let outcome = train(&folder, keys).success();
    let said = "`data.test`: 1 of 2 names in `sc/short.txt` are not among the samples, such as `yes/nobody_nohash_0.wav`";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    train(&folder, &format!("{keys}, strict: true")).failure(1, &[said]);
    folder.write("sc/short.txt", "0001e234_nohash_0.wav\n");
    train(&folder, keys).failure(1, &["1 of 1 name in", "names are relative to `data.path`"]);
    // Beside the recipe, if the dataset has no such file; an error names the place in the dataset.
    folder.write("mine.txt", "yes/0001e234_nohash_0.wav\n");
    train(&folder, &keys.replace("short", "mine")).success();
    train(&folder, &keys.replace("short", "none")).failure(2, &["there is no such file: `sc/none.txt`"]);
}

#[test]
fn fields_compare_as_written() {
    let folder = speech_commands();
    for (speakers, tested) in [("0001e234", 4), ("00012345", 4), ("'0x1f'", 4), ("e0000001, 0x1f", 8)] {
        let keys = format!("classes: [yes, unknown], test: {{ speaker: [{speakers}] }}");
        let outcome = train(&folder, &keys).success();
        let said = format!("{} training and {tested} test samples", 24 - tested);
        assert!(outcome.stderr.contains(&said), "{speakers}: {}", outcome.stderr);
    }
}

#[test]
fn values_that_no_sample_has_are_errors() {
    let folder = speech_commands();
    for (keys, says) in [
        (
            "classes: [yes, unknown], test: { speaker: [a1b2c3d4, nosuchone] }",
            &[
                "sc.yaml:2:",
                "`data.test`: no sample has `speaker: nosuchone`",
                "its values are `00012345`, `0001e234`",
            ][..],
        ),
        (
            "classes: [yes, unknown], test: { speaker: [a1b2c3d4, 7f7f7f7] }",
            &["R0401", "`data.test`: no sample has `speaker: 7f7f7f7`", "did you mean `7f7f7f7f`?"],
        ),
        (
            "classes: [yes, unknown], only: { label: [yes, bed, brid] }, test: { speaker: [a1b2c3d4] }, \
             validation: { speaker: [nobody] }",
            &["`data.only`: no sample has `label: brid`", "`data.validation`: no sample has"],
        ),
        (
            "classes: [yes, maybe, unknown], test: { speaker: [a1b2c3d4] }",
            &["`data.classes`: no sample has the label `maybe`"],
        ),
        (
            "classes: [yes, unknown], strict: true, test: { label: [yes] }",
            &["class `yes` has no training sample: its 6 samples are in the test or validation set"],
        ),
    ] {
        let outcome = train(&folder, keys);
        // Two outputs: one class more is an error of its own.
        if outcome.stderr.contains("the recipe names 3 classes") {
            continue;
        }
        outcome.failure(1, says);
    }
}

#[test]
fn a_class_without_a_training_sample_is_an_error_unless_it_is_held_out_by_name() {
    let folder = speech_commands();
    let says = "class `yes` has no training sample: its 6 samples are in the test or validation set";
    // No rule names the class.
    let by_take = "classes: [yes, no], only: { label: [yes, no] }, test: { list: yes.txt }";
    let speakers = ["0001e234", "00012345", "0x1f", "a1b2c3d4", "7f7f7f7f", "e0000001"];
    let list: String = speakers.iter().map(|speaker| format!("yes/{speaker}_nohash_0.wav\n")).collect();
    folder.write("sc/yes.txt", list);
    train(&folder, by_take).failure(1, &["R0401", says, "sc.yaml:2:", "`label: [yes]`"]);
    // It is named.
    let by_name = "classes: [yes, no], only: { label: [yes, no] }, test: { label: [yes] }";
    let outcome = train(&folder, by_name).success();
    assert!(outcome.stderr.contains(&format!("warning: {says}")), "{}", outcome.stderr);
    train(&folder, &format!("{by_name}, strict: true")).failure(1, &[says]);
}

#[test]
fn labels_that_only_look_like_a_class_are_explained() {
    let folder = speech_commands();
    // `é` in one character, and as macOS writes it.
    std::fs::rename(folder.path("sc/no"), folder.path("sc/cafe\u{301}")).expect("folders can be renamed");
    let keys =
        "classes: [yes, 'caf\u{e9}'], only: { label: [yes, 'caf\u{e9}'] }, test: { speaker: [a1b2c3d4] }";
    train(&folder, keys).failure(1, &["no sample has `label: caf\u{e9}`", "a combining accent"]);
    let keys = "classes: [yes, 'caf\u{e9}'], ignore: [bed, bird], test: { speaker: [a1b2c3d4] }";
    train(&folder, keys).failure(1, &["lacks a label of the samples: `cafe\u{301}`", "a combining accent"]);
}

#[test]
fn patterns_leave_files_out() {
    let folder = speech_commands();
    let keys = "classes: [yes, unknown], test: { speaker: [a1b2c3d4] }";
    let outcome = train(&folder, &format!("{keys}, ignore: [bird, 'no/*_0.wav']")).success();
    assert!(outcome.stderr.contains("10 training and 2 test samples"), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("8 ignored files or folders (such as `_background_noise_`)"),
        "{}",
        outcome.stderr
    );
    train(&folder, &format!("{keys}, ignore: ['[']")).failure(1, &["`data.ignore`: `[` is not a pattern"]);
    folder.write("sc/yes/stray.wav", Wav::PLAIN.tone(300.0, 0.2));
    folder.write("sc/yes/b0000000_nohash_0.WAV", Wav::PLAIN.tone(300.0, 0.2));
    let outcome = train(&folder, keys).success();
    let said = "warning: `sc`: skipped 1 file (`yes/stray.wav`) whose names do not match the pattern";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("21 training and 4 test samples"), "{}", outcome.stderr);
    train(&folder, &format!("{keys}, strict: true"))
        .failure(1, &["`yes/stray.wav`", "correct `data.pattern`"]);
}

#[test]
fn overlap_of_training_and_test_is_a_warning() {
    let folder = speech_commands();
    let yes = folder.read("sc/yes/7f7f7f7f_nohash_0.wav");
    folder.write("sc/yes/a1b2c3d4_nohash_1.wav", yes);
    let outcome = train(&folder, "classes: [yes, unknown], test: { speaker: [a1b2c3d4] }").success();
    let said = "warning: 1 of the 5 test samples are also in the training or validation set, with the same content, such as \
                `sc/yes/a1b2c3d4_nohash_1.wav` and `sc/yes/7f7f7f7f_nohash_0.wav`";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    let outcome =
        train(&folder, "classes: [yes, unknown], test: { speaker: [a1b2c3d4], take: [0] }").success();
    let said =
        "warning: 1 of the 1 speakers in the test set are also in the training or validation set: `a1b2c3d4`";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    // A split by takes is not meant to separate speakers.
    let outcome = train(&folder, "classes: [yes, unknown], test: { take: [1] }").success();
    assert!(!outcome.stderr.contains("speaker"), "{}", outcome.stderr);
}

#[test]
fn arrays_that_are_no_fields_are_named() {
    let folder = tones();
    let mut archive = synnet_arrays::NpzWriter::new();
    archive.add("rasters", &[2, 10, 16], &[1_i64; 320]).expect("the shape fits");
    archive.add("labels", &[2], &[0_i64, 1]).expect("the shape fits");
    archive.add("take", &[2, 1], &[0_i64, 1]).expect("the shape fits");
    let bytes = archive.finish().expect("archives can be made");
    folder.write("data.npz", &bytes);
    let data = "data: { format: npz, path: data.npz, test: { take: [0] }, classes: [low, high], steps: 10 }";
    let (_, training) = RECIPE.split_once("training:").unwrap();
    folder.write("r.yaml", format!("network: tones.snn\n{data}\ntraining:{training}"));
    let refused = |says: &str| folder.snnc(&["train", "r.yaml"]).failure(1, &["data.npz", says]);
    refused("has no field `take`, which `data.test` requires; the array of this name has the shape [2, 1]");
    folder.write("data.npz", &bytes[..bytes.len() - 30]);
    refused("the archive is truncated or damaged");
    folder.write("data.npz", npy("|u1", false, &[1], &[1]));
    refused("it is a single array (`.npy`), not an archive");
}

#[test]
fn input_that_a_chip_cannot_take_is_refused_before_training() {
    let folder = tones();
    let write = |value: f64| {
        let mut rasters = vec![1.0; 4 * 10 * 16];
        rasters[2 * 160 + 3 * 16 + 5] = value;
        let mut archive = synnet_arrays::NpzWriter::new();
        archive.add("rasters", &[4, 10, 16], &rasters).expect("the shape fits");
        archive.add("labels", &[4], &[0_i64, 1, 0, 1]).expect("the shape fits");
        archive.add("take", &[4], &[0_i64, 0, 1, 1]).expect("the shape fits");
        folder.write("data.npz", archive.finish().expect("archives can be made"));
    };
    let data = "data: { format: npz, path: data.npz, test: { take: [0] }, classes: [low, high], steps: 10 }";
    let (_, training) = RECIPE.split_once("training:").unwrap();
    folder.write("r.yaml", format!("network: tones.snn\n{data}\ntraining:{training}"));
    let train = |rest: &[&str]| {
        folder.snnc(&[&["train", "r.yaml", "--out", "out", "--overwrite"][..], rest].concat())
    };
    for (value, text) in [(0.5, "0.5"), (-1.0, "-1"), (300.0, "300")] {
        write(value);
        let place = format!("`sample 2 of data.npz` has {text} in step 3, channel 5");
        train(&[]).failure(1, &["1 sample cannot run on SynSense Xylo", &place]);
        assert!(!folder.path("out").exists());
        train(&["--set", "build=[rust]"]).success();
        std::fs::remove_dir_all(folder.path("out")).expect("it was written");
    }
    write(20.0);
    let outcome = train(&[]).success();
    let said = "drops 5 events in 1 of 4 samples: it takes at most 15 per channel per step";
    let (before, _) = outcome.stderr.split_once("epoch 1/6").expect("it trains");
    assert!(before.contains(said), "{}", outcome.stderr);
}
