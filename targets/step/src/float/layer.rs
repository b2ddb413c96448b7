//! A layer in f32: its states, its constants, and its update.

use synnet_ir::graph::{ExpSyn, Layer, Leak, Lif, Neuron, Reset};

use crate::constant::{Constant, ConstantName};
use crate::operation::{Access, Elements, Loop, Operand, Phase, Statement};
use crate::program::{self, Scalar, State, StateName};

/// Lowers a layer. `docs` are the lines of its comment, `dt` is the duration of a step in seconds.
pub(super) fn lower(layer: &Layer, docs: Vec<String>, dt: f64) -> program::Layer {
    let (constants, states, update, emits) = match &layer.neuron {
        Neuron::Lif(lif) => {
            (lif_constants(layer, lif, dt), lif_states(lif), lif_update(lif), StateName::Spikes)
        }
        Neuron::ExpSyn(expsyn) => {
            let filters = expsyn.syn.is_some();
            let current = state(StateName::Isyn, if filters { FILTERED } else { UNFILTERED }, 1);
            (expsyn_constants(layer, expsyn, dt), vec![current], vec![currents(filters)], StateName::Isyn)
        }
    };
    program::Layer {
        name: layer.name.clone(),
        docs,
        size: layer.size,
        columns: layer.input_columns(),
        states,
        constants,
        update,
        emits,
    }
}

/// Documentation of the currents of neurons with one synapse.
const FILTERED: &str = "Synaptic currents.";

/// Documentation of the currents of neurons without synaptic filter.
const UNFILTERED: &str = "Synaptic currents: the inputs of the last time step.";

fn lif_constants(layer: &Layer, lif: &Lif, dt: f64) -> Vec<Constant> {
    let n = layer.size;
    // Computed in f64 and rounded once, as in the interpreter, so that both decay by the same f32.
    let decay = |name, count, leak: &Leak| Constant::floats(name, count, |i| leak.decay(i, dt) as f32);
    let syn = lif.syn.as_ref().map(|leak| decay(ConstantName::DecaySyn, layer.input_columns(), leak));
    let mem = lif.mem.as_ref().map(|leak| decay(ConstantName::DecayMem, n, leak));
    let mut constants: Vec<Constant> = syn.into_iter().chain(mem).collect();
    constants.push(Constant::floats(ConstantName::Threshold, n, |i| lif.threshold.get(i) as f32));
    constants.push(Constant::floats(ConstantName::Bias, n, |i| lif.bias.get(i) as f32));
    if let Some(adaptation) = &lif.adaptation {
        constants.push(Constant::floats(ConstantName::WAhp, n, |i| adaptation.w_ahp.get(i) as f32));
        let decay = |i| adaptation.leak.decay(i, dt) as f32;
        constants.push(Constant::floats(ConstantName::DecayAhp, n, decay));
    }
    constants
}

fn expsyn_constants(layer: &Layer, expsyn: &ExpSyn, dt: f64) -> Vec<Constant> {
    let decay =
        |leak: &Leak| Constant::floats(ConstantName::DecaySyn, layer.size, |i| leak.decay(i, dt) as f32);
    expsyn.syn.iter().map(decay).collect()
}

fn lif_states(lif: &Lif) -> Vec<State> {
    let isyn = match lif.synapses {
        1 => state(StateName::Isyn, if lif.syn.is_some() { FILTERED } else { UNFILTERED }, 1),
        synapses => state(StateName::Isyn, "Synaptic currents of each neuron.", synapses),
    };
    let iahp = state(StateName::Iahp, "After-hyperpolarization currents.", 1);
    let iahp = lif.adaptation.as_ref().map(|_| iahp);
    let vmem = state(StateName::Vmem, "Membrane potentials, after reset.", 1);
    let spikes = state(StateName::Spikes, "Spike counts of the last time step.", 1);
    [Some(isyn), iahp, Some(vmem), Some(spikes)].into_iter().flatten().collect()
}

fn state(name: StateName, docs: &'static str, per_neuron: usize) -> State {
    State { name, docs, scalar: Scalar::F32, per_neuron }
}

/// Returns the update of LIF neurons in the order that `synnet_ir::graph` defines.
fn lif_update(lif: &Lif) -> Vec<Phase> {
    use ConstantName::{Bias, DecayAhp, DecayMem, DecaySyn, Threshold, WAhp};
    let state = |name, access| Operand::State(name, access);
    // One loop over the neurons reads and writes every state once, which in f32 is faster than a loop per equation.
    // Several synapses have another number of elements, so they decay in a loop of their own before.
    let mut operands = vec![state(StateName::Vmem, Access::Write), state(StateName::Spikes, Access::Write)];
    let mut body = Vec::new();
    let mut update = Vec::new();
    if lif.synapses == 1 {
        operands.extend([state(StateName::Isyn, Access::Write), Operand::Received]);
        if lif.syn.is_some() {
            operands.push(Operand::Constant(DecaySyn));
        }
        body.push(receive(lif.syn.is_some()));
    } else {
        operands.push(state(StateName::Isyn, Access::Read));
        update.push(currents(lif.syn.is_some()));
    }
    let adaptation = lif.adaptation.is_some();
    if adaptation {
        operands.push(state(StateName::Iahp, Access::Write));
        operands.extend([WAhp, DecayAhp].map(Operand::Constant));
        // `spikes` still holds the spikes of the previous step, which drive the adaptation.
        body.push(Statement::Adapt);
    }
    let leak = lif.mem.as_ref().map(|_| DecayMem);
    operands.extend(leak.into_iter().chain([Bias, Threshold]).map(Operand::Constant));
    let spikes = match lif.max_spikes {
        // At most one spike needs no division.
        1 => Statement::Compare,
        most => Statement::Divide { most },
    };
    let reset = match lif.reset {
        Reset::Subtract => Statement::Subtract,
        Reset::Zero => Statement::Zero,
    };
    let integrate = Statement::Integrate { leak: leak.is_some(), synapses: lif.synapses, adaptation };
    body.extend([integrate, spikes, reset]);
    update.push(Phase::Loop(Loop { over: Elements::Neurons, operands, body }));
    update
}

/// Returns the loop by which all currents receive the input: they add it and decay, or without filter become it.
fn currents(filters: bool) -> Phase {
    let decay = filters.then_some(Operand::Constant(ConstantName::DecaySyn));
    let states = [Operand::State(StateName::Isyn, Access::Write), Operand::Received];
    Phase::Loop(Loop {
        over: Elements::Currents,
        operands: states.into_iter().chain(decay).collect(),
        body: vec![receive(filters)],
    })
}

/// Returns how a current receives the input.
fn receive(filters: bool) -> Statement {
    if filters { Statement::FilterCurrent } else { Statement::TakeInput }
}
