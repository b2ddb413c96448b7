//! Networks of other tools as a source and a weights file.

use std::path::Path;

use synnet_dsl::{to_source, with_identifiers};
use synnet_ir::{Diagnostic, Diagnostics, Graph, Network, Sources, WeightsFile, WeightsMetadata};
use synnet_nir::ImportOptions;
use synnet_rockpool::Output;

use crate::error::Error;

/// An imported network.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ImportedNetwork {
    /// The graph that the source compiles to.
    pub graph: Graph,
    /// The network as a source.
    pub source: String,
    /// The weights in safetensors format, with metadata about the network.
    pub weights: Vec<u8>,
    /// The rules by which the file was read, such as `snntorch`.
    pub dialect: String,
    /// What was assumed, folded, repaired or left out.
    pub warnings: Diagnostics,
}

impl ImportedNetwork {
    /// Imports a NIR file. `path` is its name in messages and comments, `name` that of the network.
    ///
    /// # Errors
    /// Returns an error if the bytes are not NIR, or with everything in it that has no equivalent.
    pub fn from_nir(bytes: Vec<u8>, path: &Path, name: &str, options: &ImportOptions) -> Result<Self, Error> {
        let refused = |found: Diagnostics| {
            Error::diagnostics(found, &Sources::new()).concluding(|found| refusal(path, found))
        };
        let nir = synnet_nir::read_file(bytes).map_err(refused)?;
        let imported = synnet_nir::import(&nir, name, options).map_err(refused)?;
        Self::new(imported.network, path, imported.dialect.name(), imported.warnings)
    }

    /// Imports a file of Rockpool's `net.save`. `path` is its name in messages and comments, `name` that of the network.
    ///
    /// Tensors of `weights`, a safetensors file with the names of PyTorch's `state_dict`, replace those of the file.
    ///
    /// # Errors
    /// Returns an error if the text is not such a file, or with every module that has no equivalent, and with every tensor
    /// that does not fit.
    pub fn from_rockpool(
        text: &str,
        path: &Path,
        name: &str,
        output: Output,
        weights: Option<&[u8]>,
    ) -> Result<Self, Error> {
        let refused = |found: Diagnostics| {
            Error::diagnostics(found, &Sources::new()).concluding(|found| refusal(path, found))
        };
        let Some(weights) = weights else {
            let imported = synnet_rockpool::import(text, name, output).map_err(refused)?;
            return Self::new(imported.network, path, "rockpool", imported.warnings);
        };
        let weights = WeightsFile::from_safetensors(weights)
            .map_err(|why| Error::Input(format!("the weights cannot be read: {why}")))?;
        let imported =
            synnet_rockpool::import_with_weights(text, name, output, &weights.params).map_err(refused)?;
        let mut warnings = imported.warnings;
        // Numbers of 16 bits are converted.
        let converted = weights.check(&imported.network.graph, true);
        warnings.extend(converted.into_iter().map(|found| Diagnostic { span: None, ..found }));
        Self::new(imported.network, path, "rockpool", warnings)
    }

    /// Writes a network as a source and a weights file.
    fn new(network: Network, path: &Path, dialect: &str, warnings: Diagnostics) -> Result<Self, Error> {
        let (mut graph, renamed) = with_identifiers(&network.graph);
        let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let origin = format!("Imported from `{}`.", file.replace(['`', '\n', '\r'], "_"));
        graph.docs.insert(0, origin);
        for (layer, name) in renamed {
            // A comment is one line, whatever the name holds.
            let plain: String = name.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
            graph.layers[layer].docs.insert(0, format!("Node `{plain}`."));
        }
        let source =
            to_source(&graph).map_err(|why| Error::Input(format!("the network cannot be written: {why}")))?;
        let params = Network { graph: graph.clone(), ..network }.params();
        // What users will get: the graph of the source, whose constants the weights are compared with.
        let compiled = synnet_dsl::compile_str(&source)
            .map_err(|why| Error::Input(format!("the network cannot be written: {why}")))?;
        let weights = params.to_safetensors_with(&WeightsMetadata::new(&compiled).entries());
        Ok(Self { graph: compiled, source, weights, dialect: dialect.to_owned(), warnings })
    }
}

/// Returns the line below the errors of a file that cannot be imported.
fn refusal(path: &Path, found: &Diagnostics) -> String {
    let errors = found.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let errors = synnet_ir::display::pluralize(errors, "error");
    format!("`{}` cannot be imported: {errors}; nothing was written", path.display())
}
