//! The example runs and prints words as they come.

use std::process::{Command, Output};

fn listen(paths: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_example-streaming")).args(paths).output().expect("it starts")
}

#[test]
fn digits_are_printed_in_order() {
    let output = listen(&[]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("it prints text");
    let heard: Vec<&str> = text.lines().filter_map(|line| line.split(" s  ").nth(1)).collect();
    let mut expected = (0..10).map(|digit| digit.to_string()).peekable();
    heard.iter().for_each(|digit| drop(expected.next_if(|next| next == digit)));
    assert!(heard.len() <= 11 && expected.next().is_none(), "{text}");
    let last = text.lines().last().expect("it prints lines");
    assert!(last.contains(" detections in ") && last.ends_with(" times faster than real time"), "{last}");
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
