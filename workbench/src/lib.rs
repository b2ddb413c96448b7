//! Experiments with spiking networks, from a recipe to a report.
//!
//! A [`Recipe`](recipe::Recipe) is a YAML file that names a network, the data, the training options, and the targets to
//! build. The steps of an experiment:
//!
//! 1. [`Plan::read`] reads a recipe, compiles its network, and checks that the two fit together.
//! 2. [`Plan::with_data`] reads the data, which gives an [`Experiment`].
//! 3. A [`TrainingRun`](training::TrainingRun) trains the network.
//! 4. [`Experiment::evaluate`] and [`Experiment::evaluate_on_chip`] run the test set in f32 and on the bit-exact
//!    simulator of a chip.
//! 5. [`comparison`] explains the difference between the two layer by layer, [`cost`] estimates cycles and energy, and
//!    [`report`] writes HTML, Markdown and JSON.
//!
//! [`run()`] trains, evaluates, builds the targets and writes the reports in one call, as `snnc train` does.
//!
//! [`detection`] runs a network on continuous sound, and counts misses and false alarms per hour.
//!
//! [`encoding`] converts recordings to files of events, and [`inference`] runs a network or a chip on events.
//! [`NetworkPage`] and [`sample_page`] draw a network, and its states for one sample.
//!
//! A [`ChipCatalog`] holds the built-in chips, and custom ones that you add. An [`Observer`] receives warnings and
//! progress; [`Silent`] ignores them. An [`Error`] names the file and what is wrong with it, or carries the
//! [diagnostics](SourceDiagnostics) of a network with their sources.
//!
//! The crate reads and writes files, but prints nothing, never exits, and keeps no global state. Work runs on the
//! current thread pool of `rayon`; results do not depend on its size.
//!
//! # Example
//!
//! ```
//! use synnet_workbench::report::Results;
//! use synnet_workbench::training::TrainingRun;
//! use synnet_workbench::{Checks, ChipCatalog, Plan, Silent};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = |name: &str| folder.path().join(name);
//! // Sixteen samples of 20 steps: spikes come from the left or from the right.
//! let rasters: Vec<i64> = (0..16).flat_map(|i| [1 - i % 2, i % 2].repeat(20)).collect();
//! let labels: Vec<i64> = (0..16).map(|i| i % 2).collect();
//! let takes: Vec<i64> = (0..16).map(|i| i / 2).collect();
//! let mut data = synnet_arrays::NpzWriter::new();
//! data.add("rasters", &[16, 20, 2], &rasters)?;
//! data.add("labels", &[16], &labels)?;
//! data.add("take", &[16], &takes)?;
//! std::fs::write(path("sides.npz"), data.finish()?)?;
//! std::fs::write(
//!     path("sides.snn"),
//!     "network Sides {
//!         dt: 10 ms;
//!         input ears: 2;
//!         layer h: lif(8) { tau_mem: 20 ms, tau_syn: 20 ms };
//!         layer out: lif(2) { tau_mem: 20 ms, tau_syn: 20 ms, threshold: 32767, max_spikes: 1 };
//!         ears -> linear -> h -> linear -> out;
//!         output out.vmem;
//!     }",
//! )?;
//! std::fs::write(
//!     path("sides.yaml"),
//!     "network: sides.snn
//! data: { format: npz, path: sides.npz, test: { take: [6, 7] }, classes: [left, right], steps: 20 }
//! training:
//!   epochs: 20
//!   batch: 4
//!   loss: { kind: cross_entropy, readout: mean_vmem }
//!   optimizer: { kind: adam, lr: 0.02 }
//! ",
//! )?;
//!
//! let chips = ChipCatalog::default();
//! let plan = Plan::read(&path("sides.yaml"), &[], &chips, &Checks::training(), &Silent)?;
//! let experiment = plan.with_data(&Silent)?;
//! let training = TrainingRun::start(&experiment.plan, 1, path("run"))?;
//! let trained = training.run(&experiment, &Silent)?;
//!
//! let float = experiment.evaluate(&trained.network)?;
//! let chip = experiment.evaluate_on_chip(&trained.network, chips.get("xylo-audio3")?, &Silent)?;
//! assert_eq!(float.accuracy(), Some(1.0));
//! assert_eq!(chip.result.evaluation.accuracy, 1.0);
//!
//! let results =
//!     Results { experiment: &experiment, network: &trained.network, float: &float, chips: &[chip] };
//! std::fs::write(path("results.html"), results.html("run/weights.safetensors"))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod artifacts;
mod available_memory;
pub mod calibration;
mod chip_catalog;
pub mod chip_evaluation;
mod chip_keys;
pub mod codes;
pub mod comparison;
pub mod compiled_network;
pub mod cost;
pub mod data;
pub mod detection;
pub mod encoding;
mod error;
mod experiment;
pub mod file_kind;
pub mod files;
mod folder_lock;
mod folds;
mod front_end;
#[allow(unreachable_pub, reason = "`pub` marks items that other modules use")]
mod html;
mod import;
pub mod inference;
mod input_events;
mod network_page;
pub mod network_source;
mod new_folder;
mod observer;
mod plan;
mod problem;
pub mod recipe;
pub mod report;
mod run;
mod sample_page;
mod streams;
mod target;
pub mod training;
mod training_memory;
mod unknown;
mod weights;
mod yaml;

pub use chip_catalog::ChipCatalog;
pub use error::{Error, SourceDiagnostics};
pub use experiment::{ChipResult, Experiment, FloatEvaluation};
pub use folds::{FoldOptions, run_folds};
pub use import::ImportedNetwork;
pub use input_events::InputEvents;
pub use network_page::NetworkPage;
pub use new_folder::NewFolder;
pub use observer::{Observer, Silent, Stage};
pub use plan::{Checks, Plan};
pub use run::{RunOptions, RunResult, run};
pub use sample_page::sample_page;
pub use target::{Engine, NamedTarget, TargetOption, TargetOptions};
pub use training_memory::TrainingMemory;
pub use unknown::UnknownName;
pub use weights::InitialWeights;
