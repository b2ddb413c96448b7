//! A network's numbers as the kernels take them.

use pulp::Arch;
use synnet_ir::Network;
use synnet_ir::graph::{Leak, Neuron};

use super::plan::{ConnectionPlan, LayerPlan};
use super::prepared::Tape;
use super::workspace::Rows;
use crate::constants;
use crate::kernels::membrane::{Adaptation, Constants, inverse_threshold};
use crate::kernels::padded;

/// The weights and constants of a network, padded, and turned for both directions of the walk. To be
/// made anew ([`Tape::repack`]) when they have changed.
#[derive(Debug)]
pub struct PackedWeights {
    pub(super) layers: Vec<PackedLayer>,
    /// By the index of the connection; `None` where it has no matrix.
    pub(super) connections: Vec<Option<PackedLinear>>,
    pub(super) arch: Arch,
}

/// The constants of a layer.
#[derive(Debug)]
pub(super) struct PackedLayer {
    /// Decay of the synaptic currents, `[synapses, width]`.
    pub(super) decay: Vec<f32>,
    /// Constants of the membranes; empty for leaky integrators.
    pub(super) membrane: Constants,
}

/// A matrix and its bias.
#[derive(Debug)]
pub(super) struct PackedLinear {
    /// `[sources, columns]`, the columns of the target as [`LayerPlan::padded_index`] says.
    pub(super) matrix: Rows,
    /// `[columns, sources]`, where gradients flow back through it.
    pub(super) transposed: Option<Rows>,
    /// One value per column; empty without bias.
    pub(super) bias: Vec<f32>,
}

impl Tape {
    /// Packs a network of the tape's graph.
    ///
    /// # Panics
    /// Where the network is of another graph.
    pub fn pack(&self, network: &Network) -> PackedWeights {
        let mut connections: Vec<Option<PackedLinear>> = network.weights.iter().map(|_| None).collect();
        for layer in &self.plan.layers {
            for path in layer.incoming.iter().filter(|path| path.linear) {
                let needs_transpose = path.sources.iter().any(|&(source, _)| self.plan.requires_grad(source));
                connections[path.connection] = Some(PackedLinear::new(layer, path, needs_transpose));
            }
        }
        let layers = self.plan.layers.iter().map(PackedLayer::new).collect();
        let mut packed = PackedWeights { layers, connections, arch: Arch::new() };
        self.repack_all(network, &mut packed);
        packed
    }

    /// Packs again, in place, what of the network learns.
    ///
    /// # Panics
    /// Where the network is of another graph.
    pub fn repack(&self, network: &Network, packed: &mut PackedWeights) {
        let learns = |layer: &LayerPlan| layer.learns_constants || layer.learns_synapses;
        self.read(network, packed, learns, |path| path.learns_matrix || path.learns_bias);
    }

    /// Packs again, in place, what learns and what does not, such as where a transform has changed both.
    ///
    /// # Panics
    /// Where the network is of another graph.
    pub fn repack_all(&self, network: &Network, packed: &mut PackedWeights) {
        self.read(network, packed, |_| true, |_| true);
    }

    fn read(
        &self,
        network: &Network,
        packed: &mut PackedWeights,
        reads_layer: impl Fn(&LayerPlan) -> bool,
        reads_path: impl Fn(&ConnectionPlan) -> bool,
    ) {
        for (i, layer) in self.plan.layers.iter().enumerate() {
            if reads_layer(layer) {
                packed.layers[i].read(layer, network, i);
            }
            for path in layer.incoming.iter().filter(|path| reads_path(path)) {
                if let Some(linear) = &mut packed.connections[path.connection] {
                    linear.read(layer, path, network);
                }
            }
        }
    }
}

impl PackedLayer {
    fn new(plan: &LayerPlan) -> Self {
        let zeros = || vec![0.0; if plan.is_spiking() { plan.width } else { 0 }];
        let adaptation = || Adaptation { decay: zeros(), weight: zeros() };
        let membrane = Constants {
            alpha: zeros(),
            threshold: zeros().iter().map(|_| 1.0).collect(),
            inverse_threshold: zeros().iter().map(|_| 1.0).collect(),
            bias: zeros(),
            max_spikes: 0.0,
            adaptation: plan.is_adaptive().then(adaptation),
        };
        Self { decay: vec![0.0; plan.columns()], membrane }
    }

    fn read(&mut self, plan: &LayerPlan, network: &Network, layer: usize) {
        let (layer, dt) = (&network.graph.layers[layer], network.graph.dt);
        let syn = match &layer.neuron {
            Neuron::Lif(lif) => &lif.syn,
            Neuron::ExpSyn(expsyn) => &expsyn.syn,
        };
        let columns = plan.size * plan.synapses;
        for_each_decay(syn, columns, dt, |column, decay| self.decay[plan.padded_index(column)] = decay);
        let Neuron::Lif(lif) = &layer.neuron else { return };
        let membrane = &mut self.membrane;
        for_each_decay(&lif.mem, plan.size, dt, |n, decay| membrane.alpha[n] = decay);
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

/// The decay of each element; of a leak that is the same for all, computed once.
fn for_each_decay(leak: &Leak, elements: usize, dt: f64, mut put: impl FnMut(usize, f32)) {
    let uniform = leak.parameter.is_uniform().then(|| constants::decay(leak, 0, dt));
    for i in 0..elements {
        put(i, uniform.unwrap_or_else(|| constants::decay(leak, i, dt)));
    }
}

impl PackedLinear {
    fn new(target: &LayerPlan, path: &ConnectionPlan, needs_transpose: bool) -> Self {
        let columns = target.columns();
        Self {
            matrix: Rows::new(path.source_size, columns),
            transposed: needs_transpose.then(|| Rows::new(columns, padded(path.source_size))),
            bias: Vec::new(),
        }
    }

    fn read(&mut self, target: &LayerPlan, path: &ConnectionPlan, network: &Network) {
        let weights = network.linear(path.connection);
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
        if let Some(transposed) = &mut self.transposed {
            let (stride, used) =
                (transposed.width(), if target.synapses == 1 { width } else { target.columns() });
            for source in 0..path.source_size {
                let column_of_source = transposed.used_mut()[source..].iter_mut().step_by(stride);
                column_of_source.zip(&self.matrix.row(source)[..used]).for_each(|(turned, &w)| *turned = w);
            }
        }
    }
}
