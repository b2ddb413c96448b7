//! `snnc show`.

use crate::support::{Folder, digits, digits_weights, graph};

#[test]
fn every_format_shows_the_network() {
    let folder = Folder::new();
    let digits = digits();
    let graph = graph(&std::fs::read_to_string(&digits).expect("the example can be read"));
    let show = |words: &[&str]| {
        let mut all = vec!["show", digits.to_str().expect("the path is text")];
        all.extend(words);
        folder.snnc(&all).success().text().to_owned()
    };
    let table = show(&[]);
    for what in ["Digits", "h0", "h1", "h2", "out", "h0->h1.weight", "60"] {
        assert!(table.contains(what), "no `{what}` in:\n{table}");
    }
    assert_eq!(show(&["--format", "table"]), table);
    // Serialized graphs have no spans, so they equal those of any source.
    assert_eq!(show(&["--format", "yaml"]), synnet_ir::to_yaml(&graph));
    assert_eq!(show(&["--format", "json"]), synnet_ir::to_json(&graph));
    assert_eq!(show(&["--json"]), synnet_ir::to_json(&graph));
    let dot = show(&["--format", "dot"]);
    assert!(dot.starts_with("digraph") && dot.contains("h2"), "{dot}");
    let yaml = synnet_ir::from_yaml(&show(&["--format", "yaml"])).expect("it is a graph");
    let json = synnet_ir::from_json(&show(&["--format", "json"])).expect("it is a graph");
    assert_eq!(yaml, json);
}

#[test]
fn a_chip_is_shown_with_what_the_network_takes_and_costs() {
    let folder = Folder::new();
    folder.write("w.safetensors", digits_weights());
    let digits = digits();
    let digits = digits.to_str().expect("the path is text");
    let outcome = folder.snnc(&["show", digits, "--target", "xylo-audio3"]).success();
    assert!(outcome.text().contains("h0->h1.weight") && outcome.text().contains("fan-out memory"));
    assert!(!outcome.text().contains("cost on"), "without weights there is no cost");

    let with_weights = ["show", digits, "--target", "xylo-audio3", "--weights", "w.safetensors"];
    let outcome = folder.snnc(&with_weights).success();
    for what in [
        "cost on SynSense Xylo Audio 3",
        "h2",
        "next documented clock",
        "measured at",
        "other boards may differ",
        "cheaper: ",
    ] {
        assert!(outcome.text().contains(what), "no `{what}` in:\n{}", outcome.text());
    }
    let json = folder.snnc(&[&with_weights[..], &["--json"]].concat()).success().json();
    assert_eq!(json["network"]["name"], "Digits");
    let cost = &json["cost"];
    let number = |value: &serde_json::Value| value.as_f64().expect("it is a number");
    let part = |layer: &serde_json::Value| {
        ["input", "spikes", "to_readout", "update"].map(|p| number(&layer[p])).iter().sum::<f64>()
    };
    let layers = cost["layers"].as_array().expect("it is a list");
    let sum = number(&cost["channels"]) + layers.iter().map(part).sum::<f64>();
    assert!((sum - number(&cost["cycles_per_step"])).abs() < 1e-6, "{cost:#}");
    // The clock is 1.2 times the cycles in steps of 10 ms.
    assert!((number(&cost["clock"]["suggested_mhz"]) - 120e-6 * sum).abs() < 1e-6, "{cost:#}");
    assert_eq!(json["budget"]["resources"][1]["used"], 180);

    let unknown = ["show", digits, "--target", "xylo-1", "--weights", "w.safetensors", "--param", "x=1"];
    folder.snnc(&unknown).failure(1, &["no parameter `x`"]);
}

#[test]
fn what_does_not_fit_is_shown_and_then_refused() {
    let folder = Folder::new();
    let digits = digits();
    let digits = digits.to_str().expect("the path is text");
    let outcome = folder.snnc(&["show", digits, "--target", "xylo-1"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(outcome.text().contains("2 too many"), "{}", outcome.text());
    assert!(outcome.stderr.contains("error[X0102]"), "{}", outcome.stderr);
    for (words, says) in [
        (&["--target", "rust"][..], "only chips have a budget"),
        (&["--weights", "w"], "cannot read `w`"),
        (&["--dt", "1ms"], "`--dt` is for compiled networks"),
        (&["--dt", "1"], "with a unit"),
        (&["--target", "xylo-imu", "--format", "dot"], "`--format` is `table` or `json`"),
    ] {
        folder.snnc(&[&["show", digits][..], words].concat()).failure(2, &[says]);
    }
}
