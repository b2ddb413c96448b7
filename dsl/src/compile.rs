//! The whole way from a text to a graph.

use synnet_ir::{Diagnostic, Diagnostics, Graph, SourceId, Sources, Span, nearest, render, validate_partial};

use crate::codes;
use crate::elaborate::{Elaborator, Given, Library, Loader, NoImports, Report, unused};
use crate::syntax::{network_names, parse_expression, tree};

/// What to compile.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The network; where it is not given, the only one of the file that no other of the file uses.
    pub name: Option<String>,
    /// Values for the network's parameters: names, and expressions of the language.
    pub params: Vec<(String, String)>,
}

impl Options {
    /// The only root network of a file, with the defaults of its parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Chooses the network by its name; `None` is the default.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Option<String>>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets parameters of the network: names, and expressions of the language.
    #[must_use]
    pub fn with_params(mut self, params: impl IntoIterator<Item = (String, String)>) -> Self {
        self.params = params.into_iter().collect();
        self
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Compilation {
    /// The network; `None` where there is an error.
    pub graph: Option<Graph>,
    /// Errors and warnings, in the order of their places.
    pub diagnostics: Diagnostics,
}

/// Compiles a network of the text `root`. Imported files, the standard library and the parameters'
/// expressions are added to `sources`, so that diagnostics can show them.
pub fn compile(
    sources: &mut Sources,
    root: SourceId,
    options: &Options,
    loader: &mut dyn Loader,
) -> Compilation {
    let mut diagnostics = Vec::new();
    let library = Library::read(sources, root, loader, &mut diagnostics);
    let mut report = Report::default();
    report.std = library.std().to_vec();
    diagnostics.into_iter().for_each(|diagnostic| report.push(diagnostic));

    let mut graph = None;
    if let Some(network) = choose(&library, root, options, &mut report) {
        let given = given(sources, options, &mut report);
        let mut elaborator = Elaborator::new(&library, report);
        graph = elaborator.root(network, given);
        report = elaborator.report;
    }
    if let Some(graph) = &graph {
        validate_partial(graph).into_iter().for_each(|diagnostic| report.push(diagnostic));
    }
    unused::warnings(library.file(root)).into_iter().for_each(|warning| report.push(warning));
    let has_errors = report.has_errors();
    let mut diagnostics = report.diagnostics;
    // Where something could not be understood, what looks unused may be used there; and nobody asks
    // for advice about the standard library.
    diagnostics.retain(|d| {
        d.is_error() || (!has_errors && d.span.is_none_or(|span| !library.std().contains(&span.source)))
    });
    diagnostics.sort();
    Compilation { graph: graph.filter(|_| !has_errors), diagnostics }
}

/// Compiles a source that stands alone: one network, imports only from `std`.
///
/// ```
/// let graph = synnet_dsl::compile_str(
///     "network Net {
///          dt: 1 ms;
///          input events: 16;
///          layer out: expsyn(2) { tau_syn: 20 ms };
///          events -> linear -> out;
///          output out.isyn;
///      }",
/// )?;
/// assert_eq!(graph.outputs(), 2);
///
/// let error = synnet_dsl::compile_str("network Net { dt: 1; }").unwrap_err();
/// assert!(error.to_string().contains("write `1 ms`"));
/// # Ok::<(), synnet_dsl::CompileError>(())
/// ```
///
/// # Errors
/// Every error of the source; its text shows each with its line, as a compiler would.
pub fn compile_str(source: &str) -> Result<Graph, CompileError> {
    let mut sources = Sources::new();
    let root = sources.add("network.snn", source);
    let Compilation { graph, diagnostics } = compile(&mut sources, root, &Options::default(), &mut NoImports);
    graph.ok_or_else(|| CompileError { diagnostics: diagnostics.errors(), sources })
}

/// Why a source is no network: the errors, with the sources that they point at.
#[derive(Clone, Debug)]
pub struct CompileError {
    /// The errors, in the order of their places.
    pub diagnostics: Diagnostics,
    /// The source, and what it imports.
    pub sources: Sources,
}

impl std::fmt::Display for CompileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(render(&self.diagnostics, &self.sources, false).trim_end())
    }
}

impl std::error::Error for CompileError {}

/// The names of the networks that a text declares, in order.
pub fn networks(text: &str) -> Vec<String> {
    network_names(text)
}

fn choose<'a>(
    library: &'a Library,
    root: SourceId,
    options: &Options,
    report: &mut Report,
) -> Option<&'a tree::Network> {
    let file = library.file(root);
    let place = Span::new(root, 0, 0);
    let names = || file.networks.iter().map(|network| network.name.text.as_str());
    let listed = || names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if let Some(name) = &options.name {
        if let Some(network) = file.networks.iter().find(|network| network.name.text == *name) {
            return Some(network);
        }
        if report.has_errors() && names().next().is_none() {
            return None;
        }
        let diagnostic = Diagnostic::error_without_span(
            &codes::WHICH_NETWORK,
            format!("the file has no network `{name}`"),
        );
        report.push(match nearest(name, names()) {
            Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
            None if file.networks.is_empty() => diagnostic.with_help("add one: `network Name { ... }`"),
            None => diagnostic.with_help(format!("it has {}", listed())),
        });
        return None;
    }
    let used = unused::used_networks(file);
    let roots: Vec<&tree::Network> =
        file.networks.iter().filter(|network| !used.contains(network.name.text.as_str())).collect();
    match (roots.as_slice(), file.networks.as_slice()) {
        ([network], _) => Some(network),
        // Networks that only use each other: report the circle from the first.
        ([], [first, ..]) => Some(first),
        ([], []) => {
            if !report.has_errors() {
                report.push(
                    Diagnostic::error(&codes::WHICH_NETWORK, place, "the file has no network")
                        .with_help("add one: `network Name { ... }`"),
                );
            }
            None
        }
        // A statement that could not be understood may use the others.
        ([first, ..], _) if report.has_errors() => Some(first),
        ([_, second, ..], _) => {
            let message = format!("the file has several networks: {}", listed());
            report.push(
                Diagnostic::error(&codes::WHICH_NETWORK, second.name.span, message)
                    .with_help("choose one by its name (`--name`; in Rust, `name`)"),
            );
            None
        }
    }
}

/// The values of the parameters that come from outside.
fn given(sources: &mut Sources, options: &Options, report: &mut Report) -> Given {
    let mut given = Given::new();
    for (name, text) in &options.params {
        let id = sources.add(format!("--param {name}"), text.as_str());
        let (expr, diagnostics) = parse_expression(id, text);
        diagnostics.into_iter().for_each(|diagnostic| report.push(diagnostic));
        let placed = crate::elaborate::evaluate(&expr, report);
        if given.insert(name.clone(), placed).is_some() {
            let message = format!("the parameter `{name}` is given twice");
            report.error_help(&codes::CONFLICT, expr.span, message, "keep one of them");
        }
    }
    given
}
