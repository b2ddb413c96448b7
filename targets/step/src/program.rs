//! The description of a network as one time step: what it stores, and what it does.

use crate::constant::{Constant, ConstantName};
use crate::operation::{Operation, Phase};

/// A network lowered to one time step.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Name in the source.
    pub name: String,
    /// Comment at the head of a file, in lines that start with `//`: compiler, network, hashes, and a table of the
    /// layers.
    pub header: String,
    /// Lines of the network's comment, without memory.
    pub docs: Vec<String>,
    /// Arithmetic.
    pub arithmetic: Arithmetic,
    /// Duration of a step, in seconds.
    pub dt: f32,
    /// Number of input channels.
    pub inputs: usize,
    /// The layers, in the order of update.
    pub layers: Vec<Layer>,
    /// All connections. Those with a delay have a delay line.
    pub connections: Vec<Connection>,
    /// Tables of weights and biases, in the order in which they are packed.
    pub tables: Vec<Table>,
    /// Fingerprint at the start of the packed weights. It differs between networks that cannot run with each other's
    /// weights.
    pub fingerprint: u64,
    /// The [packed weights](crate::weights); `None` if the program is to bring them, or if there are none.
    pub packed: Option<Vec<u8>>,
    /// The operations of a step.
    pub step: Vec<Operation>,
    /// What a step returns.
    pub output: Output,
    /// Number of steps by which the output lags behind that of the float network; `None` if there is no float network.
    pub latency: Option<usize>,
    /// The output per unit of the float network's output, one value per output; empty if the units are the same.
    pub output_scale: Vec<f32>,
}

/// Arithmetic of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// Everything is f32.
    Float,
    /// Weights are `i8`, states `i16`, event counts `u8`.
    Integer,
}

/// Type of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// 32-bit floating-point number.
    F32,
    /// Signed 16-bit integer.
    I16,
    /// Signed 8-bit integer.
    I8,
    /// Unsigned 8-bit integer.
    U8,
    /// Unsigned 16-bit integer.
    U16,
}

impl Scalar {
    /// Returns the name of the type in Rust.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::I16 => "i16",
            Self::I8 => "i8",
            Self::U8 => "u8",
            Self::U16 => "u16",
        }
    }

    /// Returns the size in bytes.
    pub fn bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::I16 | Self::U16 => 2,
            Self::I8 | Self::U8 => 1,
        }
    }
}

/// A layer of neurons.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Name in the source.
    pub name: String,
    /// Lines of its comment: its kind, its connections, and the author's text.
    pub docs: Vec<String>,
    /// Number of neurons.
    pub size: usize,
    /// Number of values that it receives in a step in f32: one per neuron and synapse. Integers are added to the
    /// currents at once.
    pub columns: usize,
    /// Its states, all zero at the start.
    pub states: Vec<State>,
    /// Constants of its update.
    pub constants: Vec<Constant>,
    /// Its update, phase by phase.
    pub update: Vec<Phase>,
    /// State that its targets receive.
    pub emits: StateName,
}

impl Layer {
    /// Returns the constant of this name, if the layer has it.
    pub fn constant(&self, name: ConstantName) -> Option<&Constant> {
        self.constants.iter().find(|constant| constant.name == name)
    }
}

/// An array of numbers that a layer keeps from step to step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Its name, which is unique in the layer.
    pub name: StateName,
    /// One line about it.
    pub docs: &'static str,
    /// Type of its numbers.
    pub scalar: Scalar,
    /// Numbers per neuron: the number of synapses for currents in f32, otherwise 1.
    pub per_neuron: usize,
}

/// Name of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateName {
    /// Synaptic currents.
    Isyn,
    /// Currents of the second synapses, in integers.
    Isyn2,
    /// After-hyperpolarization currents.
    Iahp,
    /// Membrane potentials, after reset.
    Vmem,
    /// Spike counts of the last step.
    Spikes,
}

impl StateName {
    /// Returns the name in small letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Isyn => "isyn",
            Self::Isyn2 => "isyn2",
            Self::Iahp => "iahp",
            Self::Vmem => "vmem",
            Self::Spikes => "spikes",
        }
    }
}

/// A path of events from sources to a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Name of the form `<source>-><target>`.
    pub name: String,
    /// Its sources, whose counts are added. At least one.
    pub sources: Vec<Source>,
    /// Number of channels or neurons of each source.
    pub width: usize,
    /// Delay in steps. 0 for none.
    pub delay: usize,
}

/// A source of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The input of the same step.
    Input,
    /// What the layer of this index [emits](Layer::emits) at the time of the operation.
    Layer(usize),
}

/// A table of weights, or a bias: an array of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Index of its connection.
    pub connection: usize,
    /// Part of the connection that it holds.
    pub part: Part,
    /// Number of rows: the connection's sources; 1 for a bias.
    pub rows: usize,
    /// Numbers per row: the columns of the layer.
    pub columns: usize,
    /// Type of the numbers: `F32` or `I8`.
    pub scalar: Scalar,
    /// Place of the first row in the packed weights, in bytes.
    pub start: usize,
    /// One line about it.
    pub docs: String,
    /// Why its rows are added as they are, as a line of documentation, if there was a choice.
    pub reason: Option<String>,
}

/// Part of a connection that a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The weights to the synapse of this index; in f32 to all synapses.
    Weights(usize),
    /// The bias.
    Bias,
}

/// What a step returns: a state of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// Index of the layer.
    pub layer: usize,
    /// The state. If it has several numbers per neuron, the first of each.
    pub state: StateName,
}

impl Program {
    /// Returns the number of values that a step returns.
    pub fn outputs(&self) -> usize {
        self.layers.get(self.output.layer).map_or(0, |layer| layer.size)
    }

    /// Returns the state that a step returns.
    pub fn output_state(&self) -> Option<&State> {
        let layer = self.layers.get(self.output.layer)?;
        layer.states.iter().find(|state| state.name == self.output.state)
    }

    /// Returns the number of channels or neurons of a source.
    pub fn width(&self, source: Source) -> usize {
        match source {
            Source::Input => self.inputs,
            Source::Layer(i) => self.layers.get(i).map_or(0, |layer| layer.size),
        }
    }

    /// Returns whether a step reads the input.
    pub fn uses_input(&self) -> bool {
        self.connections.iter().any(|connection| connection.sources.contains(&Source::Input))
    }

    /// Returns the length of the packed weights in bytes; 0 if there are none.
    pub fn packed_len(&self) -> u64 {
        // Saturating, because sizes come from the user and need not be of a network that fits anywhere.
        let numbers = self.tables.iter().map(|table| {
            let count = (table.rows as u64).saturating_mul(table.columns as u64);
            count.saturating_mul(table.scalar.bytes())
        });
        let numbers = numbers.fold(0, u64::saturating_add);
        if numbers == 0 { 0 } else { numbers.saturating_add(crate::weights::HEADER as u64) }
    }
}
