//! From a network with float weights to its description in integers, by way of `synnet-xylo`.
//!
//! This is the only file that knows that crate: its design rules say what the arithmetic cannot express,
//! its quantizer chooses the integers, its simulator is what generated code is tested against. Sizes of
//! chips do not matter here; the structure does: hidden layers, then a readout that feeds nothing.

use std::collections::BTreeMap;

use synnet_ir::graph::{Connection, Endpoint, Quantity};
use synnet_ir::{Diagnostics, Graph, Network};
use synnet_xylo::chip::{BitShiftRange, BitShiftRanges, Chip, CoreVersion, Events, FanOut, Synapses};
use synnet_xylo::specification::{
    MAX_DASH, MAX_HIDDEN_SPIKES, MAX_INPUT_EVENTS, MAX_NEURONS, MAX_READOUT_SPIKES, MAX_WEIGHT_SHIFT,
    SpecificationError,
};
use synnet_xylo::{QuantizeOptions, QuantizeReport, Specification};

use crate::integer::{IntegerConnection, IntegerLayer, IntegerNetwork, IntegerSource};

/// A network in integers, and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantized {
    /// What code is generated from.
    pub network: IntegerNetwork,
    /// The same as the simulator takes it.
    pub specification: Specification,
    /// Scales, shifts and errors of the quantization.
    pub report: QuantizeReport,
    /// What can be expressed but will behave differently.
    pub warnings: Diagnostics,
}

/// The arithmetic as a chip without narrow limits.
fn unlimited_chip() -> Chip {
    let any = usize::MAX;
    Chip {
        name: "rust-int".into(),
        title: "integer code".into(),
        part: String::new(),
        rockpool: None,
        configuration: None,
        core: CoreVersion::V2,
        inputs: MAX_NEURONS,
        input_expansion: MAX_NEURONS,
        hidden: MAX_NEURONS,
        output_expansion: MAX_NEURONS,
        outputs: MAX_NEURONS,
        synapses: Synapses { hidden: 2, readout: 1 },
        fan_out: FanOut { per_neuron: any, total: any },
        weight_bits: 8,
        weight_shift: MAX_WEIGHT_SHIFT,
        threshold: i16::MAX,
        bias: true,
        // Aliases of a specification are code within one layer; sums of a network are rows of weights.
        aliases: false,
        dash: BitShiftRanges {
            synapse: BitShiftRange { min: 1, max: MAX_DASH },
            membrane: BitShiftRange { min: 0, max: MAX_DASH },
        },
        events: Events {
            input: MAX_INPUT_EVENTS.into(),
            hidden: MAX_HIDDEN_SPIKES.into(),
            readout: MAX_READOUT_SPIKES.into(),
        },
        cycles: None,
        clock: None,
        power: None,
    }
}

/// What of a graph integer code cannot express, and what it will do differently.
pub fn check(graph: &Graph) -> Diagnostics {
    synnet_xylo::rules::check(graph, &unlimited_chip())
}

/// Quantizes a network.
///
/// # Errors
/// Everything that integer code cannot express, at its place, and what it would merely do differently.
pub fn quantize(network: &Network, options: &QuantizeOptions) -> Result<Quantized, Diagnostics> {
    let synnet_xylo::Build { specification, float, report, warnings, core: _ } =
        synnet_xylo::build(network, &unlimited_chip(), options)?;
    let graph = &network.graph;
    let placed = float.layers.iter().map(|layer| PlacedLayer {
        name: layer.name.clone(),
        docs: graph.layer(layer.layer).docs.clone(),
        ids: layer.ids.clone(),
        synapses: graph.layer(layer.layer).synapses(),
        readout: layer.readout,
    });
    let mut described = NetworkDescription {
        name: graph.name.clone(),
        docs: graph.docs.clone(),
        dt: graph.dt,
        input: graph.input.name.clone(),
        quantity: float.output,
        latency: Some(float.latency()),
        places: placed.collect(),
        paths: BTreeMap::new(),
    };
    let index = |endpoint: Endpoint| match endpoint {
        Endpoint::Input => IntegerSource::Input,
        Endpoint::Layer(id) => {
            let place = float.layers.iter().position(|layer| layer.layer == id);
            IntegerSource::Layer(place.expect("every layer is placed"))
        }
    };
    for connection in &graph.connections {
        let target = index(Endpoint::Layer(connection.target));
        for &source in &connection.sources {
            let docs = described.paths.entry((key(index(source)), key(target))).or_default();
            docs.extend(doc_lines(connection));
        }
    }
    Ok(Quantized { network: described.network(&specification), specification, report, warnings })
}

/// The lines of a connection's comment.
fn doc_lines(connection: &Connection) -> impl Iterator<Item = String> {
    connection.docs.iter().cloned()
}

/// Describes a specification as it stands: its two populations become the layers `hidden` and `readout`.
///
/// # Errors
/// Where the specification does not hold together.
pub fn describe(
    specification: &Specification,
    name: &str,
    dt: f64,
    quantity: Quantity,
) -> Result<IntegerNetwork, SpecificationError> {
    specification.check()?;
    let d = specification.dimensions;
    let place = |name: &str, n: usize, synapses: usize, readout: bool| PlacedLayer {
        name: name.to_owned(),
        docs: Vec::new(),
        ids: 0..n,
        synapses,
        readout,
    };
    let described = NetworkDescription {
        name: name.to_owned(),
        docs: Vec::new(),
        dt,
        input: "input".to_owned(),
        quantity,
        latency: None,
        places: vec![place("hidden", d.hidden, d.synapses, false), place("readout", d.outputs, 1, true)],
        paths: [(0, 1), (1, 1), (1, 2)].map(|path| (path, Vec::new())).into(),
    };
    Ok(described.network(specification))
}

/// A layer among the neurons of a specification.
struct PlacedLayer {
    name: String,
    docs: Vec<String>,
    ids: std::ops::Range<usize>,
    synapses: usize,
    readout: bool,
}

/// What a specification does not say about its network.
struct NetworkDescription {
    name: String,
    docs: Vec<String>,
    dt: f64,
    input: String,
    quantity: Quantity,
    latency: Option<usize>,
    /// The layers in the order of ids, the readout last.
    places: Vec<PlacedLayer>,
    /// Which source feeds which target (see [`key`]), with the comments of the connections.
    paths: BTreeMap<(usize, usize), Vec<String>>,
}

/// Sources in the order in which events are delivered: the input, then the layers.
fn key(source: IntegerSource) -> usize {
    match source {
        IntegerSource::Input => 0,
        IntegerSource::Layer(i) => i + 1,
    }
}

impl NetworkDescription {
    fn network(self, specification: &Specification) -> IntegerNetwork {
        let layers = (0..self.places.len()).map(|i| self.layer(i, specification)).collect();
        IntegerNetwork {
            layers,
            name: self.name,
            docs: self.docs,
            dt: self.dt,
            input: self.input,
            inputs: specification.dimensions.inputs,
            max_events: MAX_INPUT_EVENTS,
            output: self.places.len() - 1,
            quantity: self.quantity,
            latency: self.latency,
        }
    }

    fn layer(&self, i: usize, s: &Specification) -> IntegerLayer {
        let place = &self.places[i];
        let ids = place.ids.clone();
        let connections =
            self.paths.iter().filter(|((_, target), _)| *target == i + 1).map(|((source, _), docs)| {
                let source = match source.checked_sub(1) {
                    None => IntegerSource::Input,
                    Some(layer) => IntegerSource::Layer(layer),
                };
                self.connection(source, place, docs, s)
            });
        let connections = connections.collect();
        let (dash_mem, dash_syn, threshold, bias) = if place.readout {
            (&s.dash_mem_out, vec![&s.dash_syn_out], &s.threshold_out, &s.bias_out)
        } else {
            let dash_syn = [&s.dash_syn, &s.dash_syn_2][..place.synapses].to_vec();
            (&s.dash_mem, dash_syn, &s.threshold, &s.bias)
        };
        // Aliases are numbered among all hidden neurons: only a layer of all of them can have any.
        let aliased = !place.readout && ids.len() == s.dimensions.hidden;
        IntegerLayer {
            name: place.name.clone(),
            docs: place.docs.clone(),
            dash_syn: dash_syn.into_iter().map(|dashes| dashes[ids.clone()].to_vec()).collect(),
            dash_mem: dash_mem[ids.clone()].to_vec(),
            threshold: threshold[ids.clone()].to_vec(),
            bias: bias[ids].to_vec(),
            max_spikes: if place.readout { MAX_READOUT_SPIKES } else { MAX_HIDDEN_SPIKES },
            alias: if aliased { s.alias_target.clone() } else { Vec::new() },
            connections,
        }
    }

    /// The block of a specification's matrix between a source and a layer.
    fn connection(
        &self,
        source: IntegerSource,
        target: &PlacedLayer,
        docs: &[String],
        s: &Specification,
    ) -> IntegerConnection {
        let d = s.dimensions;
        let (matrix, height, width, synapses, first_row, shift) = match source {
            IntegerSource::Input => {
                (&s.weights_in, d.inputs, d.input_expansion, d.synapses, 0, s.weight_shift_in)
            }
            IntegerSource::Layer(_) if target.readout => {
                // The last ids only have rows.
                (&s.weights_out, d.hidden, d.outputs, 1, d.hidden - d.output_expansion, s.weight_shift_out)
            }
            IntegerSource::Layer(_) => {
                (&s.weights_rec, d.hidden, d.hidden, d.synapses, 0, s.weight_shift_rec)
            }
        };
        let (from, rows) = match source {
            IntegerSource::Input => (self.input.as_str(), 0..height),
            IntegerSource::Layer(i) => (self.places[i].name.as_str(), self.places[i].ids.clone()),
        };
        let weight = |row: usize, column: usize, synapse: usize| match row.checked_sub(first_row) {
            Some(row) if column < width => matrix[(row * width + column) * synapses + synapse],
            _ => 0,
        };
        let of_synapse = |synapse: usize| {
            let cells = rows.clone().flat_map(|row| target.ids.clone().map(move |column| (row, column)));
            cells.map(|(row, column)| weight(row, column, synapse)).collect()
        };
        IntegerConnection {
            name: format!("{from}->{}", target.name),
            docs: docs.to_vec(),
            source,
            weights: (0..target.synapses).map(of_synapse).collect(),
            shift,
        }
    }
}
