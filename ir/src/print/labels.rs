//! Descriptions of parts of a graph, shared by all printed forms.

use crate::display::{format_number, format_time_rounded};
use crate::graph::{Connection, Graph, Leak, LeakUnit};

/// Returns the sources of a connection, as they are written.
pub(super) fn sources(graph: &Graph, connection: &Connection) -> String {
    graph.source_names(connection).collect::<Vec<_>>().join(" + ")
}

/// Returns the operators between the ends of a connection, as the language writes them.
pub(super) fn edge_label(connection: &Connection) -> String {
    let mut parts = Vec::new();
    if connection.delay > 0 {
        parts.push(format!("delay({})", connection.delay));
    }
    if connection.dropout > 0.0 {
        parts.push(format!("dropout({})", connection.dropout));
    }
    if let Some(linear) = connection.as_linear() {
        let bias = if linear.bias.is_some() { " + bias" } else { "" };
        let fixed = if linear.learn { "" } else { " (fixed)" };
        parts.push(format!("linear{bias}{fixed}"));
    }
    if parts.is_empty() { "identity".to_owned() } else { parts.join(", ") }
}

/// Returns the shape of the matrix of a connection: sources and target columns.
pub(super) fn shape(graph: &Graph, connection: &Connection) -> String {
    format!("{} x {}", graph.source_width(connection), graph.layer(connection.target).input_columns())
}

/// Returns whether a connection delivers spikes of the step before.
pub(super) fn is_recurrent(graph: &Graph, connection: &Connection) -> bool {
    connection.sources.iter().any(|source| graph.is_recurrent(*source, connection.target))
}

/// Returns the range of a leak's values in its own unit.
pub(super) fn leak(leak: &Leak) -> String {
    let values = &leak.parameter.values;
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let one = |value: f64| match leak.unit {
        LeakUnit::TimeConstant => format_time_rounded(value),
        LeakUnit::Decay => format!("decay {}", format_number(value)),
        LeakUnit::BitShift => format!("dash {}", format_number(value)),
    };
    let range = if low == high { one(low) } else { format!("{} .. {}", one(low), one(high)) };
    if leak.parameter.learn { format!("{range} (learned)") } else { range }
}
