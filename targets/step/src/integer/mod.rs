//! Programs in integers: 8-bit weights, 16-bit states, leaks by bit shifts.
//!
//! [`IntegerNetwork`] describes a network in this arithmetic as plain arrays. It knows neither chips nor the float
//! network that it may come from; [`quantized`](crate::quantized) creates it from either.
//!
//! # One step
//! All states are signed 16-bit integers, initially 0. Every spike takes one step to its targets; the input acts in its
//! own step.
//!
//! 1. Every layer receives. For each connection in order, and each source in ascending order, each event adds
//!    `weight << shift` to a synaptic current, saturating. Input counts above [`IntegerNetwork::max_events`] are cut.
//! 2. In every layer, each current loses `leak(isyn, dash_syn)`, where `leak(x, d)` is `x >> d`, rounded down, but at
//!    least 1 for a positive `x`.
//! 3. `change = saturate(-leak(vmem, dash_mem) + isyn + isyn2)`, then `change = saturate(change + bias)`, then
//!    `vmem = saturate(vmem + change)`.
//! 4. While `vmem >= threshold` and there were fewer than [`IntegerLayer::max_spikes`] spikes, the neuron spikes once
//!    more and `vmem = wrap(vmem - threshold)`. An alias adds the neuron's spikes to those of its target. A target with
//!    a higher index starts counting from there.
//!
//! These are the rules of SynSense's `xylosim.v2`, which `synnet_xylo::simulate::Simulator` follows, too.

mod docs;
mod layer;
mod lower;
mod network;

pub use lower::lower;
pub use network::{IntegerConnection, IntegerError, IntegerLayer, IntegerNetwork, IntegerSource};
