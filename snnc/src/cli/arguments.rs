//! The arguments of each command.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use synnet_ir::graph::Reset;
use synnet_nir::{Dialect, ExportDialect, ImportOptions};
use synnet_rockpool::Output;
use synnet_xylo::quantize::Method;

use crate::argument_values::{assignment, duration, seed};
use crate::help;
use crate::template::Template;

/// Arguments of `new`.
#[derive(Args, Debug)]
pub struct New {
    /// Folder to create. Its name is that of the project: letters, digits, `-` and `_`, starting with a letter.
    #[arg(value_name = "NAME")]
    pub folder: PathBuf,
    /// What to start from.
    #[arg(long, value_enum, default_value_t)]
    pub template: Template,
    /// Copy of synnet's repository, on whose crates the Rust templates then depend. By default, they depend on
    /// the published crates of this version.
    #[arg(long, value_name = "DIR")]
    pub synnet: Option<PathBuf>,
}

/// A network file, the network in it, and the network's parameters.
#[derive(Args, Debug)]
pub struct NetworkArgs {
    /// Network file, or a recipe, which names the network and its parameters; `-` reads standard input.
    #[arg(value_name = "NET.snn")]
    pub net: PathBuf,
    /// Select a network, if the file has several.
    #[arg(long)]
    pub name: Option<String>,
    /// Set a parameter of the network; may be repeated.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = assignment)]
    pub params: Vec<(String, String)>,
}

/// Arguments of `check`.
#[derive(Args, Debug)]
pub struct Check {
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Also check the rules of this target.
    #[arg(long, long_help = help::targets("Also check the rules of this target."))]
    pub target: Option<String>,
}

/// Arguments of `fmt`.
#[derive(Args, Debug)]
pub struct Fmt {
    /// Files to format in place; `-` formats standard input to standard output.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Change nothing; fail if a file is not formatted.
    #[arg(long)]
    pub check: bool,
}

/// Arguments of `show`.
#[derive(Args, Debug)]
pub struct Show {
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Also print the resources of this chip that the network uses.
    #[arg(long, long_help = help::chips(
        "Also print the resources of this chip that the network uses. Compiled networks can be shown, too: \
         specifications (`.npz`) and configurations (`.json`)."
    ))]
    pub target: Option<String>,
    /// Weights file; prints the trained values, and with `--target` the cost of the network on the chip.
    #[arg(long, value_name = "W.safetensors")]
    pub weights: Option<PathBuf>,
    #[command(flatten)]
    pub mismatch: MismatchArgs,
    /// Time step of a compiled network, such as `10ms`; prints the clock frequency it needs.
    #[arg(long, value_name = "TIME", value_parser = duration, allow_hyphen_values = true)]
    pub dt: Option<f64>,
    /// Show one layer: its parameters, the connections into and out of it, and their tensors.
    #[arg(long, value_name = "LAYER")]
    pub layer: Option<String>,
    /// Output format; `table` by default, `full` with `--weights`, `html` with `--open`.
    #[arg(long, value_enum)]
    pub format: Option<ShowFormat>,
    /// Write to this file; `-`, the default, writes standard output.
    #[arg(short = 'o', long = "out", value_name = "OUT")]
    pub out: Option<PathBuf>,
    /// Open the page or the picture in the browser that `BROWSER` names, or in the default one. Without `-o`, it is a
    /// temporary file.
    #[arg(long)]
    pub open: bool,
}

/// Output formats of `show`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    /// A line per layer.
    Table,
    /// Tables of all layers, connections and tensors.
    Full,
    /// The graph as YAML.
    Yaml,
    /// The graph as JSON.
    Json,
    /// The graph in Graphviz's DOT language.
    Dot,
    /// A picture of the architecture and the time constants.
    Svg,
    /// A page with pictures: architecture, time constants, with `--weights` histograms and trained constants, with
    /// `--target` what each layer takes of the chip.
    Html,
}

/// Arguments of `encode`.
#[derive(Args, Debug)]
pub struct Encode {
    /// Recording, or a folder of recordings; `-` reads standard input.
    #[arg(value_name = "IN.wav|FOLDER")]
    pub input: PathBuf,
    /// File for the events, `.npy` or `.npz`, or a new folder; `-` writes `.npy` to standard output.
    #[arg(short = 'o', long = "out", value_name = "OUT")]
    pub out: PathBuf,
    #[command(flatten)]
    pub front_end: FrontEndArgs,
    /// Write an HTML page with waveforms and events.
    #[arg(long, value_name = "PAGE.html")]
    pub html: Option<PathBuf>,
}

/// The audio front end.
#[derive(Args, Debug)]
pub struct FrontEndArgs {
    /// Use the audio front end of this recipe.
    #[arg(long, value_name = "RECIPE.yaml")]
    pub recipe: Option<PathBuf>,
    /// Set an option of the audio front end, such as `decimation=488` or `normalization=channel`; may be repeated.
    #[arg(long = "front-end", value_name = "KEY=VALUE", value_parser = assignment)]
    pub options: Vec<(String, String)>,
}

/// Arguments of `train`.
#[derive(Args, Debug)]
pub struct Train {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Output folder; `runs/<recipe>` by default.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Resume from the checkpoint in the output folder. A larger `training.epochs` extends the training.
    #[arg(long)]
    pub resume: bool,
    /// Overwrite an existing run in the output folder, even if its options differ.
    #[arg(long, conflicts_with = "resume")]
    pub overwrite: bool,
    /// Initialize training from these weights, for example to fine-tune them.
    #[arg(long, value_name = "W.safetensors", conflicts_with = "resume")]
    pub weights: Option<PathBuf>,
    #[command(flatten)]
    pub mismatch: MismatchArgs,
    /// Train with N consecutive seeds, starting at `training.seed`; reports mean and standard deviation.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub seeds: Option<u16>,
    /// Cross-validate over the values of a field, such as `speaker`: train one network for each value, which is tested
    /// on the samples with that value and trained on the others. Replaces `data.test`.
    #[arg(long, value_name = "FIELD")]
    pub folds: Option<String>,
    /// With `--folds`: leave each value out entirely in turn, and cross-validate over the others, to choose options
    /// without a look at what is left out.
    #[arg(long, requires = "folds")]
    pub nested: bool,
}

/// A recipe, overrides of its values, and the number of threads.
#[derive(Args, Debug)]
pub struct RecipeArgs {
    /// Recipe file.
    #[arg(value_name = "RECIPE.yaml")]
    pub recipe: PathBuf,
    /// Override a value of the recipe, such as `data.path=DIR` or `training.epochs=10`; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
    /// Number of threads; all cores by default. Does not affect the results.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// Trained weights.
#[derive(Args, Debug)]
pub struct WeightsArgs {
    /// Weights file.
    #[arg(long, value_name = "W.safetensors")]
    pub weights: PathBuf,
    #[command(flatten)]
    pub mismatch: MismatchArgs,
}

/// What to do about weights of another network.
#[derive(Args, Clone, Copy, Debug)]
pub struct MismatchArgs {
    /// Accept weights trained with different network constants, front-end options or classes; report the differences
    /// as a warning.
    #[arg(long, requires = "weights")]
    pub allow_mismatch: bool,
}

/// Arguments of `eval`.
#[derive(Args, Debug)]
pub struct Eval {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    #[command(flatten)]
    pub trained: WeightsArgs,
    /// Engine that runs the network: `float`, or the simulator of a chip.
    #[arg(long, value_name = "ENGINE", default_value = "float", long_help = help::engines(
        "Engine that runs the network: `float`, or the simulator of a chip, for which the network is quantized."
    ))]
    pub on: String,
    /// Quantizer for the chip; overrides `quantize.method` of the recipe.
    #[arg(long, value_name = "METHOD", value_parser = help::quantizers())]
    pub quantizer: Option<Method>,
    /// Write an HTML report with the results and samples of the test set.
    #[arg(long, value_name = "PAGE.html")]
    pub report: Option<PathBuf>,
}

/// Arguments of `detect`.
#[derive(Args, Debug)]
pub struct Detect {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    #[command(flatten)]
    pub trained: WeightsArgs,
    /// Engine that runs the network: `float`, or the simulator of a chip beside it.
    #[arg(long, value_name = "ENGINE", default_value = "float", long_help = help::engines(
        "Engine that runs the network: `float`, or the simulator of a chip beside it, for which the network is quantized."
    ))]
    pub on: String,
    /// Quantizer for the chip; overrides `quantize.method` of the recipe.
    #[arg(long, value_name = "METHOD", value_parser = help::quantizers())]
    pub quantizer: Option<Method>,
    /// Folder for the tables of detections and of curves, and for the detectors with the chosen thresholds.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write an HTML page with curves and timelines.
    #[arg(long, value_name = "PAGE.html")]
    pub html: Option<PathBuf>,
}

/// Arguments of `compare`.
#[derive(Args, Debug)]
pub struct Compare {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    #[command(flatten)]
    pub trained: WeightsArgs,
    /// Chip to compare with the float network, by default the recipe's.
    #[arg(long, long_help = help::chips("Chip to compare with the float network, by default the recipe's."))]
    pub target: Option<String>,
    /// Quantizer for the chip; overrides `quantize.method` of the recipe.
    #[arg(long, value_name = "METHOD", value_parser = help::quantizers())]
    pub quantizer: Option<Method>,
    /// Compare N samples, spread evenly over the test set; all by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub samples: Option<u32>,
    /// Write an HTML report with plots of every layer.
    #[arg(long, value_name = "PAGE.html")]
    pub html: Option<PathBuf>,
}

/// Arguments of `run`.
#[derive(Args, Debug)]
pub struct Run {
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Weights file.
    #[arg(long, value_name = "W.safetensors", required_unless_present = "init")]
    pub weights: Option<PathBuf>,
    /// Run the untrained network, with initial weights drawn from this seed.
    #[arg(long, value_name = "SEED", conflicts_with = "weights")]
    pub init: Option<u64>,
    #[command(flatten)]
    pub mismatch: MismatchArgs,
    #[command(flatten)]
    pub arrays: ArrayArgs,
    /// Seed of the membrane noise.
    #[arg(long, default_value_t = 0, value_parser = seed)]
    pub seed: u64,
    /// Write an HTML page with events and membrane potentials of every layer for one sequence.
    #[arg(long, value_name = "PAGE.html")]
    pub html: Option<PathBuf>,
    /// Sequence that the page shows, from 0.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "html")]
    pub sequence: usize,
}

/// Input and output arrays.
#[derive(Args, Debug)]
pub struct ArrayArgs {
    /// Input events, `[T, C]` or `[B, T, C]`, any numeric type, or a recording, which the audio front end converts; `-`
    /// reads standard input.
    #[arg(long, value_name = "IN.npy|IN.wav")]
    pub input: PathBuf,
    /// File for `output` and the recorded states; `-` writes standard output.
    #[arg(long, value_name = "OUT.npz")]
    pub output: PathBuf,
    /// Also record spikes, membrane potentials and synaptic currents of every layer.
    #[arg(long)]
    pub record: bool,
    #[command(flatten)]
    pub front_end: FrontEndArgs,
}

/// Arguments of `import`.
#[derive(Args, Debug)]
pub struct Import {
    /// NIR file, or a file of Rockpool's `net.save`; `-` reads standard input.
    #[arg(value_name = "FILE.nir|FILE.json")]
    pub file: PathBuf,
    /// Name of the files to write: `NAME.snn` and `NAME.safetensors`.
    #[arg(short = 'o', long = "out", value_name = "NAME")]
    pub out: PathBuf,
    /// Time step, such as `1ms`; by default, the one that the file gives.
    #[arg(long, value_name = "TIME", value_parser = duration, allow_hyphen_values = true)]
    pub dt: Option<f64>,
    /// Tool by whose rules the file is read; by default, the one that wrote it.
    #[arg(long, value_name = "TOOL", value_parser = help::dialects())]
    pub dialect: Option<Dialect>,
    /// What a spike leaves of the membrane potential; by default, what the tool does.
    #[arg(long, value_name = "KIND", value_parser = help::resets())]
    pub reset: Option<Reset>,
    /// Output of a network of Rockpool, which its file does not state: spikes, by default, or membrane potentials.
    #[arg(long, value_name = "QUANTITY", value_parser = help::outputs())]
    pub output: Option<Output>,
    /// Weights in place of those of a file of Rockpool, with the names of PyTorch's `state_dict`.
    #[arg(long, value_name = "W.safetensors")]
    pub weights: Option<PathBuf>,
    /// Replace existing files.
    #[arg(long)]
    pub overwrite: bool,
}

impl Import {
    /// Returns the options of the import.
    pub fn options(&self) -> ImportOptions {
        ImportOptions::new().with_dt(self.dt).with_dialect(self.dialect).with_reset(self.reset)
    }
}

/// Arguments of `build`.
#[derive(Args, Debug)]
pub struct Build {
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Weights file. Without it, generated Rust loads its weights at run time.
    #[arg(long, value_name = "W.safetensors")]
    pub weights: Option<PathBuf>,
    #[command(flatten)]
    pub mismatch: MismatchArgs,
    /// Firing rates of the layers, as printed by `snnc eval --json`. For each layer, generated f32 Rust then uses the
    /// loop that is faster at this rate.
    #[arg(long, value_name = "EVAL.json")]
    pub rates: Option<PathBuf>,
    /// Target to build for.
    #[arg(long, long_help = help::targets("Target to build for."))]
    pub target: Option<String>,
    #[command(flatten)]
    pub quantize: QuantizeArgs,
    /// Detector that `snnc detect` wrote, which is generated beside the network; for Rust and C only.
    #[arg(long, value_name = "DETECTOR.json", requires = "weights")]
    pub detector: Option<PathBuf>,
    /// Remove hidden neurons that can never spike or cannot reach the readout; for chips only.
    #[arg(long)]
    pub remove_dead: bool,
    /// Tools that the file is for; for `nir` only. `euler`, the default, is for all but Rockpool.
    #[arg(long, value_name = "DIALECT", value_parser = help::export_dialects())]
    pub dialect: Option<ExportDialect>,
    /// Main output file; other files get the same stem. `-` writes standard output.
    #[arg(short = 'o', long = "out", value_name = "OUT")]
    pub out: PathBuf,
}

/// Quantization for chips and integer code.
#[derive(Args, Debug)]
pub struct QuantizeArgs {
    /// Quantizer for chips and integer code; `channel` by default.
    #[arg(long, value_name = "METHOD", value_parser = help::quantizers())]
    pub quantizer: Option<Method>,
    /// Calibration input, `[T, C]` or `[B, T, C]`. The ranges of the states are measured on it; weight shifts are
    /// enabled.
    #[arg(long, value_name = "IN.npy")]
    pub calibrate: Option<PathBuf>,
}

/// Arguments of `sim`.
#[derive(Args, Debug)]
pub struct Sim {
    /// Compiled network: a specification (`.npz`), or a configuration of Xylo Audio 2 (`.json`).
    #[arg(value_name = "SPEC")]
    pub spec: PathBuf,
    /// Chip to simulate; by default, a chip of the current generation without size limits.
    #[arg(long, long_help = help::chips(
        "Chip to simulate. The network must fit it. By default, a chip of the current generation without size limits."
    ))]
    pub target: Option<String>,
    #[command(flatten)]
    pub arrays: ArrayArgs,
}

/// Arguments of `chips`.
#[derive(Args, Debug)]
pub struct Chips {
    /// Chip to describe in full, with the evidence for each number.
    #[arg(long_help = help::chips("Chip to describe in full, with the evidence for each number."))]
    pub name: Option<String>,
}

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// Code of a diagnostic, such as `E0301`.
    pub code: String,
}

/// Arguments of `completions`.
#[derive(Args, Debug)]
pub struct Completions {
    /// Shell that runs the script.
    pub shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Args, Debug)]
pub struct Man {
    /// Folder for the pages, such as `~/.local/share/man/man1`; created if it does not exist.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Arguments of `lsp`.
#[derive(Args, Debug)]
pub struct Lsp {
    /// Ignored: many editors pass it, and there is no other way to connect.
    #[arg(long, hide = true)]
    pub stdio: bool,
}
