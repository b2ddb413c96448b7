//! The constants of a graph by name: everything that determines what a network computes, besides its weights.

use std::collections::BTreeMap;

use crate::display::{format_time, pluralize};
use crate::graph::{
    Connection, ExpSyn, Graph, Init, Input, Layer, LayerParameter, LeakUnit, Lif, Linear, Neuron, Operator,
    Output, Parameter, Reset,
};

/// Number of digits of a number in [`of_graph`]: one less than f32 needs, so that the rounding of another machine's
/// functions does not show.
const DIGITS: usize = 8;

/// End of the names of membrane noise.
pub(crate) const NOISE: &str = ".noise_std";
/// End of the names of the initial values of weights that are not learned.
pub(crate) const FIXED_WEIGHTS: &str = ".fixed_weights";

/// Returns every constant of a graph by name, such as `h0.tau_mem`, with its value as text.
///
/// A learned parameter has the value `learned`. What only affects training is left out: initial values of learned weights,
/// dropout, surrogate gradients. Names of networks and comments are left out too. Every struct is taken apart completely, so that
/// a new field cannot be forgotten here.
pub(crate) fn of_graph(graph: &Graph) -> BTreeMap<String, String> {
    let Graph { name: _, docs: _, dt, input, layers, connections, output, span: _ } = graph;
    let Input { name: _, channels, docs: _, span: _ } = input;
    let Output { layer, quantity, span: _ } = output;
    let mut constants = BTreeMap::new();
    let mut add = |name: &str, value: String| {
        constants.insert(name.to_owned(), value);
    };
    add("dt", format_time(*dt));
    add("input", pluralize(*channels, "channel"));
    add("output", format!("{} of {}", quantity.name(), graph.layer(*layer).name));
    // The order of updates and of sums.
    add("layers", names(layers.iter().map(|layer| layer.name.as_str())));
    for (layer, incoming) in layers.iter().zip(graph.incoming()) {
        let inputs = names(incoming.into_iter().map(|i| connections[i].name.as_str()));
        add(&format!("{}.inputs", layer.name), inputs);
    }
    for layer in layers {
        of_layer(layer, &mut constants);
    }
    for connection in connections {
        of_connection(graph, connection, &mut constants);
    }
    constants
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn of_layer(layer: &Layer, constants: &mut BTreeMap<String, String>) {
    let Layer { name, size, neuron, docs: _, span: _, name_span: _ } = layer;
    let mut add = |field: &str, value: String| {
        constants.insert(format!("{name}.{field}"), value);
    };
    add("size", size.to_string());
    add("neuron", neuron.kind().name().to_owned());
    match neuron {
        Neuron::Lif(lif) => {
            // `LayerParameter` covers the leaks, the thresholds, the biases and the adaptation.
            let Lif {
                synapses,
                noise_std,
                reset,
                max_spikes,
                spans: _,
                mem: _,
                syn: _,
                threshold: _,
                bias: _,
                surrogate: _,
                adaptation: _,
            } = lif;
            add("synapses", synapses.to_string());
            add("noise_std", number(*noise_std));
            add("max_spikes", max_spikes.to_string());
            // Weights files that are older than this constant lack it.
            if *reset != Reset::Subtract {
                add("reset", reset.name().to_owned());
            }
        }
        Neuron::ExpSyn(ExpSyn { syn: _ }) => {}
    }
    for which in LayerParameter::ALL {
        if which.is_absent(layer) {
            add(which.name(layer), "none".to_owned());
        }
        let Some(Parameter { values, learn, span: _ }) = which.of(layer) else { continue };
        add(
            which.name(layer),
            if *learn { "learned".to_owned() } else { self::values(layer, which, values) },
        );
    }
}

/// Returns the declared value of a neuron parameter by name, such as `h0.tau_mem`, whether it is learned or not; `None` if
/// the graph has no such parameter.
pub fn declared_constant(graph: &Graph, name: &str) -> Option<String> {
    let layers = graph.layers.iter().filter_map(|layer| Some((layer, name.strip_prefix(&layer.name)?)));
    let parameters = layers.flat_map(|(layer, rest)| LayerParameter::ALL.map(|which| (layer, which, rest)));
    parameters
        .filter(|(layer, which, rest)| rest.strip_prefix('.') == Some(which.name(layer)))
        .find_map(|(layer, which, _)| Some(values(layer, which, &which.of(layer)?.values)))
}

/// Formats values of a parameter in its unit.
pub(crate) fn values(layer: &Layer, which: LayerParameter, values: &[f64]) -> String {
    let is_time = which.leak(layer).is_some_and(|leak| leak.unit == LeakUnit::TimeConstant);
    run_lengths(values, if is_time { format_time } else { number })
}

fn of_connection(graph: &Graph, connection: &Connection, constants: &mut BTreeMap<String, String>) {
    let Connection { name, sources: _, target, delay, dropout: _, operator, docs: _, span: _ } = connection;
    let fixed = |init: &Init| format!("{:?} x {}", init.distribution, run_lengths(&init.scale, number));
    let linear = match operator {
        Operator::Identity => None,
        Operator::Linear(linear) => Some(linear.as_ref()),
    };
    let fixed_weights = match linear {
        Some(Linear { learn: false, init, .. }) => Some(fixed(init)),
        Some(_) | None => None,
    };
    let operator = match linear {
        None => "identity",
        Some(Linear { bias: None, learn: _, init: _ }) => "linear",
        Some(Linear { bias: Some(_), .. }) => "linear with bias",
    };
    let mut add = |field: &str, value: String| {
        constants.insert(format!("{name}.{field}"), value);
    };
    add("sources", names(graph.source_names(connection)));
    add("target", graph.layer(*target).name.clone());
    add("delay", pluralize(*delay as usize, "step"));
    add("operator", operator.to_owned());
    if let Some(weights) = fixed_weights {
        add(FIXED_WEIGHTS.trim_start_matches('.'), weights);
    }
}

/// Formats values in order, each run of equal ones as one with its length.
fn run_lengths(values: &[f64], format: impl Fn(f64) -> String) -> String {
    let texts: Vec<String> = values.iter().map(|&value| format(value)).collect();
    if let [first, rest @ ..] = texts.as_slice()
        && rest.iter().all(|text| text == first)
    {
        return first.clone();
    }
    let runs = texts.chunk_by(|a, b| a == b).map(|run| match run {
        [one] => one.clone(),
        [first, ..] => format!("{first} ({} times)", run.len()),
        [] => String::new(),
    });
    runs.collect::<Vec<_>>().join(", ")
}

fn number(value: f64) -> String {
    let rounded: f64 = format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value);
    rounded.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_equal_values_are_counted() {
        let seconds = [0.002, 0.002, 0.004];
        assert_eq!(run_lengths(&seconds, format_time), "2 ms (2 times), 4 ms");
        assert_eq!(run_lengths(&[0.1 + 0.2], number), "0.3");
        // One value for all neurons is the same as a list of equal ones.
        assert_eq!(run_lengths(&[2.0; 3], number), "2");
    }
}
