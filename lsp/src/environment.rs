//! What the server needs from the program around it.

use std::sync::Arc;

use synnet_ir::graph::LayerId;
use synnet_ir::{Code, Diagnostics, Graph, Sources};

use crate::recipe::RecipeKey;
use crate::settings::Settings;

/// The world outside of the open documents. Paths use `/`.
pub trait Environment {
    /// Returns the contents of a file.
    ///
    /// # Errors
    /// Returns the reason why the file cannot be read, to complete "cannot read `path`: ...".
    fn read(&self, path: &str) -> Result<String, String>;

    /// Returns the paths of all network files below a folder, for references and renaming.
    fn networks_below(&self, folder: &str) -> Vec<String>;

    /// Makes a source of the standard library available to the editor, and returns the path of the file. `name` is
    /// that of the source, such as `std/synnet.snn`.
    fn std_file(&self, name: &str, text: &str) -> Option<String>;

    /// Returns the target that the settings name; `None` if they name none.
    ///
    /// # Errors
    /// Returns a message if the target is unknown or a custom chip cannot be read.
    fn target(&self, settings: &Settings) -> Result<Option<Arc<dyn Checker>>, String>;

    /// Checks a recipe; `None` if the text is no recipe.
    fn check_recipe(&self, path: &str, text: &str, settings: &Settings) -> Option<RecipeReport>;

    /// Returns the keys of recipes, in the order of the documentation.
    fn recipe_keys(&self, settings: &Settings) -> Vec<RecipeKey>;

    /// Returns the rule with a code such as `E0301`.
    fn explain(&self, code: &str) -> Option<&'static Code>;
}

/// A target that checks and describes graphs.
pub trait Checker {
    /// Returns the name of the target.
    fn name(&self) -> &str;

    /// Returns what the target cannot express, as errors, and what it does differently, as warnings.
    fn check(&self, graph: &Graph) -> Diagnostics;

    /// Returns what a network takes of the target, as Markdown.
    fn describe_network(&self, graph: &Graph) -> Option<String>;

    /// Returns what a layer takes of the target, as a sentence of Markdown.
    fn describe_layer(&self, graph: &Graph, layer: LayerId) -> Option<String>;
}

/// The diagnostics of a recipe, with the sources that they point at. One of the sources has the name of the recipe.
#[derive(Clone, Debug, Default)]
pub struct RecipeReport {
    /// Errors and warnings. Those without a place are shown at the first line.
    pub diagnostics: Diagnostics,
    /// The sources.
    pub sources: Sources,
    /// Errors in words only. One that says `line 3` is shown there.
    pub messages: Vec<String>,
}

/// An environment without files and targets.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEnvironment;

impl Environment for NoEnvironment {
    fn read(&self, _path: &str) -> Result<String, String> {
        Err("files cannot be read here".to_owned())
    }

    fn networks_below(&self, _folder: &str) -> Vec<String> {
        Vec::new()
    }

    fn std_file(&self, _name: &str, _text: &str) -> Option<String> {
        None
    }

    fn target(&self, _settings: &Settings) -> Result<Option<Arc<dyn Checker>>, String> {
        Ok(None)
    }

    fn check_recipe(&self, _path: &str, _text: &str, _settings: &Settings) -> Option<RecipeReport> {
        None
    }

    fn recipe_keys(&self, _settings: &Settings) -> Vec<RecipeKey> {
        Vec::new()
    }

    fn explain(&self, code: &str) -> Option<&'static Code> {
        let codes = synnet_ir::codes::CODES.iter().chain(synnet_dsl::codes::CODES);
        codes.copied().find(|known| known.id == code)
    }
}
