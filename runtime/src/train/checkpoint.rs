//! Checkpoints: bytes from which training goes on as if it had never stopped.
//!
//! A checkpoint is a safetensors file. `param/<tensor>` are the weights, `first/<tensor>` and
//! `second/<tensor>` Adam's moments; one entry of metadata, `synnet_checkpoint`, is JSON with the
//! position and the options.

use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use synnet_dsl::diagnostic::Diagnostic;
use synnet_dsl::graph::Graph;
use synnet_dsl::{Params, Tensor};

use super::{TrainOptions, Trainer};
use crate::codes;

const KEY: &str = "synnet_checkpoint";
const VERSION: u32 = 1;

/// Where training stands, besides tensors.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    version: u32,
    epoch: usize,
    batch: usize,
    step: u64,
    options: serde_json::Value,
}

impl Trainer {
    /// Everything that is needed to go on later. The same state gives the same bytes.
    pub fn checkpoint(&self) -> Vec<u8> {
        let mut tensors = Params::default();
        for (name, tensor) in self.params().tensors {
            tensors.tensors.insert(format!("param/{name}"), tensor);
        }
        for (i, spec) in self.tape.learnt().specs().iter().enumerate() {
            for (stem, moments) in [("first", &self.moments.first), ("second", &self.moments.second)] {
                let tensor = Tensor::new(spec.shape.clone(), moments[i].clone());
                tensors.tensors.insert(format!("{stem}/{}", spec.name), tensor);
            }
        }
        let position = Position {
            version: VERSION,
            epoch: self.epoch,
            batch: self.batch,
            step: self.moments.step,
            options: options_as_json(&self.options),
        };
        let position = serde_json::to_string(&position).expect("plain values serialise");
        tensors.to_safetensors_with(KEY, position)
    }

    /// Goes on from a checkpoint of the same network and options.
    ///
    /// # Errors
    /// Bytes that are not a checkpoint; another network; each option that differs.
    pub fn resume(bytes: &[u8], graph: &Graph, options: TrainOptions) -> Result<Self, Vec<Diagnostic>> {
        let error = |message: String| vec![Diagnostic::error_without_place(&codes::CHECKPOINT, message)];
        let position = read_position(bytes).map_err(&error)?;
        let differing = differences(&position.options, &options_as_json(&options));
        if !differing.is_empty() {
            return Err(differing);
        }
        let mut all = Params::from_safetensors(bytes).map_err(|e| error(e.to_string()))?.tensors;
        let mut take = |stem: &str| {
            let names: Vec<String> = all.keys().filter(|name| name.starts_with(stem)).cloned().collect();
            let tensors = names.into_iter().filter_map(|name| {
                let tensor = all.remove(&name)?;
                Some((name[stem.len()..].to_owned(), tensor))
            });
            Params { tensors: tensors.collect() }
        };
        let [params, first, second] = ["param/", "first/", "second/"].map(&mut take);
        let mut trainer = Self::new(graph, params, options)?;
        let specs = trainer.tape.learnt().specs();
        for (moments, found) in [(&mut trainer.moments.first, first), (&mut trainer.moments.second, second)] {
            for (spec, moment) in specs.iter().zip(moments) {
                match found.tensors.get(&spec.name) {
                    Some(tensor) if tensor.data.len() == moment.len() => moment.clone_from(&tensor.data),
                    _ => return Err(error(format!("the checkpoint has no moments for `{}`", spec.name))),
                }
            }
        }
        (trainer.epoch, trainer.batch, trainer.moments.step) =
            (position.epoch, position.batch, position.step);
        Ok(trainer)
    }
}

fn options_as_json(options: &TrainOptions) -> serde_json::Value {
    serde_json::to_value(options).expect("plain values serialise")
}

fn read_position(bytes: &[u8]) -> Result<Position, String> {
    let (_, header) =
        SafeTensors::read_metadata(bytes).map_err(|error| format!("not a checkpoint: {error}"))?;
    let position = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
    let position = position.ok_or("not a checkpoint: the file holds weights only")?;
    let position: Position =
        serde_json::from_str(position).map_err(|error| format!("not a checkpoint: {error}"))?;
    if position.version != VERSION {
        return Err(format!("the checkpoint has version {}; this is version {VERSION}", position.version));
    }
    Ok(position)
}

/// One error for each option that differs.
fn differences(before: &serde_json::Value, now: &serde_json::Value) -> Vec<Diagnostic> {
    let (Some(before), Some(now)) = (before.as_object(), now.as_object()) else {
        return vec![Diagnostic::error_without_place(&codes::CHECKPOINT, "the checkpoint holds no options")];
    };
    let differing = now.iter().filter(|(key, value)| before.get(*key) != Some(value));
    differing
        .map(|(key, value)| {
            let old = before.get(key).map_or("unset".to_owned(), ToString::to_string);
            let message = format!("the checkpoint was made with `{key}` {old}; now it is {value}");
            Diagnostic::error_without_place(&codes::CHECKPOINT, message)
                .with_help("go on with the same options, or start anew")
        })
        .collect()
}
