//! Compiles a source to a graph.

use std::collections::BTreeMap;

use synnet_ir::{Diagnostic, Diagnostics, Graph, SourceId, Sources, Span, nearest, render, validate_partial};

use crate::codes;
use crate::elaborate::{
    Argument, Elaborator, Library, Loader, Lookup, NamedArguments, NoImports, Reporter, Spanned, Value,
    unused,
};
use crate::syntax::{ParseCache, network_names, parse_expression, tree};
use crate::vocabulary::{listed, one_of};

/// The options of a compilation.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CompileOptions {
    /// Name of the network. `None` chooses the only network of the file that no other network of the file uses.
    pub name: Option<String>,
    /// Values of the network's parameters: a name and an expression of the language for each.
    pub params: Vec<(String, String)>,
    /// The places of `name` and `params`, if a recipe sets them; `None` if they come from the command line or from code.
    pub places: Option<OptionPlaces>,
}

/// The places of compile options in a recipe, which is one of the sources. Diagnostics about the options point there.
#[derive(Clone, Debug, Default)]
pub struct OptionPlaces {
    /// The place of the name.
    pub name: Option<Span>,
    /// The places of the parameters' values, without quotes, by parameter.
    pub params: BTreeMap<String, Span>,
}

impl CompileOptions {
    /// Creates options that choose the only root network of a file, with the defaults of its parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Chooses the network by its name. `None` is the default.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Option<String>>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets parameters of the network: a name and an expression of the language for each.
    #[must_use]
    pub fn with_params(mut self, params: impl IntoIterator<Item = (String, String)>) -> Self {
        self.params = params.into_iter().collect();
        self
    }

    /// Names the places of the options in a recipe, which must be one of the sources that are compiled.
    #[must_use]
    pub fn with_places(mut self, places: OptionPlaces) -> Self {
        self.places = Some(places);
        self
    }
}

/// The result of a compilation.
#[derive(Clone, Debug)]
pub struct Compilation {
    /// The graph; `None` if there is an error.
    pub graph: Option<Graph>,
    /// Errors and warnings, sorted by place.
    pub diagnostics: Diagnostics,
}

/// Compiles a network of the source `root`. Imported files, the standard library and the expressions of parameters
/// are added to `sources`, so that diagnostics can show them.
pub fn compile(
    sources: &mut Sources,
    root: SourceId,
    options: &CompileOptions,
    loader: &mut dyn Loader,
) -> Compilation {
    let mut diagnostics = Diagnostics::new();
    let library = Library::read(sources, root, loader, &mut ParseCache::default(), &mut diagnostics);
    let mut report = Reporter::default();
    report.std = library.std().to_vec();
    report.networks = library.networks();
    report.has_recipe = options.places.is_some();
    diagnostics.into_iter().for_each(|diagnostic| report.push(diagnostic));

    let mut graph = None;
    if let Some(network) = choose(sources, &library, root, options, &mut report) {
        let given = given(sources, options, network, &mut report);
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
    // After an error, what looks unused may be used in the statement with the error. Nobody can act on warnings about
    // the standard library.
    diagnostics.retain(|d| {
        d.is_error() || (!has_errors && d.span.is_none_or(|span| !library.std().contains(&span.source)))
    });
    diagnostics.sort();
    Compilation { graph: graph.filter(|_| !has_errors), diagnostics }
}

/// Compiles a source that stands alone: one network that imports nothing but `std`.
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
/// Fails with every error of the source. Its [`Display`](std::fmt::Display) shows each with its line, as a compiler
/// does.
pub fn compile_str(source: &str) -> Result<Graph, CompileError> {
    let mut sources = Sources::new();
    let root = sources.add("network.snn", source);
    let Compilation { graph, diagnostics } =
        compile(&mut sources, root, &CompileOptions::default(), &mut NoImports);
    graph.ok_or_else(|| CompileError { diagnostics: diagnostics.errors(), sources })
}

/// The errors of a source, with the sources that they point at.
#[derive(Clone, Debug)]
pub struct CompileError {
    /// The errors, sorted by place.
    pub diagnostics: Diagnostics,
    /// The source, and everything that it imports.
    pub sources: Sources,
}

impl std::fmt::Display for CompileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(render(&self.diagnostics, &self.sources, false).trim_end())
    }
}

impl std::error::Error for CompileError {}

/// Returns the names of the networks that a source declares, in order.
pub fn networks(text: &str) -> Vec<String> {
    network_names(text)
}

fn choose<'a>(
    sources: &Sources,
    library: &'a Library,
    root: SourceId,
    options: &CompileOptions,
    report: &mut Reporter,
) -> Option<&'a tree::Network> {
    let file = library.file(root);
    let place = Span::new(root, 0, 0);
    let names = || file.networks.iter().map(|network| network.name.text.as_str());
    if let Some(name) = &options.name {
        if let Some(network) = file.networks.iter().find(|network| network.name.text == *name) {
            return Some(network);
        }
        if report.has_errors() && names().next().is_none() {
            return None;
        }
        let message = match &options.places {
            Some(_) => {
                let file = sources.get(root).map_or("the file", |source| source.name.as_str());
                format!("`{file}` declares no network `{name}`")
            }
            None => format!("the file declares no network `{name}`"),
        };
        let mut diagnostic = Diagnostic::error_without_span(&codes::AMBIGUOUS_NETWORK, message);
        diagnostic.span = options.places.as_ref().and_then(|places| places.name);
        report.push(diagnostic.with_suggestion(nearest(name, names()), || match file.networks.is_empty() {
            true => "declare one: `network Name { ... }`".to_owned(),
            false => one_of(names()),
        }));
        return None;
    }
    let used = unused::used_networks(file);
    let roots: Vec<&tree::Network> =
        file.networks.iter().filter(|network| !used.contains(network.name.text.as_str())).collect();
    match (roots.as_slice(), file.networks.as_slice()) {
        ([network], _) => Some(network),
        // Networks that only use each other: elaboration reports the cycle from the first.
        ([], [first, ..]) => Some(first),
        ([], []) => {
            if !report.has_errors() {
                report.push(
                    Diagnostic::error(&codes::AMBIGUOUS_NETWORK, place, "the file declares no network")
                        .with_help("declare one: `network Name { ... }`"),
                );
            }
            None
        }
        // A statement that could not be understood may use the others.
        ([first, ..], _) if report.has_errors() => Some(first),
        // So may an instance whose name is misspelled. Elaboration reports it.
        (roots, _) if roots.iter().any(|network| misspells(library, network)) => {
            roots.iter().find(|network| misspells(library, network)).copied()
        }
        ([_, second, ..], _) => {
            let message = format!("the file has several networks: {}", listed(names()));
            let help = match options.places {
                Some(_) => "choose one with the key `name` of the recipe",
                None => "choose one with `--name`, or in Rust with `name`",
            };
            let diagnostic = Diagnostic::error(&codes::AMBIGUOUS_NETWORK, second.name.span, message);
            report.push(diagnostic.with_help(help));
            None
        }
    }
}

/// Returns whether a network uses one that no file declares.
fn misspells(library: &Library, network: &tree::Network) -> bool {
    let source = network.name.span.source;
    let is_unknown = |name: &&str| matches!(library.network(source, name), Lookup::Unknown);
    unused::networks_of(network).iter().any(is_unknown)
}

/// Evaluates the arguments that come from outside.
fn given(
    sources: &mut Sources,
    options: &CompileOptions,
    network: &tree::Network,
    report: &mut Reporter,
) -> NamedArguments {
    let mut given = NamedArguments::new();
    for (name, text) in &options.params {
        let parameter = network.parameters.iter().find(|parameter| parameter.name.text == *name);
        let argument = argument(name, parameter.and_then(|parameter| parameter.default.as_ref()), options);
        let place = options.places.as_ref().and_then(|places| places.params.get(name));
        // Text with escapes has no columns in the recipe that a diagnostic could point at.
        let place = place.filter(|place| sources.slice(**place) == text).copied();
        let place = place.unwrap_or_else(|| {
            let id = sources.add(argument.setting().trim_matches('`'), text.as_str());
            Span::new(id, 0, text.len())
        });
        report.params.push(place.source);
        let subject = argument.setting();
        let placed = if text.trim().is_empty() {
            let message = format!("{subject} has no value");
            report.error_help(&codes::ARGUMENTS, place, message, argument.remedy());
            Spanned { value: Value::Error, span: place }
        } else {
            let (expr, diagnostics) = parse_expression(place, text);
            diagnostics.into_iter().for_each(|diagnostic| report.push(diagnostic));
            crate::elaborate::evaluate(&expr, argument, report)
        };
        let span = placed.span;
        if given.insert(name.clone(), placed).is_some() {
            let message = format!("{subject} is set twice");
            report.error_help(&codes::DUPLICATE_SETTING, span, message, "remove one of them");
        }
    }
    given
}

/// Describes the argument of a parameter by its default, which tells its type.
fn argument(name: &str, default: Option<&tree::Expr>, options: &CompileOptions) -> Argument {
    use tree::ExprKind;

    let any = ("a value such as `10`, `20 ms` or `[60, 30]`", "10");
    let kind = default.map_or(&ExprKind::None, |default| &default.kind);
    let (what, example) = match kind {
        ExprKind::Number { unit: Some(_), .. } => ("a time", "20 ms"),
        ExprKind::Number { unit: None, .. } => ("a number", "10"),
        ExprKind::List(_) | ExprKind::Comprehension { .. } => ("a list", "[60, 30]"),
        ExprKind::Bool(_) => ("`true` or `false`", "true"),
        ExprKind::None | ExprKind::Name(_) | ExprKind::Call { .. } | ExprKind::Index { .. } => any,
        ExprKind::Unary { .. } | ExprKind::Binary { .. } | ExprKind::If { .. } => any,
        ExprKind::Learn(_) | ExprKind::Invalid => any,
    };
    let is_word = matches!(kind, ExprKind::Name(_));
    Argument { name: name.to_owned(), in_recipe: options.places.is_some(), what, example, is_word }
}
