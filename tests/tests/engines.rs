//! The float interpreter and generated Rust compute the same, bit for bit: outputs and every state of
//! every layer, from the same texts.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use synnet_ir::Network;
use synnet_ir::graph::Neuron;
use synnet_rust::{Embedding, Options};
use synnet_tests::{Random, graph, interpret, network};

const STEPS: usize = 100;

/// What a network shows, by how much its initial weights are scaled up so that it spikes, and its text.
const CASES: &[(&str, f32, &str)] = &[
    (
        "SynNet, membranes",
        3.0,
        "use std::SynNet;
         network N = SynNet(n_channels: 16, n_classes: 5, size_hidden_layers: [24, 20, 24],
             time_constants_per_layer: [2, 4, 8], tau_syn_base: 20 ms, tau_mem: 20 ms, tau_syn_out: 20 ms,
             dt: 10 ms, p_dropout: 0.1, output: vmem);",
    ),
    (
        "SynNet, spikes",
        3.0,
        "use std::SynNet;
         network N = SynNet(n_channels: 8, n_classes: 4, size_hidden_layers: [30, 30],
             time_constants_per_layer: [3, 5], threshold: [0.7, 1.3], threshold_out: 0.5);",
    ),
    (
        "SynNet with learnt constants",
        3.0,
        "use std::SynNet;
         network N = SynNet(n_channels: 8, n_classes: 4, train_time_constants: true, train_threshold: true,
             quantize_time_constants: false);",
    ),
    (
        "recurrence: to itself, and from a later layer",
        3.0,
        "network N {
             dt: 1 ms;
             input x: 7;
             layer a: lif(19) { tau_mem: 5 ms, tau_syn: 3 ms };
             layer b: lif(11) { tau_mem: 7 ms, tau_syn: 2 ms };
             x -> linear -> a -> linear -> b;
             a -> linear -> a;
             b -> linear -> a;
             output b.spikes;
         }",
    ),
    (
        "several synapses, each with its constants",
        4.0,
        "network N {
             dt: 1 ms;
             input x: 6;
             layer a: lif(9) { synapses: 2, tau_mem: 10 ms, tau_syn: [2 ms, geometric(2 ms, 4)], max_spikes: 31 };
             layer b: lif(3) { synapses: 3, tau_mem: 10 ms, tau_syn: 5 ms };
             x -> linear -> a -> linear -> b;
             output b.vmem;
         }",
    ),
    (
        "adaptation",
        5.0,
        "network N {
             dt: 1 ms;
             input x: 6;
             layer a: alif(12) { tau_mem: 10 ms, tau_syn: 5 ms, tau_ahp: 30 ms, w_ahp: -0.5 };
             layer b: alif(5) { alpha: 0.9, beta: 0.8, gamma: 0.95, w_ahp: [-0.1, -0.2, 0, -0.4, 0.1] };
             x -> linear -> a -> linear -> b;
             output b.spikes;
         }",
    ),
    (
        "leaky integrators, at the end and before a layer",
        3.0,
        "network N {
             dt: 2 ms;
             input x: 6;
             layer a: lif(10) { tau_mem: 10 ms, tau_syn: 5 ms };
             layer smooth: expsyn(4) { tau_syn: [10 ms, 20 ms, 30 ms, 40 ms] };
             layer b: lif(6) { tau_mem: 10 ms, tau_syn: 5 ms };
             layer readout: expsyn(3) { tau_syn: 25 ms };
             x -> linear -> a -> linear -> smooth -> linear -> b -> linear -> readout;
             output readout;
         }",
    ),
    (
        "delays, forward and recurrent",
        4.0,
        "network N {
             dt: 1 ms;
             input x: 5;
             layer a: lif(8) { tau_mem: 5 ms, tau_syn: 4 ms };
             layer b: lif(8) { tau_mem: 5 ms, tau_syn: 4 ms };
             x -> delay(2) -> linear -> a;
             a -> delay(5) -> linear -> b;
             b -> delay(1) -> linear -> a;
             output b.spikes;
         }",
    ),
    (
        "sums of sources, and connections without weights",
        3.0,
        "network N {
             dt: 1 ms;
             input x: 6;
             layer a: lif(6) { tau_mem: 5 ms, tau_syn: 4 ms };
             layer b: lif(6) { tau_mem: 8 ms, tau_syn: 2 ms, threshold: 1.5 };
             layer c: lif(4) { tau_mem: 5 ms, tau_syn: 4 ms };
             x -> a;
             a -> b;
             a + b -> linear -> c;
             x + b -> delay(1) -> linear -> c;
             output c.isyn;
         }",
    ),
    (
        "biases: of connections and of neurons",
        3.0,
        "network N {
             dt: 1 ms;
             input x: 6;
             layer a: lif(7) { tau_mem: 5 ms, tau_syn: 4 ms, bias: 0.05 };
             layer b: lif(4) { tau_mem: 5 ms, tau_syn: 4 ms, bias: [-0.1, 0, 0.1, 0.2] };
             x -> linear { bias: uniform(-0.1, 0.2) } -> a -> linear { bias: normal(0.1, 0.05) } -> b;
             output b.spikes;
         }",
    ),
    (
        "many spikes in a step",
        40.0,
        "network N {
             dt: 1 ms;
             input x: 6;
             layer a: lif(9) { tau_mem: 5 ms, tau_syn: 4 ms };
             layer b: lif(9) { tau_mem: 5 ms, tau_syn: 4 ms, max_spikes: 31 };
             layer c: lif(9) { tau_mem: 5 ms, tau_syn: 4 ms, max_spikes: 2 };
             x -> linear -> a -> linear -> b -> linear -> c;
             output c.spikes;
         }",
    ),
    (
        "a constant for each neuron, in every unit",
        4.0,
        "network N {
             dt: 1 ms;
             input x: 6;
             layer a: lif(4) {
                 tau_mem: [3 ms, 5 ms, 8 ms, 13 ms], tau_syn: [2 ms, 4 ms, 6 ms, 8 ms],
                 threshold: [0.3, 0.6, 0.9, 1.2], bias: [0, 0.01, -0.01, 0.02],
             };
             layer b: lif(4) { dash_mem: [1, 2, 3, 4], dash_syn: repeat([1, 2]) };
             layer c: lif(4) { alpha: [0.5, 0.6, 0.7, 0.8], beta: 0.9 };
             x -> linear -> a -> linear -> b -> linear -> c;
             output c.vmem;
         }",
    ),
    (
        "a network inside another",
        4.0,
        "use std::SynNet;
         network N {
             dt: 1 ms;
             input x: 6;
             net body: SynNet(n_channels: 6, n_classes: 8, size_hidden_layers: [12], time_constants_per_layer: [2]);
             layer out: expsyn(3) { tau_syn: 20 ms };
             x -> body -> linear -> out;
             output out.isyn;
         }",
    ),
];

/// Mostly small counts, and some of what inputs may be besides: fractions and negative values.
fn raster(channels: usize, random: &mut Random) -> Vec<f32> {
    let events = random.events(STEPS * channels);
    let mut other = |n: u8| match random.below(20) {
        0 => (random.below(2001) as f32 - 1000.0) / 300.0,
        _ => f32::from(n),
    };
    events.into_iter().map(&mut other).collect()
}

#[test]
fn generated_code_equals_the_interpreter_in_every_bit() {
    let mut random = Random(1);
    let networks: Vec<Network> =
        CASES.iter().map(|&(_, gain, text)| network(&graph(text), gain, random.bits())).collect();
    let rasters: Vec<Vec<f32>> =
        networks.iter().map(|network| raster(network.graph.input.channels, &mut random)).collect();
    let mut found = run(&build(&networks), &rasters).into_iter();

    for ((&(name, ..), network), raster) in CASES.iter().zip(&networks).zip(&rasters) {
        let run = interpret(network, raster);
        assert!(run.output.data.iter().any(|&x| x != 0.0), "{name}: there is no output");
        for layer in &run.layers {
            let readout = network.graph.layer(network.graph.output.layer).name == layer.name;
            let spikes: f32 = layer.spikes.iter().flat_map(|spikes| &spikes.data).sum();
            let silent = layer.spikes.is_some() && spikes == 0.0 && !readout;
            assert!(!silent, "{name}: layer `{}` never spikes", layer.name);
        }
        for t in 0..STEPS {
            let mut same = |what: &str, row: &[f32]| {
                for (n, &x) in row.iter().enumerate() {
                    let y = found.next().expect("the program writes every state");
                    assert_eq!(x.to_bits(), y.to_bits(), "{name}: {what} {n}, step {t}: {x} is not {y}");
                }
            };
            same("output", run.output.row(0, t));
            for layer in &run.layers {
                same(&format!("{}.isyn", layer.name), layer.isyn.row(0, t));
                for (what, states) in [("vmem", &layer.vmem), ("spikes", &layer.spikes)] {
                    if let Some(states) = states {
                        same(&format!("{}.{what}", layer.name), states.row(0, t));
                    }
                }
            }
        }
    }
    assert_eq!(found.next(), None, "the program writes nothing else");
}

/// Generates and compiles one program for all networks. It reads their rasters from standard input, one
/// after the other, and writes outputs and states of every step to standard output.
fn build(networks: &[Network]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("engines");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the build's folder can be written");
    let write =
        |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).expect("as could the folder");
    let mut modules = String::new();
    let mut body = String::new();
    for (i, network) in networks.iter().enumerate() {
        let embedding = Embedding::Include(format!("case{i}.weights"));
        let module = synnet_rust::generate(network, &Options { embedding, ..Options::default() });
        let module = module.expect("nothing of this network is beyond generated code");
        write(&format!("case{i}.rs"), module.source().as_bytes());
        write(&format!("case{i}.weights"), module.weights.as_ref().expect("this network has weights"));
        let _ = writeln!(modules, "mod case{i};");
        let _ = writeln!(body, "let mut net = case{i}::{}::new();", module.type_name);
        let _ = writeln!(body, "for _ in 0..{STEPS} {{ net.step(&read()).write(&mut out);");
        for layer in &network.graph.layers {
            let states: &[&str] = match layer.neuron {
                Neuron::Lif(_) => &["isyn", "vmem", "spikes"],
                Neuron::ExpSyn(_) => &["isyn"],
            };
            for state in states {
                let _ = writeln!(body, "net.{}().{state}.write(&mut out);", layer.name.replace('.', "_"));
            }
        }
        let _ = writeln!(body, "}}");
    }
    write(
        "main.rs",
        format!("{modules}{PROGRAM}{body}std::io::stdout().write_all(&out).unwrap(); }}").as_bytes(),
    );
    let rustc = option_env!("RUSTC").unwrap_or("rustc");
    let arguments = ["--edition", "2024", "-D", "warnings", "-C", "opt-level=2", "-o", "main", "main.rs"];
    let output = Command::new(rustc).args(arguments).current_dir(&folder).output();
    let output = output.expect("a compiler compiled this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder.join("main")
}

/// How the program reads inputs and writes states, and the beginning of its `main`.
const PROGRAM: &str = "
use std::io::{Read, Write};

fn read<const N: usize>() -> [f32; N] {
    [(); N].map(|()| {
        let mut bytes = [0; 4];
        std::io::stdin().read_exact(&mut bytes).unwrap();
        f32::from_le_bytes(bytes)
    })
}

trait States {
    fn write(&self, out: &mut Vec<u8>);
}

impl States for f32 {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.to_le_bytes());
    }
}

impl<T: States, const N: usize> States for [T; N] {
    fn write(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|x| x.write(out));
    }
}

fn main() {
    let mut out = Vec::new();
";

/// Runs the program on all rasters.
fn run(program: &Path, rasters: &[Vec<f32>]) -> Vec<f32> {
    let bytes: Vec<u8> = rasters.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
    let child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("the program can be started");
    // It writes only after it has read everything, so that no pipe fills up.
    child.stdin.take().expect("it is piped").write_all(&bytes).expect("the program reads its input");
    let mut out = Vec::new();
    child.stdout.take().expect("it is piped").read_to_end(&mut out).expect("the program can be read");
    assert!(child.wait().expect("the program ends").success());
    out.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect()
}
