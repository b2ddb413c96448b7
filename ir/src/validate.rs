//! Validation: the rules that every graph obeys, wherever it comes from.

use std::collections::BTreeMap;
use std::collections::hash_map::{Entry, HashMap};
use std::hash::{BuildHasher, RandomState};

use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::diagnostics::Diagnostics;
use crate::display::{format_exact, format_time, quantity_name};
use crate::graph::{
    Connection, Endpoint, Graph, Init, Layer, LayerId, LayerParameter, LeakUnit, Lif, Neuron, Operator, Reset,
};
use crate::limits::{MAX_CONNECTIONS, MAX_DELAY, MAX_LAYERS, MAX_NEURONS, MAX_SYNAPSES, MAX_WEIGHTS};
use crate::source::Span;

/// Returns the errors of a graph, and warnings about what is probably a mistake.
///
/// A graph without errors keeps what the [module of graphs](crate::graph) promises: handles lie within the graph,
/// lists have as many values as there are elements, widths agree, values lie in their ranges.
pub fn validate(graph: &Graph) -> Diagnostics {
    let mut broken = handles(graph);
    // Beyond the limits, sums and products of sizes have no meaning.
    broken.extend(too_large(graph));
    if !broken.is_empty() {
        return broken;
    }
    let mut diagnostics = complete(graph);
    diagnostics.extend(validate_partial(graph));
    diagnostics
}

/// Returns the errors and warnings about a graph that is incomplete after errors that have been reported: sizes,
/// channels and a time step of 0, and handles outside of the graph, are not reported again.
pub fn validate_partial(graph: &Graph) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    for layer in &graph.layers {
        check_layer(layer, graph.dt, &mut diagnostics);
    }
    for connection in &graph.connections {
        check_connection(graph, connection, &mut diagnostics);
    }
    check_connection_names(graph, &mut diagnostics);
    check_weights(graph, &mut diagnostics);
    check_output(graph, &mut diagnostics);
    check_reachability(graph, &mut diagnostics);
    diagnostics
}

/// Returns errors about handles outside of the graph.
fn handles(graph: &Graph) -> Diagnostics {
    let outside = |id: LayerId| id.index() >= graph.layers.len();
    let mut diagnostics = Diagnostics::new();
    let mut report = |span, what: &str| {
        let message = format!("{what} refers to a layer that the graph does not have");
        diagnostics.push(
            Diagnostic::error(&codes::GRAPH_FILE, span, message)
                .with_help("number layers from 0 in the order of their list"),
        );
    };
    for connection in &graph.connections {
        let ends = connection.sources.iter().filter_map(|source| match source {
            Endpoint::Input => None,
            Endpoint::Layer(id) => Some(*id),
        });
        if ends.chain([connection.target]).any(outside) {
            report(connection.span, &format!("connection `{}`", connection.name));
        }
    }
    if outside(graph.output.layer) {
        report(graph.output.span, "the output");
    }
    diagnostics
}

/// Returns errors about sizes beyond the limits. The language checks them as it unfolds a network.
fn too_large(graph: &Graph) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let mut check = |span, what: &str, count: usize, max: usize| {
        if count > max {
            let message = format!("{what} {count}; the maximum is {max}");
            let help = "use fewer or smaller layers, or shorter delays";
            diagnostics.push(Diagnostic::error(&codes::TOO_LARGE, span, message).with_help(help));
        }
    };
    check(graph.span, "the number of layers is", graph.layers.len(), MAX_LAYERS);
    check(graph.span, "the number of connections is", graph.connections.len(), MAX_CONNECTIONS);
    check(graph.input.span, "the number of input channels is", graph.input.channels, MAX_NEURONS);
    for layer in &graph.layers {
        let name = &layer.name;
        let synapses = format!("the number of synapses per neuron of layer `{name}` is");
        check(layer.span, &format!("the number of neurons of layer `{name}` is"), layer.size, MAX_NEURONS);
        check(layer.span, &synapses, layer.synapses(), MAX_SYNAPSES as usize);
    }
    // A layer that is too large by itself has been reported.
    let sizes = graph.layers.iter().map(|layer| layer.size.min(MAX_NEURONS));
    let neurons = if graph.layers.iter().any(|layer| layer.size > MAX_NEURONS) { 0 } else { sizes.sum() };
    check(graph.span, "the number of neurons is", neurons, MAX_NEURONS);
    for connection in &graph.connections {
        if connection.delay > MAX_DELAY {
            let what = format!("the delay of `{}` is", connection.name);
            check(connection.span, &what, connection.delay as usize, MAX_DELAY as usize);
        }
    }
    diagnostics
}

/// Returns errors about what a partial graph may lack.
fn complete(graph: &Graph) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    if !Graph::DT.allows(graph.dt) {
        let message = format!("the time step cannot be {} s", graph.dt);
        let diagnostic = Diagnostic::error(&codes::TIME_STEP, graph.span, message);
        diagnostics.push(diagnostic.with_help(Graph::DT.remedy(graph.dt)));
    }
    if graph.input.channels == 0 {
        diagnostics.push(
            Diagnostic::error(&codes::RANGE, graph.input.span, "the input has no channels")
                .with_help("choose at least 1 channel"),
        );
    }
    for layer in graph.layers.iter().filter(|layer| layer.size == 0 || layer.synapses() == 0) {
        let message = format!("layer `{}` has no neurons or synapses", layer.name);
        diagnostics.push(
            Diagnostic::error(&codes::RANGE, layer.span, message)
                .with_help("choose at least 1 neuron, and 1 synapse per neuron"),
        );
    }
    for connection in graph.connections.iter().filter(|connection| connection.sources.is_empty()) {
        let message = format!("connection `{}` has no source", connection.name);
        diagnostics.push(
            Diagnostic::error(&codes::GRAPH_FILE, connection.span, message)
                .with_help("name at least one source, or remove the connection"),
        );
    }
    check_layer_names(graph, &mut diagnostics);
    diagnostics
}

fn check_layer(layer: &Layer, dt: f64, diagnostics: &mut Diagnostics) {
    let mut check = LayerCheck { layer, dt, diagnostics };
    for which in LayerParameter::ALL {
        check.parameter(which);
    }
    match &layer.neuron {
        Neuron::Lif(lif) => check.constants(lif),
        Neuron::ExpSyn(_) => {}
    }
}

struct LayerCheck<'a> {
    layer: &'a Layer,
    dt: f64,
    diagnostics: &'a mut Diagnostics,
}

impl LayerCheck<'_> {
    /// Checks the numbers that all neurons of a layer share.
    fn constants(&mut self, lif: &Lif) {
        for (name, value, range) in
            [("noise_std", lif.noise_std, Lif::NOISE_STD), ("window", lif.surrogate.window, Lif::WINDOW)]
        {
            if !range.allows(value) {
                self.report(self.layer.span, name, value, range.remedy(value));
            }
        }
        if lif.max_spikes == 0 {
            self.report(self.layer.span, "max_spikes", 0.0, "choose at least 1");
        }
        if lif.reset == Reset::Zero && lif.max_spikes > 1 {
            let help = "choose 1: with `reset: zero`, a spike leaves nothing for a second one";
            self.report(lif.spans.reset, "max_spikes", f64::from(lif.max_spikes), help);
        }
        if lif.syn.is_none() && lif.synapses > 1 {
            let help = "choose 1: synapses differ in their filters, and `tau_syn` is `none`";
            self.report(lif.spans.no_syn, "synapses", lif.synapses as f64, help);
        }
    }

    /// Checks that a parameter has the right number of values, all within its range.
    fn parameter(&mut self, which: LayerParameter) {
        let layer = self.layer;
        let Some(parameter) = which.of(layer) else { return };
        let name = which.name(layer);
        let (len, elements) = (parameter.values.len(), which.elements(layer));
        if len != 1 && len != elements && layer.size > 0 {
            let message = format!(
                "`{name}` of layer `{}` has {len} values, but the layer has {elements} elements",
                layer.name
            );
            self.diagnostics.push(
                Diagnostic::error(&codes::LENGTH, self.place(parameter.span), message)
                    .with_help("write one value, or one per element"),
            );
            return;
        }
        let range = which.range(layer);
        if let Some(&value) = parameter.values.iter().find(|&&value| !range.allows(value)) {
            self.report(parameter.span, name, value, range.remedy(value));
            return;
        }
        let short = parameter.values.iter().copied().fold(f64::INFINITY, f64::min);
        let in_seconds = which.leak(layer).is_some_and(|leak| leak.unit == LeakUnit::TimeConstant);
        if in_seconds && short < self.dt {
            let message = format!(
                "`{name}` is {}, shorter than the time step of {}",
                format_time(short),
                format_time(self.dt)
            );
            self.diagnostics.push(
                Diagnostic::warning(&codes::SHORT_TIME_CONSTANT, self.place(parameter.span), message)
                    .with_help(
                        "choose a longer time constant, or a shorter `dt`: \
                         the state decays by more than half per step",
                    ),
            );
        }
    }

    /// Reports a value out of range, in the unit of its declaration.
    fn report(&mut self, span: Span, name: &str, value: f64, help: &str) {
        let text = match name.starts_with("tau") {
            true if value.abs() < 1e16 => format_time(value),
            true => format!("{} s", format_exact(value)),
            false => format_exact(value),
        };
        let message = format!("`{name}` of layer `{}` cannot be {text}", self.layer.name);
        self.diagnostics.push(Diagnostic::error(&codes::RANGE, self.place(span), message).with_help(help));
    }

    /// Returns the place of a parameter, or that of the layer for a default, which has none.
    fn place(&self, span: Span) -> Span {
        if span == Span::default() { self.layer.span } else { span }
    }
}

fn check_connection(graph: &Graph, connection: &Connection, diagnostics: &mut Diagnostics) {
    let target = graph.layer(connection.target);
    let span = connection.span;
    let is_probability = connection.dropout >= 0.0 && (connection.dropout as f32) < 1.0;
    if !is_probability {
        let (name, dropout) = (&connection.name, connection.dropout);
        let message =
            format!("the dropout probability of `{name}` must be at least 0 and less than 1, not {dropout}");
        diagnostics
            .push(Diagnostic::error(&codes::RANGE, span, message).with_help("choose a number in [0, 1)"));
    }
    // A width of 0 stands for one that could not be understood.
    let mut widths = connection.sources.iter().map(|source| graph.width(*source)).filter(|&width| width > 0);
    let first = widths.next();
    if let (Some(first), Some(other)) = (first, widths.find(|&width| Some(width) != first)) {
        let message = format!("cannot add sources of {first} and {other} neurons");
        diagnostics.push(
            Diagnostic::error(&codes::WIDTH, span, message)
                .with_help("write a connection with its own `linear` for each source"),
        );
        return;
    }
    if has_equal_sources(&connection.sources) {
        diagnostics.push(
            Diagnostic::error(&codes::DUPLICATE_CONNECTION, span, "the sum contains a source twice")
                .with_help("remove one of them"),
        );
    }
    match &connection.operator {
        Operator::Identity => {
            let columns = target.input_columns();
            if let Some(width) = first.filter(|&width| columns > 0 && width != columns) {
                let message = match target.synapses() {
                    1 => format!("`{}` has {columns} neurons, but its source has {width}", target.name),
                    synapses => format!(
                        "`{}` has {columns} inputs ({} neurons with {synapses} synapses), but its source has {width}",
                        target.name, target.size
                    ),
                };
                diagnostics.push(
                    Diagnostic::error(&codes::WIDTH, span, message)
                        .with_help("insert a weight matrix, `-> linear ->`, or make both sizes equal"),
                );
            }
        }
        Operator::Linear(linear) => {
            let biases = linear.bias.as_ref().map(|bias| &bias.init);
            for init in [Some(&linear.init), biases].into_iter().flatten() {
                check_init(init, target, connection, diagnostics);
            }
        }
    }
}

fn has_equal_sources(sources: &[Endpoint]) -> bool {
    if sources.len() < 2 {
        return false;
    }
    let mut numbers: Vec<usize> = sources
        .iter()
        .map(|source| match source {
            Endpoint::Input => usize::MAX,
            Endpoint::Layer(id) => id.index(),
        })
        .collect();
    numbers.sort_unstable();
    numbers.windows(2).any(|pair| pair[0] == pair[1])
}

fn check_init(init: &Init, target: &Layer, connection: &Connection, diagnostics: &mut Diagnostics) {
    let len = init.scale.len();
    if len != 1 && len != target.input_columns() && target.size > 0 {
        let message = format!(
            "the scale of `{}` has {len} values, but its target has {} columns",
            connection.name,
            target.input_columns()
        );
        diagnostics.push(
            Diagnostic::error(&codes::LENGTH, connection.span, message)
                .with_help("write one value, or one per column"),
        );
    }
    let wrong_scale = init.scale.iter().copied().find(|&value| !Init::SCALE.allows(value));
    let wrong = match (wrong_scale, init.out_of_range()) {
        (Some(value), _) => Some(("the scale", value, Init::SCALE.remedy(value))),
        (None, Some(value)) => Some(("an initial value", value, Init::VALUE.remedy(value))),
        (None, None) => None,
    };
    if let Some((what, value, help)) = wrong {
        let message = format!("{what} of `{}` cannot be {}", connection.name, format_exact(value));
        diagnostics.push(Diagnostic::error(&codes::RANGE, connection.span, message).with_help(help));
    }
}

/// Checks that the names of layers are unique, since weights files use them. Sources are checked as they declare
/// them.
fn check_layer_names(graph: &Graph, diagnostics: &mut Diagnostics) {
    let mut layers: BTreeMap<&str, Span> = BTreeMap::from([(graph.input.name.as_str(), graph.input.span)]);
    for layer in &graph.layers {
        if let Some(earlier) = layers.insert(&layer.name, layer.span) {
            let message = format!("the name `{}` is declared twice", layer.name);
            diagnostics.push(
                Diagnostic::error(&codes::DUPLICATE_NAME, layer.span, message)
                    .with_note(earlier, "first declared here")
                    .with_help("rename one of them"),
            );
        }
    }
}

fn check_connection_names(graph: &Graph, diagnostics: &mut Diagnostics) {
    // Sorted hashes take a small part of the memory of a map of the names.
    let hasher = RandomState::new();
    let mut hashes: Vec<u64> = graph.connections.iter().map(|c| hasher.hash_one(&c.name)).collect();
    hashes.sort_unstable();
    if hashes.windows(2).all(|pair| pair[0] != pair[1]) {
        return;
    }
    let mut connections: HashMap<&str, Span> = HashMap::new();
    for connection in &graph.connections {
        match connections.entry(&connection.name) {
            Entry::Vacant(entry) => {
                entry.insert(connection.span);
            }
            Entry::Occupied(earlier) => {
                let message = format!("the connection `{}` is declared twice", connection.name);
                diagnostics.push(
                    Diagnostic::error(&codes::DUPLICATE_CONNECTION, connection.span, message)
                        .with_note(*earlier.get(), "first declared here")
                        .with_help(
                            "remove one of them: their weights would share a name, and add up to one matrix",
                        ),
                );
            }
        }
    }
}

fn check_weights(graph: &Graph, diagnostics: &mut Diagnostics) {
    let mut total = 0_usize;
    for connection in &graph.connections {
        if connection.as_linear().is_some() {
            let columns = graph.layer(connection.target).input_columns();
            total = total.saturating_add(graph.source_width(connection).saturating_mul(columns));
            if total > MAX_WEIGHTS {
                let message = format!("the network has more than {MAX_WEIGHTS} weights");
                diagnostics.push(
                    Diagnostic::error(&codes::TOO_LARGE, connection.span, message)
                        .with_help("use smaller layers"),
                );
                return;
            }
        }
    }
}

fn check_output(graph: &Graph, diagnostics: &mut Diagnostics) {
    let Some(layer) = graph.layers.get(graph.output.layer.index()) else { return };
    if !layer.neuron.has(graph.output.quantity) {
        let message = format!(
            "layer `{}` has no {}: it is an `{}`",
            layer.name,
            quantity_name(graph.output.quantity),
            layer.neuron.kind().name()
        );
        diagnostics.push(Diagnostic::error(&codes::OUTPUT, graph.output.span, message).with_help(format!(
            "write `output {}.{};`",
            layer.name,
            layer.neuron.sends().name()
        )));
    }
}

/// Warns about layers without a path from a source or to the output.
fn check_reachability(graph: &Graph, diagnostics: &mut Diagnostics) {
    if graph.output.layer.index() >= graph.layers.len() {
        return;
    }
    let mut reaches = vec![false; graph.layers.len()];
    let mut input_reaches = false;
    let mut waiting = vec![graph.output.layer];
    let mut into: Vec<Vec<&Connection>> = vec![Vec::new(); graph.layers.len()];
    for connection in &graph.connections {
        into[connection.target.index()].push(connection);
    }
    // Backward from the output: whatever is not found cannot change it.
    while let Some(id) = waiting.pop() {
        if std::mem::replace(&mut reaches[id.index()], true) {
            continue;
        }
        for source in into[id.index()].iter().flat_map(|connection| &connection.sources) {
            match source {
                Endpoint::Input => input_reaches = true,
                Endpoint::Layer(id) => waiting.push(*id),
            }
        }
    }
    for (layer, (reaches, into)) in graph.layers.iter().zip(reaches.iter().zip(&into)) {
        // Of a layer without input, only a bias or noise can make the neurons spike.
        if into.is_empty() {
            let message = format!("layer `{}` has no incoming connection", layer.name);
            diagnostics.push(
                Diagnostic::warning(&codes::NO_INPUT, layer.span, message)
                    .with_help(format!("add `source -> linear -> {};`", layer.name)),
            );
        }
        if !reaches {
            let message = format!("layer `{}` has no path to the output", layer.name);
            diagnostics.push(
                Diagnostic::warning(&codes::NO_EFFECT, layer.span, message)
                    .with_help("connect it to a layer with a path to the output, or remove it"),
            );
        }
    }
    if !input_reaches {
        let message = format!("the input `{}` has no path to the output", graph.input.name);
        diagnostics.push(
            Diagnostic::warning(&codes::NO_EFFECT, graph.input.span, message)
                .with_help("connect it to a layer with a path to the output"),
        );
    }
}
