//! Dequantization: the float network that a chip computes.
//!
//! Each weight of the network is traced to its cell in the chip's matrices; leaks, thresholds and biases are read at
//! the ids of their neurons.

use synnet_ir::graph::{Endpoint, Layer, LayerId, Leak, LeakUnit, Neuron, Parameter};
use synnet_ir::{Network, timing};

use super::rounding::{self, shift_factor};
use crate::build_output::Build;
use crate::float_specification::MappedLayer;

/// Returns the network with the chip's quantized parameters, in units of the float network. Run by a float
/// interpreter, it differs from the chip only in the rounding and the limits of states, and in the step that each
/// hidden layer of the chip adds.
///
/// * Weights are `(q << shift) / scale`, thresholds and biases `q / scale`. A threshold of the readout that means
///   "never" stays as it is.
/// * Leaks decay by `1 - 2^-dash`. They keep their parametrization: a time constant becomes that of the bit shift.
/// * If several connections share a weight of the chip, only their sum is known; each takes an equal part of the
///   rounding error. A connection with several sources takes the numbers of the first one whose spikes arrive by its
///   own weights, not by an alias. Connections without weights stay as they are.
/// * Neurons that were removed from the chip have no weights and no bias.
///
/// `network` must be the network of `build`. If it is another one, layers that do not fit stay as they are.
pub fn dequantize(network: &Network, build: &Build) -> Network {
    let mut result = network.clone();
    let chip = ChipNetwork { build, network };
    for (id, _) in network.graph.layers_with_ids() {
        let layer = &mut result.graph.layers[id.index()];
        match (chip.mapped(id), &mut layer.neuron) {
            (Some(mapped), _) => chip.write_layer(mapped, layer),
            // All neurons of the layer were removed, and without a bias it never spikes.
            (None, Neuron::Lif(lif)) => lif.bias.values.fill(0.0),
            (None, Neuron::ExpSyn(_)) => {}
        }
    }
    let cells = chip.cells_of_connections();
    // The mapping adds blocks, so a cell may hold the sum of several connections.
    let mut shares = std::collections::BTreeMap::new();
    for &cell in cells.iter().flatten().flatten() {
        *shares.entry(cell).or_insert(0u32) += 1;
    }
    for ((weights, original), cells) in result.weights.iter_mut().zip(&network.weights).zip(&cells) {
        let (Some(weights), Some(original)) = (weights, original) else { continue };
        let values = weights.matrix.data.iter_mut().zip(&original.matrix.data);
        for ((weight, &original), cell) in values.zip(cells) {
            *weight = match cell {
                // A removed neuron has no cells.
                None => 0.0,
                Some(cell) => {
                    let (float, chip) = chip.cell(*cell);
                    distribute(original, float, chip, shares.get(cell).copied().unwrap_or(1))
                }
            };
        }
    }
    result
}

/// Returns the weight of one of `count` connections that share a cell, which holds `sum` in the float network and
/// `chip` on the chip. `original` is the float weight of this connection.
pub(super) fn distribute(original: f32, sum: f64, chip: f64, count: u32) -> f32 {
    // Alone in its cell, a weight becomes `chip` exactly: adding the difference would round it once more.
    let original = f64::from(original);
    if sum == original { chip as f32 } else { (original + (chip - sum) / f64::from(count)) as f32 }
}

/// Sets each element of a leak to the decay of a bit shift, in the leak's own parametrization.
pub(super) fn write_leak(leak: &mut Leak, dt: f64, dash: impl Fn(usize) -> f64) {
    let unit = leak.unit;
    for (i, value) in leak.parameter.values.iter_mut().enumerate() {
        let dash = dash(i);
        *value = match unit {
            LeakUnit::BitShift => dash,
            LeakUnit::Decay => timing::bit_shift_to_decay(dash),
            LeakUnit::TimeConstant => timing::decay_to_tau(timing::bit_shift_to_decay(dash), dt),
        };
    }
}

/// Sets a parameter to one value per element, `n` in all. A uniform parameter that does not change stays uniform.
pub(super) fn write_values(parameter: &mut Parameter, n: usize, value: impl Fn(usize) -> f64) {
    if parameter.is_uniform() && (0..n).all(|i| value(i) == parameter.values[0]) {
        return;
    }
    parameter.values.clear();
    parameter.values.extend((0..n).map(value));
}

/// A weight of the chip: one of its matrices, and an index into it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Input(usize),
    Hidden(usize),
    Readout(usize),
}

/// A network with its counterpart on the chip.
struct ChipNetwork<'a> {
    build: &'a Build,
    network: &'a Network,
}

impl ChipNetwork<'_> {
    /// Returns the weight of a cell in the float network and on the chip, both in units of the float network.
    fn cell(&self, cell: Cell) -> (f64, f64) {
        let (float, spec, report) = (&self.build.float, &self.build.specification, &self.build.report);
        let d = spec.dimensions;
        // Matrices are `[sources, targets, synapses]`, and a scale belongs to the target.
        let (i, float, chip, shift, scale) = match cell {
            Cell::Input(i) => {
                let scale = report.scale[i / d.synapses % d.input_expansion];
                (i, &float.weights_in, &spec.weights_in, spec.weight_shift_in, scale)
            }
            Cell::Hidden(i) => {
                let scale = report.scale[i / d.synapses % d.hidden];
                (i, &float.weights_rec, &spec.weights_rec, spec.weight_shift_rec, scale)
            }
            Cell::Readout(i) => {
                let scale = report.scale_out[i % d.outputs];
                (i, &float.weights_out, &spec.weights_out, spec.weight_shift_out, scale)
            }
        };
        (float[i], f64::from(chip[i]) * shift_factor(shift) / scale)
    }

    /// Returns, for each connection, the cell of each of its weights; `None` if one of the two neurons was removed.
    fn cells_of_connections(&self) -> Vec<Vec<Option<Cell>>> {
        let graph = &self.network.graph;
        let ids: Vec<Vec<Option<usize>>> = graph
            .layers_with_ids()
            .map(|(id, layer)| {
                let mut ids = vec![None; layer.size];
                if let Some(mapped) = self.mapped(id) {
                    for (&neuron, chip) in mapped.neurons.iter().zip(mapped.ids.clone()) {
                        if let Some(id) = ids.get_mut(neuron) {
                            *id = Some(chip);
                        }
                    }
                }
                ids
            })
            .collect();
        let d = self.build.float.dimensions;
        let each = graph.connections.iter().zip(&self.network.weights);
        each.map(|(connection, weights)| {
            let Some(weights) = weights else { return Vec::new() };
            let layer = graph.layer(connection.target);
            // At least 1, so that a network other than the built one cannot cause a division by zero.
            let (columns, synapses) = (layer.input_columns().max(1), layer.synapses().max(1));
            // Rows of all sources hold the same weights, so any source that is not aliased will do.
            let source =
                connection.sources.iter().copied().find(|&s| !self.is_repeated(s, &connection.sources));
            let to_readout = self.mapped(connection.target).is_some_and(|layer| layer.readout);
            let cell = |i: usize| {
                let (row, column) = (i / columns, i % columns);
                let (target, synapse) =
                    (ids[connection.target.index()][column / synapses]?, column % synapses);
                match source? {
                    Endpoint::Input => {
                        Some(Cell::Input((row * d.input_expansion + target) * d.synapses + synapse))
                    }
                    Endpoint::Layer(from) => {
                        let source = (*ids[from.index()].get(row)?)?;
                        if to_readout {
                            // Only the last `output_expansion` ids have rows; `None` for a neuron before them.
                            let row = source.checked_sub(d.hidden - d.output_expansion)?;
                            Some(Cell::Readout(row * d.outputs + target))
                        } else {
                            Some(Cell::Hidden((source * d.hidden + target) * d.synapses + synapse))
                        }
                    }
                }
            };
            (0..weights.matrix.data.len()).map(cell).collect()
        })
        .collect()
    }

    /// Returns whether a source reaches a connection through its alias target, which is another of its sources.
    fn is_repeated(&self, source: Endpoint, sources: &[Endpoint]) -> bool {
        let of = |endpoint: Endpoint| match endpoint {
            Endpoint::Input => None,
            Endpoint::Layer(id) => self.mapped(id),
        };
        let targets = &self.build.float.alias_target;
        // Read from the chip's aliases, not from the layout: a removed neuron makes its alias void.
        let ids = of(source).filter(|layer| !layer.readout).map_or(0..0, |layer| layer.ids.clone());
        let target = ids.filter_map(|id| *targets.get(id)?).next();
        target.is_some_and(|id| sources.iter().any(|&s| of(s).is_some_and(|layer| layer.ids.contains(&id))))
    }

    fn mapped(&self, id: LayerId) -> Option<&MappedLayer> {
        self.build.float.layers.iter().find(|layer| layer.layer == id)
    }

    /// Sets leaks, thresholds and biases of a layer to the chip's.
    fn write_layer(&self, mapped: &MappedLayer, layer: &mut Layer) {
        let (spec, report) = (&self.build.specification, &self.build.report);
        let Neuron::Lif(lif) = &mut layer.neuron else { return };
        let (scale, threshold, bias, dash_mem, dash_syn) = if mapped.readout {
            (&report.scale_out, &spec.threshold_out, &spec.bias_out, &spec.dash_mem_out, &spec.dash_syn_out)
        } else {
            (&report.scale, &spec.threshold, &spec.bias, &spec.dash_mem, &spec.dash_syn)
        };
        // A uniform parameter is read at any neuron that is left, because neuron 0 may have been removed.
        let id = |n: usize| mapped.neurons.iter().position(|&m| m == n).map(|at| mapped.ids.start + at);
        let any = |n: usize, uniform: bool| {
            id(n).or(uniform.then_some(mapped.ids.start)).filter(|_| !mapped.ids.is_empty())
        };
        let dt = self.network.graph.dt;
        // The rules refuse neurons without leak.
        let (Some(mem), Some(syn)) = (&mut lif.mem, &mut lif.syn) else { return };
        let uniform = mem.parameter.is_uniform();
        let own = mem.clone();
        write_leak(mem, dt, |n| {
            // A removed neuron still gets a leak that the chip could have.
            any(n, uniform).map_or_else(|| rounding::dash(own.dash(n, dt)), |id| dash_mem[id].into())
        });
        let (uniform, synapses, own) = (syn.parameter.is_uniform(), lif.synapses.max(1), syn.clone());
        write_leak(syn, dt, |column| {
            let dashes = if column % synapses == 1 { &spec.dash_syn_2 } else { dash_syn };
            any(column / synapses, uniform)
                .map_or_else(|| rounding::dash(own.dash(column, dt)), |id| dashes[id].into())
        });
        // The chip's largest threshold stands for "never"; divided by the scale, it could be reached.
        if !(mapped.readout && report.silent_readout) {
            let own = lif.threshold.clone();
            write_values(&mut lif.threshold, layer.size, |n| {
                id(n).map_or(own.get(n), |id| f64::from(threshold[id]) / scale[id])
            });
        }
        write_values(&mut lif.bias, layer.size, |n| id(n).map_or(0.0, |id| f64::from(bias[id]) / scale[id]));
    }
}
