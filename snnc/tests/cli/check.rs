//! `snnc check`.

use crate::support::{Folder, digits, repository, tones};

#[test]
fn valid_network_passes_for_every_target() {
    let folder = Folder::new();
    let digits = digits();
    let outcome = folder.snnc(&["check".as_ref(), digits.as_os_str()]).success();
    assert_eq!(outcome.text(), "", "messages go to standard error");
    let said = "has no errors: network `Digits`, 4 layers, 190 neurons, 8760 learned parameters\n";
    assert!(outcome.stderr.ends_with(said) && outcome.stderr.lines().count() == 1, "{}", outcome.stderr);
    for target in ["rust", "xylo-audio3"] {
        let words = ["check".as_ref(), digits.as_os_str(), "--target".as_ref(), target.as_ref()];
        let outcome = folder.snnc(&words).success();
        assert!(outcome.stderr.ends_with(&format!("; fits {target}\n")), "{}", outcome.stderr);
    }
}

#[test]
fn a_recipe_is_checked_without_its_recordings() {
    let folder = tones();
    std::fs::remove_dir_all(folder.path("data")).expect("it was written");
    let outcome = folder.snnc(&["check", "tones.yaml"]).success();
    let said = "`tones.yaml` has no errors: network `Tones`, 2 layers, 14 neurons, 216 learned parameters; \
                can be trained; fits rust, xylo-audio3\n";
    assert_eq!(outcome.stderr, said);
    for (wrong, right, says) in [
        ("batch: 3", "batch: 0", "`training.batch` is 0"),
        ("readout: mean_vmem", "readout: spike_count", "spike_count"),
        ("training:", "build: [fpga]\ntraining:", "fpga"),
        ("tones.snn", "none.snn", "none.snn"),
    ] {
        folder.write("other.yaml", folder.read_text("tones.yaml").replace(wrong, right));
        let outcome = folder.snnc(&["check", "other.yaml"]);
        assert!(outcome.code != Some(0) && outcome.stderr.contains(says), "{says}: {}", outcome.stderr);
    }
    folder
        .snnc(&["check", "tones.yaml", "--name", "Tones"])
        .failure(2, &["a recipe sets them as `name` and `params`"]);
}

#[test]
fn unsupported_training_is_reported_before_reading_data() {
    let folder = tones();
    folder.write(
        "tones.snn",
        "network Noisy { dt: 10 ms; input x: 16; layer out: lif(2) { noise_std: 0.1, threshold: 32767 }; \
         x -> linear -> out; output out.vmem; }",
    );
    let words = ["train", "tones.yaml", "--set", "build=[]", "--set", "data.path=nowhere"];
    folder.snnc(&words).failure(1, &["noise", "tones.snn:1:"]);
}

#[test]
fn five_mistakes_are_five_errors_each_at_its_place() {
    let folder = Folder::new();
    let text = std::fs::read(repository("dsl/tests/fail/several/five_mistakes.snn")).expect("it can be read");
    folder.write("five.snn", &text);
    let outcome = folder.snnc(&["check", "five.snn"]).failure(1, &["5 errors in `five.snn`"]);
    let errors: Vec<&str> = outcome.stderr.split("error[").skip(1).collect();
    let expected = [("E0301", 7), ("E0101", 10), ("E0204", 13), ("E0201", 18), ("E0404", 21)];
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
