//! `snnc`: the command line of synnet.
//!
//! Exit codes: 0 success, 1 errors in the input, 2 misuse or an I/O failure, 130 interrupted.

#![allow(unreachable_pub, reason = "in a binary, `pub` marks items that other modules use")]

mod cli;
mod commands;
mod context;
mod failure;
mod help;
mod input;
mod live_display;
mod progress;
mod progress_layout;
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
