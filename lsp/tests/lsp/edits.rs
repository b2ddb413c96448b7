//! Edits: a workspace that follows them knows the same as one that opens the result, and nothing panics.

use lsp_types::{Position, Range, TextDocumentContentChangeEvent};
use proptest::prelude::*;
use synnet_lsp::{Encoding, Workspace};

use crate::support::{Memory, position, uri};

const NET: &str = "use std::SynNet;
use \"parts.snn\"::Part;
// Comment: \u{3c4}\u{1f9e0}
network Net(n = 16) {
    dt: 1 ms;
    input x: n;
    neuron fast = lif { tau_mem: 4 ms, tau_syn: 2 ms };
    for i in 0..2 {
        layer h[i]: fast(8 + i) { threshold: 0.5 };
        if i == 0 { x -> linear -> h[i]; } else { h[i - 1] -> dropout(0.1) -> linear { bias: true } -> h[i]; }
    }
    net part: Part(size: len([1, 2]));
    h1 -> linear -> part;
    let unused = [2 ms for j in 0..3];
    assert(n > 0, \"`n` is positive\");
    output part;
}
network Words = SynNet(n_channels: 16, n_classes: 10);
";

const PARTS: &str = "network Part(size) {
    dt: 1 ms;
    input x: 9;
    layer out: lif(size) { tau_mem: 4 ms, tau_syn: 4 ms };
    x -> linear -> out;
    output out;
}
";

/// What editors insert, and what breaks parsers.
const PIECES: &[&str] = &[
    "",
    " ",
    "\n",
    "\r\n",
    "\r",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ";",
    ":",
    ",",
    ".",
    "->",
    "\"",
    "/*",
    "*/",
    "//",
    "#",
    "ms",
    "1",
    "0",
    "1e999",
    "h",
    "layer h: lif(3) { tau_mem: 3 ms };",
    "use ",
    "network ",
    "for i in 0..9 {",
    "else",
    "\u{3c4}",
    "\u{1f9e0}",
    "\u{feff}",
    "x -> linear -> h0;",
    "Net",
    "Part",
    "= SynNet(",
    "learn ",
    "in ",
    "..",
];

#[derive(Clone, Debug)]
struct Edit {
    in_parts: bool,
    start: f64,
    len: usize,
    piece: usize,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = (prop::bool::weighted(0.2), 0.0..1.0_f64, 0..12_usize, 0..PIECES.len())
        .prop_map(|(in_parts, start, len, piece)| Edit { in_parts, start, len, piece });
    prop::collection::vec(edit, 1..24)
}

/// Moves an offset back to the start of a character, and out of the end of a line: no position lies inside.
fn boundary(text: &str, mut offset: usize) -> usize {
    offset = offset.min(text.len());
    while !text.is_char_boundary(offset)
        || (text[..offset].ends_with('\r') && text[offset..].starts_with('\n'))
    {
        offset -= 1;
    }
    offset
}

fn fresh(net: &str, parts: &str) -> Workspace {
    let mut workspace = Workspace::new(Box::new(Memory::default()), Encoding::Utf16);
    workspace.open(&uri("/parts.snn"), 0, parts.to_owned());
    workspace.open(&uri("/net.snn"), 0, net.to_owned());
    workspace
}

/// Asks for everything at a position.
fn ask(workspace: &mut Workspace, at: Position) {
    let uri = uri("/net.snn");
    workspace.hover(&uri, at);
    workspace.completion(&uri, at);
    workspace.definition(&uri, at);
    workspace.references(&uri, at, true);
    workspace.highlights(&uri, at);
    workspace.document_symbols(&uri);
    workspace.format(&uri);
    workspace.prepare_rename(&uri, at);
    let _ = workspace.rename(&uri, at, "renamed");
    let everything = Range::new(Position::new(0, 0), Position::new(u32::MAX, u32::MAX));
    workspace.inlay_hints(&uri, everything);
    workspace.code_actions(&uri, everything);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn following_edits_equals_starting_anew(edits in edits()) {
        let (mut net, mut parts) = (NET.to_owned(), PARTS.to_owned());
        let mut workspace = fresh(&net, &parts);
        let mut known = std::collections::BTreeMap::new();
        let mut follow = |workspace: &mut Workspace| {
            for published in workspace.refresh() {
                known.insert(published.uri.as_str().to_owned(), published.diagnostics);
            }
            known.clone()
        };
        follow(&mut workspace);
        for edit in edits {
            let text = if edit.in_parts { &mut parts } else { &mut net };
            let start = boundary(text, (edit.start * text.len() as f64) as usize);
            let end = boundary(text, start + edit.len);
            let range = Range::new(position_of(text, start), position_of(text, end));
            let piece = PIECES[edit.piece].to_owned();
            text.replace_range(start..end, &piece);
            let uri = uri(if edit.in_parts { "/parts.snn" } else { "/net.snn" });
            let change = TextDocumentContentChangeEvent { range: Some(range), range_length: None, text: piece };
            workspace.change(&uri, 1, vec![change]);
            let incremental = follow(&mut workspace);
            let mut anew = fresh(&net, &parts);
            for published in anew.refresh() {
                let of_followed = &incremental[published.uri.as_str()];
                prop_assert_eq!(of_followed, &published.diagnostics, "{:?} {:?}", net, parts);
            }
            ask(&mut workspace, position_of(&net, boundary(&net, start)));
        }
    }
}

/// As [`position`], with `\r` alone as the end of a line.
fn position_of(text: &str, offset: usize) -> Position {
    if !text.contains('\r') {
        return position(text, offset);
    }
    let bytes = text.as_bytes();
    let ends = |at: &usize| bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    let line_ends: Vec<usize> = (0..offset).filter(ends).collect();
    let start = line_ends.last().map_or(0, |end| end + 1);
    Position::new(line_ends.len() as u32, text[start..offset].encode_utf16().count() as u32)
}
