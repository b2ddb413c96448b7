//! Formatting: tokens become source text.
//!
//! prettyplease breaks lines slightly differently than rustfmt, so the module has an attribute that makes rustfmt skip
//! it.

use proc_macro2::TokenStream;

/// Maximum width of a line of an array, in characters.
const WIDTH: usize = 100;

/// Returns the formatted source of generated items, below a header.
pub(crate) fn source(header: &str, tokens: &TokenStream) -> String {
    // All names are valid identifiers (`Names`), so this depends on no input.
    let file = syn::parse2(tokens.clone()).expect("the generated items are Rust");
    let body = space_items(&pack_arrays(&prettyplease::unparse(&file)));
    format!("{header}\n{body}")
}

/// Puts several elements of an array on each line.
fn pack_arrays(source: &str) -> String {
    // prettyplease puts one element on each line, which makes a table of 60 constants 60 lines long.
    let mut packed = String::new();
    let mut lines = source.lines().peekable();
    while let Some(line) = lines.next() {
        packed.push_str(line);
        packed.push('\n');
        if is_comment(line) || !line.ends_with(" = [") {
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

/// Fills lines with the elements of an array, which are given one per line with their commas.
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

/// Inserts blank lines between items, and before each layer's part of a step.
fn space_items(source: &str) -> String {
    // prettyplease separates only top-level items.
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
        let after_item = !is_comment(previous) && (previous.ends_with('}') || previous.ends_with(';'));
        if after_item && STARTS.iter().any(|start| text.starts_with(start)) {
            spaced.push('\n');
        }
        spaced.push_str(line);
        spaced.push('\n');
        previous = line;
    }
    spaced
}

/// Returns whether a line is a comment. What an author wrote there may look like the end of an item.
fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}
