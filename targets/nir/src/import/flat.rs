//! Flattening: graphs within graphs become one list of nodes with hierarchical names, and edges by index.

use std::collections::{BTreeMap, BTreeSet};

use synnet_ir::nearest;

use crate::codes;
use crate::model::{Nir, Node};
use crate::nodes::Primitive;
use crate::report::{Report, listed};

/// A node of the flat graph.
#[derive(Clone, Debug)]
pub(crate) struct FlatNode {
    /// Names of the graphs around it and its own, joined by `.`.
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) primitive: Primitive,
    /// Indices of the nodes before it, in the order of the edges.
    pub(crate) sources: Vec<usize>,
    /// Indices of the nodes after it.
    pub(crate) targets: Vec<usize>,
    /// Settings of this compiler for the node.
    pub(crate) settings: crate::metadata::NodeSettings,
}

/// A flat graph with one input and one output.
#[derive(Clone, Debug)]
pub(crate) struct Flat {
    pub(crate) nodes: Vec<FlatNode>,
    pub(crate) input: usize,
    pub(crate) output: usize,
}

/// Flattens a file. Everything that is wrong with its nodes and edges is reported at once.
pub(crate) fn flatten(nir: &Nir, report: &mut Report) -> Option<Flat> {
    let mut root = wrapped(&nir.root);
    repair_kinds(&mut root, "", report);
    if !root.is_graph() {
        report.error(
            &codes::FORMAT,
            "the file holds no graph of nodes",
            "write a `NIRGraph` with an `Input` and an `Output`",
        );
        return None;
    }
    let mut flattener = Flattener { nodes: Vec::new(), edges: Vec::new(), report };
    flattener.graph(&root, "");
    let Flattener { nodes, edges, .. } = flattener;
    if report.has_errors() {
        return None;
    }
    let mut nodes: Vec<FlatNode> = nodes.into_iter().flatten().collect();
    for (from, to) in edges {
        nodes[from].targets.push(to);
        nodes[to].sources.push(from);
    }
    let input = single(&nodes, "Input", report);
    let output = single(&nodes, "Output", report);
    Some(Flat { nodes, input: input?, output: output? })
}

/// Returns the only end of the graph of a kind.
fn single(nodes: &[FlatNode], kind: &str, report: &mut Report) -> Option<usize> {
    let is_end = |node: &FlatNode| match &node.primitive {
        Primitive::Input(_) => kind == "Input",
        Primitive::Output(_) => kind == "Output",
        _ => false,
    };
    let found: Vec<usize> = (0..nodes.len()).filter(|&i| is_end(&nodes[i])).collect();
    match found[..] {
        [only] => Some(only),
        [] => {
            report.error(
                &codes::EDGE,
                format!("the graph has no `{kind}` node"),
                "add one: a network has one input and one output",
            );
            None
        }
        _ => {
            let names = listed(found.iter().map(|&i| nodes[i].name.as_str()));
            let message = format!("the graph has several `{kind}` nodes: {names}");
            report.error(&codes::EDGE, message, "join them: a network has one input and one output");
            None
        }
    }
}

/// Returns a graph around a root that is a single node, which the format allows.
fn wrapped(root: &Node) -> Node {
    if root.is_graph() || root.fields.is_empty() {
        return root.clone();
    }
    let mut graph = Node::new(Node::GRAPH);
    let mut node = root.clone();
    node.metadata.clear();
    graph.nodes = vec![
        ("input".to_owned(), Node::new("Input")),
        ("node".to_owned(), node),
        ("output".to_owned(), Node::new("Output")),
    ];
    let edge = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    graph.edges = vec![edge("input", "node"), edge("node", "output")];
    graph
}

/// Fields of each kind of node, for files that lack the kind: the first kind whose fields are all there is meant.
const SIGNATURES: [(&str, &[&str]); 12] = [
    ("CubaLIF", &["tau_syn", "tau_mem", "r", "v_leak", "v_threshold"]),
    ("CubaLI", &["tau_syn", "tau_mem", "r", "v_leak"]),
    ("LIF", &["tau", "r", "v_leak", "v_threshold"]),
    ("LI", &["tau", "r", "v_leak"]),
    ("IF", &["r", "v_threshold"]),
    ("I", &["r"]),
    ("Conv2d", &["weight", "bias", "stride"]),
    ("Affine", &["weight", "bias"]),
    ("Linear", &["weight"]),
    ("Scale", &["scale"]),
    ("Delay", &["delay"]),
    ("Threshold", &["threshold"]),
];

/// Fills in the kinds that old files lack in places.
fn repair_kinds(node: &mut Node, prefix: &str, report: &mut Report) {
    if !node.nodes.is_empty() && node.kind.is_empty() {
        node.kind = Node::GRAPH.to_owned();
    }
    for (name, inner) in &mut node.nodes {
        let path = format!("{prefix}{name}");
        if inner.kind.is_empty() && inner.nodes.is_empty() {
            let has = |field: &&str| inner.fields.contains_key(*field);
            let signature =
                SIGNATURES.iter().find(|(_, fields)| fields.iter().all(has)).map(|(kind, _)| *kind);
            let end = match name.to_ascii_lowercase().as_str() {
                "input" | "in" => Some("Input"),
                "output" | "out" => Some("Output"),
                _ => None,
            };
            match signature.or(end.filter(|_| inner.fields.contains_key("shape"))) {
                Some(kind) => {
                    inner.kind = kind.to_owned();
                    let message = format!("node `{path}` has no type; its fields are those of `{kind}`");
                    report.warning(&codes::REPAIRED, message, "it is read as such");
                }
                None => {
                    let message = format!("node `{path}` has no type");
                    report.error(&codes::FORMAT, message, "write its `type`, such as `LIF`");
                }
            }
        }
        repair_kinds(inner, &format!("{path}."), report);
    }
}

struct Flattener<'a> {
    /// `None` for nodes with errors, so that indices stay.
    nodes: Vec<Option<FlatNode>>,
    edges: Vec<(usize, usize)>,
    report: &'a mut Report,
}

/// Where edges to and from a name of a graph lead.
#[derive(Clone, Copy)]
struct Ends {
    enter: Option<usize>,
    leave: Option<usize>,
}

impl Flattener<'_> {
    /// Adds the nodes of a graph and returns the nodes at its ends.
    fn graph(&mut self, graph: &Node, prefix: &str) -> Ends {
        let mut ends: BTreeMap<&str, Ends> = BTreeMap::new();
        let mut own = Ends { enter: None, leave: None };
        for (name, node) in &graph.nodes {
            let path = format!("{prefix}{name}");
            if node.is_graph() {
                let inner = self.graph(node, &format!("{path}."));
                ends.insert(name, inner);
                continue;
            }
            let index = self.nodes.len();
            let read = Primitive::read(&path, node, !prefix.is_empty(), self.report);
            let settings = crate::metadata::NodeSettings::read(node);
            let flat = |primitive| FlatNode {
                name: path.clone(),
                kind: node.kind.clone(),
                primitive,
                sources: Vec::new(),
                targets: Vec::new(),
                settings,
            };
            self.nodes.push(read.map(flat));
            ends.insert(name, Ends { enter: Some(index), leave: Some(index) });
            match node.kind.as_str() {
                "Input" => own.enter = Some(index),
                "Output" => own.leave = Some(index),
                _ => {}
            }
        }
        if graph.nodes.is_empty() {
            let name = prefix.trim_end_matches('.');
            let message = if name.is_empty() {
                "the graph has no nodes".to_owned()
            } else {
                format!("the graph `{name}` has no nodes")
            };
            self.report.error(&codes::EDGE, message, "write at least an `Input`, a neuron and an `Output`");
        }
        self.edges(graph, prefix, &ends);
        own
    }

    fn edges(&mut self, graph: &Node, prefix: &str, ends: &BTreeMap<&str, Ends>) {
        let repairs = self.repairs(graph, prefix, ends);
        let mut seen = BTreeSet::new();
        let mut unknown = BTreeSet::new();
        for (from, to) in &graph.edges {
            let find = |name: &String| ends.get(repairs.get(name).unwrap_or(name).as_str());
            for name in [from, to] {
                if find(name).is_none() && unknown.insert(name.clone()) {
                    let message = format!("an edge names `{prefix}{name}`, but there is no such node");
                    let help = match nearest(name, ends.keys().copied()) {
                        Some(near) => synnet_ir::did_you_mean(near),
                        None => format!("the nodes are {}", listed(ends.keys().copied())),
                    };
                    self.report.error(&codes::EDGE, message, help);
                }
            }
            let (Some(source), Some(target)) = (find(from), find(to)) else { continue };
            let (Some(source), Some(target)) = (source.leave, target.enter) else {
                let message = format!(
                    "an edge connects `{prefix}{from}` with `{prefix}{to}`, but a graph among them has no input or output"
                );
                self.report.error(&codes::EDGE, message, "add `Input` and `Output` nodes to it");
                continue;
            };
            if seen.insert((source, target)) {
                self.edges.push((source, target));
            } else {
                let message = format!("the edge from `{prefix}{from}` to `{prefix}{to}` is there twice");
                self.report.warning(&codes::REPAIRED, message, "it is read once");
            }
        }
    }

    /// Returns the nodes that unknown names of edges stand for: similar ones that no edge names, if there is just one.
    fn repairs(
        &mut self,
        graph: &Node,
        prefix: &str,
        ends: &BTreeMap<&str, Ends>,
    ) -> BTreeMap<String, String> {
        let mentioned: BTreeSet<&str> =
            graph.edges.iter().flat_map(|(from, to)| [from.as_str(), to.as_str()]).collect();
        let unknown: Vec<&str> = mentioned.iter().copied().filter(|name| !ends.contains_key(name)).collect();
        let unused: Vec<&str> = ends.keys().copied().filter(|name| !mentioned.contains(name)).collect();
        let mut repairs = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for &name in &unknown {
            let related = |candidate: &&&str| {
                candidate.starts_with(name)
                    || name.starts_with(**candidate)
                    || nearest(name, [**candidate]).is_some()
            };
            let similar: Vec<&str> = unused.iter().filter(related).copied().collect();
            let only = match (&similar[..], &unused[..], unknown.len()) {
                ([only], ..) => *only,
                ([], [only], 1) => *only,
                _ => continue,
            };
            if taken.insert(only) {
                repairs.insert(name.to_owned(), only.to_owned());
                let message = format!("edges name `{prefix}{name}`, but the node is `{prefix}{only}`");
                self.report.warning(&codes::REPAIRED, message, "they are read with the name of the node");
            }
        }
        repairs
    }
}
