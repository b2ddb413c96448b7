//! Features of the language that a chip does not support, with what to write instead.

use synnet_ir::codes::UNSUPPORTED_FEATURE;
use synnet_ir::{Diagnostic, Diagnostics, Feature, Graph};

use crate::chip::Chip;

pub(super) fn check(graph: &Graph, chip: &Chip) -> Diagnostics {
    let refused = graph.features().into_iter().filter_map(|(feature, span)| {
        let help = remedy(feature, chip)?;
        let message = format!("{} does not support {}", chip.title, feature.description());
        Some(Diagnostic::error(&UNSUPPORTED_FEATURE, span, message).with_help(help))
    });
    let mut found: Diagnostics = refused.collect();
    // All layers of an instance of the standard library have one span, so the same finding can occur twice.
    found.forget_repeats();
    found
}

/// Returns what to write instead of a feature, or `None` if the chip supports it.
fn remedy(feature: Feature, chip: &Chip) -> Option<String> {
    let remedy = match feature {
        Feature::SeveralSynapses
        | Feature::Recurrence
        | Feature::SummedSources
        | Feature::Identity
        | Feature::VmemOutput
        | Feature::IsynOutput
        | Feature::LearnedParameter
        | Feature::LeakUnits => return None,
        Feature::NeuronBias if chip.bias => return None,
        Feature::NeuronBias => {
            "remove `bias`; an input channel with an event in every step can take its place".into()
        }
        Feature::LinearBias if chip.bias => {
            "leave out the `bias` of `linear`, and give the neurons of the target layer a `bias`".into()
        }
        Feature::LinearBias => {
            "leave out the `bias` of `linear`; an input channel with an event in every step can take its place"
                .into()
        }
        Feature::Noise => "remove `noise_std`; to train with noise, make it a parameter of the network, and build with that parameter at 0"
            .into(),
        Feature::Adaptation => {
            let synapse = if chip.synapses.hidden > 1 { ", best on a second synapse," } else { "" };
            format!(
                "use `lif`: a recurrent connection with negative weights{synapse} acts like the current of `alif`"
            )
        }
        Feature::ZeroReset => "remove `reset`: on the target, each spike subtracts the threshold, so train with that".into(),
        Feature::NoSynapticFilter => {
            "declare a `tau_syn`: on the target, every input passes a synaptic filter, and decays in its own step".into()
        }
        Feature::NoMembraneLeak => "declare a `tau_mem`: on the target, every membrane leaks; the longest one comes \
                                    nearest to no leak"
            .into(),
        Feature::ExpSyn => "declare an output layer as `lif` and take its `isyn`: the current is the same; other \
                            layers pass spikes on, not currents"
            .into(),
        Feature::Delay => {
            "remove `delay`; each hidden layer in between delays by one step".into()
        }
    };
    Some(remedy)
}
