//! Serialization of graphs as YAML and JSON.

use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;
use crate::validate::validate;

/// Serializes the graph as YAML.
pub fn to_yaml(graph: &Graph) -> String {
    serde_yaml::to_string(graph).expect("a graph has only types that YAML has")
}

/// Serializes the graph as indented JSON.
pub fn to_json(graph: &Graph) -> String {
    let mut text = serde_json::to_string_pretty(graph).expect("a graph has only types that JSON has");
    text.push('\n');
    text
}

/// Reads a graph that [`to_yaml`] wrote.
///
/// # Errors
/// Fails if the text is not a graph, or if the graph breaks a rule of [`validate`].
pub fn from_yaml(text: &str) -> Result<Graph, Diagnostics> {
    checked(serde_yaml::from_str(text).map_err(|error| error.to_string()))
}

/// Reads a graph that [`to_json`] wrote.
///
/// # Errors
/// Fails as [`from_yaml`] does.
pub fn from_json(text: &str) -> Result<Graph, Diagnostics> {
    checked(serde_json::from_str(text).map_err(|error| error.to_string()))
}

fn checked(read: Result<Graph, String>) -> Result<Graph, Diagnostics> {
    let graph = read.map_err(|reason| {
        let message = format!("invalid graph: {reason}");
        Diagnostic::error_without_span(&codes::GRAPH_FILE, message)
            .with_help("write graphs with `snnc show --format yaml` or `--format json`")
    })?;
    let errors: Diagnostics = validate(&graph)
        .errors()
        .into_iter()
        .map(|error| Diagnostic { span: None, notes: Vec::new(), ..error })
        .collect();
    if errors.is_empty() { Ok(graph) } else { Err(errors) }
}
