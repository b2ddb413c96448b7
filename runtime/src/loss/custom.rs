//! Losses of one's own.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::label::Label;

type Function = dyn Fn(&[f32], &Label, &mut [f32]) -> f64 + Send + Sync;

/// A loss of one's own: any function of a sample's output and target.
///
/// Recipes cannot hold one. A checkpoint keeps its name: training goes on from it with a loss of the same name,
/// and the caller answers for its being the same function. Two are equal if they are clones of one another.
///
/// ```
/// use synnet_runtime::loss::CustomLoss;
/// use synnet_runtime::{Label, Loss};
///
/// // The membrane of the first output shall end at 1.
/// let loss = Loss::from(CustomLoss::new("end_at_one", |output, _target, gradient| {
///     let last = output.len() - 1;
///     gradient[last] = 2.0 * (output[last] - 1.0);
///     f64::from(output[last] - 1.0).powi(2)
/// }));
/// let mut gradient = [0.0; 3];
/// assert_eq!(loss.sample_loss(&[0.1, 0.2, 0.5], 1, &Label::Class(0), &mut gradient), 0.25);
/// assert_eq!(gradient, [0.0, 0.0, -1.0]);
/// ```
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct CustomLoss {
    /// What checkpoints call it.
    pub name: String,
    #[serde(skip)]
    function: Arc<Function>,
}

impl CustomLoss {
    /// A loss with a name and a function.
    ///
    /// The function takes the output of one sample, `[time, outputs]` in row-major order, and its target, which may
    /// be of any kind. It returns the loss and writes the gradient by the output, which has the same shape and begins
    /// as zeros. It may be called from several threads at once, and is called on held-back samples too; the same
    /// arguments must give the same result, or training does not repeat.
    pub fn new(
        name: impl Into<String>,
        function: impl Fn(&[f32], &Label, &mut [f32]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), function: Arc::new(function) }
    }

    /// The loss of one sample. Where the `gradient` is not wanted it is empty, and is written into `spare` instead.
    pub(super) fn sample_loss(
        &self,
        output: &[f32],
        label: &Label,
        gradient: &mut [f32],
        spare: &mut Vec<f32>,
    ) -> f64 {
        if gradient.len() == output.len() {
            gradient.fill(0.0);
            return (self.function)(output, label, gradient);
        }
        spare.clear();
        spare.resize(output.len(), 0.0);
        (self.function)(output, label, spare)
    }
}

impl PartialEq for CustomLoss {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.function, &other.function)
    }
}

impl fmt::Debug for CustomLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomLoss").field("name", &self.name).finish_non_exhaustive()
    }
}
