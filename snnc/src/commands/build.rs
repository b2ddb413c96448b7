//! `snnc build`: a network and its weights for a target.

use serde_json::json;
use synnet_rust::Memory;
use synnet_xylo::{Chip, QuantizeOptions};

use crate::artifacts::{self, NotBuilt, Written};
use crate::cli::{Build, Target};
use crate::failure::Failure;
use crate::source::Loaded;
use crate::{files, source, terminal};

/// What was built.
struct Built {
    written: Vec<Written>,
    /// What generated code occupies; a chip has room for what it accepts.
    memory: Option<Memory>,
}

/// Compiles a network for a target.
pub fn run(args: &Build, json: bool) -> Result<(), Failure> {
    if json && files::is_dash(&args.out) {
        return Err(Failure::Io("`--json` and `-o -` both write to standard output: give `-o` a file".into()));
    }
    let loaded = source::load(&args.network)?;
    let built = match &args.target {
        Target::Rust => rust(args, &loaded)?,
        Target::Chip(name) => chip(args, &loaded, name)?,
    };
    if json { print_json(&loaded, &built) } else { say(&built) }
}

/// A Rust module, with its weights or without.
fn rust(args: &Build, loaded: &Loaded) -> Result<Built, Failure> {
    let network = args.weights.as_ref().map(|path| source::bind(loaded, path)).transpose()?;
    let built = artifacts::write_rust(&args.out, |options| match &network {
        Some(network) => synnet_rust::generate(network, options),
        None => synnet_rust::generate_without_weights(&loaded.graph, options),
    });
    let (module, written) = built.map_err(|why| match why {
        NotBuilt::Diagnostics(diagnostics) => rendered(loaded, &diagnostics),
        NotBuilt::Failure(failure) => failure,
    })?;
    Ok(Built { written, memory: Some(module.memory) })
}

/// The configuration of a chip.
fn chip(args: &Build, loaded: &Loaded, name: &str) -> Result<Built, Failure> {
    let Some(weights) = &args.weights else {
        return Err(Failure::Io(format!("`{name}` is configured with weights: give them with `--weights`")));
    };
    let network = source::bind(loaded, weights)?;
    let chip = Chip::find(name).ok_or_else(|| Failure::Io(format!("there is no chip `{name}`")))?;
    let build = synnet_xylo::build(&network, chip, &QuantizeOptions::default())
        .map_err(|diagnostics| rendered(loaded, &diagnostics))?;
    source::accept(&build.warnings, &loaded.sources)?;
    let written = artifacts::write_xylo(&build, chip, &network.graph.name, &args.out)?;
    Ok(Built { written, memory: None })
}

fn rendered(loaded: &Loaded, diagnostics: &[synnet_dsl::Diagnostic]) -> Failure {
    Failure::Rendered(synnet_dsl::render(diagnostics, &loaded.sources, terminal::color()))
}

fn print_json(loaded: &Loaded, built: &Built) -> Result<(), Failure> {
    let files: Vec<_> = built.written.iter().map(|w| json!({ "path": w.path, "what": w.what })).collect();
    let mut result = json!({ "network": loaded.graph.name, "written": files });
    if let Some(memory) = built.memory {
        result["memory"] = json!({ "flash": memory.flash, "ram": memory.ram });
    }
    terminal::print_json(&result)
}

fn say(built: &Built) -> Result<(), Failure> {
    for file in &built.written {
        terminal::say(format_args!("wrote {} ({})", file.path.display(), file.what));
    }
    if let Some(memory) = built.memory {
        terminal::say(format_args!(
            "flash: {} bytes of weights and tables, and the code; RAM: {} bytes of states",
            memory.flash, memory.ram
        ));
    }
    Ok(())
}
