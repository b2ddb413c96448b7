//! The equations of `synnet_ir::graph` in f32, transcribed as plainly as possible. The float engines must match them
//! bit for bit. Membrane noise and dropout are not covered.

#![allow(clippy::needless_range_loop, reason = "indices as in the equations")]

use synnet_ir::Network;
use synnet_ir::graph::{Endpoint, LayerId, Neuron, Quantity, Reset};

/// The states of a layer at the end of a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Synaptic currents, `[neurons, synapses]`.
    pub isyn: Vec<f32>,
    /// Currents of adaptation, `[neurons]`; zeros without adaptation.
    pub iahp: Vec<f32>,
    /// Membrane potentials after reset, `[neurons]`; zeros in leaky integrators.
    pub vmem: Vec<f32>,
    /// Spike counts, `[neurons]`; zeros in leaky integrators.
    pub spikes: Vec<f32>,
}

/// Output and states at the end of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Output of the network, `[outputs]`.
    pub output: Vec<f32>,
    /// States of each layer, in the order of the graph.
    pub layers: Vec<State>,
}

/// Runs a network from rest on a raster `[steps, channels]`.
pub fn run(network: &Network, raster: &[f32]) -> Vec<Step> {
    let graph = &network.graph;
    let zero = |n: usize| vec![0.0f32; n];
    let at_rest = graph.layers.iter().map(|layer| State {
        isyn: zero(layer.input_columns()),
        iahp: zero(layer.size),
        vmem: zero(layer.size),
        spikes: zero(layer.size),
    });
    let mut states: Vec<State> = at_rest.collect();
    // The values that entered each connection, by step, for delays.
    let mut entered: Vec<Vec<Vec<f32>>> = vec![Vec::new(); graph.connections.len()];
    let mut steps = Vec::new();
    for (t, input) in raster.chunks_exact(graph.input.channels).enumerate() {
        for id in (0..graph.layers.len()).map(|i| LayerId(i as u32)) {
            let received = receive(network, id, t, input, &states, &mut entered);
            update(network, id, &received, &mut states[id.index()]);
        }
        let state = &states[graph.output.layer.index()];
        let synapses = graph.layer(graph.output.layer).synapses();
        let output = match graph.output.quantity {
            Quantity::Spikes => state.spikes.clone(),
            Quantity::Vmem => state.vmem.clone(),
            Quantity::Isyn => state.isyn.iter().step_by(synapses).copied().collect(),
        };
        steps.push(Step { output, layers: states.clone() });
    }
    steps
}

fn receive(
    network: &Network,
    id: LayerId,
    t: usize,
    input: &[f32],
    states: &[State],
    entered: &mut [Vec<Vec<f32>>],
) -> Vec<f32> {
    let graph = &network.graph;
    let mut received = vec![0.0f32; graph.layer(id).input_columns()];
    for (i, connection) in graph.connections_into(id) {
        let mut counts = vec![0.0f32; graph.source_width(connection)];
        for source in &connection.sources {
            // A layer that is updated later, or the layer itself, still holds the spikes of the previous step.
            let values = match source {
                Endpoint::Input => input,
                Endpoint::Layer(layer) => match graph.layer(*layer).neuron {
                    Neuron::Lif(_) => &states[layer.index()].spikes,
                    Neuron::ExpSyn(_) => &states[layer.index()].isyn,
                },
            };
            for n in 0..counts.len() {
                counts[n] += values[n];
            }
        }
        entered[i].push(counts);
        let nothing = vec![0.0; graph.source_width(connection)];
        let counts = t.checked_sub(connection.delay as usize).map_or(&nothing, |then| &entered[i][then]);
        match &network.weights[i] {
            None => {
                for c in 0..received.len() {
                    received[c] += counts[c];
                }
            }
            Some(weights) => {
                for c in 0..received.len() {
                    if let Some(bias) = &weights.bias {
                        received[c] += bias[c];
                    }
                    for n in 0..counts.len() {
                        received[c] += counts[n] * weights.matrix.data[n * received.len() + c];
                    }
                }
            }
        }
    }
    received
}

fn update(network: &Network, id: LayerId, received: &[f32], state: &mut State) {
    let dt = network.graph.dt;
    let layer = network.graph.layer(id);
    let leak = match &layer.neuron {
        Neuron::Lif(lif) => &lif.syn,
        Neuron::ExpSyn(expsyn) => &expsyn.syn,
    };
    for c in 0..received.len() {
        state.isyn[c] = match leak {
            Some(leak) => (state.isyn[c] + received[c]) * leak.decay(c, dt) as f32,
            None => received[c],
        };
    }
    let Neuron::Lif(lif) = &layer.neuron else { return };
    for n in 0..layer.size {
        let mut current = state.isyn[n * lif.synapses];
        for s in 1..lif.synapses {
            current += state.isyn[n * lif.synapses + s];
        }
        if let Some(adaptation) = &lif.adaptation {
            let fed_back = state.spikes[n] * adaptation.w_ahp.get(n) as f32;
            state.iahp[n] = (state.iahp[n] + fed_back) * adaptation.leak.decay(n, dt) as f32;
            current += state.iahp[n];
        }
        current += lif.bias.get(n) as f32;
        if let Some(leak) = &lif.mem {
            state.vmem[n] *= leak.decay(n, dt) as f32;
        }
        state.vmem[n] += current;
        let threshold = lif.threshold.get(n) as f32;
        state.spikes[n] = if state.vmem[n] >= threshold {
            (state.vmem[n] / threshold).floor().min(lif.max_spikes as f32)
        } else {
            0.0
        };
        match lif.reset {
            Reset::Subtract => state.vmem[n] -= state.spikes[n] * threshold,
            Reset::Zero if state.spikes[n] > 0.0 => state.vmem[n] = 0.0,
            Reset::Zero => {}
        }
    }
}
