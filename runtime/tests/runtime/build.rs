//! Builders of small graphs for tests.

use synnet_ir::Graph;
use synnet_ir::graph::*;

/// Builds a graph layer by layer.
pub(crate) struct Net(pub(crate) Graph);

pub(crate) fn parameter(values: &[f64], learn: bool) -> Parameter {
    Parameter { values: values.to_vec(), learn, span: Default::default() }
}

pub(crate) fn tau(values: &[f64]) -> Leak {
    Leak { unit: LeakUnit::TimeConstant, parameter: parameter(values, false) }
}

/// A neuron with one synapse, time constants of 5 steps of 1 ms, and threshold 1.
pub(crate) fn lif() -> Lif {
    Lif {
        synapses: 1,
        mem: Some(tau(&[5e-3])),
        syn: Some(tau(&[5e-3])),
        threshold: Parameter::uniform(1.0),
        bias: Parameter::uniform(0.0),
        noise_std: 0.0,
        reset: Reset::Subtract,
        max_spikes: 31,
        surrogate: Surrogate { kind: SurrogateKind::PeriodicExponential, window: 0.5 },
        adaptation: None,
        spans: LifSpans::default(),
    }
}

pub(crate) fn linear() -> Operator {
    let init = Init { distribution: Distribution::Uniform { low: -0.8, high: 1.0 }, scale: vec![1.0] };
    Operator::from(Linear { learn: true, init, bias: None })
}

pub(crate) fn linear_with_bias() -> Operator {
    let init = Init { distribution: Distribution::Normal { mean: 0.0, std: 0.3 }, scale: vec![1.0] };
    let bias = LinearBias { learn: true, init: init.clone() };
    Operator::from(Linear { learn: true, init, bias: Some(bias) })
}

pub(crate) fn layer(i: u32) -> Endpoint {
    Endpoint::Layer(LayerId(i))
}

impl Net {
    pub(crate) fn new(channels: usize) -> Self {
        let span = Default::default();
        Self(Graph {
            name: "Test".into(),
            docs: vec![],
            dt: 1e-3,
            input: Input { name: "input".into(), channels, docs: vec![], span },
            layers: vec![],
            connections: vec![],
            output: Output { layer: LayerId(0), quantity: Quantity::Spikes, span },
            span,
        })
    }

    /// Adds a layer `l0`, `l1`, ..., which becomes the output.
    pub(crate) fn layer(mut self, size: usize, neuron: Neuron, quantity: Quantity) -> Self {
        let name = format!("l{}", self.0.layers.len());
        self.0.output =
            Output { layer: LayerId(self.0.layers.len() as u32), quantity, span: Default::default() };
        let (span, name_span) = Default::default();
        self.0.layers.push(Layer { name, size, neuron, docs: vec![], span, name_span });
        self
    }

    pub(crate) fn connect(
        mut self,
        sources: &[Endpoint],
        target: u32,
        delay: u32,
        operator: Operator,
    ) -> Self {
        self.0.connections.push(Connection {
            name: format!("c{}", self.0.connections.len()),
            sources: sources.to_vec(),
            target: LayerId(target),
            delay,
            dropout: 0.0,
            operator,
            docs: [].into(),
            span: Default::default(),
        });
        self
    }

    pub(crate) fn dropout(mut self, probability: f64) -> Self {
        self.0.connections.last_mut().unwrap().dropout = probability;
        self
    }
}
