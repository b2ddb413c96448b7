//! Design rules: the limits of a chip that a network exceeds, each reported at the line that exceeds it.
//!
//! The rules know no chip by name; they compare the graph with the numbers of a [`Chip`]. Integer code
//! (`rust-int`, `c-int`) is such a chip without narrow limits, so messages name the target by [`Chip::title`] and never
//! say "the chip".
//!
//! [`check`] judges the structure: every connection counts in full, whatever its weights become. If weights are known
//! ([`build`](crate::build), [`map`](crate::map::map())), fan-out and fan-out memory count only nonzero weights, so a pruned
//! network may fit although its structure does not. [`check_specification`] judges the integers of a specification,
//! wherever they come from.
//!
//! The rules of Rockpool's mapper (`xylo_mapper.py` of each chip) and their counterparts:
//!
//! | Rockpool | synnet |
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
//! | `alias_inputs_must_be_neurons`, `alias_output_nodes_must_have_neurons_as_input` | by construction: sums of layers become aliases if that is correct (see [`layout`](crate::layout)), else rows of weights |
//! | `at_least_two_neuron_layers_needed` | error X0201 |
//! | `weight_nodes_have_no_biases` (warning, the bias is dropped) | error E0501 |
//! | `tau <= dt` (error, but not on Audio 3) | error X0301, by the range of the bit shift |
//! | none: fan-out of a neuron | error X0106 |
//! | none: fan-out memory | error X0107 |
//! | none: one alias target per neuron, of a higher id | by construction; error X0109 for a given specification |
//! | none: input that feeds the readout | error X0202 |
//! | none: biases on a chip without biases | error E0501; error X0110 for a given specification |
//! | none: delays, noise, adaptation, `expsyn`, a reset to zero, no leak, no synaptic filter | error E0501 |
//! | none: a time constant between two bit shifts | warning X0302 |
//! | none: the maximum number of spikes per step | warning X0303 |
//! | none: paths of different length | warning X0204 |

mod fan_out;
mod features;
mod layer_findings;
mod neurons;
mod sizes;
mod specification;
mod structure;

use synnet_ir::{Diagnostics, Graph};

use crate::chip::Chip;
use crate::layout::Layout;

pub(crate) use fan_out::of_weights as fan_out_of_weights;
pub(crate) use sizes::{HiddenLayer, check as sizes};
pub use specification::check_specification;

/// Returns an error for every rule that the graph breaks on this chip, and a warning for everything that will behave
/// differently from the float network.
pub fn check(graph: &Graph, chip: &Chip) -> Diagnostics {
    let layout = Layout::new(graph, chip);
    let mut found = check_behavior(graph, chip, &layout);
    found.extend(sizes(graph, chip, layout.dimensions(graph), &HiddenLayer::from_graph(graph, &layout)));
    found.extend(fan_out::of_structure(graph, chip, &layout));
    found
}

/// Checks the rules that depend neither on weights nor on the number of neurons. Pruning weights and removing dead
/// neurons do not change their result.
pub(crate) fn check_behavior(graph: &Graph, chip: &Chip, layout: &Layout) -> Diagnostics {
    let mut found = features::check(graph, chip);
    found.extend(structure::check(graph, chip, layout));
    found.extend(sizes::synapses(graph, chip, layout));
    found.extend(neurons::check(graph, chip, layout));
    found
}
