//! The units in which learned neuron parameters take their steps, and warnings about steps that are too large.
//!
//! A step of Adam changes a value by about the learning rate, whatever the size of its gradient. A rate that suits
//! weights, which are of the order of 1, would move a time constant in seconds by a whole time step. By default, the
//! optimizer therefore sees a constant in units of its declared value.

use std::collections::BTreeMap;
use std::f64::consts::LN_2;
use std::fmt;

use synnet_ir::display::{format_whole_percent, pluralize};
use synnet_ir::graph::{LayerParameter, LeakUnit};
use synnet_ir::{Graph, Slot, TensorSpec};

use crate::optimizer::choice::Optimizer;

/// The fraction of its value by which an update may change a learned neuron parameter without a warning. At this
/// fraction, 35 updates in one direction double it.
pub const MAX_RELATIVE_STEP: f64 = 0.02;

/// A learning rate at which single updates change learned neuron parameters by much of their value.
/// [`Display`](fmt::Display) formats it as a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct LargeStep {
    /// The kind of parameter: the last component of the tensors' names, such as `tau_mem`.
    pub parameter: String,
    /// Name of the tensor with the largest step.
    pub tensor: String,
    /// Number of other tensors of this kind with large steps.
    pub others: usize,
    /// The step of an update, as a fraction of the smallest value of the tensor (for leaks, of the time constant).
    pub fraction: f64,
    /// The factor of [`lr_factors`](crate::TrainOptions::lr_factors) at which the step is [`MAX_RELATIVE_STEP`].
    pub max_factor: f64,
}

impl fmt::Display for LargeStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parameter, tensor, others, fraction, max_factor } = self;
        write!(
            f,
            "a single update can change `{tensor}` by {} of its value, more than {}",
            format_whole_percent(*fraction),
            format_whole_percent(MAX_RELATIVE_STEP),
        )?;
        if *others > 0 {
            let are = if *others == 1 { "is" } else { "are" };
            write!(f, " ({} {are} affected, too)", pluralize(*others, "other tensor"))?;
        }
        write!(f, ": lower `optimizer.lr`, or set `lr_factors: {{ {parameter}: {max_factor:.1e} }}`")
    }
}

/// Returns the unit in which the optimizer sees each element of a tensor that `lr_factors` does not name; empty if all
/// units are 1.
///
/// | tensor | unit |
/// |---|---|
/// | time constant | its declared value |
/// | decay `d` per time step | `-d ln(d)`, which changes the time constant by the same fraction |
/// | threshold | its declared value |
/// | bit shift, weight, bias, after-hyperpolarization current | 1 |
///
/// `graph` is the graph as declared, not as bound to parameters, so that training resumes with the same units.
pub(super) fn units(graph: &Graph, spec: &TensorSpec) -> Vec<f32> {
    let Slot::Layer(id, which) = spec.slot else { return Vec::new() };
    let layer = graph.layer(id);
    let leak = which.leak(layer).map(|leak| leak.unit);
    // Bit shifts are on a logarithmic scale already: a step of 1 doubles a time constant.
    if leak == Some(LeakUnit::BitShift) {
        return Vec::new();
    }
    let values = which.of(layer).map_or(&[][..], |parameter| &parameter.values);
    let units: Option<Vec<f32>> =
        values.iter().map(|&x| relative_unit(which, leak, x).map(|unit| unit as f32)).collect();
    let elements: usize = spec.shape.iter().product();
    match units.as_deref() {
        Some([unit]) => vec![*unit; elements],
        Some(units) if units.len() == elements => units.to_vec(),
        _ => Vec::new(),
    }
}

/// Returns the change of a constant that changes its value, or the time constant of a leak, by 100 %, to first order.
/// Returns `None` for constants whose value may be 0.
fn relative_unit(which: LayerParameter, leak: Option<LeakUnit>, x: f64) -> Option<f64> {
    let unit = match (which, leak) {
        (LayerParameter::Threshold, _) | (_, Some(LeakUnit::TimeConstant)) => x,
        // From `d = exp(-dt / tau)`: a relative change of tau by r changes d by `-d ln(d) r`.
        (_, Some(LeakUnit::Decay)) => -x * x.ln(),
        // From `tau = dt 2^k`: a relative change of tau by r changes k by `r / ln(2)`.
        (_, Some(LeakUnit::BitShift)) => 1.0 / LN_2,
        (_, None) => return None,
    };
    (unit > 0.0).then_some(unit)
}

/// A learned tensor at the beginning of training.
pub(super) struct LearnedTensor<'a> {
    pub(super) spec: &'a TensorSpec,
    pub(super) values: &'a [f32],
    /// Factor on the learning rate, besides the units.
    pub(super) lr_factor: f64,
    /// The unit of each element; empty if all are 1.
    pub(super) units: &'a [f32],
}

/// Returns a warning for each kind of parameter whose steps are too large.
pub(super) fn large_steps<'a>(
    graph: &Graph,
    tensors: impl Iterator<Item = LearnedTensor<'a>>,
    optimizer: &Optimizer,
) -> Vec<LargeStep> {
    // A step of SGD is proportional to the gradient, which is not known before training.
    if matches!(optimizer, Optimizer::Sgd(_)) {
        return Vec::new();
    }
    let mut found: BTreeMap<String, LargeStep> = BTreeMap::new();
    for step in tensors.filter_map(|tensor| large_step(graph, &tensor, optimizer.lr())) {
        match found.get_mut(&step.parameter) {
            None => drop(found.insert(step.parameter.clone(), step)),
            Some(known) => {
                let others = known.others + 1;
                if step.fraction > known.fraction {
                    *known = step;
                }
                known.others = others;
            }
        }
    }
    found.into_values().collect()
}

/// Returns a warning if a step of `lr` is too large for an element of a tensor.
fn large_step(graph: &Graph, tensor: &LearnedTensor<'_>, lr: f64) -> Option<LargeStep> {
    let LearnedTensor { spec, values, lr_factor, units } = *tensor;
    let Slot::Layer(id, which) = spec.slot else { return None };
    let leak = which.leak(graph.layer(id)).map(|leak| leak.unit);
    let full: Vec<f64> = values.iter().filter_map(|&x| relative_unit(which, leak, x.into())).collect();
    let unit = |i: usize| units.get(i).map_or(1.0, |&unit| f64::from(unit));
    let fractions = full.iter().enumerate().map(|(i, full)| lr * lr_factor * unit(i) / full);
    let fraction = fractions.reduce(f64::max).filter(|fraction| *fraction > MAX_RELATIVE_STEP)?;
    Some(LargeStep {
        parameter: spec.name.rsplit('.').next().unwrap_or(&spec.name).to_owned(),
        tensor: spec.name.clone(),
        others: 0,
        fraction,
        max_factor: full.iter().copied().reduce(f64::min)? * MAX_RELATIVE_STEP / lr,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_relative_changes() {
        let of = |which, leak, value| relative_unit(which, leak, value);
        let (tau, decay) = (Some(LeakUnit::TimeConstant), Some(LeakUnit::Decay));
        assert_eq!(of(LayerParameter::MemLeak, tau, 20e-3), Some(20e-3));
        assert_eq!(of(LayerParameter::Threshold, None, 0.25), Some(0.25));
        // 1 % more of a time constant of 20 steps: from exp(-1/20) to exp(-1/20.2).
        let found = of(LayerParameter::SynLeak, decay, (-0.05_f64).exp()).expect("decays have a unit");
        let change = (-1.0_f64 / 20.2).exp() - (-0.05_f64).exp();
        assert!((found * 0.01 - change).abs() < 0.02 * change, "{found}");
        let shift =
            of(LayerParameter::SynLeak, Some(LeakUnit::BitShift), 4.0).expect("bit shifts have a unit");
        let longer = 2.0_f64.powf(4.0 + 0.01 * shift) / 16.0;
        assert!((longer - 1.01).abs() < 1e-4, "{longer}");
        assert_eq!(of(LayerParameter::Bias, None, 0.1), None);
    }

    #[test]
    fn a_large_step_is_a_sentence() {
        let step = LargeStep {
            parameter: "tau_mem".into(),
            tensor: "h0.tau_mem".into(),
            others: 2,
            fraction: 0.25,
            max_factor: 4e-4,
        };
        assert_eq!(
            step.to_string(),
            "a single update can change `h0.tau_mem` by 25 % of its value, more than 2 % (2 other tensors are affected, \
             too): lower `optimizer.lr`, or set `lr_factors: { tau_mem: 4.0e-4 }`"
        );
    }
}
