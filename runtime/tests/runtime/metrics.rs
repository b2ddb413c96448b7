//! Metrics and warnings of training.

use synnet_ir::graph::*;
use synnet_runtime::loss::MeanSquaredError;
use synnet_runtime::optimizer::Sgd;
use synnet_runtime::train::{Augmentation, Score, Selection, WarningKind};
use synnet_runtime::*;

use crate::build::*;
use crate::toy_tasks::*;

#[test]
fn layer_metrics_match_the_interpreter() {
    let graph = classifier(Quantity::Spikes, 0.0);
    let options = options(Readout::SpikeCount)
        .with_augmentation(Augmentation::default())
        .with_optimizer(Sgd::new(1e-30));
    let mut trainer = Trainer::new(&graph, initial_params(&graph, 1), options).unwrap();
    let dataset = toy(50, 3);
    let mut live = Vec::new();
    let mut watch = |progress: Progress<'_>| {
        live = progress.layers.to_vec();
        assert!(progress.gradient_norm > 0.0 && progress.lr > 0.0);
        Control::Continue
    };
    let metrics = trainer.epoch(&dataset, &mut watch).unwrap();
    assert_eq!(live, metrics.layers);

    let raster = dataset_as_sequence(&dataset);
    let run = Interpreter::new(trainer.network()).run(&raster, Tracing::On, 0).unwrap();
    for (found, trace) in metrics.layers.iter().zip(&run.layers) {
        let spikes = trace.spikes.as_ref().unwrap();
        let total = |neuron: usize| spikes.data.iter().skip(neuron).step_by(spikes.width).sum::<f32>();
        let totals: Vec<f32> = (0..spikes.width).map(total).collect();
        let fraction = |which: &dyn Fn(f32) -> bool| {
            totals.iter().filter(|&&n| which(n)).count() as f64 / totals.len() as f64
        };
        assert_eq!(found.layer, trace.name);
        let rate = f64::from(totals.iter().sum::<f32>()) / (1000 * totals.len()) as f64;
        assert!((found.rate - rate).abs() < 1e-12);
        assert_eq!(found.silent_neurons, fraction(&|n| n == 0.0));
        assert_eq!(found.saturated_neurons, fraction(&|n| n >= 950.0));
        let silent = (0..50).filter(|&b| spikes.sample(b).iter().all(|&n| n == 0.0)).count();
        assert_eq!(found.silent_samples, silent as f64 / 50.0);
    }
    // `c0` and `c1` lead into the first layer.
    let norm = |name: &str| metrics.gradient_norms.iter().find(|(n, _)| n == name).unwrap().1;
    let layer = metrics.layers[1].gradient_norm;
    assert!((layer - norm("c2.weight")).abs() < 1e-9);
    assert!(metrics.layers[0].gradient_norm >= norm("c0.weight").max(norm("c1.weight")));
}

fn dataset_as_sequence(dataset: &Dataset) -> Sequence {
    let (samples, size) = (dataset.samples().len(), dataset.steps() * dataset.channels());
    let mut data = vec![0.0; samples * size];
    data.chunks_exact_mut(size).enumerate().for_each(|(i, raster)| dataset.write_sample(i, raster));
    Sequence::new(samples, dataset.steps(), dataset.channels(), data).unwrap()
}

/// A chain of layers in which every weight is `weight`.
fn warnings(weight: f32, threshold: f64) -> Vec<(WarningKind, String)> {
    let neuron = Lif { threshold: parameter(&[threshold], false), ..lif() };
    let readout = Lif { threshold: parameter(&[32767.0], false), ..lif() };
    let graph = Net::new(6)
        .layer(4, Neuron::Lif(neuron), Quantity::Spikes)
        .layer(3, Neuron::Lif(readout), Quantity::Vmem)
        .connect(&[Endpoint::Input], 0, 0, linear())
        .connect(&[layer(0)], 1, 0, linear())
        .0;
    let mut params = initial_params(&graph, 1);
    params.tensors.get_mut("c0.weight").unwrap().data.fill(weight);
    let mut options = options(Readout::MeanVmem);
    options.rate_regularizer = None;
    let mut trainer = Trainer::new(&graph, params, options).unwrap();
    let metrics = train(&mut trainer, &toy(32, 1), 1).remove(0);
    metrics.warnings.iter().map(|warning| (warning.kind, warning.to_string())).collect()
}

#[test]
fn silent_and_saturated_layers_cause_warnings() {
    let found = warnings(-1.0, 1.0);
    let sentence = "layer `l0` is silent in 100 % of the samples: the weights of `c0` are too small, or the \
                    threshold is too high";
    assert_eq!(found[0], (WarningKind::SilentLayer, sentence.to_owned()));
    let sentence = "100 % of the neurons in layer `l0` spike in nearly every step: the weights of `c0` are too \
                    large, or the threshold is too low";
    assert_eq!(warnings(2.0, 1.0), [(WarningKind::SaturatedNeurons, sentence.to_owned())]);
    assert_eq!(warnings(0.3, 1.0), []);
    // Far below its threshold, a layer gets no gradient, and neither does the layer that it feeds.
    let kinds: Vec<WarningKind> = warnings(-1.0, 1e4).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [WarningKind::SilentLayer, WarningKind::NoGradient, WarningKind::NoInput]);
}

#[test]
fn validation_is_evaluation_with_a_loss() {
    let mut trainer = trainer(Quantity::Vmem, Readout::MeanVmem);
    train(&mut trainer, &toy(60, 1), 2);
    let held_back = toy(40, 2);
    let found = trainer.validate(&held_back).unwrap();
    let evaluation = evaluate(trainer.network(), &held_back, Readout::MeanVmem).unwrap();
    assert_eq!(found.accuracy, Some(evaluation.accuracy));
    assert_eq!(found.rates, evaluation.rates);
    // The same from traces of the whole set: samples are independent of each other.
    let mut rasters = Vec::new();
    for i in 0..40 {
        let mut raster = vec![0.0; held_back.steps() * held_back.channels()];
        held_back.write_sample(i, &mut raster);
        rasters.extend(raster);
    }
    let input = Sequence::new(40, held_back.steps(), held_back.channels(), rasters).unwrap();
    let run = Interpreter::new(trainer.network()).run(&input, Tracing::On, 0).unwrap();
    for (layer, (name, rate)) in run.layers.iter().zip(&found.rates) {
        let spikes = layer.spikes.as_ref().unwrap();
        let total: f64 = spikes.data.iter().map(|&n| f64::from(n)).sum();
        assert_eq!((&layer.name, total / spikes.data.len() as f64), (name, *rate));
    }
    let losses = held_back.samples().iter().enumerate().map(|(b, sample)| {
        assert_eq!(evaluation.scores_of(b), Readout::MeanVmem.statistic(run.output.sample(b), 3));
        trainer.options().loss.sample_loss(run.output.sample(b), 3, &sample.label, &mut [])
    });
    assert!((found.loss - losses.sum::<f64>() / 40.0).abs() < 1e-12);
}

#[test]
fn missing_selection_score_is_an_error() {
    let graph = classifier(Quantity::Vmem, 0.0);
    let params = initial_params(&graph, 1);
    let options = options(Readout::MeanVmem).with_selection(Selection::new(Score::ValidationAccuracy));
    let mut trainer = Trainer::new(&graph, params.clone(), options.clone()).unwrap();
    let metrics = train(&mut trainer, &toy(16, 1), 1).remove(0);
    assert_eq!(
        trainer.update_best(&metrics).unwrap_err().to_string(),
        "epochs are selected by `validation_accuracy`, which was not measured; add a validation set"
    );
    let errors = Trainer::new(&graph, params, options.with_loss(MeanSquaredError::new())).unwrap_err();
    assert_eq!(errors[0].message, "`selection.by` is `validation_accuracy`, but the loss has no classes");
}

#[test]
fn last_epoch_is_best_without_selection() {
    let mut trainer = trainer(Quantity::Vmem, Readout::MeanVmem);
    for epoch in 1..=8 {
        let metrics = train(&mut trainer, &toy(16, 1), 1).remove(0);
        let verdict = trainer.update_best(&metrics).unwrap();
        assert!(verdict.improved && verdict.stop == (epoch == 8));
    }
    assert!(trainer.best().is_none());
    assert_eq!(trainer.best_params(), trainer.params());
}
