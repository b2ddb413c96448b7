//! Updates compared with PyTorch 2.15, on `sum(slope * sin(x) + 0.1 * x^2)` from `START`:
//! ```python
//! x = torch.nn.Parameter(start.clone()); o = torch.optim.SGD([x], lr=0.1)
//! for _ in range(10):
//!     o.zero_grad(); (slope * torch.sin(x) + 0.1 * x * x).sum().backward(); o.step()
//! ```

use super::choice::Optimizer;
use super::state::{OptimizerState, Update, UpdateRule};
use super::*;

const START: [f32; 4] = [1.0, -2.0, 0.5, 3.0];
const SLOPE: [f32; 4] = [1.0, 0.3, -0.7, 2.0];
const RULE: UpdateRule = UpdateRule { lr_factor: 1.0, decays: true, bounds: None };

fn optimizer_state(optimizer: &Optimizer) -> OptimizerState {
    OptimizerState::new(optimizer, vec![START.to_vec()])
}

fn update(
    optimizer_state: &mut OptimizerState,
    optimizer: &Optimizer,
    rule: UpdateRule,
    g: &[f32],
) -> Result<(), (usize, f32)> {
    update_in_units(optimizer_state, optimizer, rule, &[], g)
}

fn update_in_units(
    optimizer_state: &mut OptimizerState,
    optimizer: &Optimizer,
    rule: UpdateRule,
    units: &[f32],
    g: &[f32],
) -> Result<(), (usize, f32)> {
    let (rules, units, gradients) = ([rule], [units.to_vec()], [g.to_vec()]);
    let lr = optimizer.lr();
    optimizer_state.update(Update {
        optimizer,
        lr,
        gradient_factor: 1.0,
        rules: &rules,
        units: &units,
        gradients: &gradients,
    })
}

#[test]
fn trajectories_match_pytorch() {
    let sgd =
        |lr, momentum, weight_decay, nesterov| Optimizer::Sgd(Sgd { lr, momentum, nesterov, weight_decay });
    let adam = Adam { lr: 0.1, ..Adam::default() };
    let other = Adam { betas: [0.8, 0.95], eps: 1e-6, weight_decay: 0.2, ..adam };
    let adamw = AdamW { lr: 0.1, ..AdamW::default() };
    let decay = AdamW { lr: 0.05, betas: [0.8, 0.95], eps: 1e-6, weight_decay: 0.3 };
    let expected = [
        (sgd(0.1, 0.0, 0.0, false), [0.088_271_6, -1.576_379_5, 0.892_854_4, 4.033_903_6]),
        (sgd(0.1, 0.0, 0.2, false), [-0.035_254_39, -1.315_657_4, 0.793_140_8, 3.611_840_2]),
        (sgd(0.05, 0.9, 0.1, false), [-0.914_888_2, -0.848_340_45, 1.188_658, 4.514_549]),
        (sgd(0.05, 0.9, 0.1, true), [-1.134_367, -0.814_375_4, 1.185_067, 4.396_403]),
        (Optimizer::Adam(adam), [-0.010_596_029, -1.067_815, 1.362_392_5, 3.979_457]),
        (Optimizer::Adam(other), [-0.007_819_25, -1.064_041_9, 1.104_250_3, 3.896_350_9]),
        (Optimizer::AdamW(adamw), [-0.016_029_902, -1.05445, 1.355_711_1, 3.946_965_7]),
        (Optimizer::AdamW(decay), [0.384_595_22, -1.281_464_7, 0.880_861_64, 3.046_796]),
    ];
    for (optimizer, expected) in expected {
        let mut optimizer_state = optimizer_state(&optimizer);
        for _ in 0..10 {
            let x = optimizer_state.tensors[0].iter().zip(SLOPE);
            let g: Vec<f32> = x.map(|(x, slope)| slope * x.cos() + 0.2 * x).collect();
            update(&mut optimizer_state, &optimizer, RULE, &g).unwrap();
        }
        for (found, expected) in optimizer_state.tensors[0].iter().zip(expected) {
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
        let mut optimizer_state = optimizer_state(&optimizer);
        update(&mut optimizer_state, &optimizer, RULE, &[1.0; 4]).unwrap();
        let before = (optimizer_state.step, optimizer_state.tensors.clone(), optimizer_state.moments.clone());
        for bad in [f32::NAN, f32::INFINITY] {
            let (i, value) =
                update(&mut optimizer_state, &optimizer, RULE, &[1.0, 2.0, bad, 1.0]).unwrap_err();
            assert!(i == 0 && !value.is_finite());
            assert_eq!(
                (optimizer_state.step, optimizer_state.tensors.clone(), optimizer_state.moments.clone()),
                before
            );
        }
    }
}

#[test]
fn update_rules_apply_lr_factor_decay_and_bounds() {
    let optimizer = Optimizer::Sgd(Sgd { lr: 1.0, weight_decay: 0.5, ..Sgd::default() });
    let mut after = optimizer_state(&optimizer);
    let rule = UpdateRule { lr_factor: 0.5, decays: false, bounds: Some((-1.0, 2.0)) };
    update(&mut after, &optimizer, rule, &[1.0; 4]).unwrap();
    assert_eq!(after.tensors[0], [0.5, -1.0, 0.0, 2.0]);
}

#[test]
fn steps_are_scaled_by_units() {
    // The first step of Adam is the learning rate, whatever the gradient.
    let optimizer = Optimizer::Adam(Adam { lr: 0.5, ..Adam::default() });
    let mut after = optimizer_state(&optimizer);
    let rule = UpdateRule { bounds: Some((-3.0, 2.0)), ..RULE };
    let (units, g) = ([0.01, 1.0, 4.0, 0.0], [3.0, -1.0, 100.0, 1.0]);
    update_in_units(&mut after, &optimizer, rule, &units, &g).unwrap();
    for (found, expected) in after.tensors[0].iter().zip([0.995, -1.5, -1.5, 2.0]) {
        assert!((found - expected).abs() < 1e-6, "{:?}", after.tensors);
    }
}

#[test]
fn names_of_optimizers_are_those_of_recipes() {
    for (text, expected) in [
        (r#"{"kind": "adamw"}"#, Optimizer::AdamW(AdamW::default())),
        (r#"{"kind": "sgd", "momentum": 0.5}"#, Optimizer::Sgd(Sgd { momentum: 0.5, ..Sgd::default() })),
    ] {
        assert_eq!(serde_json::from_str::<Optimizer>(text).unwrap(), expected);
    }
}
