//! Options of the audio front end that are given outside of a recipe.

use serde::Deserialize;
use serde_json::json;
use synnet_ir::Sources;

use super::FrontEnd;
use super::keys::KEYS;
use super::source::set;
use crate::error::Error;
use crate::{problem, yaml};

/// The option of the command line that gives options.
const OPTION: &str = "--front-end";
/// The section of recipes.
const SECTION: &str = "front_end";

impl FrontEnd {
    /// Returns the front end with other values of some options, such as `decimation` and `488`. Keys are those of the
    /// section `front_end` of a recipe, values are YAML.
    ///
    /// # Errors
    /// Returns every option that is unknown or invalid, each at its place.
    pub fn with_options(&self, options: &[(String, String)]) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Section {
            front_end: FrontEnd,
        }

        let mut sources = Sources::new();
        // JSON is YAML.
        let id = sources.add("front end", json!({ SECTION: self }).to_string());
        let (tree, mut diagnostics) = yaml::parse(&sources, id, 0);
        let Some(mut tree) = tree else { return Err(problem::into_error(diagnostics, &sources, OPTION, 1)) };
        for (key, text) in options {
            let id = sources.add(OPTION, format!("{key}={text}"));
            let (value, errors) = yaml::parse(&sources, id, key.len() + 1);
            diagnostics.extend(errors);
            if let (Some(section), Some(value)) = (tree.get_mut(SECTION), value) {
                diagnostics.extend(set(section, key, value, id));
            }
        }
        let reading = yaml::read::<Section>(&tree, KEYS, "section `front_end`");
        diagnostics.extend(reading.diagnostics);
        let front_end = reading.value.map(|section| section.front_end);
        let problems = front_end.iter().flat_map(FrontEnd::problems);
        let problems = problems.filter(|problem| !problem.concerns(&reading.repaired));
        diagnostics.extend(problems.map(|problem| problem.into_diagnostic(Some(&reading.tree), KEYS)));
        match front_end {
            Some(front_end) if !diagnostics.has_errors() => Ok(front_end),
            _ => Err(problem::into_error(diagnostics, &sources, OPTION, 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(options: &[(&str, &str)]) -> Result<FrontEnd, String> {
        let options: Vec<(String, String)> =
            options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        FrontEnd::default().with_options(&options).map_err(|error| error.to_string())
    }

    #[test]
    fn options_are_those_of_a_recipe() {
        let FrontEnd::XyloAudio3(options) =
            with(&[("decimation", "488"), ("normalization", "channel"), ("kind", "xylo_audio3")]).unwrap();
        assert_eq!(options.decimation, 488);
        assert_eq!(options.cap, 15);
        let wrong =
            [("decimate", "1"), ("cap", "many"), ("normalization", "divisive"), ("eps", "["), ("b1", "0")];
        let error = with(&wrong).unwrap_err();
        for text in [
            "unknown key `decimate` in `front_end`",
            "--> --front-end:1:1",
            "did you mean `decimation`?",
            "`front_end.cap` is `many`; expected an integer from 1 to 15",
            "`front_end.normalization` is `divisive`; expected `joint`, `channel` or `fixed`",
            "1 | eps=[",
            "`front_end.b1` is 0; it must be from 1 to 20",
        ] {
            assert!(error.contains(text), "no {text} in:\n{error}");
        }
    }
}
