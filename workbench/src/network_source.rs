//! Loading a network from its source file and its weights file.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use synnet_dsl::{CompileOptions, Loader};
use synnet_ir::{Diagnostic, Diagnostics, Difference, Graph, Network, Severity, Sources, Span, WeightsFile};

use crate::error::Error;
use crate::files;
use crate::observer::Observer;
use synnet_ir::display::pluralize;

/// A compiled network without errors, with its sources.
#[derive(Clone, Debug)]
pub struct LoadedNetwork {
    /// The sources, for rendering later diagnostics.
    pub sources: Sources,
    /// The graph of the network.
    pub graph: Graph,
}

/// The result of a compilation: the graph, if there are no errors, and all diagnostics.
#[derive(Clone, Debug)]
pub struct CompileOutput {
    /// The sources, imported files included.
    pub sources: Sources,
    /// The graph, if there are no errors.
    pub graph: Option<Graph>,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

impl CompileOutput {
    /// Compiles a network file.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read. Errors in the network are diagnostics.
    pub fn read(path: &Path, options: &CompileOptions) -> Result<Self, Error> {
        Ok(Self::compile(&files::display(path), files::read_text(path)?, options))
    }

    /// Compiles the source `text`; diagnostics call it `name`. Imported paths are relative to `name`.
    pub fn compile(name: &str, text: String, options: &CompileOptions) -> Self {
        Self::compile_into(Sources::new(), name, text, options)
    }

    /// Like [`compile`](Self::compile), with other sources before that of the network.
    pub(crate) fn compile_into(
        mut sources: Sources,
        name: &str,
        text: String,
        options: &CompileOptions,
    ) -> Self {
        let root = sources.add(name, text);
        let compilation = synnet_dsl::compile(&mut sources, root, options, &mut FileLoader);
        Self { sources, graph: compilation.graph, diagnostics: compilation.diagnostics }
    }

    /// Passes warnings to the observer and returns the network.
    ///
    /// # Errors
    /// Returns all errors of the network.
    pub fn accept(self, observer: &dyn Observer) -> Result<LoadedNetwork, Error> {
        accept(&self.diagnostics, &self.sources, observer)?;
        let Some(graph) = self.graph else {
            let name = self.sources.iter().next().map_or("", |(_, source)| source.name.as_str());
            return Err(Error::file(Path::new(name), "the file has no network"));
        };
        Ok(LoadedNetwork { sources: self.sources, graph })
    }
}

impl LoadedNetwork {
    /// Returns the files of the network: its source and what it imports.
    pub fn files(&self) -> Vec<PathBuf> {
        self.sources.iter().map(|(_, source)| PathBuf::from(&source.name)).collect()
    }

    /// Binds the weights of a file to the network.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, and under the conditions of [`bind`](Self::bind).
    pub fn read_weights(
        &self,
        path: &Path,
        allow_mismatch: bool,
        observer: &dyn Observer,
    ) -> Result<Network, Error> {
        self.bind(&files::read(path)?, path, allow_mismatch, observer)
    }

    /// Binds weights in safetensors format to the network; messages call them `path`.
    ///
    /// # Errors
    /// Returns an error if the bytes are not in safetensors format, or lists every tensor that does not fit. Weights
    /// that were trained for a network with different constants are an error too, unless `allow_mismatch`; the
    /// observer then gets a warning.
    pub fn bind(
        &self,
        weights: &[u8],
        path: &Path,
        allow_mismatch: bool,
        observer: &dyn Observer,
    ) -> Result<Network, Error> {
        let file = WeightsFile::from_safetensors(weights).map_err(|e| Error::file(path, e))?;
        self.bind_file(&file, &file.differences(&self.graph), path, allow_mismatch, observer)
    }

    /// Binds weights whose differences from the current network are known.
    pub(crate) fn bind_file(
        &self,
        file: &WeightsFile,
        differences: &[Difference],
        path: &Path,
        allow_mismatch: bool,
        observer: &dyn Observer,
    ) -> Result<Network, Error> {
        if file.metadata.is_none() {
            observer.note(&format!(
                "`{}` has no metadata about its network: only tensor names, shapes and ranges are checked",
                path.display()
            ));
        }
        match file.bind_with(&self.graph, differences, allow_mismatch) {
            Ok((network, warnings)) => {
                self.accept(&warnings, observer)?;
                Ok(network)
            }
            Err(diagnostics) => Err(self.error(diagnostics).concluding(|diagnostics| {
                let (path, name) = (path.display(), &self.graph.name);
                format!("`{path}` does not fit network `{name}`: {}", pluralize(diagnostics.len(), "error"))
            })),
        }
    }

    /// Converts diagnostics about the network to an error.
    pub fn error(&self, diagnostics: Diagnostics) -> Error {
        Error::diagnostics(diagnostics, &self.sources)
    }

    /// Passes warnings to the observer.
    ///
    /// # Errors
    /// Returns the diagnostics if there are errors among them.
    pub fn accept(&self, diagnostics: &Diagnostics, observer: &dyn Observer) -> Result<(), Error> {
        accept(diagnostics, &self.sources, observer)
    }
}

/// Passes warnings to the observer.
///
/// # Errors
/// Returns the diagnostics if there are errors among them.
pub fn accept(diagnostics: &Diagnostics, sources: &Sources, observer: &dyn Observer) -> Result<(), Error> {
    if diagnostics.has_errors() {
        return Err(Error::diagnostics(diagnostics.clone(), sources));
    }
    if !diagnostics.is_empty() {
        observer.diagnostics(diagnostics, sources);
    }
    Ok(())
}

/// Returns diagnostics as a JSON array. Lines and columns count from 1, columns in characters; `start` and `end` are
/// offsets in bytes. The end lies behind the last character.
pub fn to_json(diagnostics: &[Diagnostic], sources: &Sources) -> Value {
    let place = |span: Span| {
        let (line, column) = sources.line_column(span);
        let (end_line, end_column) = sources.line_column(Span { start: span.end, ..span });
        let file = sources.get(span.source).map(|source| source.name.clone());
        json!({
            "file": file,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
            "start": span.start,
            "end": span.end,
        })
    };
    let diagnostic = |d: &Diagnostic| {
        json!({
            "severity": if d.severity == Severity::Error { "error" } else { "warning" },
            "code": d.code.id,
            "message": d.message,
            "label": d.label,
            "place": d.span.map(place),
            "notes": d.notes.iter().map(|(s, text)| json!({ "place": place(*s), "text": text })).collect::<Vec<_>>(),
            "help": d.help,
            "repeats": d.repeats,
        })
    };
    diagnostics.iter().map(diagnostic).collect()
}

/// Reads imported files from disk.
struct FileLoader;

impl Loader for FileLoader {
    fn load(&mut self, path: &str) -> Result<String, String> {
        files::read_import(Path::new(path))
    }
}
