//! Every code is covered from both sides: an example breaks its rule, and the nearest correct neighbor keeps it.
//!
//! Fixtures do so for what a source of reasonable length says. The tables here do it for what is too long for a file,
//! and for rules of graphs, engines and weights that no source breaks.

use std::collections::BTreeSet;

use synnet_dsl::{CompileOptions, Loader, NoImports, compile};
use synnet_ir::{
    Diagnostics, Feature, Graph, Network, Params, Sources, Tensor, WeightsFile, WeightsMetadata, from_json,
    to_json, validate,
};

use crate::cases::{Case, cases, compiled};
use crate::codes;
use crate::expectations::Fixture;

/// A rule, the findings of an example that breaks it, and those of its neighbor.
struct Pair {
    code: &'static str,
    broken: Diagnostics,
    neighbor: Diagnostics,
}

const NETWORK: &str = "network Net {
    dt: 1 ms;
    input events: 2;
    layer out: lif(3) { tau_mem: 2 ms, tau_syn: 2 ms, threshold: learn 1, bias: 0.5 };
    events -> linear { bias: true } -> out;
    output out;
}
";

fn graph() -> Graph {
    compiled("net", NETWORK).1.graph.expect("the network is right")
}

fn findings(source: &str, loader: &mut dyn Loader) -> Diagnostics {
    let mut sources = Sources::new();
    let root = sources.add("net.snn", source);
    compile(&mut sources, root, &CompileOptions::default(), loader).diagnostics
}

/// A source with as many bytes as given.
fn padded(bytes: usize) -> String {
    NETWORK.to_owned() + &" ".repeat(bytes - NETWORK.len())
}

/// `count` networks, each but the last around the next.
fn nested(count: usize) -> String {
    let around = |i| {
        let head = format!("network N{i} {{ {}input x: 2; ", if i == 0 { "dt: 1 ms; " } else { "" });
        format!("{head}net inner: N{}(); x -> inner; output inner; }}\n", i + 1)
    };
    let last = "input x: 2; layer out: lif(2) { tau_mem: 2 ms, tau_syn: 2 ms }; x -> out; output out;";
    (0..count - 1).map(around).collect::<String>() + &format!("network N{} {{ {last} }}\n", count - 1)
}

/// A file that imports `count` others side by side.
fn importing(count: usize) -> String {
    let imports = (1..=count).map(|i| format!("use \"{i}.snn\"::N{i};\n"));
    imports.collect::<String>() + NETWORK
}

/// Every file `<n>.snn` holds one network `N<n>`.
struct Leaves;

impl Loader for Leaves {
    fn load(&mut self, path: &str) -> Result<String, String> {
        Ok(NETWORK.replace("network Net", &format!("network N{}", path.trim_end_matches(".snn"))))
    }
}

fn too_long_for_files() -> Vec<Pair> {
    vec![
        Pair {
            code: "E0104",
            broken: findings(&padded((4 << 20) + 1), &mut NoImports),
            neighbor: findings(&padded(4 << 20), &mut NoImports),
        },
        Pair {
            code: "E0409",
            broken: findings(&nested(33), &mut NoImports),
            neighbor: findings(&nested(32), &mut NoImports),
        },
        Pair {
            code: "E0409",
            broken: findings(&importing(256), &mut Leaves),
            // That none of them is used is a warning.
            neighbor: findings(&importing(255), &mut Leaves).errors(),
        },
    ]
}

/// Graphs in JSON, as other programs write them, that break what no source can.
fn wrong_graphs() -> Vec<Pair> {
    let json = to_json(&graph());
    let read = |json: &str| match from_json(json) {
        Ok(_) => Diagnostics::new(),
        Err(diagnostics) => diagnostics,
    };
    let edit = |code, from: &str, to: &str| {
        assert_eq!(json.matches(from).count(), 1, "`{from}` stands once in\n{json}");
        Pair { code, broken: read(&json.replacen(from, to, 1)), neighbor: read(&json) }
    };
    vec![
        Pair { code: "E0410", broken: read("{}"), neighbor: read(&json) },
        Pair { code: "E0410", broken: read(json.trim_end_matches(['}', '\n'])), neighbor: read(&json) },
        edit("E0410", "\"target\": 0", "\"target\": 1"),
        edit("E0410", "\"layer\": 0", "\"layer\": 1"),
        edit("E0401", "\"dt\": 0.001", "\"dt\": 0.0"),
        edit("E0401", "\"dt\": 0.001", "\"dt\": 1e-60"),
        edit("E0303", "\"channels\": 2", "\"channels\": 0"),
        edit("E0409", "\"channels\": 2", "\"channels\": 9223372036854775808"),
        edit("E0409", "\"size\": 3", "\"size\": 9223372036854775808"),
        edit("E0303", "\"size\": 3", "\"size\": 0"),
        edit("E0303", "\"dropout\": 0.0", "\"dropout\": 1.5"),
        edit("E0202", "\"name\": \"out\"", "\"name\": \"events\""),
    ]
}

/// The graph with a change that no source makes.
fn changed_graphs() -> Vec<Pair> {
    let change = |code, change: &dyn Fn(&mut Graph)| {
        let mut changed = graph();
        change(&mut changed);
        Pair { code, broken: validate(&changed), neighbor: validate(&graph()) }
    };
    let scale = |values: Vec<f64>| {
        move |graph: &mut Graph| {
            if let Some(linear) = graph.connections[0].as_linear_mut() {
                linear.init.scale = values.clone();
            }
        }
    };
    vec![
        change("E0410", &|graph| graph.connections[0].sources.clear()),
        change("E0305", &scale(vec![1.0, 2.0])),
        change("E0303", &scale(vec![f64::INFINITY])),
        change("E0305", &|graph| {
            if let synnet_ir::graph::Neuron::Lif(lif) = &mut graph.layers[0].neuron {
                lif.bias.values = vec![0.0; 2];
            }
        }),
        change("E0303", &|graph| {
            if let synnet_ir::graph::Neuron::Lif(lif) = &mut graph.layers[0].neuron {
                lif.max_spikes = 0;
            }
        }),
    ]
}

fn engines() -> Vec<Pair> {
    let used: Vec<Feature> = graph().features().into_iter().map(|(feature, _)| feature).collect();
    let without_biases: Vec<Feature> =
        used.iter().copied().filter(|feature| *feature != Feature::LinearBias).collect();
    vec![Pair {
        code: "E0501",
        broken: graph().unsupported("this engine", &without_biases),
        neighbor: graph().unsupported("this engine", &used),
    }]
}

fn weights() -> Vec<Pair> {
    let right = || {
        let tensors = [
            ("events->out.weight", Tensor::zeros([2, 3])),
            ("events->out.bias", Tensor::zeros([3])),
            ("out.threshold", Tensor::new([1], vec![1.0])),
        ];
        Params { tensors: tensors.map(|(name, tensor)| (name.to_owned(), tensor)).into() }
    };
    let bind = |params: &Params| Network::bind(&graph(), params).err().unwrap_or_default();
    let change = |code, change: &dyn Fn(&mut Params)| {
        let mut changed = right();
        change(&mut changed);
        Pair { code, broken: bind(&changed), neighbor: bind(&right()) }
    };
    let set = |name: &'static str, tensor: Tensor| {
        move |params: &mut Params| drop(params.tensors.insert(name.to_owned(), tensor.clone()))
    };
    let mismatch = || {
        let metadata = WeightsMetadata::new(&graph());
        let file = WeightsFile { params: right(), metadata: Some(metadata), ..WeightsFile::default() };
        let mut other = graph();
        other.dt *= 2.0;
        let check = |graph: &Graph| file.check(graph, false);
        Pair { code: "E0606", broken: check(&other), neighbor: check(&graph()) }
    };
    let replaced = || {
        let check = |tau: f32| {
            let mut params = right();
            params.tensors.insert("out.tau_mem".to_owned(), Tensor::new([1], vec![tau]));
            WeightsFile { params, ..WeightsFile::default() }.check(&graph(), false)
        };
        Pair { code: "W0601", broken: check(0.5), neighbor: check(0.002) }
    };
    let short = || {
        let check = |converted: Vec<(String, &'static str)>| {
            WeightsFile { params: right(), metadata: None, converted }.check(&graph(), false)
        };
        let converted = vec![("events->out.weight".to_owned(), "BF16")];
        Pair { code: "W0602", broken: check(converted), neighbor: check(Vec::new()) }
    };
    vec![
        replaced(),
        short(),
        change("E0601", &|params| drop(params.tensors.remove("events->out.weight"))),
        change("E0601", &|params| drop(params.tensors.remove("out.threshold"))),
        change("E0602", &set("events->uot.weight", Tensor::zeros([2, 3]))),
        change("E0602", &set("optimizer.step", Tensor::zeros([1]))),
        change("E0603", &set("events->out.weight", Tensor::zeros([3, 2]))),
        change("E0603", &set("events->out.bias", Tensor::zeros([1]))),
        change("E0603", &set("out.threshold", Tensor::new([2], vec![1.0, 1.0]))),
        change(
            "E0604",
            &set("events->out.weight", Tensor::new([2, 3], vec![0.0, 0.0, f32::NAN, 0.0, 0.0, 0.0])),
        ),
        change("E0604", &set("out.threshold", Tensor::new([1], vec![f32::INFINITY]))),
        mismatch(),
        change("E0605", &set("out.threshold", Tensor::new([1], vec![0.0]))),
        change("E0605", &set("out.tau_mem", Tensor::new([1], vec![-0.002]))),
    ]
}

fn tables() -> Vec<Pair> {
    [too_long_for_files(), wrong_graphs(), changed_graphs(), engines(), weights()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn each_table_example_breaks_exactly_one_rule() {
    for Pair { code, broken, neighbor } in tables() {
        let ids: Vec<&str> = broken
            .iter()
            .filter(|diagnostic| diagnostic.is_error() || code.starts_with('W'))
            .map(|diagnostic| diagnostic.code.id)
            .collect();
        assert_eq!(ids, [code], "{broken}");
        assert!(neighbor.is_empty(), "the neighbor of {code}: {neighbor}");
    }
}

#[test]
fn every_code_is_covered_from_both_sides() {
    // That neighbors keep every rule is tested where their fixtures and tables are.
    let mut covered: BTreeSet<&str> = tables().iter().map(|pair| pair.code).collect();
    for Case { name, text, .. } in cases("fail") {
        let fixture = Fixture::read(&text);
        if fixture.neighbor().is_some() && !name.starts_with("several/") {
            covered.extend(codes().iter().map(|code| code.id).filter(|id| fixture.expects_anywhere(id)));
        }
    }
    let missing: Vec<&str> = codes().iter().map(|code| code.id).filter(|id| !covered.contains(id)).collect();
    assert!(missing.is_empty(), "no example with a correct neighbor: {missing:?}");
}
