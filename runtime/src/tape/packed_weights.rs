//! Weights and constants in the kernels' layout: padded to whole vectors, and transposed for the backward
//! pass.

use pulp::Arch;
use synnet_ir::Network;
use synnet_ir::graph::{LayerParameter, Leak, Neuron, Reset};

use super::plan::{ConnectionPlan, Kind, LayerPlan};
use super::prepared::Tape;
use super::workspace::Rows;
use crate::constants;
use crate::kernels::membrane::{Adaptation, Constants, inverse_threshold};
use crate::kernels::padded;

/// The weights and constants of a network in the layout of the kernels, for both passes. Call
/// [`Tape::repack`] after the network has changed.
#[derive(Debug)]
pub struct PackedWeights {
    pub(super) layers: Vec<PackedLayer>,
    /// Indexed by connection; `None` if it has no matrix.
    pub(super) connections: Vec<Option<PackedLinear>>,
    pub(super) arch: Arch,
}

/// The constants of a layer.
#[derive(Debug)]
pub(super) struct PackedLayer {
    /// Decay of the synaptic currents, `[synapses, width]`.
    pub(super) decay: Vec<f32>,
    /// Constants of the membrane equation; empty for leaky integrators.
    pub(super) membrane: Constants,
}

/// A matrix and its bias.
#[derive(Debug)]
pub(super) struct PackedLinear {
    /// `[sources, columns]`, with the columns at [`LayerPlan::padded_index`].
    pub(super) matrix: Rows,
    /// `[columns, sources]`; `None` if no source of the connection needs a gradient.
    pub(super) transposed: Option<Rows>,
    /// One value per column; empty if the connection has no bias.
    pub(super) bias: Vec<f32>,
}

impl Tape {
    /// Packs the weights and constants of a network of the tape's graph.
    ///
    /// # Panics
    /// If the network has another graph.
    pub fn pack(&self, network: &Network) -> PackedWeights {
        let mut connections: Vec<Option<PackedLinear>> = network.weights.iter().map(|_| None).collect();
        for layer in &self.plan.layers {
            for connection in layer.incoming.iter().filter(|connection| connection.linear) {
                let needs_transpose =
                    connection.sources.iter().any(|&(source, _)| self.plan.requires_grad(source));
                connections[connection.index] = Some(PackedLinear::new(layer, connection, needs_transpose));
            }
        }
        let layers = self.plan.layers.iter().map(PackedLayer::new).collect();
        let mut packed = PackedWeights { layers, connections, arch: Arch::new() };
        self.repack_all(network, &mut packed);
        packed
    }

    /// Updates, in place, the layers and connections with trainable parameters.
    ///
    /// # Panics
    /// If the network has another graph.
    pub fn repack(&self, network: &Network, packed: &mut PackedWeights) {
        let learns = |layer: &LayerPlan| layer.learns_constants || layer.learns_synapses;
        self.read(network, packed, learns, |connection| connection.learns_matrix || connection.learns_bias);
    }

    /// Updates all layers and connections in place, including those that are not trainable: a
    /// [`Transform`](crate::train::Transform) may change either.
    ///
    /// # Panics
    /// If the network has another graph.
    pub fn repack_all(&self, network: &Network, packed: &mut PackedWeights) {
        self.read(network, packed, |_| true, |_| true);
    }

    fn read(
        &self,
        network: &Network,
        packed: &mut PackedWeights,
        reads_layer: impl Fn(&LayerPlan) -> bool,
        reads_connection: impl Fn(&ConnectionPlan) -> bool,
    ) {
        for (i, layer) in self.plan.layers.iter().enumerate() {
            if reads_layer(layer) {
                packed.layers[i].read(layer, network, i);
            }
            for connection in layer.incoming.iter().filter(|connection| reads_connection(connection)) {
                if let Some(linear) = &mut packed.connections[connection.index] {
                    linear.read(layer, connection, network);
                }
            }
        }
    }
}

impl PackedLayer {
    fn new(plan: &LayerPlan) -> Self {
        let zeros = || vec![0.0; if plan.is_spiking() { plan.width } else { 0 }];
        let adaptation = || Adaptation { decay: zeros(), weight: zeros() };
        // Padding keeps these values: with a decay and current of 0 and a threshold of 1, it never spikes.
        let membrane = Constants {
            alpha: zeros(),
            threshold: zeros().iter().map(|_| 1.0).collect(),
            inverse_threshold: zeros().iter().map(|_| 1.0).collect(),
            bias: zeros(),
            reset: match plan.kind {
                Kind::Lif { reset, .. } => reset,
                Kind::ExpSyn => Reset::Subtract,
            },
            max_spikes: 0.0,
            adaptation: plan.is_adaptive().then(adaptation),
        };
        Self { decay: vec![0.0; plan.columns()], membrane }
    }

    fn read(&mut self, plan: &LayerPlan, network: &Network, layer: usize) {
        let (layer, dt) = (&network.graph.layers[layer], network.graph.dt);
        let columns = plan.size * plan.synapses;
        // Without filter, the decay is not used.
        if let Some(syn) = LayerParameter::SynLeak.leak(layer) {
            for_each_decay(syn, columns, dt, |column, decay| self.decay[plan.padded_index(column)] = decay);
        }
        let Neuron::Lif(lif) = &layer.neuron else { return };
        let membrane = &mut self.membrane;
        match &lif.mem {
            Some(leak) => for_each_decay(leak, plan.size, dt, |n, decay| membrane.alpha[n] = decay),
            None => membrane.alpha[..plan.size].fill(1.0),
        }
        for n in 0..plan.size {
            membrane.threshold[n] = lif.threshold.get(n) as f32;
            membrane.inverse_threshold[n] = inverse_threshold(membrane.threshold[n]);
            membrane.bias[n] = lif.bias.get(n) as f32;
        }
        membrane.max_spikes = lif.max_spikes as f32;
        if let (Some(packed), Some(declared)) = (&mut membrane.adaptation, &lif.adaptation) {
            for_each_decay(&declared.leak, plan.size, dt, |n, decay| packed.decay[n] = decay);
            for n in 0..plan.size {
                packed.weight[n] = declared.w_ahp.get(n) as f32;
            }
        }
    }
}

/// Calls `put` with the index and the decay of each element. A uniform leak costs a single exponential.
fn for_each_decay(leak: &Leak, elements: usize, dt: f64, mut put: impl FnMut(usize, f32)) {
    let uniform = leak.parameter.is_uniform().then(|| constants::decay(leak, 0, dt));
    for i in 0..elements {
        put(i, uniform.unwrap_or_else(|| constants::decay(leak, i, dt)));
    }
}

impl PackedLinear {
    fn new(target: &LayerPlan, connection: &ConnectionPlan, needs_transpose: bool) -> Self {
        let columns = target.columns();
        Self {
            matrix: Rows::new(connection.source_size, columns),
            transposed: needs_transpose.then(|| Rows::new(columns, padded(connection.source_size))),
            bias: Vec::new(),
        }
    }

    fn read(&mut self, target: &LayerPlan, connection: &ConnectionPlan, network: &Network) {
        let weights = network.linear(connection.index);
        let width = target.size * target.synapses;
        if width == 0 {
            return;
        }
        if let Some(bias) = &weights.bias {
            self.bias.resize(target.columns(), 0.0);
            bias.iter().enumerate().for_each(|(column, &b)| self.bias[target.padded_index(column)] = b);
        }
        for (source, row) in weights.matrix.data.chunks_exact(width).enumerate() {
            let packed = self.matrix.row_mut(source);
            if target.synapses == 1 {
                packed[..width].copy_from_slice(row);
            } else {
                row.iter().enumerate().for_each(|(column, &w)| packed[target.padded_index(column)] = w);
            }
        }
        // Transposed once per update and not in the product, which runs for every block of every sample.
        if let Some(transposed) = &mut self.transposed {
            let (stride, used) =
                (transposed.width(), if target.synapses == 1 { width } else { target.columns() });
            for source in 0..connection.source_size {
                let column = transposed.used_mut()[source..].iter_mut().step_by(stride);
                column.zip(&self.matrix.row(source)[..used]).for_each(|(x, &w)| *x = w);
            }
        }
    }
}
