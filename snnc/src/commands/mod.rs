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

use crate::cli::{Cli, Command};
use crate::failure::Failure;

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
