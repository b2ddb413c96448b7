//! The table that maps the IDs of a chip to layers and neurons of the network. Data recorded from a chip identifies
//! neurons by ID; built files contain the table, so that such traces can be read without the network.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use synnet_ir::display::pluralize;

use crate::build_output::Build;
use crate::specification::{Dimensions, SpecificationError};

/// The layers of a network on a chip, in the order of ids: the hidden ones, then the readout. Layers without remaining
/// neurons are missing. The ids of input channels are those of the network's input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerTable {
    /// Name of the network.
    pub network: String,
    /// The layers.
    pub layers: Vec<LayerIds>,
}

/// A layer on a chip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerIds {
    /// Name in the network.
    pub layer: String,
    /// The population that the ids belong to.
    pub population: Population,
    /// The first id, and the one after the last.
    pub ids: [usize; 2],
    /// For each id, the index of the neuron within the layer, in ascending order.
    pub neurons: Vec<usize>,
    /// Number of steps by which the layer lags behind the float network.
    pub lag: usize,
    /// The layers that are aliased to this one: their spikes are added to those of these ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliased_from: Vec<String>,
}

/// A population of neurons, each with ids from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Population {
    /// The hidden neurons.
    Hidden,
    /// The readout neurons, called output neurons by the vendor.
    Readout,
}

impl Population {
    /// Returns the name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Readout => "readout",
        }
    }
}

impl LayerTable {
    /// Returns the table of a build of the network with this name.
    pub fn new(network: &str, build: &Build) -> Self {
        let float = &build.float;
        let sources = build.specification.alias_target.iter().enumerate();
        let aliases: Vec<(usize, usize)> = sources.filter_map(|(from, to)| Some((from, (*to)?))).collect();
        let layers = float.layers.iter().map(|layer| {
            let into_layer = |&&(_, to): &&(usize, usize)| !layer.readout && layer.ids.contains(&to);
            let aliased: Vec<usize> = aliases.iter().filter(into_layer).map(|&(from, _)| from).collect();
            let sends =
                |from: &&crate::MappedLayer| !from.readout && aliased.iter().any(|id| from.ids.contains(id));
            LayerIds {
                layer: layer.name.clone(),
                population: if layer.readout { Population::Readout } else { Population::Hidden },
                ids: [layer.ids.start, layer.ids.end],
                neurons: layer.neurons.clone(),
                lag: layer.lag,
                aliased_from: float.layers.iter().filter(sends).map(|from| from.name.clone()).collect(),
            }
        });
        Self { network: network.to_owned(), layers: layers.collect() }
    }

    /// Returns the layer of an id of a population, and the index of the neuron within it.
    pub fn find(&self, population: Population, id: usize) -> Option<(&LayerIds, usize)> {
        let has_id =
            |layer: &&LayerIds| layer.population == population && (layer.ids[0]..layer.ids[1]).contains(&id);
        let layer = self.layers.iter().find(has_id)?;
        Some((layer, *layer.neurons.get(id - layer.ids[0])?))
    }

    /// Returns the table as JSON, one line per layer.
    pub fn to_json(&self) -> String {
        let line = |layer: &LayerIds| serde_json::to_string(layer).expect("plain values serialize");
        let layers: Vec<String> = self.layers.iter().map(|layer| format!("    {}", line(layer))).collect();
        let network = serde_json::to_string(&self.network).expect("text serializes");
        format!("{{\n  \"network\": {network},\n  \"layers\": [\n{}\n  ]\n}}\n", layers.join(",\n"))
    }

    /// Parses a table and checks it against the sizes of a specification.
    ///
    /// # Errors
    /// Returns an error if the bytes are not a table, and one for every layer whose ids a chip of this size does not
    /// have.
    pub fn from_json(bytes: &[u8], dimensions: Dimensions) -> Result<Self, SpecificationError> {
        let table: Self = serde_json::from_slice(bytes)
            .map_err(|error| SpecificationError { errors: vec![format!("layer table: {error}")] })?;
        let mut errors = Vec::new();
        for LayerIds { layer, population, ids: [first, end], neurons, .. } in &table.layers {
            let (name, size) = match population {
                Population::Hidden => ("hidden", dimensions.hidden),
                Population::Readout => ("readout", dimensions.outputs),
            };
            if first > end {
                errors.push(format!(
                    "layer table: the IDs of `{layer}` are [{first}, {end}], which is not a range"
                ));
            } else if *end > size {
                let ids = match end - first {
                    0 => format!("the empty range of IDs [{first}, {end}]"),
                    1 => format!("ID {first}"),
                    _ => format!("IDs {first} to {}", end - 1),
                };
                let neurons = pluralize(size, &format!("{name} neuron"));
                let are = if size == 1 { "is" } else { "are" };
                errors.push(format!("layer table: `{layer}` has {ids}, but there {are} only {neurons}"));
            } else if neurons.len() != end - first {
                errors.push(format!(
                    "layer table: `{layer}` has {}, but {}",
                    pluralize(end - first, "ID"),
                    pluralize(neurons.len(), "neuron")
                ));
            }
        }
        if errors.is_empty() { Ok(table) } else { Err(SpecificationError { errors }) }
    }
}

impl LayerIds {
    /// Formats the neurons as ranges, such as "0-3, 7".
    pub fn neurons_summary(&self) -> String {
        let mut text = String::new();
        for run in self.neurons.chunk_by(|a, b| a + 1 == *b) {
            let separator = if text.is_empty() { "" } else { ", " };
            let _ = match run {
                [first, .., last] => write!(text, "{separator}{first}-{last}"),
                [only] => write!(text, "{separator}{only}"),
                [] => Ok(()),
            };
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> LayerTable {
        let layer = |layer: &str, population, ids: [usize; 2], neurons: &[usize]| LayerIds {
            layer: layer.into(),
            population,
            ids,
            neurons: neurons.to_vec(),
            lag: 1,
            aliased_from: Vec::new(),
        };
        LayerTable {
            network: "N".into(),
            layers: vec![
                layer("a", Population::Hidden, [0, 3], &[0, 1, 4]),
                layer("out", Population::Readout, [0, 2], &[0, 1]),
            ],
        }
    }

    #[test]
    fn ids_are_found_after_a_round_trip() {
        let dimensions = Dimensions { hidden: 3, outputs: 2, ..Dimensions::default() };
        let read = LayerTable::from_json(table().to_json().as_bytes(), dimensions).unwrap();
        assert_eq!(read, table());
        let find = |population, id| read.find(population, id).map(|(layer, n)| (layer.layer.as_str(), n));
        assert_eq!(find(Population::Hidden, 2), Some(("a", 4)));
        assert_eq!(find(Population::Hidden, 3), None);
        assert_eq!(find(Population::Readout, 1), Some(("out", 1)));
        assert_eq!(read.layers[0].neurons_summary(), "0-1, 4");
    }

    #[test]
    fn a_table_of_another_network_is_refused() {
        let small = Dimensions { hidden: 2, outputs: 2, ..Dimensions::default() };
        let error = LayerTable::from_json(table().to_json().as_bytes(), small).unwrap_err();
        let expected = "layer table: `a` has IDs 0 to 2, but there are only 2 hidden neurons";
        assert_eq!(error.errors, [expected]);
        let error = LayerTable::from_json(b"{}", small).unwrap_err();
        assert!(error.errors[0].contains("missing field `network`"), "{error}");
    }
}
