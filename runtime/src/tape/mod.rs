//! The autodiff tape: forward and backward passes of a graph over whole sequences.
//!
//! A [`Tape`] is built once from a graph, and processes one sample at a time in blocks of [`BLOCK_STEPS`]
//! time steps. All layers run through a block before the next block, so that the data of a block stays in a
//! core's cache. Layers connected by recurrence form a stage, which advances by at most its shortest
//! recurrent delay.
//!
//! The forward pass passes spikes on as lists of events. It stores the membrane potential before reset of
//! each neuron and step (4 bytes), and each event (8 bytes); the backward pass reconstructs everything else.
//! With [`Recompute::Segments`], the forward pass stores the states at segment boundaries instead, and the
//! backward pass runs each segment forward again first.
//!
//! ```
//! use synnet_runtime::tape::{Pass, Recompute, Tape};
//!
//! # use synnet_dsl::{NoImports, CompileOptions, compile};
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
//! let graph = compile(&mut sources, root, &CompileOptions::default(), &mut NoImports).graph.unwrap();
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
