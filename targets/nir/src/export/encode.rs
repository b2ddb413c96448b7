//! Writing the nodes of a plan with their numbers.

use std::collections::BTreeMap;

use synnet_ir::graph::{Endpoint, LayerId, Leak, Lif, Neuron, Operator, Reset};
use synnet_ir::{Diagnostics, Graph, Network};

use super::ExportDialect;
use super::plan::{ConnectionPlan, Entry, Form, LayerPlan, Plan, decay, is_membrane_readout};
use super::rockpool;
use crate::metadata::NodeSettings;
use crate::model::{Nir, Node};
use crate::nodes::{Affine, CubaLi, CubaLif, Delay, I, If, Li, Scale, port};

/// Version of the `nir` package whose layout is written.
const VERSION: &str = "1.0.8";

/// Converts a network to a file without the metadata of the graph. Warns about connections that other tools will read as
/// slower.
pub(crate) fn encode(network: &Network, dialect: ExportDialect) -> Result<(Nir, Diagnostics), Diagnostics> {
    if dialect == ExportDialect::Rockpool {
        let errors = rockpool::check(&network.graph);
        if errors.has_errors() {
            return Err(errors);
        }
    }
    let plan = Plan::new(&network.graph, dialect);
    let mut encoder = Encoder::new(network, dialect, &plan);
    encoder.nodes();
    let none = vec![Vec::new(); network.graph.connections.len()];
    encoder.edges(&none);
    let (extra, warnings) = super::recover::missing_delays(&network.graph, &plan, &encoder.root);
    if extra.iter().any(|extra| !extra.is_empty()) {
        encoder.reset_edges();
        encoder.edges(&extra);
    }
    Ok((Nir { version: VERSION.to_owned(), root: encoder.root }, warnings))
}

struct Encoder<'a> {
    network: &'a Network,
    graph: &'a Graph,
    dialect: ExportDialect,
    plan: &'a Plan,
    root: Node,
    /// Number of nodes of layers and weights, before those of delays.
    fixed: usize,
}

impl<'a> Encoder<'a> {
    fn new(network: &'a Network, dialect: ExportDialect, plan: &'a Plan) -> Self {
        Self { network, graph: &network.graph, dialect, plan, root: Node::new(Node::GRAPH), fixed: 0 }
    }

    fn nodes(&mut self) {
        let graph = self.graph;
        self.add(&self.plan.input, port("Input", graph.input.channels));
        for (id, layer) in graph.layers_with_ids() {
            let plan = &self.plan.layers[id.index()];
            match &layer.neuron {
                Neuron::ExpSyn(expsyn) => {
                    let node = match &expsyn.syn {
                        Some(leak) => self.integrator(leak, layer.size, 1, 0),
                        None => Scale { factors: vec![1.0; layer.size] }.to_node(),
                    };
                    self.add(&plan.exit, node);
                }
                Neuron::Lif(lif) => self.lif(id, lif, plan),
            }
        }
        for (i, connection) in graph.connections.iter().enumerate() {
            let target = &self.plan.layers[connection.target.index()];
            for (synapse, piece) in self.plan.connections[i].pieces.iter().enumerate() {
                if let Some(name) =
                    piece.as_ref().filter(|_| self.recurrent_weights(connection.target) != Some(i))
                {
                    let node = self.weights(i, synapse, &target.entries[synapse]);
                    self.add(name, node);
                }
            }
        }
        self.add("output", port("Output", graph.outputs()));
        self.fixed = self.root.nodes.len();
    }

    fn add(&mut self, name: &str, node: Node) {
        self.root.nodes.push((name.to_owned(), node));
    }

    /// Returns `LI` for one of several states with a leak.
    fn integrator(&self, leak: &Leak, size: usize, synapses: usize, synapse: usize) -> Node {
        let column = |neuron: usize| neuron * synapses + synapse;
        let tau: Vec<f64> = (0..size).map(|neuron| self.tau(leak, column(neuron))).collect();
        let r = tau.iter().map(|tau| self.gain(*tau)).collect();
        Li { tau, r, v_leak: vec![0.0; size] }.to_node()
    }

    /// Returns the time constant of a state in the dialect.
    fn tau(&self, leak: &Leak, i: usize) -> f64 {
        match self.dialect {
            ExportDialect::Euler => self.graph.dt / (1.0 - decay(leak, i, self.graph.dt)),
            ExportDialect::Rockpool => leak.tau(i, self.graph.dt),
        }
    }

    /// Returns `r` of a state: with it, the input has the gain 1.
    fn gain(&self, tau: f64) -> f64 {
        match self.dialect {
            ExportDialect::Euler => tau / self.graph.dt,
            // From which Rockpool's importer computes the time step, as `tau / (1 + r)`.
            ExportDialect::Rockpool => tau / self.graph.dt - 1.0,
        }
    }

    fn lif(&mut self, id: LayerId, lif: &Lif, plan: &LayerPlan) {
        let size = self.graph.layer(id).size;
        let each = |f: &dyn Fn(usize) -> f64| (0..size).map(f).collect::<Vec<f64>>();
        let is_readout = is_membrane_readout(self.graph, id, lif);
        let v_threshold = each(&|i| self.threshold(lif.threshold.get(i)));
        let v_reset = (lif.reset == Reset::Zero).then(|| vec![0.0; size]);
        let mut node = match (&lif.mem, &lif.syn, plan.form) {
            (Some(mem), syn, form) => {
                let tau_mem = each(&|i| self.tau(mem, i));
                let r: Vec<f64> = tau_mem.iter().map(|tau| self.gain(*tau)).collect();
                let v_leak = each(&|i| self.leak_target(lif.bias.get(i), tau_mem[i]));
                match syn {
                    Some(syn) if form == Form::Cuba => {
                        let tau_syn = each(&|i| self.tau(syn, i));
                        let w_in = match self.dialect {
                            ExportDialect::Euler => tau_syn.iter().map(|tau| tau / self.graph.dt).collect(),
                            ExportDialect::Rockpool => vec![1.0; size],
                        };
                        let node =
                            CubaLif { tau_syn, tau_mem, r, v_leak, v_threshold, v_reset, w_in: Some(w_in) };
                        if is_readout { CubaLi(node).to_node() } else { node.to_node() }
                    }
                    _ if is_readout => Li { tau: tau_mem, r, v_leak }.to_node(),
                    _ => crate::nodes::Lif { tau: tau_mem, r, v_leak, v_threshold, v_reset }.to_node(),
                }
            }
            (None, ..) => {
                // The equation `v' = r I` adds `dt * r * I` per step.
                let r = vec![1.0 / self.graph.dt; size];
                if is_readout { I { r }.to_node() } else { If { r, v_threshold, v_reset }.to_node() }
            }
        };
        if !is_readout {
            NodeSettings { reset: Some(lif.reset), max_spikes: Some(lif.max_spikes) }.write(&mut node);
        }
        if let Some(own) = self.recurrent_weights(id) {
            node = rockpool::recurrent(node, self.weights(own, 0, &plan.entries[0]), size);
        }
        self.add(&plan.exit, node);
        self.parts(id, lif, plan);
    }

    /// Returns the connection of a layer to itself that becomes a part of its node.
    fn recurrent_weights(&self, id: LayerId) -> Option<usize> {
        if self.dialect != ExportDialect::Rockpool {
            return None;
        }
        let is_own = |connection: &synnet_ir::graph::Connection| {
            connection.target == id && rockpool::is_self_recurrent(connection)
        };
        self.graph.connections.iter().position(is_own)
    }

    /// Adds the nodes besides the membrane: synapses, after-hyperpolarization, bias.
    fn parts(&mut self, id: LayerId, lif: &Lif, plan: &LayerPlan) {
        let size = self.graph.layer(id).size;
        if let (Some(leak), Form::Membrane) = (&lif.syn, plan.form) {
            for (synapse, entry) in plan.entries.iter().enumerate() {
                let node = self.integrator(leak, size, lif.synapses, synapse);
                self.add(&entry.node, node);
            }
        }
        if let (Some(adaptation), Some([weight, current])) = (&lif.adaptation, &plan.ahp) {
            // A spike decays in its own step, like an input.
            let weights = (0..size).map(|i| f64::from(adaptation.w_ahp.get(i) as f32));
            let factors =
                weights.enumerate().map(|(i, w)| w * decay(&adaptation.leak, i, self.graph.dt)).collect();
            self.add(weight, Scale { factors }.to_node());
            let node = self.integrator(&adaptation.leak, size, 1, 0);
            self.add(current, node);
        }
        if let Some(name) = &plan.bias {
            let mut weight = vec![0.0; size * size];
            (0..size).for_each(|i| weight[i * size + i] = 1.0);
            let bias = Some((0..size).map(|i| lif.bias.get(i)).collect());
            self.add(name, Affine { inputs: size, outputs: size, weight, bias }.to_node());
        }
    }

    /// Returns the potential to which a membrane leaks, so that the leak adds `bias` per step.
    fn leak_target(&self, bias: f64, tau: f64) -> f64 {
        match self.dialect {
            ExportDialect::Euler => bias * tau / self.graph.dt,
            ExportDialect::Rockpool => bias,
        }
    }

    /// Returns the threshold above which a neuron spikes that spikes at `value`: the number of 32 bits before it.
    fn threshold(&self, value: f64) -> f64 {
        match self.dialect {
            ExportDialect::Euler => f64::from((value as f32).next_down()),
            ExportDialect::Rockpool => f64::from(value as f32),
        }
    }

    /// Returns the node with the weights of a connection into one synapse of each neuron.
    fn weights(&self, connection: usize, synapse: usize, entry: &Entry) -> Node {
        let target = self.graph.layer(self.graph.connections[connection].target);
        let (size, synapses) = (target.size, target.synapses());
        let factor =
            |neuron: usize| if entry.factors.len() == 1 { entry.factors[0] } else { entry.factors[neuron] };
        let inputs = self.graph.source_width(&self.graph.connections[connection]);
        let column = |neuron: usize| neuron * synapses + synapse;
        let Some(weights) = &self.network.weights[connection] else {
            if synapses == 1 {
                return Scale { factors: (0..size).map(factor).collect() }.to_node();
            }
            let mut weight = vec![0.0; size * inputs];
            (0..size).for_each(|neuron| weight[neuron * inputs + column(neuron)] = factor(neuron));
            return Affine { inputs, outputs: size, weight, bias: None }.to_node();
        };
        let columns = size * synapses;
        let mut weight = Vec::with_capacity(size * inputs);
        for neuron in 0..size {
            let of_source =
                |i: usize| f64::from(weights.matrix.data[i * columns + column(neuron)]) * factor(neuron);
            weight.extend((0..inputs).map(of_source));
        }
        let bias = weights.bias.as_ref();
        let bias = bias
            .map(|bias| (0..size).map(|neuron| f64::from(bias[column(neuron)]) * factor(neuron)).collect());
        Affine { inputs, outputs: size, weight, bias }.to_node()
    }

    fn reset_edges(&mut self) {
        self.root.edges.clear();
        self.root.nodes.truncate(self.fixed);
    }

    /// Adds all edges, and nodes for delays; `extra` holds, for each connection, the places of sources that need one more
    /// step.
    fn edges(&mut self, extra: &[Vec<usize>]) {
        let graph = self.graph;
        for (id, layer) in graph.layers_with_ids() {
            let plan = &self.plan.layers[id.index()];
            if let Some(name) = &plan.bias {
                self.edge(name, &plan.exit);
            }
            let membrane = plan.bias.as_ref().unwrap_or(&plan.exit);
            for entry in plan.entries.iter().filter(|entry| entry.node != *membrane) {
                self.edge(&entry.node, membrane);
            }
            if let Some([weight, current]) = &plan.ahp {
                self.edge(&plan.exit, weight);
                self.edge(weight, current);
                self.edge(current, membrane);
            }
            debug_assert_eq!(plan.entries.len(), layer.synapses(), "each synapse has an entry");
        }
        // By layer: a reader that has to choose between two nodes updates the one first that the input names first.
        let mut order: Vec<usize> = (0..graph.connections.len()).collect();
        order.sort_by_key(|&i| graph.connections[i].target);
        for i in order {
            let connection = &graph.connections[i];
            if self.recurrent_weights(connection.target) == Some(i) {
                continue;
            }
            let plan = &self.plan.connections[i];
            let entries = &self.plan.layers[connection.target.index()].entries;
            let starts: Vec<String> = entries
                .iter()
                .zip(&plan.pieces)
                .map(|(entry, piece)| piece.clone().unwrap_or_else(|| entry.node.clone()))
                .collect();
            self.sources(i, plan, &starts, &extra[i]);
            for (entry, piece) in entries.iter().zip(&plan.pieces) {
                if let Some(piece) = piece {
                    self.edge(piece, &entry.node);
                }
            }
        }
        let output = self.plan.layers[graph.output.layer.index()].exit.clone();
        self.edge(&output, "output");
    }

    /// Adds the edges from the sources of a connection to its first nodes, through nodes for delays.
    fn sources(&mut self, i: usize, plan: &ConnectionPlan, starts: &[String], extra: &[usize]) {
        let connection = &self.graph.connections[i];
        let mut delays: BTreeMap<u32, String> = BTreeMap::new();
        for (place, source) in connection.sources.iter().enumerate() {
            let name = match source {
                Endpoint::Input => self.plan.input.clone(),
                Endpoint::Layer(id) => self.plan.layers[id.index()].exit.clone(),
            };
            let steps = connection.delay + u32::from(extra.contains(&place));
            if steps == 0 {
                starts.iter().for_each(|start| self.edge(&name, start));
                continue;
            }
            let delay = delays.get(&steps).cloned().unwrap_or_else(|| {
                let delay = format!("{}{steps}", plan.delay);
                let seconds = vec![f64::from(steps) * self.graph.dt; self.graph.width(*source)];
                self.add(&delay, Delay { seconds }.to_node());
                starts.iter().for_each(|start| self.edge(&delay, start));
                delays.insert(steps, delay.clone());
                delay
            });
            self.edge(&name, &delay);
        }
        debug_assert!(
            connection.operator == Operator::Identity || plan.pieces.iter().all(Option::is_some),
            "weights have nodes"
        );
    }

    fn edge(&mut self, from: &str, to: &str) {
        self.root.edges.push((from.to_owned(), to.to_owned()));
    }
}
