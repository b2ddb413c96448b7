//! Networks as they were built for a chip: specifications and configurations, read back and described.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use synnet_ir::Sources;
use synnet_ir::display::{format_table, format_whole_percent};
use synnet_xylo::chip::ConfigurationFormat;
use synnet_xylo::specification::{Dimensions, SpecificationError};
use synnet_xylo::{Chip, Configuration, Specification};

use crate::chip_catalog::ChipCatalog;
use crate::error::Error;
use crate::files;
use crate::network_source::accept;
use crate::observer::Observer;

/// A chip's network as it was built, from a specification or from a configuration.
#[derive(Clone, Debug)]
pub struct CompiledNetwork {
    /// The network.
    pub specification: Specification,
    /// Arrays that the file lacks; they took their defaults.
    pub defaulted: Vec<&'static str>,
    /// The chip whose configuration the file is.
    chip: Option<Arc<Chip>>,
    /// The file, for messages.
    path: PathBuf,
}

/// Whether a file is that of a built network and not of a source: by its name.
pub fn is_compiled(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "npz" || extension == "json")
}

impl CompiledNetwork {
    /// Reads what the target of a chip makes: a configuration (`.json`) or a specification.
    ///
    /// # Errors
    /// A file that cannot be read, or that is neither.
    pub fn read(path: &Path, chips: &ChipCatalog) -> Result<Self, Error> {
        Self::parse(&files::read(path)?, path, chips)
    }

    /// As [`read`](Self::read), of the bytes of a file that messages call `path`.
    ///
    /// # Errors
    /// Bytes that are neither a configuration nor a specification.
    pub fn parse(bytes: &[u8], path: &Path, chips: &ChipCatalog) -> Result<Self, Error> {
        let wrong = |e: SpecificationError| Error::file(path, e);
        let path_buf = path.to_owned();
        if path.extension().is_some_and(|extension| extension == "json") {
            let configuration = Configuration::from_json(bytes).map_err(wrong)?;
            let format = ConfigurationFormat::SamnaXyloCore2;
            return Ok(Self {
                specification: configuration.specification().clone(),
                defaulted: Vec::new(),
                chip: chips.iter().find(|chip| chip.configuration == Some(format)).cloned(),
                path: path_buf,
            });
        }
        // Archives begin with these letters, whatever the name of the file.
        if !bytes.starts_with(b"PK") && !is_compiled(path) {
            let what = "not a built network: those are `.spec.npz` and `.json` files of a chip";
            return Err(Error::file(path, what));
        }
        let loaded = Specification::from_npz(bytes).map_err(wrong)?;
        let (specification, defaulted) = (loaded.specification, loaded.defaulted);
        Ok(Self { specification, defaulted, chip: None, path: path_buf })
    }

    /// Returns the chip that the network is meant for: `named`, or else that of the file.
    ///
    /// # Errors
    /// If the file is a configuration of another chip than `named`.
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

    /// Checks whether a chip has what the network asks for. What will behave differently is a warning.
    ///
    /// # Errors
    /// Every rule of the chip that the network breaks.
    pub fn check(&self, chip: &Chip, observer: &dyn Observer) -> Result<(), Error> {
        let found = synnet_xylo::rules::check_specification(&self.specification, chip);
        accept(&found, &Sources::new(), observer).map_err(|error| {
            error.concluding(|_| format!("`{}` does not fit {}", self.path.display(), chip.title))
        })
    }

    /// The file that the network was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The size in a few words.
    pub fn size(&self) -> String {
        let d = self.specification.dimensions;
        format!("{} inputs, {} hidden and {} readout neurons", d.inputs, d.hidden, d.outputs)
    }

    /// Neurons and weights in two tables.
    pub fn tables(&self) -> String {
        let spec = &self.specification;
        let head = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let names =
            ["neurons", "number", "dash_mem", "dash_syn", "dash_syn_2", "threshold", "bias", "aliases"];
        let neurons: Vec<_> =
            std::iter::once(head(&names)).chain(populations(spec).iter().map(Population::row)).collect();
        let names = ["weights", "sources x targets x synapses", "not zero", "range", "shift"];
        let weights: Vec<_> =
            std::iter::once(head(&names)).chain(matrices(spec).iter().map(Matrix::row)).collect();
        format!("{}\n{}", format_table(&neurons), format_table(&weights))
    }

    /// Neurons and weights for machines: a JSON object.
    pub fn json(&self) -> Value {
        let spec = &self.specification;
        json!({
            "populations": populations(spec).map(|p| p.to_json()),
            "weights": matrices(spec).map(|m| m.to_json()),
            "aliases": spec.alias_target.iter().flatten().count(),
            "defaulted_arrays": self.defaulted,
        })
    }
}

/// The hidden neurons or the readout.
struct Population {
    name: &'static str,
    neurons: usize,
    /// The constants of the neurons by their names; empty where there are none.
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

/// Minimum and maximum.
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

/// Weights into one place.
struct Matrix<'a> {
    name: &'static str,
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

    fn wide(&self) -> Vec<i64> {
        self.values.iter().map(|&w| w.into()).collect()
    }

    fn to_json(&self) -> Value {
        json!({
            "name": self.name, "shape": self.shape, "nonzero": self.count_nonzero(), "range": min_max(&self.wide()),
            "shift": self.shift,
        })
    }

    fn row(&self) -> Vec<String> {
        let [sources, targets, synapses] = self.shape;
        let share = format_whole_percent(self.count_nonzero() as f64 / self.values.len().max(1) as f64);
        vec![
            self.name.to_owned(),
            format!("{sources} x {targets} x {synapses}"),
            format!("{} ({share})", self.count_nonzero()),
            range(&self.wide()),
            self.shift.to_string(),
        ]
    }
}
