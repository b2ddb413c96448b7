//! Promises about sources.

use synnet_dsl::{CompileOptions, NoImports, compile, format, to_source};
use synnet_ir::{Graph, Sources, render, to_json};

use crate::budget::timed;
use crate::graph;

/// Checks a source, and the network that it describes.
pub(crate) fn check(text: &str) {
    let (before, rendered) = compiled(text);
    assert!(before.is_some() || rendered.contains("error"), "no graph and no error");
    if before.as_ref().is_some_and(|graph| !graph::is_written(graph)) {
        return;
    }
    if let Ok(formatted) = timed("formatting", || format(text)) {
        assert_eq!(signs(&formatted), signs(text), "formatting changes more than the layout");
        let again = timed("formatting", || format(&formatted)).expect("what is formatted can be formatted");
        assert_eq!(again, formatted, "formatting is not idempotent");
        assert!(same(compiled(&formatted).0.as_ref(), before.as_ref()), "formatting changes the graph");
    }
    let Some(before) = before else { return };
    graph::check(&before);
    if let Ok(printed) = timed("printing", || to_source(&before)) {
        let (after, errors) = compiled(&printed);
        assert!(same(after.as_ref(), Some(&before)), "a printed source differs:\n{printed}\n{errors}");
    }
}

/// Compiles a source. Returns the graph, and the diagnostics as people see them.
fn compiled(text: &str) -> (Option<Graph>, String) {
    let mut sources = Sources::new();
    let root = sources.add("net.snn", text);
    let result =
        timed("compiling", || compile(&mut sources, root, &CompileOptions::default(), &mut NoImports));
    let rendered = timed("rendering", || render(&result.diagnostics, &sources, false));
    (result.graph, rendered)
}

/// Returns whether two graphs describe the same network. Their places in the source differ.
fn same(a: Option<&Graph>, b: Option<&Graph>) -> bool {
    a.map(to_json) == b.map(to_json)
}

/// Returns the characters that formatting must keep: all but blanks, commas, and what it removes on purpose.
fn signs(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ',' | '\u{feff}')).collect()
}
