//! Every kind of file at every door: what is not expected is named for what it is, with what is expected instead.

use synnet_arrays::NpzWriter;

use crate::support::{Folder, npy, tones};

/// A file of each kind, with its kind in words.
const FILES: &[(&str, &str)] = &[
    ("tones.snn", "a network"),
    ("network.yaml", "a network"),
    ("tones.yaml", "a recipe"),
    ("recipe.snn", "a recipe"),
    ("chip.yaml", "a chip description"),
    ("run/tones.spec.npz", "a compiled network"),
    ("run/weights.safetensors", "a weights file"),
    ("run/checkpoint.safetensors", "a checkpoint of training"),
    ("data/low_0.wav", "a recording"),
    ("events.npy", "an array"),
    ("rasters.npz", "an archive"),
    ("run/report.html", "an HTML page"),
    ("run/metrics.csv", "a table"),
    ("samples.h5", "an HDF5 file"),
    ("data", "a folder"),
];

/// A door: the command with `FILE` in place of the file, the kinds that it takes, and what it says that it expects.
struct Door {
    command: &'static str,
    takes: &'static [&'static str],
    expects: &'static str,
}

const NETWORK_OR_RECIPE: &[&str] = &["a network", "a recipe"];
const WEIGHTS: &str = "but a weights file is expected here: ";

const DOORS: &[Door] = &[
    Door {
        command: "train FILE --out new",
        takes: &["a recipe"],
        expects: "but a recipe is expected here: ",
    },
    Door {
        command: "eval FILE --weights run/weights.safetensors",
        takes: &["a recipe"],
        expects: "but a recipe is expected here: ",
    },
    Door {
        command: "compare FILE --weights run/weights.safetensors",
        takes: &["a recipe"],
        expects: "but a recipe is expected here: ",
    },
    Door {
        command: "encode data/low_0.wav -o new.npy --recipe FILE",
        takes: &["a recipe"],
        expects: "but a recipe is expected here: ",
    },
    Door {
        command: "build FILE --target rust -o new.rs",
        takes: NETWORK_OR_RECIPE,
        expects: "but a network or a recipe is expected here: ",
    },
    Door {
        command: "run FILE --init 1 --input events.npy --output new.npz",
        takes: NETWORK_OR_RECIPE,
        expects: "but a network or a recipe is expected here: ",
    },
    Door {
        command: "show FILE",
        takes: &["a network", "a recipe", "a compiled network"],
        expects: "is expected here: ",
    },
    Door {
        command: "check FILE",
        takes: &["a network", "a recipe", "a chip description", "a compiled network"],
        expects: "is expected here: ",
    },
    Door { command: "fmt --check FILE", takes: &["a network"], expects: "but a network is expected here: " },
    Door {
        command: "check tones.snn --chip FILE",
        takes: &["a chip description"],
        expects: "but a chip description is expected here: ",
    },
    Door {
        command: "sim FILE --input events.npy --output new.npz",
        takes: &["a compiled network"],
        expects: "but a compiled network is expected here: ",
    },
    Door {
        command: "train tones.yaml --out new --weights FILE",
        takes: &["a weights file"],
        expects: WEIGHTS,
    },
    Door { command: "eval tones.yaml --weights FILE", takes: &["a weights file"], expects: WEIGHTS },
    Door { command: "compare tones.yaml --weights FILE", takes: &["a weights file"], expects: WEIGHTS },
    Door {
        command: "build tones.snn --target rust -o new.rs --weights FILE",
        takes: &["a weights file"],
        expects: WEIGHTS,
    },
    Door { command: "show tones.yaml --weights FILE", takes: &["a weights file"], expects: WEIGHTS },
    Door {
        command: "run tones.snn --input events.npy --output new.npz --weights FILE",
        takes: &["a weights file"],
        expects: WEIGHTS,
    },
    Door {
        command: "run tones.snn --init 1 --output new.npz --input FILE",
        takes: &["an array", "a recording"],
        expects: "but an array of events or a recording is expected here: ",
    },
    Door {
        command: "sim run/tones.spec.npz --output new.npz --input FILE",
        takes: &["an array", "a recording"],
        expects: "but an array of events or a recording is expected here: ",
    },
    Door {
        command: "build tones.snn --weights run/weights.safetensors --target xylo-audio3 -o new --calibrate FILE",
        takes: &["an array"],
        expects: "but an array of events is expected here: ",
    },
    Door {
        command: "build tones.snn --weights run/weights.safetensors --target rust -o new.rs --rates FILE",
        takes: &["a compiled network"],
        expects: "but a JSON file of firing rates is expected here: ",
    },
    Door {
        command: "encode FILE -o new.npy",
        takes: &["a recording", "a folder"],
        expects: "but a recording is expected here: ",
    },
];

/// A folder with a file of each kind.
fn files() -> Folder {
    let folder = tones();
    folder.snnc(&["train", "tones.yaml", "--out", "run", "--set", "training.epochs=1"]).success();
    folder.write("network.yaml", folder.read("tones.snn"));
    folder.write("recipe.snn", folder.read("tones.yaml"));
    let chip = folder.snnc(&["chips", "xylo-audio3"]).success();
    folder.write("chip.yaml", chip.text().replace("\nname: xylo-audio3\n", "\nname: mine\n"));
    folder.write("events.npy", npy("|u1", false, &[20, 16], &[1; 320]));
    let mut archive = NpzWriter::new();
    archive.add("rasters", &[1, 2, 2], &[0_i64, 1, 1, 0]).expect("the array has this shape");
    folder.write("rasters.npz", archive.finish().expect("archives can be written"));
    folder.write("samples.h5", b"\x89HDF\r\n\x1a\n");
    folder
}

#[test]
fn mistaken_files_are_named_at_every_door() {
    let folder = files();
    let before = folder.files();
    let mut report = String::new();
    for Door { command, takes, expects } in DOORS {
        for (file, kind) in FILES.iter().filter(|(_, kind)| !takes.contains(kind)) {
            let words: Vec<&str> =
                command.split(' ').map(|word| if word == "FILE" { *file } else { word }).collect();
            let outcome = folder.snnc(&words);
            let says = [format!("`{file}` is {kind}, but "), (*expects).to_owned()];
            let is_named = says.iter().all(|text| outcome.stderr.contains(text.as_str()));
            if outcome.code != Some(2) || !is_named {
                report += &format!("snnc {}\n{:?} {}\n", words.join(" "), outcome.code, outcome.stderr);
            }
        }
    }
    assert!(report.is_empty(), "{report}");
    assert_eq!(folder.files(), before);
}

#[test]
fn networks_of_recipes_are_networks() {
    let folder = files();
    let recipe = folder.read_text("tones.yaml");
    for (file, kind) in FILES.iter().filter(|(_, kind)| *kind != "a network") {
        folder.write("other.yaml", recipe.replace("network: tones.snn", &format!("network: {file}")));
        let says = format!("`network`: `{file}` is {kind}, but a network is expected here");
        folder.snnc(&["check", "other.yaml"]).failure(2, &[&says, "--> other.yaml:1:10"]);
        folder.snnc(&["train", "other.yaml"]).failure(2, &[&says, "--> other.yaml:1:10"]);
    }
}
