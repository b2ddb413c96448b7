//! From the description of a network in integers to its program.

use synnet_ir::fnv1a;
use synnet_ir::graph::Quantity;

use super::network::{IntegerConnection, IntegerError, IntegerLayer, IntegerNetwork, IntegerSource};
use super::{docs, layer};
use crate::machine::Machine;
use crate::operation::{Operation, Rows, Search};
use crate::program::{Arithmetic, Connection, Output, Part, Program, Scalar, Source, StateName, Table};
use crate::weights::{self, HEADER};

/// Lowers a network in integers for a kind of machine.
///
/// # Errors
/// Returns an error if the description is inconsistent.
pub fn lower(network: &IntegerNetwork, machine: Machine) -> Result<Program, IntegerError> {
    network.check()?;
    let fingerprint = fingerprint(network);
    let packed = pack(network, fingerprint);
    let connections = network.layers.iter().flat_map(|layer| &layer.connections);
    let tables = tables(network);
    Ok(Program {
        name: network.name.clone(),
        header: docs::header(network, &packed),
        docs: docs::network(network),
        arithmetic: Arithmetic::Integer,
        dt: network.dt as f32,
        inputs: network.inputs,
        layers: network.layers.iter().map(|layer| layer::lower(layer, machine)).collect(),
        connections: connections.map(|connection| lower_connection(network, connection)).collect(),
        step: step(network, &tables, machine),
        packed: (!tables.is_empty()).then_some(packed),
        tables,
        fingerprint,
        output: Output {
            layer: network.output,
            state: match network.quantity {
                Quantity::Spikes => StateName::Spikes,
                Quantity::Vmem => StateName::Vmem,
                Quantity::Isyn => StateName::Isyn,
            },
        },
        latency: network.latency,
        output_scale: network.output_scale.iter().map(|&scale| scale as f32).collect(),
    })
}

fn lower_connection(network: &IntegerNetwork, connection: &IntegerConnection) -> Connection {
    let source = match connection.source {
        IntegerSource::Input => Source::Input,
        IntegerSource::Layer(i) => Source::Layer(i),
    };
    Connection {
        name: connection.name.clone(),
        sources: vec![source],
        width: network.width(connection.source),
        delay: 0,
    }
}

/// Returns the tables of the weights of all connections, one per synapse.
fn tables(network: &IntegerNetwork) -> Vec<Table> {
    let mut tables = Vec::new();
    let mut start = HEADER;
    for (i, (layer, connection)) in connections(network).enumerate() {
        let (rows, columns) = (network.width(connection.source), network.layers[layer].size());
        for synapse in 0..connection.weights.len() {
            let what = if synapse == 0 { "Weights" } else { "Weights to the second synapses" };
            tables.push(Table {
                connection: i,
                part: Part::Weights(synapse),
                rows,
                columns,
                scalar: Scalar::I8,
                start,
                docs: format!(" {what} of `{}`.", connection.name),
                reason: None,
            });
            // `start` advances in the order in which `pack` writes.
            start += rows * columns;
        }
    }
    tables
}

/// Returns the operations of a step.
fn step(network: &IntegerNetwork, tables: &[Table], machine: Machine) -> Vec<Operation> {
    // First all layers receive, then all are updated, so every layer reads the spikes of the previous step: on the chip,
    // a spike takes one step to its target.
    let all: Vec<(usize, &IntegerConnection)> = connections(network).collect();
    let cut = all.iter().any(|(_, connection)| connection.source == IntegerSource::Input);
    // Cut once, not once per connection.
    let cut = cut.then_some(Operation::CutInput { most: network.max_events });
    let how = |connection| match machine {
        Machine::Vector => (Search::Mask, events_per_addition(network, connection)),
        // A mask of 64 bits takes several registers and a multiplication of 64 bits; a branch takes few cycles.
        Machine::Scalar => (Search::Pairs, None),
    };
    // The order of connections, then of sources, is the chip's, which matters if a current saturates.
    let receive = tables.iter().enumerate().filter_map(|(table, Table { connection, part, .. })| {
        let (layer, source) = all[*connection];
        let Part::Weights(synapse) = *part else { return None };
        let (search, together) = how(source);
        let rows = Rows::Integers { layer, synapse, shift: source.shift, together, search };
        Some(Operation::AddRows { connection: *connection, table, rows })
    });
    let update = (0..network.layers.len()).map(|layer| Operation::Update { layer, received: true });
    cut.into_iter().chain(receive).chain(update).collect()
}

/// Iterates over all connections, with the indices of their layers.
fn connections(network: &IntegerNetwork) -> impl Iterator<Item = (usize, &IntegerConnection)> {
    let layers = network.layers.iter().enumerate();
    layers.flat_map(|(l, layer)| layer.connections.iter().map(move |connection| (l, connection)))
}

/// Returns the maximum number of events of a source whose product with every weight fits 16 bits; `None` if the product
/// of all events does.
fn events_per_addition(network: &IntegerNetwork, connection: &IntegerConnection) -> Option<u8> {
    let weights = connection.weights.iter().flatten();
    let largest = weights.map(|weight| u16::from(weight.unsigned_abs())).max().unwrap_or(0);
    // At most 128 << 7 = 16384, so the quotient is at least 1.
    let fit = i16::MAX as u16 / (largest << connection.shift).max(1);
    u8::try_from(fit).ok().filter(|&fit| fit < network.max_events_of(connection.source))
}

/// Packs every matrix in the order of connections, row by row, after the header.
fn pack(network: &IntegerNetwork, fingerprint: u64) -> Vec<u8> {
    let matrices = connections(network).flat_map(|(_, connection)| &connection.weights);
    weights::with_header(fingerprint, matrices.flatten().map(|weight| weight.cast_unsigned()))
}

/// Returns a number that differs between networks that cannot run with each other's weights.
fn fingerprint(network: &IntegerNetwork) -> u64 {
    // Thresholds and shifts belong to the quantized weights, so they count; the weights themselves do not.
    let layout = |layer: &IntegerLayer| {
        let connections = layer.connections.iter().map(|c| (&c.name, c.source, c.weights.len(), c.shift));
        let constants = (&layer.dash_syn, &layer.dash_mem, &layer.threshold, &layer.bias, &layer.alias);
        format!("{} {:?} {constants:?}\n", layer.name, connections.collect::<Vec<_>>())
    };
    let layers: String = network.layers.iter().map(layout).collect();
    fnv1a(format!("i8 {} {}\n{layers}", network.inputs, network.dt).as_bytes())
}
