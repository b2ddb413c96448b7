//! The numbers in which generated code computes, and what they cannot express.

use synnet_ir::{Diagnostic, Diagnostics, Graph, codes};
use synnet_xylo::quantize::QuantizeOptions;

use crate::{float, quantized};

/// Numbers in which generated code computes.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Numbers {
    /// f32, as in training and in the interpreter.
    #[default]
    Float,
    /// 8-bit weights and 16-bit states, as on SynSense's chips, quantized with these options.
    Integer(QuantizeOptions),
}

impl Numbers {
    /// Returns integers, quantized with the default options.
    pub fn integer() -> Self {
        Self::Integer(QuantizeOptions::new())
    }

    /// Returns an error for everything in a graph that code in these numbers cannot express, whatever its weights. In
    /// f32 that is membrane noise; for integers see [`quantized::check`]. `target` names the target in messages about
    /// f32.
    pub fn check(&self, graph: &Graph, target: &str) -> Diagnostics {
        match self {
            Self::Float => float::check(graph, target),
            Self::Integer(_) => quantized::check(graph),
        }
    }

    /// Returns an error for everything in a graph that prevents code whose weights come at run time: integers, whose
    /// thresholds and shifts all depend on the weights; in f32, membrane noise and layers with learned parameters.
    pub fn check_without_weights(&self, graph: &Graph, target: &str) -> Diagnostics {
        const HELP: &str = "pass the weights when the code is generated";
        if let Self::Integer(_) = self {
            let message =
                "integer code cannot take its weights at run time: thresholds and shifts depend on them";
            return Diagnostic::error(&codes::UNSUPPORTED_FEATURE, graph.span, message)
                .with_help(HELP)
                .into();
        }
        // Giving the weights helps against learned parameters, not against noise, so only the former get this help.
        let never = float::check(graph, target);
        let without = float::check_without_weights(graph, target).into_iter();
        let without = without.filter(|diagnostic| !never.contains(diagnostic));
        never.iter().cloned().chain(without.map(|diagnostic| diagnostic.with_help(HELP))).collect()
    }
}
