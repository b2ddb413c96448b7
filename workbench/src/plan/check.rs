//! Compiles the network of a recipe and checks that the two fit together, with every error of both.

use std::path::Path;

use synnet_dsl::CompileOptions;
use synnet_ir::display::pluralize;
use synnet_ir::{Diagnostic, Diagnostics, Graph, nearest};
use synnet_runtime::{Loss, Readout, Trainer, initial_params};

use super::{Plan, warn_about_spiking_readout};
use crate::codes;
use crate::error::Error;
use crate::file_kind::{Expected, FileKind};
use crate::files;
use crate::network_source::{CompileOutput, LoadedNetwork};
use crate::observer::Observer;
use crate::problem::{self, Problem};
use crate::recipe::{Format, Recipe, effect};
use crate::target::NamedTarget;
use crate::yaml::KeyPath;

/// What to check besides recipe and network.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    training: bool,
    targets: Vec<NamedTarget>,
}

impl Checks {
    /// Returns the checks before training: its options, and the targets that are built at its end.
    pub fn training() -> Self {
        Self { training: true, targets: Vec::new() }
    }

    /// Adds a target that the network must fit.
    #[must_use]
    pub fn with_target(mut self, target: impl Into<Option<NamedTarget>>) -> Self {
        self.targets.extend(target.into());
        self
    }
}

/// Compiles the network of a recipe and checks that the two fit together. `diagnostics` are the errors of the recipe,
/// which `name` names, and `repaired` are the paths of the keys that they concern.
pub(super) fn assemble(
    recipe: Recipe,
    mut diagnostics: Diagnostics,
    repaired: &[KeyPath],
    name: &str,
    checks: &Checks,
    observer: &dyn Observer,
) -> Result<Plan, Error> {
    let own = recipe.sources().iter().count();
    let is_known = |path: &str| !repaired.iter().any(|repaired| repaired.touches(&KeyPath::dotted(path)));
    let output = if is_known("network") { compile(&recipe, repaired) } else { Err(Vec::new()) };
    let (sources, graph) = match output {
        Ok(output) => {
            diagnostics.extend(output.diagnostics);
            (output.sources, output.graph)
        }
        Err(problems) => {
            diagnostics.extend(recipe.diagnostics(problems));
            (recipe.sources(), None)
        }
    };
    let mut readout = None;
    if let Some(graph) = &graph {
        let mut problems = match self::readout(&recipe, graph) {
            Ok(found) => {
                readout = found;
                Vec::new()
            }
            Err(problem) => vec![problem],
        };
        if checks.training {
            problems.extend(recipe.training.errors_for(graph).into_iter().map(Problem::of_training_option));
            problems.extend(effect::network_warnings(&recipe, graph));
            if is_known("training") {
                diagnostics.extend(training(&recipe, graph));
            }
            diagnostics.extend(targets(&recipe, graph, &checks.targets).errors());
        }
        problems.retain(|problem| !problem.concerns(repaired));
        diagnostics.extend(recipe.diagnostics(problems));
    }
    diagnostics.extend(recipe.warnings().iter().cloned());
    let Some(graph) = graph.filter(|_| !diagnostics.has_errors()) else {
        return Err(problem::into_error(diagnostics, &sources, name, own));
    };
    diagnostics.sort();
    let loaded = LoadedNetwork { sources, graph };
    loaded.accept(&diagnostics, observer)?;
    let graph = &loaded.graph;
    warn_about_spiking_readout(graph, observer);
    if recipe.data.format == Format::Wav {
        recipe.front_end.warn_about_time_step(&graph.name, graph.dt, observer);
    }
    if checks.training {
        let warnings = checks.targets.iter().flat_map(|target| target.check(graph));
        loaded.accept(&warnings.collect(), observer)?;
    }
    Ok(Plan { recipe, loaded, readout })
}

/// Compiles the network of a recipe. Its sources follow those of the recipe.
fn compile(recipe: &Recipe, repaired: &[KeyPath]) -> Result<CompileOutput, Vec<Problem>> {
    let path = &recipe.network;
    let problem = |message: String| Problem::new(&codes::FILE, "network", message);
    let name = files::display(path);
    let check = |kind: FileKind| match Expected::Network.mistake(kind, &name) {
        Some(mistake) => {
            Err(vec![problem(format!("`network`: {}", mistake.message)).with_help(mistake.help)])
        }
        None => Ok(()),
    };
    check(FileKind::of_path(path))?;
    let read = std::fs::File::open(path).and_then(files::limited);
    let bytes = read.map_err(|error| {
        let error = Error::io("read", path, error);
        let message = problem(format!("`network`: {error}"));
        vec![match similar_file(path) {
            Some(name) => message.with_help(synnet_ir::did_you_mean(&name)),
            None => message.with_help("correct the path, which is relative to the folder of the recipe"),
        }]
    })?;
    check(FileKind::of(path, &bytes))?;
    let text = files::text(bytes).map_err(|why| vec![problem(format!("`network`: `{name}` is {why}"))])?;
    let options: CompileOptions = recipe.compile_options();
    let sources = recipe.sources();
    let mut output = CompileOutput::compile_into(sources, &name, text, &options);
    // A value that could not be read is missing, but that is not what the user has to correct.
    let consequences =
        [("params", &synnet_dsl::codes::MISSING_ARGUMENT), ("name", &synnet_dsl::codes::AMBIGUOUS_NETWORK)];
    for (key, code) in consequences {
        if repaired.iter().any(|path| path.touches(&KeyPath::dotted(key))) {
            output.diagnostics.retain(|diagnostic| diagnostic.code != code);
        }
    }
    Ok(output)
}

/// Returns the name of a file in the folder of a missing one that was probably meant.
fn similar_file(path: &Path) -> Option<String> {
    let name = files::name(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let names: Vec<String> =
        entries.map(|entry| files::name(&entry.path())).filter(|name| name.ends_with(".snn")).collect();
    nearest(&name, names.iter().map(String::as_str)).map(str::to_owned)
}

/// Returns why training does not support the network or the options, without what concerns a key of the recipe.
fn training(recipe: &Recipe, graph: &Graph) -> Diagnostics {
    let options = recipe.training.clone();
    let params = initial_params(graph, options.seed);
    let by_key: Vec<Diagnostic> = options.errors().into_iter().map(Diagnostic::from).collect();
    let by_network: Vec<Diagnostic> = options.errors_for(graph).into_iter().map(Diagnostic::from).collect();
    let mut found = Trainer::new(graph, params, options).err().unwrap_or_default();
    found.retain(|diagnostic| !by_key.contains(diagnostic) && !by_network.contains(diagnostic));
    found
}

/// Returns what the targets of a recipe, and others, say about a network.
pub(super) fn targets(recipe: &Recipe, graph: &Graph, others: &[NamedTarget]) -> Diagnostics {
    let mut targets = recipe.targets().to_vec();
    targets.extend(recipe.simulated_chip().cloned().map(NamedTarget::from));
    targets.extend(others.iter().cloned());
    targets.sort_by(|a, b| a.name().cmp(b.name()));
    targets.dedup();
    targets.iter().flat_map(|target| target.check(graph)).collect()
}

/// Returns the readout that scores the classes. Classification needs one output for each class. A detection loss with a
/// single output and two classes defines an accuracy, but there are no scores to compare.
fn readout(recipe: &Recipe, graph: &Graph) -> Result<Option<Readout>, Problem> {
    let (outputs, classes) = (graph.outputs(), recipe.data.classes.len());
    let loss = &recipe.training.loss;
    let detects = outputs == 1 && classes == 2 && matches!(loss, Loss::Peak(_) | Loss::BinaryCrossEntropy(_));
    if classes == 0 || detects {
        return Ok(None);
    }
    if outputs != classes {
        let name = &graph.name;
        let outputs = pluralize(outputs, "output");
        let message = format!("network `{name}` has {outputs}, but the recipe names {classes} classes");
        let problem = Problem::new(&codes::NETWORK_MISMATCH, "data.classes", message);
        return Err(problem.with_help("change one of them"));
    }
    let readout = loss.readout().ok_or_else(|| {
        Problem::new(&codes::NETWORK_MISMATCH, "training.loss", "`training.loss` has no readout for classes")
            .with_help("choose a classification loss, such as `cross_entropy`")
    });
    Ok(Some(readout?))
}
