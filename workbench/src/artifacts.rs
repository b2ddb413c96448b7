//! The files of a build: generated Rust; chip specifications, configurations and loaders.

use std::path::{Path, PathBuf};

use synnet_ir::{Diagnostics, Graph, Network};
use synnet_rust::{Embedding, Module};
use synnet_xylo::chip::ConfigurationFormat;
use synnet_xylo::loader::LoaderFiles;
use synnet_xylo::specification::SpecificationError;
use synnet_xylo::{Build, Chip, Configuration};

use crate::error::Error;
use crate::files;

/// A file that was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// Path of the file.
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

/// The Rust module of a network, whose weights are known or come when the program runs, to be written to
/// `out`. Without `out` it is one text, with the weights in it.
///
/// # Errors
/// What generated code cannot express.
pub fn rust_module(
    graph: &Graph,
    network: Option<&Network>,
    options: synnet_rust::Options,
    out: Option<&Path>,
) -> Result<Module, Diagnostics> {
    let embedding = match out {
        None => Embedding::Literal,
        Some(out) => Embedding::Include(files::name(&beside(&stem(out), ".weights"))),
    };
    let options = synnet_rust::Options { embedding, ..options };
    match network {
        Some(network) => synnet_rust::generate(network, &options),
        None => synnet_rust::generate_without_weights(graph, &options),
    }
}

/// Writes a Rust module to `out` and its weights, if it has them, beside it.
///
/// # Errors
/// Files that cannot be written.
pub fn write_rust(module: &Module, out: &Path) -> Result<Vec<Written>, Error> {
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

/// The names of the files of a chip that lie beside its loader.
struct ChipFiles {
    specification: PathBuf,
    /// The configuration, where the vendor's format of it is known.
    configuration: Option<PathBuf>,
    loader: PathBuf,
}

impl ChipFiles {
    fn of(chip: &Chip, out: &Path) -> Self {
        let stem = stem(out);
        Self {
            specification: beside(&stem, ".spec.npz"),
            configuration: chip.configuration.map(|_| beside(&stem, ".json")),
            loader: beside(&stem, ".py"),
        }
    }

    /// Calls `with` with the files as a loader names them.
    fn named<T>(&self, with: impl FnOnce(LoaderFiles<'_>) -> T) -> T {
        let specification = files::name(&self.specification);
        let configuration = self.configuration.as_deref().map(files::name);
        with(LoaderFiles { specification: &specification, configuration: configuration.as_deref() })
    }
}

/// Writes the specification of a chip beside `out`, its configuration where the vendor's format is known, and a loader
/// for the vendor's tools.
///
/// # Errors
/// A specification that does not hold together; files that cannot be written.
pub fn write_xylo(build: &Build, chip: &Chip, network: &str, out: &Path) -> Result<Vec<Written>, Error> {
    let wrong = |e: SpecificationError| Error::input(e);
    let files = ChipFiles::of(chip, out);
    let specification = build.specification.to_npz().map_err(wrong)?;
    let script = files.named(|names| synnet_xylo::loader(network, names, chip));
    let configuration = match chip.configuration {
        Some(ConfigurationFormat::SamnaXyloCore2) => {
            Some(Configuration::new(&build.specification).map_err(wrong)?.to_json())
        }
        None => None,
    };
    let mut contents: Vec<(&Path, &[u8])> = vec![(&files.specification, &specification)];
    if let (Some(path), Some(text)) = (&files.configuration, &configuration) {
        contents.push((path, text.as_bytes()));
    }
    contents.push((&files.loader, script.as_bytes()));
    files::write_together(&contents)?;
    let loader = if chip.rockpool.is_some() { "loader for Rockpool" } else { "loader for xylosim" };
    let mut written = Vec::new();
    written.extend(files.configuration.map(|path| Written { path, what: "configuration in samna's format" }));
    written
        .push(Written { path: files.specification, what: "chip specification, for `snnc sim` and Rockpool" });
    written.push(Written { path: files.loader, what: loader });
    Ok(written)
}

/// What is known of the files that [`write_xylo`] writes, and what is not.
pub fn known(chip: &Chip, out: &Path) -> Vec<String> {
    ChipFiles::of(chip, out).named(|names| synnet_xylo::loader::known(chip, names))
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
