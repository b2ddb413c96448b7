//! Compiled networks: the specifications and configurations that a chip target writes, read back and described.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use synnet_ir::Sources;
use synnet_ir::display::{format_table, format_whole_percent};
use synnet_xylo::chip::ConfigurationFormat;
use synnet_xylo::layer_table::{LayerIds, LayerTable};
use synnet_xylo::layers_file;
use synnet_xylo::specification::{Dimensions, SpecificationError};
use synnet_xylo::{chip::Chip, configuration::Configuration, specification::Specification};

use crate::chip_catalog::ChipCatalog;
use crate::error::Error;
use crate::files;
use crate::network_source::accept;
use crate::observer::Observer;

/// A network compiled for a chip, read from a specification or a configuration.
#[derive(Clone, Debug)]
pub struct CompiledNetwork {
    /// The arrays of the network.
    pub specification: Specification,
    /// Names of the arrays that the file lacks. They have Rockpool's defaults.
    pub defaulted: Vec<&'static str>,
    /// The layers of the network, if the file, or for a configuration the file beside it, has a table of them.
    pub layers: Option<LayerTable>,
    /// The chip of a configuration. A specification does not name one.
    chip: Option<Arc<Chip>>,
    /// The file, for messages.
    path: PathBuf,
}

/// Returns whether a file holds a compiled network rather than a source, judging by its extension.
pub fn is_compiled(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "npz" || extension == "json")
}

impl CompiledNetwork {
    /// Reads a configuration (`.json`) or a specification (`.npz`).
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or is neither of the two.
    pub fn read(path: &Path, chips: &ChipCatalog) -> Result<Self, Error> {
        Self::parse(&files::read(path)?, path, chips)
    }

    /// Like [`read`](Self::read), from the bytes of a file; messages call it `path`.
    ///
    /// # Errors
    /// Returns an error if the bytes are neither a configuration nor a specification.
    pub fn parse(bytes: &[u8], path: &Path, chips: &ChipCatalog) -> Result<Self, Error> {
        let wrong = |e: SpecificationError| Error::file(path, e);
        if path.extension().is_some_and(|extension| extension == "json") {
            let configuration = Configuration::from_json(bytes).map_err(wrong)?;
            let format = ConfigurationFormat::SamnaXyloCore2;
            return Ok(Self {
                specification: configuration.specification().clone(),
                layers: None,
                defaulted: Vec::new(),
                chip: chips.iter().find(|chip| chip.configuration == Some(format)).cloned(),
                path: path.to_owned(),
            });
        }
        // The magic number of ZIP archives, so that a file may have any name.
        if !bytes.starts_with(b"PK") && !is_compiled(path) {
            let message = "not a compiled network, which is a `.spec.npz` or `.json` file";
            return Err(Error::file(path, message));
        }
        let loaded = Specification::from_npz(bytes).map_err(wrong)?;
        Ok(Self {
            specification: loaded.specification,
            defaulted: loaded.defaulted,
            layers: loaded.layers,
            chip: None,
            path: path.to_owned(),
        })
    }

    /// Returns the network with the layer table from the file beside a configuration: `kws.layers.json` for
    /// `kws.json`. Without such a file, nothing changes. The observer is warned of one that cannot be used.
    #[must_use]
    pub fn with_layers_beside(mut self, observer: &dyn Observer) -> Self {
        let name =
            self.path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(".json"));
        let table = name.map(|name| self.path.with_file_name(layers_file(name))).filter(|path| path.exists());
        let Some(path) = table else { return self };
        let read = |bytes: Vec<u8>| {
            LayerTable::from_json(&bytes, self.specification.dimensions).map_err(|e| Error::file(&path, e))
        };
        match files::read(&path).and_then(read) {
            Ok(layers) => self.layers = Some(layers),
            Err(error) => observer.warning(&error.to_string()),
        }
        self
    }

    /// Returns the chip of the network: `named`, or else the chip of the configuration file.
    ///
    /// # Errors
    /// Returns an error if the file is a configuration of a chip with another format than `named`.
    pub fn chip(&self, named: Option<Arc<Chip>>) -> Result<Option<Arc<Chip>>, Error> {
        match (&self.chip, named) {
            (Some(of_file), Some(named)) if of_file.configuration != named.configuration => {
                Err(Error::Refused(format!(
                    "`{}` is a configuration of {}, not of {}",
                    self.path.display(),
                    of_file.title,
                    named.title
                )))
            }
            (of_file, named) => Ok(named.or_else(|| of_file.clone())),
        }
    }

    /// Checks the network against the rules of a chip. The observer receives warnings about differences in behavior.
    ///
    /// # Errors
    /// Returns every rule that the network breaks.
    pub fn check(&self, chip: &Chip, observer: &dyn Observer) -> Result<(), Error> {
        let diagnostics = synnet_xylo::rules::check_specification(&self.specification, chip);
        accept(&diagnostics, &Sources::new(), observer).map_err(|error| {
            error.concluding(|_| format!("`{}` does not fit {}", self.path.display(), chip.title))
        })
    }

    /// Returns the file that the network was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Summarizes the numbers of inputs and neurons.
    pub fn size_summary(&self) -> String {
        let d = self.specification.dimensions;
        format!("{} inputs, {} hidden and {} readout neurons", d.inputs, d.hidden, d.outputs)
    }

    /// Formats neurons, weights and, if they are known, layers as tables.
    pub fn tables(&self) -> String {
        let spec = &self.specification;
        let head = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let names =
            ["neurons", "count", "dash_mem", "dash_syn", "dash_syn_2", "threshold", "bias", "aliases"];
        let neurons: Vec<_> =
            std::iter::once(head(&names)).chain(populations(spec).iter().map(Population::row)).collect();
        let names = ["weights", "sources x targets x synapses", "nonzero", "range", "shift"];
        let weights: Vec<_> =
            std::iter::once(head(&names)).chain(matrices(spec).iter().map(Matrix::row)).collect();
        let layers = self.layers.iter().map(|table| format!("\n{}", format_table(&layer_rows(table))));
        format!("{}\n{}{}", format_table(&neurons), format_table(&weights), layers.collect::<String>())
    }

    /// Returns neurons, weights and layers as a JSON object.
    pub fn json(&self) -> Value {
        let spec = &self.specification;
        json!({
            "populations": populations(spec).map(|p| p.to_json()),
            "weights": matrices(spec).map(|m| m.to_json()),
            "aliases": spec.alias_target.iter().flatten().count(),
            "defaulted_arrays": self.defaulted,
            "layers": self.layers.as_ref().map(|table| &table.layers),
        })
    }
}

/// Returns the layers with their ids as rows of a table, the first of which is the head.
fn layer_rows(table: &LayerTable) -> Vec<Vec<String>> {
    let head = ["layer", "population", "ids", "neurons", "lag"].map(str::to_owned).to_vec();
    let row = |layer: &LayerIds| {
        let [first, end] = layer.ids;
        let aliased = match layer.aliased_from.join(", ") {
            from if from.is_empty() => String::new(),
            from => format!(" (and the spikes of {from})"),
        };
        vec![
            format!("{}{aliased}", layer.layer),
            layer.population.name().to_owned(),
            format!("{first}-{}", end.saturating_sub(1)),
            layer.neurons_summary(),
            layer.lag.to_string(),
        ]
    };
    std::iter::once(head).chain(table.layers.iter().map(row)).collect()
}

/// The hidden population or the readout.
struct Population {
    name: &'static str,
    neurons: usize,
    /// Names of the constants and their values, one per neuron; empty if the population does not have the constant.
    constants: [(&'static str, Vec<i64>); 5],
    aliases: usize,
}

fn populations(spec: &Specification) -> [Population; 2] {
    let Dimensions { hidden, outputs, synapses, .. } = spec.dimensions;
    let bytes = |values: &[u8]| values.iter().map(|&x| x.into()).collect::<Vec<i64>>();
    let words = |values: &[i16]| values.iter().map(|&x| x.into()).collect::<Vec<i64>>();
    let second = if synapses > 1 { bytes(&spec.dash_syn_2) } else { Vec::new() };
    [
        Population {
            name: "hidden",
            neurons: hidden,
            constants: [
                ("dash_mem", bytes(&spec.dash_mem)),
                ("dash_syn", bytes(&spec.dash_syn)),
                ("dash_syn_2", second),
                ("threshold", words(&spec.threshold)),
                ("bias", words(&spec.bias)),
            ],
            aliases: spec.alias_target.iter().flatten().count(),
        },
        Population {
            name: "readout",
            neurons: outputs,
            constants: [
                ("dash_mem", bytes(&spec.dash_mem_out)),
                ("dash_syn", bytes(&spec.dash_syn_out)),
                ("dash_syn_2", Vec::new()),
                ("threshold", words(&spec.threshold_out)),
                ("bias", words(&spec.bias_out)),
            ],
            aliases: 0,
        },
    ]
}

/// Returns the minimum and the maximum, or `None` for an empty slice.
fn min_max(values: &[i64]) -> Option<(i64, i64)> {
    Some((*values.iter().min()?, *values.iter().max()?))
}

fn range(values: &[i64]) -> String {
    match min_max(values) {
        None => "-".into(),
        Some((low, high)) if low == high => low.to_string(),
        Some((low, high)) => format!("{low} to {high}"),
    }
}

impl Population {
    fn to_json(&self) -> Value {
        let mut value = json!({ "name": self.name, "neurons": self.neurons });
        for (name, values) in &self.constants {
            value[*name] = json!(min_max(values));
        }
        value
    }

    fn row(&self) -> Vec<String> {
        let mut row = vec![self.name.to_owned(), self.neurons.to_string()];
        row.extend(self.constants.iter().map(|(_, values)| range(values)));
        row.push(self.aliases.to_string());
        row
    }
}

/// The weights of the input, the hidden population or the readout.
struct Matrix<'a> {
    name: &'static str,
    /// Sources, targets, synapses per target.
    shape: [usize; 3],
    values: &'a [i8],
    shift: u8,
}

fn matrices(spec: &Specification) -> [Matrix<'_>; 3] {
    let d = spec.dimensions;
    let matrix = |name, shape, values, shift| Matrix { name, shape, values, shift };
    [
        matrix(
            "input",
            [d.inputs, d.input_expansion, d.synapses],
            &spec.weights_in[..],
            spec.weight_shift_in,
        ),
        matrix("hidden", [d.hidden, d.hidden, d.synapses], &spec.weights_rec, spec.weight_shift_rec),
        matrix("readout", [d.output_expansion, d.outputs, 1], &spec.weights_out, spec.weight_shift_out),
    ]
}

impl Matrix<'_> {
    fn count_nonzero(&self) -> usize {
        self.values.iter().filter(|&&w| w != 0).count()
    }

    fn to_i64(&self) -> Vec<i64> {
        self.values.iter().map(|&w| w.into()).collect()
    }

    fn to_json(&self) -> Value {
        json!({
            "name": self.name, "shape": self.shape, "nonzero": self.count_nonzero(), "range": min_max(&self.to_i64()),
            "shift": self.shift,
        })
    }

    fn row(&self) -> Vec<String> {
        let [sources, targets, synapses] = self.shape;
        let fraction = format_whole_percent(self.count_nonzero() as f64 / self.values.len().max(1) as f64);
        vec![
            self.name.to_owned(),
            format!("{sources} x {targets} x {synapses}"),
            format!("{} ({fraction})", self.count_nonzero()),
            range(&self.to_i64()),
            self.shift.to_string(),
        ]
    }
}
