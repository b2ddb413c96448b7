//! Quantization and the way back in one step, for training with the numbers that a chip would have.

use std::ops::Range;

use synnet_ir::graph::{self, Endpoint, LayerId, Lif, Quantity};
use synnet_ir::{Diagnostic, Diagnostics, Graph, Network};

use super::dequantize::{share, write_leak, write_values};
use super::headroom::LayerSlice;
use super::neuron::{Group, Limits, NetworkStatistics, Neuron};
use super::options::QuantizeOptions;
use super::rounding::{dash, round, shift_factor, threshold};
use super::scales::Scales;
use crate::chip::Chip;
use crate::codes;
use crate::layout::Layout;
use crate::rules;

/// Gives a network the numbers that it would have on a chip, as [`dequantize`](super::dequantize()) after
/// [`build`](crate::build()) does, exactly, but without the chip's matrices and fast enough for every step of a training.
#[derive(Clone, Debug)]
pub struct FakeQuantizer {
    chip: Chip,
    options: QuantizeOptions,
    dt: f64,
    output: Quantity,
    /// Hidden neurons.
    hidden: usize,
    /// Hidden layers in the order of ids, then the readout.
    targets: Vec<TargetLayer>,
}

/// A layer of the chip and what feeds it.
#[derive(Clone, Debug)]
struct TargetLayer {
    layer: LayerId,
    ids: Range<usize>,
    readout: bool,
    columns: usize,
    synapses: usize,
    /// In the order of the chip's rows: from the input, then from hidden layers.
    blocks: Vec<SummedWeights>,
}

/// Weights between one source and one layer.
#[derive(Clone, Debug)]
struct SummedWeights {
    from_input: bool,
    /// Connections whose matrices are added, and the width of their sources.
    parts: Vec<(usize, usize)>,
    /// Those among them that take their numbers from this block.
    owners: Vec<usize>,
}

impl SummedWeights {
    fn group(&self) -> Group {
        if self.from_input { Group::Input } else { Group::Hidden }
    }
}

impl FakeQuantizer {
    /// For networks with this graph, whatever their numbers.
    ///
    /// # Errors
    /// Every design rule of the chip that the graph breaks, except for sizes; a method of Rockpool, which is for
    /// comparison only.
    pub fn new(graph: &Graph, chip: &Chip, options: &QuantizeOptions) -> Result<Self, Diagnostics> {
        let layout = Layout::of(graph, chip);
        // How much of the chip is taken depends on the weights, which are not known yet.
        let mut found = rules::check_behavior(graph, chip, &layout);
        found.retain(Diagnostic::is_error);
        if options.method.rockpool().is_some() {
            let message = format!("`{}` is for comparison, not for training", options.method.name());
            let error = Diagnostic::error_without_span(&codes::COMPARISON_ONLY, message);
            found.push(error.with_help("train with `channel` or `global`"));
        }
        if !found.is_empty() {
            return Err(found);
        }
        let hidden = layout.hidden.iter().map(|placed| (placed.layer, placed.ids.clone(), false));
        let readout = (layout.readout, 0..graph.outputs(), true);
        let targets = hidden.chain([readout]).map(|(layer, ids, readout)| TargetLayer {
            layer,
            ids,
            readout,
            columns: graph.layer(layer).input_columns(),
            synapses: graph.layer(layer).synapses(),
            blocks: blocks(graph, &layout, layer),
        });
        Ok(Self {
            chip: chip.clone(),
            options: options.clone(),
            dt: graph.dt,
            output: graph.output.quantity,
            hidden: layout.hidden.last().map_or(0, |placed| placed.ids.end),
            targets: targets.collect(),
        })
    }

    /// Writes weights, thresholds, biases and leaks of `network`, as the chip would have them, into `into`, which
    /// is a clone of it (with any numbers). Leaks keep their parametrization.
    pub fn apply(&self, network: &Network, into: &mut Network) {
        let keep = self.options.needs_weights();
        let mut numbers = NetworkStatistics {
            hidden: Vec::with_capacity(self.hidden),
            readout: Vec::new(),
            output: self.output,
        };
        let mut values = Vec::with_capacity(self.targets.len());
        for target in &self.targets {
            let Some(lif) = network.graph.layer(target.layer).as_lif() else { continue };
            let neurons = if target.readout { &mut numbers.readout } else { &mut numbers.hidden };
            neurons.extend((0..target.ids.len()).map(|n| neuron(lif, n, self.dt)));
            let start = neurons.len() - target.ids.len();
            let own: Vec<Vec<f64>> = target.blocks.iter().map(|block| sum(block, network)).collect();
            for (block, values) in target.blocks.iter().zip(&own) {
                observe(&mut neurons[start..], block.group(), target, values, keep);
            }
            values.push(own);
        }
        let placed = self.targets.iter().map(|target| LayerSlice {
            layer: target.layer.index(),
            ids: target.ids.clone(),
            neurons: None,
            readout: target.readout,
        });
        let scales = Scales::choose(numbers, placed, &self.chip, &self.options);
        let limits = Limits::new(&self.chip, &self.options);
        for (target, values) in self.targets.iter().zip(&values) {
            self.write_neurons(target, network, into, &scales, &limits);
            write_weights(target, values, network, into, &scales, &limits);
        }
    }

    fn write_neurons(
        &self,
        target: &TargetLayer,
        network: &Network,
        into: &mut Network,
        scales: &Scales,
        limits: &Limits,
    ) {
        let Some(lif) = network.graph.layer(target.layer).as_lif() else { return };
        let Some(layer) = into.graph.layers.get_mut(target.layer.index()) else { return };
        let graph::Neuron::Lif(result) = &mut layer.neuron else { return };
        let scale = if target.readout { &scales.readout } else { &scales.hidden[target.ids.clone()] };
        result.mem.parameter.values.clone_from(&lif.mem.parameter.values);
        result.syn.parameter.values.clone_from(&lif.syn.parameter.values);
        result.threshold.values.clone_from(&lif.threshold.values);
        result.bias.values.clone_from(&lif.bias.values);
        write_leak(&mut result.mem, self.dt, |i| dash(lif.mem.dash(i, self.dt)));
        write_leak(&mut result.syn, self.dt, |i| dash(lif.syn.dash(i, self.dt)));
        if !(target.readout && scales.silent_readout) {
            write_values(&mut result.threshold, target.ids.len(), |n| {
                threshold(lif.threshold.get(n), scale[n], limits) / scale[n]
            });
        }
        write_values(&mut result.bias, target.ids.len(), |n| {
            round(lif.bias.get(n) * scale[n], limits.threshold) / scale[n]
        });
    }
}

/// The blocks of a layer in the order of the chip's rows.
fn blocks(graph: &Graph, layout: &Layout, target: LayerId) -> Vec<SummedWeights> {
    let hidden = layout.hidden.iter().map(|placed| Endpoint::Layer(placed.layer));
    let sources = [Endpoint::Input].into_iter().chain(hidden);
    let block = |source: Endpoint| {
        let mut block =
            SummedWeights { from_input: source == Endpoint::Input, parts: Vec::new(), owners: Vec::new() };
        for (i, connection) in graph.connections_into(target) {
            let mut rows = connection
                .sources
                .iter()
                .filter(|&&s| !layout.is_repeated(s, &connection.sources))
                .peekable();
            if connection.as_linear().is_some() && rows.peek() == Some(&&source) {
                block.owners.push(i);
            }
            let width = graph.source_width(connection);
            block.parts.extend(rows.filter(|&&s| s == source).map(|_| (i, width)));
        }
        block
    };
    sources.map(block).filter(|block| !block.parts.is_empty()).collect()
}

fn neuron(lif: &Lif, n: usize, dt: f64) -> Neuron {
    let fastest =
        (0..lif.synapses).map(|s| lif.syn.dash(n * lif.synapses + s, dt)).fold(f64::INFINITY, f64::min);
    Neuron::new(lif.threshold.get(n), lif.bias.get(n), fastest)
}

/// The weights of a block.
fn sum(block: &SummedWeights, network: &Network) -> Vec<f64> {
    let mut sum: Vec<f64> = Vec::new();
    for &(i, width) in &block.parts {
        match network.weights.get(i) {
            Some(Some(weights)) => {
                let data = weights.matrix.data.iter().map(|&w| f64::from(w));
                if sum.is_empty() {
                    sum.extend(data);
                } else {
                    sum.iter_mut().zip(data).for_each(|(sum, w)| *sum += w);
                }
            }
            // A connection without weights counts as ones.
            _ => {
                sum.resize(sum.len().max(width * width), 0.0);
                sum.iter_mut().step_by(width + 1).for_each(|sum| *sum += 1.0);
            }
        }
    }
    sum
}

/// Takes note of the weights of a block.
fn observe(neurons: &mut [Neuron], group: Group, target: &TargetLayer, values: &[f64], keep: bool) {
    let synapses = target.synapses;
    if keep {
        for row in values.chunks_exact(target.columns) {
            for (neuron, weights) in neurons.iter_mut().zip(row.chunks_exact(synapses)) {
                weights.iter().for_each(|&w| neuron.observe_weight(group, w, true));
            }
        }
        return;
    }
    let mut largest = vec![0.0; target.columns];
    for row in values.chunks_exact(target.columns) {
        for (largest, w) in largest.iter_mut().zip(row) {
            let size = w.abs();
            *largest = if size < f64::INFINITY && size > *largest { size } else { *largest };
        }
    }
    for (neuron, weights) in neurons.iter_mut().zip(largest.chunks_exact(synapses)) {
        weights.iter().for_each(|&w| neuron.observe_weight(group, w, false));
    }
}

fn write_weights(
    target: &TargetLayer,
    values: &[Vec<f64>],
    network: &Network,
    into: &mut Network,
    scales: &Scales,
    limits: &Limits,
) {
    let scale = if target.readout { &scales.readout } else { &scales.hidden[target.ids.clone()] };
    let of_columns: Vec<f64> = (0..target.columns).map(|column| scale[column / target.synapses]).collect();
    for (block, values) in target.blocks.iter().zip(values) {
        let shift = match (target.readout, block.from_input) {
            (true, _) => scales.shift_out,
            (false, true) => scales.shift_in,
            (false, false) => scales.shift_rec,
        };
        let factor = shift_factor(shift);
        let on_chip = |w: f64, scale: f64| round(w * scale / factor, limits.weight) * factor / scale;
        for &i in &block.owners {
            let Some(Some(result)) = into.weights.get_mut(i) else { continue };
            let rows = result.matrix.data.chunks_exact_mut(target.columns);
            let rows = rows.zip(values.chunks_exact(target.columns));
            if block.parts.len() == 1 {
                for (row, values) in rows {
                    for ((result, &w), &scale) in row.iter_mut().zip(values).zip(&of_columns) {
                        *result = on_chip(w, scale) as f32;
                    }
                }
                continue;
            }
            let Some(Some(own)) = network.weights.get(i) else { continue };
            for ((row, values), own) in rows.zip(own.matrix.data.chunks_exact(target.columns)) {
                for (((result, &w), &scale), &own) in row.iter_mut().zip(values).zip(&of_columns).zip(own) {
                    *result = share(own, w, on_chip(w, scale), block.owners.len() as u32);
                }
            }
        }
    }
}
