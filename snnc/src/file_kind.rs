//! The kinds of files that commands take, recognized by extension, and by content for standard input.

use std::path::Path;

use crate::failure::Failure;
use crate::stdio;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A network source.
    Network,
    /// A recipe.
    Recipe,
    /// A chip description.
    Chip,
    /// A specification or configuration for a chip.
    CompiledNetwork,
    /// Weights in safetensors format.
    Weights,
    /// A recording, or events as an array.
    Data,
    /// Something else.
    Unknown,
}

impl FileKind {
    /// Returns the kind of a file. `text` is its content, as far as it is known: it tells recipes from chip descriptions,
    /// and everything about standard input.
    pub fn of(path: &Path, text: &str) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            "snn" => Self::Network,
            "yaml" | "yml" if is_chip(text) => Self::Chip,
            "yaml" | "yml" => Self::Recipe,
            "npz" | "json" => Self::CompiledNetwork,
            "safetensors" => Self::Weights,
            "npy" | "wav" => Self::Data,
            _ => Self::of_content(text),
        }
    }

    fn of_content(text: &str) -> Self {
        let begins = |word: &str| lines(text).next().is_some_and(|line| line.starts_with(word));
        if has_key(text, "network") || has_key(text, "training") {
            Self::Recipe
        } else if begins("network ") || begins("use ") || begins("neuron ") || begins("/*") {
            Self::Network
        } else if is_chip(text) {
            Self::Chip
        } else {
            Self::Unknown
        }
    }

    /// Describes the kind: "a network".
    fn describe(self) -> &'static str {
        match self {
            Self::Network => "a network",
            Self::Recipe => "a recipe",
            Self::Chip => "a chip description",
            Self::CompiledNetwork => "a compiled network",
            Self::Weights => "a weights file",
            Self::Data => "a data file",
            Self::Unknown => "another file",
        }
    }

    /// Reads a recipe. Rejects a file that is surely something else.
    pub fn read_recipe(path: &Path) -> Result<String, Failure> {
        Self::expect_recipe(path, "")?;
        let text = stdio::read_text(path)?;
        Self::expect_recipe(path, &text)?;
        Ok(text)
    }

    /// Reads a network source or a recipe. Rejects a file that is surely something else.
    pub fn read_network_or_recipe(path: &Path) -> Result<String, Failure> {
        Self::expect_network_or_recipe(path, "")?;
        let text = stdio::read_text(path)?;
        Self::expect_network_or_recipe(path, &text)?;
        Ok(text)
    }

    fn expect_recipe(path: &Path, text: &str) -> Result<(), Failure> {
        let name = stdio::display_name(path);
        let kind = Self::of(path, text);
        let help = match kind {
            Self::Recipe | Self::Unknown => return Ok(()),
            Self::Network if stdio::is_stdio(path) => "pass a recipe that names it".to_owned(),
            Self::Network => format!("pass a recipe that names it (`network: {name}`)"),
            Self::Chip => "pass a recipe, and the description with `--chip`".to_owned(),
            Self::Weights => "pass the recipe of the weights, and the file with `--weights`".to_owned(),
            Self::CompiledNetwork | Self::Data => "pass a recipe (`.yaml`)".to_owned(),
        };
        Err(kind.mistaken(&name, "a recipe", &help))
    }

    fn expect_network_or_recipe(path: &Path, text: &str) -> Result<(), Failure> {
        let kind = Self::of(path, text);
        let help = match kind {
            Self::Network | Self::Recipe | Self::Unknown => return Ok(()),
            Self::Chip => "pass a network or a recipe, and the description with `--chip`",
            Self::Weights => "pass the network or the recipe of the weights, and the file with `--weights`",
            Self::CompiledNetwork | Self::Data => "pass a network (`.snn`) or a recipe (`.yaml`)",
        };
        Err(kind.mistaken(&stdio::display_name(path), "a network or a recipe", help))
    }

    fn mistaken(self, name: &str, expected: &str, help: &str) -> Failure {
        Failure::Usage(format!("`{name}` is {}, but {expected} is expected here: {help}", self.describe()))
    }
}

/// Returns the lines that are neither empty nor comments.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let text = text.trim_start_matches('\u{feff}');
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("//") && !line.starts_with('#'))
}

fn has_key(text: &str, key: &str) -> bool {
    lines(text).any(|line| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':')))
}

/// Returns whether YAML describes a chip: it has keys that no recipe has.
fn is_chip(text: &str) -> bool {
    ["core", "fan_out", "weight_bits"].iter().filter(|key| has_key(text, key)).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_recognized_by_extension_and_content() {
        for (path, text, kind) in [
            ("a.snn", "", FileKind::Network),
            ("a.SNN", "network: x", FileKind::Network),
            ("a.yaml", "", FileKind::Recipe),
            ("a.yml", "# c\nname: x\ncore: v2\nfan_out: { total: 1 }\n", FileKind::Chip),
            ("a.npz", "", FileKind::CompiledNetwork),
            ("-", "// A network.\n\nnetwork N {", FileKind::Network),
            ("-", "use std::SynNet;\n", FileKind::Network),
            ("-", "# A recipe.\n\u{feff}\nnetwork: n.snn\n", FileKind::Recipe),
            ("-", "network : n.snn\n", FileKind::Recipe),
            ("-", "data: {}\ntraining:\n", FileKind::Recipe),
            ("-", "core: v1\nweight_bits: 8\n", FileKind::Chip),
            ("-", "", FileKind::Unknown),
            ("notes", "network: x", FileKind::Recipe),
        ] {
            assert_eq!(FileKind::of(Path::new(path), text), kind, "{path}: {text}");
        }
    }
}
