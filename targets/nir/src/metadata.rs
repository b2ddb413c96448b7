//! Metadata of files that this compiler wrote: what NIR has no fields for.
//!
//! | node | entry | content |
//! |---|---|---|
//! | the graph | `dt` | time step in seconds |
//! | the graph | `dialect` | the dialect of the export |
//! | the graph | `synnet_version` | version of the writer |
//! | the graph | `synnet_graph` | the graph as JSON |
//! | spiking nodes | `reset` | `subtract` or `zero` |
//! | spiking nodes | `max_spikes` | maximum number of spikes per time step |

use synnet_ir::graph::Reset;

use crate::dialect::Dialect;
use crate::model::{Array, Field, Nir, Node};

const DT: &str = "dt";
const DIALECT: &str = "dialect";
const VERSION: &str = "synnet_version";
const GRAPH: &str = "synnet_graph";
const RESET: &str = "reset";
const MAX_SPIKES: &str = "max_spikes";

/// Entries of the graph.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GraphMetadata {
    pub(crate) dt: f64,
    pub(crate) dialect: Dialect,
    /// The graph as JSON; `None` if the file has none.
    pub(crate) graph: Option<String>,
}

impl GraphMetadata {
    /// Reads the entries of a file; `None` if another tool wrote it, or if they are damaged.
    pub(crate) fn read(nir: &Nir) -> Option<Self> {
        let entries = &nir.root.metadata;
        entries.get(VERSION)?;
        let Some(Field::Array(dt)) = entries.get(DT) else { return None };
        let Some(Field::Text(dialect)) = entries.get(DIALECT) else { return None };
        let dt = dt.iter().next().filter(|dt| *dt > 0.0 && dt.is_finite())?;
        let graph = match entries.get(GRAPH) {
            Some(Field::Text(text)) => Some(text.clone()),
            _ => None,
        };
        Some(Self { dt, dialect: Dialect::from_name(dialect)?, graph })
    }

    /// Adds the entries to the root of a file.
    pub(crate) fn write(self, root: &mut Node) {
        let mut add = |name: &str, field| root.metadata.insert(name.to_owned(), field);
        add(VERSION, Field::Text(env!("CARGO_PKG_VERSION").to_owned()));
        add(DT, Field::Array(Array::f64([], vec![self.dt])));
        add(DIALECT, Field::Text(self.dialect.name().to_owned()));
        if let Some(graph) = self.graph {
            add(GRAPH, Field::Text(graph));
        }
    }
}

/// Settings of a spiking node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NodeSettings {
    pub(crate) reset: Option<Reset>,
    pub(crate) max_spikes: Option<u32>,
}

impl NodeSettings {
    /// Reads the settings of a node. Entries of other tools with these names are left out.
    pub(crate) fn read(node: &Node) -> Self {
        let reset = match node.metadata.get(RESET) {
            Some(Field::Text(name)) => Reset::ALL.into_iter().find(|reset| reset.name() == name),
            _ => None,
        };
        let max_spikes = match node.metadata.get(MAX_SPIKES) {
            Some(Field::Array(array)) => {
                array.iter().next().filter(|n| (1.0..=f64::from(u32::MAX)).contains(n))
            }
            _ => None,
        };
        Self { reset, max_spikes: max_spikes.map(|n| n as u32) }
    }

    /// Adds the settings to a node.
    pub(crate) fn write(self, node: &mut Node) {
        if let Some(reset) = self.reset {
            node.metadata.insert(RESET.to_owned(), Field::Text(reset.name().to_owned()));
        }
        if let Some(max_spikes) = self.max_spikes {
            let value = Array::i64([], vec![i64::from(max_spikes)]);
            node.metadata.insert(MAX_SPIKES.to_owned(), Field::Array(value));
        }
    }
}
