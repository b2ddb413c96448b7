//! The limits of graphs, wherever they come from: what fits into the memory of one machine, and far above what a network
//! needs. `docs/language.md` lists them.

/// Neurons of a layer and of a network, and channels of an input.
pub const MAX_NEURONS: usize = 1_000_000;
/// Layers of a network.
pub const MAX_LAYERS: usize = 10_000;
/// Connections of a network: a little more than each of 1,000 layers with each.
pub const MAX_CONNECTIONS: usize = 1 << 20;
/// Weights of a network: 1 GiB in f32.
pub const MAX_WEIGHTS: usize = 1 << 28;
/// Synapses of a neuron: each costs a state and a column of weights, one per source.
pub const MAX_SYNAPSES: u32 = 64;
/// Delay of a connection, in steps: engines keep the spikes of every step of it.
pub const MAX_DELAY: u32 = 1_000_000;
