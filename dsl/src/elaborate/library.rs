//! All files of a compilation: the root, what it imports, and the standard library.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use synnet_ir::{Diagnostic, SourceId, Sources, nearest};

use crate::codes;
use crate::limits::MAX_FILES;
use crate::syntax::tree::{File, Module, Name, Network};
use crate::syntax::{network_names, parse};

/// Reads the files that a network imports.
pub trait Loader {
    /// The text of a file. The path of the import has been joined to the name of the importing file.
    ///
    /// # Errors
    /// Why there is none, to complete "cannot read `path`: ...".
    fn load(&mut self, path: &str) -> Result<String, String>;
}

/// A loader for texts that stand alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoImports;

impl Loader for NoImports {
    fn load(&mut self, _path: &str) -> Result<String, String> {
        Err("files cannot be imported here".to_owned())
    }
}

/// The standard library: names of files and their texts.
const STD: &[(&str, &str)] = &[("std/synnet.snn", include_str!("../../std/synnet.snn"))];

/// The parsed files, and which network each name of a file means.
#[derive(Debug, Default)]
pub(crate) struct Library {
    files: BTreeMap<SourceId, File>,
    /// For each import of a file: the file that it names.
    targets: BTreeMap<(SourceId, usize), SourceId>,
    std: Vec<SourceId>,
    /// The networks that the standard library declares, once they are asked for.
    std_names: OnceCell<Vec<String>>,
}

/// What a name means in a file.
pub(crate) enum Lookup<'a> {
    Network(&'a Network),
    /// An import that could not be resolved, or a text that could not be understood; both are reported.
    Broken,
    Unknown,
}

impl Library {
    /// Reads the root, then everything that is imported, once each.
    pub(crate) fn read(
        sources: &mut Sources,
        root: SourceId,
        loader: &mut dyn Loader,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut library = Self::default();
        let mut by_path: BTreeMap<String, Option<SourceId>> = BTreeMap::new();
        if let Some(source) = sources.get(root) {
            by_path.insert(source.name.clone(), Some(root));
        }
        let mut waiting = vec![root];
        while let Some(id) = waiting.pop() {
            let Some(source) = sources.get(id) else { continue };
            let importer = source.name.clone();
            let (file, found) = parse(id, &source.text);
            diagnostics.extend(found);
            for (index, import) in file.imports.iter().enumerate() {
                match &import.from {
                    Module::Word(word) if word.text == "std" => {
                        let target = library.read_std(sources, &import.name, diagnostics);
                        library.targets.extend(target.map(|target| ((id, index), target)));
                    }
                    Module::Word(word) => diagnostics.push(
                        Diagnostic::error(
                            &codes::IMPORT,
                            word.span,
                            format!("there is no library `{}`", word.text),
                        )
                        .with_help("import from `std`, or from a file: `use \"file.snn\"::Name;`"),
                    ),
                    Module::Path(path) => {
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
            library.files.insert(id, file);
        }
        library.check_names(diagnostics);
        library
    }

    /// The file of the standard library that declares a network.
    fn read_std(
        &mut self,
        sources: &mut Sources,
        name: &Name,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<SourceId> {
        if self.std.is_empty() {
            for (file, text) in STD {
                let id = sources.add(*file, *text);
                let (tree, found) = parse(id, text);
                diagnostics.extend(found);
                self.files.insert(id, tree);
                self.std.push(id);
            }
        }
        let declares = |id: &&SourceId| self.file(**id).networks.iter().any(|n| n.name.text == name.text);
        let found = self.std.iter().find(declares).copied();
        if found.is_none() {
            let names = self.std.iter().flat_map(|id| &self.file(*id).networks).map(|n| n.name.text.as_str());
            let diagnostic =
                Diagnostic::error(&codes::IMPORT, name.span, format!("`std` has no network `{}`", name.text));
            diagnostics.push(match nearest(&name.text, names.clone()) {
                Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
                None => diagnostic.with_help(format!("it has {}", names.collect::<Vec<_>>().join(", "))),
            });
        }
        found
    }

    /// Reports names that a file declares twice, and imports that lead nowhere.
    fn check_names(&self, diagnostics: &mut Vec<Diagnostic>) {
        for (id, file) in &self.files {
            let mut seen: BTreeMap<&str, &Name> = BTreeMap::new();
            let imported = file.imports.iter().map(|import| &import.name);
            for name in imported.chain(file.networks.iter().map(|network| &network.name)) {
                if let Some(earlier) = seen.insert(&name.text, name) {
                    diagnostics.push(
                        Diagnostic::error(
                            &codes::DUPLICATE_NAME,
                            name.span,
                            format!("the name `{}` is given twice", name.text),
                        )
                        .with_note(earlier.span, "first given here")
                        .with_help("rename one of them"),
                    );
                }
            }
            for (index, import) in file.imports.iter().enumerate() {
                let Some(target) = self.targets.get(&(*id, index)).map(|id| self.file(*id)) else { continue };
                let name = &import.name.text;
                let names = || target.networks.iter().map(|network| network.name.text.as_str());
                if names().any(|other| other == name) || target.broken.contains(name) {
                    continue;
                }
                let message = format!("the imported file has no network `{name}`");
                let diagnostic = Diagnostic::error(&codes::IMPORT, import.name.span, message);
                diagnostics.push(match nearest(name, names()) {
                    Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
                    None if target.networks.is_empty() => diagnostic.with_help("it has no networks"),
                    None => {
                        diagnostic.with_help(format!("it has {}", names().collect::<Vec<_>>().join(", ")))
                    }
                });
            }
        }
    }

    /// A file that has been read; empty for any other.
    pub(crate) fn file(&self, id: SourceId) -> &File {
        const EMPTY: &File = &File { imports: Vec::new(), networks: Vec::new(), broken: Vec::new() };
        self.files.get(&id).unwrap_or(EMPTY)
    }

    /// The texts of the standard library, where it is used.
    pub(crate) fn std(&self) -> &[SourceId] {
        &self.std
    }

    /// The network that a name means in a file: its own, or one that it imports.
    pub(crate) fn network(&self, id: SourceId, name: &str) -> Lookup<'_> {
        let file = self.file(id);
        if let Some(network) = file.networks.iter().find(|network| network.name.text == name) {
            return Lookup::Network(network);
        }
        if let Some(index) = file.imports.iter().position(|import| import.name.text == name) {
            let target = self.targets.get(&(id, index)).map(|target| self.file(*target));
            let network = target.and_then(|file| file.networks.iter().find(|n| n.name.text == name));
            return network.map_or(Lookup::Broken, Lookup::Network);
        }
        if file.broken.iter().any(|word| word == name) { Lookup::Broken } else { Lookup::Unknown }
    }

    /// The names that [`network`](Self::network) knows in a file.
    pub(crate) fn names(&self, id: SourceId) -> impl Iterator<Item = &str> {
        let file = self.file(id);
        let imported = file.imports.iter().map(|import| import.name.text.as_str());
        imported.chain(file.networks.iter().map(|network| network.name.text.as_str()))
    }

    /// Whether the standard library has a network of that name, whether or not it is imported.
    pub(crate) fn std_has(&self, name: &str) -> bool {
        let names =
            self.std_names.get_or_init(|| STD.iter().flat_map(|(_, text)| network_names(text)).collect());
        names.iter().any(|known| known == name)
    }
}

fn load(
    sources: &mut Sources,
    loader: &mut dyn Loader,
    place: &str,
    path: &Name,
    files: usize,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<SourceId> {
    if files >= MAX_FILES {
        let message = format!("more than {MAX_FILES} files are imported");
        diagnostics.push(Diagnostic::error(&codes::TOO_LARGE, path.span, message));
        return None;
    }
    match loader.load(place) {
        Ok(text) => Some(sources.add(place, text)),
        Err(reason) => {
            let message = format!("cannot read `{place}`: {reason}");
            diagnostics.push(
                Diagnostic::error(&codes::IMPORT, path.span, message)
                    .with_help("the path is relative to the file that imports it"),
            );
            None
        }
    }
}

/// `path` as seen from the folder of `importer`.
fn joined(importer: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = importer.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
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
