//! The tree of modules of a file, by the names that Rockpool gives them.

use serde_json::{Map, Value, json};
use synnet_ir::Network;
use synnet_ir::graph::LayerId;

use super::layer::{dropout, linear, module, neurons};
use super::structure::{Item, Structure, feed, recurrent};

/// Returns the file of a network.
pub(super) fn tree(network: &Network, structure: &Structure) -> Value {
    match structure {
        Structure::SynNet => json!({ "seq": synnet(network) }),
        Structure::WaveSense(blocks) => wavesense(network, *blocks),
        Structure::Sequential(items) => Value::Object(numbered(network, items)),
    }
}

/// The modules of one layer; absent ones have no effect.
#[derive(Default)]
struct Parts {
    dropout: Option<Value>,
    linear: Option<Value>,
    neurons: Option<(&'static str, Value)>,
}

fn parts(network: &Network, id: LayerId) -> Parts {
    let graph = &network.graph;
    let weights = |i: usize| network.weights[i].as_ref();
    let own = recurrent(graph, id).and_then(|(i, _)| weights(i));
    let mut parts = Parts {
        neurons: neurons(graph.layer(id), graph.dt, own.map(|own| own.matrix.data.as_slice())),
        ..Parts::default()
    };
    if let Some((i, feed)) = feed(graph, id) {
        parts.dropout = (feed.dropout > 0.0).then(|| dropout(feed.dropout));
        parts.linear = weights(i).map(linear);
    }
    parts
}

/// Returns the modules of a `Sequential`, by place and class.
fn numbered(network: &Network, items: &[Item]) -> Map<String, Value> {
    let mut modules = Map::new();
    let mut add = |class: &str, module: Value| {
        modules.insert(format!("{}_{class}", modules.len()), module);
    };
    for item in items {
        match item {
            Item::Residual(inner) => add("TorchResidual", Value::Object(numbered(network, inner))),
            Item::Layer(id) => {
                let parts = parts(network, *id);
                if let Some(dropout) = parts.dropout {
                    add("TimeStepDropout", dropout);
                }
                if let Some(linear) = parts.linear {
                    add("LinearTorch", linear);
                }
                if let Some((class, neurons)) = parts.neurons {
                    add(class, neurons);
                }
            }
        }
    }
    modules
}

/// Returns the modules of a `SynNet`.
fn synnet(network: &Network) -> Map<String, Value> {
    let mut modules = Map::new();
    let last = network.graph.layers.len() - 1;
    for (id, _) in network.graph.layers_with_ids() {
        let stem = if id.index() == last { "out".to_owned() } else { id.0.to_string() };
        let parts = parts(network, id);
        let before = id.0.saturating_sub(1);
        modules.extend(parts.dropout.map(|module| (format!("{before}_dropout"), module)));
        modules.extend(parts.linear.map(|module| (format!("{stem}_linear"), module)));
        modules.extend(parts.neurons.map(|(_, module)| (format!("{stem}_neurons"), module)));
    }
    modules
}

/// Returns the modules of a `WaveSenseNet`. The residual path of the last block feeds nothing, and the network has none;
/// `net.load` leaves Rockpool's own as it is.
fn wavesense(network: &Network, blocks: usize) -> Value {
    let graph = &network.graph;
    let pair = |modules: &mut Map<String, Value>, name: &str, [linear, neurons]: [&str; 2]| {
        let found = graph.layers.iter().position(|layer| layer.name == name);
        let parts = found.map(|index| parts(network, LayerId(index as u32))).unwrap_or_default();
        modules.extend(parts.linear.map(|module| (linear.to_owned(), module)));
        modules.extend(parts.neurons.map(|(_, module)| (neurons.to_owned(), module)));
    };
    let Value::Object(mut root) = module(vec![("dt", json!(graph.dt))]) else { return Value::Null };
    pair(&mut root, "encoding", ["lin1", "spk1"]);
    for i in 0..blocks {
        let mut block = Map::from_iter([("neuron_model".to_owned(), Value::Null)]);
        pair(&mut block, &format!("dilated{i}"), ["lin1", "spk1"]);
        pair(&mut block, &format!("residual{i}"), ["lin2_res", "spk2_res"]);
        pair(&mut block, &format!("skip{i}"), ["lin2_skip", "spk2_skip"]);
        root.insert(format!("wave{i}"), Value::Object(block));
    }
    pair(&mut root, "hidden", ["hidden", "spk2"]);
    pair(&mut root, "out", ["readout", "spk_out"]);
    Value::Object(root)
}
