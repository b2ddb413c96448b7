//! Random graphs with every feature of the language except dropout and noise.

use synnet_ir::Graph;
use synnet_ir::graph::*;

use crate::build::*;

/// A reproducible random number generator.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(7919).wrapping_add(1))
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let x = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        ((x ^ (x >> 33)) % n as u64) as usize
    }

    /// Draws a number from 0 to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.below(1 << 30) as f64 / (1u64 << 30) as f64
    }

    pub(crate) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Draws a parameter of `n` elements: one value for all or one per element, learned or not.
    fn parameter(&mut self, n: usize, low: f64, high: f64) -> Parameter {
        let learn = self.chance(0.4);
        let n = if self.chance(0.5) { 1 } else { n };
        // Rounded to f32, like learned values in training.
        let values: Vec<f64> = (0..n).map(|_| f64::from((low + (high - low) * self.unit()) as f32)).collect();
        parameter(&values, learn)
    }

    fn leak(&mut self, n: usize) -> Leak {
        let (unit, low, high) = self.of(&[
            (LeakUnit::TimeConstant, 2e-3, 20e-3),
            (LeakUnit::TimeConstant, 0.2e-3, 1e-3),
            (LeakUnit::Decay, 0.3, 0.95),
            (LeakUnit::BitShift, 1.0, 4.0),
        ]);
        Leak { unit, parameter: self.parameter(n, low, high) }
    }

    fn leak_or_none(&mut self, n: usize) -> Option<Leak> {
        (!self.chance(0.2)).then(|| self.leak(n))
    }

    fn neuron(&mut self, size: usize) -> Neuron {
        if self.chance(0.25) {
            return Neuron::ExpSyn(ExpSyn { syn: self.leak_or_none(size) });
        }
        let synapses = self.of(&[1, 1, 1, 2, 3]);
        let kind = self.of(&SurrogateKind::ALL);
        let adaptive = self.chance(0.3);
        let reset = self.of(&Reset::ALL);
        let max_spikes = self.of(&[1, 2, 31, u32::MAX]);
        Neuron::Lif(Lif {
            synapses,
            mem: self.leak_or_none(size),
            syn: if synapses == 1 { self.leak_or_none(size) } else { Some(self.leak(size * synapses)) },
            threshold: self.parameter(size, 0.5, 1.5),
            bias: self.parameter(size, -0.05, 0.2),
            noise_std: 0.0,
            reset,
            max_spikes: if reset == Reset::Zero { 1 } else { max_spikes },
            surrogate: Surrogate { kind, window: self.of(&[0.3, 0.5, 1.0]) },
            adaptation: adaptive
                .then(|| Adaptation { leak: self.leak(size), w_ahp: self.parameter(size, -0.5, 0.1) }),
            spans: LifSpans::default(),
        })
    }

    fn operator(&mut self, sources: usize, columns: usize) -> Operator {
        if sources == columns && self.chance(0.3) {
            return Operator::Identity;
        }
        let bias = self.chance(0.3).then(|| LinearBias {
            learn: self.chance(0.7),
            init: Init { distribution: Distribution::Normal { mean: 0.0, std: 0.1 }, scale: vec![1.0] },
        });
        let distribution = Distribution::Uniform { low: -0.8, high: 1.2 };
        let init = Init { distribution, scale: vec![1.0 / (sources as f64).sqrt()] };
        Operator::from(Linear { learn: self.chance(0.7), init, bias })
    }
}

/// Draws a graph of one to four layers, with recurrence, delays, sums of sources and copies.
pub(crate) fn graph(draw: &mut Random) -> Graph {
    let sizes = [1, 2, 3, 15, 16, 17, 33, 64, 65, 80];
    let mut net = Net::new(draw.of(&[1, 1, 2, 16, 17, 40, 70]));
    let layers = 1 + draw.below(4);
    let common = draw.of(&sizes);
    for _ in 0..layers {
        let size = if draw.chance(0.5) { common } else { draw.of(&sizes) };
        let neuron = draw.neuron(size);
        net = net.layer(size, neuron, Quantity::Spikes);
    }
    for target in 0..layers {
        let source = if draw.chance(0.7) { target } else { draw.below(target + 1) };
        net = connect(net, draw, source, target);
    }
    for _ in 0..draw.below(4) {
        let (source, target) = (draw.below(layers + 1), draw.below(layers));
        net = connect(net, draw, source, target);
    }
    let output = if draw.chance(0.5) { layers - 1 } else { draw.below(layers) };
    net.0.output.layer = LayerId(output as u32);
    net.0.output.quantity = match net.0.layers[output].neuron {
        Neuron::Lif(_) => draw.of(&[Quantity::Spikes, Quantity::Vmem, Quantity::Isyn]),
        Neuron::ExpSyn(_) => Quantity::Isyn,
    };
    net.0
}

/// Connects `source` (0 is the input, `i + 1` is layer `i`) and perhaps others of the same width.
fn connect(net: Net, draw: &mut Random, source: usize, target: usize) -> Net {
    let layers = (0..net.0.layers.len() as u32).map(layer);
    let all: Vec<Endpoint> = std::iter::once(Endpoint::Input).chain(layers).collect();
    let width = net.0.width(all[source]);
    let mut sources = vec![all[source]];
    let others = all.iter().filter(|&&other| other != all[source] && net.0.width(other) == width);
    sources.extend(others.filter(|_| draw.chance(0.3)));
    let operator = draw.operator(width, net.0.layers[target].input_columns());
    let delay = draw.of(&[0, 0, 0, 1, 3, 59, 60, 61, 119, 120, 125, 199, u32::MAX]);
    net.connect(&sources, target as u32, delay, operator)
}
