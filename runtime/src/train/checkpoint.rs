//! Checkpoints: bytes from which training resumes as if it had never stopped.
//!
//! A checkpoint is a safetensors file. `param/<tensor>` has the weights, `<moment>/<tensor>` the moments of
//! the optimizer (`first` and `second` for Adam, `momentum` for SGD), `best/<tensor>` the learned tensors of the
//! best epoch, and `average/<tensor>` their averages. The metadata entry `synnet_checkpoint` is JSON with the position, the best epoch and
//! the options. A checksum covers the whole file: a damaged one is refused.

use std::collections::BTreeMap;

use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use synnet_ir::{Diagnostic, Diagnostics, Graph, Params, Tensor, TensorSpec};

use super::epoch_sums::EpochSums;
use super::options::TrainOptions;
use super::selection::Best;
use super::trainer::Trainer;
use crate::codes;

const KEY: &str = "synnet_checkpoint";
/// Version of the format, to be raised with every incompatible change of it or of the options.
const VERSION: u32 = 4;
/// Limit of plausible update counts: integers that f64 represents exactly.
const MAX_STEPS: u64 = 1 << 53;

/// The state of training besides its tensors.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    version: u32,
    epoch: usize,
    batch: usize,
    step: u64,
    best: Option<Best>,
    /// Metrics of the current epoch, if training stopped within it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sums: Option<EpochSums>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    provenance: BTreeMap<String, String>,
    /// Whether nothing is left to train: the last epoch is done, or training has stopped early.
    #[serde(default, skip_serializing_if = "is_false")]
    finished: bool,
    /// Whether the weights are still to be scaled to the data.
    #[serde(default, skip_serializing_if = "is_false")]
    awaits_data: bool,
    options: serde_json::Value,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_false(value: &bool) -> bool {
    !value
}

/// What a checkpoint says about its training, without the tensors.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckpointInfo {
    /// Number of complete epochs.
    pub epochs_done: usize,
    /// Number of epochs to train.
    pub epochs: usize,
    /// Whether nothing is left to train: the last epoch is done, or training has stopped early.
    pub finished: bool,
    /// The descriptions of the inputs of training that the caller had set, by name.
    pub provenance: BTreeMap<String, String>,
    options: serde_json::Value,
}

impl CheckpointInfo {
    /// Reads the header of a checkpoint.
    ///
    /// # Errors
    /// Returns an error if `bytes` is not a checkpoint of this version.
    pub fn read(bytes: &[u8]) -> Result<Self, Diagnostics> {
        let position = read_position(bytes).map_err(error)?;
        verify(bytes)?;
        let epochs = position.options.get("epochs").and_then(serde_json::Value::as_u64).unwrap_or(0);
        Ok(Self {
            epochs_done: position.epoch,
            epochs: epochs as usize,
            finished: position.finished,
            provenance: position.provenance,
            options: position.options,
        })
    }

    /// Returns a sentence for each option that differs, such as "`batch` is 8, but it is 4 in the checkpoint".
    pub fn differences(&self, options: &TrainOptions) -> Vec<String> {
        let (before, now) = (&self.options, options_as_json(options));
        differences(before, &now).unwrap_or_default()
    }
}

impl Trainer {
    /// Serializes the training state, from which [`resume`](Self::resume) continues. The same state gives the
    /// same bytes.
    pub fn checkpoint(&self) -> Vec<u8> {
        let mut all = Params::default();
        for (name, tensor) in self.params().tensors {
            all.tensors.insert(format!("param/{name}"), tensor);
        }
        let stems = self.options.optimizer.moments().iter().copied();
        let moments = stems.zip(&self.descent.optimizer_state.moments);
        let best = self.best.iter().map(|(_, tensors)| ("best", tensors));
        let averages = self.averages.iter().map(|tensors| ("average", tensors));
        for (stem, tensors) in moments.chain(best).chain(averages) {
            for (spec, values) in self.tape.learned().specs().iter().zip(tensors) {
                let tensor = Tensor::new(spec.shape.clone(), values.clone());
                all.tensors.insert(format!("{stem}/{}", spec.name), tensor);
            }
        }
        let position = Position {
            version: VERSION,
            epoch: self.epoch,
            batch: self.batch,
            step: self.descent.optimizer_state.step,
            best: self.best(),
            sums: self.sums.clone(),
            provenance: self.provenance.clone(),
            finished: self.is_finished(),
            awaits_data: self.awaits_data,
            options: options_as_json(&self.options),
        };
        let position = serde_json::to_string(&position).expect("plain values serialize");
        all.to_safetensors_with(&BTreeMap::from([(KEY.to_owned(), position)]))
    }

    /// Resumes training from a checkpoint of the same network with the same options. The number of epochs may be larger:
    /// training is then extended.
    ///
    /// # Errors
    /// Returns an error if `bytes` is not a checkpoint or belongs to another network, and an error for each
    /// option that differs.
    pub fn resume(bytes: &[u8], graph: &Graph, options: TrainOptions) -> Result<Self, Diagnostics> {
        // Options first: a difference there also explains missing moments below.
        let position = read_position(bytes).map_err(error)?;
        let mut all = verify(bytes)?.tensors;
        check_options(&position, &options)?;
        let mut params = Params::default();
        for name in all.keys().filter(|name| name.starts_with("param/")).cloned().collect::<Vec<_>>() {
            params
                .tensors
                .extend(all.remove(&name).map(|tensor| (name["param/".len()..].to_owned(), tensor)));
        }
        let mut trainer = Self::new(graph, params, options)?;
        for (i, stem) in trainer.options.optimizer.moments().iter().enumerate() {
            trainer.descent.optimizer_state.moments[i] = trainer.take(&mut all, stem).map_err(error)?;
        }
        if let Some(best) = position.best {
            trainer.best = Some((best, trainer.take(&mut all, "best").map_err(error)?));
        }
        if trainer.averages.is_some() {
            trainer.averages = Some(trainer.take(&mut all, "average").map_err(error)?);
        }
        // Every tensor must have been taken: a remaining one means another network or optimizer.
        if let Some(name) = all.keys().next() {
            return Err(error(format!("the checkpoint has a tensor `{name}`, but this network does not")));
        }
        if let Some(sums) = position.sums {
            let sums = EpochSums::resumed(sums, &trainer.empty_sums(0));
            let sums =
                sums.ok_or_else(|| error("the checkpoint has metrics of another network".to_owned()))?;
            trainer.sums = Some(sums);
        }
        (trainer.epoch, trainer.batch, trainer.descent.optimizer_state.step) =
            (position.epoch, position.batch, position.step);
        trainer.provenance = position.provenance;
        trainer.awaits_data = position.awaits_data;
        Ok(trainer)
    }

    /// Returns the provenance that the caller has set: descriptions of the inputs of training, by name.
    /// Checkpoints contain it, so that a caller who resumes can verify that the inputs are the same.
    pub fn provenance(&self) -> &BTreeMap<String, String> {
        &self.provenance
    }

    /// Sets the provenance, such as hashes of the network and the data.
    pub fn set_provenance(&mut self, provenance: BTreeMap<String, String>) {
        self.provenance = provenance;
    }

    /// Removes the tensors with the prefix `stem` from `all`, one per learned tensor.
    fn take(&self, all: &mut BTreeMap<String, Tensor>, stem: &str) -> Result<Vec<Vec<f32>>, String> {
        let specs = self.tape.learned().specs().iter();
        let take = |spec: &TensorSpec| {
            let name = format!("{stem}/{}", spec.name);
            let tensor = all.remove(&name).filter(|tensor| tensor.shape == spec.shape);
            let tensor =
                tensor.ok_or_else(|| format!("the checkpoint has no `{name}` of shape {:?}", spec.shape))?;
            match tensor.data.iter().find(|x| !x.is_finite()) {
                Some(x) => Err(format!("tensor `{name}` of the checkpoint contains {x}")),
                None => Ok(tensor.data),
            }
        };
        specs.map(take).collect()
    }
}

/// Reads the tensors of a checkpoint, which match its checksum.
fn verify(bytes: &[u8]) -> Result<Params, Diagnostics> {
    Params::from_safetensors(bytes).map_err(|reason| error(format!("invalid checkpoint: {reason}")))
}

fn error(message: String) -> Diagnostics {
    Diagnostic::error_without_span(&codes::CHECKPOINT, message).into()
}

fn options_as_json(options: &TrainOptions) -> serde_json::Value {
    serde_json::to_value(options).expect("plain values serialize")
}

fn read_position(bytes: &[u8]) -> Result<Position, String> {
    let (_, header) =
        SafeTensors::read_metadata(bytes).map_err(|error| format!("not a checkpoint: {error}"))?;
    let position = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
    let position = position.ok_or("not a checkpoint: the file contains only weights")?;
    let position: Position =
        serde_json::from_str(position).map_err(|error| format!("not a checkpoint: {error}"))?;
    if position.version != VERSION {
        return Err(format!(
            "expected a checkpoint of version {VERSION}, found version {}",
            position.version
        ));
    }
    let best_is_past =
        position.best.is_none_or(|best| best.improved_epoch <= best.epoch && best.epoch < position.epoch);
    if position.step > MAX_STEPS || position.epoch as u64 > MAX_STEPS || !best_is_past {
        return Err("invalid checkpoint: its epoch or update count is out of range".to_owned());
    }
    Ok(position)
}

/// Returns an error for each option that differs, except for a larger number of epochs.
fn check_options(position: &Position, options: &TrainOptions) -> Result<(), Diagnostics> {
    let mut now = options_as_json(options);
    let before = position.options.get("epochs").and_then(serde_json::Value::as_u64);
    if before.is_some_and(|before| before <= options.epochs as u64) {
        now["epochs"] = position.options["epochs"].clone();
    }
    let differing = differences(&position.options, &now)
        .ok_or_else(|| error("invalid checkpoint: it contains no options".to_owned()))?;
    let differing = differing.into_iter().map(|message| {
        Diagnostic::error_without_span(&codes::CHECKPOINT, message)
            .with_help("resume with the same options, or start a new training run")
    });
    let differing: Diagnostics = differing.collect();
    if differing.is_empty() { Ok(()) } else { Err(differing) }
}

/// Returns a sentence for each option that differs; `None` if one of the two has no options.
fn differences(before: &serde_json::Value, now: &serde_json::Value) -> Option<Vec<String>> {
    let (before, now) = (before.as_object()?, now.as_object()?);
    let differing = now.iter().filter(|(key, value)| before.get(*key) != Some(value));
    let sentence = |(key, value): (&String, &serde_json::Value)| {
        let old = before.get(key).map_or("unset".to_owned(), ToString::to_string);
        format!("`{key}` is {value}, but it is {old} in the checkpoint")
    };
    Some(differing.map(sentence).collect())
}
