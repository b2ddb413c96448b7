//! Tokens to formatted source. prettyplease breaks lines a little otherwise than rustfmt, which is
//! therefore told to leave the module as it is.

use proc_macro2::TokenStream;

/// Width of a line.
const WIDTH: usize = 100;

/// The formatted source of generated items under a header.
pub(crate) fn source(header: &str, tokens: &TokenStream) -> String {
    let file = syn::parse2(tokens.clone()).expect("the generated items are Rust");
    let body = space_items(&pack_arrays(&prettyplease::unparse(&file)));
    format!("{header}\n{body}")
}

/// Sets the numbers of a table several to a line.
fn pack_arrays(source: &str) -> String {
    let mut packed = String::new();
    let mut lines = source.lines().peekable();
    while let Some(line) = lines.next() {
        packed.push_str(line);
        packed.push('\n');
        if !line.ends_with(" = [") {
            continue;
        }
        let mut elements = Vec::new();
        while let Some(element) = lines.next_if(|line| !line.trim_start().starts_with(']')) {
            elements.push(element);
        }
        packed.push_str(&pack(&elements));
    }
    packed
}

/// Fills lines with the elements of an array, given one to a line with their commas.
fn pack(elements: &[&str]) -> String {
    let indent = elements.first().map_or("", |line| &line[..line.len() - line.trim_start().len()]);
    let mut packed = String::new();
    let mut column = 0;
    for element in elements.iter().map(|element| element.trim()) {
        if column > 0 && column + 1 + element.len() <= WIDTH {
            packed.push(' ');
            column += 1;
        } else {
            if column > 0 {
                packed.push('\n');
            }
            packed.push_str(indent);
            column = indent.len();
        }
        packed.push_str(element);
        column += element.len();
    }
    packed.push('\n');
    packed
}

/// Puts blank lines between items, and before each layer's part of a step.
fn space_items(source: &str) -> String {
    const STARTS: [&str; 10] = [
        "///",
        "#[",
        "impl",
        "pub fn",
        "pub const fn",
        "fn",
        "const fn",
        "pub mod",
        "static",
        "let mut received",
    ];
    let mut spaced = String::new();
    let mut previous = "";
    for line in source.lines() {
        let text = line.trim_start();
        let after_item = previous.ends_with('}') || previous.ends_with(';');
        if after_item && STARTS.iter().any(|start| text.starts_with(start)) {
            spaced.push('\n');
        }
        spaced.push_str(line);
        spaced.push('\n');
        previous = line;
    }
    spaced
}
