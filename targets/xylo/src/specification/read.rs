//! Reading a specification from an `.npz` archive. All errors of the file are reported at once.

use std::collections::BTreeMap;

use synnet_arrays::{Array, NpzReader};
use synnet_ir::{did_you_mean, nearest};

use crate::layer_table::LayerTable;

use super::{Dimensions, Loaded, MAX_DASH, MAX_NEURONS, Specification, SpecificationError, checksum};

impl Specification {
    /// Reads an `.npz` archive. `bias_hidden`, Rockpool's name in `config_from_specification`, is accepted for `bias`.
    /// Inputs and recordings (`input`, `out`, `output`, `dt`, `mapped_graph`, `rec_*`, `hidden.*`, `readout.*`) are
    /// ignored; other names are errors.
    ///
    /// # Errors
    /// Returns an error if the bytes are not an archive or do not match their checksum; otherwise one for every array that is missing, unknown,
    /// misshaped, out of range or not of integers, or if the layer table does not fit the arrays.
    pub fn from_npz(bytes: &[u8]) -> Result<Loaded, SpecificationError> {
        read(bytes)
    }
}

/// Maximum size of one unpacked array, in bytes. It guards against archives that unpack to fill the memory.
const MAX_BYTES: u64 = 64 << 20;

const NAMES: [&str; 17] = [
    "weights_in",
    "weights_rec",
    "weights_out",
    "dash_mem",
    "dash_mem_out",
    "dash_syn",
    "dash_syn_2",
    "dash_syn_out",
    "threshold",
    "threshold_out",
    "bias",
    "bias_out",
    "weight_shift_in",
    "weight_shift_rec",
    "weight_shift_out",
    "alias_target",
    "bias_hidden",
];

/// Returns whether an array may accompany a specification: inputs, outputs, recordings, and what Rockpool's mapper
/// adds.
fn is_companion(name: &str) -> bool {
    ["input", "out", "output", "dt", "mapped_graph"].contains(&name)
        || ["rec_", "hidden.", "readout."].iter().any(|prefix| name.starts_with(prefix))
}

fn read(bytes: &[u8]) -> Result<Loaded, SpecificationError> {
    let archive = NpzReader::open(bytes);
    let archive = archive.map_err(|e| SpecificationError { errors: vec![e.to_string()] })?;
    let mut archive = archive.with_limit(MAX_BYTES);
    let comment = checksum::verified(bytes, archive.comment());
    let comment = comment.map_err(|fault| SpecificationError { errors: vec![fault] })?;
    let mut reader = Reader::default();
    for name in archive.names().to_vec() {
        if NAMES.contains(&name.as_str()) {
            let array = archive.array(&name).map_err(|e| e.to_string());
            match array.and_then(|array| Integers::new(&name, &array)) {
                Ok(array) => drop(reader.arrays.insert(name, array)),
                Err(fault) => reader.unreadable(name, fault),
            }
        } else if is_companion(&name) {
            reader.ignored.push(name);
        } else {
            reader.errors.push(unknown(&name));
        }
    }
    let mut loaded = reader.finish()?;
    // Other tools may leave comments of their own.
    if comment.starts_with(b"{\n  \"network\"") {
        loaded.layers = Some(LayerTable::from_json(&comment, loaded.specification.dimensions)?);
    }
    Ok(loaded)
}

fn unknown(name: &str) -> String {
    match (name, nearest(name, NAMES)) {
        ("aliases", _) => {
            "unknown array `aliases`; use `alias_target`, one id per hidden neuron, -1 for none".into()
        }
        (_, Some(nearest)) => format!("unknown array `{name}`; {}", did_you_mean(nearest)),
        _ => format!("unknown array `{name}`; a specification has {}", NAMES[..16].join(", ")),
    }
}

/// An array of integers in row-major order.
struct Integers {
    shape: Vec<usize>,
    data: Vec<i64>,
}

impl Integers {
    /// Converts an array, or returns a message about the first number that is not an integer.
    fn new(name: &str, array: &Array) -> Result<Self, String> {
        let fault = |(i, x)| format!("array `{name}` contains {x} at element {i}, which is not an integer");
        let data =
            array.to_integers().ok_or_else(|| array.first_fraction().map_or_else(String::new, fault))?;
        Ok(Self { shape: array.shape.clone(), data })
    }
}

/// Assembles a [`Specification`] from the arrays of a file, and collects errors.
#[derive(Default)]
struct Reader {
    arrays: BTreeMap<String, Integers>,
    errors: Vec<String>,
    defaulted: Vec<&'static str>,
    ignored: Vec<String>,
    /// Arrays that are in the file but cannot be used; they are not reported as missing.
    broken: Vec<String>,
}

impl Reader {
    fn unreadable(&mut self, name: String, fault: String) {
        self.errors.push(fault);
        self.broken.push(name);
    }

    fn finish(mut self) -> Result<Loaded, SpecificationError> {
        if let Some(bias) = self.arrays.remove("bias_hidden")
            && self.arrays.insert("bias".into(), bias).is_some()
        {
            self.errors.push("both `bias` and `bias_hidden` are given; they mean the same".into());
        }
        let weights_in = self.matrix("weights_in", 3);
        let weights_rec =
            self.arrays.contains_key("weights_rec").then(|| self.matrix("weights_rec", 3)).flatten();
        let weights_out = self.matrix("weights_out", 2);
        let (Some(weights_in), Some(weights_out)) = (weights_in, weights_out) else {
            return Err(SpecificationError { errors: self.errors });
        };
        let hidden = weights_rec.as_ref().map_or(weights_in.shape[1], |rec| rec.shape[0]);
        let synapses = weights_in.shape[2].max(weights_rec.as_ref().map_or(1, |rec| rec.shape[2]));
        let d = Dimensions {
            inputs: weights_in.shape[0],
            input_expansion: weights_in.shape[1],
            hidden,
            output_expansion: weights_out.shape[0],
            outputs: weights_out.shape[1],
            synapses,
        };
        self.check_dimensions(d, weights_rec.as_ref());
        // After an error, reading goes on to find others; sizes stay small enough to allocate.
        let synapses = synapses.min(2);
        if weights_rec.is_none() && !self.broken.iter().any(|name| name == "weights_rec") {
            self.defaulted.push("weights_rec");
        }
        let weights_rec = weights_rec
            .unwrap_or_else(|| Integers { shape: vec![hidden, hidden, 1], data: vec![0; hidden * hidden] });
        let specification = Specification {
            dimensions: d,
            weights_in: self.cast("weights_in", widen(weights_in, synapses)),
            weights_rec: self.cast("weights_rec", widen(weights_rec, synapses)),
            weights_out: self.cast("weights_out", weights_out.data),
            weight_shift_in: self.shift("weight_shift_in"),
            weight_shift_rec: self.shift("weight_shift_rec"),
            weight_shift_out: self.shift("weight_shift_out"),
            dash_mem: self.vector("dash_mem", hidden),
            dash_syn: self.vector("dash_syn", hidden),
            dash_syn_2: self.vector("dash_syn_2", hidden),
            dash_mem_out: self.vector("dash_mem_out", d.outputs),
            dash_syn_out: self.vector("dash_syn_out", d.outputs),
            threshold: self.vector("threshold", hidden),
            threshold_out: self.vector("threshold_out", d.outputs),
            bias: self.vector("bias", hidden),
            bias_out: self.vector("bias_out", d.outputs),
            alias_target: self.aliases(hidden),
        };
        if !self.errors.is_empty() {
            return Err(SpecificationError { errors: self.errors });
        }
        specification.check()?;
        Ok(Loaded { specification, layers: None, defaulted: self.defaulted, ignored: self.ignored })
    }

    /// Takes a matrix of weights. If three axes are expected, a matrix with two gets a third of length 1.
    fn matrix(&mut self, name: &'static str, axes: usize) -> Option<Integers> {
        let Some(mut array) = self.arrays.remove(name) else {
            if !self.broken.iter().any(|broken| broken == name) {
                self.errors.push(format!("array `{name}` is missing"));
            }
            return None;
        };
        if axes == 3 && array.shape.len() == 2 {
            array.shape.push(1);
        }
        if array.shape.len() != axes || array.shape.contains(&0) {
            let expected = if axes == 3 {
                "(sources, targets) or (sources, targets, synapses)"
            } else {
                "(sources, targets)"
            };
            self.errors.push(format!("array `{name}` has shape {:?}; expected {expected}", array.shape));
            return None;
        }
        if array.shape.iter().any(|&extent| extent > MAX_NEURONS) {
            self.errors.push(format!(
                "array `{name}` has shape {:?}; an axis may have at most {MAX_NEURONS} elements",
                array.shape
            ));
            return None;
        }
        Some(array)
    }

    fn check_dimensions(&mut self, d: Dimensions, weights_rec: Option<&Integers>) {
        if let Some([rows, columns]) = weights_rec.map(|rec| [rec.shape[0], rec.shape[1]])
            && rows != columns
        {
            self.errors.push(format!(
                "array `weights_rec` has {rows} rows and {columns} columns; expected a square matrix"
            ));
        }
        if d.input_expansion > d.hidden {
            let (columns, hidden) = (d.input_expansion, d.hidden);
            self.errors.push(format!(
                "array `weights_in` has {columns} columns, but there are {hidden} hidden neurons"
            ));
        }
        if d.output_expansion > d.hidden {
            let (rows, hidden) = (d.output_expansion, d.hidden);
            self.errors
                .push(format!("array `weights_out` has {rows} rows, but there are {hidden} hidden neurons"));
        }
        if d.synapses > 2 {
            self.errors.push(format!("the weights have {} synapses per neuron; expected 1 or 2", d.synapses));
        }
    }

    fn vector<T: TryFrom<i64> + Default + Clone + Bounds>(
        &mut self,
        name: &'static str,
        length: usize,
    ) -> Vec<T> {
        match self.arrays.remove(name) {
            Some(array) if array.shape == [length] => self.cast(name, array.data),
            Some(array) => {
                self.errors.push(format!("array `{name}` has shape {:?}; expected [{length}]", array.shape));
                Vec::new()
            }
            None => {
                self.defaulted.push(name);
                vec![T::default(); length]
            }
        }
    }

    fn shift(&mut self, name: &'static str) -> u8 {
        match self.arrays.remove(name) {
            Some(array) if array.data.len() == 1 => {
                self.cast::<u8>(name, array.data).first().copied().unwrap_or_default()
            }
            Some(array) => {
                self.errors
                    .push(format!("array `{name}` has shape {:?}; expected a single number", array.shape));
                0
            }
            None => {
                self.defaulted.push(name);
                0
            }
        }
    }

    fn aliases(&mut self, hidden: usize) -> Vec<Option<usize>> {
        let Some(array) = self.arrays.remove("alias_target") else { return vec![None; hidden] };
        if array.shape != [hidden] {
            self.errors
                .push(format!("array `alias_target` has shape {:?}; expected [{hidden}]", array.shape));
        }
        if let Some(target) = array.data.iter().find(|&&target| target < -1 || target >= hidden as i64) {
            // `matrix` refuses empty axes, so there is a last neuron.
            let last = hidden - 1;
            self.errors.push(format!("array `alias_target` contains {target}; expected -1 (none) to {last}"));
        }
        array.data.iter().map(|&target| usize::try_from(target).ok()).collect()
    }

    fn cast<T: TryFrom<i64> + Bounds>(&mut self, name: &str, data: Vec<i64>) -> Vec<T> {
        let allowed = |x: i64| (T::MIN..=T::MAX).contains(&x);
        if let Some(i) = data.iter().position(|&x| !allowed(x)) {
            let (value, low, high) = (data[i], T::MIN, T::MAX);
            let (count, length) = (data.iter().filter(|&&x| !allowed(x)).count(), data.len());
            self.errors.push(format!(
                "array `{name}` contains {value} at element {i}; expected {low} to {high} ({count} of {length} are out of range)"
            ));
        }
        data.into_iter().filter_map(|x| T::try_from(x).ok()).collect()
    }
}

/// Range of an integer type in a file.
trait Bounds {
    const MIN: i64;
    const MAX: i64;
}

impl Bounds for i8 {
    const MIN: i64 = i8::MIN as i64;
    const MAX: i64 = i8::MAX as i64;
}

impl Bounds for i16 {
    const MIN: i64 = i16::MIN as i64;
    const MAX: i64 = i16::MAX as i64;
}

/// Only shifts are `u8`: this is the range of bit shifts; [`Specification::check`] has the narrower one of weight
/// shifts.
impl Bounds for u8 {
    const MIN: i64 = 0;
    const MAX: i64 = MAX_DASH as i64;
}

/// Adds synapses with zero weights until there are `synapses` per neuron.
fn widen(array: Integers, synapses: usize) -> Vec<i64> {
    let own = array.shape[2];
    if own >= synapses {
        return array.data;
    }
    let mut data = Vec::with_capacity(array.data.len() / own * synapses);
    for cell in array.data.chunks(own) {
        data.extend_from_slice(cell);
        data.resize(data.len() + synapses - own, 0);
    }
    data
}
