//! `snnc`: the command line of synnet.
//!
//! Exit codes: 0 success, 1 errors in the input, 2 misuse or an I/O failure, 130 interrupted. With `--json`, a failure is
//! JSON on standard output as well.

#![allow(unreachable_pub, reason = "in a binary, `pub` marks items that other modules use")]

mod argument_values;
mod browser;
mod cli;
mod commands;
mod context;
mod failure;
mod file_kind;
mod help;
mod input;
mod interrupts;
mod live_display;
mod progress;
mod progress_layout;
mod stdio;
mod template;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(error) => return misuse(&error),
    };
    terminal::set_style(terminal::Style { color: cli.color, quiet: cli.quiet });
    let json = cli.json;
    let Err(failure) = commands::run(cli) else { return ExitCode::SUCCESS };
    failure.print();
    if json {
        print_json(&failure.to_json());
    }
    failure.exit_code()
}

/// Prints help, or an error of the arguments.
fn misuse(error: &clap::Error) -> ExitCode {
    // A closed standard output or error changes nothing about the result.
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    if std::env::args_os().any(|argument| argument == "--json") {
        // The usage follows the message.
        let text = error.to_string();
        let text = text.split("\n\n").next().unwrap_or(&text);
        let text = text.strip_prefix("error: ").unwrap_or(text);
        print_json(&serde_json::json!({ "diagnostics": [failure::message("error", text)] }));
    }
    ExitCode::from(2)
}

/// Prints the JSON of a failure, unless the command has printed its own, which holds the diagnostics.
fn print_json(value: &serde_json::Value) {
    if !stdio::has_printed_json() {
        // The failure is on standard error already.
        let _ = stdio::print_json(value);
    }
}
