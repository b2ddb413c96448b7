//! `snnc explain`: explains the code of an error or a warning.

use serde_json::json;
use synnet_ir::Code;

use crate::cli::Explain;
use crate::failure::Failure;
use crate::{stdio, terminal};

/// Returns every code that a command can report.
pub fn codes() -> impl Iterator<Item = &'static Code> {
    synnet_ir::codes::CODES
        .iter()
        .chain(synnet_dsl::codes::CODES)
        .chain(synnet_runtime::codes::CODES)
        .chain(synnet_xylo::codes::CODES)
        .chain(synnet_nir::codes::CODES)
        .chain(synnet_rockpool::codes::CODES)
        .chain(synnet_workbench::codes::CODES)
        .copied()
}

/// Prints the explanation of a code.
pub fn run(args: &Explain, json: bool) -> Result<(), Failure> {
    let id = args.code.to_uppercase();
    let Some(code) = codes().find(|code| code.id == id) else {
        let near = synnet_ir::nearest(&id, codes().map(|code| code.id));
        let near = near.and_then(|near| codes().find(|code| code.id == near));
        let hint = near.map(|code| format!("; did you mean `{}` ({})?", code.id, code.title));
        let hint = hint.unwrap_or_default();
        return Err(Failure::Usage(format!("there is no code `{}`{hint}", args.code)));
    };
    if json {
        return stdio::print_json(
            &json!({ "code": code.id, "title": code.title, "explanation": code.explanation }),
        );
    }
    let heading = terminal::heading(&format!("{}: {}", code.id, code.title));
    stdio::print_text(&format!("{heading}\n\n{}\n", code.explanation.trim()))
}
