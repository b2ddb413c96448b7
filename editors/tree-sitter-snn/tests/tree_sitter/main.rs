//! The grammar accepts what the compiler accepts, and each token of it has one highlight.

mod corpus;
mod files;
mod generated;
mod highlights;

use tree_sitter::{Node, Parser, Tree};

fn language() -> tree_sitter::Language {
    tree_sitter_snn::LANGUAGE.into()
}

fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&language()).expect("the versions fit");
    parser.parse(text, None).expect("a language is set")
}

/// Calls `visit` for each node below `node`, and for `node` itself.
fn each_node<'a>(node: Node<'a>, visit: &mut impl FnMut(Node<'a>)) {
    visit(node);
    for child in node.children(&mut node.walk()) {
        each_node(child, visit);
    }
}

/// Whether tests write what they expect.
fn updates() -> bool {
    std::env::var_os("SYNNET_UPDATE").is_some()
}
