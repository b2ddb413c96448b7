//! The catalog of chips: those that the compiler knows, and custom ones described in files of the same form.

use std::path::Path;
use std::sync::Arc;

use synnet_xylo::Chip;

use crate::error::Error;
use crate::target::is_taken;
use crate::unknown::UnknownName;
use crate::{files, serde_messages};

/// The chips that networks can be built for.
#[derive(Clone, Debug)]
pub struct ChipCatalog {
    /// The custom ones last.
    entries: Vec<Entry>,
    /// How many of the entries are built in.
    built_in: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    chip: Arc<Chip>,
    /// The description as it was written.
    text: String,
}

impl Default for ChipCatalog {
    /// The chips that the compiler knows.
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
    /// Adds the custom chip that a file describes.
    ///
    /// # Errors
    /// A file that cannot be read; every fault of the description; a name that is taken.
    pub fn read(&mut self, path: &Path) -> Result<(), Error> {
        let text = files::read_text(path)?;
        self.add(text).map_err(|why| Error::file(path, why))
    }

    /// Adds a custom chip, described in YAML as in [`source`](Self::source).
    ///
    /// # Errors
    /// Every fault of the description; a name that is taken.
    pub fn add(&mut self, text: String) -> Result<(), String> {
        let chip = Chip::from_yaml(&text).map_err(|e| {
            let why = std::error::Error::source(&e).map_or_else(
                || e.to_string(),
                |why| serde_messages::plain_message_with_location(&why.to_string()),
            );
            format!("not a chip description: {why}")
        })?;
        let mut errors = chip.check();
        if is_taken(&chip.name) {
            errors.insert(0, format!("`name` is `{}`, which is taken; choose another", chip.name));
        }
        if !errors.is_empty() {
            return Err(format!("not a possible chip\n{}", errors.join("\n")));
        }
        if self.find(&chip.name).is_some() {
            return Err(format!("there are two chips `{}`", chip.name));
        }
        self.entries.push(Entry { chip: Arc::new(chip), text });
        Ok(())
    }

    /// All chips, the custom ones last.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Chip>> {
        self.entries.iter().map(|entry| &entry.chip)
    }

    /// The custom chips, in the order in which they were added.
    pub fn custom(&self) -> impl Iterator<Item = &Arc<Chip>> {
        self.iter().skip(self.built_in)
    }

    /// The chip of that name, if there is one.
    pub fn find(&self, name: &str) -> Option<&Arc<Chip>> {
        self.iter().find(|chip| chip.name == name)
    }

    /// The chip of that name.
    ///
    /// # Errors
    /// If there is none.
    pub fn get(&self, name: &str) -> Result<&Arc<Chip>, UnknownName> {
        let known = || self.iter().map(|chip| chip.name.as_str());
        self.find(name).ok_or_else(|| UnknownName::new("chip", name, known()))
    }

    /// The description of a chip as it was written, with the evidence for its numbers.
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
        assert_eq!(chips.add(text).unwrap_err(), "there are two chips `mine`");
        assert!(ChipCatalog::default().find("mine").is_none());
    }
}
