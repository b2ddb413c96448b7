//! What a network can be built for, and what can run it.

use std::sync::Arc;

use synnet_ir::{Diagnostics, Graph};
use synnet_xylo::Chip;

use crate::chips::{Chips, UnknownName};

/// A back end.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A module in Rust that computes in f32.
    Rust,
    /// A module in Rust that computes in integers, as the chips do.
    RustInt,
    /// The configuration of a chip.
    Chip(Arc<Chip>),
}

/// Names of targets that are not chips.
const RUST: &str = "rust";
const RUST_INT: &str = "rust-int";

impl Target {
    /// The target of that name: a built-in one, or a chip.
    ///
    /// # Errors
    /// If there is no such target.
    pub fn named(name: &str, chips: &Chips) -> Result<Self, UnknownName> {
        match name {
            RUST => Ok(Self::Rust),
            RUST_INT => Ok(Self::RustInt),
            _ => chips
                .find(name)
                .cloned()
                .map(Self::Chip)
                .ok_or_else(|| chips.unknown(name, "target", &[RUST, RUST_INT])),
        }
    }

    /// Its name on the command line and in recipes.
    pub fn name(&self) -> &str {
        match self {
            Self::Rust => RUST,
            Self::RustInt => RUST_INT,
            Self::Chip(chip) => &chip.name,
        }
    }

    /// What of a network the target cannot express, and warnings.
    pub fn check(&self, graph: &Graph) -> Diagnostics {
        match self {
            Self::Rust => synnet_rust::check(graph),
            Self::RustInt => synnet_rust::quantized::check(graph),
            Self::Chip(chip) => synnet_xylo::rules::check(graph, chip),
        }
    }
}

/// What runs a network in an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub enum Engine {
    /// The float interpreter.
    Float,
    /// The simulator of a chip.
    Chip(Arc<Chip>),
}

impl Engine {
    /// The engine of that name: `float`, or a chip.
    ///
    /// # Errors
    /// If there is no such engine.
    pub fn named(name: &str, chips: &Chips) -> Result<Self, UnknownName> {
        const FLOAT: &str = "float";
        match name {
            FLOAT => Ok(Self::Float),
            _ => chips
                .find(name)
                .cloned()
                .map(Self::Chip)
                .ok_or_else(|| chips.unknown(name, "engine", &[FLOAT])),
        }
    }
}
