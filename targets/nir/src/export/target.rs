//! NIR as a [`Target`].

use synnet_ir::{Artifact, Artifacts, Diagnostic, Diagnostics, Graph, Network, Target};

use super::{ExportDialect, export, rockpool, warnings};
use crate::codes;
use crate::hdf5::write;

/// The target that writes a NIR file.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NirTarget {
    dialect: ExportDialect,
}

impl NirTarget {
    /// Creates a target that writes for the tools of a dialect.
    pub fn new(dialect: ExportDialect) -> Self {
        Self { dialect }
    }
}

impl Target for NirTarget {
    fn name(&self) -> &str {
        "nir"
    }

    fn file_name(&self, stem: &str) -> String {
        format!("{stem}.nir")
    }

    fn check(&self, graph: &Graph) -> Diagnostics {
        let mut diagnostics = warnings::warnings(graph, self.dialect);
        if self.dialect == ExportDialect::Rockpool {
            diagnostics.extend(rockpool::check(graph));
        }
        diagnostics
    }

    fn build(&self, network: &Network, file: &str) -> Result<Artifacts, Diagnostics> {
        let (nir, warnings) = export(network, self.dialect)?;
        let bytes = write(&nir).map_err(|why| {
            Diagnostic::error(
                &codes::NOT_EXPRESSIBLE,
                network.graph.span,
                format!("HDF5 cannot hold the network: {why}"),
            )
            .with_help("rename its layers")
        })?;
        let what = format!("network in NIR, dialect `{}`", self.dialect.name());
        Ok(Artifacts::new([Artifact::new(file, what, bytes)]).with_warnings(warnings))
    }
}
