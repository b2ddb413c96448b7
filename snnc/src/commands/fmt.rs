//! `snnc fmt`: formats network files.

use serde_json::json;
use synnet_ir::Sources;

use crate::cli::Fmt;
use crate::failure::Failure;
use crate::{stdio, terminal};

/// Formats files in place. With `--check`, fails if a file is not formatted. Files with errors do not keep the others
/// from being formatted.
pub fn run(args: &Fmt, json: bool) -> Result<(), Failure> {
    let mut changed = Vec::new();
    let mut failed = Vec::new();
    for path in &args.files {
        let text = stdio::read_text(path)?;
        match synnet_dsl::format(&text) {
            Ok(formatted) if stdio::is_stdio(path) && !args.check => stdio::print_text(&formatted)?,
            Ok(formatted) if formatted == text => {}
            Ok(formatted) => {
                changed.push(path.display().to_string());
                if !args.check {
                    stdio::write(path, formatted.as_bytes())?;
                }
            }
            Err(diagnostics) => {
                let mut sources = Sources::new();
                sources.add(path.display().to_string(), text);
                failed.push(synnet_ir::render(&diagnostics, &sources, terminal::color()));
            }
        }
    }
    if json {
        stdio::print_json(&json!({ "changed": changed, "failed": failed.len() }))?;
    }
    if !failed.is_empty() {
        return Err(Failure::Rendered(failed.concat()));
    }
    if args.check && !changed.is_empty() {
        let files = changed.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ");
        return Err(Failure::Input(format!("not formatted: {files}; run `snnc fmt` on them")));
    }
    Ok(())
}
