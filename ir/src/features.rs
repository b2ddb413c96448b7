//! The features that a network uses and that an engine supports, and the check between them.

use std::collections::HashSet;

use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::diagnostics::Diagnostics;
use crate::graph::{Endpoint, Graph, LayerParameter, LeakUnit, Neuron, Operator, Quantity, Reset};
use crate::source::Span;

/// A feature that not every engine supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Feature {
    /// A layer whose neurons have two or more synapses.
    SeveralSynapses,
    /// A bias current of neurons.
    NeuronBias,
    /// Noise on membranes.
    Noise,
    /// After-hyperpolarization.
    Adaptation,
    /// A membrane potential that a spike sets to zero.
    ZeroReset,
    /// Spiking neurons without synaptic filter.
    NoSynapticFilter,
    /// Membranes without leak.
    NoMembraneLeak,
    /// Leaky integrators, which emit currents.
    ExpSyn,
    /// A connection from a layer to itself or to an earlier one.
    Recurrence,
    /// A connection with a delay.
    Delay,
    /// A connection from several sources.
    SummedSources,
    /// A connection without weights.
    Identity,
    /// A bias of a linear connection.
    LinearBias,
    /// An output of membrane potentials.
    VmemOutput,
    /// An output of synaptic currents.
    IsynOutput,
    /// A learned parameter of a layer.
    LearnedParameter,
    /// Leaks declared as decays or bit shifts instead of time constants.
    LeakUnits,
}

impl Feature {
    /// Returns the feature in words, to complete "... does not support".
    pub fn description(self) -> &'static str {
        match self {
            Self::SeveralSynapses => "neurons with several synapses",
            Self::NeuronBias => "bias currents of neurons",
            Self::Noise => "membrane noise",
            Self::Adaptation => "adaptive neurons (`alif`)",
            Self::ZeroReset => "a reset to zero (`reset: zero`)",
            Self::NoSynapticFilter => "neurons without synaptic filter (`tau_syn: none`)",
            Self::NoMembraneLeak => "membranes without leak (`tau_mem: none`)",
            Self::ExpSyn => "leaky integrators (`expsyn`)",
            Self::Recurrence => "recurrent connections",
            Self::Delay => "delays",
            Self::SummedSources => "connections from a sum of sources",
            Self::Identity => "connections without weights",
            Self::LinearBias => "biases of linear connections",
            Self::VmemOutput => "membrane potentials as output",
            Self::IsynOutput => "synaptic currents as output",
            Self::LearnedParameter => "learned parameters of layers",
            Self::LeakUnits => "leaks given as decays or bit shifts",
        }
    }
}

impl Graph {
    /// Returns the features that the graph uses, once for each place that uses one: what a neuron declares for several
    /// layers has one place.
    pub fn features(&self) -> Vec<(Feature, Span)> {
        let mut seen = HashSet::new();
        self.features_by_part().into_iter().filter(|used| seen.insert(*used)).collect()
    }

    fn features_by_part(&self) -> Vec<(Feature, Span)> {
        let mut used = Vec::new();
        for layer in &self.layers {
            let span = layer.span;
            match &layer.neuron {
                Neuron::ExpSyn(_) => used.push((Feature::ExpSyn, span)),
                Neuron::Lif(lif) => {
                    let bias = lif.bias.learn || lif.bias.values.iter().any(|&b| b != 0.0);
                    let place = |part: Span| if part == Span::default() { span } else { part };
                    let mut leaks = [&lif.mem, &lif.syn].into_iter().flatten();
                    let units = leaks.any(|leak| leak.unit != LeakUnit::TimeConstant);
                    let facts = [
                        (Feature::SeveralSynapses, lif.synapses > 1, span),
                        (Feature::NeuronBias, bias, place(lif.bias.span)),
                        (Feature::Noise, lif.noise_std != 0.0, span),
                        (Feature::Adaptation, lif.adaptation.is_some(), span),
                        (Feature::ZeroReset, lif.reset == Reset::Zero, place(lif.spans.reset)),
                        (Feature::NoSynapticFilter, lif.syn.is_none(), place(lif.spans.no_syn)),
                        (Feature::NoMembraneLeak, lif.mem.is_none(), place(lif.spans.no_mem)),
                        (Feature::LeakUnits, units, span),
                    ];
                    let present = facts.into_iter().filter(|(_, is, _)| *is);
                    used.extend(present.map(|(feature, _, span)| (feature, span)));
                }
            }
        }
        for connection in &self.connections {
            let recurrent = |&source: &Endpoint| self.is_recurrent(source, connection.target);
            let facts = [
                (Feature::Recurrence, connection.sources.iter().any(recurrent)),
                (Feature::Delay, connection.delay > 0),
                (Feature::SummedSources, connection.sources.len() > 1),
                (Feature::Identity, connection.operator == Operator::Identity),
                (Feature::LinearBias, connection.as_linear().is_some_and(|l| l.bias.is_some())),
            ];
            used.extend(
                facts.into_iter().filter(|(_, is)| *is).map(|(feature, _)| (feature, connection.span)),
            );
        }
        for layer in &self.layers {
            let learned = LayerParameter::ALL.iter().filter_map(|which| which.of(layer)).filter(|p| p.learn);
            used.extend(learned.map(|_| (Feature::LearnedParameter, layer.span)));
        }
        match self.output.quantity {
            Quantity::Spikes => {}
            Quantity::Vmem => used.push((Feature::VmemOutput, self.output.span)),
            Quantity::Isyn => used.push((Feature::IsynOutput, self.output.span)),
        }
        used
    }

    /// Returns one error for each place of the graph that uses a feature outside of `supported`.
    pub fn unsupported(&self, engine: &str, supported: &[Feature]) -> Diagnostics {
        let missing = self.features().into_iter().filter(|(feature, _)| !supported.contains(feature));
        missing
            .map(|(feature, span)| {
                let message = format!("{engine} does not support {}", feature.description());
                Diagnostic::error(&codes::UNSUPPORTED_FEATURE, span, message)
                    .with_help("remove it, or choose another target")
            })
            .collect()
    }
}
