//! `snnc check`: every error of a network at once.

use serde_json::json;
use synnet_dsl::Diagnostic;

use crate::cli::{Check, Target};
use crate::failure::Failure;
use crate::{source, terminal};

/// Checks a network, and the rules of a target where one is named.
pub fn run(args: &Check, json: bool) -> Result<(), Failure> {
    let network = &args.network;
    let mut found = source::find(&network.net, network.name.as_deref(), &network.params)?;
    if let (Some(graph), Some(target)) = (&found.graph, &args.target) {
        found.diagnostics.extend(match target {
            Target::Rust => synnet_rust::check(graph),
            Target::RustInt => synnet_rust::quantized::check(graph),
            Target::Chip(name) => synnet_xylo::Chip::find(name)
                .map_or_else(Vec::new, |chip| synnet_xylo::rules::check(graph, chip)),
        });
    }
    if json {
        let diagnostics = source::to_json(&found.diagnostics, &found.sources);
        terminal::print_json(&json!({ "diagnostics": diagnostics }))?;
    }
    source::accept(&found.diagnostics, &found.sources).map_err(|failure| {
        let errors = found.diagnostics.iter().filter(|d| Diagnostic::is_error(d)).count();
        let Failure::Rendered(text) = failure else { return failure };
        let plural = if errors == 1 { "" } else { "s" };
        Failure::Rendered(format!(
            "{}\n\n{errors} error{plural} in `{}`",
            text.trim_end(),
            source::shown(&network.net)
        ))
    })
}
