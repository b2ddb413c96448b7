//! The example runs and prints words as they come.

use std::process::{Command, Output};

fn listen(paths: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_example-streaming")).args(paths).output().expect("it starts")
}

#[test]
fn ten_recordings_are_ten_words_in_order() {
    let output = listen(&[]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("it prints text");
    let words: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    let digits = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    assert_eq!(words[..10], digits, "{text}");
    let last = text.lines().last().expect("it prints lines");
    assert!(last.starts_with("10 words in ") && last.ends_with(" times faster than real time"), "{last}");
}

#[test]
fn unreadable_files_are_reported() {
    for (path, reason) in [("missing.wav", "cannot read `missing.wav`"), ("Cargo.toml", "`Cargo.toml`: ")] {
        let output = listen(&[path]);
        assert!(!output.status.success());
        let error = String::from_utf8(output.stderr).expect("it prints text");
        assert!(error.contains(reason) && !error.contains("panicked"), "{error}");
    }
}
