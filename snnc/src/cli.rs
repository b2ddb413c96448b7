//! Command-line arguments.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgMatches, Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use synnet_ir::graph::Reset;
use synnet_nir::{Dialect, ExportDialect, ImportOptions};
use synnet_rockpool::Output;
use synnet_xylo::quantize::Method;

use crate::argument_values::{assignment, duration, seed};
use crate::help;
use crate::template::Template;

/// A compiler for spiking neural networks.
#[derive(Parser, Debug)]
#[command(name = "snnc", version, about, propagate_version = true, max_term_width = 100)]
#[command(after_help = help::OVERVIEW)]
pub struct Cli {
    /// The command to run.
    #[command(subcommand)]
    pub command: Command,
    /// Print machine-readable results to standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// Color messages. `auto` does if the output is a terminal and `NO_COLOR` is not set.
    #[arg(long, global = true, value_name = "WHEN", default_value_t, hide_default_value = true)]
    pub color: ColorChoice,
    /// Print no notes and no progress; warnings, errors and results stay.
    #[arg(short = 'q', long, global = true)]
    pub quiet: bool,
    /// Add a custom chip, described in the format that `snnc chips NAME` prints; may be repeated. A single custom chip
    /// is the default target.
    #[arg(long, value_name = "FILE")]
    pub chip: Vec<PathBuf>,
}

/// Parses the arguments of the process.
///
/// # Errors
/// Returns invalid arguments, and the texts of `--help` and `--version`.
pub fn parse() -> Result<Cli, clap::Error> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    // Help and errors of the arguments are printed before the option is parsed.
    let command = command().color(requested_color(&arguments));
    from_matches(&command.try_get_matches_from(arguments)?)
}

/// Returns the value of `--color` among arguments that may be invalid; the last one wins, as in clap.
fn requested_color(arguments: &[OsString]) -> ColorChoice {
    let words = arguments.iter().map(|word| word.to_string_lossy()).take_while(|word| word != "--");
    let words: Vec<_> = words.collect();
    let values = words.iter().enumerate().filter_map(|(i, word)| match word.strip_prefix("--color") {
        Some("") => words.get(i + 1).map(AsRef::as_ref),
        Some(value) => value.strip_prefix('='),
        None => None,
    });
    values.filter_map(|value| ColorChoice::from_str(value, false).ok()).next_back().unwrap_or_default()
}

/// Returns the grammar of the arguments. `--chip` is accepted before and after the name of the command.
pub fn command() -> clap::Command {
    let command = Cli::command();
    let chip = command.get_arguments().find(|argument| argument.get_id() == CHIP).cloned();
    let command = match chip {
        Some(chip) => command.mut_subcommands(|subcommand| subcommand.arg(chip.clone())),
        None => command,
    };
    command.mut_subcommands(|subcommand| subcommand.mut_args(accept_negative_numbers))
}

/// Lets an option take a negative number, so that its own parser rejects it with the expected range. By default, clap
/// reports `-1` as an unknown option.
fn accept_negative_numbers(argument: clap::Arg) -> clap::Arg {
    let takes_value = argument.get_action().takes_values() && !argument.is_positional();
    if takes_value { argument.allow_negative_numbers(true) } else { argument }
}

/// Id of [`Cli::chip`], which every command shares.
const CHIP: &str = "chip";

/// Collects the chips given before and after the command, in this order. A global argument of clap does not do that:
/// values after the command replace those before it.
fn from_matches(matches: &ArgMatches) -> Result<Cli, clap::Error> {
    let mut cli = Cli::from_arg_matches(matches)?;
    let after = matches.subcommand().and_then(|(_, subcommand)| subcommand.get_many(CHIP));
    cli.chip.extend(after.into_iter().flatten().cloned());
    Ok(cli)
}

/// A command of `snnc`.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Create a folder with a network, a recipe and synthetic samples, ready to train.
    #[command(after_help = help::NEW)]
    New(New),
    /// Check a network, a recipe, a compiled network or a chip description, and report all errors at once.
    ///
    /// For a recipe (`.yaml`), also check that its network can be trained and built; no data is read. For a compiled
    /// network (`.json`, `.npz`), check that it fits a chip.
    #[command(after_help = help::CHECK)]
    Check(Check),
    /// Format network files.
    #[command(after_help = help::FMT)]
    Fmt(Fmt),
    /// Show a network as a table or a picture, and the chip resources it needs.
    #[command(after_help = help::SHOW)]
    Show(Show),
    /// Convert recordings to events with the audio front end.
    ///
    /// A recording becomes a `.npy` file of event counts, `[T, C]`, or a `.npz` file that holds them as `raster`. A
    /// folder becomes a folder of `.npz` files with the same names, for recipes with `format: npz`.
    #[command(after_help = help::ENCODE)]
    Encode(Encode),
    /// Train the network of a recipe, evaluate it, and build its targets.
    #[command(after_help = help::TRAIN)]
    Train(Train),
    /// Evaluate trained weights on the test set of a recipe.
    #[command(after_help = help::EVAL)]
    Eval(Eval),
    /// Compare a trained network with its quantized version on a chip, layer by layer.
    #[command(after_help = help::COMPARE)]
    Compare(Compare),
    /// Run a network on an array of input events or on a recording.
    #[command(after_help = help::RUN)]
    Run(Run),
    /// Import a network of another tool, as a network file and a weights file.
    ///
    /// NIR files come from snnTorch, Norse, SpikingJelly, sinabs, spyx and Rockpool; Rockpool's `net.save` writes JSON. What a file does not say is assumed by
    /// the rules of the tool that wrote it, and reported.
    #[command(after_help = help::IMPORT)]
    Import(Import),
    /// Compile a network and its weights for a target.
    #[command(after_help = help::BUILD)]
    Build(Build),
    /// Simulate a compiled network bit for bit.
    #[command(after_help = help::SIM)]
    Sim(Sim),
    /// List the supported chips, or describe one.
    #[command(after_help = help::CHIPS)]
    Chips(Chips),
    /// Explain the code of an error or a warning.
    #[command(after_help = help::EXPLAIN)]
    Explain(Explain),
    /// Run the language server for editors, over standard input and output.
    ///
    /// Diagnostics while typing, with the rules of the target; hover, completion, definitions, references, rename,
    /// document symbols, formatting, inlay hints and quick fixes for network files; diagnostics for recipes.
    ///
    /// Settings, as `initializationOptions` or in the section `synnet` of the editor's configuration: `target` names the
    /// target to check, such as `xylo-audio3`; `chips` lists files of custom chips, relative to the workspace's folder.
    #[command(after_help = help::LSP)]
    Lsp(Lsp),
    /// Print a script that completes commands and options in a shell.
    #[command(after_help = help::COMPLETIONS)]
    Completions(Completions),
    /// Write the manual pages of all commands to a folder.
    #[command(after_help = help::MAN)]
    Man(Man),
}

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
    /// Accept weights trained with different network constants, front-end options or classes; report the differences
    /// as a warning.
    #[arg(long, requires = "weights")]
    pub allow_mismatch: bool,
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
    /// Accept weights trained with different network constants, front-end options or classes; report the differences
    /// as a warning.
    #[arg(long, requires = "weights")]
    pub allow_mismatch: bool,
    /// Train with N consecutive seeds, starting at `training.seed`; reports mean and standard deviation.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub seeds: Option<u16>,
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

/// Arguments of `eval`.
#[derive(Args, Debug)]
pub struct Eval {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Weights file.
    #[arg(long, value_name = "W.safetensors")]
    pub weights: PathBuf,
    /// Accept weights trained with different network constants, front-end options or classes; report the differences
    /// as a warning.
    #[arg(long)]
    pub allow_mismatch: bool,
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

/// Arguments of `compare`.
#[derive(Args, Debug)]
pub struct Compare {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Weights file.
    #[arg(long, value_name = "W.safetensors")]
    pub weights: PathBuf,
    /// Accept weights trained with different network constants, front-end options or classes; report the differences
    /// as a warning.
    #[arg(long)]
    pub allow_mismatch: bool,
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
    /// Accept weights trained with different network constants, front-end options or classes; report the differences
    /// as a warning.
    #[arg(long, requires = "weights")]
    pub allow_mismatch: bool,
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
    /// Accept weights trained with different network constants, front-end options or classes; report the differences
    /// as a warning.
    #[arg(long, requires = "weights")]
    pub allow_mismatch: bool,
    /// Firing rates of the layers, as printed by `snnc eval --json`. For each layer, generated f32 Rust then uses the
    /// loop that is faster at this rate.
    #[arg(long, value_name = "EVAL.json")]
    pub rates: Option<PathBuf>,
    /// Target to build for.
    #[arg(long, long_help = help::targets("Target to build for."))]
    pub target: Option<String>,
    #[command(flatten)]
    pub quantize: QuantizeArgs,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chip_option_is_accepted_before_and_after_the_command() {
        let args = ["snnc", "--chip", "a", "check", "--chip=b", "n.snn", "--chip", "c"];
        let cli = from_matches(&command().get_matches_from(args)).unwrap();
        assert_eq!(cli.chip, ["a", "b", "c"].map(PathBuf::from));
        let args = ["snnc", "fmt", "--", "--chip", "c"];
        assert!(from_matches(&command().get_matches_from(args)).unwrap().chip.is_empty());
        assert!(command().try_get_matches_from(["snnc", "chips", "--chip"]).is_err());
        command().debug_assert();
    }

    #[test]
    fn the_color_of_help_and_errors_is_that_of_the_option() {
        let color = |words: &[&str]| requested_color(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(color(&["snnc", "--help"]), ColorChoice::Auto);
        assert_eq!(color(&["snnc", "--color", "never", "--help"]), ColorChoice::Never);
        assert_eq!(color(&["snnc", "--color=always", "chips", "--color=never"]), ColorChoice::Never);
        assert_eq!(color(&["snnc", "--color", "sometimes"]), ColorChoice::Auto);
        assert_eq!(color(&["snnc", "--color"]), ColorChoice::Auto);
        assert_eq!(color(&["snnc", "fmt", "--", "--color=always"]), ColorChoice::Auto);
    }

    #[test]
    fn every_command_has_examples_that_parse() {
        for subcommand in command().get_subcommands() {
            let name = subcommand.get_name();
            let text = subcommand.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("  snnc ")).collect();
            assert!((1..=3).contains(&examples.len()), "{name}: {text}");
            for example in examples {
                let args = std::iter::once("snnc").chain(example.split_whitespace());
                let matches =
                    command().try_get_matches_from(args).unwrap_or_else(|e| panic!("{example}: {e}"));
                assert_eq!(matches.subcommand_name(), Some(name), "{example}");
            }
        }
    }

    #[test]
    fn help_lists_every_target_chip_and_quantizer() {
        let long_help = |name: &str| {
            let mut command = command();
            command.find_subcommand_mut(name).unwrap().render_long_help().to_string()
        };
        let chips = synnet_workbench::ChipCatalog::default();
        let chips: Vec<&str> = chips.iter().map(|chip| chip.name.as_str()).collect();
        for name in ["show", "compare", "sim", "chips", "eval", "check", "build"] {
            let help = long_help(name);
            assert!(chips.iter().all(|chip| help.contains(&format!("`{chip}`"))), "{name}: {help}");
        }
        assert!(long_help("eval").contains("`float`"));
        for name in ["check", "build"] {
            let targets = synnet_workbench::NamedTarget::all([]);
            let help = long_help(name);
            assert!(
                targets.iter().all(|target| help.contains(&format!("`{}`", target.name()))),
                "{name}: {help}"
            );
        }
        for name in ["build", "eval", "compare"] {
            let help = long_help(name);
            assert!(Method::NAMES.iter().all(|method| help.contains(method)), "{name}: {help}");
        }
    }
}
