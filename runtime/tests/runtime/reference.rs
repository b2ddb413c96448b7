//! The walk of training against a plain forward and reverse pass in f64, on random networks.

use synnet_ir::graph::{LayerParameter, *};
use synnet_ir::{Network, Slot};
use synnet_runtime::initial_params;
use synnet_runtime::tape::{Checkpoint, Gradients, Pass, Tape};

use crate::random::{self, Draw};

/// Nearer to a boundary of the spike count or of the surrogate than this, rounding decides.
const MARGIN: f64 = 1e-5;
/// Largest difference of a gradient, relative to the greatest of its tensor.
const TOLERANCE: f64 = 1e-3;
/// Unstable recurrence drives states beyond this and amplifies rounding.
const STABLE: f64 = 1e3;

/// What a pass is given besides the network.
struct Case {
    steps: usize,
    /// `[steps, channels]`.
    input: Vec<f32>,
    /// Gradient by the output, `[steps, outputs]`.
    by_output: Vec<f32>,
    /// Gradient by the total of spikes, for each neuron of each layer.
    by_totals: Vec<Vec<f32>>,
}

impl Case {
    fn draw(draw: &mut Draw, graph: &Graph) -> Self {
        let steps = draw.of(&[0, 1, 2, 59, 60, 61, 119, 120, 121, 180]);
        let share = draw.of(&[0.05, 0.4, 0.9]);
        let mut event = || if draw.chance(share) { 1.0 + draw.below(2) as f32 } else { 0.0 };
        let input = (0..steps * graph.input.channels).map(|_| event()).collect();
        let by_output = (0..steps * graph.outputs()).map(|_| (draw.unit() * 2.0 - 1.0) as f32).collect();
        let size = if draw.chance(0.5) { 0.1 } else { 0.0 };
        let mut price = || ((draw.unit() * 2.0 - 1.0) * size) as f32;
        let by_totals = graph.layers.iter().map(|l| (0..l.size).map(|_| price()).collect()).collect();
        Self { steps, input, by_output, by_totals }
    }
}

/// All states of a layer, by step and element.
#[derive(Default)]
struct Trace {
    isyn: Vec<Vec<f64>>,
    iahp: Vec<Vec<f64>>,
    /// Membrane before reset.
    peak: Vec<Vec<f64>>,
    vmem: Vec<Vec<f64>>,
    /// Spikes; of leaky integrators the current.
    emitted: Vec<Vec<f64>>,
}

/// The plain pass.
struct Reference<'a> {
    network: &'a Network,
    case: &'a Case,
    traces: Vec<Trace>,
    /// Smallest distance of a membrane from a boundary.
    margin: f64,
}

fn decay(leak: &Leak, i: usize, dt: f64) -> f64 {
    f64::from(leak.decay(i, dt) as f32)
}

/// Derivative of the decay by the number that stands for it.
fn slope(leak: &Leak, i: usize, dt: f64) -> f64 {
    let value = leak.parameter.get(i);
    match leak.unit {
        LeakUnit::TimeConstant => leak.decay(i, dt) * dt / (value * value),
        LeakUnit::Decay => 1.0,
        LeakUnit::BitShift => std::f64::consts::LN_2 * (-value).exp2(),
    }
}

fn syn(layer: &Layer) -> &Leak {
    match &layer.neuron {
        Neuron::Lif(lif) => &lif.syn,
        Neuron::ExpSyn(expsyn) => &expsyn.syn,
    }
}

/// The element `i` of the step before `t`.
fn before(states: &[Vec<f64>], t: usize, i: usize) -> f64 {
    if t > 0 { states[t - 1][i] } else { 0.0 }
}

impl<'a> Reference<'a> {
    fn forward(network: &'a Network, case: &'a Case) -> Self {
        let traces = network.graph.layers.iter().map(|_| Trace::default()).collect();
        let mut pass = Self { network, case, traces, margin: f64::INFINITY };
        for t in 0..case.steps {
            for l in 0..network.graph.layers.len() {
                pass.step(l, t);
            }
        }
        pass
    }

    /// Connections into a layer, as (index, source, step at which what arrives in step `t` was emitted).
    fn arrivals(&self, l: usize, t: usize) -> Vec<(usize, Endpoint, usize)> {
        let graph = &self.network.graph;
        let into = graph.connections.iter().enumerate().filter(|(_, c)| c.target.index() == l);
        let each = into.flat_map(|(i, c)| c.sources.iter().map(move |&source| (i, c, source)));
        each.filter_map(|(i, c, source)| {
            let lag = c.delay as usize + usize::from(graph.is_recurrent(source, c.target));
            t.checked_sub(lag).map(|then| (i, source, then))
        })
        .collect()
    }

    fn emitted(&self, source: Endpoint, t: usize, i: usize) -> f64 {
        match source {
            Endpoint::Input => f64::from(self.case.input[t * self.network.graph.input.channels + i]),
            Endpoint::Layer(id) => self.traces[id.index()].emitted[t][i],
        }
    }

    fn received(&self, l: usize, t: usize) -> Vec<f64> {
        let graph = &self.network.graph;
        let columns = graph.layers[l].input_columns();
        let mut received = vec![0.0; columns];
        for (c, source, then) in self.arrivals(l, t) {
            for i in 0..graph.width(source) {
                let count = self.emitted(source, then, i);
                match graph.connections[c].operator {
                    Operator::Identity => received[i] += count,
                    Operator::Linear(_) => {
                        let row = &self.network.linear(c).matrix.data[i * columns..][..columns];
                        received.iter_mut().zip(row).for_each(|(x, &w)| *x += count * f64::from(w));
                    }
                }
            }
        }
        for (c, connection) in graph.connections.iter().enumerate() {
            if connection.target.index() == l && connection.as_linear().is_some() {
                let bias = self.network.linear(c).bias.iter().flatten();
                received.iter_mut().zip(bias).for_each(|(x, &b)| *x += f64::from(b));
            }
        }
        received
    }

    fn step(&mut self, l: usize, t: usize) {
        let (layer, dt) = (&self.network.graph.layers[l], self.network.graph.dt);
        let received = self.received(l, t);
        let trace = &mut self.traces[l];
        let each = received.iter().enumerate();
        let isyn: Vec<f64> =
            each.map(|(k, x)| (before(&trace.isyn, t, k) + x) * decay(syn(layer), k, dt)).collect();
        let Neuron::Lif(lif) = &layer.neuron else {
            trace.emitted.push(isyn.clone());
            trace.isyn.push(isyn);
            return;
        };
        let zeros = || vec![0.0; layer.size];
        let (mut iahp, mut peak, mut vmem, mut emitted) = (zeros(), zeros(), zeros(), zeros());
        for n in 0..layer.size {
            let mut current: f64 = isyn[n * lif.synapses..][..lif.synapses].iter().sum();
            if let Some(a) = &lif.adaptation {
                let fed = before(&trace.emitted, t, n) * a.w_ahp.get(n);
                iahp[n] = (before(&trace.iahp, t, n) + fed) * decay(&a.leak, n, dt);
                current += iahp[n];
            }
            let v = before(&trace.vmem, t, n) * decay(&lif.mem, n, dt) + current + lif.bias.get(n);
            let (threshold, cap) = (lif.threshold.get(n), f64::from(lif.max_spikes));
            let spikes = if v >= threshold { (v / threshold).floor().min(cap) } else { 0.0 };
            (peak[n], vmem[n], emitted[n]) = (v, v - spikes * threshold, spikes);
            let ratio = (v / threshold).max(0.6);
            if ratio < cap + 0.6 {
                self.margin = self.margin.min((ratio - ratio.round()).abs());
            }
            if lif.surrogate.kind == SurrogateKind::PiecewiseLinear {
                self.margin = self.margin.min((v - (threshold - lif.surrogate.window)).abs());
            }
        }
        trace.isyn.push(isyn);
        trace.iahp.push(iahp);
        trace.peak.push(peak);
        trace.vmem.push(vmem);
        trace.emitted.push(emitted);
    }

    /// Gradients by what learns, in the order of the tape.
    fn backward(&self, tape: &Tape) -> Vec<Vec<f64>> {
        let graph = &self.network.graph;
        let by_emitted =
            graph.layers.iter().map(|l| vec![vec![0.0; l.size]; self.case.steps]).collect::<Vec<_>>();
        let zeros = |width: fn(&Layer) -> usize| graph.layers.iter().map(|l| vec![0.0; width(l)]).collect();
        let mut adjoint = Adjoint {
            tape,
            gradients: tape.learnt().zeros().tensors.iter().map(|t| vec![0.0; t.len()]).collect(),
            by_emitted,
            by_vmem: zeros(|l| l.size),
            by_iahp: zeros(|l| l.size),
            by_isyn: zeros(Layer::input_columns),
        };
        for t in (0..self.case.steps).rev() {
            for l in (0..graph.layers.len()).rev() {
                let by_current = self.neurons_back(&mut adjoint, l, t);
                self.synapses_back(&mut adjoint, l, t, by_current);
            }
        }
        adjoint.gradients
    }

    /// Gradient by the network's output, where it is this quantity of this layer.
    fn given(&self, l: usize, quantity: Quantity, t: usize, n: usize) -> f64 {
        let graph = &self.network.graph;
        let is = (graph.output.layer.index(), graph.output.quantity) == (l, quantity);
        if is { f64::from(self.case.by_output[t * graph.outputs() + n]) } else { 0.0 }
    }

    /// Through spikes and membranes; returns the gradient by the currents of this step.
    fn neurons_back(&self, adjoint: &mut Adjoint, l: usize, t: usize) -> Vec<f64> {
        let (layer, dt) = (&self.network.graph.layers[l], self.network.graph.dt);
        let mut by_current = vec![0.0; layer.input_columns()];
        let by_total = |n: usize| f64::from(self.case.by_totals[l][n]);
        let Neuron::Lif(lif) = &layer.neuron else {
            for (n, by) in by_current.iter_mut().enumerate() {
                *by = adjoint.by_emitted[l][t][n] + self.given(l, Quantity::Isyn, t, n) + by_total(n);
            }
            return by_current;
        };
        let trace = &self.traces[l];
        for n in 0..layer.size {
            let (threshold, v, spikes) = (lif.threshold.get(n), trace.peak[t][n], trace.emitted[t][n]);
            let w_ahp = lif.adaptation.as_ref().map_or(0.0, |a| a.w_ahp.get(n));
            let by_vmem = adjoint.by_vmem[l][n] + self.given(l, Quantity::Vmem, t, n);
            let by_spikes = adjoint.by_emitted[l][t][n]
                + self.given(l, Quantity::Spikes, t, n)
                + by_total(n)
                + adjoint.by_iahp[l][n] * w_ahp
                - threshold * by_vmem;
            let by_peak = by_vmem + by_spikes * surrogate(lif, threshold, v);
            let by_threshold = -by_spikes * surrogate(lif, threshold, v) * v / threshold - spikes * by_vmem;
            adjoint.put(l, LayerParameter::Threshold, n, by_threshold);
            adjoint.put(l, LayerParameter::Bias, n, by_peak);
            let by_decay = by_peak * before(&trace.vmem, t, n);
            adjoint.put(l, LayerParameter::MemLeak, n, by_decay * slope(&lif.mem, n, dt));
            adjoint.by_vmem[l][n] = by_peak * decay(&lif.mem, n, dt);
            if let Some(a) = &lif.adaptation {
                let (by_iahp, kept) = (by_peak + adjoint.by_iahp[l][n], decay(&a.leak, n, dt));
                let (iahp, spikes) = (before(&trace.iahp, t, n), before(&trace.emitted, t, n));
                let by_decay = by_iahp * (iahp + spikes * w_ahp);
                adjoint.put(l, LayerParameter::AhpLeak, n, by_decay * slope(&a.leak, n, dt));
                adjoint.put(l, LayerParameter::AhpWeight, n, by_iahp * kept * spikes);
                adjoint.by_iahp[l][n] = by_iahp * kept;
            }
            let currents = &mut by_current[n * lif.synapses..][..lif.synapses];
            currents.iter_mut().for_each(|by| *by += by_peak);
            currents[0] += self.given(l, Quantity::Isyn, t, n);
        }
        by_current
    }

    /// Through the currents to weights and sources.
    fn synapses_back(&self, adjoint: &mut Adjoint, l: usize, t: usize, by_current: Vec<f64>) {
        let (graph, trace) = (&self.network.graph, &self.traces[l]);
        let (leak, columns) = (syn(&graph.layers[l]), graph.layers[l].input_columns());
        let mut by_received = vec![0.0; columns];
        for k in 0..columns {
            let (by, kept) = (by_current[k] + adjoint.by_isyn[l][k], decay(leak, k, graph.dt));
            let by_decay = by * trace.isyn[t][k] / kept;
            adjoint.put(l, LayerParameter::SynLeak, k, by_decay * slope(leak, k, graph.dt));
            by_received[k] = by * kept;
        }
        adjoint.by_isyn[l].copy_from_slice(&by_received);
        let learnt = adjoint.tape.learnt();
        let into = graph.connections.iter().enumerate().filter(|(_, c)| c.target.index() == l);
        for bias in into.filter_map(|(c, _)| learnt.index(Slot::LinearBias(c))) {
            adjoint.gradients[bias].iter_mut().zip(&by_received).for_each(|(g, by)| *g += by);
        }
        for (c, source, then) in self.arrivals(l, t) {
            for i in 0..graph.width(source) {
                let mut by_count = 0.0;
                if graph.connections[c].operator == Operator::Identity {
                    by_count = by_received[i];
                } else {
                    let row = &self.network.linear(c).matrix.data[i * columns..][..columns];
                    by_count += row.iter().zip(&by_received).map(|(&w, by)| f64::from(w) * by).sum::<f64>();
                    if let Some(weight) = learnt.index(Slot::Weight(c)) {
                        let count = self.emitted(source, then, i);
                        let row = &mut adjoint.gradients[weight][i * columns..][..columns];
                        row.iter_mut().zip(&by_received).for_each(|(g, by)| *g += count * by);
                    }
                }
                if let Endpoint::Layer(id) = source {
                    adjoint.by_emitted[id.index()][then][i] += by_count;
                }
            }
        }
    }

    fn output(&self) -> Vec<f64> {
        let graph = &self.network.graph;
        let (trace, synapses) =
            (&self.traces[graph.output.layer.index()], graph.layer(graph.output.layer).synapses());
        let elements = (0..self.case.steps).flat_map(|t| (0..graph.outputs()).map(move |n| (t, n)));
        elements
            .map(|(t, n)| match graph.output.quantity {
                Quantity::Spikes => trace.emitted[t][n],
                Quantity::Vmem => trace.vmem[t][n],
                Quantity::Isyn => trace.isyn[t][n * synapses],
            })
            .collect()
    }

    fn greatest_state(&self) -> f64 {
        let states = self.traces.iter().flat_map(|trace| trace.isyn.iter().chain(&trace.peak));
        states.flatten().fold(0.0, |greatest, x| greatest.max(x.abs()))
    }

    /// Whether each spike is one that the walk of training found.
    fn agrees(&self, spikes: &[Vec<f32>]) -> bool {
        let layers = self.network.graph.layers.iter().zip(&self.traces).zip(spikes);
        let mut spiking = layers.filter(|((layer, _), _)| layer.as_lif().is_some());
        spiking.all(|((_, trace), found)| {
            found.iter().map(|&count| f64::from(count)).eq(trace.emitted.iter().flatten().copied())
        })
    }
}

fn surrogate(lif: &Lif, threshold: f64, v: f64) -> f64 {
    let window = lif.surrogate.window;
    match lif.surrogate.kind {
        SurrogateKind::PeriodicExponential => {
            let below = v - threshold / 2.0;
            let passed = (below / threshold).floor().min(f64::from(lif.max_spikes) - 1.0);
            let nearest = if v >= threshold { below - passed * threshold } else { below };
            (-(nearest - threshold / 2.0).abs() / window).exp() / threshold
        }
        SurrogateKind::PiecewiseLinear => f64::from(u8::from(v >= threshold - window)) / threshold,
    }
}

/// What the reverse pass carries from step to step.
struct Adjoint<'a> {
    tape: &'a Tape,
    gradients: Vec<Vec<f64>>,
    by_emitted: Vec<Vec<Vec<f64>>>,
    by_vmem: Vec<Vec<f64>>,
    by_iahp: Vec<Vec<f64>>,
    by_isyn: Vec<Vec<f64>>,
}

impl Adjoint<'_> {
    /// Adds to the gradient of a constant, if it learns.
    fn put(&mut self, l: usize, which: LayerParameter, i: usize, by: f64) {
        if let Some(k) = self.tape.learnt().index(Slot::Layer(LayerId(l as u32), which)) {
            let gradient = &mut self.gradients[k];
            let i = if gradient.len() == 1 { 0 } else { i };
            gradient[i] += by;
        }
    }
}

/// Output, spikes and gradients of the walk of training.
fn walk(tape: &Tape, network: &Network, case: &Case) -> (Vec<f32>, Vec<Vec<f32>>, Gradients) {
    let (weights, mut sums) = (tape.pack(network), tape.sums());
    let mut workspace = tape.workspace(case.steps, Checkpoint::None);
    tape.forward(&weights, &case.input, Pass::Evaluation, &mut workspace);
    let output = workspace.output().to_vec();
    workspace.output_and_gradient().1.copy_from_slice(&case.by_output);
    for (l, by) in case.by_totals.iter().enumerate() {
        workspace.totals_and_gradient(l).1.copy_from_slice(by);
    }
    tape.backward(&weights, &mut workspace, &mut sums);
    let spikes = (0..network.graph.layers.len()).map(|l| workspace.spikes(tape, l)).collect();
    (output, spikes, tape.gradients(network, &sums))
}

fn assert_near(found: &[f32], expected: &[f64], what: &str) {
    let greatest = expected.iter().fold(1e-6_f64, |greatest, x| greatest.max(x.abs()));
    for (i, (&f, &e)) in found.iter().zip(expected).enumerate() {
        let difference = (f64::from(f) - e).abs();
        assert!(difference < TOLERANCE * greatest, "{what}[{i}]: {f}, not {e} (greatest {greatest})");
    }
}

#[test]
fn random_networks_give_the_gradients_of_a_plain_pass() {
    let mut compared = 0;
    for seed in 0..400 {
        let mut draw = Draw::new(seed);
        let graph = random::graph(&mut draw);
        if synnet_ir::validate(&graph).iter().any(synnet_ir::Diagnostic::is_error) {
            continue;
        }
        let network = Network::bind(&graph, &initial_params(&graph, seed)).unwrap();
        let case = Case::draw(&mut draw, &graph);
        let tape = Tape::new(&graph);
        let reference = Reference::forward(&network, &case);
        if reference.greatest_state() > STABLE {
            continue;
        }
        let (output, spikes, gradients) = walk(&tape, &network, &case);
        let far = reference.margin > 3e-3;
        assert!(!far || reference.agrees(&spikes), "seed {seed}: a spike far from every boundary differs");
        if reference.margin < MARGIN || !reference.agrees(&spikes) {
            continue;
        }
        let expected = reference.backward(&tape);
        assert_near(&output, &reference.output(), &format!("seed {seed}: output"));
        for ((spec, found), expected) in tape.learnt().specs().iter().zip(&gradients.tensors).zip(&expected) {
            assert_near(found, expected, &format!("seed {seed}: {}", spec.name));
        }
        compared += 1;
    }
    assert!(compared > 150, "{compared} networks were compared");
}
