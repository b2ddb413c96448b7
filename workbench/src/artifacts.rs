//! What a build needs of a network, and the files that it leaves: generated Rust; chip specifications, configurations
//! and loaders, and how they are read back.

use std::path::{Path, PathBuf};

use synnet_ir::{Diagnostics, Graph, Network, Sources};
use synnet_rust::{Embedding, Module};
use synnet_xylo::chip::ConfigurationFormat;
use synnet_xylo::loader::LoaderFiles;
use synnet_xylo::specification::SpecificationError;
use synnet_xylo::{Build, Chip, Configuration, Specification};

use crate::error::Error;
use crate::target::Target;
use crate::{files, source};

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
pub fn check(graph: &Graph, target: &Target) -> Diagnostics {
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
) -> Result<Module, Diagnostics> {
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
        let specification = file_name(&self.specification);
        let configuration = self.configuration.as_deref().map(file_name);
        with(LoaderFiles { specification: &specification, configuration: configuration.as_deref() })
    }
}

/// Writes the specification of a chip beside `out`, its configuration where the vendor's format is known, and a loader
/// for the vendor's tools.
pub fn write_xylo(build: &Build, chip: &Chip, network: &str, out: &Path) -> Result<Vec<Written>, Error> {
    if files::is_dash(out) {
        return Err(Error::Io("a chip's configuration is several files: give `-o` a name".into()));
    }
    let wrong = |e: SpecificationError| Error::Input(e.to_string());
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

/// A chip's network as it was built, from a specification or from a configuration.
pub struct Loaded {
    /// The network.
    pub specification: Specification,
    /// Arrays that the file lacks; they took their defaults.
    pub defaulted: Vec<&'static str>,
    /// The chip whose configuration the file is.
    pub chip: Option<&'static Chip>,
}

/// Whether a file is that of a built network and not of a source: by its name.
pub fn is_built(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "npz" || extension == "json")
}

/// Reads what [`write_xylo`] wrote: a configuration (`.json`) or a specification.
pub fn read_xylo(path: &Path) -> Result<Loaded, Error> {
    let bytes = files::read(path)?;
    let wrong = |e: SpecificationError| Error::input(path, e);
    if path.extension().is_some_and(|extension| extension == "json") {
        let configuration = Configuration::from_json(&bytes).map_err(wrong)?;
        let format = ConfigurationFormat::SamnaXyloCore2;
        return Ok(Loaded {
            specification: configuration.specification().clone(),
            defaulted: Vec::new(),
            chip: Chip::all().iter().find(|chip| chip.configuration == Some(format)),
        });
    }
    // Archives begin with these letters, whatever the name of the file.
    if !bytes.starts_with(b"PK") && !is_built(path) {
        let what = "not a built network: those are `.spec.npz` and `.json` files, which `snnc build` writes";
        return Err(Error::input(path, what));
    }
    let loaded = Specification::from_npz(&bytes).map_err(wrong)?;
    Ok(Loaded { specification: loaded.specification, defaulted: loaded.defaulted, chip: None })
}

/// The chip that a built network is meant for: that of the file, or that which is named; else the user's, or none.
pub fn chip_of(path: &Path, loaded: &Loaded, named: Option<&Target>) -> Result<Option<&'static Chip>, Error> {
    let named = match Target::or_chosen(named)? {
        Some(Target::Chip(chip)) => Some(chip),
        Some(target) => {
            let what = "a built network is for chips";
            return Err(Error::Io(format!("`--target {}`: {what}", target.name())));
        }
        None => None,
    };
    match (loaded.chip, named) {
        (Some(of_file), Some(named)) if of_file.configuration != named.configuration => {
            let path = path.display();
            Err(Error::Io(format!(
                "`{path}` is a configuration of {}, not of {}",
                of_file.title, named.title
            )))
        }
        (of_file, named) => Ok(named.or(of_file)),
    }
}

/// Whether a chip has what a specification asks for. What will behave differently is told.
pub fn check_xylo(path: &Path, specification: &Specification, chip: &Chip) -> Result<(), Error> {
    let found = synnet_xylo::rules::check_specification(specification, chip);
    source::accept(&found, &Sources::new()).map_err(|failure| match failure {
        Error::Rendered(text) => {
            let path = path.display();
            Error::Rendered(format!("{}\n\n`{path}` does not fit {}", text.trim_end(), chip.title))
        }
        other => other,
    })
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
