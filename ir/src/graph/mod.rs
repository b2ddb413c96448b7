//! The graph: the meaning of a spiking network, independent of how and where it runs.
//!
//! A [`Graph`] is flat: an input, layers of neurons, connections between them, and an output. Instances of other
//! networks, parameters, lists and loops are expanded. The graph holds every fact that decides what the network
//! computes, but no weights: those are [`Params`](crate::Params), which a [`Network`](crate::Network) joins with the
//! graph.
//!
//! # Time
//! Time runs in steps of [`Graph::dt`] seconds. All states are zero before the first step. In each
//! step the layers are updated one after another in the order of [`Graph::layers`]. A connection
//! from an earlier layer delivers the spikes of the same step; a connection from a layer
//! to itself or to an earlier one is *recurrent* and delivers the spikes of the previous step
//! ([`Graph::is_recurrent`]). [`Connection::delay`] adds whole steps to either.
//!
//! # Inputs of a layer
//! A layer of `N` neurons with `S` synapses each has `N * S` input columns; column `n * S + s` feeds
//! synapse `s` of neuron `n`. Its input is the sum over its connections, in the order of
//! [`Graph::connections`]. A connection first adds the spike counts of its sources (which have equal
//! widths), then applies dropout (in training only: each count of each step is set to zero with
//! probability `p`, without rescaling), then its [`Operator`]: a weight matrix, or nothing.
//!
//! The float engines compute this in f32 and in exactly this order, starting from `input = 0`:
//! for each connection, the bias if it has one, then `input[c] = input[c] + count[i] * w[i][c]` for
//! ascending `i`, with two roundings (no fused multiply-add). Zero counts may be skipped.
//!
//! # Equations of neurons
//! [`Neuron::Lif`], for neuron `n` with synapses `s` (Rockpool's `LIFTorch`; `spikes` on the right-hand
//! side are those of the step before):
//! ```text
//! isyn[s] = (isyn[s] + input[s]) * decay_syn[s]             (without synaptic filter: isyn[0] = input[0])
//! iahp    = (iahp + spikes * w_ahp) * decay_ahp             (adaptive neurons only)
//! vmem    = vmem * decay_mem                                (without leak: unchanged)
//! vmem    = vmem + isyn[0] + isyn[1] + ... + iahp + bias + noise_std * sqrt(dt) * N(0, 1)
//! spikes  = vmem >= threshold ? min(floor(vmem / threshold), max_spikes) : 0
//! vmem    = vmem - spikes * threshold                       (reset to zero: 0 if there is a spike)
//! ```
//! The currents are first summed with each other, in this order, and then added to the decayed membrane potential.
//! There is no noise if `noise_std` is 0. An input thus decays in its own step, a neuron can spike several times per
//! step, and the reset subtracts. Recorded states are those at the end of the step.
//!
//! Three declarations change this ([`Lif::reset`], [`Lif::syn`], [`Lif::mem`]), as in snnTorch's `Leaky` with
//! `reset_delay=False`, in SpikingJelly's `IFNode` and `LIFNode`, and in Norse's `lif_box`: with [`Reset::Zero`], a
//! spike leaves nothing of the membrane potential, so `max_spikes` is 1; without synaptic filter, the input reaches
//! the membrane in its own step, undecayed; without leak, the membrane keeps its potential between spikes.
//!
//! [`Neuron::ExpSyn`] is a leaky integrator without spikes: `isyn = (isyn + input) * decay_syn`. Without filter
//! ([`ExpSyn::syn`]), it is `isyn = input`: the neurons have no state and pass their input on.
//!
//! Decays are `exp(-dt / tau)`, the decay itself, or `1 - 2^-dash`, as the network declares
//! ([`Leak`]); they are computed in f64 and rounded to f32 once.
//!
//! # Gradients
//! Training replaces the derivative of the spike count by [`Surrogate`]. The reset is differentiated with it, for both
//! kinds of reset, as in Rockpool, in Norse, and in SpikingJelly by default (`detach_reset=False`); snnTorch detaches
//! it. With `s` for the spike count and `v` for the membrane potential before reset, the derivative of the membrane
//! potential after reset is
//! ```text
//! 1 - threshold * ds/dv     (subtract)
//! (1 - s) - v * ds/dv       (zero)
//! ```

mod connection;
mod layer;
mod neuron;
mod parameter;
pub(crate) mod structure;

pub use connection::{Connection, Distribution, Endpoint, Init, Linear, LinearBias, Operator};
pub use layer::{Layer, LayerId};
pub use neuron::{
    Adaptation, ExpSyn, Leak, LeakUnit, Lif, LifSpans, Neuron, NeuronKind, Parameter, Quantity, Reset,
    Surrogate, SurrogateKind,
};
pub use parameter::{LayerParameter, Range};
pub(crate) use structure::Graph;
pub use structure::{Input, Output};
