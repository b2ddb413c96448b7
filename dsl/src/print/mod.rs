//! From a graph back to a source, as a person would write it.

mod chains;
mod names;
mod neurons;
mod numbers;

use std::fmt;

use synnet_ir::Graph;
use synnet_ir::graph::{Init, Operator};

pub use names::with_identifiers;

use crate::format::format;
use numbers::time;

/// A part of a graph that the language cannot express; graphs that were compiled have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotExpressible(String);

impl fmt::Display for NotExpressible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotExpressible {}

/// Returns the source of a graph in the canonical form of the formatter. Compiling it gives the same graph.
///
/// Loops, instances and parameters are not found again: the source declares layer by layer.
///
/// # Errors
/// Returns the first part that the language cannot express: a name that is no identifier ([`with_identifiers`] replaces
/// those), or a setting that only graphs from files can have.
///
/// # Examples
/// ```
/// let text = "network Tiny {\n    dt: 1 ms;\n    input x: 2;\n\n    layer out: expsyn(3) { tau_syn: 20 ms };\n\n    \
///             x -> linear -> out;\n\n    output out.isyn;\n}\n";
/// let graph = synnet_dsl::compile_str(text).unwrap();
/// assert_eq!(synnet_dsl::to_source(&graph).unwrap(), text);
/// ```
pub fn to_source(graph: &Graph) -> Result<String, NotExpressible> {
    check(graph)?;
    let mut out = Lines::default();
    out.docs("", &graph.docs);
    out.line(&format!("network {} {{", graph.name));
    out.line(&format!("    dt: {};", time(graph.dt)));
    out.docs("    ", &graph.input.docs);
    out.line(&format!("    input {}: {};", graph.input.name, graph.input.channels));
    out.line("");
    let templates = neurons::templates(graph);
    for template in &templates {
        out.line(&format!("    {}", template.declaration()));
    }
    if !templates.is_empty() {
        out.line("");
    }
    for layer in &graph.layers {
        out.docs("    ", &layer.docs);
        out.line(&format!("    {}", neurons::declaration(layer, &templates)));
    }
    out.line("");
    for chain in chains::chains(graph) {
        out.docs("    ", &chain.docs);
        out.line(&format!("    {};", chain.text));
    }
    if !graph.connections.is_empty() {
        out.line("");
    }
    let output = &graph.output;
    out.line(&format!("    output {}.{};", graph.layer(output.layer).name, output.quantity.name()));
    out.line("}");
    format(&out.text).map_err(|diagnostics| NotExpressible(diagnostics.to_string()))
}

/// Lines of a source.
#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn docs(&mut self, indent: &str, docs: &[String]) {
        for line in docs {
            let separator = if line.is_empty() { "" } else { " " };
            self.line(&format!("{indent}///{separator}{line}"));
        }
    }
}

/// Checks that the language can express names and settings.
fn check(graph: &Graph) -> Result<(), NotExpressible> {
    let names =
        [&graph.name, &graph.input.name].into_iter().chain(graph.layers.iter().map(|layer| &layer.name));
    for name in names {
        if !names::is_identifier(name) {
            return Err(NotExpressible(format!("`{name}` is not a name of the language")));
        }
    }
    for connection in &graph.connections {
        let derived = graph.connection_name(&connection.sources, connection.target);
        if connection.name != derived {
            let message = format!("the connection `{derived}` cannot have the name `{}`", connection.name);
            return Err(NotExpressible(message));
        }
        let Operator::Linear(linear) = &connection.operator else { continue };
        let plain = |init: &Init| init.scale == [1.0];
        if linear.bias.as_ref().is_some_and(|bias| bias.learn != linear.learn || !plain(&bias.init)) {
            let message = format!("the bias of `{derived}` cannot be learned or scaled unlike its weights");
            return Err(NotExpressible(message));
        }
    }
    Ok(())
}
