//! The plan of a file: which nodes each layer and each connection becomes, before any weight is known.

use std::collections::BTreeSet;

use synnet_ir::Graph;
use synnet_ir::graph::{Connection, Layer, LayerId, Lif, Neuron, Operator, Quantity};

use super::ExportDialect;
use crate::nodes::UNREACHABLE;

/// The nodes of a network.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) input: String,
    pub(crate) layers: Vec<LayerPlan>,
    pub(crate) connections: Vec<ConnectionPlan>,
}

/// The nodes of a layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LayerPlan {
    pub(crate) form: Form,
    /// The node that sends the spikes or the current.
    pub(crate) exit: String,
    /// The nodes that take the input of each synapse.
    pub(crate) entries: Vec<Entry>,
    /// The nodes of the after-hyperpolarization: factor and integrator.
    pub(crate) ahp: Option<[String; 2]>,
    /// The node that adds the bias of a neuron without leak.
    pub(crate) bias: Option<String>,
}

/// A node that takes the input of one synapse.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) node: String,
    /// Factors of the input: an input decays in its own step here. One, or one per neuron.
    pub(crate) factors: Vec<f64>,
}

/// The kind of node of a layer's membrane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `CubaLIF` or `CubaLI`: synapse and membrane in one node.
    Cuba,
    /// `LIF`, `IF`, `LI` or `I`: the membrane alone; synapses are `LI` nodes.
    Membrane,
    /// `LI`: a synapse without membrane.
    Current,
    /// `Scale` with the factor 1: a layer that passes its input on.
    Relay,
}

/// The nodes of a connection.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ConnectionPlan {
    /// Name of its `Delay` nodes, completed by the number of steps.
    pub(crate) delay: String,
    /// The nodes with weights, one for each synapse of the target; `None` for an edge without node.
    pub(crate) pieces: Vec<Option<String>>,
}

impl Plan {
    pub(crate) fn new(graph: &Graph, dialect: ExportDialect) -> Self {
        let mut names = Names::default();
        names.take("output");
        let input = names.take(&graph.input.name);
        let own: Vec<String> = graph.layers.iter().map(|layer| names.take(&layer.name)).collect();
        let layers: Vec<LayerPlan> = graph
            .layers
            .iter()
            .zip(own)
            .map(|(layer, name)| layer_plan(graph, layer, &name, dialect, &mut names))
            .collect();
        let connections = graph
            .connections
            .iter()
            .map(|connection| {
                connection_plan(graph, connection, &layers[connection.target.index()], dialect, &mut names)
            })
            .collect();
        Self { input, layers, connections }
    }
}

/// Returns the decay of a state in 32 bits, as engines compute with it.
pub(crate) fn decay(leak: &synnet_ir::graph::Leak, i: usize, dt: f64) -> f64 {
    f64::from(leak.decay(i, dt) as f32)
}

/// Returns whether the layer is a readout whose membrane potential is the output and that never spikes.
pub(crate) fn is_membrane_readout(graph: &Graph, id: LayerId, lif: &Lif) -> bool {
    graph.output.layer == id
        && graph.output.quantity == Quantity::Vmem
        && lif.threshold.values.iter().all(|&threshold| threshold >= UNREACHABLE)
        && !graph.connections.iter().any(|c| c.sources.contains(&synnet_ir::graph::Endpoint::Layer(id)))
}

fn layer_plan(
    graph: &Graph,
    layer: &Layer,
    name: &str,
    dialect: ExportDialect,
    names: &mut Names,
) -> LayerPlan {
    let decays_input = dialect == ExportDialect::Rockpool;
    let factors = |leak: Option<&synnet_ir::graph::Leak>, synapses: usize, synapse: usize| match leak {
        Some(leak) if !decays_input => {
            let len = leak.parameter.values.len();
            let columns = if len == 1 { vec![0] } else { (synapse..len).step_by(synapses).collect() };
            columns.into_iter().map(|column: usize| decay(leak, column, graph.dt)).collect()
        }
        _ => vec![1.0],
    };
    let exit = name.to_owned();
    let lif = match &layer.neuron {
        Neuron::ExpSyn(expsyn) => {
            let form = if expsyn.syn.is_some() { Form::Current } else { Form::Relay };
            let entry = Entry { node: exit.clone(), factors: factors(expsyn.syn.as_ref(), 1, 0) };
            return LayerPlan { form, exit, entries: vec![entry], ahp: None, bias: None };
        }
        Neuron::Lif(lif) => lif,
    };
    let has_bias = lif.bias.values.iter().any(|&bias| bias != 0.0);
    let bias = (lif.mem.is_none() && has_bias).then(|| names.take(&format!("{name}_bias")));
    let is_apart = lif.synapses > 1 || lif.adaptation.is_some() || lif.mem.is_none();
    let form = if lif.syn.is_some() && !is_apart { Form::Cuba } else { Form::Membrane };
    let membrane = bias.clone().unwrap_or_else(|| exit.clone());
    let entries = match &lif.syn {
        None => vec![Entry { node: membrane, factors: vec![1.0] }],
        Some(leak) if form == Form::Cuba => {
            vec![Entry { node: membrane, factors: factors(Some(leak), 1, 0) }]
        }
        Some(leak) => (0..lif.synapses)
            .map(|synapse| {
                let suffix = if lif.synapses > 1 { format!("_syn{synapse}") } else { "_syn".to_owned() };
                let node = names.take(&format!("{name}{suffix}"));
                Entry { node, factors: factors(Some(leak), lif.synapses, synapse) }
            })
            .collect(),
    };
    let ahp = lif.adaptation.is_some();
    let ahp = ahp.then(|| [names.take(&format!("{name}_ahp_weight")), names.take(&format!("{name}_ahp"))]);
    LayerPlan { form, exit, entries, ahp, bias }
}

fn connection_plan(
    graph: &Graph,
    connection: &Connection,
    target: &LayerPlan,
    dialect: ExportDialect,
    names: &mut Names,
) -> ConnectionPlan {
    let base: Vec<&str> = connection.name.split("->").collect();
    let base = names.free(&base.join("_to_"));
    let is_identity = connection.operator == Operator::Identity;
    let synapses = graph.layer(connection.target).synapses();
    let pieces = (0..synapses)
        .map(|synapse| {
            let is_unit = target.entries[synapse].factors.iter().all(|&factor| factor == 1.0);
            if is_identity && is_unit && synapses == 1 {
                return None;
            }
            // Rockpool's importer takes a recurrent layer as a graph of its own.
            if dialect == ExportDialect::Rockpool && super::rockpool::is_self_recurrent(connection) {
                return Some(format!("{}.w_rec", target.exit));
            }
            let suffix = if synapses > 1 { format!("_syn{synapse}") } else { String::new() };
            Some(names.take(&format!("{base}{suffix}")))
        })
        .collect();
    ConnectionPlan { delay: format!("{base}_delay"), pieces }
}

/// Names of nodes: letters, digits and `_`, because modules of PyTorch cannot have others; each one once.
#[derive(Default)]
struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    fn take(&mut self, name: &str) -> String {
        let free = self.free(name);
        self.taken.insert(free.clone());
        free
    }

    fn free(&self, name: &str) -> String {
        let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let numbered = (2..).map(|i| format!("{plain}_{i}"));
        std::iter::once(plain.clone())
            .chain(numbered)
            .find(|name| !self.taken.contains(name))
            .unwrap_or(plain)
    }
}
