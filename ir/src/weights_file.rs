//! Weights files: tensors, and the network that they were trained for.
//!
//! A weights file is a safetensors file. Its header has text entries about the network that the tensors belong to:
//!
//! | entry | content |
//! |---|---|
//! | `network` | name of the network |
//! | `params` | parameters of the network that were set, with values in the language, as a JSON object |
//! | `dt` | time step in seconds |
//! | `constants` | every constant of the graph besides learned values, as a JSON object of texts |
//! | `graph_hash` | 64-bit FNV-1a hash of the constants, in hexadecimal |
//! | `front_end` | options of the audio front end as a JSON object, if there is one |
//! | `classes` | class names in the order of the outputs, as a JSON list, if there are classes |
//! | `synnet_version` | version of the writer |
//! | `checksum` | 64-bit FNV-1a hash of the file, in hexadecimal; its own digits count as zeros |
//! | `checksummed` | `true`: the file has a checksum |
//!
//! Files of other tools have none of them; their tensors are checked by name, shape and range only.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use safetensors::SafeTensors;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codes;
use crate::constants;
use crate::diagnostic::Diagnostic;
use crate::diagnostics::Diagnostics;
use crate::display::{format_list, pluralize};
use crate::graph::Graph;
use crate::hash::fnv1a;
use crate::network::{Network, Slot};
use crate::params::{Params, ReadError};

/// The header entry by which the metadata is recognized.
const CONSTANTS: &str = "constants";
const GRAPH_HASH: &str = "graph_hash";

/// Maximum number of differences that a message lists; it counts the others.
const MAX_LISTED: usize = 12;

/// Tensors with the network that they were trained for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightsFile {
    /// The tensors.
    pub params: Params,
    /// The network; `None` if the file does not say, as those of other tools.
    pub metadata: Option<WeightsMetadata>,
    /// The tensors whose numbers had 16 bits, with their type, such as `h0->h1.weight` and `BF16`.
    pub converted: Vec<(String, &'static str)>,
}

/// The network that weights were trained for.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct WeightsMetadata {
    /// Name of the network.
    pub network: String,
    /// Parameters of the network that were set, with values in the language.
    pub params: BTreeMap<String, String>,
    /// Time step, in seconds.
    pub dt: f64,
    /// Constants of the graph by name, such as `h0.tau_mem`, as text. Learned ones have no value: the tensors hold it.
    pub constants: BTreeMap<String, String>,
    /// Options of the audio front end by name, as text; empty if the input is not audio.
    pub front_end: BTreeMap<String, String>,
    /// Class names in the order of the outputs; empty if there are no classes.
    pub classes: Vec<String>,
    /// Version of the crate that wrote the file.
    pub version: String,
}

/// A constant that differs between the network of a weights file and the current network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The name of the constant, such as `h0.tau_mem`.
    pub constant: String,
    /// Its value in training; `None` if the network had no such constant.
    pub trained: Option<String>,
    /// Its value now; `None` if the network has no such constant.
    pub now: Option<String>,
}

impl WeightsFile {
    /// Reads tensors and metadata.
    ///
    /// # Errors
    /// Returns an error if the bytes are not in safetensors format, if a tensor is not of floating-point numbers, or if the
    /// metadata is damaged.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut converted = Vec::new();
        let params =
            Params::from_safetensors_noting(bytes, |name, kind| converted.push((name.to_owned(), kind)))?;
        converted.sort();
        Ok(Self { params, metadata: WeightsMetadata::from_safetensors(bytes)?, converted })
    }

    /// Joins a graph with the tensors, after comparing it with the network that they were trained for. Returns the
    /// network with warnings.
    ///
    /// # Errors
    /// Returns the errors of [`Network::bind`]. Constants that differ are an error too, unless `allow_mismatch`, which
    /// makes them a warning.
    pub fn bind(&self, graph: &Graph, allow_mismatch: bool) -> Result<(Network, Diagnostics), Diagnostics> {
        self.bind_with(graph, &self.differences(graph), allow_mismatch)
    }

    /// Like [`bind`](Self::bind), with differences that the caller has determined.
    ///
    /// # Errors
    /// Returns the same errors as [`bind`](Self::bind).
    pub fn bind_with(
        &self,
        graph: &Graph,
        differences: &[Difference],
        allow_mismatch: bool,
    ) -> Result<(Network, Diagnostics), Diagnostics> {
        let bound = Network::bind(graph, &self.params);
        let mut found = self.check_with(graph, differences, allow_mismatch);
        match bound {
            Ok(network) if !found.has_errors() => Ok((network, found)),
            Ok(_) => Err(found.errors()),
            Err(errors) => {
                found.extend(errors);
                Err(found.errors())
            }
        }
    }

    /// Returns the constants that differ between the network of the metadata and `graph`, in alphabetical order.
    ///
    /// Constants that a tensor of the file sets do not count, nor does membrane noise that was on in training and is off
    /// now.
    pub fn differences(&self, graph: &Graph) -> Vec<Difference> {
        let Some(metadata) = &self.metadata else { return Vec::new() };
        let mut found = differences(&metadata.constants, &constants::of_graph(graph));
        found.retain(|Difference { constant, trained, now }| {
            let is_silenced = constant.ends_with(constants::NOISE) && now.as_deref() == Some("0");
            // Whether weights are trained does not change what the network computes.
            let is_learned =
                constant.ends_with(constants::FIXED_WEIGHTS) && (trained.is_none() || now.is_none());
            !(is_silenced || is_learned || self.params.tensors.contains_key(constant))
        });
        found
    }

    /// Compares the network that the tensors were trained for with `graph`. Returns an error that lists the constants
    /// that differ, or a warning if `allow_mismatch`, and a warning about tensors in place of declared constants.
    pub fn check(&self, graph: &Graph, allow_mismatch: bool) -> Diagnostics {
        self.check_with(graph, &self.differences(graph), allow_mismatch)
    }

    fn check_with(&self, graph: &Graph, differences: &[Difference], allow_mismatch: bool) -> Diagnostics {
        let mismatch = self.mismatch(graph, differences, allow_mismatch);
        mismatch.into_iter().chain(self.overridden(graph)).chain(self.converted_warning(graph)).collect()
    }

    /// Returns the diagnostic that lists differences, at the declaration of the network; `None` if there are none.
    fn mismatch(&self, graph: &Graph, differences: &[Difference], allowed: bool) -> Option<Diagnostic> {
        let (metadata, first) = (self.metadata.as_ref()?, differences.first()?);
        let code = &codes::OTHER_NETWORK;
        let message =
            format!("the weights were trained for a different network: {first}{}", others(differences.len()));
        let found = if allowed {
            Diagnostic::warning(code, graph.span, message)
        } else {
            Diagnostic::error(code, graph.span, message)
        };
        let of_recipe = |d: &Difference| d.constant == "classes" || d.constant.starts_with("front_end.");
        let what = if differences.iter().all(of_recipe) { "the recipe" } else { "the network" };
        let allow =
            if allowed { "" } else { "; `--allow-mismatch` (in Rust, `allow_mismatch`) accepts them" };
        let head = ["constant", "trained with", "now"];
        let rows = differences.iter().map(|d| [Some(d.constant.clone()), d.trained.clone(), d.now.clone()]);
        let table = table(head, rows.collect());
        Some(found.with_help(format!("use {what} that they were trained with, {metadata}{allow}\n{table}")))
    }

    /// Returns the warning about numbers of 16 bits.
    fn converted_warning(&self, graph: &Graph) -> Option<Diagnostic> {
        let (first, _) = self.converted.first()?;
        let kinds: BTreeSet<&str> = self.converted.iter().map(|(_, kind)| *kind).collect();
        let kinds = kinds.into_iter().collect::<Vec<_>>().join(" and ");
        let message = match self.converted.len() - 1 {
            0 => format!("tensor `{first}` holds {kinds} numbers, which are converted to F32"),
            more => {
                let others = pluralize(more, "other");
                format!("tensor `{first}` and {others} hold {kinds} numbers, which are converted to F32")
            }
        };
        let help = "train and save with 32 bits for full accuracy";
        Some(Diagnostic::warning(&codes::SHORT_NUMBERS, graph.span, message).with_help(help))
    }

    /// Returns the warning about tensors that replace constants of the network which are not learned.
    fn overridden(&self, graph: &Graph) -> Option<Diagnostic> {
        let mut replaced = Vec::new();
        for spec in graph.tensors().iter().filter(|spec| !spec.learn) {
            let (Slot::Layer(id, which), Some(tensor)) = (spec.slot, self.params.tensors.get(&spec.name))
            else {
                continue;
            };
            let layer = graph.layer(id);
            let Some(declared) = which.of(layer) else { continue };
            // The file holds f32: `0.02` shall read as 0.02, not as the nearest f64 of the nearest f32.
            let shortest = |x: f32| x.to_string().parse().unwrap_or(f64::from(x));
            let values: Vec<f64> = tensor.data.iter().map(|&x| shortest(x)).collect();
            let rounded: Vec<f64> = declared.values.iter().map(|&x| shortest(x as f32)).collect();
            let now = constants::values(layer, which, &values);
            if constants::values(layer, which, &rounded) != now {
                let declared = constants::values(layer, which, &declared.values);
                replaced.push([Some(spec.name.clone()), Some(declared), Some(now)]);
            }
        }
        let [Some(name), Some(declared), Some(now)] = replaced.first()? else { return None };
        let message = format!(
            "the weights set `{name}` to {}, but the network declares {}{}",
            shorten(now, 0),
            shorten(declared, 0),
            others(replaced.len())
        );
        let table = table(["constant", "declared", "used"], replaced.clone());
        let help = format!("declare it as in training, or remove the tensor from the file\n{table}");
        Some(Diagnostic::warning(&codes::REPLACED_CONSTANT, graph.span, message).with_help(help))
    }
}

/// Counts the entries of a list besides the first.
fn others(count: usize) -> String {
    if count > 1 { format!(", and {}", pluralize(count - 1, "other difference")) } else { String::new() }
}

/// Lists constants with two values each. Long values are cut to begin where they differ.
fn table(head: [&str; 3], rows: Vec<[Option<String>; 3]>) -> String {
    let count = rows.len();
    let cells = rows.into_iter().take(MAX_LISTED).map(|[name, a, b]| {
        let common = match (&a, &b) {
            (Some(a), Some(b)) => a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count(),
            _ => 0,
        };
        let text =
            |value: Option<String>| value.map_or_else(|| "-".to_owned(), |value| shorten(&value, common));
        vec![name.unwrap_or_default(), text(a), text(b)]
    });
    let rows: Vec<Vec<String>> = std::iter::once(head.map(str::to_owned).to_vec()).chain(cells).collect();
    let more = count.saturating_sub(MAX_LISTED);
    let more = if more > 0 { format!("and {more} more") } else { String::new() };
    (format_list(&rows) + &more).trim_end().to_owned()
}

/// Returns the part of a long value that begins at the list element with byte `at`.
fn shorten(value: &str, at: usize) -> String {
    const MAX_CHARS: usize = 40;
    if value.chars().count() <= MAX_CHARS {
        return value.to_owned();
    }
    let start = value.get(..at).and_then(|before| before.rfind(", ")).map_or(0, |comma| comma + 2);
    let part: String = value[start..].chars().take(MAX_CHARS).collect();
    let before = if start > 0 { "..., " } else { "" };
    let after = if start + part.len() < value.len() { "..." } else { "" };
    format!("{before}{part}{after}")
}

/// Compares two sets of named values.
pub fn differences(trained: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<Difference> {
    let names: BTreeSet<&String> = trained.keys().chain(now.keys()).collect();
    let pairs = names.into_iter().map(|name| (name, trained.get(name), now.get(name)));
    let differing = pairs.filter(|(_, trained, now)| trained != now);
    let difference = |(name, trained, now): (&String, Option<&String>, Option<&String>)| Difference {
        constant: name.clone(),
        trained: trained.cloned(),
        now: now.cloned(),
    };
    differing.map(difference).collect()
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { constant, trained, now } = self;
        match (trained, now) {
            (Some(trained), Some(now)) => {
                let common = trained.bytes().zip(now.bytes()).take_while(|(a, b)| a == b).count();
                write!(
                    f,
                    "`{constant}` was {} in training, but is {} now",
                    shorten(trained, common),
                    shorten(now, common)
                )
            }
            (Some(trained), None) => {
                write!(f, "`{constant}` was {} in training, but does not exist now", shorten(trained, 0))
            }
            (None, now) => {
                let now = shorten(now.as_deref().unwrap_or("-"), 0);
                write!(f, "`{constant}` is {now} now, but did not exist in training")
            }
        }
    }
}

/// Formats the network as an instance in the language: "`Kws(tau: 60 ms)`".
impl fmt::Display for WeightsMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params: Vec<String> =
            self.params.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let params = if params.is_empty() { String::new() } else { format!("({})", params.join(", ")) };
        write!(f, "`{}{params}`", self.network)
    }
}

impl WeightsMetadata {
    /// Describes a graph.
    pub fn new(graph: &Graph) -> Self {
        Self {
            network: graph.name.clone(),
            dt: graph.dt,
            constants: constants::of_graph(graph),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..Self::default()
        }
    }

    /// Sets the parameters of the network.
    #[must_use]
    pub fn with_params(mut self, params: impl IntoIterator<Item = (String, String)>) -> Self {
        self.params = params.into_iter().collect();
        self
    }

    /// Sets the options of the audio front end.
    #[must_use]
    pub fn with_front_end(mut self, options: impl IntoIterator<Item = (String, String)>) -> Self {
        self.front_end = options.into_iter().collect();
        self
    }

    /// Sets the class names.
    #[must_use]
    pub fn with_classes(mut self, classes: impl IntoIterator<Item = String>) -> Self {
        self.classes = classes.into_iter().collect();
        self
    }

    /// Returns the hash of the constants. Learned values and options of training do not affect it.
    pub fn graph_hash(&self) -> u64 {
        let lines: String =
            self.constants.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        fnv1a(lines.as_bytes())
    }

    /// Reads the metadata of a weights file; `None` if it has none.
    ///
    /// # Errors
    /// Returns an error if the bytes are not in safetensors format, or if an entry is damaged.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Option<Self>, ReadError> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| ReadError::format(bytes, &e))?;
        let entries = header.metadata().clone().unwrap_or_default();
        let entries: BTreeMap<String, String> = entries.into_iter().collect();
        if !entries.contains_key(CONSTANTS) {
            if entries.contains_key(GRAPH_HASH) {
                return Err(ReadError::new(
                    "the metadata is damaged: it has `graph_hash`, but no `constants`",
                ));
            }
            return Ok(None);
        }
        let text = |key: &str| entries.get(key).cloned().unwrap_or_default();
        let metadata = Self {
            network: text("network"),
            params: parse(&entries, "params")?,
            dt: parse(&entries, "dt")?,
            constants: parse(&entries, CONSTANTS)?,
            front_end: parse(&entries, "front_end")?,
            classes: parse(&entries, "classes")?,
            version: text("synnet_version"),
        };
        if text(GRAPH_HASH) != metadata.hash_text() {
            return Err(ReadError::new(
                "the metadata is damaged: `graph_hash` does not belong to `constants`",
            ));
        }
        Ok(Some(metadata))
    }

    /// Returns the entries of the header.
    pub fn entries(&self) -> BTreeMap<String, String> {
        let mut entries = BTreeMap::from([
            ("network", self.network.clone()),
            ("params", json_text(&self.params)),
            ("dt", json_text(&self.dt)),
            (CONSTANTS, json_text(&self.constants)),
            (GRAPH_HASH, self.hash_text()),
            ("synnet_version", self.version.clone()),
        ]);
        if !self.front_end.is_empty() {
            entries.insert("front_end", json_text(&self.front_end));
        }
        if !self.classes.is_empty() {
            entries.insert("classes", json_text(&self.classes));
        }
        entries.into_iter().map(|(key, text)| (key.to_owned(), text)).collect()
    }

    fn hash_text(&self) -> String {
        format!("{:016x}", self.graph_hash())
    }
}

fn json_text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain values serialize")
}

/// Parses the entry `key`; a missing one has the default value.
fn parse<T: DeserializeOwned + Default>(
    entries: &BTreeMap<String, String>,
    key: &str,
) -> Result<T, ReadError> {
    let Some(text) = entries.get(key) else { return Ok(T::default()) };
    serde_json::from_str(text)
        .map_err(|e| ReadError::new(format!("the entry `{key}` of the metadata is damaged: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{LayerId, LayerParameter};
    use crate::{Tensor, from_json};

    fn graph() -> Graph {
        from_json(
            r#"{ "name": "Kws", "dt": 0.001, "input": { "name": "x", "channels": 2 },
            "layers": [{ "name": "out", "size": 2, "neuron": { "exp_syn": { "syn": { "unit": "time_constant", "values": [0.02] } } } }],
            "connections": [{ "name": "x->out", "sources": ["input"], "target": 0, "operator": "identity" }],
            "output": { "layer": 0, "quantity": "isyn" } }"#,
        )
        .unwrap()
    }

    fn file(metadata: &WeightsMetadata, params: &Params) -> WeightsFile {
        WeightsFile::from_safetensors(&params.to_safetensors_with(&metadata.entries())).unwrap()
    }

    #[test]
    fn metadata_survives_a_file() {
        let metadata = WeightsMetadata::new(&graph())
            .with_params([("tau".to_owned(), "20 ms".to_owned())])
            .with_front_end([("decimation".to_owned(), "488".to_owned())])
            .with_classes(["no".to_owned(), "yes".to_owned()]);
        assert_eq!(file(&metadata, &Params::default()).metadata, Some(metadata.clone()));
        let mut damaged = metadata.entries();
        damaged.insert("constants".into(), r#"{"dt":"2 ms"}"#.into());
        let error =
            WeightsFile::from_safetensors(&Params::default().to_safetensors_with(&damaged)).unwrap_err();
        assert!(error.to_string().contains("`graph_hash` does not belong to `constants`"), "{error}");
        let of_another_tool = Params::default().to_safetensors();
        assert_eq!(WeightsFile::from_safetensors(&of_another_tool).unwrap().metadata, None);
    }

    #[test]
    fn constants_that_differ_are_listed() {
        let trained = graph();
        let weights = file(&WeightsMetadata::new(&trained), &Params::default());
        let (_, warnings) = weights.bind(&trained, false).unwrap();
        assert!(warnings.is_empty());

        let mut now = trained;
        LayerParameter::SynLeak.of_mut(&mut now.layers[LayerId(0).index()]).unwrap().values = vec![0.01];
        now.dt = 0.002;
        let errors = weights.bind(&now, false).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert_eq!(
            errors[0].message,
            "the weights were trained for a different network: `dt` was 1 ms in training, but is 2 ms now, and 1 other \
             difference"
        );
        assert_eq!(
            errors[0].help.as_deref().unwrap(),
            "use the network that they were trained with, `Kws`; `--allow-mismatch` (in Rust, `allow_mismatch`) accepts them\n\
             constant     trained with  now\ndt           1 ms          2 ms\nout.tau_syn  20 ms         10 ms"
        );
        let (_, warnings) = weights.bind(&now, true).unwrap();
        assert!(warnings.len() == 1 && !warnings.has_errors());
    }

    #[test]
    fn tensors_of_the_file_replace_constants() {
        let trained = graph();
        let mut now = trained.clone();
        LayerParameter::SynLeak.of_mut(&mut now.layers[0]).unwrap().values = vec![0.01];
        let params = Params { tensors: [("out.tau_syn".to_owned(), Tensor::new([1], vec![0.02]))].into() };
        let weights = file(&WeightsMetadata::new(&trained), &params);
        let (network, warnings) = weights.bind(&now, false).unwrap();
        assert_eq!(network.tensor(Slot::Layer(LayerId(0), LayerParameter::SynLeak)).data, [0.02]);
        assert_eq!(warnings.len(), 1);
        assert_eq!(
            warnings[0].message,
            "the weights set `out.tau_syn` to 20 ms, but the network declares 10 ms"
        );
    }

    #[test]
    fn long_values_begin_where_they_differ() {
        let list = |last: &str| (0..20).map(|i| format!("{i} ms, ")).collect::<String>() + last;
        let difference =
            Difference { constant: "a".into(), trained: Some(list("7 ms")), now: Some(list("8 ms")) };
        assert_eq!(difference.to_string(), "`a` was ..., 7 ms in training, but is ..., 8 ms now");
    }
}
