//! The autodiff tape: a graph as layers and paths, walked forwards and backwards over whole
//! sequences.
//!
//! A [`Tape`] is made once from a graph. One sample at a time is walked, in blocks of [`BLOCK_STEPS`] time
//! steps: all layers of a block before the next block, so that what a block touches stays in a
//! core's cache. Layers that are tied by recurrence form a stage, which advances by no more steps
//! than its shortest recurrent path takes.
//!
//! Forwards, spikes travel as lists of events; of each neuron and time step the walk keeps the
//! membrane before reset (4 bytes) and 8 bytes for each event. Backwards, everything else is made
//! again from these. [`Recompute::Segments`] keeps the states at the beginnings of segments instead,
//! and walks each segment forwards again before it goes backwards through it.
//!
//! ```
//! use synnet_runtime::tape::{Pass, Recompute, Tape};
//!
//! # use synnet_dsl::{NoImports, Options, compile};
//! # use synnet_ir::Sources;
//! let mut sources = Sources::new();
//! let root = sources.add("net.snn", "
//!     network Net {
//!         dt: 1 ms;
//!         input events: 2;
//!         layer out: lif(1) { tau_mem: 5 ms, tau_syn: 5 ms };
//!         events -> linear { scale: 1 } -> out;
//!         output out.vmem;
//!     }
//! ");
//! let graph = compile(&mut sources, root, &Options::default(), &mut NoImports).graph.unwrap();
//! let network = synnet_ir::Network::bind(&graph, &synnet_runtime::initial_params(&graph, 0)).unwrap();
//!
//! let tape = Tape::new(&graph);
//! let weights = tape.pack(&network);
//! let mut workspace = tape.workspace(3, Recompute::None);
//! let mut sums = tape.sums();
//!
//! tape.forward(&weights, &[1.0, 0.0, 0.0, 2.0, 1.0, 1.0], Pass::Evaluation, &mut workspace);
//! let (output, gradient) = workspace.output_and_gradient();
//! assert_eq!(output.len(), 3);
//! gradient[2] = 1.0; // the derivative of "the membrane of the last step"
//! tape.backward(&weights, &mut workspace, &mut sums);
//! let gradients = tape.gradients(&network, &sums);
//! assert_eq!(gradients.tensors[0].len(), 2);
//! ```

mod backward;
mod forward;
mod gradient_sums;
mod layer_pass;
mod memory_estimate;
mod packed_weights;
mod pass;
mod penalty;
mod plan;
mod prepared;
mod tensors;
#[cfg(test)]
mod tests;
mod workspace;

pub use gradient_sums::GradientSums;
pub use memory_estimate::MemoryEstimate;
pub use packed_weights::PackedWeights;
pub use pass::{BLOCK_STEPS, Pass, Recompute, SampleKey};
pub use penalty::MembranePenalty;
pub use prepared::Tape;
pub use tensors::{Gradients, LearnedTensors};
pub use workspace::Workspace;
