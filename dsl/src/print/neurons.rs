//! Declarations of layers, with the fields that layers share in one declaration of a neuron.

use synnet_ir::Graph;
use synnet_ir::graph::{Layer, LayerParameter, Leak, LeakUnit, Lif, Neuron, NeuronKind, Parameter};

use super::numbers::{number, time, values};
use crate::vocabulary::{DefaultValue, Field};

/// Minimum number of shared fields for which a neuron is declared.
const MIN_SHARED: usize = 2;

/// A declaration `neuron name = lif { ... };`.
pub(super) struct Template {
    kind: NeuronKind,
    name: String,
    fields: Vec<String>,
}

impl Template {
    pub(super) fn declaration(&self) -> String {
        format!("neuron {} = {} {{ {} }};", self.name, self.kind.name(), self.fields.join(", "))
    }
}

/// Returns the neurons to declare: for each kind that several layers have, what all of them share, if that is much.
pub(super) fn templates(graph: &Graph) -> Vec<Template> {
    let mut templates = Vec::new();
    for (kind, name) in
        [(NeuronKind::Lif, "spiking"), (NeuronKind::Alif, "adaptive"), (NeuronKind::ExpSyn, "leaky")]
    {
        let mut of_kind = graph.layers.iter().filter(|layer| layer.neuron.kind() == kind).map(fields);
        let Some(mut shared) = of_kind.next() else { continue };
        let mut count = 1;
        for fields in of_kind {
            shared.retain(|field| fields.contains(field));
            count += 1;
        }
        if count > 1 && shared.len() >= MIN_SHARED {
            let is_free =
                |name: &String| graph.input.name != *name && graph.layers.iter().all(|l| l.name != *name);
            let numbered = (2..).map(|i| format!("{name}{i}"));
            let free = std::iter::once(name.to_owned()).chain(numbered).find(is_free);
            templates.push(Template { kind, name: free.unwrap_or_default(), fields: shared });
        }
    }
    templates
}

/// Returns the declaration of a layer.
pub(super) fn declaration(layer: &Layer, templates: &[Template]) -> String {
    let kind = layer.neuron.kind();
    let template = templates.iter().find(|template| template.kind == kind);
    let mut own = fields(layer);
    own.retain(|field| !template.is_some_and(|template| template.fields.contains(field)));
    let neuron = template.map_or(kind.name(), |template| &template.name);
    let fields = if own.is_empty() { String::new() } else { format!(" {{ {} }}", own.join(", ")) };
    format!("layer {}: {neuron}({}){fields};", layer.name, layer.size)
}

/// Returns the fields of a layer that differ from their defaults, in the order of the documentation.
fn fields(layer: &Layer) -> Vec<String> {
    let lif = match &layer.neuron {
        Neuron::ExpSyn(expsyn) => return vec![leak(LayerParameter::SynLeak, expsyn.syn.as_ref(), layer)],
        Neuron::Lif(lif) => lif,
    };
    let mut fields = Vec::new();
    fields.push(leak(LayerParameter::MemLeak, lif.mem.as_ref(), layer));
    fields.push(leak(LayerParameter::SynLeak, lif.syn.as_ref(), layer));
    if let Some(adaptation) = &lif.adaptation {
        fields.push(leak(LayerParameter::AhpLeak, Some(&adaptation.leak), layer));
        fields.push(field(Field::AhpWeight, &parameter(&adaptation.w_ahp, number)));
    }
    if lif.synapses > 1 {
        fields.push(field(Field::Synapses, &lif.synapses.to_string()));
    }
    for (which, value) in [(Field::Threshold, &lif.threshold), (Field::Bias, &lif.bias)] {
        let is_default =
            !value.learn && value.is_uniform() && which.default() == DefaultValue::Number(value.values[0]);
        if !is_default {
            fields.push(field(which, &parameter(value, number)));
        }
    }
    fields.extend(constants(lif));
    fields
}

/// Returns the fields that all neurons of a layer share and that differ from their defaults.
fn constants(lif: &Lif) -> Vec<String> {
    let all = [
        (Field::NoiseStd, DefaultValue::Number(lif.noise_std), number(lif.noise_std)),
        (Field::Reset, DefaultValue::Reset(lif.reset), lif.reset.name().to_owned()),
        (Field::MaxSpikes, DefaultValue::Count(lif.max_spikes), lif.max_spikes.to_string()),
        (Field::Surrogate, DefaultValue::Surrogate(lif.surrogate.kind), lif.surrogate.kind.name().to_owned()),
        (Field::Window, DefaultValue::Number(lif.surrogate.window), number(lif.surrogate.window)),
    ];
    all.into_iter()
        .filter(|(which, value, _)| which.default() != *value)
        .map(|(which, _, text)| field(which, &text))
        .collect()
}

fn field(which: Field, value: &str) -> String {
    format!("{}: {value}", which.name())
}

fn parameter(parameter: &Parameter, write: fn(f64) -> String) -> String {
    let learn = if parameter.learn { "learn " } else { "" };
    format!("{learn}{}", values(&parameter.values, write))
}

fn leak(which: LayerParameter, leak: Option<&Leak>, layer: &Layer) -> String {
    let Some(leak) = leak else { return field(Field::Leak(which, LeakUnit::TimeConstant), "none") };
    let write = if leak.unit == LeakUnit::TimeConstant { time } else { number };
    let synapses = layer.synapses();
    let of_synapses = which == LayerParameter::SynLeak && synapses > 1 && leak.parameter.values.len() > 1;
    let value = if of_synapses {
        // One entry per synapse; the values of a neuron's synapses are neighbors.
        let rows = (0..synapses).map(|synapse| {
            let row: Vec<f64> =
                leak.parameter.values.iter().copied().skip(synapse).step_by(synapses).collect();
            let is_one = row.iter().all(|&value| value == row[0]);
            values(if is_one { &row[..1] } else { &row }, write)
        });
        let learn = if leak.parameter.learn { "learn " } else { "" };
        format!("{learn}[{}]", rows.collect::<Vec<_>>().join(", "))
    } else {
        parameter(&leak.parameter, write)
    };
    field(Field::Leak(which, leak.unit), &value)
}
