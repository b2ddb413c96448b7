//! `snnc show`.

use crate::support::{Folder, digits, digits_weights, graph, repository};

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
    for what in ["Digits", "h0", "h1", "h2", "out", "h0 (60 x 60, dropout 0.1)", "3600"] {
        assert!(table.contains(what), "no `{what}` in:\n{table}");
    }
    assert!(table.lines().count() <= 10, "{table}");
    assert_eq!(show(&["--format", "table"]), table);
    assert!(show(&["--format", "full"]).contains("h0->h1.weight"));
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
    assert!(outcome.text().contains("h0 (60 x 60") && outcome.text().contains("fan-out memory"));
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
        (&["--target", "xylo-imu", "--format", "dot"], "`table`, `full`, `json` or `html`"),
        (&["--target", "xylo-imu", "--layer", "h0"], "leave out `--layer`"),
        (&["--layer", "h0", "--format", "yaml"], "with `--layer`, `--format` is"),
        (&["--open", "--format", "dot"], "`--format` is `html` or `svg`"),
        (&["--open", "-o", "-"], "leave out `-o -`"),
    ] {
        folder.snnc(&[&["show", digits][..], words].concat()).failure(2, &[says]);
    }
}

#[test]
fn one_layer_is_shown() {
    let folder = Folder::new();
    folder.write("w.safetensors", digits_weights());
    let digits = digits();
    let digits = digits.to_str().expect("the path is text");
    let layer = |name: &'static str| ["show", digits, "--weights", "w.safetensors", "--layer", name];
    let outcome = folder.snnc(&layer("h1")).success();
    let text = outcome.text();
    for what in
        ["layer h1 of network Digits   60 lif neurons", "threshold", "h0->h1.weight", "h1->h2.weight", "mean"]
    {
        assert!(text.contains(what), "no `{what}` in:\n{text}");
    }
    assert!(!text.contains("events->h0.weight"), "{text}");
    let json = folder.snnc(&[&layer("h1")[..], &["--json"]].concat()).success().json();
    assert_eq!(
        (&json["layer"]["name"], json["connections"].as_array().map(Vec::len)),
        (&"h1".into(), Some(2))
    );
    folder.snnc(&layer("h11")).failure(1, &["no layer `h11`; did you mean `h1`?"]);
    folder.snnc(&layer("readout")).failure(1, &["no layer `readout`; it has `h0`, `h1`, `h2`, `out`"]);
}

#[test]
fn pictures_are_files_that_load_nothing() {
    let folder = Folder::new();
    folder.write("w.safetensors", digits_weights());
    let digits = digits();
    let digits = digits.to_str().expect("the path is text");
    folder.snnc(&["show", digits, "--format", "svg", "-o", "net.svg"]).success();
    let svg = folder.read_text("net.svg");
    assert!(
        svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"")
            && svg.contains("synaptic time constants")
    );
    folder.snnc(&["show", digits, "--format", "html", "--layer", "h0", "-o", "h0.html"]).success();
    assert!(folder.read_text("h0.html").contains("<h1>h0 of Digits</h1>"));
    let page = ["show", digits, "--weights", "w.safetensors", "--target", "xylo-audio3", "--format", "html"];
    let outcome = folder.snnc(&page).success();
    for heading in ["Architecture", "Time constants", "Layers", "Weights", "Use of the chip"] {
        assert!(outcome.text().contains(&format!("<h2>{heading}</h2>")), "no `{heading}`");
    }
    for reference in ["http:", "https:", "src=", "href=", "url("] {
        assert!(!outcome.text().contains(reference), "{reference}");
    }
}

#[cfg(unix)]
#[test]
fn pages_open_in_the_chosen_browser() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    folder.write("browser", "#!/bin/sh\ncp \"$1\" opened.part && mv opened.part opened && rm -f \"$1\"\n");
    let browser = folder.path("browser");
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)).expect("the mode can be set");
    let digits = digits();
    let mut command = folder.command(&["show", digits.to_str().expect("the path is text"), "--open"]);
    let output = command.env("BROWSER", &browser).output().expect("the command starts");
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    // The browser runs on its own.
    for _ in 0..500 {
        if folder.path("opened").exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(folder.read_text("opened").contains("<h2>Architecture</h2>"));
    let mut command =
        folder.command(&["show", digits.to_str().expect("the path is text"), "--open", "-o", "a.html"]);
    let output = command.env("BROWSER", folder.path("nothing")).output().expect("the command starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("set `BROWSER`"), "{said}");
}

#[test]
fn the_picture_of_the_documentation_is_current() {
    let page = std::fs::read_to_string(repository("docs/synnet.md")).expect("the page can be read");
    let source = page.split("```snn\n// tutorial.snn\n").nth(1).and_then(|rest| rest.split("```").next());
    let folder = Folder::new();
    folder.write("tutorial.snn", source.expect("the page has the network"));
    let svg = folder.snnc(&["show", "tutorial.snn", "--format", "svg"]).success().text().to_owned();
    let file = repository("docs/images/tutorial.svg");
    if std::env::var_os("SYNNET_UPDATE").is_some() {
        std::fs::write(&file, &svg).expect("the picture can be written");
    }
    let saved = std::fs::read_to_string(&file).expect("the picture can be read");
    assert!(saved == svg, "SYNNET_UPDATE=1 rewrites `docs/images/tutorial.svg`");
}
