//! Integer arithmetic: int8 weights, 16-bit states, leaks by bit shifts.
//!
//! [`IntegerNetwork`] is a plain description of a network in this arithmetic. It knows neither chips nor
//! the float network that it may come from; [`quantized`](crate::quantized) makes it from either.
//!
//! # One step
//! All states are signed 16-bit integers and begin at 0. Every spike takes one step to its targets; the
//! input acts in its own step.
//!
//! 1. Every layer receives: for each connection in its order, for each source in ascending order, one
//!    addition of `weight << shift` to a synaptic current per event, saturating each time. Input counts
//!    above [`IntegerNetwork::max_events`] are cut.
//! 2. Layer after layer: each current loses `leak(isyn, dash_syn)`, where `leak(x, d)` is `x >> d`, rounded
//!    down, but at least 1 of a positive `x`.
//! 3. `change = saturate(-leak(vmem, dash_mem) + isyn + isyn2)`, then `saturate(change + bias)`, then
//!    `vmem = saturate(vmem + change)`.
//! 4. While `vmem >= threshold`, and with fewer than [`IntegerLayer::max_spikes`] spikes: one more spike,
//!    and `vmem = wrap(vmem - threshold)`. An alias adds the neuron's spikes to those of its target, which
//!    begins with them where it has the higher index.
//!
//! These are the rules of SynSense's `xylosim.v2`, which `synnet_xylo::Simulator` follows as well.

mod code;
mod docs;
mod kernels;
mod layer;
mod network;
mod synapse;

pub(crate) use code::parts;
pub use network::{IntegerConnection, IntegerError, IntegerLayer, IntegerNetwork, IntegerSource};
