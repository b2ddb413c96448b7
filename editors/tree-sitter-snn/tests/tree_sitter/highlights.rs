//! Queries name nodes that exist, and each token has one highlight.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tree_sitter::{Query, QueryCursor, StreamingIterator};

use crate::files::{read, sources};
use crate::{each_node, language, parse};

/// Returns the captures at each leaf of a source, as `token: captures` in source order.
fn highlights(query: &Query, text: &str) -> Vec<(String, Vec<String>)> {
    let tree = parse(text);
    let mut leaves = BTreeMap::new();
    each_node(tree.root_node(), &mut |node| {
        if node.child_count() == 0 {
            leaves.insert(node.byte_range().start, (text[node.byte_range()].to_owned(), Vec::new()));
        }
    });
    let mut cursor = QueryCursor::new();
    let mut captures = cursor.captures(query, tree.root_node(), text.as_bytes());
    while let Some((found, index)) = captures.next() {
        let capture = found.captures()[*index];
        assert_eq!(capture.node.child_count(), 0, "only tokens are highlighted");
        let name = query.capture_names()[capture.index as usize].to_owned();
        leaves.get_mut(&capture.node.start_byte()).expect("a leaf").1.push(name);
    }
    leaves.into_values().collect()
}

fn query(source: &str) -> Query {
    Query::new(&language(), source).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn each_token_has_one_highlight() {
    let query = query(tree_sitter_snn::HIGHLIGHTS_QUERY);
    for path in ["dsl/std", "examples", "tests/networks"].iter().flat_map(|folder| sources(folder)) {
        for (token, captures) in highlights(&query, &read(&path)) {
            assert_eq!(captures.len(), 1, "{}: `{token}` has {captures:?}", path.display());
        }
    }
}

#[test]
fn highlights_tell_names_of_the_language_from_others() {
    let text = "network N(n = 2) { neuron h = lif { bias: 1 }; layer a: h(n) { tau_mem: quantized(20 ms) };\n\
                a -> linear -> b; output b.vmem; let c = if true { vmem } else { dt }; }";
    let found: Vec<String> = highlights(&query(tree_sitter_snn::HIGHLIGHTS_QUERY), text)
        .into_iter()
        .filter(|(_, captures)| !captures[0].starts_with("punctuation") && captures[0] != "operator")
        .map(|(token, captures)| format!("{token} {}", captures[0]))
        .collect();
    let expected = "network keyword, N type, n variable.parameter, 2 constant.numeric, neuron keyword, h type, \
         lif type.builtin, bias variable.other.member, 1 constant.numeric, layer keyword, a variable, h type, \
         n variable, tau_mem variable.other.member, quantized function.builtin, 20 constant.numeric, \
         ms constant.builtin, a variable, linear function.builtin, b variable, output keyword, b variable, \
         vmem constant.builtin, let keyword, c variable, if keyword, true constant.builtin.boolean, \
         vmem constant.builtin, else keyword, dt constant.builtin";
    assert_eq!(found.join(", "), expected);
}

#[test]
fn queries_name_nodes_that_exist() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the queries") {
        query(&read(&entry.expect("an entry").path()));
        count += 1;
    }
    assert!(count > 1, "there are queries beside the highlights");
}
