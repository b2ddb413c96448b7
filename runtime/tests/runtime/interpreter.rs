//! The interpreter: states, noise and errors. The corpus of networks compares its results with the
//! equations.

use synnet_ir::Network;
use synnet_ir::graph::*;

use crate::build::*;
use synnet_runtime::{Interpreter, Sequence, Tracing, initial_params};
use synnet_tests::corpus::case;
use synnet_tests::engines::compiled;

/// A network with everything that a graph can have.
fn everything() -> Network {
    compiled(&case("all_features")).network
}

fn input(batch: usize, time: usize, channels: usize) -> Sequence {
    let counts = (0..batch * time * channels).map(|i| [2.0, 0.0, 0.0, 1.0, 0.0, 3.0, 0.0][i * i % 61 % 7]);
    Sequence::new(batch, time, channels, counts.collect()).unwrap()
}

#[test]
fn steps_match_a_run() {
    let network = everything();
    let mut interpreter = Interpreter::new(&network);
    let input = input(2, 30, 4);
    let run = interpreter.run(&input, Tracing::Off, 0).unwrap();
    assert!(run.layers.is_empty());
    for b in 0..2 {
        interpreter.reset();
        for t in 0..30 {
            assert_eq!(interpreter.step(input.row(b, t)), run.output.row(b, t));
        }
    }
}

#[test]
fn noise_depends_on_seed_and_batch_index() {
    let noisy = Lif { noise_std: 3.0, ..lif() };
    let graph = Net::new(1)
        .layer(50, Neuron::Lif(noisy), Quantity::Vmem)
        .connect(&[Endpoint::Input], 0, 0, linear())
        .0;
    let network = Network::bind(&graph, &initial_params(&graph, 0)).unwrap();
    let mut interpreter = Interpreter::new(&network);
    let silence = Sequence::new(2, 200, 1, vec![0.0; 400]).unwrap();
    let run = |seed| interpreter.run(&silence, Tracing::Off, seed).unwrap().output;
    let first = run(1);
    assert_eq!(first, run(1));
    assert_ne!(first, run(2));
    assert_ne!(first.sample(0), first.sample(1));
    // In the first step, the membrane is the noise itself: 3 * sqrt(1 ms).
    let mean_square =
        (0..200).map(|seed| run(seed).row(0, 0).iter().map(|x| x * x).sum::<f32>() / 50.0).sum::<f32>()
            / 200.0;
    assert!((mean_square.sqrt() / (3.0 * 1e-3_f32.sqrt()) - 1.0).abs() < 0.05, "{mean_square}");
    interpreter.reset_with_seed(1);
    assert_eq!(interpreter.step(&[0.0]), first.row(0, 0));
}

#[test]
fn an_input_of_another_width_is_an_error() {
    let error = Interpreter::new(&everything()).run(&input(1, 2, 3), Tracing::Off, 0).unwrap_err();
    assert_eq!(error.to_string(), "the input has 3 channels, but network `AllFeatures` takes 4");
}

#[test]
fn long_delays_allocate_lazily() {
    let graph = Net::new(1)
        .layer(1, Neuron::Lif(lif()), Quantity::Spikes)
        .connect(&[Endpoint::Input], 0, u32::MAX, Operator::Identity)
        .0;
    let network = Network::bind(&graph, &initial_params(&graph, 0)).unwrap();
    let run = Interpreter::new(&network).run(&input(1, 10, 1), Tracing::Off, 0).unwrap();
    assert_eq!(run.output.data, [0.0; 10]);
}
