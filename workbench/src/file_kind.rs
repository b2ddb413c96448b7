//! What commands expect of files, and what they say if a file is of another kind.

use std::path::Path;

pub use synnet_ir::FileKind;

/// What is expected of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// A network source, and no recipe that names one.
    Network,
    /// A recipe.
    Recipe,
    /// A network source, or a recipe that names one.
    NetworkOrRecipe,
    /// Text that can be checked: a network, a recipe or a chip description. Compiled networks can be, too.
    Checkable,
    /// A chip description.
    Chip,
    /// A network that was built for a chip.
    CompiledNetwork,
    /// Weights.
    Weights,
    /// An array of events.
    Events,
    /// An array of events or a recording.
    EventsOrRecording,
    /// A recording.
    Recording,
    /// A report of firing rates in JSON.
    Rates,
    /// The decision of a keyword spotter.
    Detector,
}

/// A file of another kind than expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong: "`a.wav` is a recording, but weights are expected here".
    pub message: String,
    /// What to do instead.
    pub help: String,
}

impl Expected {
    /// Returns what is wrong if a file of another kind stands where this one is expected. A file of an unknown kind is no
    /// mistake: whoever reads it knows better what is wrong with it.
    pub fn mistake(self, kind: FileKind, name: &str) -> Option<Mistake> {
        if kind == FileKind::Unknown || self.accepts(kind) {
            return None;
        }
        let message = format!("`{name}` is {}, but {} expected here", kind.describe(), self.describe());
        Some(Mistake { message, help: self.help(kind, name) })
    }

    /// Returns whether text is expected.
    pub fn is_text(self) -> bool {
        match self {
            Self::Network
            | Self::Recipe
            | Self::NetworkOrRecipe
            | Self::Checkable
            | Self::Chip
            | Self::Rates
            | Self::Detector => true,
            Self::CompiledNetwork | Self::Weights => false,
            Self::Events | Self::EventsOrRecording | Self::Recording => false,
        }
    }

    fn accepts(self, kind: FileKind) -> bool {
        use FileKind as Kind;

        match self {
            Self::Network => kind == Kind::Network,
            Self::Recipe => matches!(kind, Kind::Recipe | Kind::Yaml),
            Self::NetworkOrRecipe => matches!(kind, Kind::Network | Kind::Recipe | Kind::Yaml),
            Self::Checkable => {
                matches!(kind, Kind::Network | Kind::Recipe | Kind::Chip | Kind::Yaml | Kind::CompiledNetwork)
            }
            Self::Chip => matches!(kind, Kind::Chip | Kind::Yaml),
            Self::CompiledNetwork => kind == Kind::CompiledNetwork,
            Self::Weights => kind == Kind::Weights,
            Self::Events => kind == Kind::Array,
            Self::EventsOrRecording => matches!(kind, Kind::Array | Kind::Recording),
            Self::Recording => kind == Kind::Recording,
            // By its extension, JSON is taken for a configuration.
            Self::Rates => kind == Kind::CompiledNetwork,
            // JSON without its keys is taken for a configuration; the error names the first one that is missing.
            Self::Detector => matches!(kind, Kind::Detector | Kind::CompiledNetwork),
        }
    }

    /// Describes what is expected, with its verb: "a recipe is".
    fn describe(self) -> &'static str {
        match self {
            Self::Network => "a network is",
            Self::Recipe => "a recipe is",
            Self::NetworkOrRecipe => "a network or a recipe is",
            Self::Checkable => "a network, a recipe, a chip description or a compiled network is",
            Self::Chip => "a chip description is",
            Self::CompiledNetwork => "a compiled network is",
            Self::Weights => "a weights file is",
            Self::Events => "an array of events is",
            Self::EventsOrRecording => "an array of events or a recording is",
            Self::Recording => "a recording is",
            Self::Rates => "a JSON file of firing rates is",
            Self::Detector => "a detector is",
        }
    }

    /// Returns what to do instead of passing a file of another kind.
    fn help(self, kind: FileKind, name: &str) -> String {
        use FileKind as Kind;

        let beside = |file: &str| Path::new(name).with_file_name(file).display().to_string();
        match (self, kind) {
            (Self::Network, Kind::Recipe) => "name the network file (`.snn`) itself".to_owned(),
            (Self::Recipe, Kind::Network) if name.starts_with('<') => {
                "pass a recipe that names it".to_owned()
            }
            (Self::Recipe, Kind::Network) => format!("pass a recipe that names it (`network: {name}`)"),
            (Self::Recipe, Kind::Chip) => "pass a recipe, and the description with `--chip`".to_owned(),
            (Self::NetworkOrRecipe, Kind::Chip) => {
                "pass a network or a recipe, and the description with `--chip`".to_owned()
            }
            (Self::Recipe, Kind::Weights) => {
                "pass the recipe of the weights, and the file with `--weights`".to_owned()
            }
            (Self::NetworkOrRecipe | Self::Checkable, Kind::Weights) => {
                "pass the network or the recipe of the weights, and the file with `--weights` of `snnc show`"
                    .to_owned()
            }
            (Self::NetworkOrRecipe, Kind::CompiledNetwork) => {
                "pass its source (`.snn`) or a recipe (`.yaml`); `snnc sim` simulates a compiled network"
                    .to_owned()
            }
            (Self::Weights, Kind::Checkpoint) => {
                format!(
                    "pass the weights that `snnc train` writes beside it: `{}`",
                    beside("weights.safetensors")
                )
            }
            (Self::Weights, Kind::Folder) => {
                let inside = Path::new(name).join("weights.safetensors");
                match inside.exists() {
                    true => format!("pass the file in it: `{}`", inside.display()),
                    false => "pass a file, such as the `weights.safetensors` of a run".to_owned(),
                }
            }
            (Self::Chip, _) => {
                "pass a description (`.yaml`); `snnc chips NAME` prints one to start from".to_owned()
            }
            (Self::CompiledNetwork, Kind::Network | Kind::Recipe) => {
                "build it for a chip with `snnc build`, or run it with `snnc run`".to_owned()
            }
            (Self::Events, Kind::Recording) => "convert it with `snnc encode`".to_owned(),
            (Self::Events | Self::EventsOrRecording, Kind::Archive) => {
                "save a single array with `numpy.save`".to_owned()
            }
            (Self::Network, _) => "pass a network file (`.snn`)".to_owned(),
            (Self::Recipe, _) => "pass a recipe (`.yaml`)".to_owned(),
            (Self::NetworkOrRecipe, _) => "pass a network (`.snn`) or a recipe (`.yaml`)".to_owned(),
            (Self::Checkable, _) => "pass a `.snn`, `.yaml`, `.spec.npz` or `.json` file".to_owned(),
            (Self::CompiledNetwork, _) => {
                "pass the `.spec.npz` or `.json` file that `snnc build` writes".to_owned()
            }
            (Self::Weights, _) => "pass a `.safetensors` file, as `snnc train` writes it".to_owned(),
            (Self::Events, _) => "pass a `.npy` file".to_owned(),
            (Self::EventsOrRecording, _) => "pass a `.npy` or `.wav` file".to_owned(),
            (Self::Recording, _) => "pass a `.wav` file".to_owned(),
            (Self::Rates, _) => "pass the JSON file of `snnc eval --json`".to_owned(),
            (Self::Detector, _) => "pass a `detector.json` that `snnc detect --out` writes".to_owned(),
        }
    }
}
