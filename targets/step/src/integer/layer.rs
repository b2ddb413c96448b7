//! A layer in integers: its states, its constants, and its update.

use super::docs;
use super::network::IntegerLayer;
use crate::constant::{Constant, ConstantName};
use crate::machine::Machine;
use crate::operation::{Access, Elements, Loop, Operand, Phase, Statement};
use crate::program::{Layer, Scalar, State, StateName};

/// Names of the currents, and of the constants of their leaks, by synapse.
const SYNAPSES: [(StateName, ConstantName); 2] =
    [(StateName::Isyn, ConstantName::DashSyn), (StateName::Isyn2, ConstantName::DashSyn2)];

/// Lowers a layer.
pub(super) fn lower(layer: &IntegerLayer, machine: Machine) -> Layer {
    let size = layer.size();
    Layer {
        name: layer.name.clone(),
        docs: docs::layer(layer),
        size,
        columns: size,
        states: states(layer),
        constants: constants(layer),
        update: match machine {
            Machine::Vector => update_in_vectors(layer),
            Machine::Scalar => update_by_neuron(layer),
        },
        emits: StateName::Spikes,
    }
}

fn states(layer: &IntegerLayer) -> Vec<State> {
    let state = |name, docs, scalar| State { name, docs, scalar, per_neuron: 1 };
    let currents = ["Synaptic currents.", "Currents of the second synapses."];
    let currents = SYNAPSES.iter().zip(currents).take(layer.dash_syn.len());
    let currents = currents.map(|((name, _), docs)| state(*name, docs, Scalar::I16));
    let vmem = state(StateName::Vmem, "Membrane potentials, after reset.", Scalar::I16);
    let spikes = state(StateName::Spikes, "Spike counts of the last time step.", Scalar::U8);
    currents.chain([vmem, spikes]).collect()
}

fn constants(layer: &IntegerLayer) -> Vec<Constant> {
    let leaks =
        SYNAPSES.iter().zip(&layer.dash_syn).map(|((_, name), dashes)| Constant::dashes(*name, dashes));
    let mut constants: Vec<Constant> = leaks.collect();
    constants.push(Constant::dashes(ConstantName::DashMem, &layer.dash_mem));
    constants.push(Constant::integers(ConstantName::Threshold, &layer.threshold));
    // Without biases, an addition is saved.
    if biased(layer) {
        constants.push(Constant::integers(ConstantName::Bias, &layer.bias));
    }
    if aliased(layer) {
        constants.push(Constant::aliases(&layer.alias));
    }
    constants
}

fn biased(layer: &IntegerLayer) -> bool {
    layer.bias.iter().any(|&bias| bias != 0)
}

fn aliased(layer: &IntegerLayer) -> bool {
    layer.alias.iter().any(Option::is_some)
}

/// Returns the update in one loop per equation, so that all lanes of a vector do the same.
fn update_in_vectors(layer: &IntegerLayer) -> Vec<Phase> {
    let most = layer.max_spikes;
    let leak = |synapse: usize| {
        let (current, dash) = SYNAPSES[synapse];
        let operands = vec![Operand::State(current, Access::Write), Operand::Constant(dash)];
        neurons(operands, vec![Statement::LeakCurrent { synapse }])
    };
    let mut phases: Vec<Phase> = (0..layer.dash_syn.len()).map(leak).collect();
    let mut operands = vec![Operand::State(StateName::Vmem, Access::Write)];
    operands.extend(currents(layer, Access::Read));
    operands.extend(membrane_constants(layer));
    phases.push(neurons(operands, vec![leak_membrane(layer)]));
    phases.push(if aliased(layer) {
        Phase::Aliases { most }
    } else if most == 1 {
        // A single round needs neither a loop nor counts.
        let states = [StateName::Vmem, StateName::Spikes].map(|name| Operand::State(name, Access::Write));
        let operands = states.into_iter().chain([Operand::Constant(ConstantName::Threshold)]);
        neurons(operands.collect(), vec![Statement::SpikeOnce])
    } else {
        Phase::Rounds { most }
    });
    phases
}

/// Returns the update in one loop for all equations, so that every state is loaded and stored once.
fn update_by_neuron(layer: &IntegerLayer) -> Vec<Phase> {
    let most = layer.max_spikes;
    let synapses = layer.dash_syn.len();
    let mut operands = vec![Operand::State(StateName::Vmem, Access::Write)];
    operands.extend(currents(layer, Access::Write));
    operands.extend(SYNAPSES.iter().take(synapses).map(|(_, dash)| Operand::Constant(*dash)));
    operands.extend(membrane_constants(layer));
    let mut body: Vec<Statement> = (0..synapses).map(|synapse| Statement::LeakCurrent { synapse }).collect();
    body.push(leak_membrane(layer));
    if aliased(layer) {
        // A neuron may add to the spikes of an earlier one, so these need a loop of their own.
        return vec![neurons(operands, body), Phase::Aliases { most }];
    }
    operands.push(Operand::State(StateName::Spikes, Access::Write));
    operands.push(Operand::Constant(ConstantName::Threshold));
    body.push(match most {
        1 => Statement::SpikeOnce,
        // Active neurons spike many times per step (in the digits network about 9 times), each of which a loop would
        // pay for. Only subtracting a negative threshold can wrap.
        _ if layer.threshold.iter().all(|&threshold| threshold > 0) => Statement::DivideSpikes { most },
        _ => Statement::CountSpikes { most },
    });
    vec![neurons(operands, body)]
}

fn neurons(operands: Vec<Operand>, body: Vec<Statement>) -> Phase {
    Phase::Loop(Loop { over: Elements::Neurons, operands, body })
}

fn currents(layer: &IntegerLayer, access: Access) -> impl Iterator<Item = Operand> {
    SYNAPSES.iter().take(layer.dash_syn.len()).map(move |(current, _)| Operand::State(*current, access))
}

fn membrane_constants(layer: &IntegerLayer) -> impl Iterator<Item = Operand> {
    let bias = biased(layer).then_some(ConstantName::Bias);
    [ConstantName::DashMem].into_iter().chain(bias).map(Operand::Constant)
}

fn leak_membrane(layer: &IntegerLayer) -> Statement {
    Statement::LeakMembrane { synapses: layer.dash_syn.len(), bias: biased(layer) }
}
