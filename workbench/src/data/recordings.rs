//! The recordings of a recipe with their sets and classes, without their contents.

use super::folder::File;
use super::split::{Seen, Split, Splitter};
use super::{Input, Source, missing_path, path_key, paths};
use crate::codes;
use crate::error::Error;
use crate::observer::Observer;
use crate::problem::Problem;
use crate::recipe::{Recipe, plain};
use crate::streams::Recording;

/// The recordings of words of each set, in the order of their names.
#[derive(Debug, Default)]
pub(crate) struct Recordings {
    /// The training set.
    pub(crate) train: Vec<Recording>,
    /// The validation set.
    pub(crate) validation: Vec<Recording>,
    /// The test set.
    pub(crate) test: Vec<Recording>,
}

impl Recordings {
    /// Adds the recording of a file to its set.
    pub(super) fn add(&mut self, file: &File) {
        let set = match file.assignment.split {
            Split::Train => &mut self.train,
            Split::Validation => &mut self.validation,
            Split::Test => &mut self.test,
        };
        set.extend(file.assignment.label.map(|class| Recording { path: file.path.clone(), class }));
    }
}

/// Finds the recordings of a recipe whose samples are in folders.
///
/// # Errors
/// Returns the same errors about names and fields as [`load`](super::load), or an error if a set is empty.
pub(crate) fn recordings(
    recipe: &Recipe,
    input: &Input,
    observer: &dyn Observer,
) -> Result<Recordings, Error> {
    let options = &recipe.data;
    let classes: Vec<String> = options.classes.iter().map(plain).collect();
    let splitter = Splitter::new(options, &classes)?;
    let (mut seen, mut found) = (Seen::default(), Recordings::default());
    for (path, set) in paths(options) {
        if !path.is_dir() {
            return Err(recipe.error(vec![missing_path(path, path_key(set), "folder")]));
        }
        let source = Source { recipe, options, input, path, set, splitter: &splitter };
        for file in source.files(&mut seen, observer)? {
            found.add(&file);
        }
    }
    let mut problems = splitter.check(&seen, observer);
    for (set, name, key) in
        [(&found.validation, "validation", "data.validation"), (&found.test, "test", "data.test")]
    {
        if set.is_empty() && problems.is_empty() {
            let message = format!("the {name} set is empty: `{}`", options.path.display());
            let help = format!("correct `{key}`, which divides the samples");
            problems.push(Problem::new(&codes::NO_SAMPLE, key, message).with_help(help));
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(recipe.error(problems)) }
}
