//! Moves the places of the standard library to its instances, where the user can act on them.

use synnet_ir::graph::{LayerParameter, LifSpans, Neuron};
use synnet_ir::{Graph, SourceId, Span};

/// Moves every span of the graph that lies in one of the `library`'s sources to `site`, the place that asked for
/// the instance. Spans of arguments lie in the user's source already and stay.
pub(super) fn relocate(graph: &mut Graph, site: Span, library: &[SourceId]) {
    let relocate = |span: &mut Span| {
        // Defaults of fields have no place of their own; those of a library network belong to the instance as well.
        if *span == Span::default() || library.contains(&span.source) {
            *span = site;
        }
    };
    relocate(&mut graph.span);
    relocate(&mut graph.input.span);
    relocate(&mut graph.output.span);
    graph.connections.iter_mut().for_each(|connection| relocate(&mut connection.span));
    for layer in &mut graph.layers {
        relocate(&mut layer.span);
        relocate(&mut layer.name_span);
        for which in LayerParameter::ALL {
            if let Some(parameter) = which.of_mut(layer) {
                relocate(&mut parameter.span);
            }
        }
        if let Neuron::Lif(lif) = &mut layer.neuron {
            let LifSpans { no_mem, no_syn, reset } = &mut lif.spans;
            [no_mem, no_syn, reset].into_iter().for_each(relocate);
        }
    }
}
