//! Quantization: a network with float weights becomes an [`IntegerNetwork`], with the help of `synnet-xylo`.
//!
//! ```text
//! Network ──► synnet_xylo::build, on a chip without narrow limits ──► Specification ──► IntegerNetwork
//! ```
//!
//! The design rules of that crate find what the arithmetic cannot express, its quantizer chooses the integers, and
//! generated code is tested against its simulator. The sizes of chips do not matter here, but their structure does:
//! hidden layers, then a readout that feeds nothing.

use std::collections::BTreeMap;

use synnet_ir::graph::{Connection, Endpoint, Quantity};
use synnet_ir::{Diagnostics, Graph, Network};
use synnet_xylo::chip::{BitShiftRange, BitShiftRanges, Chip, CoreVersion, EventLimits, FanOut, Synapses};
use synnet_xylo::specification::{
    MAX_DASH, MAX_HIDDEN_SPIKES, MAX_INPUT_EVENTS, MAX_NEURONS, MAX_READOUT_SPIKES, MAX_WEIGHT_SHIFT,
    SpecificationError,
};
use synnet_xylo::{
    quantize::{QuantizeOptions, QuantizeReport},
    specification::Specification,
};

use crate::integer::{IntegerConnection, IntegerLayer, IntegerNetwork, IntegerSource};

/// A network in integers, with the report of its quantization.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantized {
    /// The network from which code is generated.
    pub network: IntegerNetwork,
    /// The same network as a specification, for the simulator.
    pub specification: Specification,
    /// Scales, shifts and errors of the quantization.
    pub report: QuantizeReport,
    /// Warnings about everything that behaves differently from the float network.
    pub warnings: Diagnostics,
}

/// Returns the arithmetic of integer code as a chip without narrow limits.
fn unlimited_chip() -> Chip {
    // Messages name the target by its title, so those of the design rules speak of integer code.
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
        // An alias is code within one layer, while a sum joins several. So sums of a network become rows of weights;
        // aliases come from specifications only (`describe`).
        aliases: false,
        // A synapse with a bit shift of 0 never passes anything on, in integer code as on a chip.
        dash: BitShiftRanges {
            synapse: BitShiftRange { min: 1, max: MAX_DASH },
            membrane: BitShiftRange { min: 0, max: MAX_DASH },
        },
        events: EventLimits {
            input: MAX_INPUT_EVENTS.into(),
            hidden: MAX_HIDDEN_SPIKES.into(),
            readout: MAX_READOUT_SPIKES.into(),
        },
        cycles: None,
        clock: None,
        power: None,
    }
}

/// Returns an error for everything in a graph that integer code cannot express, and a warning for everything that will
/// behave differently.
pub fn check(graph: &Graph) -> Diagnostics {
    synnet_xylo::rules::check(graph, &unlimited_chip())
}

/// Quantizes a network.
///
/// # Errors
/// Returns an error for everything that integer code cannot express, with the warnings of [`check`].
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
        output_scale: if float.output == Quantity::Spikes { Vec::new() } else { report.scale_out.clone() },
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
    // The specification has added the weights of connections that share source and target, so those become one
    // connection here, which gets the comments of all of them.
    for connection in &graph.connections {
        let target = index(Endpoint::Layer(connection.target));
        for &source in &connection.sources {
            let docs = described.paths.entry((key(index(source)), key(target))).or_default();
            docs.extend(doc_lines(connection));
        }
    }
    Ok(Quantized { network: described.network(&specification), specification, report, warnings })
}

/// Iterates over the lines of a connection's comment.
fn doc_lines(connection: &Connection) -> impl Iterator<Item = String> {
    connection.docs.iter().cloned()
}

/// Describes a specification, whatever network it comes from: its two populations become the layers `hidden` and
/// `readout`. `dt` is the duration of a step in seconds.
///
/// # Errors
/// Returns an error if the specification is inconsistent.
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
        output_scale: Vec::new(),
        places: vec![place("hidden", d.hidden, d.synapses, false), place("readout", d.outputs, 1, true)],
        paths: [(0, 1), (1, 1), (1, 2)].map(|path| (path, Vec::new())).into(),
    };
    Ok(described.network(specification))
}

/// A layer, as a range of a specification's neurons.
struct PlacedLayer {
    name: String,
    docs: Vec<String>,
    ids: std::ops::Range<usize>,
    synapses: usize,
    readout: bool,
}

/// Everything about a network that its specification does not contain.
struct NetworkDescription {
    name: String,
    docs: Vec<String>,
    dt: f64,
    input: String,
    quantity: Quantity,
    latency: Option<usize>,
    output_scale: Vec<f64>,
    /// The layers in the order of ids, the readout last.
    places: Vec<PlacedLayer>,
    /// Pairs of source and target (see [`key`]), with the comments of the connections. Ordered by source, because
    /// events are delivered in this order.
    paths: BTreeMap<(usize, usize), Vec<String>>,
}

/// Returns the position of a source in the order of delivery: the input, then the layers by id.
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
            output_scale: self.output_scale,
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
        // Alias targets are ids of hidden neurons. Only `describe` brings aliases, and then the layer holds all hidden
        // neurons, so ids are indices into it.
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

    /// Extracts the block of a specification's matrix between a source and a layer.
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
                // Only the last ids have rows.
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
            // Only the first ids have columns of input weights, and only the last ones rows of readout weights.
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
