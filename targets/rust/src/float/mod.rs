//! Code in f32: every operation in the order that [`synnet_ir::graph`] defines, so that all bits are the interpreter's.
//!
//! ```text
//! Graph ──► Strategies ──► StepGenerator ──┐
//!       ──► layer, constant ───────────────┼──► ModuleParts ──► module
//! Network ► weights ───────────────────────┘
//! ```

mod constant;
mod docs;
mod footprint;
mod kernels;
mod layer;
mod step;
mod strategy;
mod weights;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use step::StepGenerator;
use strategy::{Strategies, Strategy};
use synnet_ir::graph::{Connection, Endpoint};
use synnet_ir::{Graph, Network};

use crate::literal::usize_literal;
use crate::module::{ModuleParts, Weights};
use crate::names::{NameSpans, Names};
use crate::options::RustOptions;

/// Generates the parts of a graph's module. The weights are embedded if there is a network.
pub(crate) fn parts(
    graph: &Graph,
    network: Option<&Network>,
    options: &RustOptions,
    spans: &NameSpans,
) -> ModuleParts {
    let names = Names::new(
        options.name.as_deref().unwrap_or(&graph.name),
        graph.layers.iter().map(|layer| layer.name.as_str()),
        graph.connections.iter().map(|connection| connection.name.as_str()),
        spans,
    );
    let memory = footprint::estimate(graph, network.is_some());
    let strategies = Strategies::choose(graph, &options.rates);
    let weighted = graph.connections.iter().any(|connection| connection.as_linear().is_some());
    // Without linear connections there is nothing to embed, and nothing that a program would have to bring.
    let packed = network.filter(|_| weighted).map(crate::weights::pack);
    let layer_items = graph.layers_with_ids().map(|(id, layer)| {
        let docs = docs::layer(graph, id);
        layer::layer(&names, id, layer, &docs, graph.dt)
    });
    let step = StepGenerator { graph, names: &names, strategies: &strategies, borrowed: network.is_none() };
    ModuleParts {
        layers: graph.layers.iter().map(|layer| layer.name.clone()).collect(),
        header: docs::header(graph, packed.as_deref()),
        docs: docs::network(graph, memory, network.is_some() || !weighted),
        memory,
        inputs: graph.input.channels,
        outputs: graph.outputs(),
        dt: graph.dt as f32,
        latency: Some(0),
        output_scale: Vec::new(),
        count: quote!(f32),
        output: quote!(f32),
        uses_input: graph.connections.iter().any(|c| c.sources.contains(&Endpoint::Input)),
        lines: delay_lines(graph, &names),
        step: step.body(),
        layer_items: layer_items.collect(),
        kernels: kernels(graph, &strategies, weighted.then_some(network.is_none())),
        weights: match packed {
            None if weighted => Weights::Borrowed(weights::views(graph, &names, &strategies)),
            None => Weights::None,
            Some(bytes) => Weights::Embedded {
                bytes,
                fingerprint: crate::weights::fingerprint(graph),
                tables: weights::tables(graph, &names, &strategies),
            },
        },
        warnings: synnet_ir::Diagnostics::new(),
        names,
    }
}

/// Returns the names and types of the delay lines.
fn delay_lines(graph: &Graph, names: &Names) -> Vec<(Ident, TokenStream)> {
    let delayed = graph.connections.iter().zip(&names.connections).filter(|(c, _)| c.delay > 0);
    let lines = delayed.map(|(connection, name)| {
        let width = usize_literal(graph.source_width(connection));
        let steps = usize_literal(connection.delay as usize);
        (name.clone(), quote!(DelayLine<#width, #steps>))
    });
    lines.collect()
}

/// Generates the shared functions that this network uses. `borrowed` states whether the weights come at run time;
/// `None` if there are no weights.
fn kernels(graph: &Graph, strategies: &Strategies, borrowed: Option<bool>) -> TokenStream {
    let connections = &graph.connections;
    let linear = || connections.iter().filter_map(Connection::as_linear);
    let max_spikes = graph.layers.iter().filter_map(layer::counts_by_division).max();
    // Embedded rows are wrapped in a struct, which aligns them.
    let row = if borrowed == Some(true) { quote!(row) } else { quote!(&row.0) };
    // Only what is used: unused functions would be warnings in the user's crate.
    let used = [
        strategies.any(graph, Strategy::Rows).then(|| kernels::add_rows(&row)),
        strategies.any(graph, Strategy::Dense).then(|| kernels::add_all_rows(&row)),
        linear().find_map(|linear| linear.bias.as_ref()).map(|_| kernels::add_bias(borrowed == Some(true))),
        connections.iter().find(|c| c.as_linear().is_none()).map(|_| kernels::add_counts()),
        connections.iter().find(|c| c.sources.len() > 1).map(|_| kernels::add_sources()),
        max_spikes.map(|max| kernels::spike_count(max > kernels::INTEGRAL_FROM)),
        connections.iter().find(|c| c.delay > 0).map(|_| kernels::delay_line()),
        borrowed.map(|borrowed| if borrowed { kernels::views() } else { kernels::tables() }),
    ];
    used.into_iter().flatten().collect()
}
