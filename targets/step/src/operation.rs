//! What a step does: operations on layers, phases of a layer's update, and statements about one element.
//!
//! Every operation is defined by an equation. In f32, each `+` and `*` rounds, in the order in which it is written. In
//! integers, the equations say where a sum saturates at the 16-bit range and where it wraps.

use crate::constant::ConstantName;
use crate::program::StateName;

/// An operation of a step. Operations run in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `input[i] = min(input[i], most)`, for the rest of the step.
    CutInput {
        /// Maximum number of events of a channel per step.
        most: u8,
    },
    /// `received[c] = 0`, for what the next layer receives.
    Clear {
        /// Number of columns of that layer.
        columns: usize,
    },
    /// `received[c] += bias[c]`.
    AddBias {
        /// Index of the table that holds the bias.
        table: usize,
    },
    /// `received[c] += events[c]`, for a connection without weights.
    AddEvents {
        /// Index of the connection.
        connection: usize,
    },
    /// Adds rows of weights, ascending in the source `i`.
    AddRows {
        /// Index of the connection that brings the events.
        connection: usize,
        /// Index of the table of its weights.
        table: usize,
        /// The equation.
        rows: Rows,
    },
    /// Runs the [update](crate::Layer::update) of a layer.
    Update {
        /// Index of the layer.
        layer: usize,
        /// Whether the layer has received anything; if not, `received[c]` is 0. Without meaning in integers.
        received: bool,
    },
}

/// How rows of weights are added.
///
/// The events of a connection are the sum of what its sources emit, after the delay. A connection with a delay stores
/// that sum in its delay line and takes the oldest one out, in one move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// `received[c] += events[i] * weights[i][c]`, for each source whose events are not 0.
    Spiking,
    /// The same for all sources. Both give the same bits: a silent source adds a zero, which changes no sum.
    All,
    /// `isyn[c] = saturate(isyn[c] + (weights[i][c] << shift))`, once for each event of each source.
    ///
    /// Events of one source may be added at once: equal addends saturate alike, one by one or at once, as long as their
    /// product with the weight fits 16 bits.
    Integers {
        /// Index of the layer whose currents change.
        layer: usize,
        /// Index of the synapse: 0 or 1.
        synapse: usize,
        /// Left shift of the weights, 0 to 7.
        shift: u8,
        /// Maximum number of events that may be added at once; `None` if all events may. Vectors have lanes of 16 bits,
        /// so the product with every weight has to fit; one number at a time has 32.
        together: Option<u8>,
        /// How the sources are found.
        search: Search,
    },
}

/// How integer code finds the sources that have events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// By a mask with one bit per source, 64 sources at a time, which is found in vectors. No branch is mispredicted.
    Mask,
    /// By one comparison per source. Two sources are added at a time, so that each current is loaded and stored half as
    /// often.
    Pairs,
}

/// A phase of a layer's update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Runs statements for each element.
    Loop(Loop),
    /// Integer spikes in rounds over the layer. At most `most` times, until no neuron spikes in a round:
    /// if `vmem >= THRESHOLD`, `spikes += 1` and `vmem = wrap(vmem - THRESHOLD)`. `spikes` starts at 0.
    Rounds {
        /// Maximum number of spikes of a neuron per step.
        most: u8,
    },
    /// Integer spikes of a layer with aliases. `spikes` starts at 0. Then, for each neuron in ascending order: while
    /// `spikes < most` and `vmem >= THRESHOLD`, `spikes += 1` and `vmem = wrap(vmem - THRESHOLD)`; then
    /// `spikes[ALIAS] = min(spikes[ALIAS] + spikes, most)`. A target with a higher index counts on from there.
    Aliases {
        /// Maximum number of spikes of a neuron per step.
        most: u8,
    },
}

/// A loop over the elements of a layer. Its statements run in their order for the first element, then for the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loop {
    /// What an element is.
    pub over: Elements,
    /// What the statements read and write, each once.
    pub operands: Vec<Operand>,
    /// The statements.
    pub body: Vec<Statement>,
}

/// Elements of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elements {
    /// The neurons.
    Neurons,
    /// The currents of all neurons, in f32: as many as [`columns`](crate::Layer::columns).
    Currents,
}

/// Something of which a loop uses one element at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A state.
    State(StateName, Access),
    /// What the layer has received in this step.
    Received,
    /// A constant.
    Constant(ConstantName),
}

/// Whether a loop changes a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It only reads the state.
    Read,
    /// It writes the state.
    Write,
}

/// A statement about one element. `leak(x, d)` is `x >> d`, rounded down, but at least 1 for a positive `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    /// f32: `isyn = (isyn + received) * DECAY_SYN`.
    FilterCurrent,
    /// f32: `isyn = received`, for neurons without synaptic filter.
    TakeInput,
    /// f32: `iahp = (iahp + spikes * W_AHP) * DECAY_AHP`, with the spikes of the previous step.
    Adapt,
    /// f32: `vmem = vmem * DECAY_MEM + (isyn + BIAS)`, without leak `vmem = vmem + (isyn + BIAS)`. `isyn` is the sum over
    /// the synapses, from the first on, and with adaptation then `iahp`.
    Integrate {
        /// Whether the membrane leaks.
        leak: bool,
        /// Number of synapses.
        synapses: usize,
        /// Whether there is adaptation.
        adaptation: bool,
    },
    /// f32: `spikes = 1` if `vmem >= THRESHOLD`, else 0.
    Compare,
    /// f32: `spikes = min(floor(vmem / THRESHOLD), most)` if `vmem >= THRESHOLD`, else 0.
    Divide {
        /// Maximum number of spikes of a neuron per step.
        most: u32,
    },
    /// f32: `vmem = vmem - spikes * THRESHOLD`.
    Subtract,
    /// f32: `vmem = 0` if `spikes` is not 0.
    Zero,
    /// Integers: `isyn = isyn - leak(isyn, DASH_SYN)`, for the current of a synapse.
    LeakCurrent {
        /// Index of the synapse: 0 or 1.
        synapse: usize,
    },
    /// Integers: `change = saturate(-leak(vmem, DASH_MEM) + isyn + isyn2)`, with a bias `change = saturate(change +
    /// BIAS)`, then `vmem = saturate(vmem + change)`.
    LeakMembrane {
        /// Number of synapses: 1 or 2.
        synapses: usize,
        /// Whether there is a bias.
        bias: bool,
    },
    /// Integers: if `vmem >= THRESHOLD`, `spikes = 1` and `vmem = wrap(vmem - THRESHOLD)`; else `spikes = 0`.
    SpikeOnce,
    /// Integers: `spikes = min(vmem / THRESHOLD, most)`, rounded down, and `vmem = vmem - spikes * THRESHOLD`, if `vmem >=
    /// THRESHOLD`; else `spikes = 0`. All thresholds are positive, so this equals [`CountSpikes`](Self::CountSpikes).
    DivideSpikes {
        /// Maximum number of spikes of a neuron per step.
        most: u8,
    },
    /// Integers: `spikes = 0`; then while `spikes < most` and `vmem >= THRESHOLD`, `spikes += 1` and
    /// `vmem = wrap(vmem - THRESHOLD)`.
    CountSpikes {
        /// Maximum number of spikes of a neuron per step.
        most: u8,
    },
}
