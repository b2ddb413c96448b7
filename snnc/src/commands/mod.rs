//! The commands, one file each.

mod build;
mod check;
mod chips;
mod compare;
mod eval;
mod explain;
mod fmt;
mod run;
mod show;
mod sim;
mod train;

use crate::cli::{ArrayArgs, Cli, Command, NetworkArgs, RecipeArgs};
use synnet_workbench::error::Error as Failure;
use synnet_workbench::files;
use synnet_workbench::source::{self, Loaded};

/// Carries out a command.
pub fn run(cli: Cli) -> Result<(), Failure> {
    let json = cli.json;
    match cli.command {
        Command::Check(args) => check::run(&args, json),
        Command::Fmt(args) => fmt::run(&args, json),
        Command::Show(args) => show::run(&args, json),
        Command::Train(args) => train::run(&args, json),
        Command::Eval(args) => eval::run(&args, json),
        Command::Compare(args) => compare::run(&args, json),
        Command::Run(args) => run::run(&args, json),
        Command::Build(args) => build::run(&args, json),
        Command::Sim(args) => sim::run(&args, json),
        Command::Chips(args) => chips::run(&args, json),
        Command::Explain(args) => explain::run(&args, json),
    }
}

/// Compiles the network of a command; warnings are shown, errors fail.
fn load(args: &NetworkArgs) -> Result<Loaded, Failure> {
    source::compile(&args.net, args.name.as_deref(), &args.params)
}

/// Sets the number of threads of everything that follows.
fn use_threads(args: &RecipeArgs) -> Result<(), Failure> {
    let Some(threads) = args.threads else { return Ok(()) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
    pool.map_err(|e| Failure::Io(format!("cannot start {threads} threads: {e}")))
}

/// Refuses to write both an archive and JSON to standard output.
fn check_streams(args: &ArrayArgs, json: bool) -> Result<(), Failure> {
    if json && files::is_dash(&args.output) {
        return Err(Failure::Io(
            "`--json` and `--output -` both write to standard output: give `--output` a file".into(),
        ));
    }
    Ok(())
}
