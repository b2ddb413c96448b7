//! The kinds of files, recognized by content and extension.

use std::path::Path;

/// Maximum number of bytes in which names of an archive or a checkpoint are looked for.
const HEAD: usize = 1 << 16;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// A network source.
    Network,
    /// A recipe.
    Recipe,
    /// A chip description.
    Chip,
    /// Another YAML file: a recipe or a chip description without its keys.
    Yaml,
    /// A specification or configuration for a chip.
    CompiledNetwork,
    /// Weights in safetensors format.
    Weights,
    /// The decision of a keyword spotter.
    Detector,
    /// The saved state of training.
    Checkpoint,
    /// A recording in WAV format.
    Recording,
    /// A single NumPy array.
    Array,
    /// An archive of NumPy arrays, or another ZIP archive.
    Archive,
    /// An HDF5 file.
    Hdf5,
    /// An HTML page, such as a report.
    Page,
    /// Metrics or events as text in columns.
    Table,
    /// A folder.
    Folder,
    /// Something else.
    Unknown,
}

impl FileKind {
    /// Returns the kind of a file with these bytes. Content that is unmistakable decides, whatever the extension.
    pub fn of(path: &Path, bytes: &[u8]) -> Self {
        let head = &bytes[..bytes.len().min(HEAD)];
        if let Some(kind) = Self::of_binary(bytes, head) {
            return kind;
        }
        let text = String::from_utf8_lossy(head);
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        Self::of_text(&text).unwrap_or_else(|| Self::of_extension(&extension.to_ascii_lowercase()))
    }

    /// Returns [`Folder`](Self::Folder) for a folder, which cannot be read; otherwise [`Unknown`](Self::Unknown).
    pub fn of_path(path: &Path) -> Self {
        if path.is_dir() { Self::Folder } else { Self::Unknown }
    }

    fn of_binary(bytes: &[u8], head: &[u8]) -> Option<Self> {
        let contains = |text: &[u8]| head.windows(text.len()).any(|window| window == text);
        if head.starts_with(b"RIFF") {
            Some(Self::Recording)
        } else if head.starts_with(b"\x93NUMPY") {
            Some(Self::Array)
        } else if head.starts_with(b"\x89HDF") {
            Some(Self::Hdf5)
        } else if head.starts_with(b"PK\x03\x04") {
            // A name of Rockpool's specification of a network on a chip.
            Some(if contains(b"weights_in") { Self::CompiledNetwork } else { Self::Archive })
        } else if is_safetensors(bytes) {
            Some(if contains(b"synnet_checkpoint") { Self::Checkpoint } else { Self::Weights })
        } else {
            None
        }
    }

    /// Returns the kind of a text that is unmistakable.
    fn of_text(text: &str) -> Option<Self> {
        let start = text.trim_start_matches('\u{feff}').trim_start();
        let lower: String = start.chars().take(16).collect::<String>().to_ascii_lowercase();
        let first = lines(text).next().unwrap_or_default().trim_start();
        let begins = |word: &str| first.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', '\t']));
        let is_statement = begins("network") && !first.contains(": ")
            || begins("use")
            || begins("neuron") && first.contains('=');
        if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
            Some(Self::Page)
        } else if start.starts_with('{')
            && ["keywords", "refractory"].iter().all(|key| has_json_key(text, key))
        {
            Some(Self::Detector)
        } else if is_statement || first.starts_with("/*") {
            Some(Self::Network)
        } else if has_key(text, "network") || has_key(text, "training") && has_key(text, "data") {
            Some(Self::Recipe)
        } else if is_chip(text) {
            Some(Self::Chip)
        } else {
            None
        }
    }

    fn of_extension(extension: &str) -> Self {
        match extension {
            "snn" => Self::Network,
            "yaml" | "yml" => Self::Yaml,
            "npz" | "json" => Self::CompiledNetwork,
            "safetensors" => Self::Weights,
            "npy" => Self::Array,
            "wav" => Self::Recording,
            "h5" | "hdf5" => Self::Hdf5,
            "html" | "htm" => Self::Page,
            "csv" | "tsv" => Self::Table,
            "zip" => Self::Archive,
            _ => Self::Unknown,
        }
    }

    /// Describes the kind: "a network".
    pub fn describe(self) -> &'static str {
        match self {
            Self::Network => "a network",
            Self::Recipe => "a recipe",
            Self::Chip => "a chip description",
            Self::Yaml => "another YAML file",
            Self::CompiledNetwork => "a compiled network",
            Self::Weights => "a weights file",
            Self::Detector => "a detector",
            Self::Checkpoint => "a checkpoint of training",
            Self::Recording => "a recording",
            Self::Array => "an array",
            Self::Archive => "an archive",
            Self::Hdf5 => "an HDF5 file",
            Self::Page => "an HTML page",
            Self::Table => "a table",
            Self::Folder => "a folder",
            Self::Unknown => "another file",
        }
    }

    /// Returns why a file of this kind cannot be used where another one is expected: "it is a recipe, but a network is
    /// expected here". A file of an unknown kind is no mistake: whoever reads it knows better what is wrong with it.
    pub fn mistaken_for(self, expected: Self) -> Option<String> {
        let is_mistake = self != Self::Unknown && self != expected;
        is_mistake.then(|| format!("it is {}, but {} is expected here", self.describe(), expected.describe()))
    }
}

/// Returns whether bytes start like a safetensors file: the length of a JSON header, and the header.
fn is_safetensors(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else { return false };
    let length = u64::from_le_bytes(*length);
    rest.starts_with(b"{") && (2..=rest.len() as u64).contains(&length)
}

/// Returns the lines that are neither empty nor comments.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let text = text.trim_start_matches('\u{feff}');
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("//") && !line.starts_with('#'))
}

/// Returns whether a mapping has a key: at the start of a line, or first in braces.
fn has_key(text: &str, key: &str) -> bool {
    let is_key = |line: &str| {
        let line = line.trim_start_matches('{').trim_start_matches(' ');
        line.strip_prefix(key).is_some_and(|rest| rest.trim_start_matches(' ').starts_with(':'))
    };
    let at_start = |line: &&str| !line.starts_with([' ', '\t']);
    lines(text).filter(at_start).any(is_key)
}

/// Returns whether JSON has a key in any object.
fn has_json_key(text: &str, key: &str) -> bool {
    text.contains(&format!("\"{key}\":"))
}

/// Returns whether YAML describes a chip: it has a key that no recipe has.
fn is_chip(text: &str) -> bool {
    let keys = ["core", "fan_out", "weight_bits", "input_expansion", "output_expansion", "events"];
    keys.iter().any(|key| has_key(text, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_recognized_by_content_and_extension() {
        for (path, text, kind) in [
            ("a.snn", "", FileKind::Network),
            ("a.SNN", "// A network.\n", FileKind::Network),
            ("a.snn", "network: b.snn\ntraining:\n", FileKind::Recipe),
            ("a.snn", "network N(a = 1) {\n", FileKind::Network),
            ("a.yaml", "", FileKind::Yaml),
            ("a.yaml", "data:\ntraining:\n", FileKind::Recipe),
            ("a.yaml", "name: mine\ninput_expansion: 3\n", FileKind::Chip),
            ("a.yaml", "network N {\n    dt: 1 ms;\n", FileKind::Network),
            ("a.yaml", "use std::SynNet;\n", FileKind::Network),
            ("a.yaml", "{network: n.snn, data: {}}", FileKind::Recipe),
            ("a.yml", "# c\nname: x\ncore: v2\nfan_out: { total: 1 }\n", FileKind::Chip),
            ("a.npz", "", FileKind::CompiledNetwork),
            ("a.npz", "PK\x03\x04 rasters.npy", FileKind::Archive),
            ("a", "PK\x03\x04 weights_in.npy", FileKind::CompiledNetwork),
            ("a.bin", "\x02\0\0\0\0\0\0\0{}", FileKind::Weights),
            ("w.safetensors", "\x15\0\0\0\0\0\0\0{\"synnet_checkpoint\":1}", FileKind::Checkpoint),
            ("a.txt", "RIFF", FileKind::Recording),
            ("a.yaml", "<!DOCTYPE html>\n<html>", FileKind::Page),
            ("-", "// A network.\n\nnetwork N {", FileKind::Network),
            ("-", "use std::SynNet;\n", FileKind::Network),
            ("-", "# A recipe.\n\u{feff}\nnetwork: n.snn\n", FileKind::Recipe),
            ("-", "network : n.snn\n", FileKind::Recipe),
            ("-", "data: {}\ntraining:\n", FileKind::Recipe),
            ("-", "core: v1\nweight_bits: 8\n", FileKind::Chip),
            ("a.json", "{\n  \"weights\": 3\n}", FileKind::CompiledNetwork),
            ("a.json", "{\n  \"keywords\": [],\n  \"refractory\": 9\n}", FileKind::Detector),
            ("-", "", FileKind::Unknown),
            ("notes", "network: x", FileKind::Recipe),
        ] {
            assert_eq!(FileKind::of(Path::new(path), text.as_bytes()), kind, "{path}: {text}");
        }
    }
}
