//! `snnc import`: converts a network of another tool to a source and a weights file.

use std::path::{Path, PathBuf};

use serde_json::json;
use synnet_ir::Sources;
use synnet_ir::names::camel_case;
use synnet_nir::ImportOptions;
use synnet_workbench::{ImportedNetwork, Observer, files};

use crate::cli::Import;
use crate::context::Context;
use crate::failure::Failure;
use crate::{stdio, terminal};

/// Imports a network, and writes both files or none.
pub fn run(args: &Import, context: &Context) -> Result<(), Failure> {
    let [source, weights] = outputs(&args.out)?;
    context.check_outputs([&source, &weights], [&args.file].into_iter().chain(&args.weights), None)?;
    check_existing(args, [&source, &weights])?;
    let name = camel_case(&source.file_stem().unwrap_or_default().to_string_lossy());
    let bytes = stdio::read(&args.file)?;
    let imported = imported(args, bytes, &name)?;
    if !imported.warnings.is_empty() {
        context.terminal.diagnostics(&imported.warnings, &Sources::new());
    }
    // The source comes last: once it exists, so do its weights.
    files::write_together(&[(&weights, &imported.weights), (&source, imported.source.as_bytes())])?;
    if context.json {
        let written = [&source, &weights].map(|path| json!({ "path": path }));
        return context.print_json(json!({
            "network": imported.graph.name,
            "dialect": imported.dialect,
            "dt": imported.graph.dt,
            "files": written,
        }));
    }
    terminal::note(format_args!("wrote {} (network `{}`)", source.display(), imported.graph.name));
    terminal::note(format_args!("wrote {} (weights)", weights.display()));
    Ok(())
}

/// Imports the file in its format, which its first bytes tell.
fn imported(args: &Import, bytes: Vec<u8>, name: &str) -> Result<ImportedNetwork, Failure> {
    let is_json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    if !is_json {
        if args.output.is_some() || args.weights.is_some() {
            return Err(Failure::Usage(
                "`--output` and `--weights` are for Rockpool's files: NIR files have their output and weights".into(),
            ));
        }
        return Ok(ImportedNetwork::from_nir(bytes, &args.file, name, &args.options())?);
    }
    if args.options() != ImportOptions::new() {
        return Err(Failure::Usage(
            "`--dt`, `--dialect` and `--reset` are for NIR: Rockpool's files state them".into(),
        ));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::Input(format!("`{}` is not UTF-8 text", args.file.display())))?;
    let weights = args.weights.as_deref().map(stdio::read).transpose()?;
    let output = args.output.unwrap_or_default();
    Ok(ImportedNetwork::from_rockpool(&text, &args.file, name, output, weights.as_deref())?)
}

/// Returns the names of the source and of the weights file.
fn outputs(out: &Path) -> Result<[PathBuf; 2], Failure> {
    if stdio::is_stdio(out) {
        return Err(Failure::Usage("`import` writes two files: pass their common name to `-o`".into()));
    }
    let name = out.file_name().and_then(|name| name.to_str()).filter(|name| !name.is_empty());
    let is_folder = out.as_os_str().as_encoded_bytes().ends_with(b"/");
    let Some(name) = name.filter(|_| !is_folder) else {
        return Err(Failure::Usage(format!("cannot write `{}`: it is not a file name", out.display())));
    };
    let stem = name.strip_suffix(".snn").or_else(|| name.strip_suffix(".safetensors")).unwrap_or(name);
    if stem.is_empty() {
        return Err(Failure::Usage(format!("cannot write `{}`: the name is empty", out.display())));
    }
    Ok([".snn", ".safetensors"].map(|extension| out.with_file_name(format!("{stem}{extension}"))))
}

/// Refuses to replace a network, which a person may have edited.
fn check_existing(args: &Import, outputs: [&PathBuf; 2]) -> Result<(), Failure> {
    match outputs.into_iter().find(|path| !args.overwrite && path.exists()) {
        Some(path) => Err(Failure::Usage(format!(
            "`{}` already exists: choose another name with `-o`, or replace it with `--overwrite`",
            path.display()
        ))),
        None => Ok(()),
    }
}
