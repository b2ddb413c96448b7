//! Updates against PyTorch 2.15, on `sum(slope * sin(x) + 0.1 * x^2)` from `START`:
//! ```python
//! x = torch.nn.Parameter(start.clone()); o = torch.optim.SGD([x], lr=0.1)
//! for _ in range(10):
//!     o.zero_grad(); (slope * torch.sin(x) + 0.1 * x * x).sum().backward(); o.step()
//! ```

use super::*;

const START: [f32; 4] = [1.0, -2.0, 0.5, 3.0];
const SLOPE: [f32; 4] = [1.0, 0.3, -0.7, 2.0];
const RULE: Rule = Rule { lr_factor: 1.0, decays: true, bounds: None };

fn learning(optimizer: &Optimizer) -> Learning {
    Learning::new(optimizer, vec![START.to_vec()])
}

fn update(learning: &mut Learning, optimizer: &Optimizer, rule: Rule, g: &[f32]) -> Result<(), (usize, f32)> {
    let (rules, gradients) = ([rule], [g.to_vec()]);
    let lr = optimizer.lr();
    learning.update(Update { optimizer, lr, gradient_factor: 1.0, rules: &rules, gradients: &gradients })
}

#[test]
fn trajectories_are_those_of_pytorch() {
    let sgd =
        |lr, momentum, weight_decay, nesterov| Optimizer::Sgd(Sgd { lr, momentum, nesterov, weight_decay });
    let adam = Adam { lr: 0.1, ..Adam::default() };
    let other = Adam { betas: [0.8, 0.95], eps: 1e-6, weight_decay: 0.2, ..adam };
    let adamw = AdamW { lr: 0.1, ..AdamW::default() };
    let decay = AdamW { lr: 0.05, betas: [0.8, 0.95], eps: 1e-6, weight_decay: 0.3 };
    let expected = [
        (sgd(0.1, 0.0, 0.0, false), [0.088271603, -1.57637954, 0.892854393, 4.0339036]),
        (sgd(0.1, 0.0, 0.2, false), [-0.035254389, -1.31565738, 0.793140829, 3.61184025]),
        (sgd(0.05, 0.9, 0.1, false), [-0.914888203, -0.848340452, 1.188658, 4.51454878]),
        (sgd(0.05, 0.9, 0.1, true), [-1.13436699, -0.814375401, 1.18506706, 4.39640284]),
        (Optimizer::Adam(adam), [-0.0105960295, -1.06781495, 1.36239254, 3.9794569]),
        (Optimizer::Adam(other), [-0.00781925023, -1.06404185, 1.10425031, 3.89635086]),
        (Optimizer::AdamW(adamw), [-0.0160299018, -1.05445004, 1.3557111, 3.94696569]),
        (Optimizer::AdamW(decay), [0.384595215, -1.2814647, 0.88086164, 3.04679608]),
    ];
    for (optimizer, expected) in expected {
        let mut learning = learning(&optimizer);
        for _ in 0..10 {
            let x = learning.tensors[0].iter().zip(SLOPE);
            let g: Vec<f32> = x.map(|(x, slope)| slope * x.cos() + 0.2 * x).collect();
            update(&mut learning, &optimizer, RULE, &g).unwrap();
        }
        for (found, expected) in learning.tensors[0].iter().zip(expected) {
            assert!((found - expected).abs() < 2e-6, "{optimizer:?}: {found}, not {expected}");
        }
    }
}

#[test]
fn a_failed_update_changes_nothing() {
    for optimizer in [
        Optimizer::Sgd(Sgd::default()),
        Optimizer::Sgd(Sgd { momentum: 0.9, ..Sgd::default() }),
        Optimizer::default(),
        Optimizer::AdamW(AdamW::default()),
    ] {
        let mut learning = learning(&optimizer);
        update(&mut learning, &optimizer, RULE, &[1.0; 4]).unwrap();
        let before = (learning.step, learning.tensors.clone(), learning.moments.clone());
        for bad in [f32::NAN, f32::INFINITY] {
            let (i, value) = update(&mut learning, &optimizer, RULE, &[1.0, 2.0, bad, 1.0]).unwrap_err();
            assert!(i == 0 && !value.is_finite());
            assert_eq!((learning.step, learning.tensors.clone(), learning.moments.clone()), before);
        }
    }
}

#[test]
fn rules_scale_rates_exempt_from_decay_and_bound() {
    let optimizer = Optimizer::Sgd(Sgd { lr: 1.0, weight_decay: 0.5, ..Sgd::default() });
    let mut after = learning(&optimizer);
    let rule = Rule { lr_factor: 0.5, decays: false, bounds: Some((-1.0, 2.0)) };
    update(&mut after, &optimizer, rule, &[1.0; 4]).unwrap();
    assert_eq!(after.tensors[0], [0.5, -1.0, 0.0, 2.0]);
}

#[test]
fn names_of_optimisers_are_those_of_recipes() {
    for (text, expected) in [
        (r#"{"kind": "adamw"}"#, Optimizer::AdamW(AdamW::default())),
        (r#"{"kind": "sgd", "momentum": 0.5}"#, Optimizer::Sgd(Sgd { momentum: 0.5, ..Sgd::default() })),
    ] {
        assert_eq!(serde_json::from_str::<Optimizer>(text).unwrap(), expected);
    }
}
