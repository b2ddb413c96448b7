//! The state that commands share: the chips, the output format, and the terminal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use synnet_dsl::CompileOptions;
use synnet_ir::Network;
use synnet_workbench::file_kind::{Expected, FileKind};
use synnet_workbench::network_source::{CompileOutput, LoadedNetwork};
use synnet_workbench::recipe::Recipe;
use synnet_workbench::{Checks, ChipCatalog, Engine, InputEvents, NamedTarget, Plan, UnknownName};
use synnet_xylo::chip::Chip;
use synnet_xylo::quantize::Method;

use crate::cli::{NetworkArgs, RecipeArgs};
use crate::failure::Failure;
use crate::file_kind;
use crate::progress::Terminal;
use crate::stdio;

/// State that commands share.
pub struct Context {
    /// Whether to print machine-readable results to standard output.
    pub json: bool,
    /// The built-in chips and those of `--chip`.
    pub chips: ChipCatalog,
    /// Receives warnings and progress.
    pub terminal: Terminal,
    /// The files of `--chip`.
    pub chip_files: Vec<PathBuf>,
}

impl Context {
    /// Creates the context, with the chips described in `chip_files`.
    pub fn new(chip_files: &[PathBuf], json: bool) -> Result<Self, Failure> {
        let mut chips = ChipCatalog::default();
        for path in chip_files {
            let text = file_kind::read_text(path, Expected::Chip)?;
            chips.add(&stdio::display_name(path), text)?;
        }
        Ok(Self { json, chips, terminal: Terminal::default(), chip_files: chip_files.to_vec() })
    }

    /// Prints the results of a command, with the warnings about its network under `diagnostics`.
    pub fn print_json(&self, mut results: Value) -> Result<(), Failure> {
        if let Value::Object(results) = &mut results {
            results.entry("diagnostics").or_insert_with(|| self.terminal.reported().into());
        }
        stdio::print_json(&results)
    }

    /// Rejects outputs that would replace an input: one of `inputs`, a description of a chip, or the network and the data
    /// of a recipe.
    pub fn check_outputs<'a>(
        &self,
        outputs: impl IntoIterator<Item = &'a PathBuf>,
        inputs: impl IntoIterator<Item = &'a PathBuf>,
        recipe: Option<&Recipe>,
    ) -> Result<(), Failure> {
        let mut all = recipe.map(Recipe::inputs).unwrap_or_default();
        all.extend(inputs.into_iter().cloned());
        all.extend(self.chip_files.iter().cloned());
        stdio::check_outputs(outputs.into_iter().map(PathBuf::as_path), all.iter().map(PathBuf::as_path))
    }

    /// Returns the target that `--target` names.
    pub fn target(&self, name: Option<&String>) -> Result<Option<NamedTarget>, Failure> {
        name.map(|name| NamedTarget::from_name(name, self.chips.iter()))
            .transpose()
            .map_err(|why| invalid(&why, "--target <TARGET>"))
    }

    /// Returns the target that `--target` names. The default is the custom chip, if there is exactly one.
    pub fn target_or_custom(&self, name: Option<&String>) -> Result<Option<NamedTarget>, Failure> {
        let mut custom = self.chips.custom();
        match (self.target(name)?, custom.next(), custom.next()) {
            (Some(named), ..) => Ok(Some(named)),
            (None, None, _) => Ok(None),
            (None, Some(one), None) => Ok(Some(Arc::clone(one).into())),
            (None, Some(_), Some(_)) => {
                Err(Failure::Usage("several custom chips are given: choose one with `--target`".into()))
            }
        }
    }

    /// Like [`target_or_custom`](Self::target_or_custom), but rejects targets that are not chips; `reason` says why.
    pub fn chip(&self, name: Option<&String>, reason: &str) -> Result<Option<Arc<Chip>>, Failure> {
        let Some(target) = self.target_or_custom(name)? else { return Ok(None) };
        match target.chip() {
            Some(chip) => Ok(Some(Arc::clone(chip))),
            None => Err(Failure::Usage(format!("`--target {}` is not a chip; {reason}", target.name()))),
        }
    }

    /// Returns the engine that `--on` names.
    pub fn engine(&self, name: &str) -> Result<Engine, Failure> {
        Engine::from_name(name, self.chips.iter()).map_err(|why| invalid(&why, "--on <ENGINE>"))
    }

    /// Compiles the text of a network file and returns the graph with all diagnostics.
    pub fn compile(&self, args: &NetworkArgs, text: String) -> CompileOutput {
        let options = CompileOptions::new().with_name(args.name.clone()).with_params(args.params.clone());
        CompileOutput::compile(&stdio::display_name(&args.net), text, &options)
    }

    /// Opens a network file, or a recipe in its place, and prints the warnings of the network. Errors in the network are
    /// an error.
    pub fn open(&self, args: &NetworkArgs) -> Result<NetworkInput, Failure> {
        let NetworkArgs { net, name, params } = args;
        let (text, kind) = file_kind::read_network_or_recipe(net)?;
        if !matches!(kind, FileKind::Recipe | FileKind::Yaml) {
            let loaded = self.compile(args, text).accept(&self.terminal)?;
            return Ok(NetworkInput::Source(Box::new(loaded)));
        }
        if name.is_some() || !params.is_empty() {
            return Err(Failure::Usage(
                "`--name` and `--param` are for networks; a recipe sets them as `name` and `params`".into(),
            ));
        }
        let plan = Plan::parse(text, net, &[], &self.chips, &Checks::default(), &self.terminal)?;
        Ok(NetworkInput::Recipe(Box::new(plan)))
    }

    /// Reads a recipe and compiles its network, with the given checks. Also sets the number of threads of the global pool, because commands
    /// with recipes are the ones that take `--threads`.
    pub fn plan(&self, args: &RecipeArgs, checks: &Checks) -> Result<Plan, Failure> {
        if let Some(threads) = args.threads {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
            pool.map_err(|e| Failure::Usage(format!("cannot start {threads} threads: {e}")))?;
        }
        let path = &args.recipe;
        let text = file_kind::read_text(path, Expected::Recipe)?;
        Ok(Plan::parse(text, path, &args.set, &self.chips, checks, &self.terminal)?)
    }

    /// Like [`plan`](Self::plan), for the engine that `--on` names and the quantizer of `--quantizer`, which needs a chip.
    pub fn plan_on(
        &self,
        args: &RecipeArgs,
        on: &str,
        quantizer: Option<Method>,
    ) -> Result<(Plan, Engine), Failure> {
        let engine = self.engine(on)?;
        if quantizer.is_some() && engine == Engine::Float {
            return Err(Failure::Usage(
                "`--quantizer` has no effect on the engine `float`: name a chip with `--on`".into(),
            ));
        }
        let mut plan = self.plan(args, &Checks::default())?;
        if let Some(method) = quantizer {
            plan.recipe.quantize.set_method(method, &self.terminal);
        }
        Ok((plan, engine))
    }

    /// Reads a weights file and binds it to the network of a recipe.
    pub fn bind(&self, plan: &Plan, weights: &Path, allow_mismatch: bool) -> Result<Network, Failure> {
        Ok(plan.bind(
            &file_kind::read(weights, Expected::Weights)?,
            weights,
            allow_mismatch,
            &self.terminal,
        )?)
    }

    /// Reads input events from a `.npy` file.
    pub fn events(&self, path: &Path, channels: usize) -> Result<InputEvents, Failure> {
        let events = InputEvents::parse(&file_kind::read(path, Expected::Events)?, channels);
        events.map_err(|why| Failure::Input(format!("`{}`: {why}", path.display())))
    }
}

/// A network, opened by its source or by a recipe.
pub enum NetworkInput {
    /// A network file.
    Source(Box<LoadedNetwork>),
    /// A recipe with its network.
    Recipe(Box<Plan>),
}

impl NetworkInput {
    /// Returns the network.
    pub fn loaded(&self) -> &LoadedNetwork {
        match self {
            Self::Source(loaded) => loaded,
            Self::Recipe(plan) => &plan.loaded,
        }
    }

    /// Returns the files of the network: its source and what it imports.
    pub fn files(&self) -> Vec<PathBuf> {
        self.loaded().files()
    }

    /// Returns the recipe, if one was given.
    pub fn recipe(&self) -> Option<&Recipe> {
        match self {
            Self::Source(_) => None,
            Self::Recipe(plan) => Some(&plan.recipe),
        }
    }

    /// Reads a weights file and binds it to the network. A recipe is compared with the weights as well.
    pub fn bind(&self, weights: &Path, allow_mismatch: bool, context: &Context) -> Result<Network, Failure> {
        match self {
            Self::Source(loaded) => {
                let bytes = file_kind::read(weights, Expected::Weights)?;
                Ok(loaded.bind(&bytes, weights, allow_mismatch, &context.terminal)?)
            }
            Self::Recipe(plan) => context.bind(plan, weights, allow_mismatch),
        }
    }
}

/// Reports an unknown name in the format of clap's own errors.
fn invalid(why: &UnknownName, option: &str) -> Failure {
    Failure::Usage(format!("invalid value '{}' for '{option}': {why}", why.name))
}
