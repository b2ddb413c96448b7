//! What holds for every text: no stage panics, and formatting changes nothing but the layout.

use proptest::prelude::*;
use synnet_dsl::{CompileOptions, NoImports, compile, format};
use synnet_ir::{Sources, render, to_yaml};

/// Compiles and renders; the graph as YAML, where there is one.
fn graph(text: &str) -> Option<String> {
    let mut sources = Sources::new();
    let root = sources.add("net.snn", text);
    let result = compile(&mut sources, root, &CompileOptions::default(), &mut NoImports);
    render(&result.diagnostics, &sources, false);
    result.graph.map(|graph| to_yaml(&graph))
}

/// The signs of a text without blanks and commas, which formatting may change.
fn signs(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != ',').collect()
}

const SEEDS: [&str; 5] = [
    include_str!("../../tests/networks/language.snn"),
    include_str!("format/formatting.snn"),
    include_str!("../../tests/networks/synnet_all_parameters.snn"),
    include_str!("../std/synnet.snn"),
    include_str!("../std/wavesense.snn"),
];

const PIECES: [&str; 60] = [
    "(", ")", "[", "]", "{", "}", ";", ":", "::", ",", "->", "..", "+", "-", "!", "=", "==", "\"", "//",
    "/*", "*/", "///", "\n", " ", "for", "if", "else", "let", "layer", "network", "use", "learn", "linear",
    "dt", "10 ms", "0", "h", "é", "1e999", "'", "#", "→", "µ", "**", "^", "%", "and", "not", "then", "?",
    "|", "<", ">", ".", "...", "===", "in", "1,5", "while", "“",
];

/// A text with pieces of it removed, doubled, or replaced by others.
fn mutated() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0..12_usize, 0..PIECES.len() + 1);
    (0..SEEDS.len(), prop::collection::vec(edit, 0..6)).prop_map(|(seed, edits)| {
        let mut text: Vec<char> = SEEDS[seed].chars().collect();
        for (at, removed, piece) in edits {
            let at = at.index(text.len());
            let end = (at + removed).min(text.len());
            let piece: Vec<char> = PIECES.get(piece).map_or(Vec::new(), |piece| piece.chars().collect());
            text.splice(at..end, piece);
            if text.is_empty() {
                text.push(' ');
            }
        }
        text.into_iter().collect()
    })
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("n".to_owned()),
        Just("2 ms".to_owned()),
        Just("true".to_owned()),
        (0..9_u8).prop_map(|n| n.to_string()),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let operators = prop::sample::select(vec!["+", "-", "*", "/", "==", "<", "&&", "..", "%"]);
        prop_oneof![
            (inner.clone(), operators, inner.clone()).prop_map(|(a, op, b)| format!("{a} {op}{b}")),
            inner.clone().prop_map(|a| format!("( -{a} )")),
            inner.clone().prop_map(|a| format!("!{a}")),
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(" ,"))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a} for i in {b}]")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("if {a}{{{b}}}else {{ {c} }}")),
            prop::collection::vec(inner.clone(), 1..4)
                .prop_map(|items| format!("max({}, )", items.join(","))),
            (inner.clone(), inner).prop_map(|(a, b)| format!("{a}[{b}] // why\n")),
        ]
    })
}

/// A network of generated expressions with comments and blanks in odd places.
fn program() -> impl Strategy<Value = String> {
    let statement = (expression(), 0..6_usize).prop_map(|(value, kind)| match kind {
        0 => format!("let x = {value};"),
        1 => format!("layer /* in */ a : lif({value}){{tau_mem:{value},}}; // behind\n"),
        2 => format!("for i in {value} {{ let y={value}; // one\n\n\n /* two */ }}"),
        3 => format!("if {value} {{ }} // between\n else if {value} {{ a->dropout({value})->b; }} else {{ /* nothing */ }}"),
        4 => format!("/// documented\n a + b -> linear {{ scale : {value} }} -> c -> linear {{ scale : {value} }} -> d;"),
        _ => format!("assert({value}, \"text\",);\n\n\n"),
    });
    prop::collection::vec(statement, 0..6)
        .prop_map(|statements| format!("network N(n = 4, ) {{ {} }}", statements.join(" ")))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn no_mutated_source_panics(text in mutated()) {
        graph(&text);
        if let Ok(formatted) = format(&text) {
            prop_assert_eq!(signs(&formatted), signs(&text));
            let again = format(&formatted);
            prop_assert_eq!(again.as_deref(), Ok(formatted.as_str()));
            prop_assert_eq!(graph(&formatted), graph(&text));
        }
    }

    #[test]
    fn no_character_sequence_panics(text in "\\PC{0,200}") {
        graph(&text);
        let _ = format(&text);
    }

    #[test]
    fn formatting_is_idempotent_on_generated_networks(text in program()) {
        graph(&text);
        let formatted = format(&text).unwrap_or_else(|errors| panic!("{}: {text}", errors[0].message));
        prop_assert_eq!(signs(&formatted), signs(&text));
        let again = format(&formatted);
        prop_assert_eq!(again.as_deref(), Ok(formatted.as_str()));
    }
}

#[test]
fn excessive_depth_and_size_are_rejected() {
    for text in [
        "(".repeat(100_000),
        "/*".repeat(100_000),
        format!("network N {{ let x = {}1; }}", "-".repeat(100_000)),
        format!("network N {{ let x = 1{}; }}", " + 1".repeat(100_000)),
        format!("network N {{ let x = a{}; }}", "[0]".repeat(50_000)),
        format!("network N {{ let x = {}1; }}", "if true { 1 } else ".repeat(10_000)),
        "network N { ".to_owned() + &"for i in 0..9 { ".repeat(60),
        "network N { ".to_owned() + &"for i in 0..9999 { ".repeat(60) + &"}".repeat(61),
        "network N { let x = ".to_owned() + &"[if ".repeat(60),
        "network N { dt: 1 ms; for i in 0..1000000 { layer h[i]: lif(1000) { tau_mem: 2 ms, tau_syn: 2 ms }; } }".to_owned(),
        "network N { dt: 1 ms; input a: 1000000; layer h: lif(1000000) { tau_mem: 2 ms, tau_syn: geometric(2 ms, 9) }; a -> linear -> h; output h; }".to_owned(),
        "network N { let a = [0 for i in 0..100000]; let b = [a for i in 0..100000]; let c = b * 2; }".to_owned(),
        "}".repeat(10_000),
        "network N { a b c; ".repeat(1_000),
        "x; ".repeat(20_000),
        format!("network N {{ {}}}", "x y; ".repeat(20_000)),
    ] {
        assert_eq!(graph(&text), None);
    }
}
