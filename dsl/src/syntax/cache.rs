//! Parsed sources, kept between the compilations of one file.

use std::collections::HashMap;
use std::sync::Arc;

use synnet_ir::{Diagnostic, Source, SourceId};

use super::braces::Braces;
use super::parse::parse;
use super::reparse::reparse;
use super::tree::File;

/// Keeps parsed sources, so that a source that has not changed is not parsed again. A cache serves one root file, whose
/// imports keep their handles from one compilation to the next as long as their order stays the same.
#[derive(Debug, Default)]
pub struct ParseCache {
    parsed: HashMap<String, Parsed>,
    generation: u64,
}

#[derive(Debug)]
struct Parsed {
    id: SourceId,
    text: String,
    file: Arc<File>,
    diagnostics: Vec<Diagnostic>,
    /// The last text without syntax errors, and its tree if `text` has errors.
    sound: Option<Sound>,
    generation: u64,
}

/// A text without syntax errors.
#[derive(Debug)]
struct Sound {
    text: String,
    file: Arc<File>,
    /// Its braces, if they have been examined.
    braces: Option<Braces>,
}

impl ParseCache {
    /// Returns the tree of a source and the diagnostics of parsing it.
    pub(crate) fn parse(&mut self, id: SourceId, source: &Source) -> (Arc<File>, Vec<Diagnostic>) {
        let generation = self.generation;
        if let Some(known) = self.parsed.get_mut(&source.name)
            && known.id == id
            && known.text == source.text
        {
            known.generation = generation;
            return (Arc::clone(&known.file), known.diagnostics.clone());
        }
        let known = self.parsed.remove(&source.name).filter(|known| known.id == id);
        let parsed = Parsed { generation, ..Parsed::new(id, &source.text, known) };
        let result = (Arc::clone(&parsed.file), parsed.diagnostics.clone());
        self.parsed.insert(source.name.clone(), parsed);
        result
    }

    /// Starts the next compilation. Sources that the last one did not use are forgotten.
    pub(crate) fn advance(&mut self) {
        let generation = self.generation;
        self.parsed.retain(|_, parsed| parsed.generation == generation);
        self.generation += 1;
    }
}

impl Parsed {
    /// Parses a source: only what has changed since it had no errors, if possible.
    fn new(id: SourceId, text: &str, known: Option<Self>) -> Self {
        let text = text.to_owned();
        let mut sound = known.and_then(|known| known.sound);
        if let Some(Sound { text: old, file, braces }) = &mut sound
            && let Some(reparsed) =
                reparse(id, old, file, &text, || *braces.get_or_insert_with(|| Braces::of_source(id, old)))
        {
            if reparsed.is_valid() {
                // Only statements that changed can have changed the braces.
                let braces = braces.filter(|&braces| braces <= reparsed.braces());
                // The analysis that used the tree is gone, so this copies nothing.
                reparsed.apply(Arc::make_mut(file));
                let file = Arc::clone(file);
                let sound = Sound { text: text.clone(), file: Arc::clone(&file), braces };
                return Self { id, text, file, diagnostics: Vec::new(), sound: Some(sound), generation: 0 };
            }
            let mut file = File::clone(file);
            let diagnostics = reparsed.apply(&mut file);
            let file = Arc::new(file);
            return Self { id, text, file, diagnostics, sound, generation: 0 };
        }
        let (file, diagnostics) = parse(id, &text);
        let file = Arc::new(file);
        if diagnostics.is_empty() {
            sound = Some(Sound { text: text.clone(), file: Arc::clone(&file), braces: None });
        }
        Self { id, text, file, diagnostics, sound, generation: 0 }
    }
}
