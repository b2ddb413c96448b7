//! The same weights, bit for bit, for any number of threads, and however often training is stopped.

use rayon::ThreadPoolBuilder;
use safetensors::SafeTensors;
use synnet_ir::graph::*;
use synnet_ir::{Graph, Network, Params, Tensor};
use synnet_runtime::loss::CrossEntropy;
use synnet_runtime::optimizer::{AdamW, Sgd};
use synnet_runtime::regularizer::MembraneRegularizer;
use synnet_runtime::schedule::{OneCycle, StepDecay};
use synnet_runtime::tape::Recompute;
use synnet_runtime::train::{Augmentation, Averaging, CheckpointInfo, Score, Selection};
use synnet_runtime::*;

use crate::build::*;
use crate::toy_tasks::*;

/// Recurrent layers, adaptive neurons, noise, dropout, delays and learned neuron parameters.
fn everything() -> Graph {
    let learn = |value| Leak { unit: LeakUnit::TimeConstant, parameter: parameter(&[value], true) };
    let adaptation = Some(Adaptation { leak: learn(8e-3), w_ahp: parameter(&[-0.3], true) });
    let noisy = Lif { noise_std: 0.5, mem: Some(learn(5e-3)), syn: Some(learn(4e-3)), ..lif() };
    let adaptive = Lif { adaptation, threshold: parameter(&[0.8], true), ..lif() };
    Net::new(6)
        .layer(12, Neuron::Lif(noisy), Quantity::Spikes)
        .layer(9, Neuron::Lif(adaptive), Quantity::Spikes)
        .layer(3, Neuron::Lif(Lif { threshold: parameter(&[1e4], false), ..lif() }), Quantity::Vmem)
        .connect(&[Endpoint::Input], 0, 0, linear_with_bias())
        .connect(&[layer(0)], 1, 2, linear())
        .connect(&[layer(1)], 0, 0, linear())
        .connect(&[layer(1)], 1, 0, linear())
        .connect(&[layer(1)], 2, 0, linear())
        .dropout(0.2)
        .0
}

/// Options that are all different from their defaults.
fn every_option() -> TrainOptions {
    let loss = CrossEntropy::new(Readout::MeanVmem).with_label_smoothing(0.1);
    let options = options(Readout::MeanVmem);
    let augmentation =
        options.augmentation.with_time_jitter(0.7).with_channel_shift(1).with_channel_warp(0.5);
    options
        .with_loss(loss.with_class_weights(vec![1.0, 2.0, 0.5]))
        .with_optimizer(AdamW::new(3e-3))
        .with_lr_factor("tau_mem", 1e-2)
        .with_lr_factor("tau_ahp", 1e-2)
        .with_schedule(OneCycle::default().with_rise(0.4).with_start(0.1).with_floor(0.01))
        .with_augmentation(augmentation)
        .with_averaging(Averaging::new(1.5))
        .with_membrane_regularizer(MembraneRegularizer::new(0.01, -1.0, 2.0))
        .with_recompute(Recompute::Segments)
        .with_selection(Selection::new(Score::Loss).with_patience(5))
}

/// The toy task, with samples that are long enough for several segments.
fn long_toy(samples: usize) -> Dataset {
    let short = toy(samples * 8, 3);
    let mut piece = vec![0.0; 20 * 6];
    let mut sample = |i: usize| {
        // Every third sample has the same class.
        let pieces = (0..8).flat_map(|k| {
            short.write_sample(i % 3 + 3 * ((i / 3 * 8 + k) % (samples * 8 / 3)), &mut piece);
            piece.clone()
        });
        DenseSample { raster: pieces.collect(), steps: 160, label: Label::Class(i % 3) }
    };
    Dataset::new(6, 160, (0..samples).map(&mut sample).collect()).unwrap()
}

fn train_with(threads: usize, options: &TrainOptions) -> (Vec<u8>, Params, Vec<EpochMetrics>) {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let graph = everything();
    pool.install(|| {
        let mut trainer = Trainer::new(&graph, initial_params(&graph, 1), options.clone()).unwrap();
        let dataset = long_toy(50);
        let epochs = (0..3).map(|_| {
            let metrics = train(&mut trainer, &dataset, 1).remove(0);
            trainer.update_best(&metrics).unwrap();
            metrics
        });
        let epochs = epochs.collect();
        (trainer.checkpoint(), trainer.params(), epochs)
    })
}

#[test]
fn weights_do_not_depend_on_the_number_of_threads() {
    let options = every_option();
    let one = train_with(1, &options);
    for threads in [2, 5] {
        assert!(one == train_with(threads, &options), "{threads} threads give other weights");
    }
    let other = train_with(1, &options.with_seed(6));
    assert_ne!(other.1, one.1, "the seed decides");
}

#[test]
fn weights_do_not_depend_on_recomputing() {
    let segments = every_option();
    let whole = segments.clone().with_recompute(Recompute::None);
    let (segments, whole) = (train_with(2, &segments), train_with(2, &whole));
    assert_eq!(segments.2, whole.2);
    assert_eq!(segments.1, whole.1);
}

/// With a long time constant, the average is the mean over all updates; it is what is validated and selected.
#[test]
fn averages_replace_the_last_weights() {
    let (graph, dataset) = (everything(), long_toy(12));
    let options = options(Readout::MeanVmem).with_averaging(Averaging::new(1e6));
    let mut trainer = Trainer::new(&graph, initial_params(&graph, 1), options.clone()).unwrap();
    let mut sum: Option<Vec<f64>> = None;
    let values = |params: &Params| -> Vec<f64> {
        params.tensors.values().flat_map(|tensor| &tensor.data).map(|x| f64::from(*x)).collect()
    };
    for i in 0..4 {
        trainer.step(&dataset, &[i, i + 4, i + 8]).unwrap();
        let now = values(&trainer.params());
        sum = Some(sum.map_or(now.clone(), |sum| sum.iter().zip(&now).map(|(a, b)| a + b).collect()));
    }
    let averages = values(&trainer.best_params());
    let differ = averages.iter().zip(&sum.unwrap()).any(|(average, sum)| (average - sum / 4.0).abs() > 1e-5);
    assert!(!differ, "the averages are the means");
    let averaged = Network::bind(&graph, &trainer.best_params()).unwrap();
    let direct = Trainer::new(&averaged.graph, trainer.best_params(), options.clone()).unwrap();
    assert_eq!(trainer.validate(&dataset).unwrap(), direct.validate(&dataset).unwrap());
    let resumed = Trainer::resume(&trainer.checkpoint(), &graph, options).unwrap();
    assert_eq!(resumed.best_params(), trainer.best_params());
}

/// A sample whose values overflow fails an epoch in the middle: the state is that after the batches before
/// it.
#[test]
fn failed_batch_keeps_earlier_batches() {
    let graph = everything();
    let mut params = initial_params(&graph, 1);
    params.tensors.get_mut("c0.weight").unwrap().data.fill(1.0);
    let good = long_toy(24);
    let mut samples: Vec<DenseSample> = (0..24)
        .map(|i| {
            let mut raster = vec![0.0; 160 * 6];
            good.write_sample(i, &mut raster);
            DenseSample { raster, steps: 160, label: Label::Class(i % 3) }
        })
        .collect();
    samples[17].raster[100 * 6 + 2] = 3e38;
    samples[17].raster[100 * 6 + 3] = 3e38;
    let dataset = Dataset::new(6, 160, samples).unwrap();
    let options = every_option().with_batch(4).with_augmentation(Augmentation::default());
    let mut trainer = Trainer::new(&graph, params.clone(), options.clone()).unwrap();
    let error = trainer.epoch(&dataset, &mut |_| Control::Continue).unwrap_err();
    let TrainError::NonFinite { sample: 17, epoch: 0, batch, layer: Some(ref layer), step: Some(100) } =
        error
    else {
        panic!("{error}")
    };
    assert!(batch > 0 && layer == "l0", "{batch}, {layer}");

    let mut until = Trainer::new(&graph, params, options.clone()).unwrap();
    let mut watch =
        |progress: Progress<'_>| if progress.batch == batch { Control::Stop } else { Control::Continue };
    until.epoch(&dataset, &mut watch).unwrap();
    let bytes = until.checkpoint();
    assert_eq!(trainer.checkpoint(), bytes);
    // It fails again in the same way, also after a checkpoint.
    let mut resumed = Trainer::resume(&bytes, &graph, options).unwrap();
    for trainer in [&mut trainer, &mut resumed] {
        assert_eq!(trainer.epoch(&dataset, &mut |_| Control::Continue).unwrap_err(), error);
        assert_eq!(trainer.checkpoint(), bytes);
    }
}

/// Every optimizer, with early stopping by a validation set.
fn recipes() -> [TrainOptions; 3] {
    let sgd = Sgd::new(0.3).with_momentum(0.8).with_nesterov(true).with_weight_decay(1e-3);
    let select = |by| Selection::new(by).with_patience(2);
    let options = options(Readout::SpikeCount);
    [
        options
            .clone()
            .with_optimizer(sgd)
            .with_schedule(OneCycle::default().with_rise(0.4).with_start(0.1).with_floor(0.0))
            .with_selection(select(Score::ValidationLoss)),
        options
            .clone()
            .with_optimizer(AdamW::new(0.03))
            .with_schedule(StepDecay::new(2.0).with_warm_up(0.5).with_factor(0.3))
            .with_selection(select(Score::ValidationAccuracy)),
        options.with_selection(select(Score::Loss)),
    ]
}

/// Trains to the end, and returns the last checkpoint and the number of epochs. After every `stop_every`
/// batches, the trainer is saved, dropped and resumed.
fn train_to_the_end(options: &TrainOptions, stop_every: usize) -> (Vec<u8>, usize) {
    let (seen, held_back) = (toy(70, 4), toy(30, 5));
    let graph = classifier(Quantity::Spikes, 0.2);
    let mut trainer = Trainer::new(&graph, initial_params(&graph, 1), options.clone()).unwrap();
    let mut stops = 0;
    while !trainer.is_finished() {
        let mut batches = 0;
        let mut watch = |_: Progress<'_>| {
            batches += 1;
            if batches == stop_every { Control::Stop } else { Control::Continue }
        };
        let mut metrics = trainer.epoch(&seen, &mut watch).unwrap();
        if metrics.complete {
            metrics.validation = Some(trainer.validate(&held_back).unwrap());
            let verdict = trainer.update_best(&metrics).unwrap();
            assert_eq!(verdict.improved, trainer.best().is_some_and(|best| best.epoch == metrics.epoch));
            assert_eq!(verdict.stop, trainer.is_finished());
        } else {
            stops += 1;
        }
        let bytes = trainer.checkpoint();
        assert_eq!(bytes, trainer.checkpoint());
        trainer = Trainer::resume(&bytes, &graph, options.clone()).unwrap();
    }
    assert_eq!(stops > 0, stop_every < 5);
    (trainer.checkpoint(), trainer.epochs_done())
}

#[test]
fn resumed_training_equals_uninterrupted_training() {
    let mut stopped_early = 0;
    for options in recipes() {
        let (straight, epochs) = train_to_the_end(&options, usize::MAX);
        stopped_early += usize::from(epochs < options.epochs);
        for stop_every in [1, 3] {
            assert!((straight.clone(), epochs) == train_to_the_end(&options, stop_every), "{options:?}");
        }
    }
    assert!(stopped_early > 0, "some training stops early");
}

#[test]
fn best_weights_come_from_the_best_epoch() {
    let dataset = toy(70, 4);
    let options = options(Readout::SpikeCount).with_selection(Selection::new(Score::Loss));
    let graph = classifier(Quantity::Spikes, 0.2);
    let mut trainer = Trainer::new(&graph, initial_params(&graph, 1), options.clone()).unwrap();
    let mut after = Vec::new();
    for metrics in (0..6).map(|_| train(&mut trainer, &dataset, 1).remove(0)).collect::<Vec<_>>() {
        after.push(metrics.loss);
    }
    let mut again = Trainer::new(&graph, initial_params(&graph, 1), options).unwrap();
    let mut weights = Vec::new();
    for &loss in &after {
        let metrics = train(&mut again, &dataset, 1).remove(0);
        assert_eq!(metrics.loss, loss);
        again.update_best(&metrics).unwrap();
        weights.push(again.params());
    }
    let least = after.iter().copied().fold(f64::INFINITY, f64::min);
    let best = again.best().unwrap();
    assert_eq!(best.score, least);
    assert_eq!(again.best_params(), weights[best.epoch]);
}

#[test]
fn a_checkpoint_of_other_training_is_refused() {
    let bytes = trainer(Quantity::Spikes, Readout::SpikeCount).checkpoint();
    let graph = classifier(Quantity::Spikes, 0.2);
    let refuse = |bytes: &[u8], options| -> Vec<String> {
        let errors = Trainer::resume(bytes, &graph, options).unwrap_err();
        errors.into_iter().map(|error| error.message).collect()
    };
    let other = options(Readout::SpikeCount).with_batch(8).with_seed(6);
    assert_eq!(
        refuse(&bytes, other),
        ["`batch` is 8, but it is 16 in the checkpoint", "`seed` is 6, but it is 5 in the checkpoint"]
    );
    let weights = initial_params(&graph, 0).to_safetensors();
    assert_eq!(
        refuse(&weights, options(Readout::SpikeCount)),
        ["not a checkpoint: the file contains only weights"]
    );
    for len in [0, 7, 100, bytes.len() - 1] {
        assert!(refuse(&bytes[..len], options(Readout::SpikeCount))[0].starts_with("not a checkpoint"));
    }
}

#[test]
fn damaged_checkpoints_are_errors() {
    let options = options(Readout::SpikeCount).with_selection(Selection::new(Score::Loss));
    let graph = classifier(Quantity::Spikes, 0.2);
    let mut trainer = Trainer::new(&graph, initial_params(&graph, 1), options.clone()).unwrap();
    let metrics = train(&mut trainer, &toy(20, 1), 1).remove(0);
    trainer.update_best(&metrics).unwrap();
    let bytes = trainer.checkpoint();
    // Every damaged byte is noticed.
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        let errors = Trainer::resume(&damaged, &graph, options.clone()).unwrap_err();
        let reason = &errors[0].message;
        assert!(reason.contains("checkpoint"), "byte {at}: {reason}");
    }
    let mut damaged = bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let error = Trainer::resume(&damaged, &graph, options.clone()).unwrap_err()[0].clone().message;
    assert_eq!(error, "invalid checkpoint: the file is damaged: its checksum does not match its content");
    // The same position with more weights.
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let position = header.metadata().as_ref().unwrap()["synnet_checkpoint"].clone();
    let weights = Tensor::new([30_000], (0..30_000).map(|i| i as f32).collect());
    let params = Params { tensors: [("param/w".to_owned(), weights)].into() };
    let mut large = params.to_safetensors_with(&[("synnet_checkpoint".to_owned(), position)].into());
    assert!(CheckpointInfo::read(&large).is_ok());
    let mut at = 0;
    for _ in 0..1000 {
        at = (at * 7_919 + 104_729) % large.len();
        large[at] ^= 0x10;
        assert!(CheckpointInfo::read(&large).is_err(), "byte {at}");
        large[at] ^= 0x10;
    }

    // Checkpoints that another program wrote.
    let changed = |change: &dyn Fn(&mut Params, &mut String)| {
        let mut params = Params::from_safetensors(&bytes).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let mut position = header.metadata().as_ref().unwrap()["synnet_checkpoint"].clone();
        change(&mut params, &mut position);
        let other = params.to_safetensors_with(&[("synnet_checkpoint".to_owned(), position)].into());
        Trainer::resume(&other, &graph, options.clone()).unwrap_err()[0].clone().message
    };
    let renamed = |from: &'static str, to: &'static str| {
        changed(&move |params, _| {
            let tensor = params.tensors.remove(from).unwrap();
            params.tensors.insert(to.to_owned(), tensor);
        })
    };
    assert_eq!(
        renamed("first/c0.weight", "furst/c0.weight"),
        "the checkpoint has no `first/c0.weight` of shape [6, 12]"
    );
    assert_eq!(
        renamed("param/c0.weight", "extra/c0.weight"),
        "the weights have no tensor `c0.weight` of shape [6, 12]"
    );
    assert_eq!(
        changed(&|_, position| *position = position.replace("\"epoch\":1", "\"epoch\":0")),
        "invalid checkpoint: its epoch or update count is out of range"
    );
    let error = changed(&|params, _| {
        let data = &mut params.tensors.get_mut("second/c0.weight").unwrap().data;
        data[0] = f32::NAN;
    });
    assert!(error.contains("NaN"), "{error}");
}
