//! Text and weights to the items of the network, or to compile errors.

use std::path::{Path, PathBuf};

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, LitStr};
use synnet_dsl::{Diagnostic, Graph, Params, SourceId, Sources};
use synnet_rust::Module;

use crate::invocation::{Invocation, Network, Settings};
use crate::layout::Layout;

/// What the macro's tokens expand to.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let expanded = syn::parse2::<Invocation>(input).and_then(|invocation| {
        let mut compiler = Compiler::new();
        let module = match &invocation.network {
            Network::File(path) => compiler.file(path, &invocation.settings),
            Network::Inline(tokens) => compiler.inline(tokens.clone(), &invocation.settings),
        }?;
        let (items, tracked) = (module.tokens, compiler.tracked());
        Ok(quote! { #items #tracked })
    });
    expanded.unwrap_or_else(|error| error.to_compile_error())
}

/// A compilation: the folder that paths start from, and every file that was read.
struct Compiler {
    folder: PathBuf,
    read: Vec<PathBuf>,
    sources: Sources,
}

impl Compiler {
    fn new() -> Self {
        let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        Self { folder, read: Vec::new(), sources: Sources::new() }
    }

    /// A network in a file; what is wrong with it is shown with its own lines.
    fn file(&mut self, path: &LitStr, settings: &Settings) -> Result<Module, Error> {
        let name = path.value();
        let text = self.read(&name).and_then(text).map_err(|reason| cannot_read(path, &reason))?;
        let root = self.sources.add(name, text);
        let module = self.compile(root, settings)?;
        module.map_err(|diagnostics| self.rendered(&diagnostics, path.span()))
    }

    /// A network in place; what is wrong with it is shown at its tokens.
    fn inline(&mut self, tokens: TokenStream, settings: &Settings) -> Result<Module, Error> {
        let layout = Layout::new(tokens);
        let root = self.sources.add("synnet!", layout.text.clone());
        let module = self.compile(root, settings)?;
        module.map_err(|diagnostics| {
            let errors =
                diagnostics.iter().filter(|d| d.is_error()).map(|diagnostic| match diagnostic.span {
                    Some(span) if span.source == root => {
                        let (first, last) = layout.tokens(span.start as usize..span.end as usize);
                        let place = [quote_spanned!(first=> x), quote_spanned!(last=> x)];
                        Error::new_spanned(place.into_iter().collect::<TokenStream>(), message(diagnostic))
                    }
                    _ => self.rendered(std::slice::from_ref(diagnostic), Span::call_site()),
                });
            combined(errors)
        })
    }

    /// The pipeline. Errors of the settings are the outer result, those of the network the inner one.
    fn compile(
        &mut self,
        root: SourceId,
        settings: &Settings,
    ) -> Result<Result<Module, Vec<Diagnostic>>, Error> {
        let mut sources = std::mem::take(&mut self.sources);
        let options = synnet_dsl::Options {
            name: settings.name.as_ref().map(LitStr::value),
            params: settings.params.clone(),
        };
        let compilation = synnet_dsl::compile(&mut sources, root, &options, self);
        self.sources = sources;
        let Some(graph) = compilation.graph else { return Ok(Err(compilation.diagnostics)) };
        let Some(weights) = &settings.weights else {
            return Ok(synnet_rust::generate_without_weights(&graph, &synnet_rust::Options::default()));
        };
        let bytes = self.read(&weights.value()).map_err(|reason| cannot_read(weights, &reason))?;
        let params = Params::from_safetensors(&bytes)
            .map_err(|error| Error::new(weights.span(), format!("`{}`: {error}", weights.value())))?;
        Ok(generate(&graph, &params))
    }

    /// Reads a file, which from then on is one that the crate depends on.
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let place = self.folder.join(path);
        let bytes = std::fs::read(&place).map_err(|error| error.to_string())?;
        self.read.push(place);
        Ok(bytes)
    }

    /// Items that make the compiler watch all files that were read.
    fn tracked(&self) -> TokenStream {
        let paths = self.read.iter().map(|path| absolute(path));
        quote! { #(const _: &[u8] = include_bytes!(#paths);)* }
    }

    fn rendered(&self, diagnostics: &[Diagnostic], place: Span) -> Error {
        Error::new(place, synnet_dsl::render(diagnostics, &self.sources, false).trim_end())
    }
}

impl synnet_dsl::Loader for Compiler {
    fn load(&mut self, path: &str) -> Result<String, String> {
        self.read(path).and_then(text)
    }
}

fn generate(graph: &Graph, params: &Params) -> Result<Module, Vec<Diagnostic>> {
    let network = synnet_dsl::Network::bind(graph, params)?;
    synnet_rust::generate(&network, &synnet_rust::Options::default())
}

fn cannot_read(path: &LitStr, reason: &str) -> Error {
    Error::new(path.span(), format!("cannot read `{}`: {reason}", path.value()))
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".into())
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.into()).to_string_lossy().into_owned()
}

/// A diagnostic without its place.
fn message(diagnostic: &Diagnostic) -> String {
    let mut message = format!("{} [{}]", diagnostic.message, diagnostic.code.id);
    let notes = diagnostic.notes.iter().map(|(_, note)| format!("\nnote: {note}"));
    message.extend(notes);
    message.extend(diagnostic.help.iter().map(|help| format!("\nhelp: {help}")));
    message
}

fn combined(errors: impl Iterator<Item = Error>) -> Error {
    let joined = errors.reduce(|mut all, error| {
        all.combine(error);
        all
    });
    joined.unwrap_or_else(|| Error::new(Span::call_site(), "the network cannot be compiled"))
}
