//! A small task, with a network and options that learn it.

use synnet_ir::Graph;
use synnet_ir::graph::*;
use synnet_runtime::loss::CrossEntropy;
use synnet_runtime::optimizer::Adam;
use synnet_runtime::regularizer::{RateRegularizer, WeightRegularizer};
use synnet_runtime::schedule::Cosine;
use synnet_runtime::train::Augmentation;
use synnet_runtime::*;

use crate::build::*;

/// Three classes of noise over six channels: in each class, two channels are busier than the others.
pub(crate) fn toy(samples: usize, seed: u32) -> Dataset {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut chance = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        f64::from(state) / f64::from(u32::MAX)
    };
    let sample = |i: usize| {
        let class = i % 3;
        let rate = |channel: usize| if channel / 2 == class { 0.4 } else { 0.1 };
        let raster = (0..20 * 6).map(|k| f32::from(chance() < rate(k % 6))).collect();
        DenseSample { raster, steps: 20, label: Label::Class(class) }
    };
    Dataset::new(6, 20, (0..samples).map(sample).collect()).unwrap()
}

pub(crate) fn classifier(quantity: Quantity, dropout: f64) -> Graph {
    let max_threshold = if quantity == Quantity::Vmem { 32767.0 } else { 1.0 };
    let readout = Lif { threshold: parameter(&[max_threshold], false), ..lif() };
    Net::new(6)
        .layer(12, Neuron::Lif(lif()), Quantity::Spikes)
        .layer(3, Neuron::Lif(readout), quantity)
        .connect(&[Endpoint::Input], 0, 0, linear())
        .connect(&[layer(0)], 0, 0, linear())
        .connect(&[layer(0)], 1, 0, linear())
        .dropout(dropout)
        .0
}

pub(crate) fn options(readout: Readout) -> TrainOptions {
    let augmentation = Augmentation::default().with_time_shift(2).with_time_stretch(0.2);
    TrainOptions::new(CrossEntropy::new(readout), 8, 16)
        .with_optimizer(Adam::new(0.03))
        .with_schedule(Cosine::default().with_warm_up(0.5).with_floor(0.05))
        .with_seed(5)
        .with_gradient_clip(5.0)
        .with_augmentation(augmentation.with_event_drop(0.05).with_channel_drop(0.02))
        .with_rate_regularizer(RateRegularizer::new(0.1, 0.3).with_silent_weight(0.1).with_minimum(0.01))
        .with_weight_regularizer(WeightRegularizer::default().with_l2(1e-3).with_l1(1e-4))
}

pub(crate) fn trainer(quantity: Quantity, readout: Readout) -> Trainer {
    let graph = classifier(quantity, 0.2);
    Trainer::new(&graph, initial_params(&graph, 1), options(readout)).unwrap()
}

pub(crate) fn train(trainer: &mut Trainer, dataset: &Dataset, epochs: usize) -> Vec<EpochMetrics> {
    (0..epochs).map(|_| trainer.epoch(dataset, &mut |_| Control::Continue).unwrap()).collect()
}
