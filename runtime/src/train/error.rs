//! The errors of training.

use synnet_ir::Diagnostics;

/// An error during training. The trainer is unchanged since the last complete batch. Fields count epochs and
/// batches from 0, messages from 1.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The dataset does not fit the network or the loss.
    #[error("the data does not fit the network")]
    Data(#[source] Diagnostics),
    /// A loss is NaN or infinite.
    #[error(
        "the loss of sample {sample} is not finite in epoch {}, batch {}{}; lower the learning \
         rate or set `gradient_clip`",
        epoch + 1,
        batch + 1,
        place(layer, step)
    )]
    NonFinite {
        /// Index of the sample in the dataset.
        sample: usize,
        /// The epoch, from 0.
        epoch: usize,
        /// The batch, from 0.
        batch: usize,
        /// The first layer with an infinite or NaN state; `None` if all states are finite.
        layer: Option<String>,
        /// The time step of that state, from 0.
        step: Option<usize>,
    },
    /// An update would set a tensor, or a moment of the optimizer, to a value that is infinite or NaN.
    #[error(
        "the update of epoch {}, batch {} would set `{tensor}` to {value}; lower the learning rate or \
         set `gradient_clip`",
        epoch + 1,
        batch + 1
    )]
    Update {
        /// Name of the learned tensor.
        tensor: String,
        /// Infinite or NaN.
        value: f32,
        /// The epoch, from 0.
        epoch: usize,
        /// The batch, from 0.
        batch: usize,
    },
    /// The score by which epochs are compared was not measured.
    #[error("epochs are selected by `{score}`, which was not measured; add a validation set")]
    Score {
        /// Name of the score in recipes.
        score: &'static str,
    },
}

fn place(layer: &Option<String>, step: &Option<usize>) -> String {
    let Some((layer, step)) = layer.as_ref().zip(*step) else { return String::new() };
    format!(": layer `{layer}` becomes infinite or NaN in time step {step}")
}
