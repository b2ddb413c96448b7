//! Rockpool's saved networks (`net.save`, `net.load`; Rockpool 3.1), in and out.
//!
//! [`import`](fn@import) reads a `SynNet`, a `WaveSenseNet`, or a `Sequential` of `Linear`, `LIF`, `aLIF`, `ExpSyn`, dropout and
//! `Residual` modules. [`RockpoolTarget`] writes networks of these modules.
//!
//! ```
//! let file = r#"{ "0_LinearTorch": { "weight": "[[1.0], [0.5]]" },
//!     "1_LIFTorch": { "tau_mem": "0.02", "tau_syn": "0.01", "threshold": "1.0", "bias": "0.0", "dt": "0.001",
//!         "max_spikes_per_dt": "31.0", "noise_std": "0.0", "learning_window": "0.5", "leak_mode": "\"taus\"",
//!         "_has_rec": "false", "w_rec": "[[0.0]]", "spike_generation_fn": null } }"#;
//! let imported = synnet_rockpool::import(file, "Tiny", synnet_rockpool::Output::Spikes).unwrap();
//! assert_eq!(imported.network.graph.layers[0].name, "lif1");
//! assert_eq!(imported.network.linear(0).matrix.data, [1.0, 0.5]);
//! ```

pub mod codes;
mod export;
mod import;
mod modules;
mod state_dict;
mod tree;
mod wavesense;

pub use export::RockpoolTarget;
pub use import::{Import, Output, import, import_with_weights};
