//! `snnc`: the command line of synnet.
//!
//! Exit codes: 0 success, 1 errors in the input, 2 misuse or a failure to read or write, 130 interrupted.

#![allow(unreachable_pub, reason = "in a binary, `pub` says that other modules use an item")]

mod cli;
mod commands;

use clap::Parser;
use synnet_workbench::{chips, terminal};

fn main() -> std::process::ExitCode {
    let done = chips::register(std::env::args_os()).and_then(|()| commands::run(cli::Cli::parse()));
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => {
            terminal::error(&failure);
            failure.exit_code()
        }
    }
}
