//! Joining layers and what arrives at them to a network.

use std::collections::BTreeMap;
use std::sync::Arc;

use synnet_ir::graph::{
    Connection, Endpoint, ExpSyn, Input, Layer, LayerId, Linear, Neuron, Operator, Output, Quantity,
};
use synnet_ir::{Graph, Network, Params, Span, Tensor};

use super::flat::Flat;
use super::layers::ReadLayer;
use super::maps::{MAX_ELEMENTS, Map, Matrix, Term, Value};
use super::values::arriving;
use super::widths::Widths;
use crate::codes;
use crate::dialect::Rules;
use crate::nodes::{Draft, Readout};
use crate::report::{Report, listed};

/// Builds the network from the layers of neuron nodes.
pub(super) fn assemble(
    name: &str,
    flat: &Flat,
    widths: &Widths,
    layers: Vec<ReadLayer>,
    rules: &Rules,
    report: &mut Report,
) -> Option<Network> {
    let values = arriving(flat, rules, report)?;
    let mut plan = Plan::new(flat, layers);
    plan.add_output(&values[flat.output], widths.inputs[flat.output]);
    for i in 0..plan.targets.len() {
        let node = plan.targets[i].node;
        plan.split_terms(i, &values[node], widths);
    }
    let mut builder = Builder::new(name, flat, widths, rules, &plan);
    for target in &plan.sorted() {
        builder.connect(target, report);
    }
    builder.recurrent_last();
    builder.report_products(report);
    let Builder { graph, params, .. } = builder;
    if report.has_errors() {
        return None;
    }
    let mut found = synnet_ir::validate(&graph);
    found.retain(|diagnostic| diagnostic.is_error());
    match Network::bind(&graph, &params) {
        Ok(network) if !found.has_errors() => Some(network),
        bound => {
            found.extend(bound.err().into_iter().flatten());
            report.diagnostics.extend(found.into_iter().map(|mut diagnostic| {
                // There is no source text.
                diagnostic.span = None;
                diagnostic
            }));
            None
        }
    }
}

/// A layer with what arrives at it.
#[derive(Clone, Debug)]
struct Planned {
    /// Index of the node it stands for.
    node: usize,
    /// Place in the order of update: that of a node, and whether it comes after the node.
    position: (usize, bool),
    name: String,
    size: usize,
    /// The neuron; `None` for a layer that passes its input on.
    draft: Option<Draft>,
    value: Value,
}

/// All layers: neuron nodes, the output if it is no neuron, and relays for what one connection cannot carry.
struct Plan<'a> {
    flat: &'a Flat,
    targets: Vec<Planned>,
    /// Places of nodes in the order of update; the input's is 0.
    positions: BTreeMap<usize, usize>,
    output: (usize, Quantity),
}

impl<'a> Plan<'a> {
    fn new(flat: &'a Flat, layers: Vec<ReadLayer>) -> Self {
        let positions = layers.iter().map(|layer| (layer.node, layer.position)).collect();
        let planned = |layer: ReadLayer| Planned {
            node: layer.node,
            position: (layer.position, false),
            name: flat.nodes[layer.node].name.clone(),
            size: layer.size,
            draft: Some(layer.draft),
            value: Value::default(),
        };
        let targets = layers.into_iter().map(planned).collect();
        Self { flat, targets, positions, output: (0, Quantity::Spikes) }
    }

    /// Finds the layer whose quantity is the output, or adds one that collects what arrives there.
    fn add_output(&mut self, value: &Value, width: usize) {
        if let [Term { sources, delay: 0, map: Map::Identity, .. }] = &value.terms[..] {
            let layer = match sources[..] {
                [only] if value.constant.is_empty() => {
                    self.targets.iter().position(|target| target.node == only)
                }
                _ => None,
            };
            if let Some(layer) = layer {
                let quantity = match self.targets[layer].draft.as_ref().map(|draft| draft.readout) {
                    Some(Readout::Current) | None => Quantity::Isyn,
                    Some(Readout::Membrane) => Quantity::Vmem,
                    Some(Readout::Spikes) => Quantity::Spikes,
                };
                self.output = (self.targets[layer].node, quantity);
                return;
            }
        }
        let before: Vec<usize> = self.flat.nodes[self.flat.output].sources.clone();
        let name = match before[..] {
            [only] if only != self.flat.input && !self.flat.nodes[only].primitive.is_neuron() => {
                self.flat.nodes[only].name.clone()
            }
            _ => "readout".to_owned(),
        };
        self.targets.push(Planned {
            node: self.flat.output,
            position: (usize::MAX, false),
            name,
            size: width,
            draft: None,
            value: Value::default(),
        });
        self.output = (self.flat.output, Quantity::Isyn);
    }

    /// Sets what arrives at a layer. A connection has one delay, so what arrives from the same sources at another time goes
    /// through a layer of its own.
    fn split_terms(&mut self, i: usize, value: &Value, widths: &Widths) {
        let mut kept: Vec<Term> = Vec::new();
        for term in &value.terms {
            if !kept.iter().any(|other| other.sources == term.sources) {
                kept.push(term.clone());
                continue;
            }
            for &source in &term.sources {
                let relay = self.relay(source, term.delay, widths);
                kept.push(Term { sources: vec![relay], delay: 0, ..term.clone() });
            }
        }
        self.targets[i].value = Value { terms: kept, constant: value.constant.clone() };
    }

    /// Returns the layer that passes on what a source sent some steps ago, as an index beyond those of nodes.
    fn relay(&mut self, source: usize, delay: u32, widths: &Widths) -> usize {
        let name = format!("{}_{delay}", self.flat.nodes[source].name);
        if let Some(relay) = self.targets.iter().find(|target| target.draft.is_none() && target.name == name)
        {
            return relay.node;
        }
        let node = self.flat.nodes.len() + self.targets.len();
        let term = Term { sources: vec![source], delay, map: Map::Identity, through: Vec::new() };
        self.targets.push(Planned {
            node,
            position: (self.positions.get(&source).copied().unwrap_or(0), true),
            name,
            size: widths.outputs[source],
            draft: None,
            value: Value { terms: vec![term], constant: Vec::new() },
        });
        node
    }

    /// Returns the layers in the order of update.
    fn sorted(&self) -> Vec<Planned> {
        let mut sorted = self.targets.clone();
        sorted.sort_by_key(|target| target.position);
        sorted
    }
}

/// Builds graph and weights, layer by layer.
struct Builder<'a> {
    flat: &'a Flat,
    graph: Graph,
    params: Params,
    /// The layers by the index of their node.
    ids: BTreeMap<usize, LayerId>,
    /// Nodes that were multiplied with others, once for each product.
    products: Vec<String>,
}

impl<'a> Builder<'a> {
    fn new(name: &str, flat: &'a Flat, widths: &Widths, rules: &Rules, plan: &Plan<'a>) -> Self {
        let sorted = plan.sorted();
        let ids: BTreeMap<usize, LayerId> =
            sorted.iter().enumerate().map(|(i, target)| (target.node, LayerId(i as u32))).collect();
        let layers = sorted.iter().map(|target| Layer {
            name: target.name.clone(),
            size: target.size,
            neuron: target
                .draft
                .as_ref()
                .map_or(Neuron::ExpSyn(ExpSyn { syn: None }), |draft| draft.neuron.clone()),
            docs: target.draft.as_ref().map(|draft| draft.notes.clone()).unwrap_or_default(),
            span: Span::default(),
            name_span: Span::default(),
        });
        let mut docs = vec![format!("Read from NIR by the rules of {}.", rules.dialect.tool())];
        let is_spiking =
            |target: &Planned| target.draft.as_ref().is_some_and(|draft| draft.readout == Readout::Spikes);
        if !rules.dialect.spikes_at_threshold() && sorted.iter().any(is_spiking) {
            docs.push(
                "Neurons spike above the thresholds of the file; here, they spike at the next number."
                    .to_owned(),
            );
        }
        let input = Input {
            name: flat.nodes[flat.input].name.clone(),
            channels: widths.outputs[flat.input],
            docs: Vec::new(),
            span: Span::default(),
        };
        let (output, quantity) = plan.output;
        let output = Output { layer: ids[&output], quantity, span: Span::default() };
        let graph = Graph {
            name: name.to_owned(),
            docs,
            dt: rules.dt,
            input,
            layers: layers.collect(),
            connections: Vec::new(),
            output,
            span: Span::default(),
        };
        Self { flat, graph, params: Params::default(), ids, products: Vec::new() }
    }

    /// Moves recurrent connections behind the others, as people write them.
    fn recurrent_last(&mut self) {
        let graph = &self.graph;
        let is_recurrent = |connection: &Connection| {
            connection.sources.iter().any(|&source| graph.is_recurrent(source, connection.target))
        };
        let (recurrent, forward): (Vec<_>, Vec<_>) =
            graph.connections.iter().cloned().partition(is_recurrent);
        self.graph.connections = forward.into_iter().chain(recurrent).collect();
    }

    /// Adds the connections into a layer.
    fn connect(&mut self, planned: &Planned, report: &mut Report) {
        let target = self.ids[&planned.node];
        let gain = planned.draft.as_ref().map_or(&[1.0][..], |draft| &draft.gain);
        let at = |list: &[f64], i: usize| if list.len() == 1 { list[0] } else { list[i] };
        let own = planned.draft.as_ref().map_or(&[][..], |draft| &draft.constant);
        let mut constant: Vec<f64> =
            planned.value.constant.iter().enumerate().map(|(i, c)| c * at(gain, i)).collect();
        if !own.is_empty() {
            constant.resize(planned.size, 0.0);
            constant.iter_mut().enumerate().for_each(|(i, c)| *c += at(own, i));
        }
        let mut terms = planned.value.terms.clone();
        for term in &mut terms {
            if !gain.iter().all(|gain| (gain - 1.0).abs() < 1e-6) {
                let len = if gain.len() == 1 { 1 } else { planned.size };
                term.map.scale_rows(|i| at(gain, i), len);
            }
            if let Map::Diagonal(factors) = &term.map
                && factors.iter().all(|factor| (factor - 1.0).abs() < 1e-6)
            {
                term.map = Map::Identity;
            }
        }
        // Biases belong to a matrix.
        let with_bias = (!constant.is_empty())
            .then(|| terms.iter().position(|term| matches!(term.map, Map::Dense(_))).unwrap_or(0));
        if with_bias.is_some() && terms.is_empty() {
            let message = format!("node `{}` has biases, but no input", planned.name);
            report.error(&codes::EDGE, message, "add an edge from the input");
            return;
        }
        for (i, term) in terms.iter().enumerate() {
            let bias = (with_bias == Some(i)).then_some(&constant[..]);
            self.connection(planned, target, term, bias, report);
        }
    }

    fn connection(
        &mut self,
        planned: &Planned,
        target: LayerId,
        term: &Term,
        bias: Option<&[f64]>,
        report: &mut Report,
    ) {
        let endpoint = |node: &usize| self.ids.get(node).map_or(Endpoint::Input, |id| Endpoint::Layer(*id));
        let sources: Vec<Endpoint> = term.sources.iter().map(endpoint).collect();
        let name = self.graph.connection_name(&sources, target);
        let operator = if term.map == Map::Identity && bias.is_none() {
            Operator::Identity
        } else {
            let Ok(matrix) = term.map.dense(planned.size) else {
                let message = format!(
                    "the lines into node `{}` need a matrix with more than {MAX_ELEMENTS} weights",
                    planned.name
                );
                report.error(&codes::TOO_LARGE, message, "use smaller layers");
                return;
            };
            self.params.tensors.insert(format!("{name}.weight"), transposed(&matrix));
            if let Some(bias) = bias {
                let values = bias.iter().map(|&bias| bias as f32).collect();
                self.params.tensors.insert(format!("{name}.bias"), Tensor::new([bias.len()], values));
            }
            let layer = self.graph.layer(target);
            Operator::Linear(Arc::new(Linear::with_default_init(
                matrix.columns,
                layer,
                self.graph.dt,
                bias.is_some(),
            )))
        };
        let through: Vec<&str> =
            term.through.iter().map(|&node| self.flat.nodes[node].name.as_str()).collect();
        let docs = match through[..] {
            [] | [_] => Vec::new(),
            _ => {
                let text = listed(through.iter().copied());
                self.products.push(text.clone());
                vec![format!("The product of {text}.")]
            }
        };
        let delay = term.delay;
        self.graph.connections.push(Connection {
            name,
            sources,
            target,
            delay,
            dropout: 0.0,
            operator,
            docs: docs.into(),
            span: Span::default(),
        });
    }

    /// Warns about chains of nodes that became one matrix.
    fn report_products(&self, report: &mut Report) {
        for product in &self.products {
            let message = format!("several nodes become one matrix: {product}");
            report.warning(&codes::FOLDED, message, "a connection has one matrix");
        }
    }
}

/// Returns a matrix with one row per source.
fn transposed(matrix: &Matrix) -> Tensor {
    let mut data = Vec::with_capacity(matrix.values.len());
    for column in 0..matrix.columns {
        data.extend((0..matrix.rows).map(|row| matrix.values[row * matrix.columns + column] as f32));
    }
    Tensor::new([matrix.columns, matrix.rows], data)
}
