//! What was understood of a recipe, with its errors: the rest of an experiment is checked in the same run.

use std::path::Path;
use std::sync::Arc;

use synnet_ir::Diagnostics;

use super::keys::KEYS;
use super::source::RecipeSource;
use super::{Recipe, effect};
use crate::chip_catalog::ChipCatalog;
use crate::error::Error;
use crate::problem;
use crate::yaml::{self, KeyPath};

/// A recipe that may have errors.
pub(crate) struct Draft {
    /// The recipe, with repairs in place of errors; `None` if too little was understood.
    pub(crate) recipe: Option<Recipe>,
    /// The errors.
    pub(crate) diagnostics: Diagnostics,
    /// The paths of the repairs: what a check says about them does not concern the user.
    pub(crate) repaired: Vec<KeyPath>,
    /// The name of the file in messages.
    pub(crate) name: String,
    source: Arc<RecipeSource>,
}

impl Draft {
    /// Reads the text of the file `path`, with overrides of dotted keys.
    pub(crate) fn parse(
        text: String,
        path: &Path,
        overrides: &[(String, String)],
        chips: &ChipCatalog,
    ) -> Self {
        let name = RecipeSource::name(path);
        let source = Arc::new(RecipeSource::parse(&name, &text, overrides));
        let diagnostics = source.diagnostics.clone();
        let mut draft =
            Self { recipe: None, diagnostics, repaired: Vec::new(), name, source: Arc::clone(&source) };
        let Some(tree) = &source.tree else { return draft };
        let reading = yaml::read::<Recipe>(tree, KEYS, "recipe");
        draft.diagnostics.extend(reading.diagnostics);
        draft.repaired = reading.repaired;
        let Some(mut recipe) = reading.value else { return draft };
        recipe.path = path.to_owned();
        recipe.source = Some(Arc::clone(&source));
        let problems = recipe.check(chips).into_iter().filter(|problem| !problem.concerns(&draft.repaired));
        let located = problems.map(|problem| problem.into_diagnostic(Some(&reading.tree), KEYS));
        draft.diagnostics.extend(located);
        let effects = effect::warnings(&recipe, &reading.tree).into_iter();
        let effects = effects.filter(|problem| !problem.concerns(&draft.repaired));
        recipe.warnings = effects.map(|problem| problem.into_diagnostic(Some(&reading.tree), KEYS)).collect();
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let is_set = |key: &str| overrides.iter().any(|(k, _)| k == key);
        recipe.data.resolve(&folder, is_set);
        if let Some(detection) = &mut recipe.detection {
            detection.resolve(&folder, is_set);
        }
        if !is_set("network") {
            recipe.network = folder.join(&recipe.network);
        }
        recipe.text = if overrides.is_empty() { text } else { yaml::to_text(tree) };
        draft.recipe = Some(recipe);
        draft
    }

    /// Returns the recipe.
    ///
    /// # Errors
    /// Returns every error.
    pub(crate) fn finish(self) -> Result<Recipe, Error> {
        match self.recipe {
            Some(recipe) if !self.diagnostics.has_errors() => Ok(recipe),
            _ => Err(self.into_error()),
        }
    }

    /// Returns the errors that were found.
    pub(crate) fn into_error(self) -> Error {
        let sources = &self.source.sources;
        problem::into_error(self.diagnostics, sources, &self.name, sources.iter().count())
    }
}
