//! Warnings about layers that do not learn: silent, saturated, or without a gradient.

use std::fmt;

use serde::{Deserialize, Serialize};
use synnet_ir::Graph;
use synnet_ir::display::format_whole_percent;
use synnet_ir::graph::{Endpoint, LayerId};

use super::layer_metrics::{LayerMetrics, owner};

/// The fraction of silent samples, or of silent or saturated neurons, from which there is a warning.
pub const WARNING_FRACTION: f64 = 0.5;

/// The L2 norm below which a gradient counts as zero. Exponential surrogates far from the threshold are tiny,
/// but never exactly 0.
pub const MIN_GRADIENT_NORM: f64 = 1e-30;

/// A sign that a layer does not learn. [`Display`](fmt::Display) formats it as a sentence with likely causes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// Name of the layer.
    pub layer: String,
    /// The symptom.
    pub kind: WarningKind,
    /// Fraction of samples or neurons that are affected, from 0 to 1.
    pub fraction: f64,
    /// Names of the connections with weights into the layer, in the order of the source file.
    pub inputs: Vec<String>,
}

/// The symptoms that are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// No neuron spikes in [`WARNING_FRACTION`] of the samples or more.
    SilentLayer,
    /// [`WARNING_FRACTION`] of the neurons or more never spike.
    SilentNeurons,
    /// [`WARNING_FRACTION`] of the neurons or more spike in nearly every step
    /// ([`SATURATED_RATE`](super::SATURATED_RATE)).
    SaturatedNeurons,
    /// The norm of all gradients of the layer is below [`MIN_GRADIENT_NORM`].
    NoGradient,
    /// Like [`NoGradient`](Self::NoGradient), because every layer that feeds the layer is silent in every
    /// sample.
    NoInput,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (layer, percent) = (&self.layer, format_whole_percent(self.fraction));
        let names = self.inputs.join("`, `");
        // A layer without weights into it can only be helped by its threshold.
        let (low_drive, high_drive) = if self.inputs.is_empty() {
            ("the threshold is too high".to_owned(), "the threshold is too low".to_owned())
        } else {
            (
                format!("the weights of `{names}` are too small, or the threshold is too high"),
                format!("the weights of `{names}` are too large, or the threshold is too low"),
            )
        };
        match self.kind {
            WarningKind::SilentLayer => {
                write!(f, "layer `{layer}` is silent in {percent} of the samples: {low_drive}")
            }
            WarningKind::SilentNeurons => {
                write!(f, "{percent} of the neurons in layer `{layer}` never spike: {low_drive}")
            }
            WarningKind::SaturatedNeurons => {
                write!(
                    f,
                    "{percent} of the neurons in layer `{layer}` spike in nearly every step: {high_drive}"
                )
            }
            WarningKind::NoGradient => write!(
                f,
                "no gradient reaches layer `{layer}`: the loss does not depend on it, or the membranes from this \
                 layer on are too far from their thresholds"
            ),
            WarningKind::NoInput => write!(
                f,
                "no gradient reaches layer `{layer}`: the layers that feed it are silent, so no spike arrives \
                 through `{names}`"
            ),
        }
    }
}

/// Returns the warnings about the layers of a graph, from the metrics of an epoch.
pub fn warnings(graph: &Graph, layers: &[LayerMetrics]) -> Vec<Warning> {
    let learning = learning_layers(graph);
    let mut warnings = Vec::new();
    for metrics in layers {
        let Some((id, _)) = graph.layers_with_ids().find(|(_, layer)| layer.name == metrics.layer) else {
            continue;
        };
        let mut warn = |kind, fraction| {
            let (layer, inputs) = (metrics.layer.clone(), inputs(graph, id));
            warnings.push(Warning { layer, kind, fraction, inputs });
        };
        // A readout whose membrane potential is the output has a threshold that it never reaches.
        let uses_spikes = graph.uses_spikes_of(&graph.layer(id).name);
        if uses_spikes && metrics.silent_samples >= WARNING_FRACTION {
            warn(WarningKind::SilentLayer, metrics.silent_samples);
        } else if uses_spikes && metrics.silent_neurons >= WARNING_FRACTION {
            warn(WarningKind::SilentNeurons, metrics.silent_neurons);
        }
        if metrics.saturated_neurons >= WARNING_FRACTION {
            warn(WarningKind::SaturatedNeurons, metrics.saturated_neurons);
        }
        if learning.contains(&id) && metrics.gradient_norm < MIN_GRADIENT_NORM {
            let is_fed = !feeding_layers_are_silent(graph, id, layers);
            warn(if is_fed { WarningKind::NoGradient } else { WarningKind::NoInput }, 1.0);
        }
    }
    warnings
}

/// Returns the layers with a trainable parameter, or into which a learned connection leads.
fn learning_layers(graph: &Graph) -> Vec<LayerId> {
    let tensors = graph.tensors();
    tensors.iter().filter(|spec| spec.learn).map(|spec| owner(graph, spec.slot)).collect()
}

/// Returns whether a layer has no connection from the input, and all layers that feed it are silent in every
/// sample.
fn feeding_layers_are_silent(graph: &Graph, id: LayerId, layers: &[LayerMetrics]) -> bool {
    let is_silent = |source: &Endpoint| match source {
        Endpoint::Input => false,
        Endpoint::Layer(source) => {
            let name = &graph.layer(*source).name;
            layers.iter().any(|metrics| metrics.layer == *name && metrics.silent_samples >= 1.0)
        }
    };
    let mut sources = graph.connections_into(id).flat_map(|(_, connection)| &connection.sources).peekable();
    sources.peek().is_some() && sources.all(is_silent)
}

/// Returns the names of the connections with weights into a layer.
fn inputs(graph: &Graph, id: LayerId) -> Vec<String> {
    let into = graph.connections.iter().filter(|c| c.target == id && c.as_linear().is_some());
    into.map(|connection| connection.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_sentences() {
        let warning = |kind, inputs: &[&str]| {
            let inputs = inputs.iter().map(ToString::to_string).collect();
            Warning { layer: "h2".into(), kind, fraction: 0.968, inputs }.to_string()
        };
        assert_eq!(
            warning(WarningKind::SilentLayer, &["h1->h2"]),
            "layer `h2` is silent in 97 % of the samples: the weights of `h1->h2` are too small, or the threshold \
             is too high"
        );
        assert_eq!(
            warning(WarningKind::SilentNeurons, &[]),
            "97 % of the neurons in layer `h2` never spike: the threshold is too high"
        );
        assert_eq!(
            warning(WarningKind::SaturatedNeurons, &["a->h2", "h2->h2"]),
            "97 % of the neurons in layer `h2` spike in nearly every step: the weights of `a->h2`, `h2->h2` are too \
             large, or the threshold is too low"
        );
        assert!(warning(WarningKind::NoGradient, &[]).starts_with("no gradient reaches layer `h2`"));
        assert!(warning(WarningKind::NoInput, &["h1->h2"]).ends_with("so no spike arrives through `h1->h2`"));
    }
}
