//! Invalid input of every kind gives the right exit code and a message that names the file and the error, without a
//! panic and without half-written files.

use crate::support::{Folder, Outcome, RECIPE, TONES, Wav, digits_weights, events, npy, tones, weights};

/// Asserts that a command fails with this code and these messages, and writes no file.
fn refused(what: &str, folder: &Folder, words: &[&str], code: i32, says: &[&str]) {
    let before = folder.files();
    let outcome = folder.snnc(words);
    assert_eq!(outcome.code, Some(code), "{what}: {}", outcome.stderr);
    for text in says {
        assert!(outcome.stderr.contains(text), "{what}: no {text:?} in:\n{}", outcome.stderr);
    }
    assert!(outcome.stdout.is_empty(), "{what}");
    assert_eq!(folder.files(), before, "{what}: files");
}

const TRAIN: [&str; 4] = ["train", "tones.yaml", "--out", "out"];

#[test]
fn recordings_that_cannot_be_used_are_named() {
    let folder = tones();
    let good = Wav::PLAIN.tone(300.0, 0.2);
    let mut adpcm = good.clone();
    adpcm[20] = 2;
    let mut no_rate = good.clone();
    no_rate[24..28].fill(0);
    // Without a limit, 3,200 samples in 6 kB would be almost an hour of audio.
    let mut slow = good.clone();
    slow[24..28].copy_from_slice(&1_u32.to_le_bytes());
    for (what, bytes, says) in [
        ("empty", Vec::new(), "the file is empty"),
        ("a text", b"this is no sound at all".to_vec(), "not a WAV file"),
        ("another format", b"OggS\0\x02\0\0\0\0\0\0\0\0".to_vec(), "not a WAV file"),
        ("cut off in its header", good[..30].to_vec(), "header"),
        ("cut off in its samples", good[..good.len() - 100].to_vec(), "is truncated"),
        ("another encoding", adpcm, "encoding"),
        ("no rate", no_rate, ""),
        ("1 Hz", slow, "the sample rate is 1 Hz, but the minimum is 1000 Hz"),
        ("no samples", Wav::PLAIN.tone(300.0, 0.0), "no samples"),
        ("too short", Wav::PLAIN.tone(300.0, 0.001), "shorter than one time step"),
    ] {
        folder.write("data/low_3.wav", bytes);
        refused(what, &folder, &TRAIN, 1, &["low_3.wav", says]);
    }
    folder.write("data/low_3.wav", b"");
    folder.write("data/high_2.wav", b"no sound");
    refused("two at once", &folder, &TRAIN, 1, &["low_3.wav", "high_2.wav", "2 files cannot be used"]);
}

#[test]
fn recordings_of_other_formats_are_converted() {
    let folder = tones();
    let formats =
        [(48_000, 1, 16), (11_025, 2, 16), (8000, 1, 8), (44_100, 1, 24), (16_000, 3, 32), (7919, 1, 16)];
    for (take, (rate, channels, bits)) in formats.into_iter().enumerate() {
        folder.write(&format!("data/low_{take}.wav"), Wav { rate, channels, bits }.tone(300.0, 0.2));
    }
    folder.snnc(&[&TRAIN[..], &["--set", "training.epochs=1"]].concat()).success();
}

#[test]
fn a_missing_recording_is_an_error_of_the_folder() {
    let folder = tones();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere.wav", folder.path("data/low_9.wav")).expect("links can be made");
        let outcome = folder.snnc(&TRAIN);
        outcome.failure(1, &["low_9.wav", "o such file"]);
    }
    refused("no folder", &folder, &[&TRAIN[..], &["--set", "data.path=nowhere"]].concat(), 2, &["`nowhere`"]);
    std::fs::create_dir(folder.path("void")).expect("it can be made");
    let void = [&TRAIN[..], &["--set", "data.path=void"]].concat();
    refused("nothing in it", &folder, &void, 1, &["`void`", "no `.wav` files"]);
}

#[test]
fn names_that_do_not_parse_are_named() {
    for (name, says) in [
        ("data/middle_0.wav", "`data.classes` lacks a label of the samples: `middle` (`middle_0.wav`)"),
        ("data/noise.wav", "names do not match the pattern `{label}_{take}.wav`"),
        ("data/more/low_7.wav", "names do not match the pattern"),
    ] {
        let folder = tones();
        folder.write(name, Wav::PLAIN.tone(300.0, 0.2));
        let strict = [&TRAIN[..], &["--set", "data.strict=true"]].concat();
        refused(name, &folder, &strict, 1, &["data", name.strip_prefix("data/").unwrap_or(name), says]);
    }
}

#[test]
fn recipe_errors_are_reported() {
    let folder = tones();
    for (what, from, to, code, says) in [
        (
            "unknown key",
            "network:",
            "netwrok:",
            1,
            &["tones.yaml", "`netwrok`", "did you mean `network`?"][..],
        ),
        (
            "unknown nested key",
            "  batch:",
            "  bach:",
            1,
            &["tones.yaml", "training", "`bach`", "did you mean `batch`?"],
        ),
        ("unknown data key", "  steps:", "  step:", 1, &["tones.yaml", "data", "did you mean `steps`?"]),
        ("unknown loss key", "readout:", "read_out:", 1, &["tones.yaml", "training.loss", "`read_out`"]),
        ("unknown kind", "kind: adam", "kind: adm", 1, &["tones.yaml", "did you mean `adam`?"]),
        ("unknown front end key", "decimation:", "decimate:", 1, &["tones.yaml", "front_end", "`decimate`"]),
        ("missing key", "  batch: 3\n", "", 1, &["tones.yaml", "`batch`"]),
        ("wrong type", "batch: 3", "batch: three", 1, &["tones.yaml", "training.batch", "three"]),
        (
            "out of range",
            "lr: 0.01",
            "lr: -1",
            1,
            &["tones.yaml:", "`training.optimizer.lr` is -1; it must be positive"],
        ),
        ("huge", "steps: 20", "steps: 99999999999999999999999", 1, &["tones.yaml", "data.steps"]),
        ("no YAML", "data:", "data: [", 1, &["tones.yaml", "expected `,` or `]`"]),
        ("unknown chip", "training:", "chip: xylo-9\ntraining:", 1, &["tones.yaml", "xylo-9"]),
        ("unknown target", "training:", "build: [rust, fpga]\ntraining:", 1, &["tones.yaml", "fpga"]),
        (
            "unknown parameter",
            "training:",
            "params: { p_drop: 0.2 }\ntraining:",
            1,
            &["`p_drop`", "p_dropout"],
        ),
        ("no such network", "tones.snn", "tunes.snn", 2, &["tunes.snn", "no such file"]),
        (
            "more classes than outputs",
            "[low, high]",
            "[low, high, x]",
            1,
            &["error[R0304]", "tones.yaml:6:", "2 outputs", "3 classes"],
        ),
        ("field of no pattern", "{ take:", "{ tale:", 1, &["`data.pattern`", "{tale}"]),
        ("pattern without label", "{label}_", "{name}_", 1, &["`data.pattern`", "{label}"]),
        ("nothing held back", "[4, 5]", "[7]", 1, &["`data.test`: no sample has `take: 7`"]),
    ] {
        assert!(RECIPE.contains(from), "{what}");
        folder.write("tones.yaml", RECIPE.replacen(from, to, 1));
        refused(what, &folder, &TRAIN, code, says);
    }
    refused("missing", &folder, &["train", "nothing.yaml"], 2, &["`nothing.yaml`", "no such file"]);
    folder.write("tones.yaml", [0xff, 0xfe, 0x00]);
    refused("no text", &folder, &TRAIN, 1, &["tones.yaml", "not UTF-8"]);
    folder.write("tones.yaml", "");
    refused("empty", &folder, &TRAIN, 1, &["tones.yaml"]);
}

#[test]
fn weights_that_do_not_fit_are_named() {
    let folder = tones();
    folder.write("in.npy", npy("|u1", false, &[5, 16], &events(5, 16)));
    let mut infected = weights(TONES);
    infected.tensors.get_mut("h0->out.weight").expect("it is a tensor of this network").data[3] = f32::NAN;
    let whole = weights(TONES).to_safetensors();
    let mut renamed = weights(TONES);
    let tensor = renamed.tensors.remove("h0->out.weight").expect("it is a tensor of this network");
    renamed.tensors.insert("h0->uot.weight".into(), tensor);
    let commands: [&[&str]; 4] = [
        &["eval", "tones.yaml", "--weights", "w.safetensors"],
        &["run", "tones.snn", "--weights", "w.safetensors", "--input", "in.npy", "--output", "o.npz"],
        &["build", "tones.snn", "--weights", "w.safetensors", "--target", "rust", "-o", "o.rs"],
        &["build", "tones.snn", "--weights", "w.safetensors", "--target", "xylo-audio3", "-o", "o"],
    ];
    for (what, bytes, says) in [
        (
            "of another network",
            digits_weights(),
            &["`w.safetensors`", "does not fit", "E06", "`h0->h1.weight`"][..],
        ),
        (
            "not a number",
            infected.to_safetensors(),
            &["`w.safetensors`", "h0->out.weight", "NaN at element 3"],
        ),
        (
            "misspelt",
            renamed.to_safetensors(),
            &["h0->uot.weight", "did you mean `h0->out.weight`?", "2 errors"],
        ),
        ("no weights at all", b"hello, world".to_vec(), &["`w.safetensors`", "not a safetensors file"]),
        ("cut off", whole[..whole.len() - 9].to_vec(), &["`w.safetensors`", "not a safetensors file"]),
        ("a hostile length", [0xff; 64].to_vec(), &["`w.safetensors`", "not a safetensors file"]),
        ("empty", Vec::new(), &["`w.safetensors`", "not a safetensors file"]),
    ] {
        folder.write("w.safetensors", bytes);
        for words in commands {
            refused(&format!("{what}, {}", words[0]), &folder, words, 1, says);
        }
    }
    std::fs::remove_file(folder.path("w.safetensors")).expect("it was written");
    for words in commands {
        refused("missing", &folder, words, 2, &["`w.safetensors`", "no such file"]);
    }
}

#[test]
fn unknown_parameters_of_a_network_are_named() {
    let folder = tones();
    folder.write("w.safetensors", weights(TONES).to_safetensors());
    for (param, says) in [
        ("p_drop=0.1", &["`p_drop`"][..]),
        ("dt=", &["--param"]),
        ("dt=1 +", &["--param"]),
        ("dt=none", &["error"]),
    ] {
        let words = [
            "build",
            "tones.snn",
            "--weights",
            "w.safetensors",
            "--target",
            "rust",
            "-o",
            "o.rs",
            "--param",
            param,
        ];
        refused(param, &folder, &words, 1, says);
    }
}

/// Returns every command with an output file, writing to `place`.
fn commands(place: &str) -> Vec<Vec<String>> {
    let words = |line: &str| line.split(' ').map(|word| word.replace("PLACE", place)).collect();
    vec![
        words("run tones.snn --weights w.safetensors --input in.npy --output PLACE"),
        words("sim built.spec.npz --input in.npy --output PLACE"),
        words("build tones.snn --weights w.safetensors --target rust -o PLACE"),
    ]
}

fn ready() -> Folder {
    let folder = tones();
    folder.write("in.npy", npy("|u1", false, &[5, 16], &events(5, 16)));
    folder.write("w.safetensors", weights(TONES).to_safetensors());
    let words =
        ["build", "tones.snn", "--weights", "w.safetensors", "--target", "xylo-audio3", "-o", "built"];
    folder.snnc(&words).success();
    folder
}

#[test]
fn outputs_that_cannot_be_written_leave_nothing() {
    let folder = ready();
    folder.write("file", "in the way");
    for place in ["nowhere/out.rs", "file/out.rs", "data"] {
        for words in commands(place) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            refused(&words.join(" "), &folder, &words, 2, &["cannot write"]);
        }
    }
    refused("a file", &folder, &["train", "tones.yaml", "--out", "file"], 2, &["`file`"]);
    refused("below a file", &folder, &["train", "tones.yaml", "--out", "file/out"], 2, &["`file/out`"]);
    let chip =
        ["build", "tones.snn", "--weights", "w.safetensors", "--target", "xylo-audio3", "-o", "nowhere/x"];
    refused("chip", &folder, &chip, 2, &["cannot write `nowhere/x."]);
}

/// A failure to write to standard output, here a full device, is reported.
#[cfg(target_os = "linux")]
#[test]
fn full_disk_is_reported() {
    let folder = ready();
    for words in commands("-").into_iter().chain([vec!["show".into(), "tones.snn".into()]]) {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let output = folder.command(&words).stdout(full).output().expect("the command can be started");
        Outcome::of(output).failure(2, &["cannot write", "the disk is full"]);
    }
}

/// A file larger than the process may write stands for a full disk below an output folder.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_keeps_the_old_files() {
    let folder = ready();
    folder.write("o.weights", "the old ones");
    let words = "build tones.snn --weights w.safetensors --target rust -o o.rs";
    let before = folder.files();
    // One block of 512 or 1024 bytes; without the signal that goes with it, writing more is an error.
    let script = format!("trap '' XFSZ; ulimit -f 1; exec '{}' {words}", env!("CARGO_BIN_EXE_snnc"));
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]).current_dir(folder.path(""));
    Outcome::of(shell.output().expect("there is a shell")).failure(2, &["cannot write", "`o.weights`"]);
    assert_eq!(folder.files(), before);
    assert_eq!(folder.read_text("o.weights"), "the old ones");
}

#[test]
fn negative_values_are_answered_with_what_is_expected() {
    let folder = tones();
    folder.write("w.safetensors", weights(TONES).to_safetensors());
    folder.write("in.npy", npy("|u1", false, &[2, 16], &[1; 32]));
    let run = ["run", "tones.snn", "--weights", "w.safetensors", "--input", "in.npy", "--output", "out.npz"];
    for (words, says) in [
        (&[&run[..], &["--seed", "-1"]].concat()[..], "'--seed <SEED>': expected a whole number from 0 to"),
        (&["train", "tones.yaml", "--threads", "-1"], "-1 is not in 1..=1024"),
        (&["train", "tones.yaml", "--seeds", "-2"], "-2 is not in 1..=1000"),
        (&["compare", "tones.yaml", "--weights", "w.safetensors", "--samples", "-3"], "-3 is not in 1.."),
        (&["show", "tones.snn", "--dt", "-10ms"], "expected a positive time with a unit"),
        (&["show", "tones.snn", "--dt", "-10"], "expected a positive time with a unit"),
        (&["check", "tones.snn", "--param", "-1"], "expected NAME=VALUE"),
    ] {
        refused(&words.join(" "), &folder, words, 2, &["invalid value", says]);
    }
    // Parameters may be negative.
    let words = ["check", "tones.snn", "--param", "p_dropout=-1"];
    refused("a parameter", &folder, &words, 1, &["p_dropout"]);
}
