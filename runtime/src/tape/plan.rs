//! The plan of a pass: layers with their incoming connections, grouped into stages.

use std::ops::Range;

use synnet_ir::graph::{Layer, LayerParameter, Neuron, Quantity, Reset, Surrogate};
use synnet_ir::{Graph, Slot};

use super::pass::BLOCK_STEPS;
use super::tensors::LearnedTensors;
use crate::kernels::padded;
use crate::source_index::source;

/// A graph in the order of update, with everything that the passes decide per layer.
#[derive(Clone, Debug)]
pub(super) struct TapePlan {
    pub(super) channels: usize,
    pub(super) layers: Vec<LayerPlan>,
    pub(super) stages: Vec<Stage>,
    /// Neurons of each source, without padding. Source 0 is the input, source `i + 1` is layer `i`.
    pub(super) sources: Vec<usize>,
    /// The layer and the quantity that are the network's output.
    pub(super) output: (usize, Quantity),
}

/// Consecutive layers that advance together, because recurrence connects them.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) layers: Range<usize>,
    /// Steps that a layer runs before the next layer does: at most the shortest recurrent delay and
    /// [`BLOCK_STEPS`].
    pub(super) steps: usize,
}

/// A layer and its incoming connections.
#[derive(Clone, Debug)]
pub(super) struct LayerPlan {
    /// Neurons, without padding.
    pub(super) size: usize,
    /// Neurons with padding: a multiple of [`LANES`](crate::kernels::LANES).
    pub(super) width: usize,
    /// Synapses per neuron, 1 or more.
    pub(super) synapses: usize,
    pub(super) kind: Kind,
    /// In the order of summation.
    pub(super) incoming: Vec<ConnectionPlan>,
    /// Whether this layer, or a layer that feeds it, has a trainable parameter.
    pub(super) requires_grad: bool,
    /// Whether a neuron parameter other than the synaptic leak is trainable.
    pub(super) learns_constants: bool,
    /// Whether the synaptic leak is trainable.
    pub(super) learns_synapses: bool,
    /// Whether the input passes a synaptic filter; without one, it is the current.
    pub(super) filters: bool,
    /// Whether the membrane's scan includes the synapse. Requires a single synapse whose current is neither
    /// the output nor needed for a gradient.
    pub(super) fuses_synapse: bool,
}

/// The neuron model of a layer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Leaky integrate-and-fire.
    Lif {
        surrogate: Surrogate,
        reset: Reset,
        max_spikes: u32,
        adaptive: bool,
        /// Standard deviation of the noise current per step: `noise_std * sqrt(dt)`.
        noise: f32,
    },
    /// Leaky integrator: emits its current in place of spikes.
    ExpSyn,
}

/// A connection into a layer.
#[derive(Clone, Debug)]
pub(super) struct ConnectionPlan {
    /// Index of the connection in the graph.
    pub(super) index: usize,
    /// Source (0 is the input, `i + 1` is layer `i`) and delay in steps of each source.
    pub(super) sources: Vec<(usize, usize)>,
    /// Neurons of each source.
    pub(super) source_size: usize,
    /// Probability, and a number that makes the draws independent of other connections'.
    pub(super) dropout: Option<(f64, u32)>,
    /// Whether there is a matrix; without one, counts are added unchanged.
    pub(super) linear: bool,
    pub(super) learns_matrix: bool,
    pub(super) learns_bias: bool,
}

impl LayerPlan {
    /// Returns the number of input columns with padding: one padded row of neurons per synapse.
    pub(super) fn columns(&self) -> usize {
        self.synapses * self.width
    }

    /// Returns the padded index of input column `neuron * synapses + synapse`: synapse-major, so that vectors
    /// run over the neurons.
    pub(super) fn padded_index(&self, column: usize) -> usize {
        column % self.synapses * self.width + column / self.synapses
    }

    pub(super) fn is_adaptive(&self) -> bool {
        matches!(self.kind, Kind::Lif { adaptive: true, .. })
    }

    /// Returns whether the after-hyperpolarization current of every step is stored. Only gradients of
    /// constants need it.
    pub(super) fn keeps_iahp(&self) -> bool {
        self.is_adaptive() && self.learns_constants
    }

    pub(super) fn is_spiking(&self) -> bool {
        matches!(self.kind, Kind::Lif { .. })
    }
}

impl TapePlan {
    pub(super) fn new(graph: &Graph, learned: &LearnedTensors) -> Self {
        let mut layers: Vec<LayerPlan> = (0..graph.layers.len()).map(|i| layer(graph, learned, i)).collect();
        propagate_requires_grad(&mut layers);
        let sizes = graph.layers.iter().map(|layer| layer.size);
        Self {
            channels: graph.input.channels,
            stages: stages(&layers),
            sources: std::iter::once(graph.input.channels).chain(sizes).collect(),
            output: (graph.output.layer.index(), graph.output.quantity),
            layers,
        }
    }

    /// Returns the longest delay, in steps, of the connections from a source. Delays of `steps` or more do
    /// not count: their events arrive after the end of the sequence.
    pub(super) fn max_delay(&self, source: usize, steps: usize) -> usize {
        let incoming = self.layers.iter().flat_map(|layer| &layer.incoming);
        let lags = incoming
            .flat_map(|connection| &connection.sources)
            .filter(|(s, _)| *s == source)
            .map(|(_, lag)| *lag);
        lags.filter(|lag| *lag < steps).max().unwrap_or(0)
    }

    /// Returns whether a source needs the gradient on its spikes. The input never does.
    pub(super) fn requires_grad(&self, source: usize) -> bool {
        source > 0 && self.layers[source - 1].requires_grad
    }

    /// Returns the number of outputs per step.
    pub(super) fn outputs(&self) -> usize {
        self.layers[self.output.0].size
    }

    /// Returns whether `quantity` of a layer is the network's output.
    pub(super) fn is_output(&self, layer: usize, quantity: Quantity) -> bool {
        self.output == (layer, quantity)
    }
}

fn layer(graph: &Graph, learned: &LearnedTensors, i: usize) -> LayerPlan {
    let declared: &Layer = &graph.layers[i];
    let learns = |slot| learned.index(slot).is_some();
    let layer_slots: Vec<LayerParameter> = learned
        .slots()
        .filter_map(|slot| match slot {
            Slot::Layer(id, which) => (id.index() == i).then_some(which),
            Slot::Weight(_) | Slot::LinearBias(_) => None,
        })
        .collect();
    let kind = match &declared.neuron {
        Neuron::Lif(lif) => Kind::Lif {
            surrogate: lif.surrogate,
            reset: lif.reset,
            max_spikes: lif.max_spikes,
            adaptive: lif.adaptation.is_some(),
            noise: (lif.noise_std * graph.dt.sqrt()) as f32,
        },
        Neuron::ExpSyn(_) => Kind::ExpSyn,
    };
    let learns_synapses = layer_slots.contains(&LayerParameter::SynLeak);
    let filters = !LayerParameter::SynLeak.is_absent(declared);
    let into = graph.connections.iter().enumerate().filter(|(_, c)| c.target.index() == i);
    LayerPlan {
        size: declared.size,
        width: padded(declared.size),
        synapses: declared.synapses().max(1),
        kind,
        incoming: into
            .map(|(c, connection)| ConnectionPlan {
                index: c,
                sources: connection.sources.iter().map(|&s| source(graph, connection, s)).collect(),
                source_size: graph.source_width(connection),
                dropout: (connection.dropout > 0.0).then_some((connection.dropout, c as u32)),
                linear: connection.as_linear().is_some(),
                learns_matrix: learns(Slot::Weight(c)),
                learns_bias: learns(Slot::LinearBias(c)),
            })
            .collect(),
        requires_grad: false,
        learns_constants: layer_slots.iter().any(|which| *which != LayerParameter::SynLeak),
        learns_synapses,
        filters,
        // The fused scan keeps the current in registers, so nothing else may read it.
        fuses_synapse: filters
            && declared.as_lif().is_some()
            && declared.synapses() <= 1
            && !learns_synapses
            && (graph.output.layer.index(), graph.output.quantity) != (i, Quantity::Isyn),
    }
}

/// Sets `requires_grad` of each layer that has a trainable parameter in or before it.
fn propagate_requires_grad(layers: &mut [LayerPlan]) {
    // Through recurrent connections, a layer can depend on a later one; so repeat until nothing changes.
    loop {
        let before: Vec<bool> = layers.iter().map(|layer| layer.requires_grad).collect();
        for layer in layers.iter_mut() {
            let learns = |connection: &ConnectionPlan| {
                let from = |&(source, _): &(usize, usize)| source > 0 && before[source - 1];
                connection.learns_matrix || connection.learns_bias || connection.sources.iter().any(from)
            };
            layer.requires_grad =
                layer.learns_constants || layer.learns_synapses || layer.incoming.iter().any(learns);
        }
        if layers.iter().map(|layer| layer.requires_grad).eq(before) {
            return;
        }
    }
}

/// Splits the layers into stages: the smallest ranges such that no recurrent connection leaves its range.
fn stages(layers: &[LayerPlan]) -> Vec<Stage> {
    // Connections from a layer to itself or to an earlier one, as (target, source, lag). Sources are numbered
    // from 1.
    let recurrent: Vec<(usize, usize, usize)> = layers
        .iter()
        .enumerate()
        .flat_map(|(target, layer)| {
            let sources = layer.incoming.iter().flat_map(|connection| connection.sources.iter());
            sources.filter(move |(s, _)| *s > target).map(move |&(s, lag)| (target, s - 1, lag))
        })
        .collect();
    let mut stages = Vec::new();
    let mut start = 0;
    while start < layers.len() {
        // A recurrent connection from a later layer extends the stage up to that layer, whose own may extend
        // it further.
        let mut end = start + 1;
        while let Some(last) = recurrent
            .iter()
            .filter(|r| (start..end).contains(&r.0))
            .map(|r| r.1 + 1)
            .max()
            .filter(|&e| e > end)
        {
            end = last;
        }
        // A recurrent delay is at least 1, so each turn makes progress.
        let lags = recurrent.iter().filter(|r| (start..end).contains(&r.0)).map(|r| r.2);
        stages.push(Stage {
            layers: start..end,
            steps: lags.min().unwrap_or(BLOCK_STEPS).clamp(1, BLOCK_STEPS),
        });
        start = end;
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recurrent_layers_form_stages_of_the_shortest_delay() {
        let connection = |sources: &[(usize, usize)]| ConnectionPlan {
            index: 0,
            sources: sources.to_vec(),
            source_size: 1,
            dropout: None,
            linear: true,
            learns_matrix: false,
            learns_bias: false,
        };
        let layer = |sources: &[(usize, usize)]| LayerPlan {
            size: 1,
            width: 16,
            synapses: 1,
            kind: Kind::ExpSyn,
            incoming: vec![connection(sources)],
            requires_grad: false,
            learns_constants: false,
            learns_synapses: false,
            filters: true,
            fuses_synapse: false,
        };
        let found = |sources: &[&[(usize, usize)]]| -> Vec<(Range<usize>, usize)> {
            let layers: Vec<LayerPlan> = sources.iter().map(|s| layer(s)).collect();
            stages(&layers).into_iter().map(|stage| (stage.layers, stage.steps)).collect()
        };
        assert_eq!(found(&[&[(0, 0)], &[(1, 0)]]), [(0..1, BLOCK_STEPS), (1..2, BLOCK_STEPS)]);
        assert_eq!(found(&[&[(0, 0), (1, 1)], &[(1, 0)]]), [(0..1, 1), (1..2, BLOCK_STEPS)]);
        assert_eq!(found(&[&[(0, 0)], &[(1, 0), (3, 4)], &[(2, 0)]]), [(0..1, BLOCK_STEPS), (1..3, 4)]);
        assert_eq!(found(&[&[(2, 3)], &[(1, 0), (3, 2)], &[(2, 0)]]), [(0..3, 2)]);
        assert_eq!(found(&[&[(1, 1000)]]), [(0..1, BLOCK_STEPS)]);
    }
}
