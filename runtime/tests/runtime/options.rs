//! The effects of training options: schedules, clipping, learning rate factors, regularizers.

use synnet_ir::Graph;
use synnet_ir::graph::*;
use synnet_runtime::loss::{CrossEntropy, CustomLoss};
use synnet_runtime::optimizer::{Adam, Sgd};
use synnet_runtime::regularizer::{MembraneRegularizer, RateRegularizer, RateScope, WeightRegularizer};
use synnet_runtime::schedule::{Constant, Cosine, OneCycle, StepDecay};
use synnet_runtime::*;

use crate::build::*;
use crate::toy_tasks::*;

/// Gradient descent with a learning rate of 1, so that a step is the negative gradient.
fn plain(epochs: usize, batch: usize) -> TrainOptions {
    let loss = CrossEntropy::new(Readout::MeanVmem);
    TrainOptions::new(loss, epochs, batch).with_optimizer(Sgd::new(1.0))
}

/// Two epochs of four updates.
#[test]
fn rates_follow_their_schedule() {
    let cosine = |k: f64| 0.2 + 0.8 * 0.5 * (1.0 + (std::f64::consts::PI * k / 6.0).cos());
    let cases: [(Schedule, _); 4] = [
        (Constant::default().with_warm_up(0.5).into(), [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        (
            Cosine::default().with_warm_up(0.5).with_floor(0.2).into(),
            [0.5, 1.0, 1.0, cosine(1.0), cosine(2.0), 0.6, cosine(4.0), cosine(5.0)],
        ),
        (StepDecay::new(0.75).with_factor(0.5).into(), [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25]),
        (
            OneCycle::default().with_rise(0.375).with_start(0.2).with_floor(0.1).into(),
            [0.2, 0.6, 1.0, 0.914_058, 0.689_058, 0.410_942, 0.185_942, 0.1],
        ),
    ];
    let graph = classifier(Quantity::Vmem, 0.0);
    for (schedule, expected) in cases {
        let options = plain(2, 8).with_schedule(schedule).with_optimizer(Sgd::new(0.05));
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

/// Returns how far each tensor moves in one step.
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
fn clipping_scales_all_gradients_jointly() {
    let free = moves(plain(1, 16));
    let total = |moves: &[(String, f64)]| moves.iter().map(|(_, x)| x * x).sum::<f64>().sqrt();
    let clip = 0.3 * total(&free);
    let clipped = moves(plain(1, 16).with_gradient_clip(clip));
    assert!((total(&clipped) / clip - 1.0).abs() < 1e-4);
    for ((name, free), (_, clipped)) in free.iter().zip(&clipped) {
        assert!((clipped - 0.3 * free).abs() < 1e-5, "{name}");
    }
    let longer = moves(plain(1, 16).with_gradient_clip(2.0 * total(&free)));
    assert_eq!(longer, free);
}

#[test]
fn lr_factors_match_full_or_last_names() {
    let free = moves(plain(1, 16));
    let found = moves(plain(1, 16).with_lr_factor("weight", 0.5).with_lr_factor("c1.weight", 0.0));
    for ((name, free), (_, found)) in free.iter().zip(&found) {
        let factor = if name == "c1.weight" { 0.0 } else { 0.5 };
        assert!((found - factor * free).abs() < 1e-6, "{name}");
    }
}

#[test]
fn constants_of_neurons_step_in_units_of_their_values() {
    let taus = Leak { unit: LeakUnit::TimeConstant, parameter: parameter(&[4e-3, 40e-3, 8e-3], true) };
    let threshold = parameter(&[0.5], true);
    let readout = Lif { mem: Some(taus), threshold, ..lif() };
    let net = Net::new(6).layer(3, Neuron::Lif(readout), Quantity::Spikes);
    let graph = net.connect(&[Endpoint::Input], 0, 0, linear()).0;
    let step = |options: &TrainOptions| {
        let mut trainer = Trainer::new(&graph, initial_params(&graph, 1), options.clone()).unwrap();
        let large: Vec<String> = trainer.large_steps().iter().map(|step| step.tensor.clone()).collect();
        trainer.step(&toy(8, 1), &[0, 1, 2, 3, 4, 5, 6, 7]).unwrap();
        let tensors = trainer.params().tensors;
        (tensors["l0.tau_mem"].data.clone(), tensors["l0.threshold"].data[0], large)
    };
    let is_near = |found: f32, expected: f32| (found - expected).abs() < 1e-4 * expected;
    // The first step of Adam has the length of the learning rate.
    let lr = 0.01;
    let options =
        TrainOptions::new(CrossEntropy::new(Readout::SpikeCount), 1, 8).with_optimizer(Adam::new(lr));
    let (taus, threshold, large) = step(&options);
    for (found, before) in taus.iter().zip([4e-3, 40e-3, 8e-3]) {
        let (up, down) = (before * (1.0 + lr as f32), before * (1.0 - lr as f32));
        assert!(is_near(*found, up) || is_near(*found, down), "{taus:?}");
    }
    assert!(is_near(threshold, 0.505) || is_near(threshold, 0.495), "{threshold}");
    assert!(large.is_empty(), "{large:?}");
    // A factor replaces the unit: a hundredth of the learning rate, in seconds.
    let (taus, _, large) = step(&options.clone().with_lr_factor("tau_mem", 0.01));
    assert!(is_near(taus[1], 40.1e-3) || is_near(taus[1], 39.9e-3), "{taus:?}");
    assert_eq!(large, ["l0.tau_mem"], "a step of 0.1 ms is 2.5 % of 4 ms");
    assert_eq!(step(&options.with_optimizer(Adam::new(0.021))).2, ["l0.tau_mem", "l0.threshold"]);
}

/// A hidden layer and an output, both far below their thresholds, where the surrogate is zero: the loss is a
/// smooth function of everything that learns.
fn quiet() -> Graph {
    let learn = |value| Leak { unit: LeakUnit::TimeConstant, parameter: parameter(&[value], true) };
    let hidden = Lif {
        mem: Some(learn(6e-3)),
        syn: Some(learn(4e-3)),
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

/// Returns the loss of a step with regularizers only, and the tensors after it.
fn regularized(graph: &Graph, params: &synnet_ir::Params, options: TrainOptions) -> (f64, synnet_ir::Params) {
    let options = options.with_loss(CustomLoss::new("none", |_, _, _| 0.0));
    let mut trainer = Trainer::new(graph, params.clone(), options).unwrap();
    let dataset = toy(20, 1);
    let metrics = trainer.step(&dataset, &[3, 7, 1]).unwrap();
    (metrics.loss, trainer.params())
}

#[test]
fn membrane_and_weight_regularizers_match_finite_differences() {
    let graph = quiet();
    let params = initial_params(&graph, 2);
    // Time constants are small numbers and need a smaller step.
    let (lr, tau_factor) = (1e-3, 1e-4);
    let options = plain(1, 3)
        .with_optimizer(Sgd::new(lr))
        .with_membrane_regularizer(MembraneRegularizer::new(300.0, -0.01, 0.02))
        .with_weight_regularizer(WeightRegularizer::default().with_l2(0.02).with_l1(0.01))
        .with_lr_factor("tau_mem", tau_factor)
        .with_lr_factor("tau_syn", tau_factor);
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

/// A penalty on the rates of a hidden layer moves the weights before it like a loss on its spikes.
#[test]
fn rate_regularizers_match_losses_on_the_raster() {
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
    for per in [RateScope::Layer, RateScope::Neuron] {
        let regularizer =
            RateRegularizer::new(2.0, 0.1).with_silent_weight(40.0).with_minimum(0.09).with_per(per);
        let options = plain(1, 3).with_rate_regularizer(regularizer);
        let (penalty, penalized) = regularized(&hidden, &params, options);

        let loss = CustomLoss::new("rates", move |output, _, gradient| {
            let total = |n: usize| output.iter().skip(n).step_by(9).sum::<f32>();
            let totals: Vec<f32> = (0..9).map(total).collect();
            let mut slopes = [0.0; 9];
            let penalty = regularizer.penalty(&totals, 20, &mut slopes);
            gradient.chunks_exact_mut(9).for_each(|row| row.copy_from_slice(&slopes));
            penalty
        });
        let options = plain(1, 3).with_loss(loss);
        let mut trainer = Trainer::new(&alone, params_alone.clone(), options).unwrap();
        let metrics = trainer.step(&dataset, &[3, 7, 1]).unwrap();
        assert!(penalty > 0.0 && (metrics.loss - penalty).abs() < 1e-9, "{penalty}, not {}", metrics.loss);
        let expected = trainer.params();
        assert_ne!(expected, params_alone);
        for (name, tensor) in &expected.tensors {
            for (found, expected) in penalized.tensors[name].data.iter().zip(&tensor.data) {
                assert!((found - expected).abs() < 1e-6, "{name}: {found}, not {expected}");
            }
        }
        assert_eq!(penalized.tensors["c2.weight"], params.tensors["c2.weight"]);
    }
}
