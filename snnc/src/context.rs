//! What every command has: the chips of the command line, and how results and progress are shown.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use synnet_dsl::Options;
use synnet_ir::Network;
use synnet_workbench::network_source::{CompileOutput, LoadedNetwork};
use synnet_workbench::recipe::Recipe;
use synnet_workbench::{ChipCatalog, Engine, InputEvents, Plan, Target, UnknownName};
use synnet_xylo::Chip;

use crate::cli::{NetworkArgs, RecipeArgs};
use crate::failure::Failure;
use crate::progress::Terminal;
use crate::stdio;

/// The surroundings of a command.
pub struct Context {
    /// Whether machine-readable results go to standard output.
    pub json: bool,
    /// The chips, those of `--chip` included.
    pub chips: ChipCatalog,
    /// Shows warnings and progress.
    pub terminal: Terminal,
}

impl Context {
    /// Reads the files of `--chip`.
    pub fn new(chip_files: &[PathBuf], json: bool) -> Result<Self, Failure> {
        let mut chips = ChipCatalog::default();
        for path in chip_files {
            let text = stdio::read_text(path)?;
            chips.add(text).map_err(|why| Failure::Input(format!("`{}`: {why}", path.display())))?;
        }
        Ok(Self { json, chips, terminal: Terminal::default() })
    }

    /// The target that `--target` names.
    pub fn target(&self, name: Option<&String>) -> Result<Option<Target>, Failure> {
        name.map(|name| Target::named(name, self.chips.iter()))
            .transpose()
            .map_err(|why| invalid(&why, "--target <TARGET>"))
    }

    /// The target that `--target` names, or else the custom chip.
    pub fn target_or_custom(&self, name: Option<&String>) -> Result<Option<Target>, Failure> {
        let mut custom = self.chips.custom();
        match (self.target(name)?, custom.next(), custom.next()) {
            (Some(named), ..) => Ok(Some(named)),
            (None, None, _) => Ok(None),
            (None, Some(one), None) => Ok(Some(Arc::clone(one).into())),
            (None, Some(_), Some(_)) => {
                Err(Failure::Usage("there are several `--chip`: say which with `--target`".into()))
            }
        }
    }

    /// As [`target_or_custom`](Self::target_or_custom), if it is a chip; `why_chips` says what others are refused for.
    pub fn chip(&self, name: Option<&String>, why_chips: &str) -> Result<Option<Arc<Chip>>, Failure> {
        let Some(target) = self.target_or_custom(name)? else { return Ok(None) };
        match target.chip() {
            Some(chip) => Ok(Some(Arc::clone(chip))),
            None => Err(Failure::Usage(format!("`--target {}`: {why_chips}", target.name()))),
        }
    }

    /// The engine that `--on` names.
    pub fn engine(&self, name: &str) -> Result<Engine, Failure> {
        Engine::named(name, self.chips.iter()).map_err(|why| invalid(&why, "--on <ENGINE>"))
    }

    /// Compiles a network file and keeps what was found.
    pub fn find(&self, args: &NetworkArgs) -> Result<CompileOutput, Failure> {
        let options = Options::new().with_name(args.name.clone()).with_params(args.params.clone());
        let text = stdio::read_text(&args.net)?;
        Ok(CompileOutput::compile(&stdio::display_name(&args.net), text, &options))
    }

    /// Compiles a network file; warnings are shown, errors fail.
    pub fn load(&self, args: &NetworkArgs) -> Result<LoadedNetwork, Failure> {
        Ok(self.find(args)?.accept(&self.terminal)?)
    }

    /// Reads a recipe and its network, and sets the number of threads of everything that follows.
    pub fn plan(&self, args: &RecipeArgs) -> Result<Plan, Failure> {
        if let Some(threads) = args.threads {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
            pool.map_err(|e| Failure::Usage(format!("cannot start {threads} threads: {e}")))?;
        }
        let text = stdio::read_text(&args.recipe)?;
        let recipe = Recipe::parse(text, &args.recipe, &args.set, &self.chips)?;
        Ok(Plan::new(recipe, &self.terminal)?)
    }

    /// Reads a weights file and joins it with the network.
    pub fn bind(&self, loaded: &LoadedNetwork, weights: &Path) -> Result<Network, Failure> {
        Ok(loaded.bind(&stdio::read(weights)?, weights)?)
    }

    /// Reads input events.
    pub fn events(&self, path: &Path, channels: usize) -> Result<InputEvents, Failure> {
        let events = InputEvents::parse(&stdio::read(path)?, channels);
        events.map_err(|why| Failure::Input(format!("`{}`: {why}", path.display())))
    }
}

/// A value that an option cannot have, in the words of clap.
fn invalid(why: &UnknownName, option: &str) -> Failure {
    Failure::Usage(format!("invalid value '{}' for '{option}': {why}", why.name))
}
