//! Templates of `snnc new`: the files of a new project, with synthetic samples to train on.
//!
//! Text lies in `snnc/templates`; `samples` generates the data.

mod samples;

use std::path::Path;

use clap::ValueEnum;
use synnet_arrays::Error;

/// The templates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// A keyword spotter on sound, for Xylo Audio 3.
    #[default]
    Kws,
    /// A gesture classifier on lists of events.
    Gesture,
    /// A `no_std` crate that a build script compiles, in integers.
    RustFirmware,
    /// A program with the macro `synnet!`.
    RustMacro,
    /// Rockpool's SynNet on NumPy arrays, for Xylo Audio 3.
    Rockpool,
}

/// A file of a project: its path below the folder, with `/` between the parts, and its content.
pub type ProjectFile = (String, Vec<u8>);

/// What a project is called, and where its crates come from.
pub struct Project<'a> {
    /// Name of the project, and of its Rust package.
    pub name: &'a str,
    /// The folder of a copy of synnet's repository; `None` for published crates.
    pub synnet: Option<&'a str>,
}

/// A file that is the same in every project but for [`Project::fill`].
type Text = (&'static str, &'static str);

const GITIGNORE: Text = (".gitignore", include_str!("../../templates/gitignore"));
const PRESSES: [Text; 2] = [
    ("nets/presses.snn", include_str!("../../templates/presses/presses.snn")),
    ("presses.yaml", include_str!("../../templates/presses/presses.yaml")),
];
/// Weights that `presses.yaml` trained, so that the Rust projects compile before any training.
const PRESSES_WEIGHTS: &[u8] = include_bytes!("../../templates/presses/presses.safetensors");

impl Template {
    /// Returns the description of what the template makes, and the recipe to train.
    pub fn summary(self) -> (&'static str, &'static str) {
        match self {
            Self::Kws => ("a keyword spotter, with synthetic tones in place of words", "kws.yaml"),
            Self::Gesture => ("a gesture classifier, with synthetic events", "gesture.yaml"),
            Self::RustFirmware => ("a `no_std` crate, with synthetic presses of a button", "presses.yaml"),
            Self::RustMacro => {
                ("a program with `synnet!`, with synthetic presses of a button", "presses.yaml")
            }
            Self::Rockpool => ("a SynNet, with synthetic rasters", "synnet.yaml"),
        }
    }

    /// Returns whether the project is a Rust package.
    pub fn is_package(self) -> bool {
        matches!(self, Self::RustFirmware | Self::RustMacro)
    }

    /// Returns all files of a project.
    ///
    /// # Errors
    /// Returns an error if an archive cannot be written.
    pub fn files(self, project: &Project<'_>) -> Result<Vec<ProjectFile>, Error> {
        let texts = std::iter::once(&GITIGNORE).chain(self.texts()).chain(self.shared());
        let mut files: Vec<ProjectFile> =
            texts.map(|&(name, text)| (name.to_owned(), project.fill(text).into_bytes())).collect();
        if self.is_package() {
            files.push(("nets/presses.safetensors".to_owned(), PRESSES_WEIGHTS.to_vec()));
        }
        files.extend(match self {
            Self::Kws => samples::tones(),
            Self::Gesture => samples::swipes(),
            Self::RustFirmware | Self::RustMacro => samples::presses(),
            Self::Rockpool => vec![("sweeps.npz".to_owned(), samples::sweeps()?)],
        });
        Ok(files)
    }

    /// Returns the texts of this template alone.
    fn texts(self) -> &'static [Text] {
        match self {
            Self::Kws => &[
                ("README.md", include_str!("../../templates/kws/README.md")),
                ("kws.snn", include_str!("../../templates/kws/kws.snn")),
                ("kws.yaml", include_str!("../../templates/kws/kws.yaml")),
            ],
            Self::Gesture => &[
                ("README.md", include_str!("../../templates/gesture/README.md")),
                ("gesture.snn", include_str!("../../templates/gesture/gesture.snn")),
                ("gesture.yaml", include_str!("../../templates/gesture/gesture.yaml")),
            ],
            Self::RustFirmware => &[
                ("README.md", include_str!("../../templates/rust-firmware/README.md")),
                // Cargo leaves out folders with a `Cargo.toml` when it packages a crate, hence the other name.
                ("Cargo.toml", include_str!("../../templates/rust-firmware/Cargo.toml.in")),
                ("build.rs", include_str!("../../templates/rust-firmware/build.rs")),
                ("src/lib.rs", include_str!("../../templates/rust-firmware/src/lib.rs")),
            ],
            Self::RustMacro => &[
                ("README.md", include_str!("../../templates/rust-macro/README.md")),
                ("Cargo.toml", include_str!("../../templates/rust-macro/Cargo.toml.in")),
                ("src/main.rs", include_str!("../../templates/rust-macro/src/main.rs")),
            ],
            Self::Rockpool => &[
                ("README.md", include_str!("../../templates/rockpool/README.md")),
                ("synnet.snn", include_str!("../../templates/rockpool/synnet.snn")),
                ("synnet.yaml", include_str!("../../templates/rockpool/synnet.yaml")),
            ],
        }
    }

    /// Returns the texts that the Rust templates share.
    fn shared(self) -> &'static [Text] {
        if self.is_package() { &PRESSES } else { &[] }
    }
}

impl Project<'_> {
    /// Fills the placeholders of a text.
    fn fill(&self, text: &str) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let dependency = match self.synnet {
            Some(folder) => format!("from the folder `{folder}`"),
            None => format!("of version {version} from crates.io"),
        };
        text.replace("{{name}}", self.name)
            .replace("{{synnet}}", &self.requirement(""))
            .replace("{{synnet-build}}", &self.requirement("build"))
            .replace("{{dependency}}", &dependency)
    }

    /// Returns the requirement for a crate of the repository, as a value in TOML. `folder` is that of the crate.
    fn requirement(&self, folder: &str) -> String {
        match self.synnet {
            // Strings of JSON are strings of TOML.
            Some(synnet) => {
                let path = Path::new(synnet).join(folder);
                format!("{{ path = {} }}", serde_json::json!(path.to_string_lossy().trim_end_matches('/')))
            }
            None => format!("\"{}\"", env!("CARGO_PKG_VERSION")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_formatted_and_no_placeholder_is_left() {
        for template in Template::value_variants() {
            let project = Project { name: "hello", synnet: Some("/a \"b\"") };
            let files = template.files(&project).expect("numbers can be written");
            for (name, content) in files.iter().filter(|(name, _)| !name.contains("data/")) {
                let Ok(text) = std::str::from_utf8(content) else { continue };
                assert!(!text.contains("{{"), "{name}: {text}");
                if name.ends_with(".snn") {
                    assert_eq!(synnet_dsl::format(text).expect("it has no errors"), *text, "{name}");
                }
            }
            let names: std::collections::BTreeSet<&String> = files.iter().map(|(name, _)| name).collect();
            assert_eq!(names.len(), files.len(), "a file is written twice");
        }
    }

    #[test]
    fn crates_are_published_or_in_a_folder() {
        let published = Project { name: "hello", synnet: None };
        assert_eq!(published.requirement("build"), format!("\"{}\"", env!("CARGO_PKG_VERSION")));
        let path = Project { name: "hello", synnet: Some("/a \"b\"") };
        assert_eq!(path.requirement(""), r#"{ path = "/a \"b\"" }"#);
        assert_eq!(path.requirement("build"), r#"{ path = "/a \"b\"/build" }"#);
    }
}
