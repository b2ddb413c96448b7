//! Programs in f32: every operation in the order that [`synnet_ir::graph`] defines, so that all bits are the
//! interpreter's.

mod docs;
mod layer;
mod strategy;

use std::collections::BTreeMap;

use synnet_ir::graph::{Connection, Endpoint, Operator, Quantity};
use synnet_ir::{Diagnostics, Feature, Graph, Network};

use self::strategy::Strategies;
use crate::operation::Operation;
use crate::program::{self, Arithmetic, Output, Part, Program, Scalar, Source, StateName, Table};
use crate::weights;

/// Features that generated code supports: all except noise, for which deterministic code has no source, and learned
/// parameters, whose values are known only with the weights.
const SUPPORTED: [Feature; 15] = [
    Feature::SeveralSynapses,
    Feature::NeuronBias,
    Feature::Adaptation,
    Feature::ZeroReset,
    Feature::NoSynapticFilter,
    Feature::NoMembraneLeak,
    Feature::ExpSyn,
    Feature::Recurrence,
    Feature::Delay,
    Feature::SummedSources,
    Feature::Identity,
    Feature::LinearBias,
    Feature::VmemOutput,
    Feature::IsynOutput,
    Feature::LeakUnits,
];

/// Returns an error for everything in a graph that a program in f32 cannot express, whatever its weights: membrane
/// noise. `target` names the target in messages.
pub fn check(graph: &Graph, target: &str) -> Diagnostics {
    unsupported(graph, target, &[Feature::LearnedParameter])
}

/// Returns an error for everything in a graph that a program in f32 without weights cannot express: membrane noise, and
/// learned parameters, from which constants are computed.
pub fn check_without_weights(graph: &Graph, target: &str) -> Diagnostics {
    unsupported(graph, target, &[])
}

/// Returns an error for each feature of the graph beyond [`SUPPORTED`] and `more`.
fn unsupported(graph: &Graph, target: &str, more: &[Feature]) -> Diagnostics {
    let supported: Vec<Feature> = SUPPORTED.iter().chain(more).copied().collect();
    graph.unsupported(target, &supported)
}

/// Lowers a graph that passed [`check`] or [`check_without_weights`], with the weights of a network or without weights.
///
/// `rates` are measured mean numbers of events per channel or neuron per step, by the name of the input or layer. They
/// decide how rows of weights are added ([`Rows`](crate::Rows)); a source without a rate is expected to spike rarely.
pub fn lower(graph: &Graph, network: Option<&Network>, rates: &BTreeMap<String, f64>) -> Program {
    let strategies = Strategies::choose(graph, rates);
    let tables = tables(graph, &strategies);
    // Without linear connections there is nothing to pack, and nothing that a program would have to bring.
    let packed = network.filter(|_| !tables.is_empty()).map(weights::pack);
    let incoming = graph.incoming();
    let layers = graph.layers.iter().zip(&incoming).map(|(layer, into)| {
        let connections = into.iter().map(|&i| &graph.connections[i]);
        layer::lower(layer, docs::layer(layer, connections), graph.dt)
    });
    Program {
        name: graph.name.clone(),
        header: docs::header(graph, packed.as_deref()),
        docs: docs::network(graph),
        arithmetic: Arithmetic::Float,
        dt: graph.dt as f32,
        inputs: graph.input.channels,
        layers: layers.collect(),
        connections: graph.connections.iter().map(|connection| lower_connection(graph, connection)).collect(),
        step: step(graph, &incoming, &strategies, &tables),
        tables,
        fingerprint: weights::fingerprint(graph),
        packed,
        output: output(graph),
        latency: Some(0),
        output_scale: Vec::new(),
    }
}

fn lower_connection(graph: &Graph, connection: &Connection) -> program::Connection {
    let source = |source: &Endpoint| match source {
        Endpoint::Input => Source::Input,
        Endpoint::Layer(id) => Source::Layer(id.index()),
    };
    program::Connection {
        name: connection.name.clone(),
        sources: connection.sources.iter().map(source).collect(),
        width: graph.source_width(connection),
        delay: connection.delay as usize,
    }
}

/// Returns the tables of all linear connections.
fn tables(graph: &Graph, strategies: &Strategies) -> Vec<Table> {
    let mut tables = Vec::new();
    let mut start = weights::HEADER;
    for (i, connection) in graph.connections.iter().enumerate() {
        let Some(linear) = connection.as_linear() else { continue };
        let columns = graph.layer(connection.target).input_columns();
        let mut push = |part, rows: usize, docs, reason| {
            tables.push(Table {
                connection: i,
                part,
                rows,
                columns,
                scalar: Scalar::F32,
                start,
                docs,
                reason,
            });
            // `start` advances exactly as `weights::pack` writes. Saturating: a graph without weights may have any size.
            start = start.saturating_add(rows.saturating_mul(columns).saturating_mul(4));
        };
        let docs = format!(" Weights of `{}`.", connection.name);
        push(Part::Weights(0), graph.source_width(connection), docs, Some(strategies.reason(i)));
        if linear.bias.is_some() {
            push(Part::Bias, 1, format!(" Bias of `{}`.", connection.name), None);
        }
    }
    tables
}

/// Returns the operations of a step. `incoming` lists the connections into each layer.
fn step(graph: &Graph, incoming: &[Vec<usize>], strategies: &Strategies, tables: &[Table]) -> Vec<Operation> {
    // In the graph's order of update: a source that is updated earlier is read in its state of this step, a later one
    // in that of the previous step. So recurrence needs no buffer of its own.
    let mut operations = Vec::new();
    let table = |connection: usize, part: Part| {
        // Tables have the order of the connections.
        let first = tables.partition_point(|table| table.connection < connection);
        let place = tables[first..].iter().position(|table| table.part == part);
        first + place.expect("`tables` has a table for each part of a linear connection")
    };
    for ((id, layer), incoming) in graph.layers_with_ids().zip(incoming) {
        let received = !incoming.is_empty();
        if received {
            operations.push(Operation::Clear { columns: layer.input_columns() });
        }
        for &connection in incoming {
            let Operator::Linear(linear) = &graph.connections[connection].operator else {
                operations.push(Operation::AddEvents { connection });
                continue;
            };
            // The bias first, as in the interpreter: float sums depend on their order.
            if linear.bias.is_some() {
                operations.push(Operation::AddBias { table: table(connection, Part::Bias) });
            }
            let (table, rows) = (table(connection, Part::Weights(0)), strategies.rows(connection));
            operations.push(Operation::AddRows { connection, table, rows });
        }
        operations.push(Operation::Update { layer: id.index(), received });
    }
    operations
}

fn output(graph: &Graph) -> Output {
    let id = graph.output.layer;
    let state = match graph.output.quantity {
        // Leaky integrators have nothing else.
        _ if graph.layer(id).as_lif().is_none() => StateName::Isyn,
        Quantity::Spikes => StateName::Spikes,
        Quantity::Vmem => StateName::Vmem,
        Quantity::Isyn => StateName::Isyn,
    };
    Output { layer: id.index(), state }
}
