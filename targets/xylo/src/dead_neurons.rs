//! Removal of dead neurons: hidden neurons that have no effect on the readout.
//!
//! A hidden neuron is *dead* if it can never spike, or if nothing that it sends can reach the readout. It can spike if
//! its bias is positive, or if a positive weight leads to it from the input or from a neuron that can spike; a spike of
//! an alias source counts as a spike of its target. It reaches the readout through nonzero weights, directly or through
//! neurons that can spike. So the readout does the same without dead neurons.
//!
//! Neurons are removed before quantization, and again after it: rounding can leave a neuron without weights.

use crate::float_specification::{FloatSpecification, RemovedNeurons};
use crate::specification::Specification;

/// Removes the dead neurons. If no neuron that the input feeds would be left, all neurons stay: a chip without neurons
/// computes nothing, and the quantizer warns about silent layers anyway.
pub(crate) fn remove(spec: &mut FloatSpecification) {
    let can_spike = can_spike(spec);
    let reaches = reaches_readout(spec, &can_spike);
    remove_all_but(spec, &can_spike, &reaches);
}

/// Like [`remove`], for neurons that are dead because their weights or biases round to zero. Returns whether any was
/// removed; `integers` then belongs to another network.
pub(crate) fn remove_rounded(spec: &mut FloatSpecification, integers: &Specification) -> bool {
    let floats = |values: &[i8]| values.iter().map(|&x| f64::from(x)).collect();
    let rounded = FloatSpecification {
        weights_in: floats(&integers.weights_in),
        weights_rec: floats(&integers.weights_rec),
        weights_out: floats(&integers.weights_out),
        bias: integers.bias.iter().map(|&x| f64::from(x)).collect(),
        ..spec.clone()
    };
    let can_spike = can_spike(&rounded);
    let reaches = reaches_readout(&rounded, &can_spike);
    remove_all_but(spec, &can_spike, &reaches)
}

/// Removes the neurons that cannot spike or do not reach the readout. Returns whether there were any.
fn remove_all_but(spec: &mut FloatSpecification, can_spike: &[bool], reaches: &[bool]) -> bool {
    let keep: Vec<bool> =
        can_spike.iter().zip(reaches).map(|(spikes, reaches)| *spikes && *reaches).collect();
    let removes = keep[..spec.dimensions.input_expansion].contains(&true) && keep.contains(&false);
    if removes {
        retain(spec, &keep, can_spike);
    }
    removes
}

/// Propagates a property along the edges that `next` lists, until nothing changes.
fn propagate(mut holds: Vec<bool>, next: impl Fn(usize, &mut dyn FnMut(usize))) -> Vec<bool> {
    // Each neuron enters the list at most once, so this ends, whatever cycles the weights have.
    let mut waiting: Vec<usize> = (0..holds.len()).filter(|&n| holds[n]).collect();
    while let Some(n) = waiting.pop() {
        next(n, &mut |other| {
            if !std::mem::replace(&mut holds[other], true) {
                waiting.push(other);
            }
        });
    }
    holds
}

/// Returns the weights from one hidden neuron to another, one per synapse.
fn weights(spec: &FloatSpecification, from: usize, to: usize) -> &[f64] {
    let d = spec.dimensions;
    let first = (from * d.hidden + to) * d.synapses;
    &spec.weights_rec[first..first + d.synapses]
}

fn can_spike(spec: &FloatSpecification) -> Vec<bool> {
    let d = spec.dimensions;
    let mut starts: Vec<bool> = spec.bias.iter().map(|&bias| bias > 0.0).collect();
    for row in spec.weights_in.chunks_exact((d.input_expansion * d.synapses).max(1)) {
        for (start, weights) in starts.iter_mut().zip(row.chunks_exact(d.synapses)) {
            *start |= weights.iter().any(|&w| w > 0.0);
        }
    }
    // Negative weights only lower a membrane, whose rest is 0 and below every threshold.
    propagate(starts, |n, reach| {
        let excited = (0..d.hidden).filter(|&to| weights(spec, n, to).iter().any(|&w| w > 0.0));
        excited.chain(spec.alias_target[n]).for_each(reach);
    })
}

fn reaches_readout(spec: &FloatSpecification, can_spike: &[bool]) -> Vec<bool> {
    let d = spec.dimensions;
    let mut starts = vec![false; d.hidden - d.output_expansion];
    starts.extend(spec.weights_out.chunks_exact(d.outputs).map(|row| row.iter().any(|&w| w != 0.0)));
    starts.iter_mut().zip(can_spike).for_each(|(start, spikes)| *start &= spikes);
    // Against the direction of the spikes: from the readout back to the sources.
    propagate(starts, |n, reach| {
        let leads = |&from: &usize| {
            let connected = weights(spec, from, n).iter().any(|&w| w != 0.0);
            can_spike[from] && (connected || spec.alias_target[from] == Some(n))
        };
        (0..d.hidden).filter(leads).for_each(reach);
    })
}

fn retain(spec: &mut FloatSpecification, keep: &[bool], can_spike: &[bool]) {
    let d = spec.dimensions;
    let first_out = d.hidden - d.output_expansion;
    // Neurons keep their order, so the first ids still have the input weights and the last ones the readout weights.
    let kept = |ids: std::ops::Range<usize>| keep[ids].iter().filter(|keep| **keep).count();
    let (before_out, input_expansion, hidden) =
        (kept(0..first_out), kept(0..d.input_expansion), kept(0..d.hidden));

    let cells = |weights: &[f64], rows: &dyn Fn(usize) -> bool, columns: usize| -> Vec<f64> {
        let cells = weights.chunks_exact(d.synapses).enumerate();
        let kept = cells.filter(|(i, _)| rows(i / columns) && keep[i % columns]);
        kept.flat_map(|(_, cell)| cell.iter().copied()).collect()
    };
    spec.weights_in = cells(&spec.weights_in, &|_| true, d.input_expansion.max(1));
    spec.weights_rec = cells(&spec.weights_rec, &|row| keep[row], d.hidden);
    let rows = spec.weights_out.chunks_exact(d.outputs).zip(&keep[first_out..]);
    spec.weights_out = rows.filter(|(_, keep)| **keep).flat_map(|(row, _)| row.iter().copied()).collect();
    let values =
        [&mut spec.dash_mem, &mut spec.dash_syn, &mut spec.dash_syn_2, &mut spec.threshold, &mut spec.bias];
    for values in values {
        let mut keep = keep.iter();
        values.retain(|_| *keep.next().expect("hidden neurons have one value each"));
    }
    // The new id of each neuron: the number of neurons kept before it.
    let ids: Vec<usize> = (0..d.hidden)
        .scan(0, |next, n| Some(std::mem::replace(next, *next + usize::from(keep[n]))))
        .collect();
    let aliases = spec.alias_target.iter().zip(keep).filter(|(_, keep)| **keep);
    // An alias source may have rows of its own that reach the readout, while its target does not; its alias is void
    // then.
    spec.alias_target =
        aliases.map(|(target, _)| target.filter(|&target| keep[target]).map(|target| ids[target])).collect();
    for layer in spec.layers.iter_mut().filter(|layer| !layer.readout) {
        let first = layer.ids.start;
        let of = |wanted: &dyn Fn(usize) -> bool| -> Vec<usize> {
            layer.neurons.iter().enumerate().filter(|(i, _)| wanted(first + i)).map(|(_, n)| *n).collect()
        };
        let removed = RemovedNeurons {
            layer: layer.layer,
            name: layer.name.clone(),
            silent: of(&|id| !can_spike[id]),
            without_effect: of(&|id| can_spike[id] && !keep[id]),
        };
        layer.neurons = of(&|id| keep[id]);
        layer.ids = ids[first]..ids[first] + layer.neurons.len();
        if !(removed.silent.is_empty() && removed.without_effect.is_empty()) {
            // Neurons that die by rounding are removed after others.
            match spec.removed.iter_mut().find(|known| known.layer == removed.layer) {
                None => spec.removed.push(removed),
                Some(known) => {
                    known.silent.extend(removed.silent);
                    known.without_effect.extend(removed.without_effect);
                }
            }
        }
    }
    spec.layers.retain(|layer| !layer.neurons.is_empty());
    spec.dimensions.hidden = hidden;
    spec.dimensions.input_expansion = input_expansion;
    spec.dimensions.output_expansion = hidden - before_out;
}
