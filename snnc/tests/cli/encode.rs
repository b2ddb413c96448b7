//! `snnc encode`, and recordings as input of `run` and `sim`.

use serde_json::json;
use synnet_ir::Params;

use crate::support::{Folder, RECIPE, TONES, Wav, digits_weights, repository, tones, weights};

#[test]
fn a_recording_becomes_an_array_or_an_archive() {
    let folder = tones();
    let options = ["--recipe", "tones.yaml"];
    let encode = |out: &str, options: &[&str]| {
        folder.snnc(&[&["encode", "data/low_0.wav", "-o", out], options].concat()).success()
    };
    let said = encode("low.npy", &options).stderr;
    assert!(
        said.contains("200 ms of sound: 20 steps of 9.994 ms, ") && said.contains("wrote low.npy"),
        "{said}"
    );
    encode("low.npz", &options);
    let arrays = folder.arrays("low.npz");
    assert!(arrays.keys().eq(["dt", "raster", "sample_rate"]), "{:?}", arrays.keys());
    assert_eq!(arrays["raster"].shape, [20, 16]);
    assert_eq!(arrays["dt"].to_floats(), [488.0 * 1024.0 / 50e6]);
    let array = synnet_arrays::read_npy(&folder.read("low.npy")).expect("it is an array");
    assert_eq!(array, arrays["raster"]);
    assert!(array.to_floats().iter().sum::<f64>() > 100.0);

    // The same options, one by one; the defaults are others.
    encode("same.npy", &["--front-end", "decimation=488", "--front-end", "normalization=joint"]);
    assert_eq!(folder.read("same.npy"), folder.read("low.npy"));
    encode("other.npy", &[&options[..], &["--front-end", "cap=2"]].concat());
    assert_ne!(folder.read("other.npy"), folder.read("low.npy"));
    let piped = folder.snnc_with_input(
        &["encode", "-", "-o", "-", "--recipe", "tones.yaml"],
        &folder.read("data/low_0.wav"),
    );
    assert_eq!(piped.success().stdout, folder.read("low.npy"));

    let json = encode("low.npy", &[&options[..], &["--json"]].concat()).json();
    assert_eq!((&json["steps"], &json["channels"], &json["recordings"]), (&json!(20), &json!(16), &json!(1)));
    let sum = array.to_integers().expect("they are counts").iter().sum::<i64>();
    assert_eq!(json["events"], json!(sum));
    assert!(json["dropped_events"].as_u64().expect("it is a number") > 0);
}

#[test]
fn a_folder_becomes_a_dataset() {
    let folder = tones();
    folder.write("data/more/LOUD_9.WAV", Wav::PLAIN.tone(700.0, 0.3));
    folder.write("data/.low_9.wav", "metadata");
    folder.write("data/__MACOSX/low_0.wav", "metadata");
    folder.write("data/notes.mp3", "");
    let words = ["encode", "data", "-o", "events", "--recipe", "tones.yaml", "--html", "page.html"];
    let said = folder.snnc(&words).success().stderr;
    for text in [
        "`data`: skipped 1 hidden file (`.low_9.wav`), 1 ignored file or folder (`__MACOSX`), \
         1 file with another extension (`notes.mp3`)",
        "13 recordings, 2.7 s of sound: 270 steps of 9.994 ms, ",
        "wrote events",
        "wrote page.html",
    ] {
        assert!(said.contains(text), "no {text:?} in {said}");
    }
    assert_eq!(folder.arrays("events/more/LOUD_9.npz")["raster"].shape, [30, 16]);
    let files = folder.files();
    assert_eq!(files.iter().filter(|name| name.starts_with("events/")).count(), 13);
    assert!(!files.iter().any(|name| name.contains(".snnc-")), "{files:?}");
    let page = folder.read_text("page.html");
    assert!(page.contains("low_0.wav") && page.contains("more/LOUD_9.WAV") && page.contains("<svg"));

    // A second run would mix its files with those of the first.
    folder.snnc(&words).failure(2, &["`events` is not empty"]);

    // The events train like the sound that they come from.
    std::fs::remove_dir_all(folder.path("events/more")).expect("it was written");
    for name in ["data/more/LOUD_9.WAV", "data/.low_9.wav", "data/__MACOSX/low_0.wav", "data/notes.mp3"] {
        std::fs::remove_file(folder.path(name)).expect("it was written");
    }
    let recipe =
        RECIPE.replace("path: data", "format: npz\n  path: events").replace("_{take}.wav", "_{take}.npz");
    folder.write("events.yaml", recipe);
    folder.snnc(&["train", "tones.yaml", "--out", "sound"]).success();
    folder.snnc(&["train", "events.yaml", "--out", "encoded"]).success();
    let [sound, encoded] = ["sound", "encoded"].map(|run| {
        let bytes = folder.read(&format!("{run}/weights.safetensors"));
        Params::from_safetensors(&bytes).expect("they were written").tensors
    });
    assert!(!sound.is_empty() && sound == encoded);
}

#[test]
fn nothing_is_written_if_a_recording_cannot_be_used() {
    let folder = tones();
    folder.write("data/low_3.wav", "no sound");
    folder.write("data/high_3.wav", "");
    let before = folder.files();
    let outcome = folder.snnc(&["encode", "data", "-o", "deep/events"]);
    outcome.failure(
        1,
        &["2 recordings cannot be used", "low_3.wav`: not a WAV file", "high_3.wav`: the file is empty"],
    );
    assert_eq!(folder.files(), before);
    folder.write("data/low_3.wav", Wav::PLAIN.tone(300.0, 0.001));
    folder.snnc(&["encode", "data/low_3.wav", "-o", "a.npy"]).failure(1, &["shorter than one time step"]);
    assert_eq!(folder.files(), before);
    folder.write("data/low_0.WAV", Wav::PLAIN.tone(300.0, 0.2));
    folder.snnc(&["encode", "data", "-o", "events"]).failure(1, &["`low_0.WAV` and `low_0.wav`"]);
    std::fs::create_dir(folder.path("void")).expect("it can be made");
    folder.snnc(&["encode", "void", "-o", "events"]).failure(1, &["`void`: the folder has no `.wav` files"]);
}

#[test]
fn misuse_is_named() {
    let folder = tones();
    for (words, code, says) in [
        (&["data", "-o", "events.npz"][..], 2, "`data` is a folder"),
        (&["data", "-o", "-"], 2, "`data` is a folder"),
        (&["data", "-o", "tones.yaml"], 2, "`tones.yaml` is a file"),
        (
            &["data/low_0.wav", "-o", "low.wav"],
            2,
            "`low.wav`: the output file name must end in `.npy` or `.npz`",
        ),
        (&["data/low_0.wav", "-o", "-", "--json"], 2, "`--json` and `-o -`"),
        (&["data/low_0.wav", "-o", "-", "--html", "-"], 2, "`-o -` and `--html -`"),
        (&["nowhere.wav", "-o", "a.npy"], 2, "`nowhere.wav`"),
        (&["data/low_0.wav", "-o", "a.npy", "--html", "nowhere/a.html"], 2, "`nowhere/a.html`"),
        (&["data/low_0.wav", "-o", "a.npy", "--front-end", "decimate=9"], 1, "did you mean `decimation`?"),
        (&["data/low_0.wav", "-o", "a.npy", "--front-end", "cap=-1"], 1, "`front_end.cap`"),
        (&["data/low_0.wav", "-o", "a.npy", "--front-end", "cap=16"], 1, "is 16; it must"),
        (&["data/low_0.wav", "-o", "a.npy", "--front-end", "cap"], 2, "expected NAME=VALUE"),
    ] {
        let before = folder.files();
        folder.snnc(&[&["encode"], words].concat()).failure(code, &[says]);
        assert_eq!(folder.files(), before, "{words:?}");
    }
}

#[test]
fn recordings_are_inputs_of_networks_and_chips() {
    let folder = tones();
    folder.write("w.safetensors", weights(TONES).to_safetensors());
    let spec = ["build", "tones.snn", "--weights", "w.safetensors", "--target", "xylo-audio3", "-o", "tones"];
    folder.snnc(&spec).success();
    folder.snnc(&["encode", "data/low_0.wav", "-o", "in.npy", "--recipe", "tones.yaml"]).success();
    let run = ["run", "tones.snn", "--weights", "w.safetensors"];
    for command in [&run[..], &["sim", "tones.spec.npz"]] {
        let of = |input: &str, options: &[&str]| {
            let outcome = folder
                .snnc(&[command, &["--input", input, "--output", "out.npz"], options].concat())
                .success();
            (folder.read("out.npz"), outcome)
        };
        let (from_events, _) = of("in.npy", &[]);
        let (from_sound, outcome) = of("data/low_0.wav", &["--recipe", "tones.yaml"]);
        assert_eq!(from_sound, from_events);
        assert!(outcome.stderr.contains("200 ms of sound: 20 steps of 9.994 ms"), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("time step of"), "{}", outcome.stderr);
        let (_, outcome) = of("data/low_0.wav", &["--front-end", "decimation=488", "--json"]);
        assert_eq!(outcome.json()["recording"]["steps"], json!(20));
        let piped = [command, &["--input", "-", "--output", "-", "--recipe", "tones.yaml"]].concat();
        let piped = folder.snnc_with_input(&piped, &folder.read("data/low_0.wav")).success();
        assert_eq!(piped.stdout, from_events);
        for option in [["--recipe", "tones.yaml"], ["--front-end", "cap=3"]] {
            let words = [command, &["--input", "in.npy", "--output", "out.npz"], &option[..]].concat();
            folder
                .snnc(&words)
                .failure(2, &[option[0], "is for recordings (`.wav`), but `in.npy` holds events"]);
        }
    }
    // A recipe in place of the network brings its front end.
    let recipe =
        ["run", "tones.yaml", "--weights", "w.safetensors", "--input", "data/low_0.wav", "--output", "r.npz"];
    folder.snnc(&recipe).success();
    assert_eq!(folder.arrays("r.npz")["output"].shape, [1, 20, 2]);
    let default = [&run[..], &["--input", "data/low_0.wav", "--output", "out.npz"]].concat();
    let says = "the front end has a time step of 1.024 ms, but network `Tones` has a `dt` of 10 ms; \
                set `front_end.decimation` to 488";
    let said = folder.snnc(&default).success().stderr;
    assert!(said.contains(says), "{said}");
    let wide = TONES.replace("n_channels: 16", "n_channels: 20");
    folder.write("tones.snn", &wide);
    folder.write("w.safetensors", weights(&wide).to_safetensors());
    folder
        .snnc(&default)
        .failure(1, &["`data/low_0.wav`: the front end has 16 channels, but the network has 20"]);
}

#[test]
fn the_main_example_runs_on_its_recordings() {
    let folder = Folder::new();
    folder.write("w.safetensors", digits_weights());
    let example = repository("examples/digits");
    let path = |name: &str| example.join(name).display().to_string();
    let (network, recipe, input) = (path("digits.snn"), path("digits.yaml"), path("data/test/7_m5_0.wav"));
    let words = ["run", &network, "--weights", "w.safetensors", "--recipe", &recipe, "--input", &input];
    folder.snnc(&[&words[..], &["--output", "out.npz"]].concat()).success();
    assert_eq!(folder.arrays("out.npz")["output"].shape, [1, 58, 10]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_folder_leaves_nothing() {
    let folder = Folder::new();
    let tone = Wav { rate: 48_000, channels: 1, bits: 16 }.tone(300.0, 20.0);
    (0..40).for_each(|i| folder.write(&format!("sound/{i}.wav"), &tone));
    let mut command = folder.command(&["encode", "sound", "-o", "events"]);
    let child = command.stderr(std::process::Stdio::piped()).spawn().expect("the command can be started");
    let has_started = || folder.files().iter().any(|name| name.contains(".snnc-"));
    while !has_started() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let id = child.id().to_string();
    std::process::Command::new("kill").args(["-TERM", &id]).status().expect("the signal can be sent");
    let outcome = crate::support::Outcome::of(child.wait_with_output().expect("it ends"));
    outcome.failure(130, &["interrupted after", "of 40 files; nothing was written"]);
    assert!(folder.files().iter().all(|name| name.starts_with("sound/")), "{:?}", folder.files());
}
