//! Losses compared with finite differences, with PyTorch, and with their equations.

use super::choice::{Loss, Scratch};
use super::label::Label;
use super::readout::Readout;
use super::*;

const OUTPUT: [f32; 12] = [0.1, -0.4, 0.3, 0.9, 0.2, -0.7, 0.5, 1.5, 0.0, 0.4, -1.0, 2.0];

/// Every loss with several options, each with a label for three outputs and four steps.
fn cases() -> Vec<(Loss, Label)> {
    let sequence = Label::Sequence(OUTPUT.iter().map(|x| 0.3 - x * x).collect());
    let outputs = Label::Outputs(vec![1.0, 0.0, 0.9]);
    let mut cases = vec![(Loss::Mse(MeanSquaredError::new()), sequence)];
    for readout in [Readout::MeanVmem, Readout::MaxVmem, Readout::LastVmem, Readout::SpikeCount] {
        let class_weights = vec![0.5, 2.0, 1.0];
        let entropy =
            CrossEntropy { label_smoothing: 0.1, scale: 1.7, class_weights, ..CrossEntropy::new(readout) };
        cases.push((Loss::CrossEntropy(entropy), Label::Class(1)));
        let binary = Loss::BinaryCrossEntropy(BinaryCrossEntropy { offset: 0.2, ..binary(readout) });
        cases.push((binary.clone(), Label::Class(2)));
        cases.push((binary, outputs.clone()));
    }
    for window in [1, 2, 3, 7, 1000] {
        let peak = Loss::Peak(Peak { level: 1.2, window, nontarget_weight: 0.3 });
        for label in 0..3 {
            cases.push((peak.clone(), Label::Class(label)));
        }
        cases.push((peak.clone(), outputs.clone()));
        cases.push((peak.clone(), Label::Outputs(vec![0.0; 3])));
        cases.push((peak, Label::Outputs(vec![1.0; 3])));
    }
    cases
}

fn binary(readout: Readout) -> BinaryCrossEntropy {
    BinaryCrossEntropy {
        scale: 1.7,
        label_smoothing: 0.2,
        positive_weight: 3.0,
        class_weights: vec![0.5, 2.0, 1.0],
        ..BinaryCrossEntropy::new(readout)
    }
}

#[test]
fn loss_gradients_match_finite_differences() {
    for (loss, label) in cases() {
        // The previous contents of the buffer must not matter.
        let mut gradient = [9.0; 12];
        loss.sample_loss(&OUTPUT, 3, &label, &mut gradient);
        for i in 0..OUTPUT.len() {
            let at = |shift: f32| {
                let mut output = OUTPUT;
                output[i] += shift;
                loss.sample_loss(&output, 3, &label, &mut [])
            };
            let slope = (at(0.01) - at(-0.01)) / 0.02;
            let found = f64::from(gradient[i]);
            assert!((found - slope).abs() < 3e-4, "{loss:?} {label:?} at {i}: {found}, not {slope}");
        }
    }
}

/// `cross_entropy(1.7 * mean, label=1, label_smoothing=0.1)` and `binary_cross_entropy_with_logits(1.7 *
/// (mean
/// - 0.2), 0.8 * y + 0.1, weight=[0.5, 2, 1], pos_weight=3)` for `y = [1, 0, 0]`, of PyTorch 2.15.
#[test]
fn cross_entropies_match_pytorch() {
    let entropy = CrossEntropy { label_smoothing: 0.1, scale: 1.7, ..CrossEntropy::new(Readout::MeanVmem) };
    let binary = BinaryCrossEntropy { offset: 0.2, ..binary(Readout::MeanVmem) };
    for (loss, label, value, row) in [
        (Loss::CrossEntropy(entropy), 1, 1.508_916_5, [0.163_887_78, -0.306_461_27, 0.142_573_49]),
        (Loss::BinaryCrossEntropy(binary), 0, 1.068_347_8, [-0.069_316_29, 0.067_005_15, 0.056_812_38]),
    ] {
        let mut gradient = [0.0; 12];
        let found = loss.sample_loss(&OUTPUT, 3, &Label::Class(label), &mut gradient);
        assert!((found - value).abs() < 1e-6, "{loss:?}: {found}");
        for (g, expected) in gradient.iter().zip(row.iter().cycle()) {
            assert!((g - expected).abs() < 1e-6, "{loss:?}: {gradient:?}");
        }
    }
}

#[test]
fn peak_loss_matches_its_equation() {
    let peak = |window, nontarget_weight| Loss::Peak(Peak { level: 1.0, window, nontarget_weight });
    // Output 0 peaks in step 1: 0.9, 0.5, 0.4, and again from the peak on.
    for (window, mean) in [(1, 0.9), (2, 0.7), (3, 0.6), (4, 0.675), (7, (2.0 * 1.8 + 0.9) / 7.0)] {
        let found = peak(window, 0.0).sample_loss(&OUTPUT, 3, &Label::Class(0), &mut []);
        let expected = (mean - 1.0_f64).powi(2);
        assert!((found - expected).abs() < 1e-7, "{window}: {found}, not {expected}");
    }
    let squares = |o: usize| OUTPUT.iter().skip(o).step_by(3).map(|&v| f64::from(v).powi(2)).sum::<f64>();
    let found = peak(1, 0.5).sample_loss(&OUTPUT, 3, &Label::Class(0), &mut []);
    let expected = 0.01 + 0.5 * (squares(1) + squares(2)) / 8.0;
    assert!((found - expected).abs() < 1e-7, "{found}, not {expected}");
}

#[test]
fn correctness_follows_the_loss() {
    let evaluate = |loss: &Loss, output: &[f32], outputs: usize, label: Label| {
        loss.evaluate(output, outputs, &label, &mut [], &mut Scratch::default()).correct
    };
    let entropy = Loss::CrossEntropy(CrossEntropy::new(Readout::MaxVmem));
    assert!(
        evaluate(&entropy, &OUTPUT, 3, Label::Class(2)) && !evaluate(&entropy, &OUTPUT, 3, Label::Class(1))
    );
    let binary = Loss::BinaryCrossEntropy(BinaryCrossEntropy {
        offset: 1.0,
        ..BinaryCrossEntropy::new(Readout::MaxVmem)
    });
    let peak = Loss::Peak(Peak { level: 2.0, window: 1, nontarget_weight: 1.0 });
    for loss in [&binary, &peak] {
        assert!(evaluate(loss, &OUTPUT, 3, Label::Outputs(vec![0.0, 1.0, 1.0])));
        assert!(!evaluate(loss, &OUTPUT, 3, Label::Outputs(vec![1.0, 1.0, 1.0])));
        assert!(
            evaluate(loss, &[0.2, 1.4], 1, Label::Class(1))
                && evaluate(loss, &[0.2, 0.4], 1, Label::Class(0))
        );
    }
    assert!(evaluate(&peak, &OUTPUT, 3, Label::Class(2)) && !evaluate(&peak, &OUTPUT, 3, Label::Class(1)));
}

#[test]
fn labels_of_another_kind_or_size_are_rejected() {
    for (loss, _) in cases() {
        let fits = |label: &Label| loss.accepts(label, 4, 3);
        assert!(!fits(&Label::Class(3)) && !fits(&Label::Outputs(vec![1.0; 2])));
        assert!(!fits(&Label::Outputs(vec![0.0, f32::NAN, 0.0])) && !fits(&Label::Outputs(vec![2.0; 3])));
        assert_eq!(fits(&Label::Sequence(vec![0.0; 12])), loss == Loss::Mse(MeanSquaredError::new()));
        assert!(!fits(&Label::Sequence(vec![0.0; 11])));
        let mut gradient = [9.0; 12];
        assert_eq!(loss.sample_loss(&OUTPUT, 3, &Label::Class(9), &mut gradient), 0.0);
        assert_eq!(gradient, [0.0; 12]);
    }
}
