//! Command-line arguments.

mod arguments;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgMatches, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::help;

pub use arguments::{
    ArrayArgs, Build, Check, Chips, Compare, Completions, Detect, Encode, Eval, Explain, Fmt, FrontEndArgs,
    Import, Lsp, Man, NetworkArgs, New, QuantizeArgs, RecipeArgs, Run, Show, ShowFormat, Sim, Train,
};

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
    /// Run trained weights on continuous sound, and count misses and false alarms per hour.
    ///
    /// The section `detection` of the recipe names the keywords and describes the streams. Thresholds are chosen on
    /// validation streams, results are of test streams.
    #[command(after_help = help::DETECT)]
    Detect(Detect),
    /// Compare a trained network with its quantized version on a chip, layer by layer.
    #[command(after_help = help::COMPARE)]
    Compare(Compare),
    /// Run a network on an array of input events or on a recording.
    #[command(after_help = help::RUN)]
    Run(Run),
    /// Import a network of another tool, as a network file and a weights file.
    ///
    /// NIR files come from snnTorch, Norse, SpikingJelly, sinabs, spyx and Rockpool; Rockpool's `net.save` writes JSON.
    /// What a file does not say is assumed by the rules of the tool that wrote it, and reported.
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

#[cfg(test)]
mod tests {
    use synnet_xylo::quantize::Method;

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
