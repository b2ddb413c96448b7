//! Networks for tests: of the reference cases, and random ones.

use std::collections::BTreeMap;

use synnet_ir::graph::{
    Connection, Distribution, Endpoint, Init, Input, Layer, LayerId, Leak, LeakUnit, Lif, LifSpans, Linear,
    Neuron, Operator, Output, Parameter, Quantity, Reset, Surrogate, SurrogateKind,
};
use synnet_ir::{Graph, Network, Params, SourceId, Span, Tensor};

use super::Array;

/// A span that a test can recognize: the `n`-th line of a text.
pub(crate) fn line(n: usize) -> Span {
    Span::new(SourceId(0), 100 * n, 100 * n + 10)
}

pub(crate) fn parameter(values: &[f64]) -> Parameter {
    Parameter { values: values.to_vec(), learn: false, span: Span::default() }
}

pub(crate) fn taus(values: &[f64]) -> Leak {
    Leak { unit: LeakUnit::TimeConstant, parameter: parameter(values) }
}

pub(crate) fn lif(tau_mem: &[f64], tau_syn: &[f64], max_spikes: u32) -> Lif {
    Lif {
        synapses: 1,
        mem: Some(taus(tau_mem)),
        syn: Some(taus(tau_syn)),
        threshold: Parameter::uniform(1.0),
        bias: Parameter::uniform(0.0),
        noise_std: 0.0,
        reset: Reset::Subtract,
        max_spikes,
        surrogate: Surrogate { kind: SurrogateKind::PeriodicExponential, window: 0.5 },
        adaptation: None,
        spans: LifSpans::default(),
    }
}

pub(crate) fn layer(name: &str, size: usize, lif: Lif, span: Span) -> Layer {
    Layer { name: name.into(), size, neuron: Neuron::Lif(lif), docs: Vec::new(), span, name_span: span }
}

/// A graph without connections, whose last layer is the output.
pub(crate) fn graph(dt: f64, channels: usize, layers: Vec<Layer>) -> Graph {
    let output = LayerId(layers.len() as u32 - 1);
    Graph {
        name: "test".into(),
        docs: Vec::new(),
        dt,
        input: Input { name: "in".into(), channels, docs: Vec::new(), span: line(0) },
        layers,
        connections: Vec::new(),
        output: Output { layer: output, quantity: Quantity::Spikes, span: line(90) },
        span: line(99),
    }
}

/// Adds a connection with weights.
pub(crate) fn connect(graph: &mut Graph, source: Endpoint, target: u32) {
    let name = |endpoint| match endpoint {
        Endpoint::Input => graph.input.name.clone(),
        Endpoint::Layer(id) => graph.layer(id).name.clone(),
    };
    let target = LayerId(target);
    let name = format!("{}->{}", name(source), graph.layer(target).name);
    let init = Init { distribution: Distribution::Constant(0.0), scale: vec![1.0] };
    let span = line(50 + graph.connections.len());
    let operator = Operator::from(Linear { learn: true, init, bias: None });
    graph.connections.push(Connection {
        name,
        sources: vec![source],
        target,
        delay: 0,
        dropout: 0.0,
        operator,
        docs: [].into(),
        span,
    });
}

pub(crate) fn from_layer(id: u32) -> Endpoint {
    Endpoint::Layer(LayerId(id))
}

/// A chain of layers: input to the first, each to the next.
pub(crate) fn chain(dt: f64, channels: usize, layers: Vec<Layer>) -> Graph {
    let count = layers.len() as u32;
    let mut graph = graph(dt, channels, layers);
    connect(&mut graph, Endpoint::Input, 0);
    for target in 1..count {
        connect(&mut graph, from_layer(target - 1), target);
    }
    graph
}

/// Joins a graph with the weights of each connection that has some, row-major.
pub(crate) fn bind(graph: &Graph, weights: &[Vec<f32>]) -> Network {
    let weighted = graph.connections.iter().filter(|connection| connection.as_linear().is_some());
    let tensors = weighted.zip(weights).map(|(connection, data)| {
        let shape = vec![graph.source_width(connection), graph.layer(connection.target).input_columns()];
        (connection.weight_name(), Tensor::new(shape, data.clone()))
    });
    Network::bind(graph, &Params { tensors: tensors.collect() }).unwrap()
}

/// The network of a `map_*` case.
pub(crate) fn of_case(case: &BTreeMap<String, Array>) -> Network {
    let dt = case["dt"].data[0];
    let count = (0..).take_while(|i| case.contains_key(&format!("layer{i}_weight"))).count();
    let get = |i: usize, what: &str| case.get(&format!("layer{i}_{what}"));
    let layers = (0..count).map(|i| {
        let values = |what| get(i, what).unwrap().data.clone();
        let threshold = values("threshold");
        let neuron = Lif {
            synapses: values("tau_syn").len() / threshold.len(),
            threshold: parameter(&threshold),
            bias: parameter(&values("bias")),
            ..lif(&values("tau_mem"), &values("tau_syn"), if i + 1 == count { 1 } else { 31 })
        };
        layer(&format!("l{i}"), threshold.len(), neuron, line(i + 1))
    });
    let mut graph = chain(dt, get(0, "weight").unwrap().shape[0], layers.collect());
    let floats = |array: &Array| array.data.iter().map(|&x| x as f32).collect();
    let mut weights: Vec<Vec<f32>> = (0..count).map(|i| floats(get(i, "weight").unwrap())).collect();
    for i in 0..count {
        if let Some(w_rec) = get(i, "w_rec") {
            connect(&mut graph, from_layer(i as u32), i as u32);
            weights.push(floats(w_rec));
        }
    }
    if get(count - 1, "threshold").unwrap().data[0] == 32767.0 {
        graph.output.quantity = Quantity::Vmem;
    }
    bind(&graph, &weights)
}
