//! The catalog of chips: the built-in ones, and custom ones described in files of the same format.

use std::path::Path;
use std::sync::Arc;

use synnet_xylo::chip::Chip;

use crate::error::Error;
use crate::target::is_reserved;
use crate::unknown::UnknownName;
use crate::{files, serde_messages};

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
        let text = files::read_text(path)?;
        self.add(text).map_err(|why| Error::file(path, why))
    }

    /// Adds a custom chip from YAML in the format of [`source`](Self::source).
    ///
    /// # Errors
    /// Returns an error if the description has errors (all are listed), or the name is taken.
    pub fn add(&mut self, text: String) -> Result<(), String> {
        let chip = Chip::from_yaml(&text).map_err(|e| {
            let why = std::error::Error::source(&e).map_or_else(
                || e.to_string(),
                |why| serde_messages::plain_message_with_location(&why.to_string()),
            );
            format!("not a chip description: {why}")
        })?;
        let mut errors = chip.check();
        if is_reserved(&chip.name) {
            errors.insert(0, format!("`name` is `{}`, which is reserved; choose another", chip.name));
        }
        if !errors.is_empty() {
            return Err(format!("the chip description has errors\n{}", errors.join("\n")));
        }
        if self.find(&chip.name).is_some() {
            return Err(format!("the name `{}` is taken by another chip; choose another", chip.name));
        }
        self.entries.push(Entry { chip: Arc::new(chip), text });
        Ok(())
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
        chips.add(text.clone()).unwrap();
        assert_eq!(chips.custom().map(|chip| chip.name.as_str()).collect::<Vec<_>>(), ["mine"]);
        assert_eq!(chips.source("mine"), Some(text.as_str()));
        assert_eq!(chips.add(text).unwrap_err(), "the name `mine` is taken by another chip; choose another");
        assert!(ChipCatalog::default().find("mine").is_none());
    }
}
