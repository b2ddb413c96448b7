//! `snnc chips`, and custom chips.

use crate::support::{Folder, RECIPE, digits, digits_weights, tones};

/// Returns the description of a custom chip: a smaller Xylo Audio 3.
fn custom_chip(folder: &Folder) -> String {
    let text = folder.snnc(&["chips", "xylo-audio3"]).success().text().to_owned();
    let custom =
        text.replace("name: xylo-audio3", "name: small-chip").replace("hidden: 992 ", "hidden: 150 ");
    assert_ne!(custom, text);
    custom
}

#[test]
fn all_chips_are_listed_and_one_is_shown_with_its_evidence() {
    let folder = Folder::new();
    let table = folder.snnc(&["chips"]).success().text().to_owned();
    let row =
        |name: &str| table.lines().find(|line| line.starts_with(name)).expect("the table has such a row");
    assert_eq!(
        row("hidden neurons").split_whitespace().skip(2).collect::<Vec<_>>(),
        ["998", "1000", "992", "496"]
    );
    let names: Vec<&str> = row("chip").split_whitespace().skip(1).collect();
    assert_eq!(names, ["xylo-1", "xylo-audio2", "xylo-audio3", "xylo-imu"]);

    let json = folder.snnc(&["chips", "--json"]).success().json();
    assert!(
        json.as_array().expect("it is a list").iter().map(|chip| chip["name"].as_str().unwrap()).eq(names)
    );
    assert_eq!(json[2]["fan_out"]["total"], 31744);
    assert_eq!(folder.snnc(&["chips", "xylo-imu", "--json"]).success().json()["part"], "SYNS63300");
    let text = folder.snnc(&["chips", "xylo-imu"]).success();
    assert!(text.text().contains("# Evidence: [D]") && text.text().contains("\nhidden: 496 "));
    folder.snnc(&["chips", "xylo-imo"]).failure(2, &["no chip `xylo-imo`", "did you mean `xylo-imu`?"]);
}

#[test]
fn unknown_target_lists_the_known_ones() {
    let folder = Folder::new();
    let words = ["check", "x.snn", "--target", "xylo-audo3"];
    folder.snnc(&words).failure(2, &["did you mean `xylo-audio3`?", "`rust-int`", "`xylo-1`"]);
    let words = ["eval", "x.yaml", "--weights", "w", "--on", "flaot"];
    folder.snnc(&words).failure(2, &["did you mean `float`?"]);
    let folder = tones();
    folder.write("tones.yaml", RECIPE.replace("training:", "build: [xylo-im]\ntraining:"));
    folder
        .snnc(&["check", "tones.yaml"])
        .failure(1, &["tones.yaml:9:9", "there is no target `xylo-im`", "did you mean `xylo-imu`?"]);
    folder.write("tones.yaml", RECIPE.replace("training:", "chip: audio3\ntraining:"));
    folder
        .snnc(&["check", "tones.yaml"])
        .failure(1, &["tones.yaml:9:7", "there is no chip `audio3`", "use one of"]);
}

#[test]
fn custom_chip_is_a_target() {
    let folder = Folder::new();
    folder.write("own.yaml", custom_chip(&folder));
    folder.write("w.safetensors", digits_weights());
    let digits = digits();
    let digits = digits.to_str().expect("the path is text");
    // Digits has 180 hidden neurons.
    let too_many = ["error[X0103]", "180"];
    for words in [
        &["check", digits, "--chip", "own.yaml"][..],
        &["--chip=own.yaml", "check", digits, "--target", "small-chip"],
    ] {
        folder.snnc(words).failure(1, &too_many);
    }
    folder.snnc(&["check", digits, "--chip", "own.yaml", "--target", "xylo-audio3"]).success();

    let large = folder.read_text("own.yaml").replace("hidden: 150 ", "hidden: 180 ");
    folder.write("own.yaml", large);
    let build = ["build", digits, "--weights", "w.safetensors", "--chip", "own.yaml", "-o", "own"];
    let outcome = folder.snnc(&build).success();
    assert!(outcome.stderr.contains("None of this was tested"), "{}", outcome.stderr);
    assert!(folder.read_text("own.py").contains("None of this was tested"));
    let shown = folder.snnc(&["show", "own.spec.npz", "--chip", "own.yaml"]).success();
    assert!(shown.text().contains(" 180        180 "), "{}", shown.text());
    assert!(folder.snnc(&["chips", "--chip", "own.yaml"]).success().text().contains("small-chip"));
    let text = folder.snnc(&["chips", "small-chip", "--chip", "own.yaml"]).success();
    assert_eq!(text.text(), folder.read_text("own.yaml"));

    // Recipes can name the custom chip, too.
    let folder = tones();
    folder.write("own.yaml", custom_chip(&folder));
    folder.write("tones.yaml", RECIPE.replace("training:", "build: [rust, small-chip]\ntraining:"));
    let outcome = folder.snnc(&["check", "tones.yaml", "--chip", "own.yaml"]).success();
    assert!(outcome.stderr.ends_with("fits rust, small-chip\n"), "{}", outcome.stderr);
}

#[test]
fn errors_of_a_description_are_located() {
    let folder = Folder::new();
    let good = custom_chip(&folder);
    let check = |text: &str| {
        folder.write("own.yaml", text);
        folder.snnc(&["check", "x.snn", "--chip", "own.yaml"])
    };
    for (wrong, right, says) in [
        ("inputs: 16", "input: 16", &["unknown key `input`", "did you mean `inputs`?", "own.yaml:11:1"][..]),
        (
            "synapse: {min: 1, max: 15}",
            "synapse: {min: 1, max: 300}",
            &["`dash.synapse.max` is `300`", "own.yaml:"],
        ),
        ("outputs: 32", "outputs: many", &["`outputs` is `many`; expected an integer from 1 to 4096"]),
        ("bias: true", "", &["`bias` is missing"]),
        (
            "hidden: 150 ",
            "hidden: 100 ",
            &["2 errors in `own.yaml`", "`input_expansion` is 128; expected 1 to 100"],
        ),
        ("  hidden: 31 ", "  hidden: 63 ", &["`events.hidden` is 63"]),
        ("name: small-chip", "name: xylo-imu", &["the name `xylo-imu` is taken"]),
        ("name: small-chip", "name: rust", &["the name `rust` is reserved"]),
    ] {
        let text = good.replace(wrong, right);
        assert_ne!(text, good, "{wrong}");
        check(&text).failure(1, &[&["`own.yaml`"][..], says].concat());
    }
    check("").failure(1, &["`own.yaml`"]);
    check("- 1").failure(1, &["`own.yaml`"]);
    folder.snnc(&["chips", "--chip", "none.yaml"]).failure(2, &["`none.yaml`", "there is no such file"]);
    folder.snnc(&["chips", "--chip"]).failure(2, &["--chip"]);

    folder.write("own.yaml", &good);
    let twice = ["chips", "--chip", "own.yaml", "--chip", "own.yaml"];
    folder.snnc(&twice).failure(1, &["the name `small-chip` is taken by another chip"]);
    folder.write("other.yaml", good.replace("name: small-chip", "name: other-chip"));
    folder.write("n.snn", "network N { dt: 1 ms; input x: 1; layer h: lif(1); x -> linear -> h; output h; }");
    let both = ["check", "n.snn", "--chip", "own.yaml", "--chip", "other.yaml"];
    folder.snnc(&both).failure(2, &["several custom chips", "`--target`"]);
}
