//! Positions of layers and connections.
//!
//! Positions are pairs `(u, v)`: `u` grows from input to output, `v` across the layers. Layers have ranks, the length of
//! the longest path from the input without recurrence; layers of the same rank share `u`. Connections between neighboring
//! ranks are direct. All others run in lanes at negative `v`, beside the layers; texts of layers are on the other side.

use super::canvas::{Point, name_width, text_width};
use super::{Size, Subject, labels};
use crate::graph::{Connection, Endpoint, Graph, LayerId, LayerParameter};

/// Extent of a layer along `u`.
pub(super) const THICKNESS: f64 = 24.0;
/// Maximum number of neurons of a layer that are drawn one by one.
pub(super) const MAX_SINGLE: usize = 32;
/// Distance of the base lines of texts.
pub(super) const LINE_HEIGHT: f64 = 14.0;
/// Distance between lanes, and of the first from the layers.
const LANE: f64 = 22.0;
/// Distance between layers of the same rank.
const SPACE: f64 = 20.0;
/// Extent of the sum sign and its arrow along `u`.
const SUM: f64 = 34.0;
/// Distance along `v` between direct edges that would cover each other.
const ASIDE: f64 = 48.0;
/// Minimum distance between ranks.
const MIN_GAP: f64 = 44.0;

/// The positions of everything that is drawn.
pub(super) struct Layout {
    pub(super) size: Size,
    pub(super) nodes: Vec<Node>,
    pub(super) sums: Vec<Sum>,
    pub(super) edges: Vec<Edge>,
}

/// A layer or the input.
pub(super) struct Node {
    pub(super) endpoint: Endpoint,
    pub(super) rank: usize,
    /// Number of neurons or channels.
    pub(super) neurons: usize,
    /// Texts, the name first.
    pub(super) texts: Vec<String>,
    /// Center along `u`.
    pub(super) u: f64,
    /// Extent along `v`.
    pub(super) v: [f64; 2],
    /// Where the texts begin along `v`.
    pub(super) texts_v: f64,
    /// Whether nothing of the same rank lies between it and the lanes.
    pub(super) is_outermost: bool,
}

/// The sum of several sources before a connection.
pub(super) struct Sum {
    pub(super) u: f64,
    pub(super) v: f64,
    target: usize,
}

/// An end of an edge.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// Index of a node.
    Node(usize),
    /// Index of a sum.
    Sum(usize),
}

/// A connection, or its part from a source to the sum.
pub(super) struct Edge {
    /// Index of the connection in the graph.
    pub(super) connection: usize,
    pub(super) from: End,
    pub(super) to: End,
    /// Position of the lane along `v`; `None` for direct edges.
    pub(super) lane: Option<f64>,
    /// Distance of a direct edge from the middle of its ends along `v`.
    pub(super) aside: f64,
    pub(super) is_recurrent: bool,
    pub(super) texts: Vec<String>,
}

impl Size {
    /// Returns the distance between neurons.
    pub(super) fn pitch(self) -> f64 {
        match self {
            Self::Wide => 11.0,
            Self::Narrow => 7.4,
        }
    }

    /// Returns the extent of a layer along `v`: proportional to the neurons if they are drawn one by one, logarithmic
    /// beyond.
    fn length(self, neurons: usize) -> f64 {
        let single = self.pitch() * neurons.min(MAX_SINGLE) as f64 + 4.0;
        let factor = (neurons as f64 / MAX_SINGLE as f64).log2().max(0.0);
        let growth = if self == Self::Wide { 0.12 } else { 0.04 };
        single * (1.0 + growth * factor)
    }

    /// Returns the extent of the texts of a connection along `u` and `v`.
    fn text_extent(self, texts: &[String]) -> [f64; 2] {
        self.extent(0.0, texts)
    }

    /// Returns the extent of the texts of a layer, the name first.
    fn node_extent(self, texts: &[String]) -> [f64; 2] {
        self.extent(texts.first().map_or(0.0, |name| name_width(name)), texts)
    }

    fn extent(self, min_width: f64, texts: &[String]) -> [f64; 2] {
        let width = texts.iter().map(|text| text_width(text)).fold(min_width, f64::max);
        let height = LINE_HEIGHT * texts.len() as f64;
        match self {
            Self::Wide => [width, height],
            Self::Narrow => [height, width],
        }
    }

    /// Returns the point of a position.
    pub(super) fn point(self, u: f64, v: f64) -> Point {
        match self {
            Self::Wide => [u, v],
            // A rotation, so that texts beyond the layers stand on their left.
            Self::Narrow => [-v, u],
        }
    }
}

impl Layout {
    pub(super) fn new(subject: &Subject<'_>, size: Size) -> Self {
        let graph = subject.graph;
        let shown: Vec<(usize, &Connection)> =
            graph.connections.iter().enumerate().filter(|(_, c)| is_shown(c, subject.layer)).collect();
        let mut layout = Self { size, nodes: nodes(subject, &shown), sums: Vec::new(), edges: Vec::new() };
        layout.add_edges(graph, &shown);
        layout.separate();
        layout.place_across();
        layout.place_along();
        layout.place_sums();
        layout.place_lanes();
        layout
    }

    /// Returns the number of ranks.
    pub(super) fn ranks(&self) -> usize {
        self.nodes.iter().map(|node| node.rank + 1).max().unwrap_or(0)
    }

    fn add_edges(&mut self, graph: &Graph, shown: &[(usize, &Connection)]) {
        for &(i, connection) in shown {
            let Some(target) = self.index_of(Endpoint::Layer(connection.target)) else { continue };
            let texts = labels::connection(graph, connection);
            let edge = |from, to, is_recurrent, texts| Edge {
                connection: i,
                from,
                to,
                lane: None,
                aside: 0.0,
                is_recurrent,
                texts,
            };
            let sources: Vec<(usize, bool)> = connection
                .sources
                .iter()
                .filter_map(|&source| {
                    Some((self.index_of(source)?, graph.is_recurrent(source, connection.target)))
                })
                .collect();
            if let [(source, is_recurrent)] = sources[..] {
                self.edges.push(edge(End::Node(source), End::Node(target), is_recurrent, texts));
                continue;
            }
            let sum = End::Sum(self.sums.len());
            self.sums.push(Sum { u: 0.0, v: 0.0, target });
            self.edges
                .extend(sources.into_iter().map(|(source, is)| edge(End::Node(source), sum, is, Vec::new())));
            self.edges.push(edge(sum, End::Node(target), false, texts));
        }
    }

    /// Moves direct edges between the same layers apart.
    fn separate(&mut self) {
        for i in 0..self.edges.len() {
            let (End::Node(from), End::Node(to)) = (self.edges[i].from, self.edges[i].to) else { continue };
            let is_same = |edge: &&Edge| {
                self.is_direct(edge)
                    && matches!((edge.from, edge.to), (End::Node(a), End::Node(b)) if a == from && b == to)
            };
            self.edges[i].aside = ASIDE * self.edges[..i].iter().filter(is_same).count() as f64;
        }
    }

    fn index_of(&self, endpoint: Endpoint) -> Option<usize> {
        self.nodes.iter().position(|node| node.endpoint == endpoint)
    }

    /// Returns the rank of an end; a sum belongs to its target.
    fn rank(&self, end: End) -> usize {
        match end {
            End::Node(i) => self.nodes[i].rank,
            End::Sum(i) => self.nodes[self.sums[i].target].rank,
        }
    }

    /// Returns whether an edge needs no lane.
    fn is_direct(&self, edge: &Edge) -> bool {
        match edge.from {
            End::Sum(_) => true,
            End::Node(i) => !edge.is_recurrent && self.nodes[i].rank + 1 == self.rank(edge.to),
        }
    }

    /// Centers the layers of each rank around 0, one beside the other.
    fn place_across(&mut self) {
        let size = self.size;
        for rank in 0..self.ranks() {
            let members: Vec<usize> = (0..self.nodes.len()).filter(|&i| self.nodes[i].rank == rank).collect();
            let mut v = 0.0;
            for (place, &i) in members.iter().enumerate() {
                let node = &mut self.nodes[i];
                let length = size.length(node.neurons);
                node.v = [v, v + length];
                node.texts_v = v + length + 6.0;
                node.is_outermost = place == 0;
                v = node.texts_v + size.node_extent(&node.texts)[1] + SPACE;
            }
            let Some(&last) = members.last() else { continue };
            let shift = -self.nodes[last].v[1] / 2.0;
            for &i in &members {
                let node = &mut self.nodes[i];
                node.v = node.v.map(|v| v + shift);
                node.texts_v += shift;
            }
        }
        // The texts of the last layers of all ranks are in line.
        let edge = self.nodes.iter().map(|node| node.v[1]).fold(0.0, f64::max) + 6.0;
        for rank in 0..self.ranks() {
            if let Some(last) = self.nodes.iter_mut().rfind(|node| node.rank == rank) {
                last.texts_v = edge;
            }
        }
    }

    /// Places the ranks so far apart that texts have room.
    fn place_along(&mut self) {
        let size = self.size;
        let extent = |rank: usize| {
            let texts = self.nodes.iter().filter(|node| node.rank == rank);
            texts.map(|node| size.node_extent(&node.texts)[0]).fold(THICKNESS, f64::max)
        };
        let mut u = 0.0;
        let mut positions = vec![0.0];
        for rank in 1..self.ranks() {
            let gap = self.gap_before(rank);
            u += (THICKNESS + gap).max((extent(rank - 1) + extent(rank)) / 2.0 + 12.0);
            positions.push(u);
        }
        for node in &mut self.nodes {
            node.u = positions[node.rank];
        }
    }

    /// Returns the minimum distance between the layers of a rank and those of the rank before.
    fn gap_before(&self, rank: usize) -> f64 {
        let direct = self.edges.iter().filter(|edge| self.rank(edge.to) == rank && self.is_direct(edge));
        let from_several = self.nodes.iter().filter(|node| node.rank + 1 == rank).count() > 1;
        let gaps = direct.map(|edge| {
            let reach = self.reach(edge);
            if matches!(edge.from, End::Sum(_)) { reach + SUM } else { reach }
        });
        let gap = gaps.fold(MIN_GAP, f64::max);
        // Crossing edges have their texts at different thirds of the gap.
        if from_several && self.size == Size::Wide { 1.4 * gap } else { gap }
    }

    /// Returns the extent along `u` that a direct edge needs for its texts.
    fn reach(&self, edge: &Edge) -> f64 {
        self.size.text_extent(&edge.texts)[0] + if self.size == Size::Wide { 30.0 } else { 18.0 }
    }

    fn place_sums(&mut self) {
        let after: Vec<(usize, f64)> = self
            .edges
            .iter()
            .filter_map(|edge| match edge.from {
                End::Sum(i) => Some((i, self.reach(edge))),
                End::Node(_) => None,
            })
            .collect();
        for (i, reach) in after {
            let target = &self.nodes[self.sums[i].target];
            // Several sums before the same layer, and other direct edges into it, are beside each other.
            let before = self.sums[..i].iter().filter(|sum| sum.target == self.sums[i].target).count();
            let others = self.edges.iter().any(|edge| {
                matches!((edge.from, edge.to), (End::Node(_), End::Node(to)) if to == self.sums[i].target)
                    && self.is_direct(edge)
            });
            let aside = ASIDE * (before + usize::from(others)) as f64;
            let v = (target.v[0] + target.v[1]) / 2.0 - aside;
            let u = target.u - THICKNESS / 2.0 - reach;
            (self.sums[i].u, self.sums[i].v) = (u, v);
        }
    }

    /// Gives each edge that is not direct the lane nearest to the layers that is free, short edges first.
    fn place_lanes(&mut self) {
        let mut waiting: Vec<(usize, [f64; 2])> = (0..self.edges.len())
            .filter(|&i| !self.is_direct(&self.edges[i]))
            .map(|i| {
                let edge = &self.edges[i];
                let (a, b) = (self.port(edge.from, true)[0], self.port(edge.to, false)[0]);
                let half = text_width(&edge.texts.join(" \u{b7} ")) / 2.0 + 6.0;
                let middle = (a + b) / 2.0;
                (i, [a.min(b).min(middle - half), a.max(b).max(middle + half)])
            })
            .collect();
        waiting.sort_by(|(_, a), (_, b)| (a[1] - a[0]).total_cmp(&(b[1] - b[0])));
        let top = self.nodes.iter().map(|node| node.v[0]).fold(0.0, f64::min);
        let mut lanes: Vec<Vec<[f64; 2]>> = Vec::new();
        for (i, span) in waiting {
            let is_free =
                |lane: &Vec<[f64; 2]>| lane.iter().all(|other| span[1] < other[0] || other[1] < span[0]);
            let lane = lanes.iter().position(is_free).unwrap_or_else(|| {
                lanes.push(Vec::new());
                lanes.len() - 1
            });
            lanes[lane].push(span);
            self.edges[i].lane = Some(top - LANE * (lane + 1) as f64);
        }
    }

    /// Returns the position at which an edge in a lane leaves or enters: at the side of the lanes, or for a layer behind
    /// another one, before or after it.
    pub(super) fn port(&self, end: End, leaves: bool) -> [f64; 2] {
        let side = if leaves { 1.0 } else { -1.0 };
        match end {
            End::Sum(i) => [self.sums[i].u, self.sums[i].v - 8.0],
            End::Node(i) => {
                let node = &self.nodes[i];
                if node.is_outermost {
                    [node.u + 6.0 * side, node.v[0]]
                } else {
                    // Rows have their texts beside them, which can be higher than the row.
                    let extent = match self.size {
                        Size::Wide => THICKNESS + 18.0,
                        Size::Narrow => self.size.node_extent(&node.texts)[0].max(THICKNESS) + 10.0,
                    };
                    [node.u + extent / 2.0 * side, (node.v[0] + node.v[1]) / 2.0]
                }
            }
        }
    }
}

/// Returns whether a connection is drawn: all are, or those of one layer.
fn is_shown(connection: &Connection, layer: Option<LayerId>) -> bool {
    layer.is_none_or(|id| connection.target == id || connection.sources.contains(&Endpoint::Layer(id)))
}

/// Returns the input and the layers that are drawn, with their ranks.
fn nodes(subject: &Subject<'_>, shown: &[(usize, &Connection)]) -> Vec<Node> {
    let graph = subject.graph;
    let mut ranks = vec![0; graph.layers.len()];
    let has_input = shown.iter().any(|(_, c)| c.sources.contains(&Endpoint::Input));
    let is_used = |id: LayerId| {
        subject.layer.is_none_or(|only| only == id)
            || shown.iter().any(|(_, c)| c.target == id || c.sources.contains(&Endpoint::Layer(id)))
    };
    for (id, _) in graph.layers_with_ids() {
        let sources = shown.iter().filter(|(_, c)| c.target == id).flat_map(|(_, c)| &c.sources);
        let before = sources.filter(|source| !graph.is_recurrent(**source, id)).map(|source| match source {
            Endpoint::Input => 1,
            Endpoint::Layer(from) => ranks[from.index()] + 1,
        });
        // A layer without a source of the same step stands beside the first layers.
        ranks[id.index()] = before.max().unwrap_or(usize::from(has_input));
    }
    let layers = graph.layers_with_ids().map(|(id, _)| id).filter(|id| is_used(*id));
    let endpoints = has_input.then_some(Endpoint::Input).into_iter().chain(layers.map(Endpoint::Layer));
    endpoints
        .map(|endpoint| Node {
            endpoint,
            rank: match endpoint {
                Endpoint::Input => 0,
                Endpoint::Layer(id) => ranks[id.index()],
            },
            neurons: graph.width(endpoint),
            texts: labels::endpoint(graph, endpoint),
            u: 0.0,
            v: [0.0; 2],
            texts_v: 0.0,
            is_outermost: false,
        })
        .collect()
}

/// Returns whether a layer has a membrane beside its synapses, with or without a leak.
pub(super) fn has_membrane(graph: &Graph, id: LayerId) -> bool {
    let layer = graph.layer(id);
    LayerParameter::MemLeak.leak(layer).is_some() || LayerParameter::MemLeak.is_absent(layer)
}
