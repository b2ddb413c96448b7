//! `snnc`: the command line of synnet.
//!
//! Exit codes: 0 success, 1 errors in the input, 2 misuse or a failure to read or write, 130 interrupted.

#![allow(unreachable_pub, reason = "in a binary, `pub` says that other modules use an item")]

mod cli;
mod commands;
mod context;
mod failure;
mod progress;
mod stdio;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    match commands::run(cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            failure.exit_code()
        }
    }
}
