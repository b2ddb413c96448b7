//! The numbering of sources that interpreter and tape share.

use synnet_ir::Graph;
use synnet_ir::graph::{Connection, Endpoint};

/// Returns the index of a source (0 is the input, `i + 1` is layer `i`) and its delay in steps. A recurrent
/// connection takes one step more than declared, since its source has not been updated yet.
pub(crate) fn source(graph: &Graph, connection: &Connection, source: Endpoint) -> (usize, usize) {
    let index = match source {
        Endpoint::Input => 0,
        Endpoint::Layer(id) => id.index() + 1,
    };
    let recurrent = usize::from(graph.is_recurrent(source, connection.target));
    (index, (connection.delay as usize).saturating_add(recurrent))
}
