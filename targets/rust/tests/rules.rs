//! Design rules speak of integer code if the target is `rust-int`, which runs on no chip.

mod support;

use std::collections::BTreeSet;

use support::Random;
use support::networks::{IN, bind, connect, corpus, from, graph, layer, lif};
use synnet_ir::graph::{Layer, Lif, Neuron, Quantity};
use synnet_ir::{Diagnostics, Graph};
use synnet_rust::quantized::{check, quantize};
use synnet_xylo::quantize::{LayerRange, Method, Ranges};
use synnet_xylo::{codes, quantize::QuantizeOptions};

/// Rules that integer code cannot break: it has no limit of fan-out, and networks have biases and no aliases.
const NOT_OF_INTEGER_CODE: [&str; 4] = ["X0106", "X0107", "X0109", "X0110"];
/// Reported only if the compiler itself is wrong.
const INTERNAL: [&str; 2] = ["X0404", "X0405"];

fn neurons(name: &str, size: usize, change: impl FnOnce(&mut Lif)) -> Layer {
    let mut lif = lif();
    change(&mut lif);
    layer(name, size, Neuron::Lif(lif))
}

/// A chain of layers.
fn chain(channels: usize, layers: Vec<Layer>) -> Graph {
    let last = layers.len() as u32 - 1;
    let mut graph = graph("Chain", channels, layers, (last, Quantity::Spikes));
    connect(&mut graph, &[IN], 0);
    for i in 0..last {
        connect(&mut graph, &[from(i)], i + 1);
    }
    graph
}

/// Networks that break every rule that integer code has.
fn findings() -> Diagnostics {
    let plain = |_: &mut Lif| {};
    let mut found = check(&chain(5000, vec![neurons("h", 5000, plain), neurons("out", 5000, plain)]));
    found.extend(check(&chain(1, vec![neurons("out", 1, plain)])));
    found.extend(check(&corpus("everything_generated")));
    found.extend(check(&corpus("noise")));
    // A threshold out of reach, and one that is small compared with the weights.
    let thresholds = [1e9, 0.02];
    for (threshold, method) in thresholds.into_iter().zip([Method::Channel, Method::RockpoolChannel]) {
        let hidden = neurons("h", 2, |lif| lif.threshold.values = vec![threshold]);
        let network = bind(&chain(2, vec![hidden, neurons("out", 1, plain)]), &mut Random(1));
        for method in [Method::Channel, method] {
            let options = QuantizeOptions::new().with_method(method);
            found.extend(quantize(&network, &options).map_or_else(|found| found, |built| built.warnings));
        }
    }
    // States of a layer that diverges.
    let network = bind(&chain(2, vec![neurons("h", 2, plain), neurons("out", 1, plain)]), &mut Random(1));
    let range =
        |neurons: usize, vmem: f64| LayerRange { vmem: vec![vmem; neurons], isyn: vec![0.1; neurons] };
    let ranges = Ranges { layers: vec![range(2, 1e4), range(1, 1.0)] };
    let built = quantize(&network, &QuantizeOptions::new().with_ranges(ranges));
    found.extend(built.map_or_else(|found| found, |built| built.warnings));
    found
}

#[test]
fn no_message_speaks_of_a_chip() {
    let found = findings();
    for finding in &found {
        let texts = [&finding.message, &finding.label].into_iter();
        let notes = finding.notes.iter().map(|(_, note)| note);
        for text in texts.chain(notes).chain(&finding.help) {
            assert!(!text.contains("chip") && !text.contains("Xylo"), "{}: {text}", finding.code.id);
        }
    }
    let reported: BTreeSet<&str> = found.iter().map(|finding| finding.code.id).collect();
    for code in codes::CODES {
        let possible = !NOT_OF_INTEGER_CODE.contains(&code.id) && !INTERNAL.contains(&code.id);
        assert_eq!(reported.contains(code.id), possible, "{}", code.id);
        // The title is what `snnc explain` and editors show first.
        assert!(!possible || !code.title.contains("chip"), "{}: {}", code.id, code.title);
        let explained = code.explanation.contains("nteger code") || code.id >= "X0401";
        assert!(!possible || explained, "{} does not mention integer code", code.id);
    }
}
