//! The weights of a recipe: what their files say about the network, and the comparison when they are read.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use synnet_ir::{Difference, Graph, Network, Params, Slot, WeightsFile, WeightsMetadata, differences};
use synnet_runtime::initial_params;
use xxhash_rust::xxh3::xxh3_128;

use crate::error::Error;
use crate::files;
use crate::observer::Observer;
use crate::plan::Plan;
use crate::recipe::{Format, FrontEnd, Recipe, plain};

/// Weights to start training from.
#[derive(Clone, Debug)]
pub struct InitialWeights {
    /// A value for every learned tensor, and for constants that the file sets.
    pub(crate) params: Params,
    /// Hash of the tensors, in hexadecimal.
    pub(crate) hash: String,
}

impl Plan {
    /// Returns the metadata of weights that are trained with the recipe.
    pub fn weights_metadata(&self) -> WeightsMetadata {
        let recipe = &self.recipe;
        WeightsMetadata::new(&self.loaded.graph)
            .with_params(recipe.network_params())
            .with_front_end(front_end_constants(recipe))
            .with_classes(recipe.data.classes.iter().map(plain))
    }

    /// Serializes trained weights with their metadata.
    pub(crate) fn weights_file(&self, params: &Params) -> Vec<u8> {
        params.to_safetensors_with(&self.weights_metadata().entries())
    }

    /// Reads the weights of a file and binds them to the network.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, and under the conditions of [`bind`](Self::bind).
    pub fn read_weights(
        &self,
        path: &Path,
        allow_mismatch: bool,
        observer: &dyn Observer,
    ) -> Result<Network, Error> {
        self.bind(&files::read(path)?, path, allow_mismatch, observer)
    }

    /// Binds weights in safetensors format to the network; messages call them `path`.
    ///
    /// # Errors
    /// Returns an error if the bytes are not in safetensors format, or lists every tensor that does not fit. Weights
    /// are also an error if they were trained for a network with different constants or front-end options, or for
    /// other classes, unless `allow_mismatch`; the observer then gets a warning.
    pub fn bind(
        &self,
        weights: &[u8],
        path: &Path,
        allow_mismatch: bool,
        observer: &dyn Observer,
    ) -> Result<Network, Error> {
        let file = WeightsFile::from_safetensors(weights).map_err(|e| Error::file(path, e))?;
        self.loaded.bind_file(&file, &self.weight_differences(&file), path, allow_mismatch, observer)
    }

    /// Takes weights in safetensors format, to start training from; messages call them `path`. Learned neuron parameters that the file lacks start from their
    /// declared values; the observer gets a note.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub fn initial_weights(
        &self,
        weights: &[u8],
        path: &Path,
        allow_mismatch: bool,
        observer: &dyn Observer,
    ) -> Result<InitialWeights, Error> {
        let graph = &self.loaded.graph;
        let mut file = WeightsFile::from_safetensors(weights).map_err(|e| Error::file(path, e))?;
        let declared = initial_params(graph, 0);
        let mut differences = self.weight_differences(&file);
        differences.retain(|difference| !is_newly_learned(difference, graph));
        let learned = graph.tensors().into_iter().filter(|spec| spec.learn);
        for spec in learned.filter(|spec| matches!(spec.slot, Slot::Layer(..))) {
            let (tensors, name) = (&mut file.params.tensors, &spec.name);
            if let Some(value) = declared.tensors.get(name).filter(|_| !tensors.contains_key(name)) {
                observer.note(&format!(
                    "`{}` has no tensor `{name}`: training starts from its declared value",
                    path.display()
                ));
                tensors.insert(name.clone(), value.clone());
            }
        }
        self.loaded.bind_file(&file, &differences, path, allow_mismatch, observer)?;
        let hash = format!("{:032x}", xxh3_128(&file.params.to_safetensors()));
        Ok(InitialWeights { params: file.params, hash })
    }

    /// Returns what differs between the training of weights and the recipe.
    pub(crate) fn weight_differences(&self, file: &WeightsFile) -> Vec<Difference> {
        let Some(trained) = &file.metadata else { return Vec::new() };
        let classes = |names: &[String]| match names {
            [] => BTreeMap::new(),
            _ => BTreeMap::from([("classes".to_owned(), names.join(", "))]),
        };
        let mut found = file.differences(&self.loaded.graph);
        found.extend(differences(&trained.front_end, &front_end_constants(&self.recipe)));
        let now: Vec<String> = self.recipe.data.classes.iter().map(plain).collect();
        found.extend(differences(&classes(&trained.classes), &classes(&now)));
        found
    }
}

/// Returns whether a constant of training is learned now and starts from the same value.
fn is_newly_learned(difference: &Difference, graph: &Graph) -> bool {
    let declared = synnet_ir::declared_constant(graph, &difference.constant);
    difference.trained.is_some() && difference.trained == declared
}

/// Returns the options of the front end by name, as text; empty unless the data is audio.
fn front_end_constants(recipe: &Recipe) -> BTreeMap<String, String> {
    if recipe.data.format != Format::Wav {
        return BTreeMap::new();
    }
    let FrontEnd::XyloAudio3(options) = &recipe.front_end;
    let mut constants = BTreeMap::from([("front_end.kind".to_owned(), "xylo_audio3".to_owned())]);
    if let Ok(Value::Object(options)) = serde_json::to_value(options) {
        let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        constants.extend(options.into_iter().map(|(name, value)| (format!("front_end.{name}"), text(value))));
    }
    constants
}
