//! Training and interpretation of spiking networks in f32.
//!
//! * [`Interpreter`] runs a network in exactly the order that [`synnet_ir::graph`] states.
//! * [`Trainer`] trains one, on [`Dataset`]s, as [`TrainOptions`] say.
//! * [`evaluate()`] and [`Evaluation`] tell how well it does.
//!
//! The crate reads and writes nothing: bytes and values come in, values go out.

pub mod codes;
mod constants;
pub mod dataset;
pub mod evaluate;
pub mod gradient;
pub mod init;
pub mod interpreter;
mod kernels;
pub mod loss;
pub mod optimizer;
pub mod random;
pub mod raster;
pub mod regularizer;
pub mod schedule;
pub mod sequence;
mod source;
pub mod surrogate;
pub mod tape;
pub mod train;

pub use dataset::{Dataset, Example, Sample};
pub use evaluate::{Evaluation, Validation, evaluate, validate};
pub use init::initial_params;
pub use interpreter::{Interpreter, LayerTrace, Recording, Run};
pub use loss::{Loss, Readout, Target};
pub use optimizer::Optimizer;
pub use raster::Raster;
pub use schedule::Schedule;
pub use sequence::{Sequence, ShapeError};
pub use train::{Control, EpochMetrics, Progress, TrainError, TrainOptions, Trainer};
