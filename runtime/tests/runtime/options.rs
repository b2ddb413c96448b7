//! What options do in training: schedules, clipping, factors on rates, regularisers.

use synnet_ir::graph::*;
use synnet_runtime::loss::CrossEntropy;
use synnet_runtime::optimizer::Sgd;
use synnet_runtime::regularizer::{MembraneRegularizer, RateOf, RateRegularizer, WeightRegularizer};
use synnet_runtime::*;

use crate::build::*;
use crate::tasks::*;

/// Gradient descent at a rate of 1, so that a step is the negative gradient.
fn plain(epochs: usize, batch: usize) -> TrainOptions {
    let optimizer = Optimizer::Sgd(Sgd { lr: 1.0, ..Sgd::default() });
    let loss = Loss::CrossEntropy(CrossEntropy::new(Readout::MeanVmem));
    TrainOptions { optimizer, ..TrainOptions::new(loss, epochs, batch) }
}

/// Two epochs of four updates.
#[test]
fn rates_follow_their_schedule() {
    let cosine = |k: f64| 0.2 + 0.8 * 0.5 * (1.0 + (std::f64::consts::PI * k / 6.0).cos());
    let cases = [
        (Schedule::Constant { warm_up: 0.5 }, [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        (
            Schedule::Cosine { warm_up: 0.5, floor: 0.2 },
            [0.5, 1.0, 1.0, cosine(1.0), cosine(2.0), 0.6, cosine(4.0), cosine(5.0)],
        ),
        (
            Schedule::Step { warm_up: 0.0, every: 0.75, factor: 0.5 },
            [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25],
        ),
        (
            Schedule::OneCycle { rise: 0.375, start: 0.2, floor: 0.1 },
            [0.2, 0.6, 1.0, 0.914_058, 0.689_058, 0.410_942, 0.185_942, 0.1],
        ),
    ];
    let graph = classifier(Quantity::Vmem, 0.0);
    for (schedule, expected) in cases {
        let optimizer = Optimizer::Sgd(Sgd { lr: 0.05, ..Sgd::default() });
        let options = TrainOptions { schedule, optimizer, ..plain(2, 8) };
        let mut trainer = Trainer::new(&graph, initial_params(&graph, 1), options).unwrap();
        let mut rates = Vec::new();
        for _ in 0..2 {
            let mut watch = |progress: Progress<'_>| {
                rates.push(progress.lr / 0.05);
                Control::Continue
            };
            trainer.epoch(&toy(32, 1), &mut watch).unwrap();
        }
        assert_eq!(rates.len(), 8);
        for (found, expected) in rates.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{schedule:?}: {rates:?}");
        }
    }
}

/// How far each tensor moves in one step.
fn moves(options: TrainOptions) -> Vec<(String, f64)> {
    let graph = classifier(Quantity::Vmem, 0.0);
    let params = initial_params(&graph, 1);
    let mut trainer = Trainer::new(&graph, params.clone(), options).unwrap();
    train(&mut trainer, &toy(16, 1), 1);
    let after = trainer.params().tensors;
    let distance = |(name, before): (&String, &synnet_ir::Tensor)| {
        let squares = before.data.iter().zip(&after[name].data).map(|(x, y)| f64::from(x - y).powi(2));
        (name.clone(), squares.sum::<f64>().sqrt())
    };
    params.tensors.iter().map(distance).collect()
}

#[test]
fn clipping_shortens_all_gradients_together() {
    let free = moves(plain(1, 16));
    let total = |moves: &[(String, f64)]| moves.iter().map(|(_, x)| x * x).sum::<f64>().sqrt();
    let clip = 0.3 * total(&free);
    let clipped = moves(TrainOptions { gradient_clip: Some(clip), ..plain(1, 16) });
    assert!((total(&clipped) / clip - 1.0).abs() < 1e-4);
    for ((name, free), (_, clipped)) in free.iter().zip(&clipped) {
        assert!((clipped - 0.3 * free).abs() < 1e-5, "{name}");
    }
    let longer = moves(TrainOptions { gradient_clip: Some(2.0 * total(&free)), ..plain(1, 16) });
    assert_eq!(longer, free);
}

#[test]
fn factors_on_rates_name_tensors_or_the_last_parts_of_names() {
    let free = moves(plain(1, 16));
    let lr_factors = [("weight".to_owned(), 0.5), ("c1.weight".to_owned(), 0.0)].into();
    let found = moves(TrainOptions { lr_factors, ..plain(1, 16) });
    for ((name, free), (_, found)) in free.iter().zip(&found) {
        let factor = if name == "c1.weight" { 0.0 } else { 0.5 };
        assert!((found - factor * free).abs() < 1e-6, "{name}");
    }
}

/// A hidden layer and an output, both far below their thresholds, where the surrogate is zero: everything
/// is a smooth function of what learns.
fn quiet() -> Graph {
    let learn = |value| Leak { unit: LeakUnit::TimeConstant, parameter: parameter(&[value], true) };
    let hidden = Lif {
        mem: learn(6e-3),
        syn: learn(4e-3),
        bias: parameter(&[0.1], true),
        threshold: parameter(&[50.0], false),
        surrogate: Surrogate { kind: SurrogateKind::PiecewiseLinear, window: 0.5 },
        ..lif()
    };
    Net::new(6)
        .layer(7, Neuron::Lif(hidden.clone()), Quantity::Spikes)
        .layer(3, Neuron::Lif(hidden), Quantity::Vmem)
        .connect(&[Endpoint::Input], 0, 0, linear_with_bias())
        .connect(&[layer(0)], 1, 0, linear())
        .0
}

/// The loss of a step in which only regularisers count, and the tensors after it.
fn regularized(graph: &Graph, params: &synnet_ir::Params, options: TrainOptions) -> (f64, synnet_ir::Params) {
    let mut trainer = Trainer::new(graph, params.clone(), options).unwrap();
    let dataset = toy(20, 1);
    let metrics = trainer.step_with(&dataset, &[3, 7, 1], &|_, _, _| 0.0).unwrap();
    (metrics.loss, trainer.params())
}

#[test]
fn regularisers_of_membranes_and_weights_train_along_their_finite_differences() {
    let graph = quiet();
    let params = initial_params(&graph, 2);
    // Time constants are small numbers, to be moved by less.
    let (lr, tau_factor) = (1e-3, 1e-4);
    let options = TrainOptions {
        optimizer: Optimizer::Sgd(Sgd { lr, ..Sgd::default() }),
        membrane_regularizer: Some(MembraneRegularizer { weight: 300.0, low: -0.01, high: 0.02 }),
        weight_regularizer: Some(WeightRegularizer { l2: 0.02, l1: 0.01 }),
        lr_factors: ["tau_mem", "tau_syn"].map(|name| (name.to_owned(), tau_factor)).into(),
        ..plain(1, 3)
    };
    let (_, after) = regularized(&graph, &params, options.clone());
    for (name, tensor) in &params.tensors {
        let is_tau = name.contains("tau");
        for (i, &value) in tensor.data.iter().enumerate() {
            let step = 0.01 * value.abs().max(if is_tau { 0.0 } else { 0.1 });
            let at = |shift: f32| {
                let mut params = params.clone();
                params.tensors.get_mut(name).unwrap().data[i] += shift;
                regularized(&graph, &params, options.clone()).0
            };
            let slope = (at(step) - at(-step)) / f64::from(2.0 * step);
            let found =
                f64::from(value - after.tensors[name].data[i]) / (lr * if is_tau { tau_factor } else { 1.0 });
            let error = (found - slope).abs();
            assert!(error < 2e-2 * slope.abs().max(0.5), "{name}[{i}]: {found}, not {slope}");
        }
    }
}

/// A price on the rates of a hidden layer moves the weights before it as a loss on its raster does.
#[test]
fn regularisers_of_rates_train_as_losses_on_the_raster() {
    let net = Net::new(6)
        .layer(9, Neuron::Lif(lif()), Quantity::Spikes)
        .connect(&[Endpoint::Input], 0, 0, linear())
        .connect(&[layer(0)], 0, 0, linear());
    let alone = net.0.clone();
    let hidden = net.layer(3, Neuron::Lif(lif()), Quantity::Vmem).connect(&[layer(0)], 1, 0, linear()).0;
    let params = initial_params(&hidden, 4);
    let mut params_alone = params.clone();
    params_alone.tensors.remove("c2.weight");
    let dataset = toy(20, 1);
    for per in [RateOf::Layer, RateOf::Neuron] {
        let regularizer = RateRegularizer { weight: 2.0, target: 0.1, silent_weight: 40.0, least: 0.09, per };
        let options = TrainOptions { rate_regularizer: Some(regularizer), ..plain(1, 3) };
        let (price, priced) = regularized(&hidden, &params, options);

        let options =
            TrainOptions { loss: Loss::CrossEntropy(CrossEntropy::new(Readout::SpikeCount)), ..plain(1, 3) };
        let mut trainer = Trainer::new(&alone, params_alone.clone(), options).unwrap();
        let loss = |output: &[f32], _: &Target, gradient: &mut [f32]| {
            let total = |n: usize| output.iter().skip(n).step_by(9).sum::<f32>();
            let totals: Vec<f32> = (0..9).map(total).collect();
            let mut slopes = [0.0; 9];
            let price = regularizer.price(&totals, 20, &mut slopes);
            gradient.chunks_exact_mut(9).for_each(|row| row.copy_from_slice(&slopes));
            price
        };
        let metrics = trainer.step_with(&dataset, &[3, 7, 1], &loss).unwrap();
        assert!(price > 0.0 && (metrics.loss - price).abs() < 1e-9, "{price}, not {}", metrics.loss);
        let expected = trainer.params();
        assert_ne!(expected, params_alone);
        for (name, tensor) in &expected.tensors {
            for (found, expected) in priced.tensors[name].data.iter().zip(&tensor.data) {
                assert!((found - expected).abs() < 1e-6, "{name}: {found}, not {expected}");
            }
        }
        assert_eq!(priced.tensors["c2.weight"], params.tensors["c2.weight"]);
    }
}
