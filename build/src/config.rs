//! What to compile and how.

use std::path::{Path, PathBuf};

use synnet_dsl::{Diagnostic, Graph, Network, Params, Sources};
use synnet_rust::{Embedding, Module};

use crate::Error;
use crate::files::{self, Files};

/// Compiles a network whose weights come at run time; see [`Config::compile`].
///
/// # Errors
/// As for [`Config::compile`].
pub fn compile(network: impl AsRef<Path>) -> Result<(), Error> {
    Config::new().compile(network)
}

/// How a network is compiled.
#[derive(Clone, Debug, Default)]
pub struct Config {
    weights: Option<PathBuf>,
    name: Option<String>,
    params: Vec<(String, String)>,
    out_dir: Option<PathBuf>,
}

impl Config {
    /// Weights at run time, the only network of the file, its parameters' defaults, cargo's `OUT_DIR`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the weights of this safetensors file part of the program.
    #[must_use]
    pub fn weights(mut self, path: impl Into<PathBuf>) -> Self {
        self.weights = Some(path.into());
        self
    }

    /// Picks a network of a file that holds several. What is written then bears its name in lower
    /// case instead of the file's.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets a parameter of the network to a value, written as in the language (`12`, `20 ms`).
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.params.push((name.into(), value.to_string()));
        self
    }

    /// Writes into this folder instead of cargo's `OUT_DIR`.
    #[must_use]
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// Compiles a network: `nets/kws.snn` becomes `OUT_DIR/kws.rs` and, with weights,
    /// `OUT_DIR/kws.weights`. Files that do not change are not touched. In a build script (where
    /// `OUT_DIR` is set) it tells cargo which files to watch.
    ///
    /// Paths are relative to the current folder, which in a build script is that of `Cargo.toml`.
    ///
    /// # Errors
    /// Where a file cannot be read or written, the weights belong to another network, or the network
    /// has errors; nothing is written then.
    pub fn compile(&self, network: impl AsRef<Path>) -> Result<(), Error> {
        let mut files = Files::default();
        let result = self.compile_files(network.as_ref(), &mut files);
        if std::env::var_os("OUT_DIR").is_some() {
            watch(&files.read);
        }
        result
    }

    fn compile_files(&self, network: &Path, files: &mut Files) -> Result<(), Error> {
        let stem = self.stem(network)?;
        let folder = match &self.out_dir {
            Some(folder) => folder.clone(),
            None => std::env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| {
                Error::new("there is no `OUT_DIR` outside a build script; choose a folder by `Config::out_dir`")
            })?,
        };
        let module = self.generate(network, &stem, files)?;
        if let Some(bytes) = &module.weights {
            files::write(&folder.join(format!("{stem}.weights")), bytes)?;
        }
        files::write(&folder.join(format!("{stem}.rs")), module.source().as_bytes())
    }

    /// Name of the files to write, without extension.
    fn stem(&self, network: &Path) -> Result<String, Error> {
        match &self.name {
            Some(name) => Ok(name.to_lowercase()),
            None => network
                .file_stem()
                .and_then(|stem| stem.to_str())
                .map(str::to_owned)
                .ok_or_else(|| Error::new(format!("`{}` does not name a file", network.display()))),
        }
    }

    /// The pipeline.
    fn generate(&self, path: &Path, stem: &str, files: &mut Files) -> Result<Module, Error> {
        let mut sources = Sources::new();
        let text = files.read_text(path)?;
        let root = sources.add(path.to_string_lossy(), text);
        let options = synnet_dsl::Options { name: self.name.clone(), params: self.params.clone() };
        let compilation = synnet_dsl::compile(&mut sources, root, &options, files);
        let render = |diagnostics: &[Diagnostic]| synnet_dsl::render(diagnostics, &sources, false);
        let Some(graph) = compilation.graph else { return Err(Error::new(render(&compilation.diagnostics))) };
        if !compilation.diagnostics.is_empty() {
            warn(&render(&compilation.diagnostics));
        }
        let params = self.weights.as_ref().map(|path| read_params(path, files)).transpose()?;
        generate(&graph, params.as_ref(), stem).map_err(|diagnostics| Error::new(render(&diagnostics)))
    }
}

fn generate(graph: &Graph, params: Option<&Params>, stem: &str) -> Result<Module, Vec<Diagnostic>> {
    let embedding = Embedding::Include(format!("{stem}.weights"));
    let options = synnet_rust::Options { embedding, ..synnet_rust::Options::default() };
    match params {
        Some(params) => synnet_rust::generate(&Network::bind(graph, params)?, &options),
        None => synnet_rust::generate_without_weights(graph, &options),
    }
}

fn read_params(path: &Path, files: &mut Files) -> Result<Params, Error> {
    Params::from_safetensors(&files.read(path)?)
        .map_err(|error| Error::new(format!("`{}`: {error}", path.display())))
}

/// Tells cargo to run the build script again when one of these files changes.
#[expect(clippy::print_stdout, reason = "build scripts speak to cargo on stdout")]
fn watch(files: &[PathBuf]) {
    for file in files {
        println!("cargo:rerun-if-changed={}", file.display());
    }
}

/// Shows warnings, which cargo takes line by line.
#[expect(clippy::print_stdout, reason = "build scripts speak to cargo on stdout")]
fn warn(rendered: &str) {
    if std::env::var_os("OUT_DIR").is_some() {
        for line in rendered.lines() {
            println!("cargo:warning={line}");
        }
    }
}
