//! The graph, and everything that only rewrites it.

use synnet_dsl::{compile_str, format, to_source, with_identifiers};
use synnet_ir::graph::LayerParameter;
use synnet_ir::picture::{STYLE, Size, Subject, THEME, architecture, time_constants};
use synnet_ir::{from_json, from_yaml, to_dot, to_json, to_summary, to_svg, to_table, to_yaml};
use synnet_tests::engines::{compiled, compiled_text};

use crate::{assert_snapshot, for_each, shown};

#[test]
fn graphs_and_tables_match_snapshots() {
    for_each(|case| {
        let compiled = compiled(case);
        let (_, graph, _) = compiled_text(case, &case.text);
        let mut text = format!("{}\n{}", to_summary(&graph), to_table(&graph));
        if !compiled.warnings.is_empty() {
            text += &format!("\n{}\n", shown(&compiled.warnings, &compiled.sources));
        }
        text += &format!("\n{}\n{}", to_dot(&graph), in_lines(&to_yaml(&graph)));
        assert_snapshot("graph", case, &text);
    });
}

/// Networks whose pictures have snapshots: neurons and blocks, delays, recurrence, adaptation, sums, several synapses.
const PICTURED: [&str; 6] =
    ["synnet_tutorial", "recurrence_delays", "adaptation", "wide", "residual_blocks", "all_features"];

#[test]
fn pictures_match_snapshots() {
    for_each(|case| {
        let (_, graph, _) = compiled_text(case, &case.text);
        let svg = to_svg(&Subject::new(&graph));
        let svg = svg.replace(THEME, "").replace(STYLE, "");
        if PICTURED.contains(&case.name.as_str()) {
            assert_snapshot("svg", case, &svg);
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}: {svg}", case.name);
        for (id, layer) in graph.layers_with_ids() {
            assert!(svg.contains(&format!(">{}<", layer.name)), "{}: no {}", case.name, layer.name);
            // A layer is also a picture of its own.
            let subject = Subject::new(&graph).with_layer(Some(id));
            let drawing = architecture(&subject, Size::Narrow);
            assert!(drawing.view_box.iter().all(|x| x.is_finite()), "{}", case.name);
            let leaks = LayerParameter::ALL.iter().any(|which| which.leak(layer).is_some());
            assert_eq!(!time_constants(&subject, Size::Narrow).is_empty(), leaks, "{}", case.name);
        }
    });
}

#[test]
fn graphs_round_trip_through_yaml_and_json() {
    for_each(|case| {
        let (_, graph, _) = compiled_text(case, &case.text);
        let without_places = from_json(&to_json(&graph)).expect("it was just written");
        assert_eq!(to_json(&without_places), to_json(&graph));
        assert_eq!(from_yaml(&to_yaml(&graph)).expect("it was just written"), without_places);
        assert_eq!(to_yaml(&without_places), to_yaml(&graph));
    });
}

#[test]
fn formatting_is_idempotent_and_preserves_graphs() {
    for_each(|case| {
        let formatted = format(&case.text).expect("it compiles");
        assert_eq!(format(&formatted).expect("it compiles"), formatted);
        let (_, graph, _) = compiled_text(case, &case.text);
        let (_, again, _) = compiled_text(case, &formatted);
        assert_eq!(to_json(&again), to_json(&graph));
    });
}

#[test]
fn graphs_print_as_sources_that_compile_to_them() {
    for_each(|case| {
        let (_, graph, _) = compiled_text(case, &case.text);
        // Layers of instances have a `.` in their names, which a declaration cannot have.
        let (graph, _) = with_identifiers(&graph);
        let source = to_source(&graph).expect("it was compiled");
        assert_eq!(format(&source).expect("it is a source"), source);
        let again = compile_str(&source).unwrap_or_else(|error| panic!("{error}\n{source}"));
        assert_eq!(to_json(&again), to_json(&graph), "{source}");
        if PRINTED.contains(&case.name.as_str()) {
            assert_snapshot("source", case, &source);
        }
    });
}

/// Networks whose printed sources have snapshots.
const PRINTED: [&str; 5] =
    ["synnet_tutorial", "all_features", "residual_blocks", "adaptation_learned", "two_synapses"];

/// YAML with each list of numbers in one line, so that it can be read.
fn in_lines(yaml: &str) -> String {
    let mut text = String::new();
    let mut numbers: Vec<&str> = Vec::new();
    for line in yaml.lines().chain([""]) {
        let item = line.trim_start().strip_prefix("- ").filter(|item| item.parse::<f64>().is_ok());
        match item {
            Some(item) => numbers.push(item),
            None => {
                if !numbers.is_empty() {
                    text.truncate(text.trim_end().len());
                    text += &format!(" [{}]\n", numbers.join(", "));
                    numbers.clear();
                }
                text += line;
                text.push('\n');
            }
        }
    }
    text
}
