//! Golden cases: Rockpool's networks with our names.

use std::collections::BTreeMap;

use serde_json::Value;
use synnet_ir::graph::*;
use synnet_ir::{Graph, Network, Params, Tensor, timing};
use synnet_runtime::Label;
use synnet_runtime::Sequence;

/// Every golden case.
pub(crate) const CASES: [&str; 13] = [
    "alif_ahp",
    "exp_syn_readout",
    "lif_bitshift",
    "lif_piecewise_linear",
    "lif_recurrent",
    "lif_two_synapses",
    "synnet_burst",
    "synnet_learn_tau",
    "synnet_learn_threshold",
    "synnet_ragged",
    "synnet_tutorial",
    "synnet_unquantized_taus",
    "synnet_vmem",
];

/// A network with its input, and everything that Rockpool computes from it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) network: Network,
    pub(crate) input: Sequence,
    /// Tensors of the file, under Rockpool's names.
    pub(crate) tensors: BTreeMap<String, Tensor>,
    /// Rockpool's name of each of our tensors.
    pub(crate) names: BTreeMap<String, String>,
    /// The learning rate of the Adam trajectory, if there is one.
    pub(crate) adam_lr: Option<f64>,
    /// Whether no membrane comes so close to a threshold that rounding decides about a spike.
    pub(crate) is_clear: bool,
}

impl Case {
    pub(crate) fn read(name: &'static str) -> Self {
        let path = |ending| format!("{}/../tests/golden/float/{name}.{ending}", env!("CARGO_MANIFEST_DIR"));
        let meta: Value = serde_json::from_slice(&std::fs::read(path("json")).unwrap()).unwrap();
        let tensors = Params::from_safetensors(&std::fs::read(path("safetensors")).unwrap()).unwrap().tensors;
        let mut builder = Builder::new(&meta, &tensors);
        for (module, facts) in meta["layers"].as_object().unwrap() {
            builder.add(module, facts);
        }
        let Builder { graph, params, names, .. } = builder;
        let network = Network::bind(&graph, &params).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        Self {
            name,
            network,
            input: sequence(&tensors["input"]),
            names,
            adam_lr: meta["adam"]["lr"].as_f64(),
            is_clear: meta["threshold_margin"].as_f64().is_none_or(|margin| margin > 1e-5),
            tensors,
        }
    }

    pub(crate) fn sequence(&self, name: &str) -> Sequence {
        sequence(&self.tensors[name])
    }

    /// The target sequence of each sample.
    pub(crate) fn targets(&self) -> Vec<Label> {
        let target = self.sequence("target");
        (0..target.batch).map(|b| Label::Sequence(target.sample(b).to_vec())).collect()
    }
}

fn sequence(tensor: &Tensor) -> Sequence {
    let [batch, time, width] = tensor.shape[..] else { panic!("a sequence has three axes") };
    Sequence::new(batch, time, width, tensor.data.clone()).unwrap()
}

struct Builder<'a> {
    tensors: &'a BTreeMap<String, Tensor>,
    trainable: Vec<&'a str>,
    graph: Graph,
    params: Params,
    names: BTreeMap<String, String>,
    matrix: Option<(&'a str, bool)>,
}

impl<'a> Builder<'a> {
    fn new(meta: &'a Value, tensors: &'a BTreeMap<String, Tensor>) -> Self {
        let facts = meta["layers"].as_object().unwrap();
        let dt = facts.values().find_map(|m| m["dt"].as_f64()).unwrap();
        // The file stores dt as f32.
        let dt = (dt * 1e7).round() / 1e7;
        let quantity = if meta["readout"] == "vmem" { Quantity::Vmem } else { Quantity::Spikes };
        let graph = Graph {
            name: "Golden".into(),
            docs: Vec::new(),
            dt,
            input: Input {
                name: "input".into(),
                channels: tensors["input"].shape[2],
                docs: vec![],
                span: Default::default(),
            },
            layers: Vec::new(),
            connections: Vec::new(),
            output: Output { layer: LayerId(0), quantity, span: Default::default() },
            span: Default::default(),
        };
        let trainable = meta["trainable"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        Self { tensors, trainable, graph, params: Params::default(), names: BTreeMap::new(), matrix: None }
    }

    fn add(&mut self, module: &'a str, facts: &Value) {
        match facts["kind"].as_str().unwrap() {
            "Linear" => self.matrix = Some((module, facts["bias"] == true)),
            "TimeStepDropout" => {}
            "ExpSyn" => {
                let syn = Some(self.leak(module, "tau", "tau", "taus"));
                self.names.insert(format!("{module}.tau_syn"), format!("{module}.tau"));
                self.layer(module, facts, Neuron::ExpSyn(ExpSyn { syn }));
            }
            _ => {
                let mode = facts["leak_mode"].as_str().unwrap();
                let [mem, syn] = match mode {
                    "bitshifts" => ["dash_mem", "dash_syn"],
                    "decays" => ["alpha", "beta"],
                    _ => ["tau_mem", "tau_syn"],
                };
                let has_ahp = self.tensors.contains_key(&format!("param/{module}.w_ahp"));
                let kind = match facts["surrogate"].as_str().unwrap() {
                    "piecewise_linear" => SurrogateKind::PiecewiseLinear,
                    _ => SurrogateKind::PeriodicExponential,
                };
                let neuron = Neuron::Lif(Lif {
                    synapses: facts["synapses"].as_u64().unwrap() as usize,
                    mem: Some(self.leak(module, "tau_mem", mem, mode)),
                    syn: Some(self.leak(module, "tau_syn", syn, mode)),
                    threshold: self.parameter(module, "threshold"),
                    bias: self.parameter(module, "bias"),
                    noise_std: 0.0,
                    reset: Reset::Subtract,
                    max_spikes: facts["max_spikes"].as_f64().unwrap() as u32,
                    surrogate: Surrogate { kind, window: facts["window"].as_f64().unwrap() },
                    adaptation: has_ahp.then(|| Adaptation {
                        leak: self.leak(module, "tau_ahp", "tau_ahp", mode),
                        w_ahp: self.parameter(module, "w_ahp"),
                    }),
                    spans: LifSpans::default(),
                });
                self.layer(module, facts, neuron);
                if self.tensors.contains_key(&format!("param/{module}.w_rec")) {
                    let id = LayerId(self.graph.layers.len() as u32 - 1);
                    self.connect(Endpoint::Layer(id), id, format!("{module}.w_rec"), None);
                }
            }
        }
    }

    fn layer(&mut self, module: &str, facts: &Value, neuron: Neuron) {
        let id = LayerId(self.graph.layers.len() as u32);
        let size = facts["n"].as_u64().unwrap() as usize;
        let layer = Layer {
            name: module.into(),
            size,
            neuron,
            docs: Vec::new(),
            span: Default::default(),
            name_span: Default::default(),
        };
        self.graph.layers.push(layer);
        self.graph.output.layer = id;
        let source = if id.0 == 0 { Endpoint::Input } else { Endpoint::Layer(LayerId(id.0 - 1)) };
        let (matrix, has_bias) = self.matrix.take().unwrap();
        self.connect(source, id, format!("{matrix}.weight"), has_bias.then(|| format!("{matrix}.bias")));
        for spec in self.graph.tensors().into_iter().filter(|s| s.learn && s.name.starts_with(module)) {
            let parameter = match spec.slot {
                synnet_ir::Slot::Layer(id, which) => which.of(self.graph.layer(id)).unwrap().clone(),
                _ => continue,
            };
            let values = parameter.values.iter().map(|&v| v as f32).collect();
            self.names.entry(spec.name.clone()).or_insert_with(|| spec.name.clone());
            self.params.tensors.insert(spec.name, Tensor::new(spec.shape, values));
        }
    }

    fn connect(&mut self, source: Endpoint, target: LayerId, weight: String, bias: Option<String>) {
        let name_of = |endpoint| match endpoint {
            Endpoint::Input => self.graph.input.name.clone(),
            Endpoint::Layer(id) => self.graph.layer(id).name.clone(),
        };
        let name = format!("{}->{}", name_of(source), self.graph.layer(target).name);
        let init = Init { distribution: Distribution::Constant(0.0), scale: vec![1.0] };
        for (ours, theirs) in [("weight", Some(&weight)), ("bias", bias.as_ref())] {
            if let Some(theirs) = theirs {
                let ours = format!("{name}.{ours}");
                self.params.tensors.insert(ours.clone(), self.tensors[&format!("param/{theirs}")].clone());
                self.names.insert(ours, theirs.clone());
            }
        }
        self.graph.connections.push(Connection {
            name,
            sources: vec![source],
            target,
            delay: 0,
            dropout: 0.0,
            operator: Operator::from(Linear {
                learn: self.trainable.contains(&&*weight),
                init: init.clone(),
                bias: bias.map(|bias| LinearBias { learn: self.trainable.contains(&&*bias), init }),
            }),
            docs: [].into(),
            span: Default::default(),
        });
    }

    fn parameter(&self, module: &str, name: &str) -> Parameter {
        let values =
            self.tensors[&format!("param/{module}.{name}")].data.iter().map(|&v| f64::from(v)).collect();
        let learn = self.trainable.contains(&&*format!("{module}.{name}"));
        Parameter { values, learn, span: Default::default() }
    }

    /// Returns a leak that is stored as time constants and declared in the unit `mode`.
    fn leak(&self, module: &str, stored: &str, declared: &str, mode: &str) -> Leak {
        let mut parameter = self.parameter(module, stored);
        parameter.learn = self.trainable.contains(&&*format!("{module}.{declared}"));
        let dt = self.graph.dt;
        let (unit, convert): (_, &dyn Fn(f64) -> f64) = match mode {
            "bitshifts" => (LeakUnit::BitShift, &|tau| timing::tau_to_bit_shift(tau, dt)),
            "decays" => (LeakUnit::Decay, &|tau| timing::tau_to_decay(tau, dt)),
            _ => (LeakUnit::TimeConstant, &|tau| tau),
        };
        parameter.values.iter_mut().for_each(|value| *value = convert(*value));
        Leak { unit, parameter }
    }
}
