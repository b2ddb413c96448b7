//! A Xylo chip as a [`Target`]: from a network to the files for a board.

use serde_json::json;
use synnet_ir::{Artifact, Artifacts, Fact, Target};
use synnet_ir::{Diagnostic, Diagnostics, Graph, Network};

use crate::build::{BuildOptions, build_with};
use crate::build_output::Build;
use crate::chip::{Chip, ConfigurationFormat};
use crate::codes;
use crate::configuration::Configuration;
use crate::cost::CostSummary;
use crate::float_specification::RemovedNeurons;
use crate::layer_table::LayerTable;
use crate::loader::{LoaderFiles, known, loader};
use crate::rules;
use crate::specification::SpecificationError;

/// The target of a chip: its specification, its configuration if the vendor's format is known, and a loader for the
/// vendor's tools.
#[derive(Clone, Debug, PartialEq)]
pub struct XyloTarget {
    chip: Chip,
    options: BuildOptions,
}

impl XyloTarget {
    /// Creates a target that builds for `chip` with these options.
    pub fn new(chip: Chip, options: BuildOptions) -> Self {
        Self { chip, options }
    }

    /// Returns the files of a network that was built for this chip, with the facts that describe them. `file` is the
    /// main file, as in [`Target::build`]; the other files share its stem.
    ///
    /// # Errors
    /// Returns every inconsistency of the specification. Specifications made by [`build_with`] have none.
    pub fn artifacts(
        &self,
        build: &Build,
        network: &str,
        file: &str,
    ) -> Result<Artifacts, SpecificationError> {
        let chip = &self.chip;
        let stem = stem(file);
        let [specification, configuration, script] =
            [".spec.npz", ".json", ".py"].map(|extension| format!("{stem}{extension}"));
        let configuration = chip.configuration.map(|format| (format, configuration));
        let names = LoaderFiles {
            specification: &specification,
            configuration: configuration.as_ref().map(|(_, name)| name.as_str()),
        };
        let layers = LayerTable::new(network, build);
        let mut files = Vec::new();
        // The configuration comes first: if there is one, it is the file that a board loads.
        if let Some((ConfigurationFormat::SamnaXyloCore2, name)) = &configuration {
            let text = Configuration::new(&build.specification)?.to_json();
            files.push(Artifact::new(name, "configuration in samna's format", text));
            // Not in the configuration itself: it is not known whether samna accepts keys of others.
            let what = "layers and neurons of the ids in the configuration";
            files.push(Artifact::new(layers_file(name), what, layers.to_json()));
        }
        let archive = build.specification.to_npz_with(&layers)?;
        let what = "chip specification, for `snnc sim` and Rockpool";
        files.push(Artifact::new(&specification, what, archive));
        let what = if chip.rockpool.is_some() { "loader for Rockpool" } else { "loader for xylosim" };
        files.push(Artifact::new(&script, what, loader(&layers, names, chip)));

        let mut facts = Vec::from_iter(removed(&build.float.removed));
        facts.push(Fact::new("quantization", build.report.to_string().trim_end(), json!(build.report)));
        let known = known(chip, names);
        let notes: Vec<String> = known.iter().map(|fact| format!("note: {fact}")).collect();
        facts.push(Fact::new("known", notes.join("\n"), known));
        let cost = CostSummary::from_build(build, chip);
        facts.extend(cost.map(|cost| Fact::new("cost", cost.summary_line(), cost.to_json())));
        Ok(Artifacts::new(files).with_warnings(build.warnings.clone()).with_facts(facts))
    }
}

impl Target for XyloTarget {
    fn name(&self) -> &str {
        &self.chip.name
    }

    fn file_name(&self, stem: &str) -> String {
        stem.to_owned()
    }

    fn check(&self, graph: &Graph) -> Diagnostics {
        rules::check(graph, &self.chip)
    }

    fn build(&self, network: &Network, file: &str) -> Result<Artifacts, Diagnostics> {
        let build = build_with(network, &self.chip, &self.options)?;
        self.artifacts(&build, &network.graph.name, file).map_err(inconsistent)
    }
}

/// Converts the inconsistencies of a specification to diagnostics. They concern integers, so they have no span.
fn inconsistent(error: SpecificationError) -> Diagnostics {
    let errors = error.errors.into_iter();
    let diagnostic = |message| {
        Diagnostic::error_without_span(&codes::INCONSISTENT_SPECIFICATION, message)
            .with_help("report this network as a bug of the compiler")
    };
    errors.map(diagnostic).collect()
}

/// Returns the name of the layer table that belongs to a configuration file: `kws.layers.json` for `kws.json`.
pub fn layers_file(configuration: &str) -> String {
    format!("{}.layers.json", configuration.strip_suffix(".json").unwrap_or(configuration))
}

/// Strips the extension of any file that is written for a chip; the extension of `kws.spec.npz` is `.spec.npz`.
fn stem(file: &str) -> &str {
    let extensions = [".spec.npz", ".layers.json", ".json", ".py", ".npz"];
    extensions.iter().find_map(|extension| file.strip_suffix(extension)).unwrap_or(file)
}

fn removed(removed: &[RemovedNeurons]) -> Option<Fact> {
    if removed.is_empty() {
        return None;
    }
    let sentence = |removed: &RemovedNeurons| {
        let count = removed.silent.len() + removed.without_effect.len();
        format!("removed {count} dead neurons of `{}`", removed.name)
    };
    let sentences: Vec<String> = removed.iter().map(sentence).collect();
    Some(Fact::new("removed", sentences.join("\n"), sentences))
}

#[cfg(test)]
mod tests {
    use super::{codes, inconsistent, stem};
    use crate::specification::SpecificationError;

    #[test]
    fn stems_drop_known_extensions() {
        for (file, expected) in [("kws.json", "kws"), ("kws.spec.npz", "kws"), ("my.net", "my.net")] {
            assert_eq!(stem(file), expected);
        }
    }

    #[test]
    fn each_inconsistency_is_a_diagnostic() {
        let errors = vec!["`bias` has 3 values".to_owned(), "`dash_mem` holds 16".to_owned()];
        let diagnostics = inconsistent(SpecificationError { errors: errors.clone() });
        assert!(diagnostics.iter().map(|found| &found.message).eq(&errors));
        assert!(diagnostics.iter().all(|found| {
            found.code.id == codes::INCONSISTENT_SPECIFICATION.id && found.is_error() && found.help.is_some()
        }));
    }
}
