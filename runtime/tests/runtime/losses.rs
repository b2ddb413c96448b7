//! Training with every loss; label smoothing, class weights and custom losses.

use synnet_ir::graph::*;
use synnet_runtime::loss::{BinaryCrossEntropy, CrossEntropy, CustomLoss, MeanSquaredError, Peak};
use synnet_runtime::optimizer::{Adam, Sgd};
use synnet_runtime::*;

use crate::build::*;
use crate::toy_tasks::*;

fn adam(loss: Loss, epochs: usize) -> TrainOptions {
    TrainOptions::new(loss, epochs, 16).with_optimizer(Adam::new(0.02))
}

fn binary(readout: Readout) -> Loss {
    let offset = if readout == Readout::SpikeCount { 4.0 } else { 0.5 };
    BinaryCrossEntropy::new(readout).with_offset(offset).into()
}

/// The toy task with the labels of `of_class` instead of classes.
fn relabeled(dataset: &Dataset, of_class: impl Fn(usize) -> Label) -> Dataset {
    let sample = |(i, example): (usize, &Sample)| {
        let mut raster = vec![0.0; 20 * 6];
        dataset.write_sample(i, &mut raster);
        let Label::Class(class) = example.label else { panic!("the toy task has classes") };
        DenseSample { raster, steps: 20, label: of_class(class) }
    };
    Dataset::new(6, 20, dataset.samples().iter().enumerate().map(sample).collect()).unwrap()
}

#[test]
fn losses_with_classes_learn_a_toy_task() {
    let peak = Loss::from(Peak::new(10.0, 5).with_nontarget_weight(0.2));
    for (loss, quantity, epochs) in [
        (peak, Quantity::Vmem, 80),
        (binary(Readout::MaxVmem), Quantity::Vmem, 25),
        (binary(Readout::MeanVmem), Quantity::Vmem, 25),
        (binary(Readout::SpikeCount), Quantity::Spikes, 25),
    ] {
        let one_of_three = |class| Label::Outputs((0..3).map(|o| f32::from(o == class)).collect());
        let graph = classifier(quantity, 0.1);
        let as_classes = (toy(150, 1), toy(90, 2));
        let as_outputs = (relabeled(&as_classes.0, one_of_three), relabeled(&as_classes.1, one_of_three));
        for (seen, unseen) in [as_classes, as_outputs] {
            let mut trainer =
                Trainer::new(&graph, initial_params(&graph, 1), adam(loss.clone(), epochs)).unwrap();
            let before = trainer.validate(&unseen).unwrap();
            let metrics = train(&mut trainer, &seen, epochs);
            let after = trainer.validate(&unseen).unwrap();
            assert!(metrics[epochs - 1].loss < 0.6 * metrics[0].loss, "{loss:?}");
            let (before, after) = (before.accuracy.unwrap(), after.accuracy.unwrap());
            assert!(after > before + 0.3, "{loss:?}: from {before} to {after}");
        }
    }
}

#[test]
fn a_single_output_learns_to_detect() {
    let graph = Net::new(6)
        .layer(8, Neuron::Lif(lif()), Quantity::Spikes)
        .layer(1, Neuron::Lif(lif()), Quantity::Spikes)
        .connect(&[Endpoint::Input], 0, 0, linear())
        .connect(&[layer(0)], 1, 0, linear())
        .0;
    let is_last = |class: usize| Label::Class(usize::from(class == 2));
    let (seen, unseen) = (relabeled(&toy(150, 1), is_last), relabeled(&toy(90, 2), is_last));
    let mut trainer =
        Trainer::new(&graph, initial_params(&graph, 1), adam(binary(Readout::SpikeCount), 30)).unwrap();
    train(&mut trainer, &seen, 30);
    let found = trainer.validate(&unseen).unwrap().accuracy.unwrap();
    assert!(found > 0.85, "{found}; two thirds are right without looking");
}

/// A network learns the membranes, or the spikes, of another one with other weights.
#[test]
fn mean_squared_error_learns_sequences() {
    for (quantity, share) in [(Quantity::Vmem, 0.25), (Quantity::Spikes, 0.6)] {
        let graph = classifier(quantity, 0.0);
        let inputs = toy(60, 3);
        let mut raster = vec![0.0; 20 * 6];
        let network = synnet_ir::Network::bind(&graph, &initial_params(&graph, 9)).unwrap();
        let teacher = Interpreter::new(&network);
        let mut sample = |i: usize| {
            inputs.write_sample(i, &mut raster);
            let input = Sequence::new(1, 20, 6, raster.clone()).unwrap();
            let label = teacher.run(&input, Tracing::Off, 0).unwrap().output.data;
            DenseSample { raster: raster.clone(), steps: 20, label: Label::Sequence(label) }
        };
        let dataset = Dataset::new(6, 20, (0..60).map(&mut sample).collect()).unwrap();
        let mut trainer =
            Trainer::new(&graph, initial_params(&graph, 1), adam(MeanSquaredError::new().into(), 60))
                .unwrap();
        let before = trainer.validate(&dataset).unwrap();
        train(&mut trainer, &dataset, 60);
        let after = trainer.validate(&dataset).unwrap();
        assert!(after.loss < share * before.loss, "{quantity:?}: from {} to {}", before.loss, after.loss);
        assert_eq!(after.accuracy, None);
    }
}

/// Returns the change of the readout's weights in one step of gradient descent, from weights of zero.
fn first_step(loss: CrossEntropy, class: usize) -> Vec<f32> {
    let graph = classifier(Quantity::Vmem, 0.0);
    let mut params = initial_params(&graph, 1);
    params.tensors.get_mut("c2.weight").unwrap().data.fill(0.0);
    let options = TrainOptions::new(loss, 1, 1).with_optimizer(Sgd::new(1.0));
    let mut trainer = Trainer::new(&graph, params, options).unwrap();
    let dataset = relabeled(&toy(1, 1), |_| Label::Class(class));
    train(&mut trainer, &dataset, 1);
    trainer.params().tensors["c2.weight"].data.clone()
}

/// All outputs are zero at first, so the gradient on each of three is `1/3 - q`; smoothing by `s` scales it
/// by `1 - s`.
#[test]
fn label_smoothing_and_class_weights_scale_gradients() {
    let plain = CrossEntropy::new(Readout::MeanVmem);
    let smooth = plain.clone().with_label_smoothing(0.25);
    let weighted = plain.clone().with_class_weights(vec![2.0, 0.5, 0.0]);
    for (class, weight) in [(0, 2.0), (1, 0.5), (2, 0.0)] {
        let step = first_step(plain.clone(), class);
        let greatest = step.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
        assert!(greatest > 0.0);
        for (found, factor) in
            [(first_step(smooth.clone(), class), 0.75), (first_step(weighted.clone(), class), weight)]
        {
            for (found, step) in found.iter().zip(&step) {
                assert!(
                    (found - factor * step).abs() < 1e-5 * greatest,
                    "{class}: {found}, not {factor} * {step}"
                );
            }
        }
    }
}

#[test]
fn custom_steps_and_losses_match_built_in_training() {
    let dataset = toy(50, 3);
    let entropy = CrossEntropy::new(Readout::MeanVmem);
    let options = options(Readout::MeanVmem).with_loss(entropy.clone());
    let entropy = Loss::from(entropy);
    let custom = CustomLoss::new("entropy", move |output, label, gradient| {
        entropy.sample_loss(output, 3, label, gradient)
    });
    let begin = |options: &TrainOptions| {
        let graph = classifier(Quantity::Vmem, 0.2);
        Trainer::new(&graph, initial_params(&graph, 1), options.clone()).unwrap()
    };
    let mut ordinary = begin(&options);
    let mut by_steps = begin(&options);
    let mut own = begin(&options.with_loss(custom));
    for epoch in 0..2 {
        let metrics = train(&mut ordinary, &dataset, 1).remove(0);
        let batches = own.batches(&dataset);
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [16, 16, 16, 2]);
        for (trainer, classifies) in [(&mut by_steps, true), (&mut own, false)] {
            let mut sum = 0.0;
            for (i, batch) in batches.iter().enumerate() {
                let step = trainer.step(&dataset, batch).unwrap();
                assert_eq!((step.epoch, step.complete), (epoch, i == 3));
                assert_eq!(step.accuracy.is_some(), classifies);
                sum += step.loss * batch.len() as f64;
            }
            assert!((sum / 50.0 - metrics.loss).abs() < 1e-12);
            assert_eq!(trainer.epochs_done(), epoch + 1);
        }
        let [of_the_crate, of_ones_own] = [&ordinary, &own].map(|t| t.validate(&toy(20, 4)).unwrap());
        assert_eq!(of_the_crate.loss, of_ones_own.loss);
        assert_eq!(of_ones_own.accuracy, None);
    }
    assert_eq!(by_steps.checkpoint(), ordinary.checkpoint());
    assert_eq!(own.params(), ordinary.params());
}

#[test]
fn checkpoints_keep_the_name_of_a_custom_loss() {
    let graph = classifier(Quantity::Vmem, 0.2);
    let named = |name: &str| options(Readout::MeanVmem).with_loss(CustomLoss::new(name, |_, _, _| 1.0));
    let trainer = Trainer::new(&graph, initial_params(&graph, 1), named("one")).unwrap();
    let bytes = trainer.checkpoint();
    assert_eq!(Trainer::resume(&bytes, &graph, named("one")).unwrap().checkpoint(), bytes);
    let errors = Trainer::resume(&bytes, &graph, named("other")).unwrap_err();
    assert_eq!(
        errors[0].message,
        "`loss` is {\"kind\":\"custom\",\"name\":\"other\"}, but it is {\"kind\":\"custom\",\"name\":\"one\"} in the \
         checkpoint"
    );
    // A recipe cannot contain a function.
    let error = serde_json::from_str::<Loss>(r#"{"kind": "custom", "name": "one"}"#).unwrap_err();
    assert!(error.to_string().contains("unknown variant `custom`"), "{error}");
}

#[test]
fn failed_steps_change_nothing() {
    let dataset = toy(20, 3);
    let graph = classifier(Quantity::Vmem, 0.2);
    let refuse = |samples: &[usize], value: f64, slope: f32| {
        let loss = CustomLoss::new("given", move |_, _, gradient| {
            gradient.fill(slope);
            value
        });
        let options = options(Readout::MeanVmem).with_loss(loss);
        let mut trainer = Trainer::new(&graph, initial_params(&graph, 1), options).unwrap();
        let before = trainer.checkpoint();
        let error = trainer.step(&dataset, samples).unwrap_err();
        assert_eq!(trainer.checkpoint(), before);
        match error {
            TrainError::Data(errors) => errors[0].message.clone(),
            error => error.to_string(),
        }
    };
    assert_eq!(refuse(&[], 0.0, 0.0), "the data has no samples or no time steps");
    assert_eq!(refuse(&[3, 20], 0.0, 0.0), "there is no sample 20: the data has 20 samples");
    assert_eq!(
        refuse(&[4, 2], f64::NAN, 0.0),
        "the loss of sample 4 is not finite in epoch 1, batch 1; lower the learning rate or set `gradient_clip`"
    );
    let message = refuse(&[4, 2], 0.0, f32::NAN);
    assert!(message.starts_with("the update of epoch 1, batch 1 would set `c0.weight` to NaN"), "{message}");
}
