//! A chip's program as integers: every weight, leak, threshold and alias, under Rockpool's names.
//!
//! [`Specification`] is what the quantiser makes, the simulator runs and an `.npz` file holds. The arrays of
//! the file and their shapes, with `I` inputs, `H` hidden neurons of `S` synapses, `O` readout neurons:
//!
//! | array | shape | range | if missing |
//! |---|---|---|---|
//! | `weights_in` | `(I, E, S)`, `E <= H` columns for the first hidden ids | -128..127 | required |
//! | `weights_rec` | `(H, H, S)`, row = source | -128..127 | zeros, `H = E` |
//! | `weights_out` | `(F, O)`, `F <= H` rows for the last hidden ids | -128..127 | required |
//! | `dash_mem`, `dash_syn`, `dash_syn_2` | `(H,)` | 0..15 | zeros |
//! | `dash_mem_out`, `dash_syn_out` | `(O,)` | 0..15 | zeros |
//! | `threshold`, `bias` | `(H,)` | -32768..32767 | zeros |
//! | `threshold_out`, `bias_out` | `(O,)` | -32768..32767 | zeros |
//! | `weight_shift_in`, `weight_shift_rec`, `weight_shift_out` | `()` | 0..7 | 0 |
//! | `alias_target` | `(H,)`, -1 for none | -1..H-1 | no aliases |
//!
//! Weights of two dimensions mean one synapse. The defaults are those of Rockpool's
//! `XyloSim.from_specification`.

use std::collections::BTreeMap;

use synnet_arrays::{Archive, ArchiveReader, Array};

/// Largest weight shift: three bits on every chip.
pub const MAX_WEIGHT_SHIFT: u8 = 7;
/// Largest bit shift of a leak: four bits on every chip.
pub const MAX_DASH: u8 = 15;
/// Most channels or neurons that a file may ask for; the largest chip has 1000.
pub const MAX_NEURONS: usize = 4096;
/// Most bytes of one array of a file, unpacked.
const MAX_BYTES: u64 = 64 << 20;

/// Sizes of a specification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dimensions {
    /// Input channels.
    pub inputs: usize,
    /// Hidden neurons that have input weights: the first ids.
    pub input_expansion: usize,
    /// Hidden neurons.
    pub hidden: usize,
    /// Hidden neurons that have readout weights: the last ids.
    pub output_expansion: usize,
    /// Readout neurons.
    pub outputs: usize,
    /// Synapses of a hidden neuron, 1 or 2.
    pub synapses: usize,
}

/// Every integer that a chip is given. Matrices are row-major, rows are sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Specification {
    /// Sizes.
    pub dimensions: Dimensions,
    /// `[inputs, input_expansion, synapses]`.
    pub weights_in: Vec<i8>,
    /// `[hidden, hidden, synapses]`.
    pub weights_rec: Vec<i8>,
    /// `[output_expansion, outputs]`.
    pub weights_out: Vec<i8>,
    /// Left shift of the input weights.
    pub weight_shift_in: u8,
    /// Left shift of the weights between hidden neurons.
    pub weight_shift_rec: u8,
    /// Left shift of the readout weights.
    pub weight_shift_out: u8,
    /// Leak of each hidden membrane.
    pub dash_mem: Vec<u8>,
    /// Leak of each hidden neuron's first synapse.
    pub dash_syn: Vec<u8>,
    /// Leak of each hidden neuron's second synapse; without effect where there is one.
    pub dash_syn_2: Vec<u8>,
    /// Leak of each readout membrane.
    pub dash_mem_out: Vec<u8>,
    /// Leak of each readout synapse.
    pub dash_syn_out: Vec<u8>,
    /// Threshold of each hidden neuron.
    pub threshold: Vec<i16>,
    /// Threshold of each readout neuron.
    pub threshold_out: Vec<i16>,
    /// Bias of each hidden neuron.
    pub bias: Vec<i16>,
    /// Bias of each readout neuron.
    pub bias_out: Vec<i16>,
    /// The neuron that also spikes when this one does.
    pub alias_target: Vec<Option<usize>>,
}

/// A specification read from a file, with what the file left open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The specification.
    pub specification: Specification,
    /// Arrays that the file lacks; they took their defaults.
    pub defaulted: Vec<&'static str>,
    /// Arrays of the file that are not part of a specification: inputs and recordings.
    pub ignored: Vec<String>,
}

/// Why a specification cannot be used: every fault that was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .faults.join("\n"))]
pub struct SpecificationError {
    /// One line for each fault.
    pub faults: Vec<String>,
}

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

/// Arrays that may lie beside a specification: inputs, outputs, recordings, and what Rockpool's mapper adds.
fn is_companion(name: &str) -> bool {
    ["input", "out", "output", "dt", "mapped_graph"].contains(&name)
        || ["rec_", "hidden.", "readout."].iter().any(|prefix| name.starts_with(prefix))
}

impl Specification {
    /// Reads an `.npz` archive. `bias_hidden` is accepted as another name of `bias`. Inputs and recordings
    /// beside the specification (`input`, `out`, `output`, `dt`, `mapped_graph`, `rec_*`, `hidden.*`,
    /// `readout.*`) are ignored; other names are errors.
    ///
    /// # Errors
    /// Where the bytes are not an archive; else every array that is missing, unknown, misshaped, out of range
    /// or not of integers.
    pub fn from_npz(bytes: &[u8]) -> Result<Loaded, SpecificationError> {
        let archive = ArchiveReader::open(bytes);
        let archive = archive.map_err(|e| SpecificationError { faults: vec![e.to_string()] })?;
        let mut archive = archive.with_limit(MAX_BYTES);
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
                reader.faults.push(unknown(&name));
            }
        }
        reader.finish()
    }

    /// Writes an `.npz` archive of 64-bit integers; the same specification gives the same bytes. Arrays that
    /// only repeat a default are left out where Rockpool's `XyloSim.from_specification` has no such argument
    /// (`alias_target` without aliases), so that it takes the arrays of the file as they are.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn to_npz(&self) -> Result<Vec<u8>, SpecificationError> {
        self.check()?;
        let d = self.dimensions;
        let mut archive = Archive::new();
        let mut add = |name: &str, shape: &[usize], data: &mut dyn Iterator<Item = i64>| {
            let written = archive.add(name, shape, &data.collect::<Vec<_>>());
            written.map_err(|e| SpecificationError { faults: vec![e.to_string()] })
        };
        if self.alias_target.iter().any(Option::is_some) {
            let mut targets = self.alias_target.iter().map(|target| target.map_or(-1, |t| t as i64));
            add("alias_target", &[d.hidden], &mut targets)?;
        }
        for (name, shape, weights) in [
            ("weights_in", vec![d.inputs, d.input_expansion, d.synapses], &self.weights_in),
            ("weights_rec", vec![d.hidden, d.hidden, d.synapses], &self.weights_rec),
            ("weights_out", vec![d.output_expansion, d.outputs], &self.weights_out),
        ] {
            add(name, &shape, &mut weights.iter().map(|&w| w.into()))?;
        }
        for (name, dashes) in [
            ("dash_mem", &self.dash_mem),
            ("dash_mem_out", &self.dash_mem_out),
            ("dash_syn", &self.dash_syn),
            ("dash_syn_2", &self.dash_syn_2),
            ("dash_syn_out", &self.dash_syn_out),
        ] {
            add(name, &[dashes.len()], &mut dashes.iter().map(|&dash| dash.into()))?;
        }
        for (name, values) in [
            ("threshold", &self.threshold),
            ("threshold_out", &self.threshold_out),
            ("bias", &self.bias),
            ("bias_out", &self.bias_out),
        ] {
            add(name, &[values.len()], &mut values.iter().map(|&value| value.into()))?;
        }
        for (name, shift) in [
            ("weight_shift_in", self.weight_shift_in),
            ("weight_shift_rec", self.weight_shift_rec),
            ("weight_shift_out", self.weight_shift_out),
        ] {
            add(name, &[], &mut std::iter::once(shift.into()))?;
        }
        archive.finish().map_err(|e| SpecificationError { faults: vec![e.to_string()] })
    }

    /// Checks that every array has the length that the sizes ask for and every shift and alias its range.
    ///
    /// # Errors
    /// Every fault.
    pub fn check(&self) -> Result<(), SpecificationError> {
        let d = self.dimensions;
        let mut faults = Vec::new();
        let mut expect = |what: &str, ok: bool| {
            if !ok {
                faults.push(what.to_string());
            }
        };
        let size = |factors: [usize; 3]| factors.iter().try_fold(1usize, |n, &f| n.checked_mul(f));
        expect("a hidden neuron has 1 or 2 synapses", matches!(d.synapses, 1 | 2));
        expect("`weights_in` has more columns than there are hidden neurons", d.input_expansion <= d.hidden);
        expect("`weights_out` has more rows than there are hidden neurons", d.output_expansion <= d.hidden);
        let lengths = [
            ("weights_in", self.weights_in.len(), size([d.inputs, d.input_expansion, d.synapses])),
            ("weights_rec", self.weights_rec.len(), size([d.hidden, d.hidden, d.synapses])),
            ("weights_out", self.weights_out.len(), size([d.output_expansion, d.outputs, 1])),
            ("dash_mem", self.dash_mem.len(), Some(d.hidden)),
            ("dash_syn", self.dash_syn.len(), Some(d.hidden)),
            ("dash_syn_2", self.dash_syn_2.len(), Some(d.hidden)),
            ("threshold", self.threshold.len(), Some(d.hidden)),
            ("bias", self.bias.len(), Some(d.hidden)),
            ("alias_target", self.alias_target.len(), Some(d.hidden)),
            ("dash_mem_out", self.dash_mem_out.len(), Some(d.outputs)),
            ("dash_syn_out", self.dash_syn_out.len(), Some(d.outputs)),
            ("threshold_out", self.threshold_out.len(), Some(d.outputs)),
            ("bias_out", self.bias_out.len(), Some(d.outputs)),
        ];
        for (name, length, expected) in lengths {
            expect(
                &format!("`{name}` has {length} values, not as many as its sizes ask for"),
                Some(length) == expected,
            );
        }
        for (name, shift) in [
            ("weight_shift_in", self.weight_shift_in),
            ("weight_shift_rec", self.weight_shift_rec),
            ("weight_shift_out", self.weight_shift_out),
        ] {
            expect(
                &format!("`{name}` is {shift}; it lies between 0 and {MAX_WEIGHT_SHIFT}"),
                shift <= MAX_WEIGHT_SHIFT,
            );
        }
        for (name, dashes) in [
            ("dash_mem", &self.dash_mem),
            ("dash_syn", &self.dash_syn),
            ("dash_syn_2", &self.dash_syn_2),
            ("dash_mem_out", &self.dash_mem_out),
            ("dash_syn_out", &self.dash_syn_out),
        ] {
            let fits = dashes.iter().all(|&dash| dash <= MAX_DASH);
            expect(&format!("`{name}` holds a value above {MAX_DASH}"), fits);
        }
        let aliases_fit = self.alias_target.iter().flatten().all(|&target| target < d.hidden);
        expect("`alias_target` names a neuron that does not exist", aliases_fit);
        if faults.is_empty() { Ok(()) } else { Err(SpecificationError { faults }) }
    }
}

fn unknown(name: &str) -> String {
    let nearest = NAMES
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min()
        .filter(|(distance, _)| *distance <= 1 + name.len() / 4);
    match (name, nearest) {
        ("aliases", _) => {
            "array `aliases`: give `alias_target` instead, one id per hidden neuron, -1 for none".into()
        }
        (_, Some((_, nearest))) => format!("unknown array `{name}`; did you mean `{nearest}`?"),
        _ => format!("unknown array `{name}`; a specification has {}", NAMES[..16].join(", ")),
    }
}

/// An array of whole numbers in row-major order.
struct Integers {
    shape: Vec<usize>,
    data: Vec<i64>,
}

impl Integers {
    /// The same array, or which of its numbers is not whole.
    fn new(name: &str, array: &Array) -> Result<Self, String> {
        let fault = |(i, x)| format!("array `{name}` holds {x} at element {i}, which is not an integer");
        let data = array.to_integers().ok_or_else(|| array.fraction().map_or_else(String::new, fault))?;
        Ok(Self { shape: array.shape.clone(), data })
    }
}

/// The arrays of a file on their way to a [`Specification`].
#[derive(Default)]
struct Reader {
    arrays: BTreeMap<String, Integers>,
    faults: Vec<String>,
    defaulted: Vec<&'static str>,
    ignored: Vec<String>,
    broken: Vec<String>,
}

impl Reader {
    fn unreadable(&mut self, name: String, fault: String) {
        self.faults.push(fault);
        self.broken.push(name);
    }

    fn finish(mut self) -> Result<Loaded, SpecificationError> {
        if let Some(bias) = self.arrays.remove("bias_hidden")
            && self.arrays.insert("bias".into(), bias).is_some()
        {
            self.faults.push("both `bias` and `bias_hidden` are given; they mean the same".into());
        }
        let weights_in = self.matrix("weights_in", 3);
        let weights_rec =
            self.arrays.contains_key("weights_rec").then(|| self.matrix("weights_rec", 3)).flatten();
        let weights_out = self.matrix("weights_out", 2);
        let (Some(weights_in), Some(weights_out)) = (weights_in, weights_out) else {
            return Err(SpecificationError { faults: self.faults });
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
        if !self.faults.is_empty() {
            return Err(SpecificationError { faults: self.faults });
        }
        specification.check()?;
        Ok(Loaded { specification, defaulted: self.defaulted, ignored: self.ignored })
    }

    /// A matrix of weights; two axes gain a third where three are expected.
    fn matrix(&mut self, name: &'static str, axes: usize) -> Option<Integers> {
        let Some(mut array) = self.arrays.remove(name) else {
            if !self.broken.iter().any(|broken| broken == name) {
                self.faults.push(format!("array `{name}` is missing"));
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
            self.faults.push(format!("array `{name}` has shape {:?}; {expected} is expected", array.shape));
            return None;
        }
        if array.shape.iter().any(|&extent| extent > MAX_NEURONS) {
            self.faults.push(format!(
                "array `{name}` has shape {:?}; at most {MAX_NEURONS} are allowed",
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
            self.faults
                .push(format!("array `weights_rec` has {rows} rows and {columns} columns; it is square"));
        }
        if d.input_expansion > d.hidden {
            let (columns, hidden) = (d.input_expansion, d.hidden);
            self.faults.push(format!(
                "array `weights_in` has {columns} columns, but there are {hidden} hidden neurons"
            ));
        }
        if d.output_expansion > d.hidden {
            let (rows, hidden) = (d.output_expansion, d.hidden);
            self.faults
                .push(format!("array `weights_out` has {rows} rows, but there are {hidden} hidden neurons"));
        }
        if d.synapses > 2 {
            self.faults.push(format!("the weights have {} synapses; a neuron has 1 or 2", d.synapses));
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
                self.faults
                    .push(format!("array `{name}` has shape {:?}; [{length}] is expected", array.shape));
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
                self.faults
                    .push(format!("array `{name}` has shape {:?}; a single number is expected", array.shape));
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
            self.faults
                .push(format!("array `alias_target` has shape {:?}; [{hidden}] is expected", array.shape));
        }
        if let Some(target) = array.data.iter().find(|&&target| target < -1 || target >= hidden as i64) {
            let last = hidden - 1;
            self.faults.push(format!("array `alias_target` holds {target}; -1 (none) to {last} are allowed"));
        }
        array.data.iter().map(|&target| usize::try_from(target).ok()).collect()
    }

    fn cast<T: TryFrom<i64> + Bounds>(&mut self, name: &str, data: Vec<i64>) -> Vec<T> {
        let allowed = |x: i64| (T::MIN..=T::MAX).contains(&x);
        if let Some(i) = data.iter().position(|&x| !allowed(x)) {
            let (value, low, high) = (data[i], T::MIN, T::MAX);
            let count = data.iter().filter(|&&x| !allowed(x)).count();
            self.faults.push(format!(
                "array `{name}` holds {value} at element {i}; {low} to {high} are allowed ({count} values are not)"
            ));
        }
        data.into_iter().filter_map(|x| T::try_from(x).ok()).collect()
    }
}

/// Range of a kind of number in a file.
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

/// Bit shifts; [`Specification::check`] has the narrower bound of weight shifts.
impl Bounds for u8 {
    const MIN: i64 = 0;
    const MAX: i64 = MAX_DASH as i64;
}

/// Adds silent synapses until there are `synapses`.
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
