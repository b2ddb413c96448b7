//! Generated Rust as a back end.

use serde_json::json;
use synnet_ir::{Artifact, Artifacts, Fact, Target};
use synnet_ir::{Diagnostics, Graph, Network};

use crate::generate::{self, generate, generate_without_weights};
use crate::memory::Memory;
use crate::module::Module;
use crate::options::{Embedding, Numbers, RustOptions};
use crate::quantized;

/// The targets `rust` and `rust-int`: a module in Rust, with its weights in a file beside it.
///
/// [`RustOptions::numbers`] tells them apart. [`RustOptions::embedding`] does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RustTarget {
    options: RustOptions,
    single_file: bool,
}

impl RustTarget {
    /// The target with these options.
    pub fn new(options: RustOptions) -> Self {
        Self { options, single_file: false }
    }

    /// Writes the weights into the source, so that the module is a single file.
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
        match self.options.numbers {
            Numbers::Float => generate::check(graph),
            Numbers::Integer(_) => quantized::check(graph),
        }
    }

    fn build(&self, network: &Network, file: &str) -> Result<Artifacts, Diagnostics> {
        Ok(artifacts(generate(network, &self.options_for(file))?, file))
    }

    fn build_without_weights(&self, graph: &Graph, file: &str) -> Option<Result<Artifacts, Diagnostics>> {
        let module = generate_without_weights(graph, &self.options_for(file));
        Some(module.map(|module| artifacts(module, file)))
    }
}

/// The name of the weights of the module in `file`: with `.weights` in place of its extension.
fn weights_file(file: &str) -> String {
    let stem = match file.rsplit_once('.') {
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
    Artifacts::new(files).with_warnings(module.warnings).with_facts([occupied(module.memory)])
}

fn occupied(memory: Memory) -> Fact {
    let Memory { flash, ram } = memory;
    let text =
        format!("flash: {flash} bytes of weights and tables, and the code; RAM: {ram} bytes of states");
    Fact::new("memory", text, json!({ "flash": flash, "ram": ram }))
}
