//! What arrives at each neuron and at the output.

use super::flat::Flat;
use super::maps::{TooLarge, Value};
use crate::codes;
use crate::dialect::Rules;
use crate::nodes::Primitive;
use crate::report::{Report, listed};

/// Maximum number of elements of all matrices together, products included.
const MAX_TOTAL: usize = 1 << 28;

/// Reports cycles that no neuron is part of: their values would depend on themselves within one step.
pub(super) fn check_cycles(flat: &Flat, report: &mut Report) -> Option<()> {
    let order = linear_order(flat);
    let linear = (0..flat.nodes.len()).filter(|&i| is_linear(flat, i));
    let stuck: Vec<&str> =
        linear.filter(|i| !order.contains(i)).map(|i| flat.nodes[i].name.as_str()).collect();
    if stuck.is_empty() {
        return Some(());
    }
    let message = format!("a cycle of edges passes through no neuron: {}", listed(stuck));
    report.error(&codes::EDGE, message, "remove an edge, or put a neuron into the cycle");
    None
}

/// Warns about nodes without state that lead neither to a neuron nor to the output.
pub(super) fn report_dead_ends(flat: &Flat, report: &mut Report) {
    let mut leads = vec![false; flat.nodes.len()];
    let mut waiting: Vec<usize> =
        (0..flat.nodes.len()).filter(|&i| flat.nodes[i].primitive.is_neuron() || i == flat.output).collect();
    while let Some(i) = waiting.pop() {
        if !std::mem::replace(&mut leads[i], true) {
            waiting.extend(flat.nodes[i].sources.iter().filter(|&&source| is_linear(flat, source)));
        }
    }
    let dead = (0..flat.nodes.len()).filter(|&i| !leads[i] && i != flat.input);
    let names: Vec<&str> = dead.map(|i| flat.nodes[i].name.as_str()).collect();
    if !names.is_empty() {
        let message = format!("nodes lead neither to a neuron nor to the output: {}", listed(names));
        report.warning(&codes::IGNORED, message, "they are left out; check that no edge is missing");
    }
}

fn is_linear(flat: &Flat, i: usize) -> bool {
    let primitive = &flat.nodes[i].primitive;
    !primitive.is_neuron() && i != flat.input
}

/// Returns the nodes without state, each after all of its sources without state. Those in a cycle are missing.
fn linear_order(flat: &Flat) -> std::collections::BTreeSet<usize> {
    linear_sequence(flat).into_iter().collect()
}

fn linear_sequence(flat: &Flat) -> Vec<usize> {
    let linear_sources =
        |i: usize| flat.nodes[i].sources.iter().filter(|&&source| is_linear(flat, source)).count();
    let mut missing: Vec<usize> = (0..flat.nodes.len()).map(linear_sources).collect();
    let mut ready: Vec<usize> =
        (0..flat.nodes.len()).filter(|&i| is_linear(flat, i) && missing[i] == 0).collect();
    let mut sequence = Vec::new();
    while let Some(i) = ready.pop() {
        sequence.push(i);
        for &target in flat.nodes[i].targets.iter().filter(|&&target| is_linear(flat, target)) {
            missing[target] -= 1;
            if missing[target] == 0 {
                ready.push(target);
            }
        }
    }
    sequence
}

/// Returns what arrives at each node, for neurons and the output.
pub(super) fn arriving(flat: &Flat, rules: &Rules, report: &mut Report) -> Option<Vec<Value>> {
    // What each node sends; empty for what is not known yet.
    let mut sent: Vec<Value> = vec![Value::default(); flat.nodes.len()];
    for (i, value) in sent.iter_mut().enumerate() {
        if !is_linear(flat, i) {
            *value = Value::of_source(i);
        }
    }
    let mut elements = 0;
    for i in linear_sequence(flat) {
        let node = &flat.nodes[i];
        let result = sum(flat, &sent, i).and_then(|sum| match &node.primitive {
            Primitive::Affine(affine) => sum.affine(affine, i).map(Some),
            Primitive::Scale(scale) => Ok(Some(sum.scale(&scale.factors, i))),
            Primitive::Delay(delay) => Ok(delay.steps(&node.name, rules.dt, report).and_then(|steps| {
                if steps > 0 && !sum.constant.is_empty() {
                    let message = format!("node `{}` (Delay) delays the biases before it", node.name);
                    report.error(&codes::NODE_FIELD, message, "put the delay before the `Affine` node");
                    return None;
                }
                Some(sum.delay(steps))
            })),
            _ => Ok(Some(sum)),
        });
        match result {
            Ok(Some(value)) => {
                elements += value.elements();
                if elements > MAX_TOTAL {
                    report_size(&node.name, report);
                    return None;
                }
                sent[i] = value;
            }
            Ok(None) => {}
            Err(TooLarge) => report_size(&node.name, report),
        }
    }
    let mut arriving = vec![Value::default(); flat.nodes.len()];
    for (i, value) in arriving.iter_mut().enumerate() {
        if flat.nodes[i].primitive.is_neuron() || i == flat.output {
            match sum(flat, &sent, i) {
                Ok(sum) => *value = sum,
                Err(TooLarge) => report_size(&flat.nodes[i].name, report),
            }
        }
    }
    (!report.has_errors()).then_some(arriving)
}

fn sum(flat: &Flat, sent: &[Value], i: usize) -> Result<Value, TooLarge> {
    let mut sum = Value::default();
    for &source in &flat.nodes[i].sources {
        sum.add(&sent[source])?;
    }
    Ok(sum)
}

fn report_size(name: &str, report: &mut Report) {
    let message = format!("the matrices up to node `{name}` multiply to one that is too large");
    report.error(&codes::TOO_LARGE, message, "use smaller layers, or put a neuron between the matrices");
}
