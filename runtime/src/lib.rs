//! Training and interpretation of spiking networks in f32.
//!
//! * [`Trainer`] trains a network on a [`Dataset`], as [`TrainOptions`] say.
//! * [`evaluate()`] measures accuracy, confusion matrix and firing rates as an [`Evaluation`].
//! * [`Interpreter`] runs a network in exactly the order that [`synnet_ir::graph`] states.
//!
//! The crate performs no I/O: it takes and returns values and bytes.
//!
//! # Example
//! A network learns to distinguish events on its first channel from events on its second.
//!
//! ```
//! use synnet_dsl::compile_str;
//! use synnet_runtime::loss::CrossEntropy;
//! use synnet_runtime::optimizer::Adam;
//! use synnet_runtime::{
//!     Control, Dataset, DenseSample, Label, Readout, TrainOptions, Trainer, evaluate, initial_params,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let graph = compile_str("
//!     network Which {
//!         dt: 1 ms;
//!         input events: 2;
//!         layer hidden: lif(8) { tau_mem: 5 ms, tau_syn: 5 ms };
//!         layer out: lif(2) { tau_mem: 5 ms, tau_syn: 5 ms, threshold: 32767 };
//!         events -> linear { scale: 1 } -> hidden -> linear { scale: 1 } -> out;
//!         output out.vmem;
//!     }
//! ")?;
//!
//! // 32 samples of 10 steps: an event in every step, on the channel of the class.
//! let sample = |class: usize| DenseSample {
//!     raster: (0..20).map(|i| f32::from(i % 2 == class)).collect(),
//!     steps: 10,
//!     label: Label::Class(class),
//! };
//! let data = Dataset::new(2, 10, (0..32).map(|i| sample(i % 2)).collect())?;
//!
//! let options = TrainOptions::new(CrossEntropy::new(Readout::MeanVmem), 10, 8).with_optimizer(Adam::new(0.05));
//! let mut trainer = Trainer::new(&graph, initial_params(&graph, 0), options)?;
//! while !trainer.is_finished() {
//!     trainer.epoch(&data, &mut |_progress| Control::Continue)?;
//! }
//! assert_eq!(evaluate(trainer.network(), &data, Readout::MeanVmem)?.accuracy, 1.0);
//! let weights = trainer.params().to_safetensors(); // the bytes of a weights file
//! # assert!(!weights.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! # Modules
//! The root of the crate has what every program needs. [`loss`], [`optimizer`], [`schedule`] and
//! [`regularizer`] have the kinds of each; [`train`] has the other options of training, and its metrics.
//! [`gradient`] returns the gradients of one batch for inspection; [`tape`] has the forward and backward pass
//! themselves, for custom training loops.

pub mod codes;
mod constants;
mod dataset;
mod evaluate;
pub mod gradient;
mod init;
mod interpreter;
mod kernels;
pub mod loss;
pub mod optimizer;
mod option_range;
pub mod regularizer;
pub mod schedule;
mod sequence;
mod source_index;
pub mod tape;
pub mod train;

pub use dataset::{Dataset, DenseSample, Sample};
pub use evaluate::{Evaluation, Validation, evaluate, validate};
pub use init::initial_params;
pub use interpreter::{Interpreter, LayerTrace, Run, StepStates, Tracing};
pub use loss::choice::Loss;
pub use loss::label::Label;
pub use loss::readout::Readout;
pub use optimizer::choice::Optimizer;
pub use option_range::OptionError;
pub use schedule::choice::Schedule;
pub use sequence::{Sequence, ShapeError};
pub use train::error::TrainError;
pub use train::metrics::{EpochMetrics, Progress};
pub use train::options::TrainOptions;
pub use train::trainer::{Control, Trainer};
