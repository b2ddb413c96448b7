//! The modules whose combination computes the same as a graph.

use synnet_ir::graph::{Connection, Endpoint, Layer, LayerId, Neuron};
use synnet_ir::{Diagnostics, Graph};

use super::refusal;

/// How Rockpool arranges the layers.
#[derive(Clone, Debug)]
pub(super) enum Structure {
    /// `SynNet`: `h0`, `h1`, ..., `out`.
    SynNet,
    /// `WaveSenseNet` with this many blocks.
    WaveSense(usize),
    /// `Sequential` of these modules.
    Sequential(Vec<Item>),
}

/// A part of a `Sequential`.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A layer with the connection into it.
    Layer(LayerId),
    /// `Residual`, whose output is the sum of its input and of that of its modules.
    Residual(Vec<Item>),
}

impl Structure {
    /// Recognizes the structure of a graph.
    ///
    /// # Errors
    /// Returns every connection that has no place in a `Sequential`.
    pub(super) fn of(graph: &Graph) -> Result<Self, Diagnostics> {
        let items = sequential(graph);
        if items.is_ok() && is_synnet(graph) {
            return Ok(Self::SynNet);
        }
        match blocks(graph) {
            Some(blocks) => Ok(Self::WaveSense(blocks)),
            None => items.map(Self::Sequential),
        }
    }
}

/// Returns the connection of a layer with itself.
pub(super) fn recurrent(graph: &Graph, id: LayerId) -> Option<(usize, &Connection)> {
    graph.connections_into(id).find(|(_, connection)| is_own(connection))
}

/// Returns the connection into a layer from others.
pub(super) fn feed(graph: &Graph, id: LayerId) -> Option<(usize, &Connection)> {
    graph.connections_into(id).find(|(_, connection)| !is_own(connection))
}

fn is_own(connection: &Connection) -> bool {
    connection.sources == [Endpoint::Layer(connection.target)]
}

/// Returns whether layers and connections are those of `SynNet`.
fn is_synnet(graph: &Graph) -> bool {
    let last = graph.layers.len().saturating_sub(1);
    let named = |(i, layer): (usize, &Layer)| {
        let name = if i == last { "out".to_owned() } else { format!("h{i}") };
        layer.name == name && layer.as_lif().is_some_and(|lif| lif.synapses == 1 && lif.adaptation.is_none())
    };
    let is_plain = |connection: &Connection| {
        connection.sources == [before(connection.target)]
            && connection.as_linear().is_some_and(|linear| linear.bias.is_none())
    };
    last > 0 && graph.layers.iter().enumerate().all(named) && graph.connections.iter().all(is_plain)
}

/// Returns what comes before a layer in the order of the graph.
fn before(id: LayerId) -> Endpoint {
    if id.0 == 0 { Endpoint::Input } else { Endpoint::Layer(LayerId(id.0 - 1)) }
}

/// Returns the number of blocks if layers and connections are those of `std::WaveSense`.
fn blocks(graph: &Graph) -> Option<usize> {
    let find = |name: &str| {
        let index = graph.layers.iter().position(|layer| layer.name == name)?;
        Some(Endpoint::Layer(LayerId(index as u32)))
    };
    let count = (0..).take_while(|i| find(&format!("dilated{i}")).is_some()).count();
    // Each layer with the sources of its only connection.
    let mut expected = vec![("encoding".to_owned(), vec![Endpoint::Input])];
    let (mut trunk, mut skips) = (vec![find("encoding")?], Vec::new());
    for i in 0..count {
        let dilated = format!("dilated{i}");
        let source = vec![find(&dilated)?];
        expected.push((dilated, trunk.clone()));
        if i + 1 < count {
            let residual = format!("residual{i}");
            trunk.push(find(&residual)?);
            expected.push((residual, source.clone()));
        }
        let skip = format!("skip{i}");
        skips.push(find(&skip)?);
        expected.push((skip, source));
    }
    expected.push(("hidden".to_owned(), skips));
    expected.push(("out".to_owned(), vec![find("hidden")?]));
    let is_expected = |(name, sources): &(String, Vec<Endpoint>)| {
        let Some(Endpoint::Layer(id)) = find(name) else { return false };
        let is_plain = |connection: &Connection| {
            connection.sources == *sources
                && connection.delay == 0
                && connection.dropout == 0.0
                && connection.as_linear().is_some_and(|linear| linear.bias.is_none())
        };
        graph.layer(id).as_lif().is_some_and(|lif| lif.adaptation.is_none())
            && graph.connections_into(id).count() == 1
            && graph.connections_into(id).all(|(_, connection)| is_plain(connection))
    };
    let is_complete = count > 0 && expected.len() == graph.layers.len();
    let is_out = find("out") == Some(Endpoint::Layer(graph.output.layer));
    (is_complete && is_out && expected.iter().all(is_expected)).then_some(count)
}

/// Returns the modules of a `Sequential`.
///
/// Each layer gets what the one before it sends. Where it gets a sum instead, residual paths end: the last source is the layer
/// before, and those before it are what the first layer of the path gets, which follows the last of them.
fn sequential(graph: &Graph) -> Result<Vec<Item>, Diagnostics> {
    let mut errors = Diagnostics::new();
    let mut items = Vec::new();
    // Place in `items` of each layer that starts one; `None` within a residual path.
    let mut starts: Vec<Option<usize>> = Vec::new();
    for (id, layer) in graph.layers_with_ids() {
        let mut feeds = graph.connections_into(id).filter(|(_, connection)| !is_own(connection));
        let (first, second) = (feeds.next(), feeds.next());
        match (first, second) {
            (None, _) => errors.push(refusal(layer.span, &format!("`{}`, which nothing feeds", layer.name))),
            (Some((_, feed)), None) => {
                if feed.delay > 0 || close(graph, feed, &mut items, &mut starts).is_none() {
                    errors.push(refusal(feed.span, &format!("the connection `{}`", feed.name)));
                }
            }
            (Some(_), Some((_, second))) => {
                let what = format!("several connections into `{}`", layer.name);
                errors.push(refusal(second.span, &what));
            }
        }
        starts.push(Some(items.len()));
        items.push(Item::Layer(id));
    }
    for connection in graph.connections.iter().filter(|connection| is_own(connection)) {
        let has_bias = connection.as_linear().is_none_or(|linear| linear.bias.is_some());
        let is_lif = graph.layer(connection.target).as_lif().is_some();
        let is_first =
            recurrent(graph, connection.target).is_some_and(|(_, first)| std::ptr::eq(first, connection));
        if has_bias || !is_lif || !is_first || connection.delay > 0 {
            errors.push(refusal(connection.span, &format!("the connection `{}`", connection.name)));
        }
    }
    if graph.output.layer.index() + 1 != graph.layers.len() {
        errors.push(refusal(graph.output.span, "an output of another layer than the last"));
    }
    if errors.has_errors() { Err(errors) } else { Ok(items) }
}

/// Ends the residual paths after which a connection adds its sources. `None` if its sources are no such sum.
fn close(
    graph: &Graph,
    feed: &Connection,
    items: &mut Vec<Item>,
    starts: &mut [Option<usize>],
) -> Option<()> {
    let (&last, mut rest) = feed.sources.split_last()?;
    if last != before(feed.target) {
        return None;
    }
    let mut inner = feed.target.index();
    while let Some(&end) = rest.last() {
        // The path starts behind the last layer that it goes around.
        let first = match end {
            Endpoint::Input => 0,
            Endpoint::Layer(id) => id.index() + 1,
        };
        let start = starts.get(first).copied().flatten().filter(|_| first < inner)?;
        let (_, path) = self::feed(graph, LayerId(first as u32))?;
        rest = rest.strip_suffix(path.sources.as_slice())?;
        let modules = items.split_off(start);
        if !modules.iter().any(|item| is_module(graph, item)) {
            return None;
        }
        items.push(Item::Residual(modules));
        starts[first + 1..].fill(None);
        inner = first;
    }
    Some(())
}

/// Returns whether something is written for an item: a layer that passes its input on without a matrix needs no module.
fn is_module(graph: &Graph, item: &Item) -> bool {
    match item {
        Item::Residual(_) => true,
        Item::Layer(id) => {
            let has_matrix = feed(graph, *id).is_some_and(|(_, feed)| feed.as_linear().is_some());
            let has_neurons = match &graph.layer(*id).neuron {
                Neuron::Lif(_) => true,
                Neuron::ExpSyn(expsyn) => expsyn.syn.is_some(),
            };
            has_matrix || has_neurons
        }
    }
}
