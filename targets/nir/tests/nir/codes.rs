//! Every code from both sides: an example that breaks its rule, and the nearest one that does not.

use synnet_ir::{Diagnostics, Network};
use synnet_nir::{
    Array, ExportDialect, Field, ImportOptions, Nir, Node, codes, export, import, read_file, write,
};
use synnet_runtime::initial_params;

/// A rule, the findings of an example that breaks it, and those of its neighbor.
struct Pair {
    code: &'static str,
    broken: Diagnostics,
    neighbor: Diagnostics,
}

/// A network of one neuron with a gain of 1 at a time step of 1 ms.
fn plain() -> Nir {
    let number = |value: f64| Array::vector([value]);
    let lif = Node::new("LIF").with("tau", number(0.01)).with("r", number(10.0));
    let lif = lif.with("v_leak", number(0.0)).with("v_threshold", number(1.0)).with("v_reset", number(0.0));
    let mut root = Node::new(Node::GRAPH);
    root.nodes = vec![
        ("input".into(), Node::new("Input").with("shape", Array::i64([1], vec![2]))),
        ("fc".into(), Node::new("Linear").with("weight", Array::f32([1, 2], vec![0.5, 1.5]))),
        ("lif".into(), lif),
        ("output".into(), Node::new("Output").with("shape", Array::i64([1], vec![1]))),
    ];
    root.edges =
        ["input", "fc", "lif", "output"].windows(2).map(|pair| (pair[0].into(), pair[1].into())).collect();
    Nir { version: "1.0".into(), root }
}

fn node<'a>(nir: &'a mut Nir, name: &str) -> &'a mut Node {
    &mut nir.root.nodes.iter_mut().find(|(other, _)| other == name).expect("there is such a node").1
}

/// Returns the network with a change.
fn changed(change: impl FnOnce(&mut Nir)) -> Nir {
    let mut nir = plain();
    change(&mut nir);
    nir
}

fn findings(nir: &Nir) -> Diagnostics {
    findings_with(nir, &ImportOptions::new())
}

fn findings_with(nir: &Nir, options: &ImportOptions) -> Diagnostics {
    import(nir, "Net", options).map_or_else(|why| why, |imported| imported.warnings)
}

fn network(fields: &str) -> Network {
    let source = format!(
        "network Net {{ dt: 1 ms; input x: 2; layer out: lif(1) {{ tau_mem: 5 ms, tau_syn: 5 ms, {fields} }};
        x -> linear -> out; output out; }}"
    );
    let graph = synnet_dsl::compile_str(&source).expect("the network is right");
    Network::bind(&graph, &initial_params(&graph, 0)).expect("as are its weights")
}

fn exported(fields: &str, dialect: ExportDialect) -> Diagnostics {
    export(&network(fields), dialect).map_or_else(|why| why, |(_, warnings)| warnings)
}

fn pair(code: &'static str, broken: &Nir, neighbor: &Nir) -> Pair {
    Pair { code, broken: findings(broken), neighbor: findings(neighbor) }
}

/// Returns the network with a chain of two matrices, whose product has `width` times `width` elements.
fn product(width: usize) -> Nir {
    changed(|nir| {
        *node(nir, "input") = Node::new("Input").with("shape", Array::i64([1], vec![width as i64]));
        *node(nir, "fc") = Node::new("Linear").with("weight", Array::f32([1, width], vec![0.5; width]));
        *node(nir, "output") = Node::new("Output").with("shape", Array::i64([1], vec![width as i64]));
        let tall = Node::new("Linear").with("weight", Array::f32([width, 1], vec![0.5; width]));
        nir.root.nodes.push(("tall".into(), tall));
        nir.root.edges[1] = ("fc".into(), "tall".into());
        nir.root.edges.push(("tall".into(), "lif".into()));
    })
}

fn pairs() -> Vec<Pair> {
    let bytes = write(&plain()).expect("HDF5 holds the network");
    let read = |bytes: &[u8]| read_file(bytes.to_vec()).err().unwrap_or_default();
    let without_step = changed(|nir| {
        let lif = node(nir, "lif");
        *lif = lif.clone().with("r", Array::vector([1.0]));
    });
    let (own, _) =
        export(&network("reset: zero, max_spikes: 1"), ExportDialect::Euler).expect("NIR holds it");
    vec![
        Pair { code: "N0101", broken: read(&bytes[..bytes.len() / 2]), neighbor: read(&bytes) },
        pair("N0102", &changed(|nir| drop(node(nir, "lif").fields.remove("tau"))), &plain()),
        pair("N0103", &changed(|nir| nir.root.edges.push(("lif".into(), "nowhere".into()))), &plain()),
        pair("N0104", &changed(|nir| node(nir, "fc").kind = "Conv2d".into()), &plain()),
        Pair {
            code: "N0105",
            broken: findings(&without_step),
            neighbor: findings_with(&without_step, &ImportOptions::new().with_dt(1e-3)),
        },
        pair("N0106", &product(12_000), &product(10)),
        Pair {
            code: "N0107",
            broken: exported("reset: zero, max_spikes: 1", ExportDialect::Rockpool),
            neighbor: exported("reset: subtract", ExportDialect::Rockpool),
        },
        pair("N0201", &plain(), &own),
        Pair {
            code: "N0202",
            broken: findings_with(&without_step, &ImportOptions::new().with_dt(1e-3)),
            neighbor: findings(&plain()),
        },
        pair("N0203", &changed(|nir| node(nir, "lif").kind.clear()), &plain()),
        pair(
            "N0204",
            &changed(|nir| drop(node(nir, "lif").fields.insert("colour".into(), Field::Text("red".into())))),
            &plain(),
        ),
        Pair {
            code: "N0301",
            broken: exported("reset: subtract", ExportDialect::Euler),
            neighbor: exported("reset: zero, max_spikes: 1", ExportDialect::Euler),
        },
    ]
}

#[test]
fn every_code_is_covered_from_both_sides() {
    let pairs = pairs();
    let covered: Vec<&str> = pairs.iter().map(|pair| pair.code).collect();
    let all: Vec<&str> = codes::CODES.iter().map(|code| code.id).collect();
    assert_eq!(covered, all);
    for Pair { code, broken, neighbor } in pairs {
        let count = |found: &Diagnostics| found.iter().filter(|found| found.code.id == code).count();
        assert!(count(&broken) > 0, "{code}: {broken}");
        assert!(
            broken.iter().filter(|found| found.is_error()).all(|found| found.code.id == code),
            "{broken}"
        );
        assert!(broken.iter().all(|found| found.help.is_some()), "{broken}");
        // The format has no time step, so that each export warns once.
        let left = usize::from(code == "N0301");
        assert_eq!(count(&neighbor), left, "the neighbor of {code}: {neighbor}");
        assert!(!neighbor.has_errors(), "the neighbor of {code}: {neighbor}");
    }
}

#[test]
fn nodes_that_lead_nowhere_are_listed() {
    let nir = changed(|nir| {
        let weight = Node::new("Linear").with("weight", Array::f32([3, 1], vec![1.0; 3]));
        nir.root.nodes.push(("spare".into(), weight));
        nir.root.edges.push(("lif".into(), "spare".into()));
    });
    let found = findings(&nir);
    assert!(
        found.iter().any(|found| found.code.id == "N0204" && found.message.contains("`spare`")),
        "{found}"
    );
}
