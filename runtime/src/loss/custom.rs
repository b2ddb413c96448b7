//! Custom losses: user-defined functions.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::label::Label;

type Function = dyn Fn(&[f32], &Label, &mut [f32]) -> f64 + Send + Sync;

/// A custom loss: any function of a sample's output and label.
///
/// Recipes cannot contain one. A checkpoint stores the name only: resuming requires a loss of the same name,
/// and the caller is responsible for passing the same function. Two custom losses are equal if one is a clone
/// of the other.
///
/// ```
/// use synnet_runtime::loss::CustomLoss;
/// use synnet_runtime::{Label, Loss};
///
/// // The membrane potential of the single output should end at 1.
/// let loss = Loss::from(CustomLoss::new("end_at_one", |output, _label, gradient| {
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
    /// Identifies the loss in checkpoints.
    pub name: String,
    #[serde(skip)]
    function: Arc<Function>,
}

impl CustomLoss {
    /// Creates a loss from a name and a function.
    ///
    /// The function takes the output of one sample, `[time, outputs]` in row-major order, and its label, of
    /// any kind. It returns the loss, and writes the gradient with respect to the output into its third
    /// argument, which has the same shape and is zero at first. It is called from several threads, for
    /// training and for validation. It must be pure, or training is not reproducible.
    pub fn new(
        name: impl Into<String>,
        function: impl Fn(&[f32], &Label, &mut [f32]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), function: Arc::new(function) }
    }

    /// Returns the loss of one sample. If `gradient` is empty, the function writes into `spare` instead.
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
