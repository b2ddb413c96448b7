//! `snnc lsp`: the language server, with files, targets and recipes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lsp_server::Connection;
use synnet_ir::display::format_whole_percent;
use synnet_ir::graph::LayerId;
use synnet_ir::{Code, Diagnostics, Graph};
use synnet_lsp::{Checker, Environment, RecipeKey, RecipeReport, Settings};
use synnet_workbench::recipe;
use synnet_workbench::{Checks, ChipCatalog, Error, NamedTarget, Plan, Silent, files};
use synnet_xylo::budget::{Budget, Resource};
use synnet_xylo::layout::Layout;

use super::explain;
use crate::cli::Lsp;
use crate::failure::Failure;

/// Files that are searched for references.
const MAX_FILES: usize = 2000;
/// Levels of folders that are searched.
const MAX_DEPTH: usize = 16;

/// Serves an editor over standard input and output until it closes the connection. `chips` are files of custom chips
/// beside those of the settings.
pub fn run(_args: &Lsp, chips: &[PathBuf]) -> Result<(), Failure> {
    let (connection, threads) = Connection::stdio();
    let served = synnet_lsp::serve(&connection, Box::new(Files { chips: chips.to_vec() }));
    // The threads end with the connection.
    drop(connection);
    served.map_err(|why| Failure::Usage(format!("the connection to the editor broke: {why}")))?;
    threads.join().map_err(|why| Failure::Usage(format!("the connection to the editor broke: {why}")))
}

/// The files of this machine.
struct Files {
    chips: Vec<PathBuf>,
}

impl Files {
    /// Returns the built-in chips and those of the settings.
    fn catalog(&self, settings: &Settings) -> Result<ChipCatalog, String> {
        let mut chips = ChipCatalog::default();
        let configured = settings.chips.iter().map(|chip| Path::new(&settings.folder).join(chip));
        for path in self.chips.iter().cloned().chain(configured) {
            chips.read(&path).map_err(|why| why.to_string())?;
        }
        Ok(chips)
    }
}

impl Environment for Files {
    fn read(&self, path: &str) -> Result<String, String> {
        files::read_import(Path::new(path))
    }

    fn networks_below(&self, folder: &str) -> Vec<String> {
        let mut found = Vec::new();
        networks(Path::new(folder), 0, &mut found);
        found
    }

    fn std_file(&self, name: &str, text: &str) -> Option<String> {
        let version = concat!("v", env!("CARGO_PKG_VERSION"));
        let path = files::cache_folder()?.join(version).join(name);
        let is_present = std::fs::read_to_string(&path).is_ok_and(|present| present == text);
        if !is_present {
            std::fs::create_dir_all(path.parent()?).ok()?;
            files::write(&path, text.as_bytes()).ok()?;
        }
        Some(path.to_str()?.to_owned())
    }

    fn target(&self, settings: &Settings) -> Result<Option<Arc<dyn Checker>>, String> {
        let chips = self.catalog(settings)?;
        let mut custom = chips.custom();
        let named = match (&settings.target, custom.next(), custom.next()) {
            (Some(name), ..) => {
                let found = NamedTarget::from_name(name, chips.iter());
                Some(found.map_err(|why| format!("`synnet.target`: {why}"))?)
            }
            (None, Some(only), None) => Some(Arc::clone(only).into()),
            (None, ..) => None,
        };
        Ok(named.map(|target| Arc::new(CheckedTarget(target)) as Arc<dyn Checker>))
    }

    fn check_recipe(&self, path: &str, text: &str, settings: &Settings) -> Option<RecipeReport> {
        // Other YAML files may be open, too.
        let has = |key: &str| text.lines().any(|line| line.starts_with(key));
        if !has("network:") || !(has("training:") || has("data:")) {
            return None;
        }
        let chips = self.catalog(settings).unwrap_or_default();
        let checks = Checks::training();
        let checked = Plan::parse(text.to_owned(), Path::new(path), &[], &chips, &checks, &Silent);
        Some(match checked {
            Ok(plan) => RecipeReport {
                diagnostics: plan.recipe.warnings().clone(),
                sources: plan.loaded.sources,
                messages: Vec::new(),
            },
            Err(Error::Diagnostics(found)) => {
                RecipeReport { diagnostics: found.diagnostics, sources: found.sources, messages: Vec::new() }
            }
            Err(Error::File { message, .. }) => RecipeReport {
                messages: message.lines().map(|line| line.trim().to_owned()).collect(),
                ..Default::default()
            },
            Err(other) => RecipeReport { messages: vec![other.to_string()], ..Default::default() },
        })
    }

    fn recipe_keys(&self, settings: &Settings) -> Vec<RecipeKey> {
        let chips = self.catalog(settings).unwrap_or_default();
        let names =
            |targets: Vec<NamedTarget>| targets.iter().map(|target| target.name().to_owned()).collect();
        let keys = recipe::keys().iter().map(|key| RecipeKey {
            path: key.path.to_owned(),
            expected: key.expected.to_owned(),
            default: key.default.to_owned(),
            values: match key.path {
                "chip" => chips.iter().map(|chip| chip.name.clone()).collect(),
                "build" => names(NamedTarget::all(chips.iter())),
                _ => key.values().into_iter().map(str::to_owned).collect(),
            },
        });
        keys.collect()
    }

    fn explain(&self, code: &str) -> Option<&'static Code> {
        explain::codes().find(|known| known.id == code)
    }
}

/// Collects the network files below a folder. Folders that are hidden or hold build results are left out.
fn networks(folder: &Path, depth: usize, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = files::name(&path);
        if found.len() >= MAX_FILES || name.starts_with('.') || name == "target" || name == "node_modules" {
            continue;
        }
        // A link may lead back to a folder that contains it.
        if path.is_dir() && !path.is_symlink() && depth < MAX_DEPTH {
            networks(&path, depth + 1, found);
        } else if path.extension().is_some_and(|extension| extension == "snn") {
            found.extend(path.to_str().map(|path| path.replace('\\', "/")));
        }
    }
}

/// A target of the workbench.
struct CheckedTarget(NamedTarget);

impl Checker for CheckedTarget {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn check(&self, graph: &Graph) -> Diagnostics {
        self.0.check(graph)
    }

    fn describe_network(&self, graph: &Graph) -> Option<String> {
        let budget = Budget::from_graph(graph, self.0.chip()?);
        Some(format!("```text\n{budget}```"))
    }

    fn describe_layer(&self, graph: &Graph, layer: LayerId) -> Option<String> {
        let chip = self.0.chip()?;
        let layout = Layout::new(graph, chip);
        let size = graph.layer(layer).size;
        let share = |of: usize| format_whole_percent(size as f64 / of.max(1) as f64);
        if layer == layout.readout {
            let share = share(chip.outputs);
            return Some(format!("{size} of {} readout neurons of {} ({share})", chip.outputs, chip.title));
        }
        let neurons =
            format!("{size} of {} hidden neurons of {} ({})", chip.hidden, chip.title, share(chip.hidden));
        // A network that breaks a rule has no place on the chip, so that its layers have no fan-out there.
        if self.0.check(graph).has_errors() {
            return Some(neurons);
        }
        let fan_out = layout.fan_outs(graph).get(layer.index()).copied().unwrap_or(0);
        let memory =
            Budget::from_graph(graph, chip).get(Resource::FanOutMemory).map_or(0, |usage| usage.used);
        Some(format!(
            "{neurons}; fan-out {fan_out} of {}; {} of the {memory} entries of fan-out memory that the network takes, \
             of {}",
            chip.fan_out.per_neuron,
            fan_out.saturating_mul(size),
            chip.fan_out.total
        ))
    }
}
