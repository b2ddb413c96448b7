//! From a network file to a graph, with its diagnostics shown.

use std::path::Path;

use serde_json::{Value, json};
use synnet_dsl::{Loader, Options};
use synnet_ir::{Diagnostic, Diagnostics, Graph, Network, Params, Severity, Sources};

use crate::error::Error;
use crate::{files, terminal};

/// A compiled network file.
pub struct Loaded {
    /// The texts that were read, for rendering later diagnostics.
    pub sources: Sources,
    /// The network.
    pub graph: Graph,
}

/// What a compilation found: the graph where there are no errors, and everything to be said.
pub struct Found {
    /// The texts that were read.
    pub sources: Sources,
    /// The network, where it has no errors.
    pub graph: Option<Graph>,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// Compiles a network file and keeps what was found.
pub fn find(path: &Path, name: Option<&str>, params: &[(String, String)]) -> Result<Found, Error> {
    let text = files::read_text(path)?;
    let mut sources = Sources::new();
    let root = sources.add(shown(path), text);
    let options = Options { name: name.map(str::to_owned), params: params.to_vec() };
    let compilation = synnet_dsl::compile(&mut sources, root, &options, &mut FileLoader);
    Ok(Found { sources, graph: compilation.graph, diagnostics: compilation.diagnostics })
}

/// The name of a file in messages.
pub fn shown(path: &Path) -> String {
    if files::is_dash(path) { "<stdin>".to_owned() } else { path.display().to_string() }
}

/// Compiles a network file; warnings are shown, errors fail.
pub fn compile(path: &Path, name: Option<&str>, params: &[(String, String)]) -> Result<Loaded, Error> {
    let Found { sources, graph, diagnostics } = find(path, name, params)?;
    accept(&diagnostics, &sources)?;
    let graph = graph.ok_or_else(|| Error::input(path, "the file has no network"))?;
    Ok(Loaded { sources, graph })
}

/// Shows warnings and goes on, or fails where there are errors.
pub fn accept(diagnostics: &[Diagnostic], sources: &Sources) -> Result<(), Error> {
    if diagnostics.is_empty() {
        return Ok(());
    }
    let text = synnet_ir::render(diagnostics, sources, terminal::color());
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(Error::Rendered(text));
    }
    terminal::say(text.trim_end());
    Ok(())
}

/// Reads a weights file and joins it with the network.
pub fn bind(loaded: &Loaded, weights: &Path) -> Result<Network, Error> {
    let params = Params::from_safetensors(&files::read(weights)?).map_err(|e| Error::input(weights, e))?;
    Network::bind(&loaded.graph, &params).map_err(|diagnostics| {
        let count = diagnostics.len();
        let text = synnet_ir::render(&diagnostics, &loaded.sources, terminal::color());
        let plural = if count == 1 { "" } else { "s" };
        Error::Rendered(format!(
            "{}\n`{}` does not fit network `{}`: {count} error{plural}",
            text.trim_end(),
            weights.display(),
            loaded.graph.name
        ))
    })
}

/// Diagnostics for machines.
pub fn to_json(diagnostics: &[Diagnostic], sources: &Sources) -> Value {
    let place = |span: synnet_ir::Span| {
        let (line, column) = sources.line_column(span);
        let file = sources.get(span.source).map(|source| source.name.clone());
        json!({ "file": file, "line": line, "column": column, "start": span.start, "end": span.end })
    };
    let one = |d: &Diagnostic| {
        json!({
            "severity": if d.severity == Severity::Error { "error" } else { "warning" },
            "code": d.code.id,
            "message": d.message,
            "place": d.span.map(place),
            "notes": d.notes.iter().map(|(s, text)| json!({ "place": place(*s), "text": text })).collect::<Vec<_>>(),
            "help": d.help,
        })
    };
    diagnostics.iter().map(one).collect()
}

/// Reads imported files.
struct FileLoader;

impl Loader for FileLoader {
    fn load(&mut self, path: &str) -> Result<String, String> {
        files::read_import(Path::new(path))
    }
}
