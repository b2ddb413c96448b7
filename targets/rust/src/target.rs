//! Generated Rust as a [`Target`]: from a network to a module and its file of weights.

use serde_json::json;
use synnet_ir::{Artifact, Artifacts, Fact, Target};
use synnet_ir::{Diagnostics, Graph, Network};
use synnet_step::{Footprint, quantized};

use crate::generate::{self, generate, generate_without_weights};
use crate::module::Module;
use crate::options::{Embedding, Numbers, RustOptions};

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
    let report = module.quantization.as_ref();
    let quantization =
        report.map(|report| Fact::new("quantization", report.to_string().trim_end(), json!(report)));
    let facts = quantization.into_iter().chain([memory_fact(module.memory)]);
    Artifacts::new(files).with_warnings(module.warnings).with_facts(facts)
}

fn memory_fact(memory: Footprint) -> Fact {
    let Footprint { flash, ram } = memory;
    let text =
        format!("flash: {flash} bytes of weights and tables, and the code; RAM: {ram} bytes of states");
    Fact::new("memory", text, json!({ "flash": flash, "ram": ram }))
}
