//! Options that every command has, completions, and manual pages.

use std::process::Stdio;

use crate::support::{Folder, TONES, weights};

const BOLD: &str = "\u{1b}[1m";
const RED: &str = "\u{1b}[31m";

/// Returns what a command prints to both streams.
fn printed(folder: &Folder, words: &[&str]) -> (String, String) {
    let mut command = folder.command(words);
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().expect("it can be started");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("messages are text");
    (text(output.stdout), text(output.stderr))
}

#[test]
fn colors_follow_the_option() {
    let folder = Folder::new();
    folder.write("broken.snn", "network Broken { dt: 10; }");
    for (words, on_stdout) in [
        (["explain", "E0301"].as_slice(), true),
        (&["chips"], true),
        (&["check", "--help"], true),
        (&["check", "broken.snn"], false),
        (&["check", "nowhere.snn"], false),
        (&["chck"], false),
    ] {
        for (color, is_colored) in [("always", true), ("never", false), ("auto", false)] {
            let (stdout, stderr) = printed(&folder, &[&["--color", color], words].concat());
            let text = if on_stdout { stdout } else { stderr };
            assert_eq!(text.contains('\u{1b}'), is_colored, "{words:?} --color {color}: {text}");
        }
    }
    let (stdout, _) = printed(&folder, &["explain", "E0301", "--color=always"]);
    assert!(stdout.starts_with(BOLD), "{stdout}");
    // The option is stronger than the variable.
    let output = folder.command(&["check", "nowhere.snn", "--color=always"]).env("NO_COLOR", "1").output();
    let stderr = String::from_utf8(output.expect("it can be started").stderr).expect("messages are text");
    assert!(stderr.contains(RED) || stderr.contains("[1;31m"), "{stderr}");
}

#[test]
fn quiet_commands_print_warnings_errors_and_results_only() {
    let folder = Folder::new();
    folder.write("net.snn", TONES);
    folder.write("w.safetensors", weights(TONES).to_safetensors());
    let build = ["build", "net.snn", "--weights", "w.safetensors", "--target", "rust", "-o", "net.rs"];
    for words in [["check", "net.snn"].as_slice(), &build, &["new", "hello"], &["man", "man1"]] {
        let (stdout, stderr) = printed(&folder, &[words, &["-q"]].concat());
        assert_eq!((stdout.as_str(), stderr.as_str()), ("", ""), "{words:?}");
    }
    let (stdout, _) = printed(&folder, &["--quiet", "chips"]);
    assert!(stdout.contains("xylo-audio3"), "{stdout}");
    let (_, stderr) = printed(&folder, &["check", "nowhere.snn", "--quiet"]);
    assert!(stderr.starts_with("error: "), "{stderr}");
    let (_, stderr) = printed(&folder, &["train", "hello/kws.yaml", "-q", "--set", "training.epochs=1"]);
    assert!(stderr.contains("accuracy on the test set"), "{stderr}");
    for note in ["epoch 1/1", "needs about"] {
        assert!(!stderr.contains(note), "{stderr}");
    }
}

#[test]
fn completions_know_commands_and_options() {
    let folder = Folder::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = folder.snnc(&["completions", shell]).success().text().to_owned();
        for word in ["snnc", "encode", "remove-dead", "completions"] {
            assert!(script.contains(word), "{shell} does not know `{word}`");
        }
    }
    folder.snnc(&["completions", "cmd"]).failure(2, &["bash", "zsh"]);
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = Folder::new();
    folder.snnc(&["man", "share/man1"]).success();
    let files = folder.files();
    let overview = folder.read_text("share/man1/snnc.1");
    let help = folder.snnc(&["help"]).success().text().to_owned();
    let (_, commands) = help.split_once("Commands:\n").expect("it lists the commands");
    // Descriptions may go on in further lines, which are indented more.
    let lines = commands.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split_once(' ')).map(|(name, _)| name);
    let names: Vec<&str> = names.filter(|name| !["", "help"].contains(name)).collect();
    assert!(names.len() > 10, "{help}");
    for name in &names {
        assert!(overview.contains(&format!("snnc\\-{name}")), "{name}: {overview}");
        let page = folder.read_text(&format!("share/man1/snnc-{name}.1"));
        assert!(page.contains(".SH SYNOPSIS") && page.contains("\\-\\-color"), "{name}: {page}");
    }
    assert_eq!(files.len(), names.len() + 1, "{files:?}");
}
