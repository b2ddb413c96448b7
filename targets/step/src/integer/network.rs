//! The description of a network in integers, and its validation.

use std::fmt;

use synnet_ir::graph::Quantity;

/// Maximum left shift of weights: `-128 << 7` still fits 16 bits.
const MAX_WEIGHT_SHIFT: u8 = 7;
/// Maximum bit shift of a leak.
const MAX_DASH: u8 = 15;

/// A network in integers. The [module](crate::integer) defines its arithmetic.
#[derive(Clone, Debug, PartialEq)]
pub struct IntegerNetwork {
    /// Name in the source; the default name of the generated type.
    pub name: String,
    /// Lines of the network's `///` comment.
    pub docs: Vec<String>,
    /// Duration of a time step, in seconds.
    pub dt: f64,
    /// Name of the input.
    pub input: String,
    /// Number of input channels, at least 1.
    pub inputs: usize,
    /// Maximum number of events of an input channel per step; the excess is cut.
    pub max_events: u8,
    /// The layers, in the order of update.
    pub layers: Vec<IntegerLayer>,
    /// Index of the output layer.
    pub output: usize,
    /// Quantity of the output layer that `step` returns.
    pub quantity: Quantity,
    /// Number of steps by which the output lags behind the float network's; `None` if there is no float network.
    pub latency: Option<usize>,
    /// The output per unit of the float network's output, `[outputs]`; empty for spikes, which have no unit, and if
    /// there is no float network.
    pub output_scale: Vec<f64>,
}

/// A layer of neurons in integers.
#[derive(Clone, Debug, PartialEq)]
pub struct IntegerLayer {
    /// Name in the source; the name of the generated field.
    pub name: String,
    /// Lines of the layer's `///` comment.
    pub docs: Vec<String>,
    /// Bit shifts of the currents' leaks, 0 to 15: one list of `[neurons]` per synapse, one or two lists.
    pub dash_syn: Vec<Vec<u8>>,
    /// Bit shifts of the membranes' leaks, 0 to 15, `[neurons]`. Its length is the number of neurons.
    pub dash_mem: Vec<u8>,
    /// Membrane potentials at which neurons spike, `[neurons]`.
    pub threshold: Vec<i16>,
    /// Values added to the membranes in every step, `[neurons]`.
    pub bias: Vec<i16>,
    /// Maximum number of spikes of a neuron per step, at least 1.
    pub max_spikes: u8,
    /// For each neuron, the neuron of the same layer that also spikes when it does, `[neurons]`; empty without aliases.
    pub alias: Vec<Option<usize>>,
    /// Connections into the layer, in the order of delivery.
    pub connections: Vec<IntegerConnection>,
}

/// Weights from one source to every neuron of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct IntegerConnection {
    /// Name of the form `<source>-><target>`.
    pub name: String,
    /// Lines of the connection's `///` comment.
    pub docs: Vec<String>,
    /// The input or the layer that sends the events.
    pub source: IntegerSource,
    /// Weights `[sources, neurons]`, row-major, one list per synapse of the layer.
    pub weights: Vec<Vec<i8>>,
    /// Left shift of the weights, 0 to 7.
    pub shift: u8,
}

/// The source of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntegerSource {
    /// The input of the same step.
    Input,
    /// The spikes of the layer with this index in the previous step.
    Layer(usize),
}

/// The error for an inconsistent description, with everything that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegerError {
    /// The errors, one line each.
    pub errors: Vec<String>,
}

impl fmt::Display for IntegerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.errors.join("\n"))
    }
}

impl std::error::Error for IntegerError {}

impl IntegerLayer {
    /// Returns the number of neurons.
    pub fn size(&self) -> usize {
        self.dash_mem.len()
    }
}

impl IntegerNetwork {
    /// Returns the number of values that a step returns.
    pub fn outputs(&self) -> usize {
        self.layers.get(self.output).map_or(0, IntegerLayer::size)
    }

    /// Returns the number of channels or neurons of a source.
    pub(crate) fn width(&self, source: IntegerSource) -> usize {
        match source {
            IntegerSource::Input => self.inputs,
            IntegerSource::Layer(i) => self.layers.get(i).map_or(0, IntegerLayer::size),
        }
    }

    /// Returns the maximum number of events that one channel or neuron of a source sends per step.
    pub(crate) fn max_events_of(&self, source: IntegerSource) -> u8 {
        match source {
            IntegerSource::Input => self.max_events,
            IntegerSource::Layer(i) => self.layers.get(i).map_or(0, |layer| layer.max_spikes),
        }
    }

    /// Checks that indices are valid, that the lengths of lists match the sizes, and that shifts are in range.
    ///
    /// # Errors
    /// Returns all inconsistencies at once.
    pub fn check(&self) -> Result<(), IntegerError> {
        let mut errors = Vec::new();
        if self.output >= self.layers.len() {
            errors.push("the output is a layer that does not exist".to_owned());
        }
        if self.inputs == 0 {
            errors.push("the input has no channels".to_owned());
        }
        for layer in &self.layers {
            self.check_layer(layer, &mut errors);
        }
        if errors.is_empty() { Ok(()) } else { Err(IntegerError { errors }) }
    }

    fn check_layer(&self, layer: &IntegerLayer, errors: &mut Vec<String>) {
        let (name, n, synapses) = (&layer.name, layer.size(), layer.dash_syn.len());
        let mut expect = |holds: bool, fault: &str| {
            if !holds {
                errors.push(format!("layer `{name}`: {fault}"));
            }
        };
        expect(n > 0, "it has no neurons");
        expect(layer.max_spikes > 0, "`max_spikes` is 0; expected 1 or more");
        expect(matches!(synapses, 1 | 2), "`dash_syn` must have one or two lists, one per synapse");
        let lengths = layer.dash_syn.iter().map(Vec::len).chain([layer.threshold.len(), layer.bias.len()]);
        expect({ lengths }.all(|length| length == n), "a list does not have one value per neuron");
        let dashes = layer.dash_syn.iter().chain([&layer.dash_mem]);
        expect(dashes.flatten().all(|&dash| dash <= MAX_DASH), "the bit shift of a leak is above 15");
        let aliases = layer.alias.iter().flatten().all(|&target| target < n);
        expect(
            aliases && (layer.alias.is_empty() || layer.alias.len() == n),
            "an alias target does not exist",
        );
        for connection in &layer.connections {
            if let IntegerSource::Layer(i) = connection.source {
                expect(i < self.layers.len(), "it receives from a layer that does not exist");
            }
            expect(connection.shift <= MAX_WEIGHT_SHIFT, "the shift of weights is above 7");
            let numbers = self.width(connection.source).checked_mul(n);
            let complete = connection.weights.iter().all(|weights| Some(weights.len()) == numbers);
            expect(
                complete && connection.weights.len() == synapses,
                "a matrix does not match the number of sources, neurons or synapses",
            );
        }
    }
}
