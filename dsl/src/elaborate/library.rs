//! The files of a compilation: the root, its imports, and the standard library.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use synnet_ir::{Diagnostic, Diagnostics, FileKind, SourceId, Sources, nearest};

use crate::codes;
use crate::limits::MAX_FILES;
use crate::syntax::tree::{File, Module, Name, Network};
use crate::syntax::{ParseCache, network_names};
use crate::vocabulary::{listed, one_of};

/// Reads the files that a network imports.
pub trait Loader {
    /// Returns the contents of a file. `path` is relative to the same folder as the name of the root: the path of the
    /// import has been joined to the name of the importing file.
    ///
    /// # Errors
    /// Returns the reason why the file cannot be read, to complete "cannot read `path`: ...".
    fn load(&mut self, path: &str) -> Result<String, String>;
}

/// A loader for sources that import nothing but the standard library.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoImports;

impl Loader for NoImports {
    fn load(&mut self, _path: &str) -> Result<String, String> {
        Err("files cannot be imported here".to_owned())
    }
}

/// The files of the standard library, with their names.
pub(crate) const STD: &[(&str, &str)] = &[
    ("std/synnet.snn", include_str!("../../std/synnet.snn")),
    ("std/wavesense.snn", include_str!("../../std/wavesense.snn")),
];

/// The parsed files, and the networks that their names mean.
#[derive(Debug, Default)]
pub(crate) struct Library {
    files: BTreeMap<SourceId, Arc<File>>,
    names: HashMap<SourceId, FileNames>,
    /// The file that each import names, by the importing file and the index of the import.
    targets: BTreeMap<(SourceId, usize), SourceId>,
    std: Vec<SourceId>,
}

/// The names of a file, each with the index of its first declaration.
#[derive(Debug, Default)]
struct FileNames {
    networks: HashMap<String, usize>,
    imports: HashMap<String, usize>,
    /// Identifiers of what could not be understood.
    broken: HashSet<String>,
}

impl FileNames {
    fn of(file: &File) -> Self {
        let mut names = Self { broken: file.broken.iter().cloned().collect(), ..Self::default() };
        for (i, network) in file.networks.iter().enumerate() {
            names.networks.entry(network.name.text.clone()).or_insert(i);
        }
        for (i, import) in file.imports.iter().enumerate() {
            names.imports.entry(import.name.text.clone()).or_insert(i);
        }
        names
    }
}

/// The meaning of a network name in a file.
pub(crate) enum Lookup<'a> {
    Network(&'a Network),
    /// An import or a declaration with an error that has been reported.
    Invalid,
    Unknown,
}

impl Library {
    /// Reads the root and everything that it imports, each file once.
    pub(crate) fn read(
        sources: &mut Sources,
        root: SourceId,
        loader: &mut dyn Loader,
        cache: &mut ParseCache,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut library = Self::default();
        let mut by_path: BTreeMap<String, Option<SourceId>> = BTreeMap::new();
        if let Some(source) = sources.get(root) {
            by_path.insert(source.name.clone(), Some(root));
        }
        // Each file is read once, so that imports can form cycles.
        let mut waiting = vec![root];
        while let Some(id) = waiting.pop() {
            let Some(source) = sources.get(id) else { continue };
            let importer = source.name.clone();
            let (file, found) = cache.parse(id, source);
            diagnostics.extend(found);
            for (index, import) in file.imports.iter().enumerate() {
                match &import.from {
                    Module::Symbol(word) if word.text == "std" => {
                        let target = library.read_std(sources, &import.name, cache, diagnostics);
                        library.targets.extend(target.map(|target| ((id, index), target)));
                    }
                    Module::Symbol(word) => diagnostics.push(
                        Diagnostic::error(
                            &codes::IMPORT,
                            word.span,
                            format!("unknown library `{}`", word.text),
                        )
                        .with_help("import from `std`, or from a file with `use \"file.snn\"::Name;`"),
                    ),
                    Module::Path(path) => {
                        // The joined path identifies a file: two spellings of a path are one file if they join alike.
                        let place = joined(&importer, &path.text);
                        let known = by_path.get(&place).copied();
                        let target = known.unwrap_or_else(|| {
                            let target = load(sources, loader, &place, path, by_path.len(), diagnostics);
                            waiting.extend(target);
                            by_path.insert(place, target);
                            target
                        });
                        library.targets.extend(target.map(|target| ((id, index), target)));
                    }
                }
            }
            library.insert(id, file);
        }
        // Only now are the networks of every imported file known.
        library.check_names(diagnostics);
        library
    }

    fn insert(&mut self, id: SourceId, file: Arc<File>) {
        self.names.insert(id, FileNames::of(&file));
        self.files.insert(id, file);
    }

    /// Returns the network that a file declares.
    fn declared(&self, id: SourceId, name: &str) -> Option<&Network> {
        let index = self.names.get(&id)?.networks.get(name)?;
        self.file(id).networks.get(*index)
    }

    /// Returns the file of the standard library that declares a network; `None` if none does, which is reported.
    fn read_std(
        &mut self,
        sources: &mut Sources,
        name: &Name,
        cache: &mut ParseCache,
        diagnostics: &mut Diagnostics,
    ) -> Option<SourceId> {
        // Most files do not use the library; it is parsed for those that do.
        if self.std.is_empty() {
            for (file, text) in STD {
                let id = sources.add(*file, *text);
                let Some(source) = sources.get(id) else { continue };
                let (tree, found) = cache.parse(id, source);
                diagnostics.extend(found);
                self.insert(id, tree);
                self.std.push(id);
            }
        }
        let found = self.std.iter().find(|id| self.declared(**id, &name.text).is_some()).copied();
        if found.is_none() {
            let names = self.std.iter().flat_map(|id| &self.file(*id).networks).map(|n| n.name.text.as_str());
            let diagnostic =
                Diagnostic::error(&codes::IMPORT, name.span, format!("`std` has no network `{}`", name.text));
            let near = nearest(&name.text, names.clone());
            diagnostics.push(diagnostic.with_suggestion(near, || one_of(names)));
        }
        found
    }

    /// Reports names that a file declares twice, and imports of networks that do not exist.
    fn check_names(&self, diagnostics: &mut Diagnostics) {
        for (id, file) in &self.files {
            let mut seen: BTreeMap<&str, &Name> = BTreeMap::new();
            let imported = file.imports.iter().map(|import| &import.name);
            for name in imported.chain(file.networks.iter().map(|network| &network.name)) {
                if let Some(earlier) = seen.insert(&name.text, name) {
                    diagnostics.push(
                        Diagnostic::error(
                            &codes::DUPLICATE_NAME,
                            name.span,
                            format!("the name `{}` is declared twice", name.text),
                        )
                        .with_note(earlier.span, "first declared here")
                        .with_help("rename one of them"),
                    );
                }
            }
            for (index, import) in file.imports.iter().enumerate() {
                // An import without a target has been reported where it was read.
                let Some(target_id) = self.targets.get(&(*id, index)) else { continue };
                let (target, name) = (self.file(*target_id), &import.name.text);
                let names = || target.networks.iter().map(|network| network.name.text.as_str());
                // A syntax error of the imported file, reported already, may declare it.
                let is_broken = self.names.get(target_id).is_some_and(|names| names.broken.contains(name));
                if is_broken || self.declared(*target_id, name).is_some() {
                    continue;
                }
                let message = format!("the imported file declares no network `{name}`");
                let diagnostic = Diagnostic::error(&codes::IMPORT, import.name.span, message);
                if diagnostics.only_counts(&codes::IMPORT, import.name.span) {
                    diagnostics.push(diagnostic);
                    continue;
                }
                diagnostics.push(diagnostic.with_suggestion(nearest(name, names()), || {
                    match target.networks.is_empty() {
                        true => "import from another file: this one declares no network".to_owned(),
                        false => format!("import one of those that it declares: {}", listed(names())),
                    }
                }));
            }
        }
    }

    /// Returns a file that has been read, or an empty one.
    pub(crate) fn file(&self, id: SourceId) -> &File {
        const EMPTY: &File =
            &File { imports: Vec::new(), networks: Vec::new(), broken: Vec::new(), hides_imports: false };
        self.files.get(&id).map_or(EMPTY, Arc::as_ref)
    }

    /// Returns the file that an import names, by the index of the import; `None` if it was not found.
    pub(crate) fn import_target(&self, id: SourceId, index: usize) -> Option<SourceId> {
        self.targets.get(&(id, index)).copied()
    }

    /// Returns the sources of the standard library, if it is used.
    pub(crate) fn std(&self) -> &[SourceId] {
        &self.std
    }

    /// Returns the network that a name means in a file: its own, or one that it imports.
    pub(crate) fn network(&self, id: SourceId, name: &str) -> Lookup<'_> {
        // The networks of the file come first: an import of the same name is a duplicate, which has been reported.
        if let Some(network) = self.declared(id, name) {
            return Lookup::Network(network);
        }
        let names = self.names.get(&id);
        if let Some(index) = names.and_then(|names| names.imports.get(name)) {
            let target = self.targets.get(&(id, *index));
            let network = target.and_then(|target| self.declared(*target, name));
            return network.map_or(Lookup::Invalid, Lookup::Network);
        }
        let may_exist = self.file(id).hides_imports || names.is_some_and(|names| names.broken.contains(name));
        if may_exist { Lookup::Invalid } else { Lookup::Unknown }
    }

    /// Returns the names of the networks that a file declares or imports.
    pub(crate) fn names(&self, id: SourceId) -> impl Iterator<Item = &str> {
        let file = self.file(id);
        let imported = file.imports.iter().map(|import| import.name.text.as_str());
        imported.chain(file.networks.iter().map(|network| network.name.text.as_str()))
    }

    /// Returns the names of the networks of all files.
    pub(crate) fn networks(&self) -> HashSet<String> {
        self.files.values().flat_map(|file| &file.networks).map(|network| network.name.text.clone()).collect()
    }
}

/// Returns whether the standard library has a network of that name, imported or not. Parses the library, so it is
/// meant for errors.
pub(super) fn std_has(name: &str) -> bool {
    // Errors about names ask for it: the library is parsed once.
    static NAMES: LazyLock<HashSet<String>> =
        LazyLock::new(|| STD.iter().flat_map(|(_, text)| network_names(text)).collect());
    NAMES.contains(name)
}

fn load(
    sources: &mut Sources,
    loader: &mut dyn Loader,
    place: &str,
    path: &Name,
    files: usize,
    diagnostics: &mut Diagnostics,
) -> Option<SourceId> {
    if files >= MAX_FILES {
        let message = format!("more than {MAX_FILES} files are imported");
        diagnostics.push(
            Diagnostic::error(&codes::TOO_LARGE, path.span, message).with_help("join some of the files"),
        );
        return None;
    }
    let mut refuse = |reason: String, help: &str| {
        let message = format!("cannot read `{place}`: {reason}");
        diagnostics.push(Diagnostic::error(&codes::IMPORT, path.span, message).with_help(help));
        None
    };
    match loader.load(place) {
        Ok(text) => match FileKind::of(Path::new(place), text.as_bytes()).mistaken_for(FileKind::Network) {
            None => Some(sources.add(place, text)),
            Some(mistake) => refuse(mistake, "import from a network file (`.snn`)"),
        },
        Err(reason) => refuse(reason, "write the path relative to the importing file"),
    }
}

/// Joins `path` to the folder of `importer`.
fn joined(importer: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = importer.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            // `..` at the start leads out of the folder of the root file; only the loader knows what is there.
            ".." if parts.last().is_some_and(|last| !last.is_empty() && *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn paths_are_relative_to_the_importer() {
        for (importer, path, joined_path) in [
            ("nets/kws.snn", "body.snn", "nets/body.snn"),
            ("nets/kws.snn", "../lib/body.snn", "lib/body.snn"),
            ("kws.snn", "./body.snn", "body.snn"),
            ("kws.snn", "../body.snn", "../body.snn"),
            ("/a/kws.snn", "b/body.snn", "/a/b/body.snn"),
            ("/a/kws.snn", "/b/body.snn", "/b/body.snn"),
        ] {
            assert_eq!(joined(importer, path), joined_path);
        }
    }
}
