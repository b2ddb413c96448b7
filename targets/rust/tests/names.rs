//! Whatever a network, its layers and its comments are called, generated code compiles without warnings.

mod support;

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use support::{Random, networks, rustc};
use synnet_ir::Graph;
use synnet_ir::graph::Quantity;
use synnet_rust::{Module, Numbers, RustOptions, generate, generate_without_weights};
use synnet_xylo::quantize::QuantizeOptions;

/// Names that Rust uses for something else.
#[rustfmt::skip]
const NAMES: [&str; 92] = [
    "Bool", "Char", "Str", "I8", "I16", "I32", "I64", "I128", "Isize", "U8", "U16", "U32", "U64", "U128", "Usize", "F16",
    "F32", "F64", "F128", "Never", "Unit", "Array", "Slice", "Core", "Std", "Alloc", "Test", "ProcMacro", "Clippy",
    "Rustfmt", "Rustdoc", "Diagnostic", "Miri", "RustAnalyzer", "Self", "Crate", "Super", "Type", "Fn", "Dyn", "Async",
    "Await", "Gen", "Union", "Auto", "Try", "Yield", "Macro", "MacroRules", "Raw", "Safe", "Static", "Box", "Vec", "String",
    "Option", "Some", "None", "Result", "Ok", "Err", "Default", "Clone", "Copy", "Debug", "Send", "Sync", "Sized", "Drop",
    "Eq", "Ord", "Hash", "From", "Into", "Iterator", "Extend", "Derive", "Inline", "Allow", "Doc", "Weights",
    "WeightsError", "DelayLine", "State", "Row", "Matrix", "New", "Step", "Run", "Reset", "Main", "__",
];

/// Comments that end early, inject code, or that the compiler refuses.
const COMMENTS: [&str; 12] = [
    "",
    " plain",
    "\r",
    "a\rb",
    "a\r\nb",
    "*/ compile_error!(\"a\"); /*",
    "\u{202e}evil",
    "\u{2066}x\u{2069}",
    "\0",
    "\"# \\",
    "\n#![deny(all)]",
    "\u{2028}\u{feff}\u{85}",
];

fn named(network: &str, layers: [&str; 2], comment: &str, random: &mut Random) -> Graph {
    let lif = || synnet_ir::graph::Neuron::Lif(networks::lif());
    let made = layers.map(|name| networks::layer(name, 2, lif()));
    let mut graph = networks::graph(network, 2, made.into(), (1, Quantity::Spikes));
    networks::connect(&mut graph, &[networks::IN], 0);
    networks::connect(&mut graph, &[networks::from(0)], 1).delay = random.below(2) as u32;
    let docs = vec![comment.to_owned()];
    graph.connections.iter_mut().for_each(|connection| connection.docs = docs.clone().into());
    graph.layers.iter_mut().for_each(|layer| layer.docs.clone_from(&docs));
    (graph.docs, graph.input.docs) = (docs.clone(), docs);
    graph
}

/// Returns the modules of a graph: with and without weights, and in integers if it has no delay.
fn modules(graph: &Graph, random: &mut Random) -> Vec<Module> {
    let network = networks::bind(graph, random);
    let options = RustOptions::default();
    let integers = options.clone().with_numbers(Numbers::Integer(QuantizeOptions::default()));
    let mut modules = vec![
        generate(&network, &options).expect("it is supported"),
        generate_without_weights(graph, &RustOptions::default()).expect("it is supported"),
    ];
    modules.extend(generate(&network, &integers).ok());
    modules
}

fn assert_compiles(test: &str, graphs: &[Graph], random: &mut Random) {
    let mut source = String::new();
    for (i, graph) in graphs.iter().enumerate() {
        for (k, module) in modules(graph, random).into_iter().enumerate() {
            let _ = writeln!(source, "pub mod case_{i}_{k} {{\n{}\n}}", module.source());
        }
    }
    let folder = rustc::folder(test);
    std::fs::write(folder.join("names.rs"), source).expect("the source is written");
    rustc::compile(&folder, "names", &["--crate-type", "lib", "--emit", "metadata"]);
}

#[test]
fn names_of_rust_compile() {
    let mut random = Random(1);
    let graphs: Vec<Graph> = (0..NAMES.len())
        .map(|i| {
            let layer = |k: usize| NAMES[(i + k) % NAMES.len()].to_lowercase();
            let layers = [layer(0), layer(7)];
            named(NAMES[i], layers.each_ref().map(String::as_str), COMMENTS[i % COMMENTS.len()], &mut random)
        })
        .collect();
    assert_compiles("names_of_rust", &graphs, &mut random);
}

#[test]
fn any_names_and_comments_compile() {
    let name = "[A-Za-z_][A-Za-z0-9_]{0,6}";
    let comment =
        prop_oneof![prop::sample::select(COMMENTS.to_vec()).prop_map(str::to_owned), any::<String>()];
    let strategy = prop::collection::vec((name, name, name, comment), 40);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut random = Random(2);
    let cases = strategy.new_tree(&mut runner).expect("the strategy has values").current();
    let graphs: Vec<Graph> = cases
        .iter()
        .filter(|(_, first, second, _)| first != second && first != "audio" && second != "audio")
        .map(|(network, first, second, comment)| named(network, [first, second], comment, &mut random))
        .collect();
    assert!(graphs.len() > 20);
    assert_compiles("any_names", &graphs, &mut random);
}
