//! The limits of the language: maximum sizes of sources, values and networks.
//!
//! They keep a hostile or mistaken source from exhausting stack, memory or time: one of a kilobyte takes at most two
//! seconds and 300 MB. Each lies far above what a network needs. `docs/language.md` lists them.

pub(crate) use synnet_ir::limits::{MAX_CONNECTIONS, MAX_LAYERS, MAX_NEURONS, MAX_SYNAPSES};

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
/// Steps that an error counts as: its message is made even if it is only counted.
pub(crate) const STEPS_PER_ERROR: u64 = 50;
/// Steps that a warning counts as.
pub(crate) const STEPS_PER_WARNING: usize = 10;
/// Bytes of the values, layers and connections that a source unfolds to, by estimate.
pub(crate) const MAX_UNFOLDED_BYTES: usize = 128 << 20;
/// Bytes of the names of all connections.
pub(crate) const MAX_NAME_BYTES: usize = 64 << 20;
/// Elements of a list: one per neuron of the largest network.
pub(crate) const MAX_LIST_ELEMENTS: usize = MAX_NEURONS;
/// Levels of lists inside lists: printing and comparing them use the stack for each.
pub(crate) const MAX_LIST_DEPTH: u8 = 8;
/// Largest integer, by magnitude: up to 2^53 all integers are exact in `f64`.
pub(crate) const MAX_INTEGER: f64 = 9_007_199_254_740_992.0;
/// Largest power of time that a unit can have, by magnitude: no formula needs more.
pub(crate) const MAX_TIME_POWER: i32 = 16;
/// Delay of a connection, in steps.
pub(crate) const MAX_DELAY: i64 = synnet_ir::limits::MAX_DELAY as i64;
