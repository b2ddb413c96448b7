//! `snnc new`: folders that can be checked, trained and built at once.

use std::process::Command;

use crate::support::{Folder, repository};

/// The templates, each with the recipe to train and its network.
const TEMPLATES: [(&str, &str, &str); 5] = [
    ("kws", "kws.yaml", "kws.snn"),
    ("gesture", "gesture.yaml", "gesture.snn"),
    ("rust-firmware", "presses.yaml", "nets/presses.snn"),
    ("rust-macro", "presses.yaml", "nets/presses.snn"),
    ("rockpool", "synnet.yaml", "synnet.snn"),
];

#[test]
fn every_template_checks_trains_and_builds() {
    let folder = Folder::new();
    for (template, recipe, network) in TEMPLATES {
        let (recipe, network) = (format!("{template}/{recipe}"), format!("{template}/{network}"));
        folder.snnc(&["new", template, "--template", template]).success();
        folder.snnc(&["check", &recipe]).success();
        folder.snnc(&["fmt", "--check", &network]).success();
        let out = format!("{template}/runs");
        let train = folder.snnc(&["train", &recipe, "--set", "training.epochs=2", "--out", &out]).success();
        assert!(!train.stderr.contains("error"), "{}", train.stderr);
        let weights = format!("{out}/weights.safetensors");
        folder.snnc(&["build", &recipe, "--weights", &weights, "--target", "rust", "-o", "net.rs"]).success();
    }
}

#[test]
fn the_task_of_every_template_can_be_learned() {
    let folder = Folder::new();
    for (template, recipe, _) in TEMPLATES.into_iter().filter(|(template, ..)| *template != "rust-macro") {
        let recipe = format!("{template}/{recipe}");
        folder.snnc(&["new", template, "--template", template]).success();
        let result = folder.snnc(&["train", &recipe, "--json", "--quiet"]).success().json();
        let accuracy = result["float"]["accuracy"].as_f64();
        assert!(accuracy.is_some_and(|accuracy| accuracy >= 0.9), "{template}: {result}");
    }
}

#[test]
fn the_shipped_weights_are_those_of_the_recipe() {
    let folder = Folder::new();
    folder.snnc(&["new", "button", "--template", "rust-macro"]).success();
    let eval = ["eval", "button/presses.yaml", "--weights", "button/nets/presses.safetensors", "--json"];
    let result = folder.snnc(&eval).success().json();
    assert!(result["float"]["accuracy"].as_f64().is_some_and(|accuracy| accuracy >= 0.9), "{result}");
}

#[test]
fn rust_templates_compile_and_pass_their_tests() {
    let folder = Folder::new();
    let synnet = repository("").canonicalize().expect("the repository exists").display().to_string();
    for template in ["rust-firmware", "rust-macro"] {
        folder.snnc(&["new", template, "--template", template, "--synnet", &synnet]).success();
        // The versions that the workspace has, which are in the cache of Cargo.
        folder.write(
            &format!("{template}/Cargo.lock"),
            std::fs::read(repository("Cargo.lock")).expect("it exists"),
        );
        // The dependencies of both templates are compiled once, and kept for the next test run.
        let target = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("templates");
        let output = Command::new(env!("CARGO"))
            .args(["test", "--offline", "--quiet"])
            .current_dir(folder.path(template))
            .env("CARGO_TARGET_DIR", target)
            .output()
            .expect("Cargo runs this test");
        assert!(output.status.success(), "{template}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn projects_are_the_same_every_time() {
    let folder = Folder::new();
    let content = |name: &str| {
        folder.snnc(&["new", &format!("{name}/hello")]).success();
        let mut files = folder.files();
        files.retain(|file| file.starts_with(name));
        files.iter().map(|file| (file[name.len()..].to_owned(), folder.read(file))).collect::<Vec<_>>()
    };
    assert!(content("a") == content("b"));
}

#[test]
fn a_project_replaces_nothing_and_leaves_nothing() {
    let folder = Folder::new();
    folder.write("full/notes.txt", "mine");
    folder.snnc(&["new", "full"]).failure(2, &["`full` is not empty", "give the name of a new folder"]);
    folder.snnc(&["new", "full/notes.txt/x"]).failure(2, &[]);
    folder.write("file", "mine");
    folder.snnc(&["new", "file"]).failure(2, &["`file` is a file"]);
    assert_eq!(folder.files(), ["file", "full/notes.txt"]);
    std::fs::create_dir(folder.path("empty")).expect("folders can be made");
    folder.snnc(&["new", "empty"]).success();
    assert!(folder.files().contains(&"empty/kws.snn".to_owned()));
}

#[test]
fn names_are_checked() {
    let folder = Folder::new();
    for (name, why) in [
        ("..", "expected the name of a new folder"),
        (".", "expected the name of a new folder"),
        ("two words", "a name has only letters, digits, `-` and `_`"),
        ("2d", "a name starts with a letter"),
    ] {
        folder.snnc(&["new", name]).failure(2, &[&format!("invalid name `{name}`: {why}")]);
    }
    for name in ["self", "test", "synnet"] {
        let why = "a Rust package cannot have this name";
        folder.snnc(&["new", name, "--template", "rust-macro"]).failure(2, &[why]);
    }
    folder.snnc(&["new", "a", "--template", "kw"]).failure(2, &["kws"]);
    folder.snnc(&["new", "a", "--synnet", "."]).failure(2, &["`--synnet` is for the Rust templates"]);
    let nowhere = ["new", "a", "--template", "rust-macro", "--synnet", "."];
    folder.snnc(&nowhere).failure(2, &["there is no copy of synnet's repository in this folder"]);
    assert_eq!(folder.files(), [""; 0]);
}

#[test]
fn a_package_says_where_its_crates_come_from() {
    let folder = Folder::new();
    let outcome = folder.snnc(&["new", "button", "--template", "rust-firmware", "--json"]).success();
    let version = env!("CARGO_PKG_VERSION");
    assert!(folder.read_text("button/Cargo.toml").contains(&format!("synnet-build = \"{version}\"")));
    assert!(folder.read_text("button/README.md").contains(&format!("of version {version} from crates.io")));
    assert!(outcome.stderr.contains("depends on published crates"), "{}", outcome.stderr);
    let result = outcome.json();
    assert_eq!(result["recipe"], "button/presses.yaml");
    assert!(result["files"].as_array().is_some_and(|files| files.contains(&"src/lib.rs".into())), "{result}");
}
