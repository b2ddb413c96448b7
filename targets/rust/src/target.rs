//! Generated Rust as a [`Target`]: from a network to a module and its file of weights.

use synnet_ir::{Artifact, Artifacts, Diagnostics, Graph, Network, Target};
use synnet_step::{Numbers, facts};

use crate::generate::{TARGET, generate, generate_without_weights};
use crate::module::Module;
use crate::options::{Embedding, RustOptions};

/// The targets `rust` and `rust-int`: a Rust module, with its weights in a file beside it.
///
/// [`RustOptions::numbers`] chooses between them. [`RustOptions::embedding`] has no effect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RustTarget {
    options: RustOptions,
    single_file: bool,
}

impl RustTarget {
    /// Creates a target with these options.
    pub fn new(options: RustOptions) -> Self {
        Self { options, single_file: false }
    }

    /// Embeds the weights in the source, so that the module is a single file.
    #[must_use]
    pub fn with_single_file(mut self) -> Self {
        self.single_file = true;
        self
    }

    fn options_for(&self, file: &str) -> RustOptions {
        let embedding =
            if self.single_file { Embedding::Literal } else { Embedding::Include(weights_file(file)) };
        self.options.clone().with_embedding(embedding)
    }
}

impl Target for RustTarget {
    fn name(&self) -> &str {
        match self.options.numbers {
            Numbers::Float => "rust",
            Numbers::Integer(_) => "rust-int",
        }
    }

    fn file_name(&self, stem: &str) -> String {
        match self.options.numbers {
            Numbers::Float => format!("{stem}.rs"),
            Numbers::Integer(_) => format!("{stem}_int.rs"),
        }
    }

    fn check(&self, graph: &Graph) -> Diagnostics {
        self.options.numbers.check(graph, TARGET)
    }

    fn build(&self, network: &Network, file: &str) -> Result<Artifacts, Diagnostics> {
        Ok(artifacts(generate(network, &self.options_for(file))?, file))
    }

    fn build_without_weights(&self, graph: &Graph, file: &str) -> Option<Result<Artifacts, Diagnostics>> {
        let module = generate_without_weights(graph, &self.options_for(file));
        Some(module.map(|module| artifacts(module, file)))
    }
}

/// Returns the name of the file of weights for the module in `file`: its extension becomes `.weights`.
fn weights_file(file: &str) -> String {
    let stem = match file.rsplit_once('.') {
        // A name such as `.rs` is all stem.
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => file,
    };
    format!("{stem}.weights")
}

fn artifacts(module: Module, file: &str) -> Artifacts {
    let mut files = vec![Artifact::new(file, "Rust module, no_std", module.source())];
    files.extend(
        module
            .weights
            .map(|bytes| Artifact::new(weights_file(file), "its weights, for include_bytes!", bytes)),
    );
    let facts = facts(module.quantization.as_ref(), module.memory);
    Artifacts::new(files).with_warnings(module.warnings).with_facts(facts)
}
