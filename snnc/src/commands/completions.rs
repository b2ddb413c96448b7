//! `snnc completions`: prints a script that completes commands and options in a shell.

use crate::cli::{self, Completions};
use crate::failure::Failure;
use crate::stdio;

/// Prints the script.
pub fn run(args: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::command(), "snnc", &mut script);
    stdio::print(&script)
}
