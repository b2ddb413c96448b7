//! The tape: noise, penalties and memory. The corpus of networks compares its results with the
//! references.

use synnet_ir::graph::*;
use synnet_ir::{Graph, Network};
use synnet_runtime::initial_params;
use synnet_runtime::regularizer::MembraneRegularizer;
use synnet_runtime::tape::{BLOCK_STEPS, Pass, Recompute, SampleKey, Tape};

use crate::build::*;

/// Reproducible numbers from -1 to 1.
fn noise(seed: u32, i: usize) -> f32 {
    let mut x = (i as u32).wrapping_mul(0x9e37_79b9) ^ seed.wrapping_mul(0x85eb_ca6b);
    x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    (x ^ (x >> 16)) as f32 / u32::MAX as f32 * 2.0 - 1.0
}

fn events(seed: u32, len: usize, share: f32) -> Vec<f32> {
    (0..len).map(|i| f32::from(noise(seed, i) * 0.5 + 0.5 < share)).collect()
}

fn bind(graph: &Graph) -> Network {
    let mut params = initial_params(graph, 3);
    for tensor in params.tensors.values_mut().filter(|tensor| tensor.shape.len() == 2) {
        let scale = (2.0 / tensor.shape[0] as f32).sqrt();
        tensor.data.iter_mut().for_each(|w| *w *= scale);
    }
    Network::bind(graph, &params).unwrap()
}

#[test]
fn noise_has_its_standard_deviation_and_repeats_with_its_key() {
    let noisy = Lif { noise_std: 0.5, threshold: Parameter::uniform(1e6), mem: Some(tau(&[1e-9])), ..lif() };
    let graph = Net::new(1)
        .layer(40, Neuron::Lif(noisy), Quantity::Vmem)
        .connect(&[Endpoint::Input], 0, 0, linear())
        .0;
    let (tape, network) = (Tape::new(&graph), bind(&graph));
    let mut workspace = tape.workspace(200, Recompute::None);
    let mut run_tape = |pass| {
        tape.forward(&tape.pack(&network), &[0.0; 200], pass, &mut workspace);
        workspace.output().to_vec()
    };
    let key = |sample| Pass::Training(SampleKey::new(0, 0, sample));
    assert!(run_tape(Pass::Evaluation).iter().all(|&v| v == 0.0));
    let drawn = run_tape(key(3));
    assert_eq!(drawn, run_tape(key(3)));
    assert_ne!(drawn, run_tape(key(4)));
    let variance = drawn.iter().map(|v| v * v).sum::<f32>() / drawn.len() as f32;
    let expected = 0.5 * 0.5 * 1e-3;
    assert!((variance / expected - 1.0).abs() < 0.06, "{variance}, not {expected}");
}

#[test]
fn membrane_and_rate_penalties_have_correct_gradients() {
    let quiet = Lif {
        threshold: Parameter::uniform(50.0),
        surrogate: Surrogate { kind: SurrogateKind::PiecewiseLinear, window: 0.5 },
        ..lif()
    };
    let graph = Net::new(5)
        .layer(20, Neuron::Lif(quiet.clone()), Quantity::Spikes)
        .layer(2, Neuron::Lif(quiet), Quantity::Vmem)
        .connect(&[Endpoint::Input], 0, 0, linear())
        .connect(&[layer(0)], 1, 0, linear())
        .0;
    let (tape, mut network) = (Tape::new(&graph), bind(&graph));
    let steps = BLOCK_STEPS + 9;
    let mut workspace = tape.workspace(steps, Recompute::None);
    let regularizer = MembraneRegularizer::new(900.0, -0.01, 0.02);
    workspace.penalize_membranes(0, Some((regularizer.penalty(), 1.0)));
    let mut penalty = |network: &Network| {
        let (weights, mut sums) = (tape.pack(network), tape.sums());
        tape.forward(&weights, &events(2, steps * 5, 0.3), Pass::Evaluation, &mut workspace);
        (tape.backward(&weights, &mut workspace, &mut sums), tape.gradients(network, &sums))
    };
    let (_, gradients) = penalty(&network);
    for i in 0..100 {
        let weight = network.linear(0).matrix.data[i];
        let mut at = |w: f32| {
            network.weights[0].as_mut().unwrap().matrix.data[i] = w;
            penalty(&network).0
        };
        let slope = ((at(weight + 0.01) - at(weight - 0.01)) / 0.02) as f32;
        at(weight);
        let found = gradients.tensors[0][i];
        assert!((found - slope).abs() < 2e-3 * slope.abs().max(1.0), "{i}: {found} is not {slope}");
    }
}

#[test]
fn integrator_totals_have_correct_gradients() {
    let integrators = Neuron::ExpSyn(ExpSyn { syn: Some(tau(&[6e-3])) });
    let graph = Net::new(5)
        .layer(7, integrators.clone(), Quantity::Isyn)
        .layer(2, integrators, Quantity::Isyn)
        .connect(&[Endpoint::Input], 0, 0, linear())
        .connect(&[layer(0)], 1, 0, linear())
        .0;
    let (tape, network) = (Tape::new(&graph), bind(&graph));
    let steps = BLOCK_STEPS + 9;
    let (weights, mut sums) = (tape.pack(&network), tape.sums());
    let mut workspace = tape.workspace(steps, Recompute::None);
    tape.forward(&weights, &events(2, steps * 5, 0.3), Pass::Evaluation, &mut workspace);
    let (totals, gradient) = workspace.totals_and_gradient(0);
    gradient.fill(1.0);
    let expected: f32 = totals.iter().sum();
    tape.backward(&weights, &mut workspace, &mut sums);
    // The sum of the totals is linear in the weights, so it is their product with its gradient.
    let gradients = tape.gradients(&network, &sums);
    let products = network.linear(0).matrix.data.iter().zip(&gradients.tensors[0]).map(|(w, g)| w * g);
    let found: f32 = products.sum();
    assert!((found - expected).abs() < 1e-4 * expected.abs(), "{found}, not {expected}");
}

#[test]
fn non_finite_integrators_are_found() {
    let graph = Net::new(1)
        .layer(19, Neuron::ExpSyn(ExpSyn { syn: Some(tau(&[6e-3])) }), Quantity::Isyn)
        .connect(&[Endpoint::Input], 0, 0, linear())
        .connect(&[layer(0)], 0, 0, linear())
        .0;
    let (tape, mut network) = (Tape::new(&graph), bind(&graph));
    network.weights[1].as_mut().unwrap().matrix.data.fill(100.0);
    let weights = tape.pack(&network);
    let mut workspace = tape.workspace(BLOCK_STEPS, Recompute::None);
    tape.forward(&weights, &[1.0; BLOCK_STEPS], Pass::Evaluation, &mut workspace);
    let finite = workspace.output().chunks_exact(19).take_while(|row| row.iter().all(|x| x.is_finite()));
    let finite = finite.count();
    assert!(finite < BLOCK_STEPS);
    assert_eq!(tape.first_non_finite(&weights, &mut workspace), Some((0, finite)));
}

#[test]
fn neurons_take_four_bytes_and_spikes_eight_per_step() {
    let graph = Net::new(5)
        .layer(70, Neuron::Lif(lif()), Quantity::Spikes)
        .connect(&[Endpoint::Input], 0, 0, linear_with_bias())
        .0;
    let more = |sizes: [usize; 2]| {
        let mut graph = graph.clone();
        graph.layers[0].size = 64 * sizes[0];
        let tape = Tape::new(&graph);
        let long = tape.memory(1000 * sizes[1], Recompute::None);
        (long.states, long.events)
    };
    let (base, wider, longer) = (more([1, 1]), more([2, 1]), more([1, 2]));
    let output = 8 * 64 * 1000;
    // Gradients on a block's spikes, states between blocks, and the buffers of a block.
    let fixed = 64 * 4 * (BLOCK_STEPS as u64 + 4) + 8 * 64 * 4 * BLOCK_STEPS as u64;
    assert_eq!(wider.0 - base.0, 4 * 64 * 1000 + output + fixed);
    assert_eq!(longer.0 - base.0, 4 * 64 * 1000 + output + 8 * 5 * 1000);
    // Buffers of events are up to an eighth longer than necessary, and leave holes when they grow.
    let events = 8 * 64 * 1000 * 7 / 5;
    assert!((events..events * 9 / 8 + (1 << 16)).contains(&(wider.1 - base.1)), "{wider:?} {base:?}");
}

#[test]
fn memory_for_events_is_proportional_to_rates() {
    let graph = Net::new(64)
        .layer(64, Neuron::Lif(lif()), Quantity::Spikes)
        .connect(&[Endpoint::Input], 0, 0, linear())
        .0;
    let tape = Tape::new(&graph);
    let events = |rates: &[f64]| tape.memory_at_rates(100_000, Recompute::None, rates).events;
    assert_eq!(events(&[]), tape.memory(100_000, Recompute::None).events);
    assert_eq!(events(&[1.0, 1.0]), events(&[]));
    // Each list of events has an index of its steps.
    let index = 2 * 8 * 100_000;
    let (silent, fifth) = (events(&[0.0, 0.0]), events(&[0.2, 0.2]));
    assert!((index..index + (1 << 18)).contains(&silent), "{silent}");
    let expected = index as f64 + 1.4 * 0.2 * 8.0 * 128.0 * 1e5;
    assert!((expected..1.15 * expected).contains(&(fifth as f64)), "{fifth}");
}

#[test]
fn recomputing_segments_bounds_memory() {
    let spiking = |size| (size, Neuron::Lif(lif()));
    let layers = [spiking(60), spiking(60), spiking(60), spiking(10)];
    let mut net = Net::new(16);
    for (i, (size, neuron)) in layers.into_iter().enumerate() {
        net = net.layer(size, neuron, Quantity::Vmem);
        let source = i.checked_sub(1).map_or(Endpoint::Input, |i| layer(i as u32));
        net = net.connect(&[source], i as u32, 0, linear());
    }
    let tape = Tape::new(&net.0);
    let [kept, segments] = [Recompute::None, Recompute::Segments]
        .map(|checkpoint| tape.memory(100_000, checkpoint).peak_bytes(2, 16));
    assert!(kept < 3 << 28 && segments < 1 << 26, "{kept} and {segments} bytes");
}

#[test]
fn memory_estimate_counts_delayed_events_without_overflow() {
    let delayed = |delay| {
        let graph = Net::new(1)
            .layer(64, Neuron::Lif(lif()), Quantity::Spikes)
            .layer(64, Neuron::Lif(lif()), Quantity::Spikes)
            .connect(&[Endpoint::Input], 0, 0, linear())
            .connect(&[layer(0)], 1, delay, linear());
        Tape::new(&graph.0)
    };
    let events = |delay, checkpoint| delayed(delay).memory(90_000, checkpoint).events;
    // 300 segments: 299 copies of the 64 neurons' events, and those of the current segment.
    let more = (events(45_000, Recompute::Segments) - events(0, Recompute::Segments)) as f64;
    let expected = 8.0 * 65.0 * 45_000.0 * 299.0;
    assert!((expected..1.01 * expected).contains(&more), "{more}");
    assert_eq!(events(45_000, Recompute::None), events(0, Recompute::None));
    for checkpoint in [Recompute::None, Recompute::Segments] {
        assert!(delayed(u32::MAX).memory(usize::MAX, checkpoint).peak_bytes(2, 16) > 1 << 60);
    }
}
