//! The same passes with every vector instruction set of the machine.

use pulp::Arch;
use synnet_dsl::{CompileOptions, NoImports, compile};
use synnet_ir::{Graph, Network, Sources};

use super::{BLOCK_STEPS, Gradients, Pass, Recompute, SampleKey, Tape};
use crate::init::initial_params;
use crate::kernels::archs;

const STEPS: usize = BLOCK_STEPS + 7;

fn graph() -> Graph {
    let mut sources = Sources::new();
    let text = "
        network Net {
            dt: 1 ms;
            input events: 19;
            neuron fast = lif { tau_mem: 5 ms, tau_syn: 4 ms, surrogate: periodic_exponential };
            layer first: fast(70);
            layer second: fast(33) { tau_mem: learn 6 ms, tau_syn: learn 7 ms, threshold: learn 0.8 };
            layer third: alif(12) { tau_mem: 5 ms, tau_syn: 5 ms, tau_ahp: 9 ms, w_ahp: learn -0.5 };
            layer out: fast(3) { threshold: 32767 };
            events -> linear { scale: 0.5 } -> first -> dropout(0.2) -> linear { scale: 0.4 } -> second;
            second -> linear { scale: 0.4 } -> third -> linear { scale: 0.5 } -> out;
            third -> linear { scale: 0.2 } -> second;
            output out.vmem;
        }
    ";
    let root = sources.add("net.snn", text);
    let compilation = compile(&mut sources, root, &CompileOptions::default(), &mut NoImports);
    compilation.graph.unwrap_or_else(|| panic!("{:?}", compilation.diagnostics))
}

/// Returns the output, the spikes of each layer, and the gradients.
fn run_tape(graph: &Graph, arch: Arch) -> (Vec<f32>, Vec<Vec<f32>>, Gradients) {
    let network = Network::bind(graph, &initial_params(graph, 5)).unwrap();
    let tape = Tape::new(graph);
    let mut weights = tape.pack(&network);
    weights.arch = arch;
    let (mut workspace, mut sums) = (tape.workspace(STEPS, Recompute::None), tape.sums());
    let input: Vec<f32> = (0..STEPS * 19).map(|i| f32::from(i * i % 7 == 1) * 1.5).collect();
    tape.forward(&weights, &input, Pass::Training(SampleKey::new(0, 0, 0)), &mut workspace);
    let (output, gradient) = workspace.output_and_gradient();
    gradient.iter_mut().zip(output).for_each(|(g, &x)| *g = x - 0.5);
    tape.backward(&weights, &mut workspace, &mut sums);
    let spikes = (0..3).map(|layer| workspace.spikes(&tape, layer)).collect();
    (workspace.output().to_vec(), spikes, tape.gradients(&network, &sums))
}

fn assert_near(found: &[f32], expected: &[f32], what: &str) {
    let scale = expected.iter().fold(1e-9_f32, |scale, x| scale.max(x.abs()));
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!((f - e).abs() < 2e-4 * scale, "{what}[{i}]: {f}, not {e}");
    }
}

#[test]
fn simd_matches_scalar() {
    let graph = graph();
    let (output, spikes, gradients) = run_tape(&graph, Arch::Scalar);
    assert!(spikes.iter().all(|layer| layer.iter().any(|&count| count > 0.0)), "every layer spikes");
    let mut fused = Vec::new();
    for arch in archs().skip(1) {
        let found = run_tape(&graph, arch);
        assert_eq!(found.1, spikes, "{arch:?}: spikes");
        assert_near(&found.0, &output, "output");
        for (found, expected) in found.2.tensors.iter().zip(&gradients.tensors) {
            assert_near(found, expected, "gradient");
        }
        fused.push(found);
    }
    assert!(fused.windows(2).all(|pair| pair[0] == pair[1]), "the width of vectors changes nothing");
}
