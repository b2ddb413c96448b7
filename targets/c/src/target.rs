//! Generated C as a [`Target`]: from a network to a source file, its header, and its weights.

use synnet_ir::{Artifact, Artifacts, Diagnostics, Graph, Network, Target};
use synnet_step::{Numbers, facts};

use crate::generate::{Files, TARGET, generate, generate_without_weights};
use crate::options::COptions;

/// The targets `c` and `c-int`: a C source file with its header, and the weights, which the source also contains, as
/// bytes. [`COptions::numbers`] chooses between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CTarget {
    options: COptions,
    single_file: bool,
}

impl CTarget {
    /// Creates a target with these options.
    pub fn new(options: COptions) -> Self {
        Self { options, single_file: false }
    }

    /// Writes the header into the source file, and no file of weights.
    #[must_use]
    pub fn with_single_file(mut self) -> Self {
        self.single_file = true;
        self
    }

    fn artifacts(&self, files: &Files, file: &str) -> Artifacts {
        // A name such as `.c` is all stem.
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| if stem.is_empty() { file } else { stem });
        let artifacts = if self.single_file {
            vec![Artifact::new(file, "C99 source", files.single_file())]
        } else {
            let header = format!("{stem}.h");
            // The header is included from the same folder.
            let mut artifacts = vec![
                Artifact::new(file, "C99 source", files.source(&header)),
                Artifact::new(header, "its header", files.header()),
            ];
            let weights = files.weights.as_ref().map(|bytes| {
                Artifact::new(
                    format!("{stem}.weights"),
                    "its weights, for programs that load them",
                    bytes.clone(),
                )
            });
            artifacts.extend(weights);
            artifacts
        };
        let facts = facts(files.quantization.as_ref(), files.memory);
        Artifacts::new(artifacts).with_warnings(files.warnings.clone()).with_facts(facts)
    }
}

impl Target for CTarget {
    fn name(&self) -> &str {
        match self.options.numbers {
            Numbers::Float => "c",
            Numbers::Integer(_) => "c-int",
        }
    }

    fn file_name(&self, stem: &str) -> String {
        match self.options.numbers {
            Numbers::Float => format!("{stem}.c"),
            Numbers::Integer(_) => format!("{stem}_int.c"),
        }
    }

    fn check(&self, graph: &Graph) -> Diagnostics {
        self.options.numbers.check(graph, TARGET)
    }

    fn build(&self, network: &Network, file: &str) -> Result<Artifacts, Diagnostics> {
        Ok(self.artifacts(&generate(network, &self.options)?, file))
    }

    fn build_without_weights(&self, graph: &Graph, file: &str) -> Option<Result<Artifacts, Diagnostics>> {
        let files = generate_without_weights(graph, &self.options);
        Some(files.map(|files| self.artifacts(&files, file)))
    }
}
