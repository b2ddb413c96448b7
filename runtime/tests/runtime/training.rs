//! Training through its public interface: gradients, learning, errors.

use synnet_ir::graph::*;
use synnet_ir::{Graph, Network, Params};
use synnet_runtime::gradient::batch_gradients;
use synnet_runtime::loss::{CrossEntropy, MeanSquaredError};
use synnet_runtime::optimizer::{Adam, Sgd};
use synnet_runtime::train::Augmentation;
use synnet_runtime::*;

use crate::build::*;
use crate::toy_tasks::*;

#[test]
fn initial_weights_of_a_tensor_do_not_depend_on_the_others() {
    let one = classifier(Quantity::Spikes, 0.0);
    let more = Net(one.clone()).connect(&[Endpoint::Input], 1, 0, linear_with_bias()).0;
    let (before, after) = (initial_params(&one, 3).tensors, initial_params(&more, 3).tensors);
    assert_eq!(after.len(), before.len() + 2);
    for (name, tensor) in &before {
        assert_eq!(&after[name], tensor);
        assert!(tensor.data.iter().all(|x| (-0.8..=1.0).contains(x)));
    }
    assert_ne!(initial_params(&one, 4).tensors, before);
    assert_ne!(before["c0.weight"].data[..10], before["c1.weight"].data[..10]);
}

#[test]
fn a_toy_task_is_learned_with_every_readout() {
    let (seen, unseen) = (toy(150, 1), toy(90, 2));
    for readout in [Readout::MeanVmem, Readout::MaxVmem, Readout::LastVmem, Readout::SpikeCount] {
        let spikes = readout == Readout::SpikeCount;
        let graph = classifier(if spikes { Quantity::Spikes } else { Quantity::Vmem }, 0.2);
        let options = options(readout).with_epochs(16);
        let mut trainer = Trainer::new(&graph, initial_params(&graph, 1), options).unwrap();
        let before = evaluate(trainer.network(), &unseen, readout).unwrap();
        let metrics = train(&mut trainer, &seen, 16);
        let after = evaluate(trainer.network(), &unseen, readout).unwrap();
        assert!(metrics[15].loss < metrics[0].loss, "{readout:?}");
        assert!(
            before.accuracy < 0.7 && after.accuracy > 0.85,
            "{readout:?}: {} {}",
            before.accuracy,
            after.accuracy
        );
        assert_eq!(after.confusion.iter().flatten().sum::<u64>(), 90);
        assert!(after.rates[0].1 > 0.0 && after.rates[0].0 == "l0");
    }
}

/// A network whose output is a smooth function of all learned tensors: no neuron comes close to its
/// threshold, and the piecewise linear surrogate is zero there.
fn smooth() -> Graph {
    let learn = |values: &[f64]| parameter(values, true);
    let surrogate = Surrogate { kind: SurrogateKind::PiecewiseLinear, window: 0.5 };
    let expsyn = |tau: &[f64]| {
        Neuron::ExpSyn(ExpSyn { syn: Some(Leak { unit: LeakUnit::TimeConstant, parameter: learn(tau) }) })
    };
    let readout = Lif {
        synapses: 2,
        mem: Some(Leak { unit: LeakUnit::BitShift, parameter: learn(&[2.3]) }),
        syn: Some(Leak { unit: LeakUnit::Decay, parameter: learn(&[0.6, 0.9, 0.7, 0.8, 0.5, 0.85]) }),
        bias: learn(&[0.1, -0.2, 0.3]),
        threshold: parameter(&[1e4], false),
        surrogate,
        ..lif()
    };
    Net::new(2)
        .layer(3, expsyn(&[3e-3, 8e-3, 5e-3]), Quantity::Isyn)
        .layer(3, expsyn(&[4e-3]), Quantity::Isyn)
        .layer(3, Neuron::Lif(readout), Quantity::Vmem)
        .connect(&[Endpoint::Input], 0, 0, linear_with_bias())
        .connect(&[layer(0)], 1, 2, linear())
        .connect(&[Endpoint::Input], 1, 1, linear())
        .connect(&[layer(0), layer(1)], 2, 0, linear_with_bias())
        .connect(&[layer(1)], 2, 3, linear())
        .0
}

#[test]
fn gradients_of_smooth_networks_match_finite_differences() {
    let graph = smooth();
    let params = initial_params(&graph, 2);
    let counts = (0..24).map(|i| [1.0, 0.0, 2.0, 0.0, 0.0][i * i % 5]).collect();
    let input = Sequence::new(2, 6, 2, counts).unwrap();
    let targets = [0, 1].map(|b| Label::Sequence((0..18).map(|i| (i + b) as f32 * 0.05).collect()));
    let run = |params: &Params| {
        let network = Network::bind(&graph, params).unwrap();
        batch_gradients(&network, &MeanSquaredError::new().into(), &input, &targets).unwrap()
    };
    let gradients = run(&params).gradients.tensors;
    assert_eq!(gradients.len(), params.tensors.len());
    for (name, tensor) in &params.tensors {
        let gradient = &gradients[name].data;
        let greatest = gradient.iter().fold(0.0_f32, |a, g| a.max(g.abs()));
        assert!(greatest > 0.0, "{name} has a gradient");
        for (i, (&value, &found)) in tensor.data.iter().zip(gradient).enumerate() {
            let step = 0.01 * value.abs().max(if name.contains("tau") { 0.0 } else { 0.1 });
            let at = |shift: f32| {
                let mut params = params.clone();
                params.tensors.get_mut(name).unwrap().data[i] += shift;
                run(&params).loss
            };
            let slope = ((at(step) - at(-step)) / f64::from(2.0 * step)) as f32;
            let error = (slope - found).abs();
            assert!(error < 2e-3 * greatest, "{name}[{i}]: {found} is not {slope}");
        }
    }
}

#[test]
fn invalid_options_are_all_reported() {
    let graph = classifier(Quantity::Vmem, 0.0);
    let bad = options(Readout::SpikeCount).with_batch(0);
    let errors = Trainer::new(&graph, initial_params(&graph, 0), bad).unwrap_err();
    let messages: Vec<&str> = errors.iter().map(|error| &*error.message).collect();
    assert_eq!(
        messages,
        [
            "`batch` is 0; it must be 1 or more",
            "readout `spike_count` requires spikes, but network `Test` outputs membranes",
        ]
    );
}

#[test]
fn non_finite_loss_names_layer_and_step() {
    let graph = classifier(Quantity::Vmem, 0.0);
    let mut params = initial_params(&graph, 1);
    params.tensors.get_mut("c2.weight").unwrap().data.fill(3e38);
    let options = options(Readout::MeanVmem).with_augmentation(Augmentation::default());
    let mut trainer = Trainer::new(&graph, params, options).unwrap();
    let before = trainer.checkpoint();
    let sample = DenseSample {
        raster: vec![0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 9.0, 9.0, 0.0, 0.0, 0.0, 0.0],
        steps: 2,
        label: Label::Class(1),
    };
    let dataset = Dataset::new(6, 2, vec![sample]).unwrap();
    let error = trainer.epoch(&dataset, &mut |_| Control::Continue).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the loss of sample 0 is not finite in epoch 1, batch 1: layer `l1` becomes infinite or NaN in time \
         step 1; lower the learning rate or set `gradient_clip`"
    );
    assert_eq!(trainer.checkpoint(), before);
}

/// One neuron with a membrane that should be 0, so its time constants should become short.
fn leaky(mem: Leak, threshold: f64, optimizer: Optimizer) -> (Graph, TrainOptions, Dataset) {
    let neuron = Lif { mem: Some(mem), threshold: parameter(&[threshold], true), ..lif() };
    let graph = Net::new(2)
        .layer(2, Neuron::Lif(neuron), Quantity::Vmem)
        .connect(&[Endpoint::Input], 0, 0, Operator::Identity)
        .0;
    let options = TrainOptions::new(MeanSquaredError::new(), 4, 16).with_optimizer(optimizer);
    let sample = DenseSample { raster: vec![1.0; 20], steps: 10, label: Label::Sequence(vec![0.0; 20]) };
    (graph, options, Dataset::new(2, 10, vec![sample]).unwrap())
}

#[test]
fn learned_constants_are_kept_within_their_bounds() {
    let far = Optimizer::from(Adam::new(100.0));
    for (unit, start, low, high) in [
        (LeakUnit::TimeConstant, 5e-3, 1e-3, f32::MAX),
        (LeakUnit::Decay, 0.8, 1e-3, 0.9999),
        (LeakUnit::BitShift, 2.0, 0.001_443_4, 13.287_9),
    ] {
        let mem = Leak { unit, parameter: parameter(&[start], true) };
        let (graph, options, dataset) = leaky(mem, 1.0, far);
        let mut trainer = Trainer::new(&graph, initial_params(&graph, 1), options).unwrap();
        train(&mut trainer, &dataset, 1);
        let params = trainer.params().tensors;
        let leak = params.iter().find(|(name, _)| *name != "l0.threshold").unwrap().1.data[0];
        let is_bound = |bound: f32| (leak - bound).abs() < 1e-4 * bound;
        assert!(is_bound(low) || is_bound(high), "{unit:?}: {leak}");
        let threshold = params["l0.threshold"].data[0];
        assert!(threshold == 0.01 || threshold > 50.0, "{threshold}");
        train(&mut trainer, &dataset, 1);
    }
}

#[test]
fn initial_values_out_of_bounds_are_reported() {
    let mem = Leak { unit: LeakUnit::TimeConstant, parameter: parameter(&[0.5e-3], true) };
    let (graph, options, _) = leaky(mem, 1e-3, Optimizer::default());
    let options = options.with_lr_factor("tau", 0.1);
    let errors = Trainer::new(&graph, initial_params(&graph, 1), options).unwrap_err();
    let messages: Vec<&str> = errors.iter().map(|error| &*error.message).collect();
    assert_eq!(
        messages,
        [
            "`lr_factors.tau` names no learned tensor",
            "`l0.tau_mem` starts at 0.0005, but its bounds require at least 0.001",
            "`l0.threshold` starts at 0.001, but its bounds require at least 0.01"
        ]
    );
}

#[test]
fn non_finite_hidden_layer_is_named() {
    let graph = classifier(Quantity::Vmem, 0.0);
    let mut params = initial_params(&graph, 1);
    let weights = &mut params.tensors.get_mut("c0.weight").unwrap().data;
    weights.iter_mut().for_each(|w| *w = f32::MAX.copysign(*w));
    let mut trainer = Trainer::new(&graph, params, options(Readout::MeanVmem)).unwrap();
    let error = trainer.epoch(&toy(20, 1), &mut |_| Control::Continue).unwrap_err();
    assert!(matches!(error, TrainError::NonFinite { layer: Some(ref name), .. } if name == "l0"), "{error}");
}

#[test]
fn non_finite_update_changes_nothing() {
    let mem = Leak { unit: LeakUnit::Decay, parameter: parameter(&[0.5], true) };
    let (graph, options, _) = leaky(mem, 1.0, Sgd::new(3e38).into());
    let sample = DenseSample { raster: vec![100.0; 20], steps: 10, label: Label::Sequence(vec![0.0; 20]) };
    let dataset = Dataset::new(2, 10, vec![sample]).unwrap();
    let mut trainer = Trainer::new(&graph, initial_params(&graph, 1), options).unwrap();
    let before = trainer.checkpoint();
    let error = trainer.epoch(&dataset, &mut |_| Control::Continue).unwrap_err();
    assert!(
        matches!(&error, TrainError::Update { tensor, value, .. } if tensor == "l0.alpha" && !value.is_finite())
    );
    assert_eq!(trainer.checkpoint(), before);
}

#[test]
fn mismatched_data_is_reported() {
    let mut trainer = trainer(Quantity::Vmem, Readout::MeanVmem);
    let sample = |label| DenseSample { raster: vec![0.0; 10], steps: 2, label };
    let samples = vec![sample(Label::Class(2)), sample(Label::Class(3)), sample(Label::Sequence(vec![]))];
    let dataset = Dataset::new(5, 2, samples).unwrap();
    let TrainError::Data(errors) = trainer.epoch(&dataset, &mut |_| Control::Continue).unwrap_err() else {
        panic!("the data is at fault")
    };
    let messages: Vec<&str> = errors.iter().map(|error| &*error.message).collect();
    assert_eq!(
        messages,
        [
            "the data has 5 channels, but network `Test` takes 6",
            "the label of sample 1 does not fit the loss, which expects a class below 3",
            "the label of sample 2 does not fit the loss, which expects a class below 3",
        ]
    );
}

#[test]
fn unknown_options_are_rejected() {
    let text = r#"{"loss": {"kind": "cross_entropy", "readout": "max_vmem"}, "optimizer": {"kind": "adam", "lr": 0.002},
        "schedule": {"kind": "cosine"}, "epochs": 3, "batch": 8}"#;
    let options: TrainOptions = serde_json::from_str(text).unwrap();
    assert_eq!(options.loss, Loss::CrossEntropy(CrossEntropy::new(Readout::MaxVmem)));
    assert_eq!(options.optimizer, Optimizer::from(Adam::new(0.002)));
    let written = serde_json::to_string(&options).unwrap();
    assert_eq!(serde_json::from_str::<TrainOptions>(&written).unwrap(), options);
    for (from, to) in [
        ("\"epochs\"", "\"epoch\": 1, \"epochs\""),
        ("\"readout\"", "\"smoothing\": 1, \"readout\""),
        ("\"lr\"", "\"momentum\": 1, \"lr\""),
        ("{\"kind\": \"cosine\"", "{\"kind\": \"cosine\", \"steps\": 1"),
        ("{\"kind\": \"cross_entropy\", \"readout\": \"max_vmem\"}", "{\"kind\": \"mse\", \"scale\": 1}"),
    ] {
        let error = serde_json::from_str::<TrainOptions>(&text.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains("unknown field"), "{error}");
    }
}

#[test]
fn epoch_metrics_survive_a_failed_batch() {
    let graph = Net::new(6)
        .layer(3, Neuron::Lif(lif()), Quantity::Vmem)
        .connect(&[Endpoint::Input], 0, 0, linear())
        .0;
    let mut trainer = Trainer::new(&graph, initial_params(&graph, 1), options(Readout::MeanVmem)).unwrap();
    trainer.epoch(&toy(48, 3), &mut |_| Control::Stop).unwrap();
    let before = trainer.checkpoint();
    let target = |i: usize| Label::Class(i % 3);
    let huge = |i| DenseSample { raster: vec![f32::MAX; 20 * 6], steps: 20, label: target(i) };
    let huge = Dataset::new(6, 20, (0..48).map(huge).collect()).unwrap();
    assert!(trainer.epoch(&huge, &mut |_| Control::Continue).is_err());
    assert!(trainer.checkpoint() == before, "the trainer is as it was before the batch");
}

#[test]
fn epoch_finished_by_steps_does_not_leak_metrics() {
    let (mut trainer, data) = (trainer(Quantity::Vmem, Readout::MeanVmem), toy(48, 3));
    trainer.epoch(&data, &mut |_| Control::Stop).unwrap();
    let stopped = trainer.checkpoint();
    for samples in trainer.batches(&data) {
        trainer.step(&data, &samples).unwrap();
    }
    assert_eq!(trainer.epochs_done(), 1);
    let has_figures = |checkpoint: &[u8]| String::from_utf8_lossy(checkpoint).contains("silent_samples");
    assert!(has_figures(&stopped) && !has_figures(&trainer.checkpoint()));
}
