//! A compiler for spiking neural networks.
//!
//! A network is written once, in a small declarative language. From that source it is checked, trained, quantized,
//! simulated bit-exactly, and compiled to Rust or to the configuration of a SynSense Xylo chip. Here all of it happens
//! in one program: from source to graph, to trained weights, to the accuracy on a chip, to a Rust module.
//!
//! ```
//! # #[cfg(feature = "workbench")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use synnet::runtime::{loss::CrossEntropy, optimizer::Adam, *};
//! use synnet::{dsl, rust, workbench, xylo};
//!
//! let graph = dsl::compile_str("
//!     network Sides {
//!         dt: 10 ms;
//!         input ears: 2;
//!         layer hidden: lif(8) { tau_mem: 20 ms, tau_syn: 20 ms };
//!         layer out: lif(2) { tau_mem: 20 ms, tau_syn: 20 ms, threshold: 32767, max_spikes: 1 };
//!         ears -> linear -> hidden -> linear -> out;
//!         output out.vmem;
//!     }
//! ")?;
//!
//! // Class 0 has an event on channel 0 in each of 20 steps, class 1 on channel 1.
//! let raster = |class: usize| (0..40).map(|i| f32::from(i % 2 == class)).collect();
//! let sample = |class| DenseSample { raster: raster(class), steps: 20, label: Label::Class(class) };
//! let data = Dataset::new(2, 20, (0..32).map(|i| sample(i % 2)).collect())?;
//!
//! let options = TrainOptions::new(CrossEntropy::new(Readout::MeanVmem), 20, 8).with_optimizer(Adam::new(0.02));
//! let mut trainer = Trainer::new(&graph, initial_params(&graph, 0), options)?;
//! while !trainer.is_finished() {
//!     trainer.epoch(&data, &mut |_progress| Control::Continue)?;
//! }
//!
//! let chip = xylo::chip::Chip::find("xylo-audio3").ok_or("there is such a chip")?;
//! let build = xylo::build(trainer.network(), chip, &xylo::quantize::QuantizeOptions::default())?;
//! let on_chip = workbench::chip_evaluation::evaluate(&build, trainer.network(), &data, Readout::MeanVmem)?;
//! assert_eq!(on_chip.evaluation.accuracy, 1.0);
//!
//! let module = rust::generate(trainer.network(), &rust::RustOptions::default())?;
//! assert!(module.source().contains("pub fn step(&mut self"));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "workbench"))]
//! # fn main() {}
//! ```
//!
//! # Features
//!
//! By default the crate is the macro [`synnet!`] and [`include_network!`]: networks as Rust types that need `core` alone,
//! at the cost of a small compiler and none of the trainer or the simulator. The other parts are re-exported by name:
//!
//! | feature | adds | what it is |
//! |---|---|---|
//! | `compiler` | `ir`, `dsl`, `rust` | graphs and diagnostics, the language, the Rust target |
//! | `train` | `runtime` | training, evaluation, the float interpreter |
//! | `audio` | `audio` | sound to spikes |
//! | `data` | `data` | event-based datasets |
//! | `nir` | `nir`, `rockpool` | networks of other tools, in and out: NIR, and Rockpool's files |
//! | `xylo` | `xylo` | Xylo chips: rules, mapping, quantization, simulation |
//! | `workbench` | `workbench` | recipes, training runs, comparison, reports; implies the others |
//!
//! `docs/rust.md` in the repository describes the generated types.

#![no_std]

#[cfg(feature = "audio")]
pub use synnet_audio as audio;
#[cfg(feature = "data")]
pub use synnet_data as data;
#[cfg(feature = "compiler")]
pub use synnet_dsl as dsl;
#[cfg(feature = "compiler")]
pub use synnet_ir as ir;
pub use synnet_macros::synnet;
#[cfg(feature = "nir")]
pub use synnet_nir as nir;
#[cfg(feature = "nir")]
pub use synnet_rockpool as rockpool;
#[cfg(feature = "train")]
pub use synnet_runtime as runtime;
#[cfg(feature = "compiler")]
pub use synnet_rust as rust;
#[cfg(feature = "workbench")]
pub use synnet_workbench as workbench;
#[cfg(feature = "xylo")]
pub use synnet_xylo as xylo;

/// Includes a network that a build script compiled: the type of its name and the module around it.
///
/// The argument is the name of the network's file without folder and extension, as a literal:
/// `synnet::include_network!("kws");` after `synnet_build::compile("nets/kws.snn")`.
#[macro_export]
macro_rules! include_network {
    ($name:literal) => {
        ::core::include!(::core::concat!(::core::env!("OUT_DIR"), "/", $name, ".rs"));
    };
}

/// The examples of the page about generated Rust, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../docs/rust.md")]
mod page {}
