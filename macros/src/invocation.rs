//! The invocation: parses the tokens between the brackets of `synnet!`.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Expr, ExprLit, Ident, Lit, LitBool, LitStr, Meta, Path, Result, Token};
use synnet_ir::{did_you_mean, nearest};
use synnet_rust::Numbers;

/// Names of the settings.
const SETTINGS: [&str; 6] = ["weights", "detector", "name", "params", "numbers", "allow_mismatch"];
/// Values of the setting `numbers`.
const NUMBERS: [&str; 2] = ["float", "integer"];

/// A parsed call of the macro.
pub(crate) struct Invocation {
    pub(crate) network: Network,
    pub(crate) settings: Settings,
}

/// Location of the network's source.
pub(crate) enum Network {
    /// `synnet!("file.snn")`
    File(LitStr),
    /// `synnet! { network ... }`
    Inline(TokenStream),
}

/// Settings beside the network.
#[derive(Default)]
pub(crate) struct Settings {
    /// Path of a weights file.
    pub(crate) weights: Option<LitStr>,
    /// Path of a detector.
    pub(crate) detector: Option<LitStr>,
    /// Name of the network, if the source has several.
    pub(crate) name: Option<LitStr>,
    /// Arithmetic: "float" or "integer".
    numbers: Option<LitStr>,
    /// Whether weights of another network are accepted, with a warning.
    allow_mismatch: Option<LitBool>,
    params: Vec<Parameter>,
}

/// A value for a parameter of the network.
struct Parameter {
    name: String,
    /// An expression of the language, as text.
    value: String,
    /// First and last token.
    tokens: (Span, Span),
}

impl Parse for Invocation {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut settings = Settings::default();
        if input.peek(LitStr) {
            let path = input.parse()?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
            settings.set_all(Punctuated::<Meta, Token![,]>::parse_terminated(input)?)?;
            return Ok(Self { network: Network::File(path), settings });
        }
        let mut metas = Vec::new();
        while input.peek(Token![#]) && input.peek2(Token![!]) {
            // A `//!` comment arrives as an inner attribute, too, and gets an error of its own.
            let ahead = input.fork();
            let attributes = ahead.call(Attribute::parse_inner)?;
            if attributes.iter().any(|attribute| attribute.path().is_ident("doc")) {
                return Err(input.error("document the network with `///`"));
            }
            metas.extend(input.call(Attribute::parse_inner)?.into_iter().map(|attribute| attribute.meta));
        }
        settings.set_all(metas)?;
        Ok(Self { network: Network::Inline(input.parse()?), settings })
    }
}

impl Settings {
    /// Returns the options of the compiler's front end.
    pub(crate) fn options(&self) -> synnet_dsl::CompileOptions {
        synnet_dsl::CompileOptions::new()
            .with_name(self.name.as_ref().map(LitStr::value))
            .with_params(self.params.iter().map(|p| (p.name.clone(), p.value.clone())))
    }

    /// Returns the arithmetic of the network.
    pub(crate) fn numbers(&self) -> Numbers {
        match &self.numbers {
            Some(numbers) if numbers.value() == "integer" => Numbers::integer(),
            _ => Numbers::Float,
        }
    }

    /// Returns whether weights of another network are accepted.
    pub(crate) fn allow_mismatch(&self) -> bool {
        self.allow_mismatch.as_ref().is_some_and(LitBool::value)
    }

    /// Returns the first and the last token of a parameter's setting.
    pub(crate) fn param(&self, name: &str) -> Option<(Span, Span)> {
        self.params.iter().find(|parameter| parameter.name == name).map(|parameter| parameter.tokens)
    }

    /// Applies all settings, and reports all errors at once.
    fn set_all(&mut self, metas: impl IntoIterator<Item = Meta>) -> Result<()> {
        let errors = metas.into_iter().filter_map(|meta| self.set(&meta).err());
        match errors.reduce(|mut all, error| {
            all.combine(error);
            all
        }) {
            Some(errors) => Err(errors),
            None => Ok(()),
        }
    }

    fn set(&mut self, meta: &Meta) -> Result<()> {
        let path = meta.path();
        if path.is_ident("weights") {
            once(&mut self.weights, text(meta)?, meta)
        } else if path.is_ident("detector") {
            once(&mut self.detector, text(meta)?, meta)
        } else if path.is_ident("name") {
            once(&mut self.name, text(meta)?, meta)
        } else if path.is_ident("numbers") {
            let numbers = text(meta)?;
            let value = numbers.value();
            if !NUMBERS.contains(&value.as_str()) {
                let help = match nearest(&value, NUMBERS) {
                    Some(near) => did_you_mean(near),
                    None => "write \"float\" or \"integer\"".to_owned(),
                };
                let message = format!("unknown arithmetic \"{value}\"\nhelp: {help}");
                return Err(Error::new(numbers.span(), message));
            }
            once(&mut self.numbers, numbers, meta)
        } else if path.is_ident("allow_mismatch") {
            once(&mut self.allow_mismatch, boolean(meta)?, meta)
        } else if path.is_ident("params") {
            self.params.extend(meta.require_list()?.parse_args_with(parameters)?);
            Ok(())
        } else {
            Err(unknown_setting(path))
        }
    }
}

fn unknown_setting(path: &Path) -> Error {
    let name = path.get_ident().map(ToString::to_string);
    let (what, near) = match &name {
        Some(name) => (format!("unknown setting `{name}`"), nearest(name, SETTINGS)),
        None => ("unknown setting".to_owned(), None),
    };
    let help = match near {
        Some(near) => did_you_mean(near),
        None => format!("the settings are {}", SETTINGS.map(|name| format!("`{name}`")).join(", ")),
    };
    Error::new_spanned(path, format!("{what}\nhelp: {help}"))
}

fn once<T>(setting: &mut Option<T>, value: T, meta: &Meta) -> Result<()> {
    match setting.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::new_spanned(meta, "duplicate setting")),
    }
}

/// Returns the string literal in `setting = "text"`.
fn text(meta: &Meta) -> Result<LitStr> {
    match &meta.require_name_value()?.value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text.clone()),
        other => Err(Error::new_spanned(other, "expected a string literal")),
    }
}

/// Returns the Boolean in `setting = true`.
fn boolean(meta: &Meta) -> Result<LitBool> {
    match &meta.require_name_value()?.value {
        Expr::Lit(ExprLit { lit: Lit::Bool(value), .. }) => Ok(value.clone()),
        other => Err(Error::new_spanned(other, "expected `true` or `false`")),
    }
}

/// Parses `name = value, ...`. A value is an expression of the language, which ends at a comma.
fn parameters(input: ParseStream<'_>) -> Result<Vec<Parameter>> {
    let mut parameters = Vec::new();
    while !input.is_empty() {
        let name: Ident = input.parse()?;
        input.parse::<Token![=]>()?;
        let mut last = name.span();
        let mut value = TokenStream::new();
        while !input.is_empty() && !input.peek(Token![,]) {
            let token: TokenTree = input.parse()?;
            last = token.span();
            value.extend([token]);
        }
        let tokens = (name.span(), last);
        parameters.push(Parameter { name: name.to_string(), value: value.to_string(), tokens });
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(parameters)
}
