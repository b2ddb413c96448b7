//! Time of a training step: 16-60-60-60-10, batch 64, 70 steps, dropout 0.1 after each hidden layer.
//!
//! `cargo bench -p synnet-runtime` prints the median and the least time of a step and what they make
//! for an epoch of 1,800 samples, on one thread and on two.
#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::time::Instant;

use synnet_dsl::graph::*;
use synnet_runtime::loss::CrossEntropy;
use synnet_runtime::*;

const BATCH: usize = 64;
const STEPS: usize = 70;
const UPDATES: usize = 100;

fn lif(size: usize, i: usize, threshold: f64) -> Layer {
    let tau = |values: Vec<f64>| Leak {
        unit: LeakUnit::TimeConstant,
        parameter: Parameter { values, learn: false, span: Default::default() },
    };
    let neuron = Neuron::Lif(Lif {
        synapses: 1,
        mem: tau(vec![20e-3]),
        syn: tau((0..size).map(|n| 20e-3 * f64::from(1 << (n % 2))).collect()),
        threshold: Parameter::uniform(threshold),
        bias: Parameter::uniform(0.0),
        noise_std: 0.0,
        max_spikes: 31,
        surrogate: Surrogate { kind: SurrogateKind::PeriodicExponential, window: 0.5 },
        adaptation: None,
    });
    Layer { name: format!("l{i}"), size, neuron, docs: vec![], span: Default::default() }
}

fn graph() -> Graph {
    let sizes = [16, 60, 60, 60, 10];
    let layer = |i: usize| lif(sizes[i], i - 1, if i == 4 { 32767.0 } else { 1.0 });
    let connection = |i: usize| {
        let bound = 0.55 * (6.0 / sizes[i] as f64).sqrt();
        let init =
            Init { distribution: Distribution::Uniform { low: -bound, high: 1.1 * bound }, scale: vec![1.0] };
        Connection {
            name: format!("c{i}"),
            sources: vec![if i == 0 { Endpoint::Input } else { Endpoint::Layer(LayerId(i as u32 - 1)) }],
            target: LayerId(i as u32),
            delay: 0,
            dropout: if i == 0 { 0.0 } else { 0.1 },
            operator: Operator::Linear(Linear { learn: true, init, bias: None }),
            docs: vec![],
            span: Default::default(),
        }
    };
    Graph {
        name: "Bench".into(),
        docs: vec![],
        dt: 10e-3,
        input: Input { name: "input".into(), channels: 16, docs: vec![], span: Default::default() },
        layers: (1..5).map(layer).collect(),
        connections: (0..4).map(connection).collect(),
        output: Output { layer: LayerId(3), quantity: Quantity::Vmem, span: Default::default() },
        span: Default::default(),
    }
}

fn dataset() -> Dataset {
    let mut state = 1_u32;
    let mut count = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(state >> 16 < 65_536 / 6)
    };
    let sample = |i| Sample {
        raster: (0..STEPS * 16).map(|_| count()).collect(),
        steps: STEPS,
        target: Target::Class(i % 10),
    };
    Dataset::new(16, STEPS, (0..BATCH * UPDATES).map(sample).collect()).expect("the samples are well formed")
}

fn main() {
    let (graph, dataset) = (graph(), dataset());
    let loss = Loss::CrossEntropy(CrossEntropy::new(Readout::MeanVmem));
    let options = TrainOptions::new(loss, 1, BATCH);
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
        let mut trainer =
            Trainer::new(&graph, initial_params(&graph, 0), options.clone()).expect("it trains");
        let mut times = Vec::new();
        let mut last = Instant::now();
        let metrics = pool.install(|| {
            trainer.epoch(&dataset, &mut |_| {
                times.push(last.elapsed().as_secs_f64() * 1e3);
                last = Instant::now();
                Control::Continue
            })
        });
        let rates: Vec<f64> =
            metrics.expect("it trains").layers.into_iter().map(|layer| layer.rate).collect();
        times.remove(0);
        times.sort_by(f64::total_cmp);
        let (median, least) = (times[times.len() / 2], times[0]);
        let epoch = |step: f64| step * 1800.0 / BATCH as f64;
        println!(
            "{threads} threads: median {median:.2} ms a step ({:.0} ms an epoch), least {least:.2} ms ({:.0} ms); \
             rates {rates:.2?}",
            epoch(median),
            epoch(least)
        );
    }
}
