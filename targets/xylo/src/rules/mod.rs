//! Design rules: what of a network a chip cannot hold or do, each at the line that is to blame.
//!
//! The rules know no chip; they compare the graph with the numbers of [`Chip`]. [`check`] judges the structure: every
//! connection counts in full, whatever its weights become. Where weights are known ([`build`](crate::build),
//! [`map`](crate::map())), two rules are judged by them: fan-out and fan-out memory count only weights that are not
//! zero, so that a pruned network fits whose structure alone does not. [`check_specification`] judges the integers that a
//! chip is given, wherever they come from.
//!
//! The rules of Rockpool's mapper (`xylo_mapper.py` of each chip) and what stands for them here:
//!
//! | Rockpool | here |
//! |---|---|
//! | `output_nodes_have_neurons_as_source` | the language: an output is a layer |
//! | `input_to_neurons_is_a_weight`, `first_module_is_a_weight` | not needed: a connection without weights is mapped as ones |
//! | `le_16_input_channels` (warning) | error X0101 |
//! | `le_8_output_channels`, `le_16_output_channels` (warnings; 16 for Audio 3 too, which has 32) | error X0102 |
//! | hidden neurons that cannot be allocated | error X0103 |
//! | `le_128_input_expansion_neurons` (empty; the surplus is cut off later) | error X0104 |
//! | `le_128_output_expansion_neurons` (empty; the surplus is cut off later) | error X0105 |
//! | `max_synapses_per_neuron` (IMU only) | error X0108 |
//! | `all_neurons_have_same_dt` | the language: a network has one `dt`, and an instance with another is error E0401 |
//! | `output_neurons_cannot_be_recurrent` | error X0203 |
//! | `no_consecutive_weights` | the language: one `linear` between two layers (error E0406) |
//! | `alias_inputs_must_be_neurons`, `alias_output_nodes_must_have_neurons_as_input` | by construction: sums of layers become aliases where that is right (see [`layout`](crate::layout)), rows of weights elsewhere |
//! | `at_least_two_neuron_layers_needed` | error X0201 |
//! | `weight_nodes_have_no_biases` (warning, the bias is dropped) | error E0501 |
//! | `tau <= dt` (error, but not on Audio 3) | error X0301, by the range of the bit shift |
//! | none: fan-out of a neuron | error X0106 |
//! | none: fan-out memory | error X0107 |
//! | none: one alias target per neuron, of a higher id | by construction; error X0109 for a given specification |
//! | none: input that feeds the readout | error X0202 |
//! | none: biases on a chip without | error E0501; error X0110 for a given specification |
//! | none: delays, noise, adaptation, `expsyn` | error E0501 |
//! | none: a time constant between two bit shifts | warning X0302 |
//! | none: the most spikes in a step | warning X0303 |
//! | none: paths of different length | warning X0204 |

mod fan_out;
mod features;
mod neurons;
mod sizes;
mod specification;
mod structure;

use synnet_ir::{Code, Diagnostic, Diagnostics, Graph, Severity, Span};

use crate::chip::Chip;
use crate::layout::Layout;

pub(crate) use fan_out::of_weights as fan_out_of_weights;
pub(crate) use sizes::{Hidden, check as sizes};
pub use specification::check_specification;

/// Every rule that the graph breaks on this chip; warnings where it fits but will behave differently.
pub fn check(graph: &Graph, chip: &Chip) -> Diagnostics {
    let layout = Layout::of(graph, chip);
    let mut found = check_behaviour(graph, chip, &layout);
    found.extend(sizes(graph, chip, layout.dimensions(graph), &Hidden::of(graph, &layout)));
    found.extend(fan_out::of_structure(graph, chip, &layout));
    found
}

/// The rules that hold whatever the weights are and however many neurons are left.
pub(crate) fn check_behaviour(graph: &Graph, chip: &Chip, layout: &Layout) -> Diagnostics {
    let mut found = features::check(graph, chip);
    found.extend(structure::check(graph, chip, layout));
    found.extend(sizes::synapses(graph, chip, layout));
    found.extend(neurons::check(graph, chip, layout));
    found
}

/// A finding that several layers may share: which parameter of which layer, and what is the matter with it.
struct Shared {
    span: Span,
    parameter: &'static str,
    layer: String,
    /// Completes "`parameter` of `layer` ...".
    says: String,
    /// How bad it is, compared with others of the kind.
    weight: f64,
}

/// One diagnostic for all findings of a kind, at the place of the worst, the others as notes; `None` without any.
/// `message` says what all have in common, where there are several.
fn share(
    severity: Severity,
    code: &'static Code,
    message: &str,
    help: String,
    findings: &[Shared],
) -> Option<Diagnostic> {
    let worst =
        findings.iter().reduce(|worst, other| if other.weight > worst.weight { other } else { worst })?;
    // What is equal but for the layer, in the order of the layers.
    let mut equal: Vec<(&Shared, Vec<String>)> = Vec::new();
    for finding in findings {
        let name = format!("`{}`", finding.layer);
        let same = |other: &Shared| {
            (other.span, other.parameter, &other.says) == (finding.span, finding.parameter, &finding.says)
        };
        match equal.iter_mut().find(|(other, _)| same(other)) {
            Some((_, layers)) => layers.push(name),
            None => equal.push((finding, vec![name])),
        }
    }
    let sentence = |(finding, layers): &(&Shared, Vec<String>)| {
        format!("`{}` of {} {}", finding.parameter, layers.join(", "), finding.says)
    };
    let mut diagnostic = Diagnostic::error(code, worst.span, message).with_help(help);
    diagnostic.severity = severity;
    if let [only] = equal.as_slice() {
        diagnostic.message = sentence(only);
        return Some(diagnostic);
    }
    let mut places: Vec<(Span, Vec<String>)> = Vec::new();
    for finding in &equal {
        match places.iter_mut().find(|(span, _)| *span == finding.0.span) {
            Some((_, sentences)) => sentences.push(sentence(finding)),
            None => places.push((finding.0.span, vec![sentence(finding)])),
        }
    }
    for (span, sentences) in places {
        let text = sentences.join("; ");
        diagnostic =
            if span == worst.span { diagnostic.with_label(text) } else { diagnostic.with_note(span, text) };
    }
    Some(diagnostic)
}

/// The place of a part, or of the whole where the source text leaves the part to its default.
fn place(part: Span, whole: Span) -> Span {
    if part == Span::default() { whole } else { part }
}
