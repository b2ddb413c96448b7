//! Right networks: their graphs in every printed form, rendered diagnostics, and the formatter.

use std::path::Path;

use synnet_dsl::format;
use synnet_ir::{Graph, from_json, from_yaml, render, to_dot, to_json, to_table, to_yaml};

use crate::cases::{Case, cases, compiled, folder, read};
use crate::expectations::{Fixture, findings};

/// The graph of a network that has nothing wrong.
fn graph(name: &str, text: &str) -> Graph {
    let (sources, result) = compiled(name, text);
    let found: Vec<String> =
        findings(&sources, &result.diagnostics, true).into_iter().flat_map(|f| f.expectations).collect();
    assert!(found.is_empty(), "{name}: {found:#?}");
    result.graph.expect("there are no errors")
}

#[test]
fn right_networks_give_their_graphs() {
    for Case { name, text, .. } in cases("pass") {
        insta::assert_snapshot!(name.as_str(), to_yaml(&graph(&name, &text)));
    }
}

#[test]
fn graphs_survive_yaml_and_json() {
    for Case { name, text, .. } in cases("pass") {
        let graph = graph(&name, &text);
        let again = from_yaml(&to_yaml(&graph)).expect("a graph that was written can be read");
        assert_eq!(to_yaml(&again), to_yaml(&graph), "{name}");
        let again = from_json(&to_json(&graph)).expect("a graph that was written can be read");
        assert_eq!(to_json(&again), to_json(&graph), "{name}");
    }
}

#[test]
fn diagnostics_are_rendered_with_their_lines() {
    for name in ["five_mistakes", "instances", "duplicates"] {
        let text = read(&folder("fail/several").join(format!("{name}.snn")));
        let (sources, result) = compiled(name, &Fixture::read(&text).source());
        insta::assert_snapshot!(format!("render_{name}"), render(&result.diagnostics, &sources, false));
        let colored = render(&result.diagnostics, &sources, true);
        assert!(colored.contains("\u{1b}["));
    }
}

#[test]
fn graphs_are_shown_as_tables_and_drawings() {
    let graph = graph("everything", &read(&folder("pass").join("everything.snn")));
    insta::assert_snapshot!("table_everything", to_table(&graph));
    insta::assert_snapshot!("dot_everything", to_dot(&graph));
}

#[test]
fn formatting_keeps_graphs_and_is_stable() {
    for Case { name, text, .. } in cases("pass") {
        let formatted = format(&text).expect("it parses");
        assert_eq!(format(&formatted).expect("it parses"), formatted, "{name}");
        assert_eq!(to_yaml(&graph(&name, &formatted)), to_yaml(&graph(&name, &text)), "{name}");
        if name.starts_with("formatting") {
            insta::assert_snapshot!(format!("formatted_{name}"), formatted);
        }
    }
}

#[test]
fn the_standard_library_is_formatted() {
    let text = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("std/synnet.snn"));
    assert_eq!(format(&text).expect("it parses"), text);
}
