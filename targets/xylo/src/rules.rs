//! Design rules: what of a network a chip cannot hold or do, each at the line that is to blame.
//!
//! The rules know no chip; they compare the graph with the numbers of [`Chip`]. Sizes are judged from the
//! structure: a connection counts in full, whatever its weights become.

use std::collections::BTreeSet;

use synnet_dsl::graph::{Endpoint, Layer, Leak, LeakUnit, Lif, Quantity};
use synnet_dsl::{Diagnostic, Feature, Graph, Span};

use crate::chip::{Chip, DashRange};
use crate::codes;
use crate::layout::{Layout, Role};

/// Relative difference of time constants from which on a warning is given.
const TAU_TOLERANCE: f64 = 0.1;

/// Every rule that the graph breaks on this chip; warnings where it fits but will behave differently.
pub fn check(graph: &Graph, chip: &Chip) -> Vec<Diagnostic> {
    let mut found = graph.unsupported(&chip.title, &features(chip));
    let layout = Layout::of(graph);
    structure(graph, chip, &mut found);
    sizes(graph, chip, &layout, &mut found);
    fan_out(graph, chip, &mut found);
    paths(graph, &layout, &mut found);
    for (id, layer) in graph.layers_with_ids() {
        if let Some(lif) = layer.as_lif() {
            time_constants(graph, chip, layer, lif, &mut found);
            spike_cap(graph, chip, layer, lif, layout.role(id) == Role::Readout, &mut found);
        }
    }
    found
}

/// What the language can say and the chip can do.
fn features(chip: &Chip) -> Vec<Feature> {
    let mut features = vec![
        Feature::SeveralSynapses,
        Feature::Recurrence,
        Feature::VmemOutput,
        Feature::IsynOutput,
        Feature::LearnedParameter,
        Feature::LeakUnits,
    ];
    if chip.bias {
        features.push(Feature::NeuronBias);
    }
    features
}

/// The readout is fed by hidden layers and feeds nothing.
fn structure(graph: &Graph, chip: &Chip, found: &mut Vec<Diagnostic>) {
    let readout = graph.output.layer;
    if graph.layers.len() < 2 {
        let message = format!("{} needs a hidden layer between input and output", chip.title);
        found.push(
            Diagnostic::error(&codes::NO_HIDDEN_LAYER, graph.span, message)
                .with_help("add a layer that the input feeds and that feeds the output layer"),
        );
    }
    for connection in &graph.connections {
        if connection.sources.contains(&Endpoint::Layer(readout)) {
            let name = &graph.layer(readout).name;
            let target = &graph.layer(connection.target).name;
            let message = format!(
                "the output layer `{name}` feeds `{target}`; the readout of {} feeds nothing",
                chip.title
            );
            found.push(
                Diagnostic::error(&codes::READOUT_FEEDS, connection.span, message)
                    .with_note(graph.output.span, "the output is taken here")
                    .with_help("remove the connection, or put another layer behind for the output"),
            );
        }
        // A network of one layer has its error already.
        if connection.target == readout
            && connection.sources.contains(&Endpoint::Input)
            && graph.layers.len() > 1
        {
            let name = &graph.layer(readout).name;
            let message = format!(
                "the input feeds the output layer `{name}`; on {} only hidden layers can",
                chip.title
            );
            found.push(
                Diagnostic::error(&codes::INPUT_TO_READOUT, connection.span, message)
                    .with_help("lead the connection through a hidden layer"),
            );
        }
    }
}

fn sizes(graph: &Graph, chip: &Chip, layout: &Layout, found: &mut Vec<Diagnostic>) {
    let mut limit = |code, span: Span, what: &str, used: usize, allowed: usize, help: String| {
        if used > allowed {
            let message = format!("{used} {what}; {} has {allowed}", chip.title);
            let label = format!("{} too many", used - allowed);
            found.push(Diagnostic::error(code, span, message).with_label(label).with_help(help));
        }
    };
    let readout = graph.layer(graph.output.layer);
    let d = layout.dimensions(graph);
    let listed = |fed: &dyn Fn(Role) -> bool| {
        let names = layout.hidden.iter().filter(|placed| fed(placed.role));
        names
            .map(|placed| format!("`{}` ({})", graph.layer(placed.layer).name, placed.ids.len()))
            .collect::<Vec<_>>()
    };
    let first = |fed: &dyn Fn(Role) -> bool| {
        let placed = layout.hidden.iter().find(|placed| fed(placed.role));
        placed.map_or(graph.span, |placed| graph.layer(placed.layer).span)
    };
    let fed_by_input = |role: Role| matches!(role, Role::Input | Role::Both);
    let feeds_readout = |role: Role| matches!(role, Role::Output | Role::Both);
    let largest = layout.hidden.iter().map(|placed| graph.layer(placed.layer)).max_by_key(|layer| layer.size);

    limit(
        &codes::TOO_MANY_INPUTS,
        graph.input.span,
        "input channels",
        d.inputs,
        chip.inputs,
        "use fewer channels".into(),
    );
    limit(
        &codes::TOO_MANY_OUTPUTS,
        readout.span,
        "readout neurons",
        d.outputs,
        chip.outputs,
        format!("make `{}` smaller", readout.name),
    );
    limit(
        &codes::TOO_MANY_HIDDEN,
        largest.map_or(graph.span, |layer| layer.span),
        "hidden neurons",
        d.hidden,
        chip.hidden,
        format!("make layers smaller: {}", listed(&|_| true).join(", ")),
    );
    limit(
        &codes::TOO_MANY_INPUT_NEURONS,
        first(&fed_by_input),
        "hidden neurons receive input",
        d.input_expansion,
        chip.input_expansion,
        format!("make the layers that receive input smaller: {}", listed(&fed_by_input).join(", ")),
    );
    limit(
        &codes::TOO_MANY_OUTPUT_NEURONS,
        first(&feeds_readout),
        "hidden neurons feed the readout",
        d.output_expansion,
        chip.output_expansion,
        format!(
            "make the layers that feed `{}` smaller: {}",
            readout.name,
            listed(&feeds_readout).join(", ")
        ),
    );
    for (id, layer) in graph.layers_with_ids() {
        let (kind, allowed) = match layout.role(id) {
            Role::Readout => ("readout", chip.synapses.readout),
            _ => ("hidden", chip.synapses.hidden),
        };
        if layer.synapses() > allowed {
            let message = format!(
                "neurons of `{}` have {} synapses; {kind} neurons of {} have {allowed}",
                layer.name,
                layer.synapses(),
                chip.title
            );
            found.push(
                Diagnostic::error(&codes::TOO_MANY_SYNAPSES, layer.span, message)
                    .with_help(format!("use at most {allowed}")),
            );
        }
    }
}

fn fan_out(graph: &Graph, chip: &Chip, found: &mut Vec<Diagnostic>) {
    let mut total = 0usize;
    let mut heaviest: Option<(usize, Span)> = None;
    for (id, layer) in graph.layers_with_ids() {
        let fed = graph.connections.iter().filter(|c| c.sources.contains(&Endpoint::Layer(id)));
        let targets: BTreeSet<_> =
            fed.map(|c| c.target).filter(|&target| target != graph.output.layer).collect();
        let fan_out: usize = targets.iter().map(|&target| graph.layer(target).size).sum();
        let names: Vec<_> = targets.iter().map(|&target| format!("`{}`", graph.layer(target).name)).collect();
        if fan_out > chip.fan_out.per_neuron {
            let message = format!(
                "each neuron of `{}` has {fan_out} hidden targets; {} allows {}",
                layer.name, chip.title, chip.fan_out.per_neuron
            );
            found.push(
                Diagnostic::error(&codes::FAN_OUT, layer.span, message)
                    .with_help(format!("make the target layers smaller: {}", names.join(", "))),
            );
        }
        let entries = fan_out.saturating_mul(layer.size);
        total = total.saturating_add(entries);
        if heaviest.is_none_or(|(most, _)| entries > most) {
            heaviest = Some((entries, layer.span));
        }
    }
    if let Some((most, span)) = heaviest
        && total > chip.fan_out.total
    {
        let message = format!(
            "{total} connections between hidden neurons; the memory of {} holds {}",
            chip.title, chip.fan_out.total
        );
        found.push(
            Diagnostic::error(&codes::TOTAL_FAN_OUT, span, message)
                .with_label(format!("this layer takes {most}"))
                .with_help("make hidden layers smaller; the product of neighbouring sizes counts"),
        );
    }
}

/// On the chip a hop takes a step; signals that met in the float network must still meet.
fn paths(graph: &Graph, layout: &Layout, found: &mut Vec<Diagnostic>) {
    for connection in &graph.connections {
        // Connections that no chip has are errors already.
        let impossible = |&source: &Endpoint| match source {
            Endpoint::Input => connection.target == layout.readout,
            Endpoint::Layer(id) => id == layout.readout,
        };
        for &source in connection.sources.iter().filter(|&source| !impossible(source)) {
            let Endpoint::Layer(from) = source else {
                if layout.lag(connection.target) > 0 {
                    unbalanced(connection.span, layout.lag(connection.target), 0, found);
                }
                continue;
            };
            let recurrent = graph.is_recurrent(source, connection.target);
            let arrives = layout.lag(from) + usize::from(!recurrent);
            if arrives != layout.lag(connection.target) {
                unbalanced(connection.span, layout.lag(connection.target), arrives, found);
            }
        }
    }
}

fn unbalanced(span: Span, expected: usize, arrives: usize, found: &mut Vec<Diagnostic>) {
    let message = format!(
        "on the chip, spikes on this connection lag by {}, the rest of its target's input by {}",
        steps(arrives),
        steps(expected)
    );
    found.push(
        Diagnostic::warning(&codes::UNBALANCED_PATHS, span, message)
            .with_help("each hidden layer delays by one step: give all paths the same number of layers"),
    );
}

fn steps(n: usize) -> String {
    if n == 1 { "1 step".into() } else { format!("{n} steps") }
}

fn time_constants(graph: &Graph, chip: &Chip, layer: &Layer, lif: &Lif, found: &mut Vec<Diagnostic>) {
    leak(
        graph.dt,
        chip,
        layer,
        &lif.mem,
        ["tau_mem", "alpha", "dash_mem"],
        layer.size,
        chip.dash.membrane,
        found,
    );
    let columns = layer.input_columns();
    leak(graph.dt, chip, layer, &lif.syn, ["tau_syn", "beta", "dash_syn"], columns, chip.dash.synapse, found);
}

/// The bit shift that a chip uses for element `i` of a leak: the nearest whole one, halves to the even one.
pub(crate) fn chip_dash(leak: &Leak, i: usize, dt: f64) -> f64 {
    leak.dash(i, dt).round_ties_even()
}

#[expect(clippy::too_many_arguments, reason = "a rule over the parts of one parameter")]
fn leak(
    dt: f64,
    chip: &Chip,
    layer: &Layer,
    leak: &Leak,
    names: [&str; 3],
    elements: usize,
    range: DashRange,
    found: &mut Vec<Diagnostic>,
) {
    let name = match leak.unit {
        LeakUnit::TimeConstant => names[0],
        LeakUnit::Decay => names[1],
        LeakUnit::BitShift => names[2],
    };
    let elements = if leak.parameter.is_uniform() { 1 } else { elements };
    let dash = |i: usize| chip_dash(leak, i, dt);
    // A comparison that NaN fails as well.
    let fits = |i: usize| dash(i) >= range.min.into() && dash(i) <= range.max.into();
    let outside: Vec<usize> = (0..elements).filter(|&i| !fits(i)).collect();
    if let Some(&i) = outside.first() {
        let message = format!(
            "`{name}` of `{}` needs a bit shift of {}; {} has {} to {}",
            layer.name,
            dash(i),
            chip.title,
            range.min,
            range.max
        );
        let [low, high] = [range.min, range.max].map(|dash| milliseconds(chip_tau(f64::from(dash), dt)));
        let dt = milliseconds(dt);
        let help = match range.min {
            0 => format!("choose a time constant up to {high} (at dt {dt})"),
            _ => format!("choose a time constant from {low} to {high} (at dt {dt})"),
        };
        let diagnostic = Diagnostic::error(&codes::DASH_RANGE, place(leak, layer), message).with_help(help);
        found.push(if elements > 1 {
            diagnostic.with_label(format!("{} of {elements} values", outside.len()))
        } else {
            diagnostic
        });
        return;
    }
    let moved = |i: usize| {
        let (asked, given) = (leak.tau(i, dt), chip_tau(dash(i), dt));
        if asked.is_finite() && asked > 0.0 { (given / asked - 1.0).abs() } else { 0.0 }
    };
    let worst = (0..elements).max_by(|&a, &b| moved(a).total_cmp(&moved(b)));
    if let Some(i) = worst.filter(|&i| moved(i) > TAU_TOLERANCE) {
        let given = chip_tau(dash(i), dt);
        let message = format!(
            "`{name}` of `{}` asks for a time constant of {}; the chip's bit shift of {} is {} ({:.0} % off)",
            layer.name,
            milliseconds(leak.tau(i, dt)),
            dash(i),
            milliseconds(given),
            100.0 * moved(i)
        );
        let help = format!(
            "declare {}, which `quantized(...)` gives, or `{}: {}`",
            milliseconds(given),
            names[2],
            dash(i)
        );
        found.push(Diagnostic::warning(&codes::TAU_MISMATCH, place(leak, layer), message).with_help(help));
    }
}

/// Where a parameter was given; the layer, where the source text left it to its default.
fn place(leak: &Leak, layer: &Layer) -> Span {
    if leak.parameter.span == Span::default() { layer.span } else { leak.parameter.span }
}

fn chip_tau(dash: f64, dt: f64) -> f64 {
    synnet_dsl::timing::tau_of_decay(synnet_dsl::timing::decay_of_dash(dash), dt)
}

fn milliseconds(seconds: f64) -> String {
    let ms = seconds * 1e3;
    if ms >= 100.0 { format!("{ms:.0} ms") } else { format!("{ms:.2} ms") }
}

fn spike_cap(
    graph: &Graph,
    chip: &Chip,
    layer: &Layer,
    lif: &Lif,
    readout: bool,
    found: &mut Vec<Diagnostic>,
) {
    let (kind, cap) = if readout { ("readout", chip.events.readout) } else { ("hidden", chip.events.hidden) };
    // A readout whose membrane is the output is not meant to spike.
    if lif.max_spikes == cap || (readout && graph.output.quantity != Quantity::Spikes) {
        return;
    }
    let message = format!(
        "`max_spikes` of `{}` is {}; for {kind} neurons of {} it is {cap}",
        layer.name, lif.max_spikes, chip.title
    );
    found.push(
        Diagnostic::warning(&codes::SPIKE_CAP, layer.span, message)
            .with_help(format!("declare `max_spikes: {cap}`, and train with it")),
    );
}
