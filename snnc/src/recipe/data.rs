//! The part of a recipe about data: where recordings are, and the way from sound to spikes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_yaml::Value;
use synnet_frontend::audio3;

use super::{Validation, plain};
use crate::failure::Failure;

/// Where recordings are, and what their names say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataOptions {
    /// Folder.
    pub path: PathBuf,
    /// Names of the recordings in the folder, with a `{field}` for each part that varies, such as
    /// `{label}_{speaker}_{index}.wav`. The field `label` is the class.
    pub pattern: String,
    /// The recordings that are used at all: for some fields, the values that they must have.
    #[serde(default)]
    pub only: BTreeMap<String, Vec<Value>>,
    /// The recordings held back from training: for one or several fields, the values that mark them.
    pub test: BTreeMap<String, Vec<Value>>,
    /// The recordings held back from training to choose the best epoch by.
    #[serde(default)]
    pub validation: Validation,
    /// Class names, in the order of the readout neurons.
    pub classes: Vec<Value>,
    /// Time steps of each recording: shorter ones are filled with silence, longer ones cut.
    pub steps: usize,
}

/// A front end with its options.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FrontEnd {
    /// The digital front end of Xylo Audio 3.
    XyloAudio3(audio3::Options),
}

impl Default for FrontEnd {
    fn default() -> Self {
        Self::XyloAudio3(audio3::Options::default())
    }
}

impl DataOptions {
    /// What serde cannot know; `path` is the recipe's, for messages.
    pub(super) fn check(&self, path: &Path) -> Result<(), Failure> {
        let classes: Vec<String> = self.classes.iter().map(plain).collect();
        if let Some(class) = classes.iter().enumerate().find(|(i, c)| classes[..*i].contains(c)) {
            let message = format!("`data.classes`: the class `{}` is given twice", class.1);
            return Err(Failure::input(path, message));
        }
        if self.steps == 0 {
            return Err(Failure::input(path, "`data.steps`: at least one time step is needed"));
        }
        if matches!(self.validation, Validation::Share(share) if !(share > 0.0 && share < 1.0)) {
            return Err(Failure::input(path, "`data.validation`: a share lies between 0 and 1"));
        }
        Ok(())
    }
}

impl FrontEnd {
    /// What serde cannot know; `path` is the recipe's, for messages.
    pub(super) fn check(&self, path: &Path) -> Result<(), Failure> {
        let Self::XyloAudio3(options) = self;
        options.validate().map_err(|e| Failure::input(path, format_args!("`front_end`: {e}")))
    }
}
