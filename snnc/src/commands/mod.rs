//! The commands, one file each.

mod build;
mod check;
mod chips;
mod compare;
mod completions;
mod detect;
mod encode;
mod eval;
mod explain;
mod fmt;
mod import;
mod lsp;
mod man;
mod new;
mod run;
mod show;
mod sim;
mod train;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::failure::Failure;

/// Runs a command.
pub fn run(cli: Cli) -> Result<(), Failure> {
    let context = &Context::new(&cli.chip, cli.json)?;
    match cli.command {
        Command::New(args) => new::run(&args, context.json),
        Command::Check(args) => check::run(&args, context),
        Command::Fmt(args) => fmt::run(&args, context.json),
        Command::Show(args) => show::run(&args, context),
        Command::Train(args) => train::run(&args, context),
        Command::Encode(args) => encode::run(&args, context),
        Command::Eval(args) => eval::run(&args, context),
        Command::Detect(args) => detect::run(&args, context),
        Command::Compare(args) => compare::run(&args, context),
        Command::Run(args) => run::run(&args, context),
        Command::Import(args) => import::run(&args, context),
        Command::Build(args) => build::run(&args, context),
        Command::Sim(args) => sim::run(&args, context),
        Command::Chips(args) => chips::run(&args, context),
        Command::Explain(args) => explain::run(&args, context.json),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
        Command::Lsp(args) => lsp::run(&args, &cli.chip),
    }
}
