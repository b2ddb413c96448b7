//! Training compared with a plain forward and reverse pass in f64, on random networks.

use synnet_ir::Graph;
use synnet_ir::Network;
use synnet_runtime::initial_params;
use synnet_runtime::tape::Tape;
use synnet_tests::engines::run_tape;
use synnet_tests::reference::{Inputs, Reference};

use crate::random::{self, Random};

/// Closer than this to a boundary of the spike count or of the surrogate, rounding decides. The foot of a triangle counts
/// as 30 times nearer than it is: 6e-4 away, rounding of 6e-7 is [`TOLERANCE`] of the triangle.
const MARGIN: f64 = 2e-5;
/// Maximum difference of a gradient, relative to the largest entry of its tensor.
const TOLERANCE: f64 = 1e-3;
/// Unstable recurrence drives states beyond this and amplifies rounding.
const STABLE: f64 = 1e3;
/// Backward, unstable recurrence does the same to gradients.
const STABLE_GRADIENT: f64 = 1e6;

/// Inputs of any length and density; in half of all cases, with a penalty on the totals.
fn inputs(draw: &mut Random, graph: &Graph) -> Inputs {
    let steps = draw.of(&[0, 1, 2, 59, 60, 61, 119, 120, 121, 180]);
    let share = draw.of(&[0.05, 0.4, 0.9]);
    let mut event = || if draw.chance(share) { 1.0 + draw.below(2) as f32 } else { 0.0 };
    let input = (0..steps * graph.input.channels).map(|_| event()).collect();
    let by_output = (0..steps * graph.outputs()).map(|_| (draw.unit() * 2.0 - 1.0) as f32).collect();
    let size = if draw.chance(0.5) { 0.1 } else { 0.0 };
    let mut penalty = || ((draw.unit() * 2.0 - 1.0) * size) as f32;
    let by_totals = graph.layers.iter().map(|l| (0..l.size).map(|_| penalty()).collect()).collect();
    Inputs { steps, input, by_output, by_totals }
}

fn assert_near(found: &[f32], expected: &[f64], what: &str) {
    let greatest = expected.iter().fold(1e-6_f64, |greatest, x| greatest.max(x.abs()));
    for (i, (&f, &e)) in found.iter().zip(expected).enumerate() {
        let difference = (f64::from(f) - e).abs();
        assert!(difference < TOLERANCE * greatest, "{what}[{i}]: {f}, not {e} (greatest {greatest})");
    }
}

#[test]
fn random_networks_match_the_reference_gradients() {
    let mut compared = 0;
    for seed in 0..400 {
        let mut draw = Random::new(seed);
        let graph = random::graph(&mut draw);
        if synnet_ir::validate(&graph).iter().any(synnet_ir::Diagnostic::is_error) {
            continue;
        }
        let network = Network::bind(&graph, &initial_params(&graph, seed)).unwrap();
        let inputs = inputs(&mut draw, &graph);
        let tape = Tape::new(&graph);
        let reference = Reference::forward(&network, &inputs);
        if reference.max_state() > STABLE {
            continue;
        }
        let run_tape = run_tape(&tape, &network, &inputs);
        let far = reference.margin() > 3e-3;
        assert!(
            !far || reference.agrees(&run_tape.spikes),
            "seed {seed}: a spike far from every boundary differs"
        );
        if reference.margin() < MARGIN || !reference.agrees(&run_tape.spikes) {
            continue;
        }
        let expected = reference.backward(&tape);
        if expected.iter().flatten().any(|gradient| gradient.abs() > STABLE_GRADIENT) {
            continue;
        }
        assert_near(&run_tape.output, &reference.output(), &format!("seed {seed}: output"));
        for ((spec, found), expected) in
            tape.learned().specs().iter().zip(&run_tape.gradients.tensors).zip(&expected)
        {
            assert_near(found, expected, &format!("seed {seed}: {}", spec.name));
        }
        compared += 1;
    }
    assert!(compared > 150, "{compared} networks were compared");
}
