//! The rules for the integers of a specification, wherever they come from. A file has no source lines to point at.

use synnet_ir::{Code, Diagnostic, Diagnostics};

use crate::budget::{Budget, Resource, Usage};
use crate::chip::{BitShiftRange, Chip};
use crate::codes;
use crate::specification::Specification;

/// Returns an error for everything in a specification that does not fit a chip, and a warning for aliases that do not
/// act within a step. The specification must be consistent ([`Specification::check`]).
pub fn check_specification(specification: &Specification, chip: &Chip) -> Diagnostics {
    let budget = Budget::from_specification(specification, chip);
    let mut found: Diagnostics = budget.exceeded().filter_map(|usage| exceeded(usage, chip)).collect();
    found.extend(aliases(specification, chip));
    found.extend(dashes(specification, chip));
    found
}

fn exceeded(usage: &Usage, chip: &Chip) -> Option<Diagnostic> {
    let (code, help): (&'static Code, _) = match usage.resource {
        Resource::Inputs => (&codes::TOO_MANY_INPUTS, "use fewer channels"),
        Resource::Outputs => (&codes::TOO_MANY_OUTPUTS, "use fewer classes"),
        Resource::Hidden => (&codes::TOO_MANY_HIDDEN, "use fewer hidden neurons"),
        Resource::InputExpansion => {
            (&codes::TOO_MANY_INPUT_NEURONS, "remove columns of `weights_in`, from the last id down")
        }
        Resource::OutputExpansion => {
            (&codes::TOO_MANY_OUTPUT_NEURONS, "remove rows of `weights_out`, from the first id up")
        }
        Resource::LargestFanOut => (&codes::FAN_OUT, "set more weights of `weights_rec` to zero"),
        Resource::FanOutMemory => (&codes::TOTAL_FAN_OUT, "set more weights of `weights_rec` to zero"),
        Resource::HiddenSynapses | Resource::ReadoutSynapses => {
            (&codes::TOO_MANY_SYNAPSES, "use the first synapse only")
        }
        Resource::Aliases if chip.aliases => return None,
        Resource::Aliases => (&codes::ALIAS, "repeat the rows of weights instead"),
        Resource::Biases => (&codes::BIAS, "set the biases to zero"),
        // They follow from the numbers of channels, neurons and connections, each of which is checked.
        Resource::InputWeights | Resource::HiddenWeights | Resource::ReadoutWeights => return None,
    };
    let Usage { resource, used, available } = usage;
    let message = format!("{}: {used}; {} has {available}", resource.description().trim(), chip.title);
    Some(Diagnostic::error_without_span(code, message).with_help(help))
}

fn aliases(specification: &Specification, chip: &Chip) -> Option<Diagnostic> {
    let pairs = specification.alias_target.iter().enumerate();
    let backwards = pairs.filter_map(|(source, target)| Some((source, (*target)?))).filter(|(s, t)| t <= s);
    let backwards: Vec<_> = backwards.collect();
    let (source, target) = *backwards.first().filter(|_| chip.aliases)?;
    let count = backwards.len();
    let message = format!(
        "aliases to the same or a lower id: {count}; the first leads from neuron {source} to {target}"
    );
    let help = "give the alias target a higher id; Rockpool's simulator ignores target 0";
    let mut diagnostic = Diagnostic::error_without_span(&codes::ALIAS, message).with_help(help);
    diagnostic.severity = synnet_ir::Severity::Warning;
    Some(diagnostic)
}

/// Returns an error for each array with a bit shift out of range. Synapses without weights do not count, because their
/// bit shift has no effect.
fn dashes(s: &Specification, chip: &Chip) -> Diagnostics {
    let d = s.dimensions;
    let mut receives = vec![false; d.hidden * d.synapses];
    for (weights, columns) in [(&s.weights_in, d.input_expansion), (&s.weights_rec, d.hidden)] {
        for row in weights.chunks_exact((columns * d.synapses).max(1)) {
            receives.iter_mut().zip(row).for_each(|(receives, &w)| *receives |= w != 0);
        }
    }
    let mut receives_out = vec![false; d.outputs];
    for row in s.weights_out.chunks_exact(d.outputs.max(1)) {
        receives_out.iter_mut().zip(row).for_each(|(receives, &w)| *receives |= w != 0);
    }
    // Synapses of a neuron lie next to each other: synapse `n` is every `d.synapses`-th element from `n` on.
    let synapse = |n: usize| receives.iter().skip(n).step_by(d.synapses.max(1)).copied().collect::<Vec<_>>();
    let second = if d.synapses > 1 { synapse(1) } else { vec![false; d.hidden] };
    let (synapses, membranes) = (chip.dash.synapse, chip.dash.membrane);
    let arrays: [(&str, &[u8], Vec<bool>, BitShiftRange); 5] = [
        ("dash_mem", &s.dash_mem, vec![true; d.hidden], membranes),
        ("dash_syn", &s.dash_syn, synapse(0), synapses),
        ("dash_syn_2", &s.dash_syn_2, second, synapses),
        ("dash_mem_out", &s.dash_mem_out, vec![true; d.outputs], membranes),
        ("dash_syn_out", &s.dash_syn_out, receives_out, synapses),
    ];
    let mut found = Diagnostics::new();
    for (name, dashes, counts, BitShiftRange { min, max }) in arrays {
        let mut outside = dashes.iter().zip(counts).enumerate();
        let wrong = |(_, (dash, counts)): &(usize, (&u8, bool))| *counts && !(min..=max).contains(*dash);
        let Some((n, (dash, _))) = outside.find(wrong) else { continue };
        let message = format!(
            "`{name}` of neuron {n} is {dash}; {} supports {min} to {max} ({} of {} values are out of range)",
            chip.title,
            1 + outside.filter(wrong).count(),
            dashes.len()
        );
        let help = match *dash {
            0 => "use 1 or more: with a bit shift of 0, a synaptic current never reaches the membrane",
            _ => "choose a shorter time constant",
        };
        found.push(Diagnostic::error_without_span(&codes::DASH_RANGE, message).with_help(help));
    }
    found
}
