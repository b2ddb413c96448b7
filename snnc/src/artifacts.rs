//! What a build needs of a network, and the files that it leaves: generated Rust, chip specifications, loaders.

use std::path::{Path, PathBuf};

use synnet_dsl::{Diagnostic, Graph, Network};
use synnet_rust::{Embedding, Module};
use synnet_xylo::{Build, Chip};

use crate::cli::Target;
use crate::failure::Failure;
use crate::files;

/// A file that was written.
pub struct Written {
    /// Where.
    pub path: PathBuf,
    /// What it is, in a few words.
    pub what: &'static str,
}

/// The name of `path` without its extension; `kws.spec.npz` counts as one extension.
fn stem(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = [".spec.npz", ".json", ".py", ".npz", ".rs"].iter().find_map(|end| name.strip_suffix(end));
    path.with_file_name(stem.unwrap_or(&name))
}

fn beside(stem: &Path, extension: &str) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push(extension);
    PathBuf::from(name)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What of a network a target cannot express, and its warnings.
pub fn check(graph: &Graph, target: &Target) -> Vec<Diagnostic> {
    match target {
        Target::Rust => synnet_rust::check(graph),
        Target::RustInt => synnet_rust::quantized::check(graph),
        Target::Chip(chip) => synnet_xylo::rules::check(graph, chip),
    }
}

/// The Rust module of a network, whose weights are known or come when the program runs, to be written to
/// `out`. Standard output gets one text, with the weights in it.
///
/// # Errors
/// What generated code cannot express.
pub fn rust_module(
    graph: &Graph,
    network: Option<&Network>,
    options: synnet_rust::Options,
    out: &Path,
) -> Result<Module, Vec<Diagnostic>> {
    let embedding = if files::is_dash(out) {
        Embedding::Literal
    } else {
        Embedding::Include(file_name(&beside(&stem(out), ".weights")))
    };
    let options = synnet_rust::Options { embedding, ..options };
    match network {
        Some(network) => synnet_rust::generate(network, &options),
        None => synnet_rust::generate_without_weights(graph, &options),
    }
}

/// Writes a Rust module to `out` and its weights, where it has them, beside it.
pub fn write_rust(module: &Module, out: &Path) -> Result<Vec<Written>, Failure> {
    let weights = beside(&stem(out), ".weights");
    let source = module.source();
    let mut contents = Vec::new();
    let mut written = vec![Written { path: out.to_owned(), what: "Rust module, no_std" }];
    if let Some(bytes) = &module.weights {
        contents.push((weights.as_path(), bytes.as_slice()));
        written.push(Written { path: weights.clone(), what: "its weights, for include_bytes!" });
    }
    contents.push((out, source.as_bytes()));
    files::write_together(&contents)?;
    Ok(written)
}

/// Writes the specification of a chip beside `out`, and a loader for the vendor's tools.
pub fn write_xylo(build: &Build, chip: &Chip, network: &str, out: &Path) -> Result<Vec<Written>, Failure> {
    if files::is_dash(out) {
        return Err(Failure::Io("a chip's configuration is several files: give `-o` a name".into()));
    }
    let stem = stem(out);
    let (specification, loader) = (beside(&stem, ".spec.npz"), beside(&stem, ".py"));
    let bytes = build.specification.to_npz().map_err(|e| Failure::Input(e.to_string()))?;
    let script = synnet_xylo::loader(network, &file_name(&specification), chip);
    files::write_together(&[(&specification, &bytes), (&loader, script.as_bytes())])?;
    Ok(vec![
        Written { path: specification, what: "chip specification, for `snnc sim` and Rockpool" },
        Written { path: loader, what: "loader for Rockpool" },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_drop_known_extensions() {
        for (path, expected) in
            [("a/kws.json", "a/kws"), ("kws.spec.npz", "kws"), ("kws.rs", "kws"), ("my.net", "my.net")]
        {
            assert_eq!(stem(Path::new(path)), Path::new(expected));
        }
    }
}
