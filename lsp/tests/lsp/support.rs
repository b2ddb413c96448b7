//! A workspace with files in memory, and cursors in sources.

use std::collections::BTreeMap;
use std::sync::Arc;

use lsp_types::{Position, Range, Uri};
use synnet_ir::graph::LayerId;
use synnet_ir::{Code, Diagnostic, Diagnostics, Graph};
use synnet_lsp::{
    Checker, Encoding, Environment, NoEnvironment, RecipeKey, RecipeReport, Settings, Workspace,
};

/// Files in memory.
#[derive(Clone, Default)]
pub(crate) struct Memory(pub(crate) BTreeMap<String, String>);

impl Environment for Memory {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "there is no such file or folder".to_owned())
    }

    fn networks_below(&self, folder: &str) -> Vec<String> {
        self.0.keys().filter(|path| path.starts_with(folder) && path.ends_with(".snn")).cloned().collect()
    }

    fn std_file(&self, name: &str, _text: &str) -> Option<String> {
        Some(format!("/cache/{name}"))
    }

    fn target(&self, settings: &Settings) -> Result<Option<Arc<dyn Checker>>, String> {
        match settings.target.as_deref() {
            None => Ok(None),
            Some("tiny") => Ok(Some(Arc::new(Tiny))),
            Some(other) => Err(format!("there is no target `{other}`")),
        }
    }

    fn check_recipe(&self, path: &str, text: &str, settings: &Settings) -> Option<RecipeReport> {
        let _ = (path, settings);
        let messages =
            text.contains("epoch:").then(|| "`training`: unknown field `epoch` (line 2)".to_owned());
        Some(RecipeReport { messages: messages.into_iter().collect(), ..RecipeReport::default() })
    }

    fn recipe_keys(&self, _settings: &Settings) -> Vec<RecipeKey> {
        let key = |path: &str, expected: &str, default: &str, values: &[&str]| RecipeKey {
            path: path.to_owned(),
            expected: expected.to_owned(),
            default: default.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        vec![
            key("network", "the path of a network file", "", &[]),
            key("training", "a mapping with `epochs` and `optimizer`", "", &[]),
            key("training.epochs", "a positive integer", "", &[]),
            key("training.optimizer", "a mapping with a `kind` and options", "`{ kind: adam }`", &[]),
            key("training.optimizer.kind", "`sgd` or `adam`", "", &["sgd", "adam"]),
            key("training.optimizer[sgd].momentum", "a number", "0", &[]),
            key("training.optimizer[adam].eps", "a positive number", "1e-8", &[]),
            key("params.*", "a value", "", &[]),
        ]
    }

    fn explain(&self, code: &str) -> Option<&'static Code> {
        NoEnvironment.explain(code)
    }
}

/// A target for networks of one layer.
struct Tiny;

impl Checker for Tiny {
    fn name(&self) -> &str {
        "tiny"
    }

    fn check(&self, graph: &Graph) -> Diagnostics {
        let surplus = graph.layers.iter().skip(1);
        let error = |layer: &synnet_ir::graph::Layer| {
            Diagnostic::error(&synnet_ir::codes::TOO_LARGE, layer.span, "tiny targets have one layer")
        };
        surplus.map(error).collect()
    }

    fn describe_network(&self, graph: &Graph) -> Option<String> {
        Some(format!("{} of 1 layers of tiny", graph.layers.len()))
    }

    fn describe_layer(&self, _graph: &Graph, layer: LayerId) -> Option<String> {
        Some(format!("place {} of tiny", layer.0))
    }
}

pub(crate) fn uri(path: &str) -> Uri {
    format!("file://{path}").parse().expect("paths of tests make URIs")
}

/// Returns the position of a byte in UTF-16 code units.
pub(crate) fn position(text: &str, offset: usize) -> Position {
    let line = text[..offset].matches('\n').count();
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    Position::new(line as u32, text[start..offset].encode_utf16().count() as u32)
}

/// A workspace with one open document that has a cursor.
pub(crate) struct Editor {
    pub(crate) workspace: Workspace,
    pub(crate) uri: Uri,
    pub(crate) text: String,
    pub(crate) cursor: Position,
}

impl Editor {
    /// Opens `/net.snn` with the source, without its `|`, which is the cursor.
    pub(crate) fn new(source: &str) -> Self {
        Self::with_files(source, &[])
    }

    /// As [`new`](Self::new), with other files.
    pub(crate) fn with_files(source: &str, files: &[(&str, &str)]) -> Self {
        let offset = source.find('|').unwrap_or(source.len());
        let text = source.replacen('|', "", 1);
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let mut workspace = Workspace::new(Box::new(Memory(files)), Encoding::Utf16);
        let uri = uri("/net.snn");
        workspace.open(&uri, 1, text.clone());
        Self { workspace, uri, cursor: position(&text, offset), text }
    }

    /// Returns the messages of the document's diagnostics.
    pub(crate) fn messages(&mut self) -> Vec<String> {
        let published = self.workspace.refresh();
        published.into_iter().flat_map(|p| p.diagnostics).map(|d| d.message).collect()
    }

    /// Returns the labels of what can be completed at the cursor.
    pub(crate) fn labels(&mut self) -> Vec<String> {
        self.workspace.completion(&self.uri, self.cursor).into_iter().map(|item| item.label).collect()
    }

    /// Returns what a hover shows at the cursor.
    pub(crate) fn hover(&mut self) -> String {
        let hover = self.workspace.hover(&self.uri, self.cursor).expect("something is known here");
        let lsp_types::HoverContents::Markup(markup) = hover.contents else { panic!("hovers are Markdown") };
        markup.value
    }

    /// Returns the characters of a range of the document.
    pub(crate) fn slice(&self, range: Range) -> &str {
        let offset = |at: Position| {
            let line: usize = self.text.split_inclusive('\n').take(at.line as usize).map(str::len).sum();
            let units = self.text[line..].char_indices().scan(0, |column, (at, c)| {
                let before = *column;
                *column += c.len_utf16();
                Some((at, before))
            });
            units
                .into_iter()
                .find(|(_, column)| *column >= at.character as usize)
                .map_or(self.text.len(), |(i, _)| line + i)
        };
        &self.text[offset(range.start)..offset(range.end)]
    }
}
