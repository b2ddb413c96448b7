//! Expansion: source, weights and detector become the items of the network, or compile errors.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::LitStr;
use synnet_ir::{FileKind, Graph, SourceId, Sources, WeightsFile};
use synnet_rust::{Detector, Module, RustOptions};

use crate::emitter::{Emitter, Origin};
use crate::invocation::{Invocation, Network};
use crate::source_layout::SourceLayout;

/// Expands the tokens of a macro call.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    match syn::parse2::<Invocation>(input) {
        Ok(invocation) => {
            Compiler::new().compile(&invocation).unwrap_or_else(|error| error.to_compile_error())
        }
        Err(error) => error.to_compile_error(),
    }
}

/// The state of a compilation.
struct Compiler {
    /// Folder to which paths are relative.
    folder: PathBuf,
    /// Every file that was read.
    read: Vec<PathBuf>,
}

impl Compiler {
    fn new() -> Self {
        let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        Self { folder, read: Vec::new() }
    }

    /// Runs the pipeline. Returns items, warnings and files to watch, or errors as tokens; `Err` if a file cannot be
    /// read.
    fn compile(&mut self, invocation: &Invocation) -> syn::Result<TokenStream> {
        let settings = &invocation.settings;
        let mut sources = Sources::new();
        let (origin, root) = self.source(&invocation.network, &mut sources)?;
        let compilation = synnet_dsl::compile(&mut sources, root, &settings.options(), self);
        let report = Emitter { origin: &origin, root, sources: &sources, settings };
        let found = report.for_network(&compilation.diagnostics);
        let Some(graph) = compilation.graph else { return Ok(found) };
        let weights = settings.weights.as_ref().map(|path| self.weights(path)).transpose()?;
        let mismatch = weights.as_ref().map(|weights| weights.check(&graph, settings.allow_mismatch()));
        let mismatch = mismatch.unwrap_or_default();
        let of_another_network = report.for_weights(&mismatch);
        let detector = settings.detector.as_ref().map(|path| self.detector(path)).transpose()?;
        let options = RustOptions::new().with_numbers(settings.numbers()).with_detector(detector);
        let misfit = options.detector.as_ref().map(|d| d.check(&graph, &options.numbers)).unwrap_or_default();
        if mismatch.has_errors() || misfit.has_errors() {
            let misfit = report.for_detector(&misfit);
            return Ok(quote! { #found #of_another_network #misfit });
        }
        let params = weights.as_ref().map(|weights| &weights.params);
        let spans = report.name_spans(&graph);
        Ok(match synnet_rust::generate_with_spans(&graph, params, &options, &spans) {
            Ok(module) => {
                let warnings = report.for_weights(&module.warnings);
                let named = graph_of_type(&module, &graph, spans.network());
                let (items, tracked) = (module.tokens, self.tracked());
                quote! { #items #named #found #of_another_network #warnings #tracked }
            }
            Err(refused) => {
                let refused = report.for_weights(&refused);
                quote! { #found #refused }
            }
        })
    }

    /// Loads the source of the network. Returns its origin, which decides how spans are shown, and its id.
    fn source(&mut self, network: &Network, sources: &mut Sources) -> syn::Result<(Origin, SourceId)> {
        Ok(match network {
            Network::File(path) => {
                let read = self.read_kind(&path.value(), FileKind::Network);
                let text = read.and_then(text).map_err(cannot_read(path))?;
                let root = sources.add(path.value(), text);
                (Origin::File(path.clone()), root)
            }
            Network::Inline(tokens) => {
                let layout = SourceLayout::new(tokens.clone());
                let root = sources.add("synnet!", layout.text.clone());
                (Origin::Tokens(layout), root)
            }
        })
    }

    fn weights(&mut self, path: &LitStr) -> syn::Result<WeightsFile> {
        let bytes = self.read_kind(&path.value(), FileKind::Weights).map_err(cannot_read(path))?;
        WeightsFile::from_safetensors(&bytes)
            .map_err(|error| syn::Error::new(path.span(), format!("`{}`: {error}", path.value())))
    }

    fn detector(&mut self, path: &LitStr) -> syn::Result<Detector> {
        let text =
            self.read_kind(&path.value(), FileKind::Detector).and_then(text).map_err(cannot_read(path))?;
        Detector::from_json(&text)
            .map_err(|error| syn::Error::new(path.span(), format!("`{}`: {error}", path.value())))
    }

    /// Reads a file like [`read`](Self::read), and refuses one of another kind.
    fn read_kind(&mut self, path: &str, expected: FileKind) -> Result<Vec<u8>, String> {
        let bytes = self.read(path)?;
        FileKind::of(Path::new(path), &bytes).mistaken_for(expected).map_or(Ok(bytes), Err)
    }

    /// Reads a file and records it as a dependency of the crate.
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let place = self.folder.join(path);
        let bytes = std::fs::read(&place).map_err(|error| match error.kind() {
            // The operating system's text differs between platforms, and so would expected compile errors.
            ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => error.to_string(),
        })?;
        self.read.push(place);
        Ok(bytes)
    }

    /// Generates items that make the compiler watch all files that were read.
    fn tracked(&self) -> TokenStream {
        // `proc_macro::tracked_path` is unstable; `include_bytes!` has the same effect, and unused constants cost
        // nothing.
        let paths = self.read.iter().map(|path| absolute(path));
        quote! { #(const _: &[u8] = include_bytes!(#paths);)* }
    }
}

impl synnet_dsl::Loader for Compiler {
    fn load(&mut self, path: &str) -> Result<String, String> {
        self.read(path).and_then(text)
    }
}

/// Generates a constant with the graph, so that the same network can be trained or examined. It costs nothing if it is
/// not used.
fn graph_of_type(module: &Module, graph: &Graph, place: Span) -> TokenStream {
    let name = Ident::new(&module.type_name, place);
    let lifetime = module.borrows_weights.then(|| quote! { <'_> });
    let json = synnet_ir::to_json(graph);
    quote! {
        impl #name #lifetime {
            /// The network as a graph, in JSON, for `synnet_ir::from_json`.
            #[allow(dead_code, reason = "not every program looks at it")]
            pub const GRAPH: &'static str = #json;
        }
    }
}

fn cannot_read(path: &LitStr) -> impl FnOnce(String) -> syn::Error {
    move |reason| syn::Error::new(path.span(), format!("cannot read `{}`: {reason}", path.value()))
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".into())
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.into()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proc_macro2::TokenTree;

    use super::*;

    /// Collects the places of all identifiers, as lines and columns.
    fn places(tokens: TokenStream, all: &mut BTreeMap<String, BTreeSet<(usize, usize)>>) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => places(group.stream(), all),
                TokenTree::Ident(name) => {
                    let start = name.span().start();
                    all.entry(name.to_string()).or_default().insert((start.line, start.column));
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    #[test]
    fn identifiers_are_at_the_names_that_they_come_from() {
        let source = "use std::SynNet;
network Kws {
    dt: 1 ms;
    input audio: 4;
    for i in 0..2 {
        layer h[i]: lif(3) { tau_mem: 20 ms, tau_syn: 20 ms };
    }
    net body: Inner();
    net words: SynNet(n_channels: 2, n_classes: 2, size_hidden_layers: [2],
        time_constants_per_layer: [1], dt: dt);
    audio -> linear -> h[0] -> h[1] -> body -> words;
    output words;
}
network Inner {
    dt: 1 ms;
    input events: 3;
    layer out_put: lif(2) { tau_mem: 20 ms, tau_syn: 20 ms };
    events -> linear -> out_put;
    output out_put.spikes;
}";
        let expanded: TokenStream = expand(source.parse().expect("these are Rust tokens"));
        let mut all = BTreeMap::new();
        places(expanded.clone(), &mut all);
        for (names, place) in [
            (["Kws", "kws"], (2, 8)),
            (["H0", "h0"], (6, 14)),
            (["H1", "h1"], (6, 14)),
            (["BodyOutPut", "body_out_put"], (17, 10)),
            (["WordsH0", "words_h0"], (9, 15)),
        ] {
            for name in names {
                assert_eq!(all.get(name), Some(&[place].into()), "`{name}` in {expanded}");
            }
        }
    }
}
