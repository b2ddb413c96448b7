//! From a network to a file.

mod encode;
mod plan;
mod recover;
mod rockpool;
mod target;
mod warnings;

pub(crate) use encode::encode;
pub(crate) use recover::recover;
pub use target::NirTarget;

use synnet_ir::{Diagnostics, Network};

use crate::codes;
use crate::dialect::Dialect;
use crate::model::Nir;

/// The tools that a file is written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ExportDialect {
    /// Forward Euler: snnTorch, Norse, SpikingJelly, and whoever integrates the equations of the format.
    #[default]
    Euler,
    /// Rockpool's importer.
    Rockpool,
}

impl ExportDialect {
    /// All dialects, the default first.
    pub const ALL: [Self; 2] = [Self::Euler, Self::Rockpool];

    /// Returns the name on the command line.
    pub const fn name(self) -> &'static str {
        self.dialect().name()
    }

    /// Returns the dialect of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// Returns the dialect by whose rules the file is read again.
    pub(crate) const fn dialect(self) -> Dialect {
        match self {
            Self::Euler => Dialect::Euler,
            Self::Rockpool => Dialect::Rockpool,
        }
    }
}

/// Converts a network to a file, with warnings about what other tools will not see.
///
/// # Errors
/// Returns everything of the network that the dialect cannot hold.
pub fn export(network: &Network, dialect: ExportDialect) -> Result<(Nir, Diagnostics), Diagnostics> {
    let (mut nir, mut diagnostics) = encode(network, dialect)?;
    let metadata = crate::metadata::GraphMetadata {
        dt: network.graph.dt,
        dialect: dialect.dialect(),
        graph: Some(synnet_ir::to_json(&network.graph)),
    };
    metadata.write(&mut nir.root);
    diagnostics.extend(warnings::warnings(&network.graph, dialect));
    Ok((nir, diagnostics))
}

/// Returns the error for a part of the network that the format cannot hold.
pub(crate) fn not_expressible(span: synnet_ir::Span, message: String, help: &str) -> synnet_ir::Diagnostic {
    synnet_ir::Diagnostic::error(&codes::NOT_EXPRESSIBLE, span, message).with_help(help)
}
