//! Interpreter and training compared with Rockpool.

use crate::case::{CASES, Case};
use synnet_runtime::gradient::batch_gradients;
use synnet_runtime::loss::MeanSquaredError;
use synnet_runtime::optimizer::Adam;
use synnet_runtime::train::Bounds;
use synnet_runtime::{Control, Dataset, DenseSample, Interpreter, Sequence, Tracing, TrainOptions, Trainer};

/// Maximum difference, relative to the largest entry.
fn deviation(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let greatest = expected.iter().fold(1e-30_f32, |a, b| a.max(b.abs()));
    found.iter().zip(expected).map(|(f, e)| (f - e).abs()).fold(0.0, f32::max) / greatest
}

/// Compares spikes with Rockpool's: identical unless a membrane is so close to a threshold that rounding
/// decides; else equal in all but a few places.
fn assert_spikes(case: &Case, layer: &str, found: &Sequence) {
    let expected = case.sequence(&format!("{layer}/spikes"));
    let differing = found.data.iter().zip(&expected.data).filter(|(f, e)| f != e).count();
    let allowed = if case.is_clear { 0 } else { expected.data.len() / 100 };
    assert!(differing <= allowed, "{}: {layer} differs in {differing} spikes", case.name);
}

#[test]
fn interpreter_traces_match_rockpool() {
    for name in CASES {
        let case = Case::read(name);
        let run = Interpreter::new(&case.network).run(&case.input, Tracing::On, 0).unwrap();
        for layer in &run.layers {
            let close = |what: &str, found: &Sequence| {
                let key = format!("{}/{what}", layer.name);
                let deviation = deviation(&found.data, &case.sequence(&key).data);
                assert!(deviation < 1e-4, "{name}: {key} deviates by {deviation}");
            };
            if let (Some(spikes), Some(vmem)) = (&layer.spikes, &layer.vmem) {
                assert_spikes(&case, &layer.name, spikes);
                close("vmem", vmem);
                close("isyn", &layer.isyn);
            } else {
                close("output", &layer.isyn);
            }
        }
    }
}

#[test]
fn losses_and_gradients_match_rockpool() {
    for name in CASES {
        let case = Case::read(name);
        let found =
            batch_gradients(&case.network, &MeanSquaredError::new().into(), &case.input, &case.targets())
                .unwrap();
        for (layer, spikes) in case.network.graph.layers.iter().zip(&found.layers) {
            if layer.as_lif().is_some() {
                assert_spikes(&case, &layer.name, spikes);
            }
        }
        let loss = f64::from(case.tensors["loss"].data[0]);
        assert!((found.loss - loss).abs() < 1e-5 * loss, "{name}: loss {} not {loss}", found.loss);
        let expected = case.tensors.keys().filter(|key| key.starts_with("grad/")).count();
        assert_eq!(found.gradients.tensors.len(), expected, "{name}: every gradient is compared");
        for (ours, gradient) in &found.gradients.tensors {
            let theirs = &case.tensors[&format!("grad/{}", case.names[ours])].data;
            let deviation = deviation(&gradient.data, theirs);
            assert!(deviation < 1e-3, "{name}: gradient of {ours} deviates by {deviation}");
        }
    }
}

#[test]
fn adam_trajectories_match_rockpool() {
    let mut walked = 0;
    for case in CASES.map(Case::read) {
        let Some(lr) = case.adam_lr else { continue };
        let losses = &case.tensors["adam_losses"].data;
        let samples = case.targets().into_iter().enumerate().map(|(b, label)| DenseSample {
            raster: case.input.sample(b).to_vec(),
            steps: case.input.time,
            label,
        });
        let dataset = Dataset::new(case.input.width, case.input.time, samples.collect()).unwrap();
        let options = TrainOptions::new(MeanSquaredError::new(), losses.len(), case.input.batch)
            .with_optimizer(Adam::new(lr))
            // In `exp_syn_readout` a time constant becomes shorter than a step, and then negative.
            .with_bounds(Bounds::default().with_min_tau(1e-3));
        // Rockpool updates time constants in seconds.
        let learned = case.network.graph.tensors().into_iter().filter(|spec| spec.learn);
        let options = learned.fold(options, |options, spec| options.with_lr_factor(spec.name, 1.0));
        let mut trainer = Trainer::new(&case.network.graph, case.network.params(), options).unwrap();
        for (step, &expected) in losses.iter().enumerate() {
            let result = trainer.epoch(&dataset, &mut |_| Control::Continue);
            let metrics = result.unwrap();
            // From there on, Rockpool continues with NaN; ours stays at its bound.
            if expected.is_nan() {
                assert!(metrics.loss.is_finite(), "{}: loss {step} is {}", case.name, metrics.loss);
                walked += usize::from(step + 1 == losses.len());
                continue;
            }
            let deviation = (metrics.loss as f32 - expected).abs() / expected;
            assert!(deviation < 1e-4, "{}: loss {step} is {}, not {expected}", case.name, metrics.loss);
        }
        if losses.last().is_some_and(|loss| loss.is_nan()) {
            continue;
        }
        for (ours, theirs) in &case.names {
            let Some(expected) = case.tensors.get(&format!("adam_final/{theirs}")) else { continue };
            let found = &trainer.params().tensors[ours].data;
            let deviation = deviation(found, &expected.data);
            assert!(deviation < 1e-4, "{}: {ours} ends {deviation} away", case.name);
        }
        walked += 1;
    }
    assert_eq!(walked, 6);
}
