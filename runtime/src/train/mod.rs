//! The training loop.
//!
//! A [`Trainer`](crate::Trainer) follows its [`TrainOptions`](crate::TrainOptions), either epoch by epoch
//! ([`Trainer::epoch`](crate::Trainer::epoch)) or in single steps on batches of the caller's choice
//! ([`Trainer::step`](crate::Trainer::step)). A batch is split into shards, which threads run through the
//! [`tape`](crate::tape); their gradients are added in a fixed order, and one update follows. Each epoch
//! returns metrics with warnings.
//!
//! A user-defined loss is a [`CustomLoss`](crate::loss::CustomLoss). Here, a hinge loss trains two outputs until the
//! mean membrane potential of the labeled one is 0.2 above the other's:
//!
//! ```
//! use synnet_dsl::{NoImports, CompileOptions, compile};
//! use synnet_ir::Sources;
//! use synnet_runtime::loss::CustomLoss;
//! use synnet_runtime::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut sources = Sources::new();
//! let root = sources.add("which.snn", "
//!     network Which {
//!         dt: 1 ms;
//!         input events: 2;
//!         neuron fast = lif { tau_mem: 5 ms, tau_syn: 5 ms };
//!         layer hidden: fast(8);
//!         layer out: fast(2) { threshold: 32767 };
//!         events -> linear { scale: 1 } -> hidden -> linear { scale: 1 } -> out;
//!         output out.vmem;
//!     }
//! ");
//! let graph = compile(&mut sources, root, &CompileOptions::default(), &mut NoImports).graph.ok_or("errors")?;
//! let raster = |class| (0..20).map(|i| f32::from(i % 2 == class)).collect();
//! let sample = |class| DenseSample { raster: raster(class), steps: 10, label: Label::Class(class) };
//! let data = Dataset::new(2, 10, (0..32).map(|i| sample(i % 2)).collect())?;
//!
//! let hinge = CustomLoss::new("hinge", |output, label, gradient| {
//!     let signs = if *label == Label::Class(0) { [1.0, -1.0] } else { [-1.0, 1.0] };
//!     let mean = 0.1 * output.iter().zip(signs.iter().cycle()).map(|(v, sign)| v * sign).sum::<f32>();
//!     let slope = if mean < 0.2 { -0.1 } else { 0.0 };
//!     gradient.iter_mut().zip(signs.iter().cycle()).for_each(|(g, sign)| *g = slope * sign);
//!     f64::from((0.2 - mean).max(0.0))
//! });
//! let options = TrainOptions::new(hinge, 20, 8);
//! let mut trainer = Trainer::new(&graph, initial_params(&graph, 0), options)?;
//! while !trainer.is_finished() {
//!     for batch in trainer.batches(&data) {
//!         trainer.step(&data, &batch)?;
//!     }
//! }
//! assert_eq!(evaluate(trainer.network(), &data, Readout::MeanVmem)?.accuracy, 1.0);
//! # Ok(())
//! # }
//! ```

mod augment;
mod averaging;
mod bounds;
mod checkpoint;
mod epoch_sums;
pub(crate) mod error;
mod forward_transform;
mod gradient_descent;
mod initialization;
mod layer_metrics;
mod learning_rate;
pub(crate) mod metrics;
pub(crate) mod options;
mod selection;
mod shard;
pub(crate) mod trainer;
mod warning;

pub use augment::Augmentation;
pub use averaging::Averaging;
pub use bounds::Bounds;
pub use checkpoint::CheckpointInfo;
pub use forward_transform::Transform;
pub use initialization::{FluctuationDriven, Initialization, SILENT_THRESHOLD};
pub use layer_metrics::{LayerMetrics, SATURATED_RATE};
pub use learning_rate::{LargeStep, MAX_RELATIVE_STEP};
pub use selection::{Best, Score, Selection, SelectionResult};
pub use shard::MAX_GRADIENT_SUMS;
pub use warning::{MIN_GRADIENT_NORM, WARNING_FRACTION, Warning, WarningKind, warnings};
