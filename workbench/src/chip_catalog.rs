//! The catalog of chips: the built-in ones, and custom ones described in files of the same format.

use std::path::Path;
use std::sync::Arc;

use synnet_ir::Sources;
use synnet_xylo::chip::Chip;

use crate::chip_keys::KEYS;
use crate::error::Error;
use crate::problem::{self, Problem};
use crate::target::is_reserved;
use crate::unknown::UnknownName;
use crate::{codes, files, yaml};

/// The chips that networks can be built for.
#[derive(Clone, Debug)]
pub struct ChipCatalog {
    /// The built-in chips, then the custom ones.
    entries: Vec<Entry>,
    /// Number of built-in chips.
    built_in: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    chip: Arc<Chip>,
    /// The YAML source of the description, comments included.
    text: String,
}

impl Default for ChipCatalog {
    /// Returns the catalog of the built-in chips.
    fn default() -> Self {
        let entry = |chip: &Chip| {
            let text = Chip::source(&chip.name).unwrap_or_default().to_owned();
            Entry { chip: Arc::new(chip.clone()), text }
        };
        let entries: Vec<Entry> = Chip::all().iter().map(entry).collect();
        Self { built_in: entries.len(), entries }
    }
}

impl ChipCatalog {
    /// Adds a custom chip from a file.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, the description has errors (all are listed), or the name is taken.
    pub fn read(&mut self, path: &Path) -> Result<(), Error> {
        self.add(&files::display(path), files::read_text(path)?)
    }

    /// Adds a custom chip from YAML in the format of [`source`](Self::source); diagnostics call the source `name`.
    ///
    /// # Errors
    /// Returns an error if the description has errors (all are listed, each at its place), or the name is taken.
    pub fn add(&mut self, name: &str, text: String) -> Result<(), Error> {
        let mut sources = Sources::new();
        let id = sources.add(name, text.as_str());
        let (tree, mut diagnostics) = yaml::parse(&sources, id, 0);
        let mut chip = None;
        if let Some(tree) = &tree {
            let reading = yaml::read::<Chip>(tree, KEYS, "chip description");
            diagnostics.extend(reading.diagnostics);
            chip = reading.value;
            let problems = chip.iter().flat_map(|chip| self.problems(chip));
            let problems = problems.filter(|problem| !problem.concerns(&reading.repaired));
            diagnostics.extend(problems.map(|problem| problem.into_diagnostic(Some(&reading.tree), KEYS)));
        }
        match chip {
            Some(chip) if !diagnostics.has_errors() => {
                self.entries.push(Entry { chip: Arc::new(chip), text });
                Ok(())
            }
            _ => Err(problem::into_error(diagnostics, &sources, name, 1)),
        }
    }

    /// Returns every problem of a description: values out of range, and a name that is taken.
    fn problems(&self, chip: &Chip) -> Vec<Problem> {
        let mut problems: Vec<Problem> = chip
            .check()
            .iter()
            // The names of all chips are checked below.
            .filter(|error| !(error.key == "name" && Chip::find(&chip.name).is_some()))
            .map(|error| Problem::new(&codes::RANGE, &error.key, error.to_string()))
            .collect();
        let taken = match (is_reserved(&chip.name), self.find(&chip.name).is_some()) {
            (true, _) => "reserved",
            (_, true) => "taken by another chip",
            (false, false) => return problems,
        };
        let message = format!("the name `{}` is {taken}", chip.name);
        problems
            .push(Problem::new(&codes::DUPLICATE_VALUE, "name", message).with_help("choose another name"));
        problems
    }

    /// Returns all chips, the custom ones last.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Chip>> {
        self.entries.iter().map(|entry| &entry.chip)
    }

    /// Returns the custom chips in the order of addition.
    pub fn custom(&self) -> impl Iterator<Item = &Arc<Chip>> {
        self.iter().skip(self.built_in)
    }

    /// Returns the chip of this name, if it exists.
    pub fn find(&self, name: &str) -> Option<&Arc<Chip>> {
        self.iter().find(|chip| chip.name == name)
    }

    /// Returns the chip of this name.
    ///
    /// # Errors
    /// Returns an error with all names, and a suggestion, if there is no such chip.
    pub fn get(&self, name: &str) -> Result<&Arc<Chip>, UnknownName> {
        let known = || self.iter().map(|chip| chip.name.as_str());
        self.find(name).ok_or_else(|| UnknownName::new("chip", name, known()))
    }

    /// Returns the YAML source of a chip's description, with the evidence for its numbers as comments.
    pub fn source(&self, name: &str) -> Option<&str> {
        self.entries.iter().find(|entry| entry.chip.name == name).map(|entry| entry.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_chips_follow_built_in_ones() {
        let mut chips = ChipCatalog::default();
        let text = chips.source("xylo-imu").unwrap().replace("\nname: xylo-imu\n", "\nname: mine\n");
        chips.add("mine.yaml", text.clone()).unwrap();
        assert_eq!(chips.custom().map(|chip| chip.name.as_str()).collect::<Vec<_>>(), ["mine"]);
        assert_eq!(chips.source("mine"), Some(text.as_str()));
        let error = chips.add("again.yaml", text).unwrap_err().to_string();
        assert!(error.contains("the name `mine` is taken by another chip"), "{error}");
        assert!(ChipCatalog::default().find("mine").is_none());
    }
}
