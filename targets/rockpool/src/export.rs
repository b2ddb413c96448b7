//! From a chain of layers to the file that `net.load` reads.

use serde_json::{Map, Value, json};
use synnet_ir::graph::{Connection, Endpoint, LayerId, Leak, LeakUnit, Lif, Neuron, Reset};
use synnet_ir::{Artifact, Artifacts, Diagnostic, Diagnostics, Graph, Network, Span, Target};

use crate::codes;

/// The target that writes the file of Rockpool's `net.save`.
///
/// A network with the layer names of `SynNet` (`h0`, `h1`, ..., `out`) becomes the file of a `SynNet`; every other chain that
/// of a `Sequential`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RockpoolTarget;

impl Target for RockpoolTarget {
    fn name(&self) -> &str {
        "rockpool"
    }

    fn file_name(&self, stem: &str) -> String {
        format!("{stem}.json")
    }

    fn check(&self, graph: &Graph) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        let mut refuse = |span: Span, what: String| {
            let error =
                Diagnostic::error(&codes::STRUCTURE, span, format!("Rockpool's file cannot hold {what}"));
            diagnostics.push(error.with_help("export as NIR with `--target nir`"));
        };
        for layer in &graph.layers {
            let Neuron::Lif(lif) = &layer.neuron else { continue };
            let facts = [
                (lif.reset == Reset::Zero, "reset to zero"),
                (lif.mem.is_none(), "neurons without leak"),
                (lif.syn.is_none(), "neurons without synaptic filter"),
                (
                    lif.adaptation.is_some() && unit(lif).is_some_and(|unit| unit != LeakUnit::TimeConstant),
                    "adaptation with decays or bit shifts",
                ),
                (unit(lif).is_none() && lif.mem.is_some() && lif.syn.is_some(), "leaks in different units"),
            ];
            for (_, what) in facts.iter().filter(|(is, _)| *is) {
                refuse(layer.span, format!("{what}: `{}`", layer.name));
            }
        }
        for (id, layer) in graph.layers_with_ids() {
            if let Neuron::ExpSyn(expsyn) = &layer.neuron
                && expsyn.syn.as_ref().is_none_or(|leak| leak.unit != LeakUnit::TimeConstant)
            {
                refuse(layer.span, format!("an integrator without time constant: `{}`", layer.name));
            }
            let before = if id.0 == 0 { Endpoint::Input } else { Endpoint::Layer(LayerId(id.0 - 1)) };
            let is_chain = |c: &Connection| c.sources == [before] && c.delay == 0;
            if !graph.connections_into(id).any(|(_, c)| is_chain(c)) {
                refuse(layer.span, format!("`{}` without a connection from the layer before it", layer.name));
            }
        }
        for connection in &graph.connections {
            let target = connection.target;
            let before = if target.0 == 0 { Endpoint::Input } else { Endpoint::Layer(LayerId(target.0 - 1)) };
            let is_own = connection.sources == [Endpoint::Layer(target)];
            let is_chain = connection.sources == [before];
            let has_bias = connection.as_linear().is_some_and(|linear| linear.bias.is_some());
            let is_lif = graph.layer(target).as_lif().is_some();
            let fits = connection.delay == 0
                && (is_chain || (is_own && is_lif && connection.as_linear().is_some() && !has_bias));
            if !fits {
                refuse(connection.span, format!("the connection `{}`", connection.name));
            }
        }
        if graph.output.layer.index() + 1 != graph.layers.len() {
            refuse(graph.output.span, "an output of another layer than the last".to_owned());
        }
        diagnostics
    }

    fn build(&self, network: &Network, file: &str) -> Result<Artifacts, Diagnostics> {
        let graph = &network.graph;
        let found = self.check(graph);
        if found.has_errors() {
            return Err(found);
        }
        let mut writer = Writer { network, is_synnet: is_synnet(graph), modules: Map::new(), place: 0 };
        for (id, _) in graph.layers_with_ids() {
            writer.layer(id);
        }
        let tree =
            if writer.is_synnet { json!({ "seq": writer.modules }) } else { Value::Object(writer.modules) };
        let what = if writer.is_synnet {
            "parameters for Rockpool's `SynNet`"
        } else {
            "parameters for a `Sequential` of Rockpool"
        };
        Ok(Artifacts::new([Artifact::new(file, what, format!("{tree}\n"))]))
    }
}

/// Returns whether the layers have the names and the kind of those of `SynNet`.
fn is_synnet(graph: &Graph) -> bool {
    let last = graph.layers.len().saturating_sub(1);
    let named = |(i, layer): (usize, &synnet_ir::graph::Layer)| {
        let name = if i == last { "out".to_owned() } else { format!("h{i}") };
        layer.name == name && layer.as_lif().is_some_and(|lif| lif.synapses == 1 && lif.adaptation.is_none())
    };
    let is_plain = |c: &Connection| {
        c.sources != [Endpoint::Layer(c.target)] && c.as_linear().is_some_and(|linear| linear.bias.is_none())
    };
    last > 0 && graph.layers.iter().enumerate().all(named) && graph.connections.iter().all(is_plain)
}

/// Returns the unit that both leaks of a neuron have.
fn unit(lif: &Lif) -> Option<LeakUnit> {
    let (mem, syn) = (lif.mem.as_ref()?.unit, lif.syn.as_ref()?.unit);
    (mem == syn).then_some(mem)
}

struct Writer<'a> {
    network: &'a Network,
    is_synnet: bool,
    modules: Map<String, Value>,
    /// Place of the next module of a `Sequential`.
    place: usize,
}

impl Writer<'_> {
    /// Adds a module under its key: `key` in a `SynNet`, place and class in a `Sequential`.
    fn add(&mut self, key: &str, class: &str, parameters: Vec<(&str, Value)>) {
        let key = if self.is_synnet { key.to_owned() } else { format!("{}_{class}", self.place) };
        self.place += 1;
        // Rockpool writes each value as text.
        let text = |value: Value| if value.is_null() { value } else { Value::String(value.to_string()) };
        let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), text(value)));
        self.modules.insert(key, Value::Object(parameters.collect()));
    }

    /// Adds the modules of a layer: dropout, matrix and neurons.
    fn layer(&mut self, id: LayerId) {
        let graph = &self.network.graph;
        let stem = if id.index() + 1 == graph.layers.len() { "out".to_owned() } else { id.0.to_string() };
        let into: Vec<(usize, &Connection)> = graph.connections_into(id).collect();
        let is_own = |c: &Connection| c.sources == [Endpoint::Layer(id)];
        if let Some((i, connection)) = into.iter().find(|(_, c)| !is_own(c)) {
            if connection.dropout > 0.0 {
                let key = format!("{}_dropout", id.0.saturating_sub(1));
                self.add(
                    &key,
                    "TimeStepDropout",
                    vec![("p", json!(connection.dropout)), ("training", json!(true))],
                );
            }
            if let Some(weights) = &self.network.weights[*i] {
                let mut parameters = vec![("weight", matrix(&weights.matrix.data, weights.matrix.shape[1]))];
                if let Some(bias) = &weights.bias {
                    parameters.push(("bias", list(bias)));
                }
                self.add(&format!("{stem}_linear"), "LinearTorch", parameters);
            }
        }
        let recurrent =
            into.iter().find(|(_, c)| is_own(c)).and_then(|(i, _)| self.network.weights[*i].as_ref());
        let layer = graph.layer(id);
        match &layer.neuron {
            Neuron::ExpSyn(expsyn) => {
                let tau = expsyn.syn.as_ref().map_or(Value::Null, |leak| per_element(leak, layer.size));
                let parameters = vec![("tau", tau), ("dt", json!(graph.dt)), ("noise_std", json!(0.0))];
                self.add(&format!("{stem}_neurons"), "ExpSynTorch", parameters);
            }
            Neuron::Lif(lif) => {
                let parameters =
                    lif_parameters(lif, layer.size, graph.dt, recurrent.map(|w| w.matrix.data.as_slice()));
                let class = if lif.adaptation.is_some() { "aLIFTorch" } else { "LIFTorch" };
                self.add(&format!("{stem}_neurons"), class, parameters);
            }
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

fn per_element(leak: &Leak, len: usize) -> Value {
    let values: Vec<f32> = (0..len).map(|i| leak.parameter.get(i) as f32).collect();
    list(&values)
}

fn list(values: &[f32]) -> Value {
    values.iter().map(|&x| json!(x)).collect()
}

fn matrix(values: &[f32], columns: usize) -> Value {
    values.chunks(columns.max(1)).map(list).collect()
}
