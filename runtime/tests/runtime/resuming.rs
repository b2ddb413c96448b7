//! The same weights, bit for bit: whatever the number of threads, and however often training was stopped.

use rayon::ThreadPoolBuilder;
use synnet_dsl::graph::Quantity;
use synnet_runtime::optimizer::{AdamW, Sgd};
use synnet_runtime::train::{Score, Selection};
use synnet_runtime::*;

use crate::tasks::*;

#[test]
fn weights_do_not_depend_on_the_number_of_threads() {
    let weights = |threads| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut trainer = trainer(Quantity::Vmem, Readout::MeanVmem);
            let metrics = train(&mut trainer, &toy(50, 3), 3);
            (trainer.checkpoint(), metrics)
        })
    };
    let one = weights(1);
    assert_eq!(one, weights(2));
    assert_eq!(one, weights(5));
}

/// Every optimiser, with early stopping by a validation set.
fn recipes() -> [TrainOptions; 3] {
    let sgd = Sgd { lr: 0.3, momentum: 0.8, nesterov: true, weight_decay: 1e-3 };
    let adamw = AdamW { lr: 0.03, ..AdamW::default() };
    let select = |by| Some(Selection { by, patience: Some(2), min_delta: 0.0 });
    let options = options(Readout::SpikeCount);
    [
        TrainOptions {
            optimizer: Optimizer::Sgd(sgd),
            schedule: Schedule::OneCycle { rise: 0.4, start: 0.1, floor: 0.0 },
            selection: select(Score::ValidationLoss),
            ..options.clone()
        },
        TrainOptions {
            optimizer: Optimizer::AdamW(adamw),
            schedule: Schedule::Step { warm_up: 0.5, every: 2.0, factor: 0.3 },
            selection: select(Score::ValidationAccuracy),
            ..options.clone()
        },
        TrainOptions { selection: select(Score::Loss), ..options },
    ]
}

/// Trains to the end and returns the last checkpoint and the number of epochs. After every `stop_every`
/// batches the trainer is saved, thrown away and resumed.
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
            let verdict = trainer.observe(&metrics).unwrap();
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
fn the_best_weights_are_those_of_the_best_epoch() {
    let dataset = toy(70, 4);
    let selection = Some(Selection { by: Score::Loss, patience: None, min_delta: 0.0 });
    let options = TrainOptions { selection, ..options(Readout::SpikeCount) };
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
        again.observe(&metrics).unwrap();
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
    let other = TrainOptions { batch: 8, seed: 6, ..options(Readout::SpikeCount) };
    assert_eq!(
        refuse(&bytes, other),
        [
            "the checkpoint was made with `batch` 16; now it is 8",
            "the checkpoint was made with `seed` 5; now it is 6"
        ]
    );
    let weights = initial_params(&graph, 0).to_safetensors();
    assert_eq!(
        refuse(&weights, options(Readout::SpikeCount)),
        ["not a checkpoint: the file holds weights only"]
    );
    for len in [0, 7, 100, bytes.len() - 1] {
        assert!(refuse(&bytes[..len], options(Readout::SpikeCount))[0].starts_with("not a checkpoint"));
    }
}

#[test]
fn damaged_checkpoints_are_errors() {
    let selection = Some(Selection { by: Score::Loss, patience: None, min_delta: 0.0 });
    let options = TrainOptions { selection, ..options(Readout::SpikeCount) };
    let graph = classifier(Quantity::Spikes, 0.2);
    let mut trainer = Trainer::new(&graph, initial_params(&graph, 1), options.clone()).unwrap();
    let metrics = train(&mut trainer, &toy(20, 1), 1).remove(0);
    trainer.observe(&metrics).unwrap();
    let bytes = trainer.checkpoint();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    // Whatever one byte of the header becomes, there is an answer.
    for i in 0..header {
        for byte in [0, b'0', b'9', b'"', b'}', 0xff] {
            let mut damaged = bytes.clone();
            damaged[i] = byte;
            if let Err(errors) = Trainer::resume(&damaged, &graph, options.clone()) {
                assert!(!errors.is_empty());
            }
        }
    }
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let text = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        let mut damaged = bytes.clone();
        damaged[text..text + to.len()].copy_from_slice(to.as_bytes());
        Trainer::resume(&damaged, &graph, options.clone()).unwrap_err().remove(0).message
    };
    assert_eq!(
        replaced("\"first/c0.weight", "\"furst/c0.weight"),
        "the checkpoint has no `first/c0.weight` of shape [6, 12]"
    );
    assert_eq!(
        replaced("\"param/c0.weight", "\"extra/c0.weight"),
        "the weights have no tensor `c0.weight` of shape [6, 12]"
    );
    assert_eq!(
        replaced("\\\"epoch\\\":1", "\\\"epoch\\\":0"),
        "not a checkpoint: its position is impossible"
    );
    let mut damaged = bytes.clone();
    let end = damaged.len();
    damaged[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    let error = Trainer::resume(&damaged, &graph, options).unwrap_err().remove(0).message;
    assert!(error.contains("NaN"), "{error}");
}
