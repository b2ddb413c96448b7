//! Training through a transformed network.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::ThreadPoolBuilder;
use synnet_ir::graph::*;
use synnet_ir::{Network, Params, Tensor};
use synnet_runtime::loss::CustomLoss;
use synnet_runtime::optimizer::Sgd;
use synnet_runtime::tape::{Pass, Recompute, Tape};
use synnet_runtime::train::{Best, Score, Selection};
use synnet_runtime::*;

use crate::build::*;
use crate::toy_tasks::*;

/// Rounds weights to quarters, thresholds to eighths, and leaks to integer bit shifts.
fn round(network: &Network, into: &mut Network) {
    for (from, to) in network.weights.iter().zip(&mut into.weights) {
        let (Some(from), Some(to)) = (from, to) else { continue };
        let pairs = from.matrix.data.iter().zip(&mut to.matrix.data);
        pairs.for_each(|(x, rounded)| *rounded = (x * 4.0).round() / 4.0);
    }
    let dt = network.graph.dt;
    for (from, to) in network.graph.layers.iter().zip(&mut into.graph.layers) {
        let (Neuron::Lif(from), Neuron::Lif(to)) = (&from.neuron, &mut to.neuron) else { continue };
        to.threshold.values = from.threshold.values.iter().map(|x| (x * 8.0).round() / 8.0).collect();
        let shift = |leak: &Leak| Leak {
            unit: LeakUnit::BitShift,
            parameter: parameter(&[leak.dash(0, dt).round()], false),
        };
        to.mem = from.mem.as_ref().map(shift);
        to.syn = from.syn.as_ref().map(shift);
    }
}

fn rounded(network: &Network) -> Network {
    let mut into = network.clone();
    round(network, &mut into);
    into
}

/// One step of gradient descent on `(v[last] - 1)^2`, computed by hand for one hidden neuron and one readout.
#[test]
fn step_matches_a_hand_written_one() {
    let threshold = parameter(&[0.7], true);
    let surrogate = Surrogate { kind: SurrogateKind::PiecewiseLinear, window: 0.5 };
    let hidden = Lif { threshold, surrogate, ..lif() };
    let readout = Lif { threshold: parameter(&[1e4], false), ..lif() };
    let graph = Net::new(1)
        .layer(1, Neuron::Lif(hidden), Quantity::Spikes)
        .layer(1, Neuron::Lif(readout), Quantity::Vmem)
        .connect(&[Endpoint::Input], 0, 0, linear())
        .connect(&[layer(0)], 1, 0, linear())
        .0;
    let (w1, w2, theta, lr) = (0.6, 0.4, 0.7, 0.01);
    let tensor = |x| Tensor::new(vec![1, 1], vec![x as f32]);
    let tensors = [
        ("c0.weight".into(), tensor(w1)),
        ("c1.weight".into(), tensor(w2)),
        ("l0.threshold".into(), Tensor::new(vec![1], vec![theta as f32])),
    ];
    let raster = [1.0, 2.0, 0.0, 1.0, 3.0, 0.0];
    let sample = DenseSample { raster: raster.to_vec(), steps: 6, label: Label::Class(0) };
    let dataset = Dataset::new(1, 6, vec![sample]).unwrap();
    let squared = CustomLoss::new("squared", |output, _, gradient| {
        gradient[5] = 2.0 * (output[5] - 1.0);
        f64::from(output[5] - 1.0).powi(2)
    });
    let options =
        TrainOptions::new(squared, 1, 1).with_optimizer(Sgd::new(lr)).with_lr_factor("threshold", 1.0);
    let params = Params { tensors: tensors.into() };
    let mut trainer = Trainer::new(&graph, params, options).unwrap().with_forward_transform(round, 0);
    let metrics = trainer.step(&dataset, &[0]).unwrap();

    // The transformed network: leaks of 5 steps become bit shifts of 2.
    let (q1, q2, q_theta, decay) = (0.5, 0.5, 0.75, 0.75);
    let (mut i1, mut v1, mut i2, mut v2) = (0.0, 0.0, 0.0, 0.0);
    let (mut peaks, mut spikes) = ([0.0; 6], [0.0; 6]);
    for t in 0..6 {
        i1 = (i1 + q1 * f64::from(raster[t])) * decay;
        peaks[t] = v1 * decay + i1;
        spikes[t] = (peaks[t] / q_theta).floor().clamp(0.0, 31.0);
        v1 = peaks[t] - spikes[t] * q_theta;
        i2 = (i2 + q2 * spikes[t]) * decay;
        v2 = v2 * decay + i2;
    }
    assert!(spikes.iter().sum::<f64>() > 3.0, "{spikes:?}");
    assert!((metrics.loss - (v2 - 1.0).powi(2)).abs() < 1e-5, "{} {}", metrics.loss, v2);
    let (mut by_i1, mut by_v1, mut by_i2) = (0.0, 0.0, 0.0);
    let mut by_v2 = 2.0 * (v2 - 1.0);
    let (mut by_w1, mut by_w2, mut by_theta) = (0.0, 0.0, 0.0);
    for t in (0..6).rev() {
        by_i2 = by_v2 + decay * by_i2;
        by_w2 += by_i2 * decay * spikes[t];
        let by_spikes = by_i2 * decay * q2 - by_v1 * q_theta;
        let slope = if peaks[t] >= q_theta - 0.5 { 1.0 / q_theta } else { 0.0 };
        by_theta += -by_spikes * slope * peaks[t] / q_theta - by_v1 * spikes[t];
        let by_peak = by_v1 + by_spikes * slope;
        by_i1 = by_peak + decay * by_i1;
        by_w1 += by_i1 * decay * f64::from(raster[t]);
        (by_v1, by_v2) = (by_peak * decay, by_v2 * decay);
    }
    let learned = trainer.params().tensors;
    for (name, before, gradient) in
        [("c0.weight", w1, by_w1), ("c1.weight", w2, by_w2), ("l0.threshold", theta, by_theta)]
    {
        let (found, expected) = (f64::from(learned[name].data[0]), before - lr * gradient);
        assert!(gradient.abs() > 0.1 && (found - expected).abs() < 1e-5, "{name}: {found}, not {expected}");
    }
}

/// A learned time constant gets the gradient on the rounded decay, through its own decay.
#[test]
fn time_constants_learn_through_their_own_decay() {
    let learned = Lif { mem: Some(Leak { parameter: parameter(&[7e-3], true), ..tau(&[]) }), ..lif() };
    let readout = Lif { threshold: parameter(&[1e4], false), ..learned };
    let graph = Net::new(6)
        .layer(3, Neuron::Lif(readout), Quantity::Vmem)
        .connect(&[Endpoint::Input], 0, 0, linear())
        .0;
    let params = initial_params(&graph, 1);
    let network = Network::bind(&graph, &params).unwrap();
    let sum = CustomLoss::new("sum", |output, _, gradient| {
        gradient.fill(1.0);
        output.iter().map(|&v| f64::from(v)).sum()
    });
    let options = TrainOptions::new(sum, 1, 1).with_optimizer(Sgd::new(1e-7)).with_lr_factor("tau_mem", 1.0);
    let dataset = toy(1, 1);
    let mut trainer = Trainer::new(&graph, params, options).unwrap().with_forward_transform(round, 0);
    trainer.step(&dataset, &[0]).unwrap();

    let tape = Tape::new(&graph);
    let mut raster = vec![0.0; 120];
    dataset.write_sample(0, &mut raster);
    let weights = tape.pack(&rounded(&network));
    let mut workspace = tape.workspace(20, Recompute::None);
    tape.forward(&weights, &raster, Pass::Evaluation, &mut workspace);
    workspace.output_and_gradient().1.fill(1.0);
    let mut sums = tape.sums();
    tape.backward(&weights, &mut workspace, &mut sums);
    let gradients = tape.gradients(&network, &sums);
    let tau = tape.learned().specs().iter().position(|spec| spec.name == "l0.tau_mem").unwrap();
    let expected = 7e-3_f32 - 1e-7 * gradients.tensors[tau][0];
    let found = trainer.params().tensors["l0.tau_mem"].data[0];
    assert!(found != 7e-3 && (found - expected).abs() < 1e-9, "{found}, not {expected}");
}

const FROM: usize = 2;

fn aware() -> TrainOptions {
    let selection = Selection::new(Score::ValidationLoss).with_patience(2);
    options(Readout::SpikeCount).with_selection(selection)
}

fn begin(bytes: Option<&[u8]>) -> Trainer {
    let graph = classifier(Quantity::Spikes, 0.2);
    let trainer = match bytes {
        Some(bytes) => Trainer::resume(bytes, &graph, aware()),
        None => Trainer::new(&graph, initial_params(&graph, 1), aware()),
    };
    trainer.unwrap().with_forward_transform(round, FROM)
}

/// Trains to the end; after every `stop_every` batches, the trainer is saved, dropped and resumed.
fn train_to_the_end(stop_every: usize, threads: usize) -> (Vec<u8>, Vec<(Option<Best>, bool)>) {
    let (seen, held_back) = (toy(70, 4), toy(30, 5));
    let mut trainer = begin(None);
    let mut course = Vec::new();
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        while !trainer.is_finished() {
            let mut batches = 0;
            let mut metrics = trainer
                .epoch(&seen, &mut |_| {
                    batches += 1;
                    if batches == stop_every { Control::Stop } else { Control::Continue }
                })
                .unwrap();
            if metrics.complete {
                let found = trainer.validate(&held_back).unwrap();
                let network = trainer.network();
                let judged = if metrics.epoch >= FROM { rounded(network) } else { network.clone() };
                assert_eq!(found, validate(&judged, &held_back, &trainer.options().loss).unwrap());
                metrics.validation = Some(found);
                let verdict = trainer.update_best(&metrics).unwrap();
                course.push((trainer.best(), verdict.improved));
            }
            trainer = begin(Some(&trainer.checkpoint()));
        }
        (trainer.checkpoint(), course)
    })
}

#[test]
fn resumed_training_equals_uninterrupted_training() {
    let (straight, course) = train_to_the_end(usize::MAX, 1);
    for (stop_every, threads) in [(1, 1), (3, 2), (usize::MAX, 3)] {
        assert!((straight.clone(), course.clone()) == train_to_the_end(stop_every, threads));
    }
}

#[test]
fn epochs_before_the_transform_are_not_selected() {
    let (_, course) = train_to_the_end(usize::MAX, 1);
    assert!(course.len() > FROM + 2, "{course:?}");
    for (epoch, (best, improved)) in course.iter().enumerate() {
        let best = best.unwrap();
        assert!(best.epoch <= epoch && (epoch < FROM || best.epoch >= FROM), "{course:?}");
        assert!(epoch != FROM || *improved, "the first epoch with the transform is the best of its kind");
    }
}

/// The transform is not called before its epoch; from then on, it is called once per batch.
#[test]
fn the_transform_begins_with_its_epoch() {
    let dataset = toy(70, 4);
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let transform = move |network: &Network, into: &mut Network| {
        counted.fetch_add(1, Ordering::Relaxed);
        round(network, into);
    };
    let mut with = trainer(Quantity::Spikes, Readout::SpikeCount).with_forward_transform(transform, 1);
    let mut without = trainer(Quantity::Spikes, Readout::SpikeCount);
    assert_eq!(train(&mut with, &dataset, 1), train(&mut without, &dataset, 1));
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    assert_ne!(train(&mut with, &dataset, 1), train(&mut without, &dataset, 1));
    assert_eq!(calls.load(Ordering::Relaxed), 70_usize.div_ceil(16));
}
