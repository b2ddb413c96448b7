//! The time from a keystroke to its diagnostics.
//!
//! `cargo bench -p synnet-lsp` prints a table in Markdown: for each file, the median and the maximum over keystrokes at
//! different places. A keystroke inserts a digit or removes it again; then the file is checked. The next columns are
//! keystrokes after which the file has a syntax error, and brackets, braces and quotes without their partners; the last
//! one is the inlay hints of a screen.
#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::time::Instant;

use lsp_types::{Position, Range, TextDocumentContentChangeEvent, Uri};
use synnet_lsp::{Encoding, NoEnvironment, Workspace};

/// Keystrokes per file.
const KEYSTROKES: u32 = 40;

fn main() {
    println!("| file | lines | keystroke | maximum | `=` | `(` | `{{` | `}}` | `\"` | inlay hints |");
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let looped = "network Net {\n    dt: 1 ms;\n    input x: 16;\n    layer h[0]: lif(16) { tau_mem: 20 ms, tau_syn: 20 ms };\n    x -> linear -> h[0];\n    for i in 1..10000 {\n        layer h[i]: lif(16) { tau_mem: 20 ms, tau_syn: 20 ms };\n        h[i - 1] -> linear -> h[i];\n    }\n    output h[9999].spikes;\n}\n";
    measure("330 layers", &layers(330));
    measure("10,000 layers in a loop", looped);
    measure("10,000 layers, one by one", &layers(10_000));
}

/// Returns a network whose layers are written one by one, with comments.
fn layers(count: usize) -> String {
    let mut text = String::from("network Net {\n    dt: 1 ms;\n    input x: 16;\n");
    let mut before = "x".to_owned();
    for i in 0..count {
        text += &format!(
            "    // The layer of number {i}.\n    layer h{i}: lif(16) {{ tau_mem: 20 ms, tau_syn: 20 ms }};\n"
        );
        text += &format!("    {before} -> linear -> h{i};\n");
        before = format!("h{i}");
    }
    text + &format!("    output {before}.spikes;\n}}\n")
}

fn measure(name: &str, text: &str) {
    let uri: Uri = "file:///bench.snn".parse().expect("it is a URI");
    let mut workspace = Workspace::new(Box::new(NoEnvironment), Encoding::Utf16);
    workspace.open(&uri, 0, text.to_owned());
    let found = workspace.refresh();
    assert!(found[0].diagnostics.is_empty(), "{:?}", found[0].diagnostics.first());
    // Sizes of layers, at which digits can be typed.
    let places: Vec<Position> = text
        .lines()
        .enumerate()
        .filter_map(|(line, text)| {
            let column = text.find("tau_syn: 20")? + "tau_syn: 2".len();
            Some(Position::new(line as u32, column as u32))
        })
        .collect();
    let mut edit = |at: Position, remove: u32, insert: &str| {
        let start = Instant::now();
        let range = Some(Range::new(at, Position::new(at.line, at.character + remove)));
        let change = TextDocumentContentChangeEvent { range, range_length: None, text: insert.to_owned() };
        workspace.change(&uri, 1, vec![change]);
        let published = workspace.refresh();
        assert_eq!(published.len(), 1);
        start.elapsed().as_secs_f64()
    };
    let mut times: Vec<f64> = (0..KEYSTROKES / 2)
        .flat_map(|i| {
            let at = places[(i as usize * 7919) % places.len()];
            [edit(at, 0, "1"), edit(at, 1, "")]
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let at = places[places.len() / 2];
    let errors = ["=", "(", "{", "}", "\""].map(|error| {
        // The first error of a source costs a look at all of its braces; the second is that of somebody who types on.
        edit(at, 0, error);
        let time = edit(at, 0, error);
        edit(at, 2, "");
        time
    });
    let start = Instant::now();
    let screen = Range::new(Position::new(at.line, 0), Position::new(at.line + 60, 0));
    workspace.inlay_hints(&uri, screen);
    let hints = start.elapsed().as_secs_f64();
    let ms = |seconds: f64| format!("{:.1} ms", 1e3 * seconds);
    println!(
        "| {name} | {} | {} | {} | {} | {} |",
        text.lines().count(),
        ms(times[times.len() / 2]),
        ms(times[times.len() - 1]),
        errors.map(ms).join(" | "),
        ms(hints)
    );
}
