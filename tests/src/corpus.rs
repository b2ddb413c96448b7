//! The corpus: the networks of `tests/networks`, which every engine has to run correctly.
//!
//! Each file starts with a comment: first what the network shows, then settings, one per line.
//!
//! ```text
//! // Two synapses per neuron, each with its own time constant.
//! // gain: 3.0
//! // seed: 2
//! ```
//!
//! | setting | default | meaning |
//! |---|---|---|
//! | `gain` | 1 | factor of the initial weights, so that the network spikes |
//! | `seed` | 0 | seed of the initial weights and of the input |
//! | `steps` | 100 | number of time steps |
//! | `silent` | none | names of the layers that never spike, separated by commas; all others must spike |
//! | `network` | the only one | name of the network, if the file has several |
//! | `param` | none | `name = value`, a parameter of the network; may be repeated |
//!
//! Files that networks import are in `tests/networks/parts`; they are not cases of their own.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use synnet_dsl::Loader;

/// A network of the corpus.
#[derive(Clone, Debug)]
pub struct Case {
    /// Name of the file without `.snn`.
    pub name: String,
    /// Source of the network.
    pub text: String,
    /// Description from the opening comment.
    pub shows: String,
    /// Settings from the opening comment.
    pub settings: Settings,
}

/// Settings of a network of the corpus. The [module](self) documents the comments that set them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Factor of the initial weights.
    pub gain: f32,
    /// Seed of the initial weights and of the input.
    pub seed: u64,
    /// Number of time steps.
    pub steps: usize,
    /// Names of the layers that never spike.
    pub silent: Vec<String>,
    /// Name of the network, if the file has several.
    pub network: Option<String>,
    /// Parameters of the network: names, and expressions of the language.
    pub params: Vec<(String, String)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { gain: 1.0, seed: 0, steps: 100, silent: Vec::new(), network: None, params: Vec::new() }
    }
}

/// Returns every network of the corpus, by name.
///
/// # Panics
/// If a file has no opening comment, or one with a setting that does not exist.
pub fn cases() -> Vec<Case> {
    let entries = std::fs::read_dir(folder()).expect("the folder of networks exists");
    let paths = entries.map(|entry| entry.expect("the folder is readable").path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "snn")).collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

/// Returns the network of this name.
///
/// # Panics
/// If there is no such network, and as [`cases`].
pub fn case(name: &str) -> Case {
    read(&folder().join(format!("{name}.snn")))
}

/// Reads the files that networks import, from the folder of the corpus.
#[derive(Clone, Copy, Debug, Default)]
pub struct Imports;

impl Loader for Imports {
    fn load(&mut self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(folder().join(path)).map_err(|error| error.to_string())
    }
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/networks"))
}

fn read(path: &Path) -> Case {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    parse(name, text)
}

fn parse(name: String, text: String) -> Case {
    let mut settings = Settings::default();
    let mut shows = Vec::new();
    for line in text.lines().map_while(|line| line.strip_prefix("// ")) {
        match line.split_once(": ").filter(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase())) {
            Some((key, value)) => settings.set(&name, key, value.trim()),
            None => shows.push(line),
        }
    }
    assert!(!shows.is_empty(), "{name}: the first line is a comment that says what the network shows");
    let shows = shows.join(" ");
    Case { name, text, shows, settings }
}

impl Settings {
    fn set(&mut self, case: &str, key: &str, value: &str) {
        match key {
            "gain" => self.gain = number(case, key, value),
            "seed" => self.seed = number(case, key, value),
            "steps" => self.steps = number(case, key, value),
            "silent" => self.silent = value.split(',').map(|layer| layer.trim().to_owned()).collect(),
            "network" => self.network = Some(value.to_owned()),
            "param" => {
                let (name, value) = value.split_once('=').unwrap_or_else(|| {
                    panic!("{case}: a parameter is written `name = value`, not `{value}`");
                });
                self.params.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            _ => panic!("{case}: there is no setting `{key}`"),
        }
    }
}

fn number<T: FromStr>(case: &str, key: &str, value: &str) -> T {
    value.parse().unwrap_or_else(|_| panic!("{case}: `{value}` is no value for `{key}`"))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn settings_come_from_the_opening_comment() {
        let text = "// Shows: two lines\n// of text.\n// gain: 2.5\n// silent: a, body.b\n// param: n = 4\n\
                    network N {}\n// seed: 7\n";
        let case = parse("n".into(), text.into());
        assert_eq!(case.shows, "Shows: two lines of text.");
        assert_eq!((case.settings.gain, case.settings.seed, case.settings.steps), (2.5, 0, 100));
        assert_eq!(case.settings.silent, ["a", "body.b"]);
        assert_eq!(case.settings.params, [("n".to_owned(), "4".to_owned())]);
    }

    #[test]
    #[should_panic(expected = "n: there is no setting `gian`")]
    fn unknown_setting_is_rejected() {
        parse("n".into(), "// Shows.\n// gian: 2\n".into());
    }

    #[test]
    #[should_panic(expected = "n: the first line is a comment")]
    fn a_network_says_what_it_shows() {
        parse("n".into(), "network N {}\n".into());
    }
}
