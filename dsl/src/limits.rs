//! The limits of the language: maximum sizes of sources, values and networks.
//!
//! They keep a hostile or mistaken source from exhausting stack, memory or time. Each lies far above what a network
//! needs. The limit on weights is a rule of graphs, in [`synnet_ir::validate`].

/// Bytes of a source: 4 MiB, about a hundred thousand lines. Spans are 32-bit offsets.
pub(crate) const MAX_SOURCE_BYTES: usize = 4 << 20;
/// Levels of nested brackets and block comments: the parser uses the stack for each.
pub(crate) const MAX_NESTING: usize = 64;
/// Levels of an expression's tree: every walk over it uses the stack for each.
pub(crate) const MAX_EXPRESSION_HEIGHT: u32 = 128;
/// Syntax errors that are explained in a source: each explanation parses the source from there again.
pub(crate) const MAX_SYNTAX_REPORTS: usize = 100;
/// Files of a compilation.
pub(crate) const MAX_FILES: usize = 256;
/// Levels of networks inside networks: elaboration uses the stack for each.
pub(crate) const MAX_INSTANCE_DEPTH: usize = 32;
/// Steps of elaboration (visited expressions, rounds of loops, elements of lists): about a second of work.
pub(crate) const MAX_STEPS: u64 = 10_000_000;
/// Levels of lists inside lists: printing and comparing them use the stack for each.
pub(crate) const MAX_LIST_DEPTH: u8 = 8;
/// Largest integer, by magnitude: up to 2^53 all integers are exact in `f64`.
pub(crate) const MAX_INTEGER: f64 = 9_007_199_254_740_992.0;
/// Largest power of time that a unit can have, by magnitude: no formula needs more.
pub(crate) const MAX_TIME_POWER: i32 = 16;
/// Neurons of a layer and of a network, and channels of an input: what fits into the memory of one machine.
pub(crate) const MAX_NEURONS: usize = 1_000_000;
/// Layers of a network.
pub(crate) const MAX_LAYERS: usize = 10_000;
/// Synapses of a neuron: each costs a state and a column of weights, one per source.
pub(crate) const MAX_SYNAPSES: u32 = 64;
/// Delay of a connection, in steps: engines keep the spikes of every step of it.
pub(crate) const MAX_DELAY: i64 = 1_000_000;
