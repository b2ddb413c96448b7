//! The arguments of every command.

use std::path::PathBuf;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use synnet_dsl::vocabulary::Unit;
use synnet_xylo::quantize::Method;

/// A compiler for spiking neural networks.
#[derive(Parser, Debug)]
#[command(name = "snnc", version, about, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Print machine-readable results on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// Description of a chip of your own, in the form that `snnc chips NAME` prints; may be repeated. It is the target
    /// where none is named.
    #[arg(long, value_name = "FILE")]
    pub chip: Vec<PathBuf>,
}

/// Reads the arguments of the process; ends it on `--help`, `--version` and arguments that make no sense.
pub fn parse() -> Cli {
    let matches = command().get_matches();
    from_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// The grammar of the arguments. `--chip` may stand before and behind the name of a command.
fn command() -> clap::Command {
    let command = Cli::command();
    let chip = command.get_arguments().find(|argument| argument.get_id() == CHIP).cloned();
    match chip {
        Some(chip) => command.mut_subcommands(|of| of.arg(chip.clone())),
        None => command,
    }
}

/// The field of [`Cli`] that every command shares.
const CHIP: &str = "chip";

/// Chips of both places, in their order. (As a global argument of clap, those behind the command would replace those
/// before it.)
fn from_matches(matches: &ArgMatches) -> Result<Cli, clap::Error> {
    let mut cli = Cli::from_arg_matches(matches)?;
    let behind = matches.subcommand().and_then(|(_, of_command)| of_command.get_many(CHIP));
    cli.chip.extend(behind.into_iter().flatten().cloned());
    Ok(cli)
}

/// One command of `snnc`.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Report every error of a network at once; of a recipe (`.yaml`), what training and building would refuse; of a
    /// built network (`.json`, `.npz`), whether it fits a chip.
    Check(Check),
    /// Bring network files into their canonical form.
    Fmt(Fmt),
    /// Print what a network consists of, what of a chip it takes, and what a built configuration holds.
    Show(Show),
    /// Train a network as a recipe says, and build what it asks for.
    Train(Train),
    /// Measure the accuracy of trained weights.
    Eval(Eval),
    /// Tell, layer by layer, what a chip makes of a trained network, and why.
    Compare(Compare),
    /// Run a network on an array of input events.
    Run(Run),
    /// Compile a network and its weights for a target.
    Build(Build),
    /// Run the bit-exact chip on a built configuration.
    Sim(Sim),
    /// Print the chips that networks can be built for, and all that is known of one.
    Chips(Chips),
    /// Print the long form of an error code.
    Explain(Explain),
}

/// Which network of which file.
#[derive(Args, Debug)]
pub struct NetworkArgs {
    /// Network file; `-` reads standard input.
    #[arg(value_name = "NET.snn")]
    pub net: PathBuf,
    /// The network to take, where the file has several.
    #[arg(long)]
    pub name: Option<String>,
    /// Sets a parameter of the network; may be repeated.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = assignment)]
    pub params: Vec<(String, String)>,
}

/// Arguments of `check`.
#[derive(Args, Debug)]
pub struct Check {
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Check the rules of a target, too.
    #[arg(long)]
    pub target: Option<String>,
}

/// Arguments of `fmt`.
#[derive(Args, Debug)]
pub struct Fmt {
    /// Files to format in place; `-` formats standard input to standard output.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Change nothing; fail where a file is not in canonical form.
    #[arg(long)]
    pub check: bool,
}

/// Arguments of `show`.
#[derive(Args, Debug)]
pub struct Show {
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Print also what of a chip the network takes. The network may be a built one: a specification (`.npz`) or a
    /// configuration (`.json`).
    #[arg(long)]
    pub target: Option<String>,
    /// Weights file, to print what the network costs on the chip.
    #[arg(long, value_name = "W.safetensors")]
    pub weights: Option<PathBuf>,
    /// Duration of a step of a built network, such as `10ms`, to print the clock that it needs.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub dt: Option<f64>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = ShowFormat::Table)]
    pub format: ShowFormat,
}

/// Formats of `show`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    /// Layers, connections and tensors, for people.
    Table,
    /// The graph as YAML.
    Yaml,
    /// The graph as JSON.
    Json,
    /// Graphviz.
    Dot,
}

/// Arguments of `train`.
#[derive(Args, Debug)]
pub struct Train {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Folder for everything that is written; `runs/<recipe>` by default.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on from the checkpoint in the output folder.
    #[arg(long)]
    pub resume: bool,
    /// Train with so many seeds, from `training.seed` on, each in a folder of its own; gives mean and spread.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub seeds: Option<u16>,
}

/// A recipe, how to change it, and the threads that carry it out.
#[derive(Args, Debug)]
pub struct RecipeArgs {
    /// Recipe file.
    #[arg(value_name = "RECIPE.yaml")]
    pub recipe: PathBuf,
    /// Replaces a value of the recipe, such as `data.path=DIR` or `training.epochs=10`; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
    /// Number of threads; all cores by default. The results do not depend on it.
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
    /// What runs the network: `float`, or a chip to quantize for and simulate.
    #[arg(long, value_name = "ENGINE", default_value = "float")]
    pub on: String,
    /// How weights become integers for the chip, instead of the recipe's `quantize.method`.
    #[arg(long, value_name = "METHOD", value_parser = str::parse::<Method>)]
    pub quantizer: Option<Method>,
    /// Write the results as a page for a browser, with recordings of the test set to look at.
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
    /// The chip to compare with the float network.
    #[arg(long)]
    pub target: Option<String>,
    /// How weights become integers, in place of what the recipe says.
    #[arg(long, value_name = "METHOD", value_parser = str::parse::<Method>)]
    pub quantizer: Option<Method>,
    /// Take so many recordings, spread over the test set, instead of all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub samples: Option<u32>,
    /// Write the comparison as a page for a browser, with pictures of every layer.
    #[arg(long, value_name = "PAGE.html")]
    pub html: Option<PathBuf>,
}

/// Arguments of `run`.
#[derive(Args, Debug)]
pub struct Run {
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Weights file.
    #[arg(long, value_name = "W.safetensors")]
    pub weights: PathBuf,
    #[command(flatten)]
    pub arrays: ArrayArgs,
    /// Seed of the noise.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

/// Input and output arrays.
#[derive(Args, Debug)]
pub struct ArrayArgs {
    /// Input events, `[T, C]` or `[B, T, C]`, any numeric type; `-` reads standard input.
    #[arg(long, value_name = "IN.npy")]
    pub input: PathBuf,
    /// Where to write `output` and the recordings; `-` writes standard output.
    #[arg(long, value_name = "OUT.npz")]
    pub output: PathBuf,
    /// Record the states of every layer.
    #[arg(long)]
    pub record: bool,
}

/// Arguments of `build`.
#[derive(Args, Debug)]
pub struct Build {
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Weights file. Without it, generated Rust takes its weights when the program runs.
    #[arg(long, value_name = "W.safetensors")]
    pub weights: Option<PathBuf>,
    /// Rates of the layers, as `snnc eval --json` prints them: generated Rust in f32 then adds the weights
    /// of silent layers and of busy ones in the way that is faster for each.
    #[arg(long, value_name = "EVAL.json")]
    pub rates: Option<PathBuf>,
    /// What to build for.
    #[arg(long)]
    pub target: Option<String>,
    #[command(flatten)]
    pub quantize: QuantizeArgs,
    /// Leave out hidden neurons of a chip that can never spike or cannot reach the readout.
    #[arg(long)]
    pub remove_dead: bool,
    /// File to write; others are written beside it under the same stem.
    #[arg(short = 'o', long = "out", value_name = "OUT")]
    pub out: PathBuf,
}

/// How numbers become integers, for chips and integer code.
#[derive(Args, Debug)]
pub struct QuantizeArgs {
    /// How weights become integers, for chips and `rust-int`; `channel` by default.
    #[arg(long, value_name = "METHOD", value_parser = str::parse::<Method>)]
    pub quantizer: Option<Method>,
    /// Typical input events, `[T, C]` or `[B, T, C]`: the ranges of the network's states are measured on them, and then
    /// weight shifts are used.
    #[arg(long, value_name = "IN.npy")]
    pub calibrate: Option<PathBuf>,
}

/// Arguments of `sim`.
#[derive(Args, Debug)]
pub struct Sim {
    /// Specification of a chip's network (`.npz`), or configuration of Xylo Audio 2 (`.json`).
    #[arg(value_name = "SPEC")]
    pub spec: PathBuf,
    /// The chip to simulate, which also has to have room for the network. By default one of the current generation, of
    /// any size.
    #[arg(long)]
    pub target: Option<String>,
    #[command(flatten)]
    pub arrays: ArrayArgs,
}

/// Arguments of `chips`.
#[derive(Args, Debug)]
pub struct Chips {
    /// The chip to print in full, with the evidence for each number.
    pub name: Option<String>,
}

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// Code of a diagnostic, such as `E0301`.
    pub code: String,
}

/// A time such as `10ms` or `10 ms`, in seconds.
fn duration(text: &str) -> Result<f64, String> {
    let wrong = || "expected a time above 0 with its unit, such as `10ms`".to_owned();
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = Unit::of(&text[number.len()..]).filter(|unit| unit.time() == 1).ok_or_else(wrong)?;
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    let seconds = number * unit.size();
    if seconds.is_finite() && seconds > 0.0 { Ok(seconds) } else { Err(wrong()) }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    if key.trim().is_empty() {
        return Err("expected a name before `=`".into());
    }
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chip_option_is_accepted_before_and_after_the_command() {
        let words = ["snnc", "--chip", "a", "check", "--chip=b", "n.snn", "--chip", "c"];
        let cli = from_matches(&command().get_matches_from(words)).unwrap();
        assert_eq!(cli.chip, ["a", "b", "c"].map(PathBuf::from));
        let words = ["snnc", "fmt", "--", "--chip", "c"];
        assert!(from_matches(&command().get_matches_from(words)).unwrap().chip.is_empty());
        assert!(command().try_get_matches_from(["snnc", "chips", "--chip"]).is_err());
        command().debug_assert();
    }
}
