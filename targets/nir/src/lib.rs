//! NIR, the Neuromorphic Intermediate Representation (Pedersen et al. 2024, doi:10.1038/s41467-024-52259-9), in and out.
//!
//! [`read`] and [`write`](fn@write) are the file format in pure Rust: a [`Nir`] is a tree of nodes with fields, as on
//! disk. [`import`](fn@import) turns it into a network, by the rules of the tool that wrote it ([`Dialect`]), and lists
//! what was assumed, folded and repaired. [`NirTarget`] writes a network.
//!
//! ```
//! use synnet_nir::{Array, ImportOptions, Nir, Node, import, read, write};
//!
//! // A file that Norse could have written: it does not say at which time step.
//! let mut root = Node::new(Node::GRAPH);
//! root.nodes = vec![
//!     ("input".into(), Node::new("Input").with("shape", Array::i64([1], vec![2]))),
//!     ("0".into(), Node::new("Affine")
//!         .with("weight", Array::f32([1, 2], vec![0.5, 1.5]))
//!         .with("bias", Array::f32([1], vec![0.0]))),
//!     ("1".into(), Node::new("LIF")
//!         .with("tau", Array::f32([1], vec![0.02]))
//!         .with("r", Array::f32([1], vec![1.0]))
//!         .with("v_leak", Array::f32([1], vec![0.0]))
//!         .with("v_threshold", Array::f32([1], vec![0.1]))),
//!     ("output".into(), Node::new("Output").with("shape", Array::i64([1], vec![1]))),
//! ];
//! root.edges = ["input", "0", "1", "output"].windows(2).map(|pair| (pair[0].into(), pair[1].into())).collect();
//! let nir = Nir { version: "1.0".into(), root };
//!
//! let bytes = write(&nir).unwrap();
//! assert_eq!(read(bytes).unwrap(), nir);
//!
//! let missing = import(&nir, "Norse", &ImportOptions::new()).unwrap_err();
//! assert_eq!(missing[0].code.id, "N0105");
//! let imported = import(&nir, "Norse", &ImportOptions::new().with_dt(1e-3)).unwrap();
//! assert_eq!(imported.network.graph.layers[0].name, "1");
//! // The gain dt / tau is folded into the weights.
//! assert_eq!(imported.network.linear(0).matrix.data, [0.025, 0.075]);
//! ```

pub mod codes;
mod dialect;
mod export;
mod hdf5;
mod import;
mod metadata;
mod model;
mod nodes;
mod report;

pub use dialect::Dialect;
pub use export::{ExportDialect, NirTarget, export};
pub use hdf5::{Incompatible, read, write};
pub use import::{Import, ImportOptions, import};
pub use model::{Array, Field, Nir, Node, Values};

/// Reads a file like [`read`], with the reason for a refusal as a diagnostic.
///
/// # Errors
/// Returns one error (`N0101`).
pub fn read_file(bytes: Vec<u8>) -> Result<Nir, synnet_ir::Diagnostics> {
    read(bytes).map_err(|why| {
        let mut report = report::Report::default();
        report.error(
            &codes::FORMAT,
            why.to_string(),
            "write the file again with `nir.write`, or with your tool's exporter",
        );
        report.diagnostics
    })
}
