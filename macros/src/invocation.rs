//! What stands between the brackets of `synnet!`.

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{AttrStyle, Attribute, Error, Expr, ExprLit, Ident, Lit, LitStr, Meta, Result, Token};

/// A use of the macro.
pub(crate) struct Invocation {
    pub(crate) network: Network,
    pub(crate) settings: Settings,
}

/// Where the network is.
pub(crate) enum Network {
    /// `synnet!("file.snn")`
    File(LitStr),
    /// `synnet! { network ... }`
    Inline(TokenStream),
}

/// What may be said besides the network.
#[derive(Default)]
pub(crate) struct Settings {
    /// A file of weights.
    pub(crate) weights: Option<LitStr>,
    /// The network that is meant.
    pub(crate) name: Option<LitStr>,
    /// Parameters and their values.
    pub(crate) params: Vec<(String, String)>,
}

impl Parse for Invocation {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut settings = Settings::default();
        if input.peek(LitStr) {
            let path = input.parse()?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
            for meta in Punctuated::<Meta, Token![,]>::parse_terminated(input)? {
                settings.set(&meta)?;
            }
            return Ok(Self { network: Network::File(path), settings });
        }
        while input.peek(Token![#]) && input.peek2(Token![!]) {
            let ahead = input.fork();
            let attributes = ahead.call(Attribute::parse_inner)?;
            if attributes.iter().any(|attribute| attribute.path().is_ident("doc")) {
                return Err(input.error("document the network with `///`"));
            }
            for attribute in input.call(Attribute::parse_inner)? {
                debug_assert!(matches!(attribute.style, AttrStyle::Inner(_)));
                settings.set(&attribute.meta)?;
            }
        }
        Ok(Self { network: Network::Inline(input.parse()?), settings })
    }
}

impl Settings {
    fn set(&mut self, meta: &Meta) -> Result<()> {
        let path = meta.path();
        if path.is_ident("weights") {
            once(&mut self.weights, text(meta)?, meta)
        } else if path.is_ident("name") {
            once(&mut self.name, text(meta)?, meta)
        } else if path.is_ident("params") {
            self.params.extend(meta.require_list()?.parse_args_with(parameters)?);
            Ok(())
        } else {
            Err(Error::new_spanned(path, "unknown setting; there are `weights`, `name` and `params`"))
        }
    }
}

fn once(setting: &mut Option<LitStr>, value: LitStr, meta: &Meta) -> Result<()> {
    match setting.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::new_spanned(meta, "this is set twice")),
    }
}

/// The text in `setting = "text"`.
fn text(meta: &Meta) -> Result<LitStr> {
    match &meta.require_name_value()?.value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text.clone()),
        other => Err(Error::new_spanned(other, "a text in quotation marks is expected here")),
    }
}

/// `name = value, ...`, values in the words of the language.
fn parameters(input: ParseStream<'_>) -> Result<Vec<(String, String)>> {
    let mut parameters = Vec::new();
    while !input.is_empty() {
        let name: Ident = input.parse()?;
        input.parse::<Token![=]>()?;
        let mut value = TokenStream::new();
        while !input.is_empty() && !input.peek(Token![,]) {
            value.extend([input.parse::<proc_macro2::TokenTree>()?]);
        }
        parameters.push((name.to_string(), value.to_string()));
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(parameters)
}
