//! Networks: of the corpus, random ones, and one that is calibrated for the benches.

use synnet_ir::graph::{LayerParameter, *};
use synnet_ir::{Graph, Network, Params, Slot, Span, Tensor};

use super::Random;

/// A connection's source or a layer, by position: `IN` is the input.
pub(crate) const IN: Endpoint = Endpoint::Input;

pub(crate) fn from(layer: u32) -> Endpoint {
    Endpoint::Layer(LayerId(layer))
}

pub(crate) fn leak(values: Vec<f64>) -> Leak {
    Leak { unit: LeakUnit::TimeConstant, parameter: each(values) }
}

pub(crate) fn each(values: Vec<f64>) -> Parameter {
    Parameter { values, learn: false, span: Span::default() }
}

/// Leaky integrate-and-fire with one synapse, 20 ms, threshold 1 and 31 spikes at most.
pub(crate) fn lif() -> Lif {
    Lif {
        synapses: 1,
        mem: Some(leak(vec![20e-3])),
        syn: Some(leak(vec![20e-3])),
        threshold: Parameter::uniform(1.0),
        bias: Parameter::uniform(0.0),
        noise_std: 0.0,
        reset: Reset::Subtract,
        max_spikes: 31,
        surrogate: Surrogate { kind: SurrogateKind::PeriodicExponential, window: 0.5 },
        adaptation: None,
        spans: LifSpans::default(),
    }
}

pub(crate) fn expsyn(tau: f64) -> Neuron {
    Neuron::ExpSyn(ExpSyn { syn: Some(leak(vec![tau])) })
}

pub(crate) fn layer(name: &str, size: usize, neuron: Neuron) -> Layer {
    let (span, name_span) = (Span::default(), Span::default());
    Layer { name: name.into(), size, neuron, docs: Vec::new(), span, name_span }
}

/// A graph of layers at 10 ms; connections follow by [`connect`].
pub(crate) fn graph(name: &str, channels: usize, layers: Vec<Layer>, output: (u32, Quantity)) -> Graph {
    Graph {
        name: name.into(),
        docs: Vec::new(),
        dt: 10e-3,
        input: Input { name: "audio".into(), channels, docs: Vec::new(), span: Span::default() },
        layers,
        connections: Vec::new(),
        output: Output { layer: LayerId(output.0), quantity: output.1, span: Span::default() },
        span: Span::default(),
    }
}

/// Adds a connection and returns it for changes.
pub(crate) fn connect<'a>(graph: &'a mut Graph, sources: &[Endpoint], target: u32) -> &'a mut Connection {
    let name = |source: &Endpoint| match source {
        Endpoint::Input => graph.input.name.clone(),
        Endpoint::Layer(id) => graph.layer(*id).name.clone(),
    };
    let names: Vec<String> = sources.iter().map(name).collect();
    let init = Init { distribution: Distribution::Constant(0.0), scale: vec![1.0] };
    graph.connections.push(Connection {
        name: format!("{}->{}", names.join("+"), graph.layer(LayerId(target)).name),
        sources: sources.to_vec(),
        target: LayerId(target),
        delay: 0,
        dropout: 0.0,
        operator: Linear { learn: true, init, bias: None }.into(),
        docs: [].into(),
        span: Span::default(),
    });
    graph.connections.last_mut().expect("it was just added")
}

/// Gives a linear connection a bias.
pub(crate) fn with_bias(connection: &mut Connection) {
    if let Some(linear) = connection.as_linear_mut() {
        linear.bias = Some(LinearBias { learn: true, init: linear.init.clone() });
    }
}

/// Binds random weights, more of them positive than negative.
pub(crate) fn bind(graph: &Graph, random: &mut Random) -> Network {
    bind_within(graph, (-0.8, 1.0), random)
}

/// Binds random weights between the given multiples of `sqrt(6 / sources)`.
pub(crate) fn bind_within(graph: &Graph, (low, high): (f64, f64), random: &mut Random) -> Network {
    let mut tensors = std::collections::BTreeMap::new();
    for spec in graph.tensors().into_iter().filter(|spec| spec.required) {
        let count: usize = spec.shape.iter().product();
        let data = match spec.slot {
            Slot::Weight(_) => {
                let bound = (6.0 / spec.shape[0] as f64).sqrt();
                (0..count).map(|_| random.between(low * bound, high * bound) as f32).collect()
            }
            Slot::LinearBias(_) => (0..count).map(|_| random.between(-0.05, 0.1) as f32).collect(),
            Slot::Layer(_, LayerParameter::Threshold) => vec![0.75; count],
            Slot::Layer(..) => vec![0.03; count],
        };
        tensors.insert(spec.name, Tensor::new(spec.shape, data));
    }
    Network::bind(graph, &Params { tensors }).expect("the weights were made for this graph")
}

/// A network of the corpus.
pub(crate) fn corpus(name: &str) -> Graph {
    let case = synnet_tests::corpus::case(name);
    synnet_tests::engines::compiled(&case).network.graph
}

/// A random network: up to four layers of every kind, with forward and recurrent connections.
pub(crate) fn random(name: &str, random: &mut Random) -> Graph {
    let size = 1 + random.below(40);
    let count = 1 + random.below(4);
    let layers: Vec<Layer> =
        (0..count).map(|i| layer(&format!("h{i}"), size, random_neuron(size, random))).collect();
    let output = random.below(count) as u32;
    let quantity = match layers[output as usize].neuron {
        Neuron::ExpSyn(_) => Quantity::Isyn,
        Neuron::Lif(_) => [Quantity::Spikes, Quantity::Vmem, Quantity::Isyn][random.below(3)],
    };
    let mut graph = graph(name, size, layers, (output, quantity));
    graph.dt = random.between(1e-3, 20e-3);
    for target in 0..count as u32 {
        let before = if target == 0 { IN } else { from(target - 1) };
        random_connection(&mut graph, &[before], target, random);
        if random.below(2) == 0 {
            let other = from(random.below(count) as u32);
            let sources = if random.below(3) == 0 { vec![other, IN] } else { vec![other] };
            if !graph.connections.iter().any(|c| c.sources == sources && c.target == LayerId(target)) {
                random_connection(&mut graph, &sources, target, random);
            }
        }
    }
    graph
}

fn random_connection(graph: &mut Graph, sources: &[Endpoint], target: u32, random: &mut Random) {
    let single = graph.layer(LayerId(target)).synapses() == 1;
    let connection = connect(graph, sources, target);
    connection.delay = random.below(3).saturating_sub(1) as u32 * (1 + random.below(4) as u32);
    match random.below(4) {
        0 if single => connection.operator = Operator::Identity,
        1 => with_bias(connection),
        _ => {}
    }
}

fn random_neuron(size: usize, random: &mut Random) -> Neuron {
    if random.below(6) == 0 {
        return expsyn(random.between(5e-3, 50e-3));
    }
    let values = |count: usize, low: f64, high: f64, random: &mut Random| {
        let count = if random.below(2) == 0 { 1 } else { count };
        each((0..count).map(|_| random.between(low, high)).collect())
    };
    let synapses = 1 + random.below(3);
    let reset = if random.below(3) == 0 { Reset::Zero } else { Reset::Subtract };
    let (leaks, filters) = (random.below(4) > 0, synapses > 1 || random.below(3) > 0);
    let taus = |parameter| Leak { unit: LeakUnit::TimeConstant, parameter };
    Neuron::Lif(Lif {
        synapses,
        mem: leaks.then(|| taus(values(size, 5e-3, 50e-3, random))),
        syn: filters.then(|| taus(values(size * synapses, 5e-3, 50e-3, random))),
        threshold: values(size, 0.01, 1.5, random),
        bias: values(size, -0.02, 0.05, random),
        reset,
        max_spikes: if reset == Reset::Zero { 1 } else { [0, 1, 2, 31, 1 << 23, u32::MAX][random.below(6)] },
        adaptation: (random.below(3) == 0).then(|| Adaptation {
            leak: Leak { unit: LeakUnit::Decay, parameter: values(size, 0.3, 0.99, random) },
            w_ahp: values(size, -0.3, 0.0, random),
        }),
        ..lif()
    })
}

/// A random network that integers can express: hidden layers of one or two synapses in any order of
/// connections, and a readout.
pub(crate) fn random_for_integers(name: &str, random: &mut Random) -> Graph {
    let hidden = 1 + random.below(3);
    let mut layers: Vec<Layer> = (0..hidden)
        .map(|i| {
            let (size, synapses) = (1 + random.below(40), 1 + random.below(2));
            let tau = |random: &mut Random| random.between(10e-3, 200e-3);
            let neuron = Lif {
                synapses,
                mem: Some(leak((0..size).map(|_| tau(random)).collect())),
                syn: Some(leak((0..size * synapses).map(|_| tau(random)).collect())),
                threshold: each((0..size).map(|_| random.between(0.2, 1.5)).collect()),
                bias: each((0..size).map(|_| random.between(-0.02, 0.05)).collect()),
                ..lif()
            };
            layer(&format!("h{i}"), size, Neuron::Lif(neuron))
        })
        .collect();
    layers.push(layer("out", 1 + random.below(12), Neuron::Lif(Lif { max_spikes: 1, ..lif() })));
    let readout = hidden as u32;
    let quantity = [Quantity::Spikes, Quantity::Vmem, Quantity::Isyn][random.below(3)];
    let mut graph = graph(name, 1 + random.below(20), layers, (readout, quantity));
    connect(&mut graph, &[IN], 0);
    for target in 1..=readout {
        connect(&mut graph, &[from(target - 1)], target);
        let other = random.below(hidden) as u32;
        if other + 1 != target {
            connect(&mut graph, &[from(other)], target);
        }
    }
    if random.below(2) == 0 {
        // To itself, and from a later layer.
        connect(&mut graph, &[from(readout - 1)], 0);
    }
    graph
}

/// A keyword spotter at 1 ms: leaks by bit shifts, hidden layers that spike 0.1 times per neuron per step
/// when a tenth of the channels does.
pub(crate) fn calibrated_spotter() -> Network {
    let mut random = Random(1234);
    let dash = |values: Vec<f64>| Leak { unit: LeakUnit::BitShift, parameter: each(values) };
    let spiking = |name: &str, n: usize, dashes: u32, max_spikes: u32| {
        let dash_syn = (0..n as u32).map(|i| f64::from(1 + i % dashes)).collect();
        let lif = Lif { mem: Some(dash(vec![1.0])), syn: Some(dash(dash_syn)), max_spikes, ..lif() };
        layer(name, n, Neuron::Lif(lif))
    };
    let layers = vec![
        spiking("h0", 60, 2, 31),
        spiking("h1", 60, 4, 31),
        spiking("h2", 60, 8, 31),
        spiking("out", 8, 1, 1),
    ];
    let mut graph = graph("Kws", 16, layers, (0, Quantity::Spikes));
    graph.dt = 1e-3;
    connect(&mut graph, &[IN], 0);
    for target in 1..4 {
        connect(&mut graph, &[from(target - 1)], target);
    }
    let mut network = bind_within(&graph, (-1.0, 1.0), &mut random);
    let steps = 400;
    let inputs: Vec<f32> = (0..steps * 16).map(|_| f32::from(u8::from(random.unit() < 0.1))).collect();
    for i in 0..4 {
        let layer = graph.layers[i].clone();
        let own = network.weights[i].clone().expect("every connection has weights");
        let set = |network: &mut Network, gain: f64| {
            let mut weights = own.clone();
            for (column, w) in weights.matrix.data.iter_mut().enumerate() {
                let Neuron::Lif(lif) = &layer.neuron else { return };
                // A slow synapse accumulates more, so its weights are smaller, as in a SynNet.
                let slow = 1.0 - lif.syn.as_ref().unwrap().decay(column % layer.size, 1e-3);
                *w = (f64::from(*w) * gain * slow) as f32;
            }
            network.weights[i] = Some(weights);
        };
        network.graph.output = Output { layer: LayerId(i as u32), ..network.graph.output };
        let (mut low, mut high) = (0.0, 64.0);
        for _ in 0..16 {
            let gain = f64::midpoint(low, high);
            set(&mut network, gain);
            let run = synnet_tests::equations::run(&network, &inputs);
            let spikes: f32 = run.iter().flat_map(|step| &step.output).sum();
            let rate = f64::from(spikes) / (steps * layer.size) as f64;
            if rate > 0.1 { high = gain } else { low = gain }
        }
        set(&mut network, high);
    }
    network
}
