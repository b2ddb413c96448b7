//! The trees of `test/corpus`, in the format of tree-sitter's own test command.

use std::fs;
use std::path::Path;

use crate::{parse, updates};

const RULE: &str = "====================\n";

/// A source with its expected tree.
struct Case<'a> {
    name: &'a str,
    source: &'a str,
    tree: &'a str,
}

/// Splits a file of the corpus: a name between two rules, the source, a line `---`, the tree.
fn cases(text: &str) -> Vec<Case<'_>> {
    let parts: Vec<&str> = text.split(RULE).skip(1).collect();
    parts.chunks_exact(2).map(|pair| to_case(pair[0], pair[1])).collect()
}

fn to_case<'a>(name: &'a str, body: &'a str) -> Case<'a> {
    let (source, tree) = body.split_once("\n---\n").expect("a line `---` before the tree");
    Case { name: name.trim(), source: source.trim_matches('\n'), tree: tree.trim() }
}

/// Writes one node a line.
fn pretty(tree: &str) -> String {
    let mut out = String::new();
    let mut depth = 0;
    for c in tree.chars() {
        match c {
            // A space between a field and its node stays.
            ' ' if !out.ends_with(':') => {
                out.push('\n');
                out.push_str(&"  ".repeat(depth));
                continue;
            }
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        out.push(c);
    }
    out
}

#[test]
fn sources_have_the_trees_of_the_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("test/corpus");
    let mut differences = String::new();
    for entry in fs::read_dir(folder).expect("the corpus") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a file of the corpus");
        let mut written = Vec::new();
        for Case { name, source, tree } in cases(&text) {
            let found = pretty(&parse(source).root_node().to_sexp());
            if found != tree {
                differences += &format!("{}, {name}:\n{found}\n", path.display());
            }
            written.push(format!("{RULE}{name}\n{RULE}\n{source}\n\n---\n\n{found}\n"));
        }
        assert!(!written.is_empty(), "{} has no cases", path.display());
        if updates() {
            fs::write(&path, written.join("\n")).expect("a file that can be written");
        }
    }
    assert!(updates() || differences.is_empty(), "SYNNET_UPDATE=1 writes the trees\n{differences}");
}
