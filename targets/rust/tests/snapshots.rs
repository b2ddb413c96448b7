//! Snapshots of generated code.

mod support;

use support::Random;
use support::networks::{self, IN, bind, connect, expsyn, from, lif};
use synnet_ir::Network;
use synnet_ir::graph::{Neuron, Quantity};
use synnet_rust::{Embedding, Numbers, RustOptions, generate, generate_without_weights};
use synnet_xylo::quantize::QuantizeOptions;

fn small() -> Network {
    let layers = vec![networks::layer("h0", 4, Neuron::Lif(lif())), networks::layer("out", 2, expsyn(20e-3))];
    let mut graph = networks::graph("Small", 3, layers, (1, Quantity::Isyn));
    graph.docs = vec![" As small as can be.".into()];
    connect(&mut graph, &[IN], 0);
    connect(&mut graph, &[from(0)], 1);
    bind(&graph, &mut Random(3))
}

fn include(name: &str) -> RustOptions {
    RustOptions::new().with_embedding(Embedding::Include(format!("{name}.weights")))
}

fn source(network: &Network, options: &RustOptions) -> String {
    generate(network, options).expect("it is supported").source()
}

#[test]
fn weights_in_a_file() {
    insta::assert_snapshot!(source(&small(), &include("small")));
}

#[test]
fn weights_in_the_source_under_another_name() {
    insta::assert_snapshot!(source(&small(), &RustOptions::new().with_name("tiny_net")));
}

#[test]
fn weights_at_run_time() {
    let module = generate_without_weights(&small().graph, &RustOptions::default()).expect("it is supported");
    insta::assert_snapshot!(module.source());
}

#[test]
fn keyword_spotter() {
    insta::assert_snapshot!(source(
        &bind(&networks::corpus("keyword_spotter"), &mut Random(1)),
        &include("kws")
    ));
}

#[test]
fn everything() {
    insta::assert_snapshot!(source(
        &bind(&networks::corpus("everything_generated"), &mut Random(1)),
        &include("everything")
    ));
}

/// The keyword spotter in integers.
#[test]
fn integers() {
    let network = networks::calibrated_spotter();
    let numbers = Numbers::Integer(QuantizeOptions::default());
    insta::assert_snapshot!(source(&network, &include("kws").with_numbers(numbers)));
}

/// A connection is dense if its source was measured to spike often, or emits a current.
#[test]
fn measured_rates_choose_how_connections_are_evaluated() {
    let rates = [("audio", 0.07), ("h0", 0.8)].map(|(name, rate)| (name.to_owned(), rate)).into();
    let text = source(&small(), &include("small").with_rates(rates));
    let lines = text.lines().map(str::trim);
    let shown: Vec<&str> = lines.filter(|line| line.contains("ows ") || line.contains("rows(&mut")).collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn the_same_network_gives_the_same_bytes() {
    let [first, second] = [(); 2].map(|()| {
        let module =
            generate(&bind(&networks::corpus("everything_generated"), &mut Random(1)), &include("x"))
                .expect("it is supported");
        (module.source(), module.weights)
    });
    assert_eq!(first, second);
}

/// Noise has no source in generated code; learned parameters are constants that need their weights.
#[test]
fn unsupported_features_are_rejected_with_a_span() {
    let mut network = small();
    if let Neuron::Lif(lif) = &mut network.graph.layers[0].neuron {
        lif.noise_std = 0.1;
        lif.threshold.learn = true;
    }
    let say = |diagnostics: synnet_ir::Diagnostics| -> Vec<String> {
        diagnostics
            .into_iter()
            .map(|d| format!("{}: {}; {}", d.code.id, d.message, d.help.unwrap_or_default()))
            .collect()
    };
    let bound = generate(&network, &RustOptions::default()).map(|_| ()).map_err(say);
    let bare = generate_without_weights(&network.graph, &RustOptions::default()).map(|_| ()).map_err(say);
    insta::assert_debug_snapshot!((bound, bare));
}
