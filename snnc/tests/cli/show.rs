//! `snnc show`.

use crate::support::{Folder, digits, graph};

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
    // Spans say where a graph comes from; a file of it has none.
    assert_eq!(show(&["--format", "yaml"]), synnet_dsl::to_yaml(&graph));
    assert_eq!(show(&["--format", "json"]), synnet_dsl::to_json(&graph));
    assert_eq!(show(&["--json"]), synnet_dsl::to_json(&graph));
    let dot = show(&["--format", "dot"]);
    assert!(dot.starts_with("digraph") && dot.contains("h2"), "{dot}");
    let yaml = synnet_dsl::from_yaml(&show(&["--format", "yaml"])).expect("it is a graph");
    let json = synnet_dsl::from_json(&show(&["--format", "json"])).expect("it is a graph");
    assert_eq!(yaml, json);
}
