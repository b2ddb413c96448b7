//! From a graph to a tape, or to what of it cannot be trained.

use synnet_dsl::Feature;
use synnet_dsl::codes::UNSUPPORTED_FEATURE;
use synnet_dsl::diagnostic::Diagnostic;
use synnet_dsl::graph::{Connection, Endpoint, Graph, LayerId, Neuron, Operator, Quantity};
use synnet_dsl::network::Slot;

use super::{LearntTensors, LifOp, Op, Tape, Value, ValueId};

/// What training can do; all but noise on membranes. Of recurrence it can do a matrix from a
/// layer to itself.
pub(crate) const SUPPORTED: [Feature; 13] = [
    Feature::SeveralSynapses,
    Feature::NeuronBias,
    Feature::Adaptation,
    Feature::ExpSyn,
    Feature::Recurrence,
    Feature::Delay,
    Feature::SummedSources,
    Feature::Identity,
    Feature::LinearBias,
    Feature::VmemOutput,
    Feature::IsynOutput,
    Feature::LearnedParameter,
    Feature::LeakUnits,
];

impl Tape {
    /// Records a graph.
    ///
    /// # Errors
    /// Every place of the graph that training does not support.
    pub(crate) fn record(graph: &Graph) -> Result<Self, Vec<Diagnostic>> {
        let mut diagnostics = graph.unsupported("training", &SUPPORTED);
        diagnostics.extend(unsupported_recurrence(graph));
        diagnostics.extend(unsupported_output(graph));
        if !diagnostics.is_empty() {
            return Err(diagnostics);
        }
        Ok(Recorder::new(graph).record())
    }
}

/// Whether a connection leads from a layer to itself through a matrix and nothing else.
fn is_plain_recurrence(connection: &Connection) -> bool {
    connection.sources == [Endpoint::Layer(connection.target)]
        && connection.dropout == 0.0
        && connection.as_linear().is_some_and(|linear| linear.bias.is_none())
}

fn unsupported_recurrence(graph: &Graph) -> impl Iterator<Item = Diagnostic> {
    let spiking = |c: &Connection| graph.layer(c.target).as_lif().is_some();
    let recurrent =
        graph.connections.iter().filter(|c| c.sources.iter().any(|&s| graph.is_recurrent(s, c.target)));
    recurrent.filter(move |c| !is_plain_recurrence(c) || !spiking(c)).map(|c| {
        let message = format!(
            "training does not support the recurrent connection `{}`: of these it supports a matrix \
             without bias and dropout from a spiking layer to itself",
            c.name
        );
        Diagnostic::error(&UNSUPPORTED_FEATURE, c.span, message)
            .with_help("connect the layer to itself through `linear`, or remove the connection")
    })
}

fn unsupported_output(graph: &Graph) -> Option<Diagnostic> {
    let layer = graph.layer(graph.output.layer);
    let several = graph.output.quantity == Quantity::Isyn && layer.synapses() > 1;
    several.then(|| {
        let message = format!(
            "training does not support the currents of `{}`, which has several synapses, as output",
            layer.name
        );
        Diagnostic::error(&UNSUPPORTED_FEATURE, graph.output.span, message)
            .with_help("give the membrane or the spikes instead")
    })
}

struct Recorder<'a> {
    graph: &'a Graph,
    values: Vec<Value>,
    ops: Vec<Op>,
    learnt: LearntTensors,
    dropouts: u32,
}

impl<'a> Recorder<'a> {
    fn new(graph: &'a Graph) -> Self {
        let learnt = LearntTensors::new(graph);
        Self { graph, values: Vec::new(), ops: Vec::new(), learnt, dropouts: 0 }
    }

    fn value(&mut self, width: usize, differentiable: bool) -> ValueId {
        self.values.push(Value { width, differentiable });
        ValueId(self.values.len() - 1)
    }

    fn is_differentiable(&self, id: ValueId) -> bool {
        self.values[id.0].differentiable
    }

    fn learns(&self, slot: Slot) -> bool {
        self.learnt.index(slot).is_some()
    }

    fn record(mut self) -> Tape {
        let input = self.value(self.graph.input.channels, false);
        let mut layers: Vec<ValueId> = Vec::new();
        let mut output = input;
        for (id, _) in self.graph.layers_with_ids() {
            let columns = self.record_input(id.index(), input, &layers);
            let (emitted, given) = self.record_layer(id.index(), columns);
            layers.push(emitted);
            if id == self.graph.output.layer {
                output = given;
            }
        }
        Tape { values: self.values, ops: self.ops, input, output, layers, learnt: self.learnt }
    }

    /// The sum of the feed-forward connections into a layer.
    fn record_input(&mut self, layer: usize, input: ValueId, layers: &[ValueId]) -> ValueId {
        let graph = self.graph;
        let id = LayerId(layer as u32);
        // Whether something before it learns is known once all connections are recorded.
        let columns = self.value(graph.layers[layer].input_columns(), false);
        self.ops.push(Op::Zero { output: columns });
        let mut differentiable = false;
        for (i, connection) in graph.connections_into(id) {
            differentiable |= self.learns(Slot::Weight(i)) || self.learns(Slot::LinearBias(i));
            if is_plain_recurrence(connection) {
                continue;
            }
            let counts = self.record_counts(connection, input, layers);
            differentiable |= self.is_differentiable(counts);
            let op = match &connection.operator {
                Operator::Identity => Op::Add { input: counts, output: columns, delay: 0 },
                Operator::Linear(linear) => {
                    Op::Linear { input: counts, output: columns, connection: i, bias: linear.bias.is_some() }
                }
            };
            self.ops.push(op);
        }
        self.values[columns.0].differentiable = differentiable || self.learns_constants(layer);
        columns
    }

    fn learns_constants(&self, layer: usize) -> bool {
        self.learnt.slots().any(|slot| matches!(slot, Slot::Layer(id, _) if id.index() == layer))
    }

    /// The counts that a connection carries: its sources summed, delayed and dropped.
    fn record_counts(&mut self, connection: &Connection, input: ValueId, layers: &[ValueId]) -> ValueId {
        let sources: Vec<ValueId> = connection
            .sources
            .iter()
            .map(|source| match source {
                Endpoint::Input => input,
                Endpoint::Layer(id) => layers[id.index()],
            })
            .collect();
        let width = self.graph.source_width(connection);
        let delay = connection.delay as usize;
        let mut counts = match sources[..] {
            [source] if delay == 0 => source,
            _ => {
                let differentiable = sources.iter().any(|&s| self.is_differentiable(s));
                let sum = self.value(width, differentiable);
                self.ops.push(Op::Zero { output: sum });
                self.ops.extend(sources.iter().map(|&s| Op::Add { input: s, output: sum, delay }));
                sum
            }
        };
        if connection.dropout > 0.0 {
            let kept = self.value(width, self.is_differentiable(counts));
            let (probability, site) = (connection.dropout, self.dropouts);
            self.ops.push(Op::Dropout { input: counts, output: kept, probability, site });
            self.dropouts += 1;
            counts = kept;
        }
        counts
    }

    /// A layer: what it emits, and what the network gives if it is the output.
    fn record_layer(&mut self, layer: usize, input: ValueId) -> (ValueId, ValueId) {
        let graph = self.graph;
        let (size, columns) = (graph.layers[layer].size, graph.layers[layer].input_columns());
        let differentiable = self.is_differentiable(input);
        let Neuron::Lif(lif) = &graph.layers[layer].neuron else {
            let isyn = self.value(size, differentiable);
            self.ops.push(Op::ExpSyn { layer, input, isyn });
            return (isyn, isyn);
        };
        let id = LayerId(layer as u32);
        let gives = |quantity| graph.output.layer == id && graph.output.quantity == quantity;
        let learns = self.learns_constants(layer);
        let spikes = self.value(size, differentiable);
        let before_reset = self.value(size, false);
        let vmem = gives(Quantity::Vmem).then(|| self.value(size, differentiable));
        let isyn = gives(Quantity::Isyn);
        let isyn = (isyn || learns).then(|| self.value(columns, differentiable && isyn));
        let iahp = (learns && lif.adaptation.is_some()).then(|| self.value(size, false));
        let recurrent = graph
            .connections_into(id)
            .filter(|(_, c)| is_plain_recurrence(c))
            .map(|(i, c)| (i, (c.delay as usize).saturating_add(1)))
            .collect();
        self.ops.push(Op::Lif(LifOp { layer, input, spikes, before_reset, vmem, isyn, iahp, recurrent }));
        let given = match graph.output.quantity {
            Quantity::Spikes => Some(spikes),
            Quantity::Vmem => vmem,
            Quantity::Isyn => isyn,
        };
        (spikes, given.unwrap_or(spikes))
    }
}
