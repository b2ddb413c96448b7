//! The update of a layer as C.

use std::fmt::Write as _;

use synnet_step::{Arithmetic, Elements, Layer, Loop, Phase, Program, State, StateName, Statement};

use crate::names::Names;
use crate::statement::Element;

/// Returns the function that updates a layer.
pub(crate) fn update(program: &Program, names: &Names, index: usize) -> String {
    let (layer, name, prefix) = (&program.layers[index], &names.layers[index], &names.prefix);
    let inputs = match program.arithmetic {
        Arithmetic::Float => ", const float *inputs",
        Arithmetic::Integer => "",
    };
    let element = Element { layer, name, prefix, synapses: None };
    let phases: String = layer
        .update
        .iter()
        .map(|phase| match phase {
            Phase::Loop(each) => neurons(layer, &element, each),
            // In rounds or neuron by neuron, the result is the same.
            Phase::Rounds { most } => {
                loop_over(layer.size, &element.statement(Statement::CountSpikes { most: *most }))
            }
            Phase::Aliases { most } => aliases(layer, &element, *most),
        })
        .collect();
    format!("static void {prefix}_{name}_step({prefix}_{name} *layer{inputs})\n{{\n{phases}}}\n\n")
}

/// Prints a loop over the elements of a layer.
fn neurons(layer: &Layer, element: &Element<'_>, each: &Loop) -> String {
    let print = |element: &Element<'_>| -> String {
        each.body.iter().map(|statement| element.statement(*statement)).collect()
    };
    let isyn = layer.states.iter().find(|state| state.name == StateName::Isyn);
    match isyn {
        // Currents are the elements of a nested array.
        Some(State { per_neuron: synapses @ 2.., .. }) if each.over == Elements::Currents => {
            let inner = print(&Element { synapses: Some(*synapses), ..*element });
            let inner = inner.lines().map(|line| format!("    {line}\n")).collect::<String>();
            let body = format!("        for (size_t s = 0U; s < {synapses}U; s++) {{\n{inner}        }}\n");
            loop_over(layer.size, &body)
        }
        _ => loop_over(layer.size, &print(element)),
    }
}

fn loop_over(count: usize, body: &str) -> String {
    format!("    for (size_t i = 0U; i < {count}U; i++) {{\n{body}    }}\n")
}

/// Prints spikes and reset for a layer with aliases.
fn aliases(layer: &Layer, element: &Element<'_>, most: u8) -> String {
    // One neuron after the other in ascending order, as on the chip: a neuron may find spikes that an alias source has
    // added, and starts counting from there.
    let mut text = loop_over(layer.size, "        layer->spikes[i] = 0U;\n");
    let (prefix, name, size) = (element.prefix, element.name, layer.size);
    let mut body = element.count_spikes("layer->spikes[i]", most);
    let _ = write!(
        body,
        "        const uint16_t alias = {prefix}_{name}_alias[i];
        if (alias < {size}U) {{
            const uint32_t sum = (uint32_t)layer->spikes[alias] + (uint32_t)layer->spikes[i];
            layer->spikes[alias] = (uint8_t)((sum < {most}U) ? sum : {most}U);
        }}
"
    );
    text += &loop_over(layer.size, &body);
    text
}
