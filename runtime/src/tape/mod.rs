//! The autodiff tape: a graph as layers and paths, walked forwards and backwards over whole
//! sequences.
//!
//! A [`Tape`] is made once from a graph. One sample at a time is walked, in blocks of [`BLOCK`] time
//! steps: all layers of a block before the next block, so that what a block touches stays in a
//! core's cache. Layers that are tied by recurrence form a stage, which advances by no more steps
//! than its shortest recurrent path takes.
//!
//! Forwards, spikes travel as lists of events; of each neuron and time step the walk keeps the
//! membrane before reset (4 bytes) and 8 bytes for each event. Backwards, everything else is made
//! again from these. [`Checkpoint::Segments`] keeps the states at the beginnings of segments instead,
//! and walks each segment forwards again before it goes backwards through it.
//!
//! ```
//! use synnet_runtime::tape::{Checkpoint, Pass, Tape};
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
//! let mut workspace = tape.workspace(3, Checkpoint::None);
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
mod memory;
mod packed;
mod plan;
mod sums;
mod tensors;
#[cfg(test)]
mod tests;
mod walk;
mod workspace;

use serde::{Deserialize, Serialize};
use synnet_ir::graph::Graph;

pub use memory::Memory;
pub use packed::Packed;
pub use sums::Sums;
pub use tensors::{Gradients, LearntTensors};
pub use workspace::Workspace;

use crate::random::mix_three;
use plan::Plan;

/// Time steps that are walked together. The rows of a block of 64 neurons take 15 KiB.
pub const BLOCK: usize = 60;

/// A graph, ready to be walked.
#[derive(Clone, Debug)]
pub struct Tape {
    plan: Plan,
    learnt: LearntTensors,
}

/// What the walk is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Without dropout and noise.
    Evaluation,
    /// With both, drawn by a key.
    Training(SampleKey),
}

/// Decides dropout and noise of one sample in one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleKey(u32);

impl SampleKey {
    /// The key of a sample (its index in the data) in an epoch, under a seed.
    pub fn new(seed: u64, epoch: u64, sample: u64) -> Self {
        Self((mix_three(seed, epoch, sample) >> 32) as u32)
    }
}

/// What the walk forwards keeps for the walk backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checkpoint {
    /// The membranes and events of all steps.
    #[default]
    None,
    /// The states at the beginnings of about `sqrt(steps)` segments, and membranes and events of one
    /// segment. Costs a second walk forwards.
    Segments,
}

impl Checkpoint {
    /// Steps of a segment in a sequence of `steps`, a whole number of blocks.
    fn span(self, steps: usize) -> usize {
        match self {
            Self::None => steps,
            Self::Segments => steps.isqrt().next_multiple_of(BLOCK).min(steps),
        }
    }
}

impl Tape {
    /// Prepares a graph.
    pub fn new(graph: &Graph) -> Self {
        let learnt = LearntTensors::new(graph);
        Self { plan: Plan::new(graph, &learnt), learnt }
    }

    /// The tensors that learn, in the order of [`Gradients`].
    pub fn learnt(&self) -> &LearntTensors {
        &self.learnt
    }
}
