//! `snnc`: the command line of synnet.
//!
//! Exit codes: 0 success, 1 errors in the input, 2 misuse or a failure to read or write, 130 interrupted.

#![allow(unreachable_pub, reason = "in a binary, `pub` says that other modules use an item")]

mod artifacts;
mod calibration;
mod chip;
mod cli;
mod commands;
mod data;
mod events;
mod experiment;
mod failure;
mod files;
mod memory;
mod page;
mod progress;
mod recipe;
mod report;
mod source;
mod terminal;
mod training;

use clap::Parser;

fn main() -> std::process::ExitCode {
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => {
            terminal::error(&failure);
            failure.exit_code()
        }
    }
}
