//! Updates of all tensors that learn.

use super::choice::Optimizer;
use super::{adam, sgd};

/// How a tensor is updated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct UpdateRule {
    /// Factor on the learning rate.
    pub(crate) lr_factor: f64,
    /// Whether weight decay acts on it.
    pub(crate) decays: bool,
    /// Least and greatest value, to which it is brought after each update.
    pub(crate) bounds: Option<(f32, f32)>,
}

/// An update of every tensor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update<'a> {
    pub(crate) optimizer: &'a Optimizer,
    /// Learning rate, after the schedule.
    pub(crate) lr: f64,
    /// Factor on all gradients, from clipping.
    pub(crate) gradient_factor: f32,
    pub(crate) rules: &'a [UpdateRule],
    pub(crate) gradients: &'a [Vec<f32>],
}

/// The tensors that learn and what the optimizer keeps of them.
///
/// An update is computed beside the present values and takes their place only where all of it is finite.
/// So a failed one leaves everything as it was, and none allocates.
#[derive(Clone, Debug)]
pub(crate) struct OptimizerState {
    /// Updates done.
    pub(crate) step: u64,
    /// The tensors.
    pub(crate) tensors: Vec<Vec<f32>>,
    /// For each of [`Optimizer::moments`], one tensor for each that learns.
    pub(crate) moments: Vec<Vec<Vec<f32>>>,
    next_tensors: Vec<Vec<f32>>,
    next_moments: Vec<Vec<Vec<f32>>>,
}

impl OptimizerState {
    /// Moments of zero.
    pub(crate) fn new(optimizer: &Optimizer, tensors: Vec<Vec<f32>>) -> Self {
        let zeros: Vec<Vec<f32>> = tensors.iter().map(|tensor| vec![0.0; tensor.len()]).collect();
        let moments = vec![zeros.clone(); optimizer.moments().len()];
        Self { step: 0, tensors, next_moments: moments.clone(), moments, next_tensors: zeros }
    }

    /// Updates all tensors.
    ///
    /// # Errors
    /// The index of the first tensor that would not stay finite, and a value that it would get; nothing is
    /// changed then.
    pub(crate) fn update(&mut self, update: Update<'_>) -> Result<(), (usize, f32)> {
        for i in 0..self.tensors.len() {
            let rule = update.rules[i];
            if !self.prepare(i, rule, update) {
                return Err((i, self.first_non_finite(i)));
            }
            if let Some((least, greatest)) = rule.bounds {
                self.next_tensors[i].iter_mut().for_each(|x| *x = x.clamp(least, greatest));
            }
        }
        self.step += 1;
        std::mem::swap(&mut self.tensors, &mut self.next_tensors);
        std::mem::swap(&mut self.moments, &mut self.next_moments);
        Ok(())
    }

    /// Computes the next values of tensor `i`, and says whether they are finite.
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
                unreachable!("an optimizer has the moments that it names")
            }
        }
    }

    fn first_non_finite(&self, i: usize) -> f32 {
        let all = std::iter::once(&self.next_tensors).chain(&self.next_moments);
        let mut values = all.flat_map(|tensors| &tensors[i]);
        values.find(|x| !x.is_finite()).copied().unwrap_or(f32::NAN)
    }
}
