//! `snnc man`: writes the manual pages of all commands.

use std::path::PathBuf;

use clap::Command;
use clap_mangen::Man;
use synnet_workbench::Error;

use crate::cli;
use crate::failure::Failure;
use crate::{stdio, terminal};

/// Writes the page of `snnc` and one for each command.
pub fn run(args: &cli::Man) -> Result<(), Failure> {
    let folder = &args.folder;
    let failed = |action| move |source| Error::Io { action, path: folder.clone(), source };
    std::fs::create_dir_all(folder).map_err(failed("create the folder"))?;
    let mut command = cli::command().disable_help_subcommand(true);
    // Gives subcommands the global options, and names such as `snnc-train`.
    command.build();
    let commands = std::iter::once(&command).chain(command.get_subcommands()).cloned();
    let pages: Result<Vec<(PathBuf, Vec<u8>)>, Error> =
        commands.map(|command| page(command).map_err(failed("write"))).collect();
    let pages = pages?;
    for (name, page) in &pages {
        stdio::write(&folder.join(name), page)?;
    }
    terminal::note(format_args!("wrote {} pages to {}", pages.len(), folder.display()));
    Ok(())
}

/// Returns the name of a command's page, and the page in roff.
fn page(command: Command) -> std::io::Result<(PathBuf, Vec<u8>)> {
    let page = Man::new(command);
    let mut text = Vec::new();
    page.render(&mut text)?;
    Ok((page.get_filename().into(), text))
}
