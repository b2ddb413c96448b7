//! A weights file accepts exactly the values that a source file accepts.

use proptest::prelude::*;
use synnet_ir::graph::*;
use synnet_ir::{Graph, Network, Params, Severity, Span, Tensor, validate};

const NEURONS: usize = 3;

fn leak(unit: LeakUnit) -> Leak {
    Leak { unit, parameter: Parameter::uniform(0.5) }
}

/// Three neurons with every parameter, or leaky integrators; their leaks are in `unit`.
fn graph(unit: LeakUnit, spiking: bool) -> Graph {
    let lif = Lif {
        synapses: 2,
        mem: Some(leak(unit)),
        syn: Some(leak(unit)),
        threshold: Parameter::uniform(1.0),
        bias: Parameter::uniform(0.0),
        noise_std: 0.0,
        reset: Reset::Subtract,
        max_spikes: 1,
        surrogate: Surrogate { kind: SurrogateKind::PiecewiseLinear, window: 0.5 },
        adaptation: Some(Adaptation { leak: leak(unit), w_ahp: Parameter::uniform(-0.1) }),
        spans: LifSpans::default(),
    };
    let neuron = if spiking { Neuron::Lif(lif) } else { Neuron::ExpSyn(ExpSyn { syn: Some(leak(unit)) }) };
    let channels = if spiking { 2 * NEURONS } else { NEURONS };
    let span = Span::default();
    Graph {
        name: "Net".into(),
        docs: Vec::new(),
        dt: 1e-3,
        input: Input { name: "x".into(), channels, docs: Vec::new(), span },
        layers: vec![Layer {
            name: "a".into(),
            size: NEURONS,
            neuron,
            docs: Vec::new(),
            span,
            name_span: span,
        }],
        connections: vec![Connection {
            name: "x->a".into(),
            sources: vec![Endpoint::Input],
            target: LayerId(0),
            delay: 0,
            dropout: 0.0,
            operator: Operator::Identity,
            docs: [].into(),
            span,
        }],
        output: Output { layer: LayerId(0), quantity: Quantity::Isyn, span },
        span,
    }
}

/// Returns whether a source file with these values is valid, and whether a weights file with them is.
fn passes(graph: &Graph, which: LayerParameter, values: &[f32]) -> [bool; 2] {
    let layer = &graph.layers[0];
    let name = format!("{}.{}", layer.name, which.name(layer));
    let mut declared = graph.clone();
    let parameter = which.of_mut(&mut declared.layers[0]).expect("the layer has the parameter");
    parameter.values = values.iter().map(|&x| f64::from(x)).collect();
    let errors = validate(&declared).into_iter().filter(|found| found.severity == Severity::Error).count();

    let tensor = Tensor::new([values.len()], values.to_vec());
    let bound = Network::bind(graph, &Params { tensors: [(name, tensor)].into() });
    if let Ok(network) = &bound {
        assert_eq!(network.graph, declared, "the values take the place of the declared ones");
    }
    [errors == 0, bound.is_ok()]
}

/// Every graph with every parameter of its layer.
fn cases() -> Vec<(Graph, LayerParameter)> {
    let graphs = LeakUnit::ALL.into_iter().flat_map(|unit| [true, false].map(|spiking| graph(unit, spiking)));
    let pairs = graphs.flat_map(|graph| LayerParameter::ALL.map(|which| (graph.clone(), which)));
    pairs.filter(|(graph, which)| which.of(&graph.layers[0]).is_some()).collect()
}

/// Any bit pattern, and more often values at the ends of ranges.
fn value() -> impl Strategy<Value = f32> {
    let ends = [0.0, f32::MIN_POSITIVE, f32::EPSILON, 1.0, 1024.0, f32::MAX];
    let near = (prop::sample::select(ends.to_vec()), -3_i32..=3, any::<bool>());
    let near = near.prop_map(|(end, steps, negative)| {
        let moved = f32::from_bits(end.to_bits().saturating_add_signed(steps));
        if negative { -moved } else { moved }
    });
    prop_oneof![any::<u32>().prop_map(f32::from_bits), near, 0.0_f32..2.0, 0.0_f32..1100.0]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn weights_and_sources_accept_the_same_values(
        (graph, which) in prop::sample::select(cases()),
        values in prop::collection::vec(value(), 0..=2 * NEURONS + 1),
    ) {
        let [declared, bound] = passes(&graph, which, &values);
        prop_assert_eq!(declared, bound, "{:?} = {:?}: source {}, weights {}", which, values, declared, bound);
    }

    #[test]
    fn scalars_and_tensors_are_validated_alike((graph, which) in prop::sample::select(cases()), value in value()) {
        let [declared, bound] = passes(&graph, which, &[value]);
        prop_assert_eq!(declared, bound, "{:?} = {}: source {}, weights {}", which, value, declared, bound);
    }
}

#[test]
fn invalid_values_are_rejected_in_sources_and_weights() {
    use LayerParameter::*;
    let [tau, decay, dash] = LeakUnit::ALL.map(|unit| graph(unit, true));
    for (graph, which, refused, accepted) in [
        (&tau, MemLeak, vec![0.0, -1e-3, f32::NAN, f32::INFINITY], vec![1e-3, 1e-30]),
        (&decay, SynLeak, vec![0.0, 1.0, -0.5, 1.5], vec![0.5, 1.0 - f32::EPSILON]),
        // 1 - 2^-1e-20 is 0: no state would be left.
        (&dash, MemLeak, vec![0.0, 1e-20, -1.0, 1024.0, f32::NAN], vec![1.0, 0.25, 16.0]),
        (&dash, AhpLeak, vec![0.0, -1.0, 1024.0], vec![4.0]),
        // Engines divide by the threshold in f32, where 1e-42 is a subnormal number.
        (&tau, Threshold, vec![0.0, -1.0, 1e-42, f32::NAN], vec![1.0, f32::MIN_POSITIVE]),
        (&tau, Bias, vec![f32::NAN, f32::NEG_INFINITY], vec![0.0, -7.5]),
        (&tau, AhpWeight, vec![f32::NAN, f32::INFINITY], vec![0.0, -0.1]),
    ] {
        for x in refused {
            assert_eq!(passes(graph, which, &[x]), [false; 2], "{which:?} = {x}");
        }
        for x in accepted {
            assert_eq!(passes(graph, which, &[x]), [true; 2], "{which:?} = {x}");
        }
    }
}
