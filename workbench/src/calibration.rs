//! Calibration: the ranges of a network's states on typical input, from which the quantizer chooses weight shifts.

use synnet_ir::Network;
use synnet_runtime::{Dataset, Interpreter, LayerTrace, Sequence, ShapeError, Tracing};
use synnet_xylo::quantize::LayerRange;
use synnet_xylo::quantize::Ranges;

use crate::input_events::InputEvents;

/// Maximum number of traced values in memory. A single sample may exceed it.
const MAX_VALUES: usize = 1 << 24;

/// Measures the ranges on input events `[B, T, C]`.
///
/// # Errors
/// Returns an error if all events are zero, or if the channels are not those of the network.
pub fn on_events(network: &Network, events: &InputEvents) -> Result<Ranges, String> {
    let (time, channels, data) = (events.time, network.graph.input.channels, &events.data);
    if data.iter().all(|&x| x == 0.0) {
        return Err("the array holds no events; calibration needs typical input".into());
    }
    let len = time * channels;
    let sequences = data.chunks(batch_size(network, time) * len).map(|part| {
        let values = part.iter().map(|&x| x as f32).collect();
        Sequence::new(part.len() / len, time, channels, values)
    });
    measure(network, sequences).map_err(|e| e.to_string())
}

/// Measures the ranges on the samples of a dataset.
///
/// # Errors
/// Returns an error if the channels of the dataset are not those of the network.
pub fn on_dataset(network: &Network, dataset: &Dataset) -> Result<Ranges, ShapeError> {
    let (steps, channels) = (dataset.steps(), dataset.channels());
    let len = steps * channels;
    let count = dataset.samples().len();
    let batch_size = batch_size(network, steps);
    let sequences = (0..count).step_by(batch_size).map(|first| {
        let batch = batch_size.min(count - first);
        let mut values = vec![0.0; batch * len];
        for b in 0..batch {
            dataset.write_sample(first + b, &mut values[b * len..(b + 1) * len]);
        }
        Sequence::new(batch, steps, channels, values)
    });
    measure(network, sequences)
}

/// Returns how many samples of `steps` time steps can be traced at a time, 1 or more.
fn batch_size(network: &Network, steps: usize) -> usize {
    // Spikes and membrane potentials of each neuron, and the currents of each synapse.
    let states = network.graph.layers.iter().map(|layer| 2 * layer.size + layer.input_columns());
    let values = states.sum::<usize>().saturating_mul(steps);
    (MAX_VALUES / values.max(1)).max(1)
}

fn measure(
    network: &Network,
    sequences: impl Iterator<Item = Result<Sequence, ShapeError>>,
) -> Result<Ranges, ShapeError> {
    let interpreter = Interpreter::new(network);
    let mut ranges = Ranges { layers: vec![LayerRange::default(); network.graph.layers.len()] };
    for sequence in sequences {
        let run = interpreter.run(&sequence?, Tracing::On, 0)?;
        for ((layer, trace), range) in network.graph.layers.iter().zip(&run.layers).zip(&mut ranges.layers) {
            let Some(lif) = layer.as_lif() else { continue };
            extend_range(range, trace, lif.synapses.max(1), |n| lif.threshold.get(n));
        }
    }
    Ok(ranges)
}

/// Extends a range by the states in a trace.
fn extend_range(
    range: &mut LayerRange,
    trace: &LayerTrace,
    synapses: usize,
    threshold: impl Fn(usize) -> f64,
) {
    let (Some(spikes), Some(vmem)) = (&trace.spikes, &trace.vmem) else { return };
    // The synapses of a neuron share the scale of the chip's currents, so the largest of them counts.
    let mut largest = vec![0.0; vmem.width];
    for b in 0..vmem.batch {
        for t in 0..vmem.time {
            for (largest, currents) in largest.iter_mut().zip(trace.isyn.row(b, t).chunks(synapses)) {
                *largest = currents.iter().fold(0.0, |max: f32, x| max.max(x.abs()));
            }
            range.observe(vmem.row(b, t), &largest, spikes.row(b, t), &threshold);
        }
    }
}

#[cfg(test)]
mod tests {
    use synnet_dsl::{CompileOptions, NoImports};
    use synnet_ir::{Params, Sources, Tensor};
    use synnet_runtime::{DenseSample, Label};

    use super::*;

    /// One neuron whose states halve in each step, then a readout.
    fn network() -> Network {
        let text = "network N {
            dt: 1 ms;
            input x: 1;
            layer h: lif(1) { dash_mem: 1, dash_syn: 1, threshold: 8, max_spikes: 31 };
            layer out: lif(1) { dash_mem: 1, dash_syn: 1, max_spikes: 1 };
            x -> linear -> h -> linear -> out;
            output out.spikes;
        }";
        let mut sources = Sources::new();
        let root = sources.add("n.snn", text);
        let compiled = synnet_dsl::compile(&mut sources, root, &CompileOptions::default(), &mut NoImports);
        let graph = compiled.graph.expect("it compiles");
        let one = |x| Tensor::new([1, 1], vec![x]);
        let tensors = [("x->h.weight".to_owned(), one(16.0)), ("h->out.weight".to_owned(), one(-0.5))];
        Network::bind(&graph, &Params { tensors: tensors.into() }).expect("these are its weights")
    }

    #[test]
    fn ranges_are_measured_before_reset() {
        let network = network();
        // In the step of the event, the current decays to 8; the membrane rises to the threshold of 8 and spikes.
        let samples = [vec![1.0, 0.0], vec![0.0, 0.0]].map(|raster| DenseSample {
            raster,
            steps: 2,
            label: Label::Class(0),
        });
        let dataset = Dataset::new(1, 2, samples.into()).expect("the samples fit");
        let ranges = on_dataset(&network, &dataset).expect("the set has one channel");
        let expected = [(8.0, 8.0), (0.25, 0.25)];
        for (range, (vmem, isyn)) in ranges.layers.iter().zip(expected) {
            assert_eq!((range.vmem.as_slice(), range.isyn.as_slice()), (&[vmem][..], &[isyn][..]));
        }
    }
}
