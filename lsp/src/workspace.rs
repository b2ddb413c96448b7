//! The open documents, and their analyses.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use lsp_types::{Position, PublishDiagnosticsParams, TextDocumentContentChangeEvent, Uri};
use synnet_dsl::Loader;
use synnet_dsl::tools::ParseCache;

use crate::analyzed::Analyzed;
use crate::diagnostics;
use crate::document::{Encoding, Text};
use crate::environment::{Checker, Environment};
use crate::location::path_of;
use crate::settings::Settings;

/// The open documents of an editor.
pub struct Workspace {
    pub(crate) environment: Box<dyn Environment>,
    pub(crate) encoding: Encoding,
    pub(crate) settings: Settings,
    pub(crate) target: Option<Arc<dyn Checker>>,
    /// The documents by their paths.
    pub(crate) documents: BTreeMap<String, Document>,
}

/// An open document.
pub(crate) struct Document {
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    pub(crate) text: Text,
    cache: ParseCache,
    /// `None` if the text has changed since, or that of an imported file.
    pub(crate) analyzed: Option<Rc<Analyzed>>,
    /// Whether the editor has the diagnostics of the analysis, which a request may have caused.
    is_published: bool,
}

impl Workspace {
    /// Creates a workspace without documents.
    pub fn new(environment: Box<dyn Environment>, encoding: Encoding) -> Self {
        let documents = BTreeMap::new();
        Self { environment, encoding, settings: Settings::default(), target: None, documents }
    }

    /// Changes the settings. All documents are checked again.
    ///
    /// # Errors
    /// Returns a message if the target is unknown; then there is none.
    pub fn configure(&mut self, settings: Settings) -> Result<(), String> {
        let target = self.environment.target(&settings);
        self.settings = settings;
        self.forget(|_| true);
        match target {
            Ok(target) => {
                self.target = target;
                Ok(())
            }
            Err(why) => {
                self.target = None;
                Err(why)
            }
        }
    }

    /// Opens a document, or replaces it.
    pub fn open(&mut self, uri: &Uri, version: i32, text: String) {
        let path = path_of(uri);
        let document = Document {
            uri: uri.clone(),
            version,
            text: Text::new(text, self.encoding),
            cache: ParseCache::default(),
            analyzed: None,
            is_published: false,
        };
        self.documents.insert(path.clone(), document);
        self.file_changed(&path);
    }

    /// Applies the changes of a document, in order. Changes of a document that is not open are ignored.
    pub fn change(&mut self, uri: &Uri, version: i32, changes: Vec<TextDocumentContentChangeEvent>) {
        let path = path_of(uri);
        let Some(document) = self.documents.get_mut(&path) else { return };
        document.version = version;
        changes.into_iter().for_each(|change| document.text.apply(change));
        document.analyzed = None;
        self.file_changed(&path);
    }

    /// Closes a document. Others that import it read the file again.
    pub fn close(&mut self, uri: &Uri) {
        let path = path_of(uri);
        self.documents.remove(&path);
        self.file_changed(&path);
    }

    /// Forgets what is known about documents that use a file, because it has changed.
    pub(crate) fn file_changed(&mut self, path: &str) {
        self.forget(|analyzed| analyzed.requested.contains(path) || analyzed.analysis.is_none());
    }

    /// Forgets everything that files on disk can change.
    pub(crate) fn files_changed(&mut self) {
        self.forget(|_| true);
    }

    fn forget(&mut self, is_stale: impl Fn(&Analyzed) -> bool) {
        for document in self.documents.values_mut() {
            if document.analyzed.as_ref().is_some_and(|analyzed| is_stale(analyzed)) {
                document.analyzed = None;
            }
        }
    }

    /// Checks the documents that have changed, and returns their diagnostics. A document without errors and warnings
    /// has an empty list.
    pub fn refresh(&mut self) -> Vec<PublishDiagnosticsParams> {
        let stale = |(path, document): (&String, &Document)| {
            (document.analyzed.is_none() || !document.is_published).then(|| path.clone())
        };
        let stale: Vec<String> = self.documents.iter().filter_map(stale).collect();
        let mut published = Vec::new();
        for path in stale {
            let Some(analyzed) = self.analyzed(&path) else { continue };
            let diagnostics = diagnostics::all(self, &analyzed);
            let Some(document) = self.documents.get_mut(&path) else { continue };
            document.is_published = true;
            let (uri, version) = (document.uri.clone(), Some(document.version));
            published.push(PublishDiagnosticsParams { uri, diagnostics, version });
        }
        published
    }

    /// Returns the byte of a position in an open document.
    pub(crate) fn offset(&self, path: &str, position: Position) -> Option<usize> {
        Some(self.documents.get(path)?.text.offset(position))
    }

    /// Returns the present analysis of an open document.
    pub(crate) fn analyzed(&mut self, path: &str) -> Option<Rc<Analyzed>> {
        let document = self.documents.get_mut(path)?;
        if let Some(analyzed) = &document.analyzed {
            return Some(Rc::clone(analyzed));
        }
        let mut cache = std::mem::take(&mut document.cache);
        let text = self.documents.get(path)?.text.as_str();
        let analyzed = Rc::new(self.analyze(path, text, &mut cache));
        let document = self.documents.get_mut(path)?;
        document.cache = cache;
        document.analyzed = Some(Rc::clone(&analyzed));
        document.is_published = false;
        Some(analyzed)
    }

    /// Analyzes a file that may be closed; `None` if it cannot be read.
    pub(crate) fn analyzed_file(&mut self, path: &str) -> Option<Rc<Analyzed>> {
        if self.documents.contains_key(path) {
            return self.analyzed(path);
        }
        let text = self.environment.read(path).ok()?;
        Some(Rc::new(self.analyze(path, &text, &mut ParseCache::default())))
    }

    fn analyze(&self, path: &str, text: &str, cache: &mut ParseCache) -> Analyzed {
        if is_yaml(path) {
            let report = self.environment.check_recipe(path, text, &self.settings);
            let is_recipe = report.is_some() || names_network(text);
            return Analyzed::recipe(path, text, is_recipe, report.unwrap_or_default());
        }
        let mut files = Files { workspace: self, requested: BTreeSet::new() };
        let mut analyzed = Analyzed::network(path, text, &mut files, cache, self.target.as_deref());
        analyzed.requested = files.requested;
        analyzed
    }
}

/// Returns whether a file is YAML, judging by its extension.
fn is_yaml(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

/// Returns whether a YAML file names a network, as the first line of a new recipe does.
fn names_network(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("network:") && line.contains(".snn"))
}

/// Reads imported files: open documents first.
struct Files<'a> {
    workspace: &'a Workspace,
    requested: BTreeSet<String>,
}

impl Loader for Files<'_> {
    fn load(&mut self, path: &str) -> Result<String, String> {
        self.requested.insert(path.to_owned());
        match self.workspace.documents.get(path) {
            Some(document) => Ok(document.text.as_str().to_owned()),
            None => self.workspace.environment.read(path),
        }
    }
}
