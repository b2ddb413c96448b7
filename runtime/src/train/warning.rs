//! Warnings about layers that do not learn, in words.

use std::fmt;

use serde::{Deserialize, Serialize};
use synnet_ir::Graph;
use synnet_ir::display::format_whole_percent;
use synnet_ir::graph::{Endpoint, LayerId};

use super::layer_metrics::{LayerMetrics, owner};

/// From this share of silent samples, or of silent or saturated neurons, there is a warning.
pub const WARNING_FRACTION: f64 = 0.5;

/// Below this L2 norm, gradients are as good as none: surrogates far out of reach do not round to zero.
pub const MIN_GRADIENT_NORM: f64 = 1e-30;

/// Something that looks wrong with a layer. [`Display`](fmt::Display) gives it as a sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// Name of the layer.
    pub layer: String,
    /// What looks wrong.
    pub kind: WarningKind,
    /// Share of samples or neurons that it is true of, from 0 to 1.
    pub fraction: f64,
    /// Names of the connections into the layer, in the order of the source text.
    pub inputs: Vec<String>,
}

/// What can look wrong with a layer.
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
    /// The gradients of what learns in the layer are zero, or below [`MIN_GRADIENT_NORM`] together.
    NoGradient,
    /// As [`NoGradient`](Self::NoGradient), because every layer that feeds the layer is silent in every sample.
    NoInput,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (layer, percent) = (&self.layer, format_whole_percent(self.fraction));
        let inputs = match self.inputs.as_slice() {
            [] => String::new(),
            names => format!("weights of `{}` ", names.join("`, `")),
        };
        let (too_little, too_much) = match self.inputs.is_empty() {
            true => (String::from("threshold too high"), String::from("threshold too low")),
            false => (
                format!("{inputs}too small or threshold too high"),
                format!("{inputs}too large or threshold too low"),
            ),
        };
        match self.kind {
            WarningKind::SilentLayer => {
                write!(f, "layer `{layer}` is silent for {percent} of the samples: {too_little}")
            }
            WarningKind::SilentNeurons => {
                write!(f, "{percent} of the neurons of layer `{layer}` never spike: {too_little}")
            }
            WarningKind::SaturatedNeurons => write!(
                f,
                "{percent} of the neurons of layer `{layer}` spike in nearly every step: {too_much}"
            ),
            WarningKind::NoGradient => write!(
                f,
                "no gradient reaches layer `{layer}`: the loss does not depend on it, or the layers after it \
                 are out of reach of their surrogates"
            ),
            WarningKind::NoInput => write!(
                f,
                "no gradient reaches layer `{layer}`: the layers before it are silent, so no spike arrives through \
                 `{}`",
                self.inputs.join("`, `")
            ),
        }
    }
}

/// What looks wrong with the layers of a graph, from the figures of an epoch.
pub fn warnings(graph: &Graph, layers: &[LayerMetrics]) -> Vec<Warning> {
    let optimizer_state = learning_layers(graph);
    let mut warnings = Vec::new();
    for metrics in layers {
        let Some((id, _)) = graph.layers_with_ids().find(|(_, layer)| layer.name == metrics.layer) else {
            continue;
        };
        let mut warn = |kind, fraction| {
            let (layer, inputs) = (metrics.layer.clone(), inputs(graph, id));
            warnings.push(Warning { layer, kind, fraction, inputs });
        };
        // A readout whose membrane is the output is silent on purpose.
        let uses_spikes = graph.uses_spikes_of(&graph.layer(id).name);
        if uses_spikes && metrics.silent_samples >= WARNING_FRACTION {
            warn(WarningKind::SilentLayer, metrics.silent_samples);
        } else if uses_spikes && metrics.silent_neurons >= WARNING_FRACTION {
            warn(WarningKind::SilentNeurons, metrics.silent_neurons);
        }
        if metrics.saturated_neurons >= WARNING_FRACTION {
            warn(WarningKind::SaturatedNeurons, metrics.saturated_neurons);
        }
        if optimizer_state.contains(&id) && metrics.gradient_norm < MIN_GRADIENT_NORM {
            let is_fed = !feeding_layers_are_silent(graph, id, layers);
            warn(if is_fed { WarningKind::NoGradient } else { WarningKind::NoInput }, 1.0);
        }
    }
    warnings
}

/// The layers in which something learns.
fn learning_layers(graph: &Graph) -> Vec<LayerId> {
    let tensors = graph.tensors();
    tensors.iter().filter(|spec| spec.learn).map(|spec| owner(graph, spec.slot)).collect()
}

/// Whether the layer is fed by other layers alone, and none of them spikes in any sample.
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

/// The names of the connections with weights into a layer.
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
            "layer `h2` is silent for 97 % of the samples: weights of `h1->h2` too small or threshold too high"
        );
        assert_eq!(
            warning(WarningKind::SilentNeurons, &[]),
            "97 % of the neurons of layer `h2` never spike: threshold too high"
        );
        assert_eq!(
            warning(WarningKind::SaturatedNeurons, &["a->h2", "h2->h2"]),
            "97 % of the neurons of layer `h2` spike in nearly every step: weights of `a->h2`, `h2->h2` too large \
             or threshold too low"
        );
        assert!(warning(WarningKind::NoGradient, &[]).starts_with("no gradient reaches layer `h2`"));
        assert!(warning(WarningKind::NoInput, &["h1->h2"]).ends_with("so no spike arrives through `h1->h2`"));
    }
}
