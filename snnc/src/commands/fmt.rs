//! `snnc fmt`: formats network files.

use serde_json::json;
use synnet_dsl::{FormatChanges, MixedLineEnds};
use synnet_ir::Sources;
use synnet_workbench::SourceDiagnostics;
use synnet_workbench::file_kind::Expected;

use crate::cli::Fmt;
use crate::failure::Failure;
use crate::{file_kind, stdio, terminal};

/// Formats files in place. With `--check`, fails if a file is not formatted. Files with errors do not keep the others
/// from being formatted.
pub fn run(args: &Fmt, json: bool) -> Result<(), Failure> {
    if json && !args.check && args.files.iter().any(|path| stdio::is_stdio(path)) {
        let message = "`--json` and `-` both write to standard output: pass a file name, or add `--check`";
        return Err(Failure::Usage(message.into()));
    }
    let mut changed = Vec::new();
    let mut failed = Vec::new();
    for path in &args.files {
        let text = file_kind::read_text(path, Expected::Network)?;
        let name = stdio::display_name(path);
        match synnet_dsl::format(&text) {
            Ok(formatted) => {
                let changes = FormatChanges::between(&text, &formatted);
                if stdio::is_stdio(path) && !args.check {
                    stdio::print_text(&formatted)?;
                } else if !changes.is_empty() && !args.check {
                    stdio::write(path, formatted.as_bytes())?;
                }
                if !args.check {
                    invisible(changes)
                        .iter()
                        .for_each(|change| terminal::note(format!("`{name}`: {change}")));
                }
                if !changes.is_empty() {
                    changed.push((name, changes));
                }
            }
            Err(diagnostics) => {
                let mut sources = Sources::new();
                sources.add(name, text);
                failed.push(SourceDiagnostics { diagnostics, sources, conclusion: None });
            }
        }
    }
    if json {
        let names: Vec<&str> = changed.iter().map(|(name, _)| name.as_str()).collect();
        let mut result = Failure::Diagnostics(failed.clone()).to_json();
        result["changed"] = json!(names);
        result["failed"] = json!(failed.len());
        stdio::print_json(&result)?;
    }
    if !failed.is_empty() {
        return Err(Failure::Diagnostics(failed));
    }
    if args.check && !changed.is_empty() {
        let files: Vec<String> = changed.iter().map(|(name, changes)| unformatted(name, *changes)).collect();
        return Err(Failure::Input(format!("not formatted: {}; run `snnc fmt` on them", files.join(", "))));
    }
    Ok(())
}

/// Describes the changes that most editors do not show.
fn invisible(changes: FormatChanges) -> Vec<String> {
    let line_ends =
        changes.line_ends.map(|mixed| format!("normalized line endings: {}", minority(mixed, "were")));
    let mark = changes.byte_order_mark.then(|| "removed the byte order mark".to_owned());
    line_ends.into_iter().chain(mark).collect()
}

/// Names a file that is not formatted, with the reason if most editors do not show it.
fn unformatted(name: &str, changes: FormatChanges) -> String {
    if changes.layout {
        return format!("`{name}`");
    }
    let line_ends =
        changes.line_ends.map(|mixed| format!("only the line endings differ: {}", minority(mixed, "are")));
    let mark = changes.byte_order_mark.then(|| "it starts with a byte order mark".to_owned());
    let reasons: Vec<String> = line_ends.into_iter().chain(mark).collect();
    format!("`{name}` ({})", reasons.join("; "))
}

/// Describes the line endings that change, such as `2 of 40 are CRLF`.
fn minority(mixed: MixedLineEnds, verb: &str) -> String {
    let (count, kind) = mixed.minority();
    format!("{count} of {} {verb} {kind}", mixed.total())
}
