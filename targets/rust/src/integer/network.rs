//! The description of a network in integers.

use std::fmt;

use synnet_ir::graph::Quantity;

/// Largest left shift of weights: `-128 << 7` is still far from the ends of 16 bits.
const MAX_WEIGHT_SHIFT: u8 = 7;
/// Largest bit shift of a leak.
const MAX_DASH: u8 = 15;

/// A network in integers. See the [module](crate::integer) of its arithmetic.
#[derive(Clone, Debug, PartialEq)]
pub struct IntegerNetwork {
    /// Name of the network.
    pub name: String,
    /// The lines of its `///` comment.
    pub docs: Vec<String>,
    /// Duration of a time step, in seconds.
    pub dt: f64,
    /// Name of the input.
    pub input: String,
    /// Number of input channels.
    pub inputs: usize,
    /// Most events of an input channel in one step; more are cut.
    pub max_events: u8,
    /// The layers, in the order of update.
    pub layers: Vec<IntegerLayer>,
    /// The layer that is the output, by its index.
    pub output: usize,
    /// What of it goes out.
    pub quantity: Quantity,
    /// By how many steps the output is behind that of the float network, where there is one.
    pub latency: Option<usize>,
}

/// A layer of neurons in integers.
#[derive(Clone, Debug, PartialEq)]
pub struct IntegerLayer {
    /// Name of the layer.
    pub name: String,
    /// The lines of its `///` comment.
    pub docs: Vec<String>,
    /// Leak of the synaptic currents, one per neuron, for each synapse: one list or two.
    pub dash_syn: Vec<Vec<u8>>,
    /// Leak of the membrane, one per neuron; its length is the number of neurons.
    pub dash_mem: Vec<u8>,
    /// Membrane potential from which on a neuron spikes, one per neuron.
    pub threshold: Vec<i16>,
    /// What is added to the membrane in every step, one per neuron.
    pub bias: Vec<i16>,
    /// Most spikes of a neuron in one step, 1 at least.
    pub max_spikes: u8,
    /// The neuron of the same layer that also spikes when this one does, one per neuron; empty for none.
    pub alias: Vec<Option<usize>>,
    /// What the layer receives, in the order of delivery.
    pub connections: Vec<IntegerConnection>,
}

/// Weights from one source to every neuron of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct IntegerConnection {
    /// `<source>-><target>`.
    pub name: String,
    /// The lines of its `///` comment.
    pub docs: Vec<String>,
    /// Where the events come from.
    pub source: IntegerSource,
    /// `[sources, neurons]` for each synapse, row-major: as many lists as the layer has synapses.
    pub weights: Vec<Vec<i8>>,
    /// Left shift of the weights.
    pub shift: u8,
}

/// Where events come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntegerSource {
    /// The input, in its own step.
    Input,
    /// The spikes of a layer, by its index, in the step before.
    Layer(usize),
}

/// Why a description does not hold together: every fault that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegerError {
    /// One line for each fault.
    pub errors: Vec<String>,
}

impl fmt::Display for IntegerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.errors.join("\n"))
    }
}

impl std::error::Error for IntegerError {}

impl IntegerLayer {
    /// Number of neurons.
    pub fn size(&self) -> usize {
        self.dash_mem.len()
    }
}

impl IntegerNetwork {
    /// Number of values that go out in each step.
    pub fn outputs(&self) -> usize {
        self.layers.get(self.output).map_or(0, IntegerLayer::size)
    }

    /// Number of channels or neurons of a source.
    pub(super) fn width(&self, source: IntegerSource) -> usize {
        match source {
            IntegerSource::Input => self.inputs,
            IntegerSource::Layer(i) => self.layers.get(i).map_or(0, IntegerLayer::size),
        }
    }

    /// Most events that one source delivers in a step.
    pub(super) fn most(&self, source: IntegerSource) -> u8 {
        match source {
            IntegerSource::Input => self.max_events,
            IntegerSource::Layer(i) => self.layers.get(i).map_or(0, |layer| layer.max_spikes),
        }
    }

    /// Checks that handles lead somewhere, lists have the lengths that sizes ask for, and shifts their range.
    ///
    /// # Errors
    /// Every fault.
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
        expect(layer.max_spikes > 0, "its neurons never spike: `max_spikes` is 1 at least");
        expect(matches!(synapses, 1 | 2), "a neuron has one synapse or two");
        let lengths = layer.dash_syn.iter().map(Vec::len).chain([layer.threshold.len(), layer.bias.len()]);
        expect({ lengths }.all(|length| length == n), "its lists do not have one value per neuron");
        let dashes = layer.dash_syn.iter().chain([&layer.dash_mem]);
        expect(dashes.flatten().all(|&dash| dash <= MAX_DASH), "a leak shifts by 15 at most");
        let aliases = layer.alias.iter().flatten().all(|&target| target < n);
        expect(aliases && (layer.alias.is_empty() || layer.alias.len() == n), "an alias leads nowhere");
        for connection in &layer.connections {
            if let IntegerSource::Layer(i) = connection.source {
                expect(i < self.layers.len(), "it receives from a layer that does not exist");
            }
            expect(connection.shift <= MAX_WEIGHT_SHIFT, "weights are shifted by 7 at most");
            let numbers = self.width(connection.source).checked_mul(n);
            let complete = connection.weights.iter().all(|weights| Some(weights.len()) == numbers);
            expect(complete && connection.weights.len() == synapses, "a matrix has another size");
        }
    }
}
