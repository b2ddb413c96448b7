//! [`Target`]: the interface of everything that a network can be built for.
//!
//! A target lives in a folder of its own under `targets/` and implements [`Target`]; its options belong to the
//! implementing value. A program that offers a choice of targets keeps a list of `Box<dyn Target>`. A target does no
//! input or output: it returns [`Artifacts`], files by name and content.
//!
//! ```
//! use synnet_ir::{Artifact, Artifacts, Target};
//! use synnet_ir::{Diagnostics, Graph, Network};
//!
//! /// Writes the graph as JSON.
//! struct Json;
//!
//! impl Target for Json {
//!     fn name(&self) -> &str {
//!         "json"
//!     }
//!
//!     fn file_name(&self, stem: &str) -> String {
//!         format!("{stem}.json")
//!     }
//!
//!     fn check(&self, _graph: &Graph) -> Diagnostics {
//!         Diagnostics::new()
//!     }
//!
//!     fn build(&self, network: &Network, file: &str) -> Result<Artifacts, Diagnostics> {
//!         let text = synnet_ir::to_json(&network.graph);
//!         Ok(Artifacts::new([Artifact::new(file, "graph in JSON", text)]))
//!     }
//! }
//!
//! let targets: Vec<Box<dyn Target>> = vec![Box::new(Json)];
//! assert_eq!(targets[0].file_name("kws"), "kws.json");
//! ```

use serde_json::Value;

use crate::diagnostics::Diagnostics;
use crate::graph::Graph;
use crate::network::Network;

/// A target with its options.
pub trait Target {
    /// Returns the name on the command line and in recipes, in small letters, digits and `-`: `rust-int`,
    /// `xylo-audio3`.
    fn name(&self) -> &str;

    /// Returns the name of the file to build, from the name of the network as
    /// [`snake_case`](crate::names::snake_case) writes it: `kws` becomes `kws.rs`.
    fn file_name(&self, stem: &str) -> String;

    /// Returns an error for everything of the graph that the target cannot express, whatever the parameters are, and
    /// a warning for what it does differently.
    fn check(&self, graph: &Graph) -> Diagnostics;

    /// Compiles a network. `file` names the main file; other files are placed beside it and share its stem.
    ///
    /// # Errors
    /// Fails with everything that the target cannot express, and the warnings. A network whose graph passes
    /// [`check`](Self::check) can still fail because of its parameters.
    fn build(&self, network: &Network, file: &str) -> Result<Artifacts, Diagnostics>;

    /// Compiles a graph into a form that takes its parameters when it runs; `None` if the target has no such
    /// form.
    fn build_without_weights(&self, _graph: &Graph, _file: &str) -> Option<Result<Artifacts, Diagnostics>> {
        None
    }
}

/// The result of a build: files, with what is worth knowing about them.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Artifacts {
    /// The files, the most useful one first. Their names are distinct.
    pub files: Vec<Artifact>,
    /// Warnings about what the target does differently.
    pub warnings: Diagnostics,
    /// Facts about memory, accuracy and cost, in the order in which people read them.
    pub facts: Vec<Fact>,
}

impl Artifacts {
    /// Creates a build of files without warnings or facts.
    pub fn new(files: impl IntoIterator<Item = Artifact>) -> Self {
        Self { files: files.into_iter().collect(), ..Self::default() }
    }

    /// Adds warnings.
    #[must_use]
    pub fn with_warnings(mut self, warnings: Diagnostics) -> Self {
        self.warnings.extend(warnings);
        self
    }

    /// Adds facts.
    #[must_use]
    pub fn with_facts(mut self, facts: impl IntoIterator<Item = Fact>) -> Self {
        self.facts.extend(facts);
        self
    }
}

/// A file that a target writes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Artifact {
    /// File name, without a folder.
    pub name: String,
    /// A few words about it, for messages.
    pub description: String,
    /// Bytes of the file.
    pub bytes: Vec<u8>,
}

impl Artifact {
    /// Creates a file of this name and content, described in a few words.
    pub fn new(name: impl Into<String>, description: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), description: description.into(), bytes: bytes.into() }
    }
}

/// A fact about a build, for people and for programs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Fact {
    /// Key in machine-readable results: `memory`.
    pub key: &'static str,
    /// The fact in words: one or several lines without a trailing newline.
    pub text: String,
    /// Value for programs.
    pub value: Value,
}

impl Fact {
    /// Creates a fact in words and as a value.
    pub fn new(key: &'static str, text: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { key, text: text.into(), value: value.into() }
    }
}
