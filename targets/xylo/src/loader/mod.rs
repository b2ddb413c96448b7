//! Loader scripts: Python that passes a specification to the vendor's tools, and through them to a board.
//!
//! If Rockpool has functions for a chip, the script fills samna's configuration object with them, and works around what
//! they would lose (`docs/xylo.md` lists it). For other chips, it only runs the vendor's simulator. The templates are
//! the `.py` files beside this module; `@NAME@` marks what is filled in.

use crate::chip::{Chip, ConfigurationFormat, CoreVersion};
use crate::configuration::PROVENANCE;
use crate::layer_table::{LayerIds, LayerTable};

/// Names of the files beside a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoaderFiles<'a> {
    /// Name of the specification.
    pub specification: &'a str,
    /// Name of the configuration in the vendor's format; `None` if there is none.
    pub configuration: Option<&'a str>,
}

/// Returns a Python script that reads the files beside it and builds the chip's configuration and a simulator from
/// them. It lists the layers with their ids. The same arguments give the same text.
pub fn loader(layers: &LayerTable, files: LoaderFiles<'_>, chip: &Chip) -> String {
    let json = match (chip.configuration, files.configuration) {
        (Some(ConfigurationFormat::SamnaXyloCore2), Some(file)) => {
            include_str!("json.py").replace("@CONFIGURATION@", &literal(file))
        }
        _ => String::new(),
    };
    let everywhere = chip.input_expansion == chip.hidden && chip.output_expansion == chip.hidden;
    let expansion = if everywhere { include_str!("expansion.py") } else { "" };
    let core = match chip.core {
        CoreVersion::V1 => "v1",
        CoreVersion::V2 => "v2",
    };
    let biases = match chip.core {
        CoreVersion::V1 => BIASES_V1,
        CoreVersion::V2 => BIASES_V2,
    };
    let template = match chip.rockpool {
        Some(_) => include_str!("rockpool.py"),
        None => include_str!("xylosim.py"),
    };
    let known: Vec<String> = known(chip, files).iter().map(|fact| format!("  * {fact}.")).collect();
    template
        .replace("@KNOWN@", &known.join("\n"))
        .replace("@JSON@", &json)
        .replace("@EXPANSION@", expansion)
        .replace("@BIASES@", biases)
        .replace("@CORE@", core)
        .replace("@PACKAGE@", &module(chip.rockpool.as_deref().unwrap_or_default()))
        .replace("@CHIP@", &literal(&chip.title))
        .replace("@PART@", &literal(&chip.part))
        .replace("@FILE@", &literal(files.specification))
        .replace("@LAYERS@", &layer_list(layers))
        .replace("@NETWORK@", &literal(&layers.network))
}

/// Returns the entries of the dictionary `LAYERS`, one line per layer.
fn layer_list(layers: &LayerTable) -> String {
    let entry = |layer: &LayerIds| {
        let [first, end] = layer.ids;
        // A range is shorter than the list of all neurons, and says that none is missing.
        let neurons = match layer.neurons[..] {
            [start, .., last] if last - start + 1 == layer.neurons.len() => {
                format!("range({start}, {})", last + 1)
            }
            _ => format!("{:?}", layer.neurons),
        };
        let aliased: Vec<String> =
            layer.aliased_from.iter().map(|name| format!("\"{}\"", literal(name))).collect();
        let aliased = if aliased.is_empty() {
            String::new()
        } else {
            format!(", \"aliased_from\": [{}]", aliased.join(", "))
        };
        format!(
            "    \"{}\": {{\"population\": \"{}\", \"ids\": range({first}, {end}), \"neurons\": {neurons}, \
             \"lag\": {}{aliased}}},\n",
            literal(&layer.layer),
            layer.population.name(),
            layer.lag,
        )
    };
    layers.layers.iter().map(entry).collect()
}

/// Returns what is known about the files for a chip: what was tested against what, and what is unconfirmed.
pub fn known(chip: &Chip, files: LoaderFiles<'_>) -> Vec<String> {
    if Chip::find(&chip.name) != Some(chip) {
        return vec!["None of this was tested: this is a custom chip".into()];
    }
    let mut facts = Vec::new();
    if chip.rockpool.is_some() {
        facts.push("The specification runs in Rockpool's XyloSim, which agrees with snnc's simulator".into());
        facts.push(
            "`configuration()` was run with Rockpool 3.1 and a stand-in for the vendor's library samna"
                .into(),
        );
        facts.push("Not confirmed: that samna accepts the result, and that a board runs it".into());
    } else {
        facts.push("The specification runs in xylosim, which agrees with snnc's simulator".into());
        facts.push(
            "There is no `configuration()`: Rockpool supports this chip only up to version 2.7. The chip also \
             needs one or two unused hidden neurons after the others, and its alias memory set by hand. None of \
             this was tested"
                .into(),
        );
    }
    match files.configuration {
        Some(file) => facts.push(format!("`{}`: {PROVENANCE}", literal(file))),
        None if chip.rockpool.is_some() => {
            facts.push("No file in samna's format is written: none is known for this chip".into());
        }
        None => {}
    }
    facts
}

const BIASES_V1: &str = r#"def biases(spec):
    """Returns no arguments: this generation has no biases."""
    if spec["bias"].any() or spec["bias_out"].any():
        raise ValueError("the specification has biases; the chip has none")
    return {}


"#;

const BIASES_V2: &str = r#"def biases(spec):
    """Returns the biases, which are enabled for all neurons or for none."""
    bias, bias_out = spec["bias"].tolist(), spec["bias_out"].tolist()
    return {"has_bias": any(bias + bias_out), "bias": bias, "bias_out": bias_out}


"#;

/// Escapes text for a Python string or comment.
fn literal(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).collect::<String>().replace('\\', "\\\\").replace('"', "\\\"")
}

/// Removes everything from the name of a Python module that does not belong in one.
fn module(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '.' | '_')).collect()
}
