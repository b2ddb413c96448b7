//! Fake quantization: quantization and dequantization in one step, for quantization-aware training.
//!
//! The structure (layout, blocks, ids) is computed once per graph. Each call then takes the statistics of the weights,
//! chooses scales, and writes rounded numbers, without the chip's matrices.

use std::ops::Range;

use synnet_ir::graph::{self, Endpoint, LayerId, Lif, Quantity};
use synnet_ir::{Diagnostic, Diagnostics, Graph, Network};

use super::dequantize::{distribute, write_leak, write_values};
use super::headroom::LayerSlice;
use super::options::QuantizeOptions;
use super::rounding::{dash, round, shift_factor, threshold};
use super::scales::Scales;
use super::statistics::{Group, Limits, NetworkStatistics, NeuronStatistics};
use crate::chip::Chip;
use crate::codes;
use crate::layout::Layout;
use crate::rules;

/// Gives a network the numbers that it would have on a chip.
///
/// The result equals that of [`build`](crate::build()) followed by [`dequantize`](super::dequantize()), but no matrices
/// of the chip are built, so it is fast enough for each training step.
#[derive(Clone, Debug)]
pub struct FakeQuantizer {
    chip: Chip,
    options: QuantizeOptions,
    dt: f64,
    output: Quantity,
    /// Number of hidden neurons.
    hidden: usize,
    /// The hidden layers in the order of ids, then the readout.
    targets: Vec<TargetLayer>,
}

/// A layer of the chip with the weights into it.
#[derive(Clone, Debug)]
struct TargetLayer {
    layer: LayerId,
    ids: Range<usize>,
    readout: bool,
    columns: usize,
    synapses: usize,
    /// Weights by source, in the order of the chip's rows: the input, then the hidden layers by id.
    blocks: Vec<SummedWeights>,
}

/// Weights from one source to one layer: the sum of all connections between them.
#[derive(Clone, Debug)]
struct SummedWeights {
    from_input: bool,
    /// The connections whose matrices are added, as (index, width of the source).
    terms: Vec<(usize, usize)>,
    /// Connections among `terms` that read their quantized weights from this block.
    owners: Vec<usize>,
}

impl SummedWeights {
    fn group(&self) -> Group {
        if self.from_input { Group::Input } else { Group::Hidden }
    }
}

impl FakeQuantizer {
    /// Creates a fake quantizer for all networks with this graph, whatever their parameters.
    ///
    /// # Errors
    /// Returns every design rule of the chip that the graph breaks, except for sizes. Returns an error if the method is
    /// one of Rockpool's, which are for comparison only.
    pub fn new(graph: &Graph, chip: &Chip, options: &QuantizeOptions) -> Result<Self, Diagnostics> {
        let layout = Layout::new(graph, chip);
        // Pruned weights and removed neurons may still make the network fit, so sizes are checked by `build` only.
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

    /// Writes the chip's version of the weights, thresholds, biases and leaks of `network` into `into`, which must have
    /// the same graph. Leaks keep their parametrization.
    pub fn apply(&self, network: &Network, into: &mut Network) {
        let keep = self.options.needs_weights();
        let mut statistics = NetworkStatistics {
            hidden: Vec::with_capacity(self.hidden),
            readout: Vec::new(),
            output: self.output,
        };
        // `targets` are in the order of ids, so appending gives each neuron its id as an index.
        let mut values = Vec::with_capacity(self.targets.len());
        for target in &self.targets {
            let Some(lif) = network.graph.layer(target.layer).as_lif() else { continue };
            let neurons = if target.readout { &mut statistics.readout } else { &mut statistics.hidden };
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
        let scales = Scales::choose(statistics, placed, &self.chip, &self.options);
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
        // `into` holds the numbers of an earlier step; uniform values must become those of `network` again first.
        for (leak, own) in [(&mut result.mem, &lif.mem), (&mut result.syn, &lif.syn)] {
            // The rules refuse neurons without leak.
            let (Some(leak), Some(own)) = (leak, own) else { return };
            leak.parameter.values.clone_from(&own.parameter.values);
            write_leak(leak, self.dt, |i| dash(own.dash(i, self.dt)));
        }
        result.threshold.values.clone_from(&lif.threshold.values);
        result.bias.values.clone_from(&lif.bias.values);
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

/// Returns the blocks of a layer in the order of the chip's rows.
fn blocks(graph: &Graph, layout: &Layout, target: LayerId) -> Vec<SummedWeights> {
    // Sums of floats depend on their order, so blocks and terms follow the mapping's order to give equal numbers.
    let hidden = layout.hidden.iter().map(|placed| Endpoint::Layer(placed.layer));
    let sources = [Endpoint::Input].into_iter().chain(hidden);
    let block = |source: Endpoint| {
        let mut block =
            SummedWeights { from_input: source == Endpoint::Input, terms: Vec::new(), owners: Vec::new() };
        for (i, connection) in graph.connections_into(target) {
            let mut rows = connection
                .sources
                .iter()
                .filter(|&&s| !layout.is_repeated(s, &connection.sources))
                .peekable();
            // As in `dequantize`: a connection takes the numbers of its first source that is not aliased.
            if connection.as_linear().is_some() && rows.peek() == Some(&&source) {
                block.owners.push(i);
            }
            let width = graph.source_width(connection);
            block.terms.extend(rows.filter(|&&s| s == source).map(|_| (i, width)));
        }
        block
    };
    sources.map(block).filter(|block| !block.terms.is_empty()).collect()
}

fn neuron(lif: &Lif, n: usize, dt: f64) -> NeuronStatistics {
    // The rules refuse neurons without leak.
    let dashes =
        lif.syn.iter().flat_map(|syn| (0..lif.synapses).map(move |s| syn.dash(n * lif.synapses + s, dt)));
    let fastest = dashes.fold(f64::INFINITY, f64::min);
    NeuronStatistics::new(lif.threshold.get(n), lif.bias.get(n), fastest)
}

/// Adds the matrices of a block, `[sources, target columns]`.
fn sum(block: &SummedWeights, network: &Network) -> Vec<f64> {
    let mut sum: Vec<f64> = Vec::new();
    for &(i, width) in &block.terms {
        match network.weights.get(i) {
            Some(Some(weights)) => {
                let data = weights.matrix.data.iter().map(|&w| f64::from(w));
                if sum.is_empty() {
                    sum.extend(data);
                } else {
                    sum.iter_mut().zip(data).for_each(|(sum, w)| *sum += w);
                }
            }
            // A connection without weights is a diagonal of ones, as in the mapping.
            _ => {
                sum.resize(sum.len().max(width * width), 0.0);
                sum.iter_mut().step_by(width + 1).for_each(|sum| *sum += 1.0);
            }
        }
    }
    sum
}

/// Adds the weights of a block to the statistics of the neurons.
fn observe(neurons: &mut [NeuronStatistics], group: Group, target: &TargetLayer, values: &[f64], keep: bool) {
    let synapses = target.synapses;
    // Clipping and refinement need each weight. Without them, maxima suffice: those are taken column by column over
    // contiguous rows, which the compiler vectorizes.
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
            // `f64::max` alone would let infinity through, which does not count as a weight to represent.
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
        // The same expressions in the same order as in `integers` and `dequantize`, so the results are equal.
        let on_chip = |w: f64, scale: f64| round(w * scale / factor, limits.weight) * factor / scale;
        for &i in &block.owners {
            let Some(Some(result)) = into.weights.get_mut(i) else { continue };
            let rows = result.matrix.data.chunks_exact_mut(target.columns);
            let rows = rows.zip(values.chunks_exact(target.columns));
            // Alone in its block, a connection takes the number itself: the common case, and no float weights are read.
            if block.terms.len() == 1 {
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
                    *result = distribute(own, w, on_chip(w, scale), block.owners.len() as u32);
                }
            }
        }
    }
}
