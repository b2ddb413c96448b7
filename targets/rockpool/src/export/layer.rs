//! The parameters of one module, as Rockpool's `to_json` writes them.

use serde_json::{Map, Value, json};
use synnet_ir::Weights;
use synnet_ir::graph::{Layer, Leak, LeakUnit, Lif, Neuron};

use super::unit;

/// Returns a module: each value as text, as Rockpool writes it.
pub(super) fn module(parameters: Vec<(&str, Value)>) -> Value {
    let text = |value: Value| if value.is_null() { value } else { Value::String(value.to_string()) };
    let entries: Map<String, Value> =
        parameters.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect();
    Value::Object(entries)
}

/// Returns `TimeStepDropout`.
pub(super) fn dropout(p: f64) -> Value {
    module(vec![("p", json!(p)), ("training", json!(true))])
}

/// Returns `LinearTorch`.
pub(super) fn linear(weights: &Weights) -> Value {
    let mut parameters = vec![("weight", matrix(&weights.matrix.data, weights.matrix.shape[1]))];
    if let Some(bias) = &weights.bias {
        parameters.push(("bias", list(bias)));
    }
    module(parameters)
}

/// Returns the class and the module of a layer of neurons with weights to itself; `None` if it only passes its input on.
pub(super) fn neurons(layer: &Layer, dt: f64, recurrent: Option<&[f32]>) -> Option<(&'static str, Value)> {
    match &layer.neuron {
        Neuron::ExpSyn(expsyn) => {
            let leak = expsyn.syn.as_ref()?;
            let tau: Vec<f32> = (0..layer.size).map(|i| leak.parameter.get(i) as f32).collect();
            let parameters = vec![("tau", list(&tau)), ("dt", json!(dt)), ("noise_std", json!(0.0))];
            Some(("ExpSynTorch", module(parameters)))
        }
        Neuron::Lif(lif) => {
            let class = if lif.adaptation.is_some() { "aLIFTorch" } else { "LIFTorch" };
            Some((class, module(lif_parameters(lif, layer.size, dt, recurrent))))
        }
    }
}

fn lif_parameters<'a>(lif: &Lif, size: usize, dt: f64, recurrent: Option<&[f32]>) -> Vec<(&'a str, Value)> {
    let columns = size * lif.synapses;
    let zeros = vec![0.0; size * columns];
    let (names, mode) = match unit(lif) {
        Some(LeakUnit::Decay) => (["alpha", "beta"], "decays"),
        Some(LeakUnit::BitShift) => (["dash_mem", "dash_syn"], "bitshifts"),
        Some(LeakUnit::TimeConstant) | None => (["tau_mem", "tau_syn"], "taus"),
    };
    let values = |values: &[f64], len: usize| -> Vec<f32> {
        (0..len).map(|i| (if values.len() == 1 { values[0] } else { values[i] }) as f32).collect()
    };
    let empty = Vec::new();
    let leak = |leak: &Option<Leak>| leak.as_ref().map_or(&empty, |leak| &leak.parameter.values).clone();
    let mut parameters = vec![
        (names[0], list(&values(&leak(&lif.mem), size))),
        (names[1], matrix(&values(&leak(&lif.syn), columns), lif.synapses)),
        ("threshold", list(&values(&lif.threshold.values, size))),
        ("bias", list(&values(&lif.bias.values, size))),
        ("w_rec", matrix(recurrent.unwrap_or(&zeros), columns)),
        ("_has_rec", json!(recurrent.is_some())),
        ("spike_generation_fn", Value::Null),
        ("learning_window", json!(lif.surrogate.window)),
        ("max_spikes_per_dt", json!(f64::from(lif.max_spikes))),
        ("noise_std", json!(lif.noise_std)),
        ("dt", json!(dt)),
        ("leak_mode", json!(mode)),
    ];
    if let Some(adaptation) = &lif.adaptation {
        parameters.push(("tau_ahp", list(&values(&adaptation.leak.parameter.values, size))));
        parameters.push(("w_ahp", list(&values(&adaptation.w_ahp.values, size))));
    }
    parameters
}

fn list(values: &[f32]) -> Value {
    values.iter().map(|&x| json!(x)).collect()
}

fn matrix(values: &[f32], columns: usize) -> Value {
    values.chunks(columns.max(1)).map(list).collect()
}
