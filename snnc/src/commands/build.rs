//! `snnc build`: a network and its weights for a target.

use serde_json::json;
use synnet_xylo::{Chip, QuantizeOptions};

use crate::artifacts::{self, NotBuilt};
use crate::cli::{Build, Target};
use crate::failure::Failure;
use crate::{source, terminal};

/// Compiles a network for a target.
pub fn run(args: &Build, json: bool) -> Result<(), Failure> {
    let loaded = source::load(&args.network)?;
    let network = source::bind(&loaded, &args.weights)?;
    let rendered = |diagnostics: Vec<_>| {
        Failure::Rendered(synnet_dsl::render(&diagnostics, &loaded.sources, terminal::color()))
    };
    let written = match &args.target {
        Target::Rust => artifacts::write_rust(&network, &args.out).map_err(|why| match why {
            NotBuilt::Diagnostics(diagnostics) => rendered(diagnostics),
            NotBuilt::Failure(failure) => failure,
        })?,
        Target::Chip(name) => {
            let chip = Chip::find(name).ok_or_else(|| Failure::Io(format!("there is no chip `{name}`")))?;
            let build = synnet_xylo::build(&network, chip, &QuantizeOptions::default()).map_err(rendered)?;
            source::accept(&build.warnings, &loaded.sources)?;
            artifacts::write_xylo(&build, chip, &network.graph.name, &args.out)?
        }
    };
    if json {
        let files: Vec<_> = written.iter().map(|w| json!({ "path": w.path, "what": w.what })).collect();
        return terminal::print_json(&json!({ "network": network.graph.name, "written": files }));
    }
    for file in written {
        terminal::say(format_args!("wrote {} ({})", file.path.display(), file.what));
    }
    Ok(())
}
