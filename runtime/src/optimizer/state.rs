//! The state of an optimizer, and the update of all learned tensors.

use super::choice::Optimizer;
use super::{adam, sgd};

/// The options of updates that differ from tensor to tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct UpdateRule {
    /// Factor on the learning rate.
    pub(crate) lr_factor: f64,
    /// Whether weight decay acts on the tensor: on weights of connections, not on biases and constants of
    /// neurons.
    pub(crate) decays: bool,
    /// Minimum and maximum, to which values are clamped after each update.
    pub(crate) bounds: Option<(f32, f32)>,
}

/// The inputs of one update of all tensors. Slices are indexed by learned tensor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update<'a> {
    pub(crate) optimizer: &'a Optimizer,
    /// Learning rate, after the schedule.
    pub(crate) lr: f64,
    /// Factor on all gradients, from clipping.
    pub(crate) gradient_factor: f32,
    pub(crate) rules: &'a [UpdateRule],
    /// Factor on the step of each element, `[tensor][element]`; an empty list stands for ones.
    pub(crate) units: &'a [Vec<f32>],
    pub(crate) gradients: &'a [Vec<f32>],
}

/// The learned tensors, and the moments that the optimizer keeps of their gradients.
///
/// An update is written to a second set of buffers, which replaces the first only if every value is finite. A
/// failed update therefore changes nothing, and no update allocates.
#[derive(Clone, Debug)]
pub(crate) struct OptimizerState {
    /// Number of updates so far.
    pub(crate) step: u64,
    /// Values of the learned tensors.
    pub(crate) tensors: Vec<Vec<f32>>,
    /// `[moment][tensor]`, in the order of [`Optimizer::moments`].
    pub(crate) moments: Vec<Vec<Vec<f32>>>,
    next_tensors: Vec<Vec<f32>>,
    next_moments: Vec<Vec<Vec<f32>>>,
}

impl OptimizerState {
    /// Creates the state before the first update, with moments of zero.
    pub(crate) fn new(optimizer: &Optimizer, tensors: Vec<Vec<f32>>) -> Self {
        let zeros: Vec<Vec<f32>> = tensors.iter().map(|tensor| vec![0.0; tensor.len()]).collect();
        let moments = vec![zeros.clone(); optimizer.moments().len()];
        Self { step: 0, tensors, next_moments: moments.clone(), moments, next_tensors: zeros }
    }

    /// Updates all tensors.
    ///
    /// # Errors
    /// Returns the index of the first tensor that would become infinite or NaN, and the first such value of
    /// it or of its moments. The state is then unchanged.
    pub(crate) fn update(&mut self, update: Update<'_>) -> Result<(), (usize, f32)> {
        for i in 0..self.tensors.len() {
            let rule = update.rules[i];
            if !self.prepare(i, rule, update) {
                return Err((i, self.first_non_finite(i)));
            }
            let steps = self.next_tensors[i].iter_mut().zip(&self.tensors[i]).zip(&update.units[i]);
            steps.for_each(|((next, x), unit)| *next = x + (*next - x) * unit);
            if let Some((min, max)) = rule.bounds {
                self.next_tensors[i].iter_mut().for_each(|x| *x = x.clamp(min, max));
            }
        }
        self.step += 1;
        std::mem::swap(&mut self.tensors, &mut self.next_tensors);
        std::mem::swap(&mut self.moments, &mut self.next_moments);
        Ok(())
    }

    /// Writes the next values of tensor `i` and its moments. Returns whether all of them are finite.
    fn prepare(&mut self, i: usize, rule: UpdateRule, update: Update<'_>) -> bool {
        let (lr, k) = (update.lr * rule.lr_factor, self.step + 1);
        let decay = |weight_decay: f64| if rule.decays { weight_decay } else { 0.0 };
        let (x, g, next) = (&self.tensors[i], &update.gradients[i], &mut self.next_tensors[i]);
        match (update.optimizer, self.moments.as_slice(), self.next_moments.as_mut_slice()) {
            (Optimizer::Sgd(sgd), [momentum], [next_momentum]) => {
                let step = sgd::SgdUpdate::new(sgd, lr, decay(sgd.weight_decay), update.gradient_factor);
                step.with_momentum(x, g, &momentum[i], next, &mut next_momentum[i])
            }
            (Optimizer::Sgd(sgd), ..) => {
                let step = sgd::SgdUpdate::new(sgd, lr, decay(sgd.weight_decay), update.gradient_factor);
                step.plain(x, g, next)
            }
            (Optimizer::Adam(adam), [first, second], [next_first, next_second]) => {
                let step =
                    adam::AdamUpdate::adam(adam, lr, decay(adam.weight_decay), k, update.gradient_factor);
                step.run(x, g, (&first[i], &second[i]), next, (&mut next_first[i], &mut next_second[i]))
            }
            (Optimizer::AdamW(adam), [first, second], [next_first, next_second]) => {
                let step =
                    adam::AdamUpdate::adamw(adam, lr, decay(adam.weight_decay), k, update.gradient_factor);
                step.run(x, g, (&first[i], &second[i]), next, (&mut next_first[i], &mut next_second[i]))
            }
            (Optimizer::Adam(_) | Optimizer::AdamW(_), ..) => {
                unreachable!("the state has one set of tensors per moment of the optimizer")
            }
        }
    }

    fn first_non_finite(&self, i: usize) -> f32 {
        let all = std::iter::once(&self.next_tensors).chain(&self.next_moments);
        let mut values = all.flat_map(|tensors| &tensors[i]);
        values.find(|x| !x.is_finite()).copied().unwrap_or(f32::NAN)
    }
}
