//! Why training stops.

use synnet_ir::Diagnostics;

/// Why training cannot go on. The trainer stays as it was before the batch. Messages count epochs and batches
/// from 1, as progress does.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The data does not fit the network or the loss.
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
        /// Index of the sample.
        sample: usize,
        /// The epoch, from 0.
        epoch: usize,
        /// The batch, from 0.
        batch: usize,
        /// The first layer with a state that is not finite, if it was a layer.
        layer: Option<String>,
        /// The time step where that began.
        step: Option<usize>,
    },
    /// An update would give a tensor or a moment of the optimizer a value that is not finite.
    #[error(
        "the update of epoch {}, batch {} would set `{tensor}` to {value}; lower the learning rate or \
         set `gradient_clip`",
        epoch + 1,
        batch + 1
    )]
    Update {
        /// Name of the tensor.
        tensor: String,
        /// The value.
        value: f32,
        /// The epoch, from 0.
        epoch: usize,
        /// The batch, from 0.
        batch: usize,
    },
    /// Epochs cannot be compared.
    #[error("epochs are selected by `{score}`, which was not measured; give a validation set")]
    Score {
        /// Name of the score.
        score: &'static str,
    },
}

fn place(layer: &Option<String>, step: &Option<usize>) -> String {
    let Some((layer, step)) = layer.as_ref().zip(*step) else { return String::new() };
    format!(": layer `{layer}` leaves the finite numbers in time step {step}")
}
