//! Calibration: the ranges of a network's states on typical input, from which the quantizer chooses weight shifts.

use rayon::prelude::*;
use synnet_ir::Network;
use synnet_runtime::{Dataset, Interpreter, ShapeError, StepStates};
use synnet_xylo::quantize::{LayerRange, Ranges};

use crate::input_events::InputEvents;

/// Measures the ranges on input events `[B, T, C]`.
///
/// # Errors
/// Returns an error if the values are not event counts, which chips and integer code take, if all are zero, or if the
/// channels are not those of the network.
pub fn on_events(network: &Network, events: &InputEvents) -> Result<Ranges, String> {
    let (time, channels, data) = (events.time, network.graph.input.channels, &events.data);
    events.check_counts()?;
    if data.iter().all(|&x| x == 0.0) {
        return Err("the array holds no events; calibration needs typical input".into());
    }
    let len = time * channels;
    let write_input = |b: usize, t: usize, row: &mut [f32]| {
        let values = &data[b * len + t * channels..][..channels];
        row.iter_mut().zip(values).for_each(|(to, &x)| *to = x as f32);
    };
    if len == 0 || data.len() % len != 0 {
        let error = ShapeError::Length { batch: events.batch, time, width: channels, len: data.len() };
        return Err(error.to_string());
    }
    Ok(measure(network, data.len() / len, time, write_input))
}

/// Measures the ranges on the samples of a dataset.
///
/// # Errors
/// Returns an error if the channels of the dataset are not those of the network.
pub fn on_dataset(network: &Network, dataset: &Dataset) -> Result<Ranges, ShapeError> {
    let (found, expected) = (dataset.channels(), network.graph.input.channels);
    if found != expected {
        return Err(ShapeError::Channels { network: network.graph.name.clone(), expected, found });
    }
    let samples = dataset.samples();
    let write_input = |i: usize, t: usize, row: &mut [f32]| {
        if t < samples[i].raster.steps() {
            samples[i].raster.write_step(t, row);
        } else {
            row.fill(0.0);
        }
    };
    Ok(measure(network, samples.len(), dataset.steps(), write_input))
}

/// Runs `samples` samples in parallel, whose input `write_input` writes by sample and step. No state outlives its step.
fn measure(
    network: &Network,
    samples: usize,
    steps: usize,
    write_input: impl Fn(usize, usize, &mut [f32]) + Sync,
) -> Ranges {
    let interpreter = Interpreter::new(network);
    let empty = || Ranges { layers: vec![LayerRange::default(); network.graph.layers.len()] };
    let observe = |mut ranges: Ranges, i: usize| {
        let mut largest = Vec::new();
        let write_input = |t: usize, row: &mut [f32]| write_input(i, t, row);
        interpreter.visit_steps(steps, 0, i as u64, write_input, |states| {
            for (layer, range) in ranges.layers.iter_mut().enumerate() {
                extend_range(range, network, layer, states, &mut largest);
            }
        });
        ranges
    };
    let merge = |mut a: Ranges, b: Ranges| {
        a.layers.iter_mut().zip(&b.layers).for_each(|(range, other)| range.merge(other));
        a
    };
    (0..samples).into_par_iter().fold(empty, observe).reduce(empty, merge)
}

/// Extends the range of a layer by the states of a step. `largest` is a buffer.
fn extend_range(
    range: &mut LayerRange,
    network: &Network,
    layer: usize,
    states: StepStates<'_>,
    largest: &mut Vec<f32>,
) {
    let Some(lif) = network.graph.layers[layer].as_lif() else { return };
    // The synapses of a neuron share the scale of the chip's currents, so the largest of them counts.
    let currents = states.isyn(layer).chunks(lif.synapses.max(1));
    largest.clear();
    largest.extend(currents.map(|currents| currents.iter().fold(0.0, |max: f32, x| max.max(x.abs()))));
    range.observe(states.vmem(layer), largest, states.spikes(layer), |n| lif.threshold.get(n));
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
