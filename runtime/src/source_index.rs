//! Where the counts of a connection come from, as the engines number it.

use synnet_ir::Graph;
use synnet_ir::graph::{Connection, Endpoint};

/// The index of a source (0 is the input, `i + 1` layer `i`) and the steps that its events take.
pub(crate) fn source(graph: &Graph, connection: &Connection, source: Endpoint) -> (usize, usize) {
    let index = match source {
        Endpoint::Input => 0,
        Endpoint::Layer(id) => id.index() + 1,
    };
    let recurrent = usize::from(graph.is_recurrent(source, connection.target));
    (index, (connection.delay as usize).saturating_add(recurrent))
}
