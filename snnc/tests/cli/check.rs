//! `snnc check`.

use crate::support::{Folder, digits, repository};

#[test]
fn a_sound_network_passes_for_every_target() {
    let folder = Folder::new();
    let digits = digits();
    let outcome = folder.snnc(&["check".as_ref(), digits.as_os_str()]).success();
    assert_eq!((outcome.text(), outcome.stderr.as_str()), ("", ""));
    for target in ["rust", "xylo-audio3"] {
        folder.snnc(&["check".as_ref(), digits.as_os_str(), "--target".as_ref(), target.as_ref()]).success();
    }
}

#[test]
fn five_mistakes_are_five_errors_each_at_its_place() {
    let folder = Folder::new();
    let text = std::fs::read(repository("dsl/tests/fail/five_mistakes.snn")).expect("it can be read");
    folder.write("five.snn", &text);
    let outcome = folder.snnc(&["check", "five.snn"]).failure(1, &["5 errors in `five.snn`"]);
    let errors: Vec<&str> = outcome.stderr.split("error[").skip(1).collect();
    let expected = [("E0301", 7), ("E0101", 8), ("E0204", 9), ("E0201", 12), ("E0404", 13)];
    assert_eq!(errors.len(), expected.len(), "{}", outcome.stderr);
    let text = String::from_utf8(text).expect("it is text");
    for (error, (code, line)) in errors.iter().zip(expected) {
        assert!(error.starts_with(code), "{error}");
        assert!(error.contains(&format!("five.snn:{line}:")), "{error}");
        let source = text.lines().nth(line - 1).expect("the file has such a line");
        assert!(error.contains(source), "{error}");
        assert!(
            error.lines().any(|line| line.trim_start().starts_with("|") && line.contains('^')),
            "{error}"
        );
        assert!(error.contains("= help: "), "{error}");
    }

    let json = folder.snnc(&["check", "five.snn", "--json"]).failure(1, &[]).json();
    let diagnostics = json["diagnostics"].as_array().expect("it is a list");
    let places = diagnostics.iter().map(|d| (d["code"].as_str(), d["place"]["line"].as_u64()));
    assert!(places.eq(expected.iter().map(|&(code, line)| (Some(code), Some(line as u64)))), "{json:#}");
    assert!(diagnostics.iter().all(|d| d["severity"] == "error" && d["help"].is_string()), "{json:#}");
}

#[test]
fn what_does_not_fit_a_chip_is_an_error_at_its_line() {
    let folder = Folder::new();
    folder.write(
        "big.snn",
        "network Big {
    dt: 1 ms;
    input x: 20;
    layer h: lif(60) { tau_mem: 4 ms, tau_syn: 4 ms, max_spikes: 31 };
    layer out: lif(40) { tau_mem: 4 ms, tau_syn: 4 ms, max_spikes: 1 };
    x -> linear -> h -> linear -> out;
    output out.spikes;
}
",
    );
    folder.snnc(&["check", "big.snn"]).success();
    folder.snnc(&["check", "big.snn", "--target", "rust"]).success();
    let outcome = folder.snnc(&["check", "big.snn", "--target", "xylo-audio3"]);
    outcome.failure(
        1,
        &[
            "error[X0101]",
            "big.snn:3:",
            "input x: 20;",
            "error[X0102]",
            "big.snn:5:",
            "= help: ",
            "2 errors in",
        ],
    );
}

#[test]
fn one_of_several_networks_is_chosen_and_its_parameters_are_set() {
    let folder = Folder::new();
    let network = |name: &str| {
        format!(
            "network {name}(n = 4) {{ dt: 1 ms; input x: n; layer out: lif(n) {{ tau_mem: 4 ms, tau_syn: 4 ms }};
             x -> linear -> out; output out; }}\n"
        )
    };
    folder.write("two.snn", network("First") + &network("Second"));
    folder.snnc(&["check", "two.snn"]).failure(1, &["`First`", "`Second`", "--name"]);
    folder.snnc(&["check", "two.snn", "--name", "Second", "--param", "n=8"]).success();
    folder.snnc(&["check", "two.snn", "--name", "Secnd"]).failure(1, &["did you mean `Second`?"]);
    folder.snnc(&["check", "two.snn", "--name", "First", "--param", "m=8"]).failure(1, &["`m`", "First"]);
    folder.snnc(&["check", "two.snn", "--name", "First", "--param", "n=0"]).failure(1, &["error"]);
    folder.snnc_with_input(&["check", "-", "--name", "First"], &folder.read("two.snn")).success();
}

#[test]
fn misuse_has_its_own_exit_code() {
    let folder = Folder::new();
    for words in [
        &["check"][..],
        &["chekc", "x.snn"],
        &["check", "x.snn", "--target", "loihi"],
        &["check", "x.snn", "--param", "classes"],
        &["check", "missing.snn"],
    ] {
        let outcome = folder.snnc(words);
        assert_eq!(outcome.code, Some(2), "{words:?}: {}", outcome.stderr);
        assert!(!outcome.stderr.is_empty(), "{words:?}");
    }
    folder.snnc(&["check", "missing.snn"]).failure(2, &["`missing.snn`", "there is no such file"]);
    assert!(folder.snnc(&["--help"]).success().text().contains("train"));
    assert!(folder.snnc(&["--version"]).success().text().starts_with("snnc "));
}
