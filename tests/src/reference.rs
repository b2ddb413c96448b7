//! Reference implementation: outputs and gradients of a network, by a plain forward and backward pass in f64.
//!
//! The weights are those of f32, and decays are rounded to f32 as every engine rounds them; all else is f64. A spike
//! differs from that of an engine in f32 only if a membrane is so near a boundary that rounding decides:
//! [`Reference::margin`].

use synnet_ir::graph::{
    Endpoint, Layer, LayerId, LayerParameter, Leak, LeakUnit, Lif, Neuron, Operator, Quantity, Reset,
    SurrogateKind,
};
use synnet_ir::{Graph, Network, Slot};
use synnet_runtime::tape::Tape;

use crate::Random;

/// Inputs of a pass: events, and the gradients of a loss.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// Number of time steps.
    pub steps: usize,
    /// Input of the network, `[steps, channels]`.
    pub input: Vec<f32>,
    /// Gradient by the output, `[steps, outputs]`.
    pub by_output: Vec<f32>,
    /// Gradient by the total of spikes, for each neuron of each layer.
    pub by_totals: Vec<Vec<f32>>,
}

impl Inputs {
    /// Draws an input ([`Random::values`]), and gradients by the output from -1 to 1, by the totals from -0.1 to 0.1.
    pub fn draw(graph: &Graph, steps: usize, random: &mut Random) -> Self {
        let input = random.values(steps * graph.input.channels);
        let by_output = (0..steps * graph.outputs()).map(|_| random.signed()).collect();
        let mut totals = |layer: &Layer| (0..layer.size).map(|_| 0.1 * random.signed()).collect();
        let by_totals = graph.layers.iter().map(&mut totals).collect();
        Self { steps, input, by_output, by_totals }
    }
}

/// All states of a layer, `[steps][elements]`.
#[derive(Debug, Default)]
struct Trace {
    isyn: Vec<Vec<f64>>,
    iahp: Vec<Vec<f64>>,
    /// Membrane before reset.
    peak: Vec<Vec<f64>>,
    vmem: Vec<Vec<f64>>,
    /// Spikes; for leaky integrators, the current.
    emitted: Vec<Vec<f64>>,
}

/// A forward pass in f64, with everything that the backward pass needs.
#[derive(Debug)]
pub struct Reference<'a> {
    network: &'a Network,
    inputs: &'a Inputs,
    traces: Vec<Trace>,
    margin: f64,
}

fn decay(leak: &Leak, i: usize, dt: f64) -> f64 {
    f64::from(leak.decay(i, dt) as f32)
}

/// Returns the derivative of the decay with respect to the parameter.
fn slope(leak: &Leak, i: usize, dt: f64) -> f64 {
    let value = leak.parameter.get(i);
    match leak.unit {
        LeakUnit::TimeConstant => leak.decay(i, dt) * dt / (value * value),
        LeakUnit::Decay => 1.0,
        LeakUnit::BitShift => std::f64::consts::LN_2 * (-value).exp2(),
    }
}

fn syn(layer: &Layer) -> Option<&Leak> {
    match &layer.neuron {
        Neuron::Lif(lif) => lif.syn.as_ref(),
        Neuron::ExpSyn(expsyn) => expsyn.syn.as_ref(),
    }
}

/// Returns element `i` of the step before `t`; 0 before the first step.
fn before(states: &[Vec<f64>], t: usize, i: usize) -> f64 {
    if t > 0 { states[t - 1][i] } else { 0.0 }
}

impl<'a> Reference<'a> {
    /// Returns the smallest distance of a membrane from a boundary of the spike count or of the surrogate, in
    /// thresholds; in tenths of the membrane if that is more. Below 1e-5, rounding may decide in f32.
    pub fn margin(&self) -> f64 {
        self.margin
    }

    /// Runs the forward pass from rest.
    pub fn forward(network: &'a Network, inputs: &'a Inputs) -> Self {
        let traces = network.graph.layers.iter().map(|_| Trace::default()).collect();
        let mut pass = Self { network, inputs, traces, margin: f64::INFINITY };
        for t in 0..inputs.steps {
            for l in 0..network.graph.layers.len() {
                pass.step(l, t);
            }
        }
        pass
    }

    /// Returns the connections into a layer, as (index, source, step in which the events that arrive in step `t` were
    /// emitted).
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
            Endpoint::Input => f64::from(self.inputs.input[t * self.network.graph.input.channels + i]),
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
        let filtered = |(k, &x): (usize, &f64)| match syn(layer) {
            Some(leak) => (before(&trace.isyn, t, k) + x) * decay(leak, k, dt),
            None => x,
        };
        let isyn: Vec<f64> = each.map(filtered).collect();
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
            let kept = lif.mem.as_ref().map_or(1.0, |leak| decay(leak, n, dt));
            let v = before(&trace.vmem, t, n) * kept + current + lif.bias.get(n);
            let (threshold, cap) = (lif.threshold.get(n), f64::from(lif.max_spikes));
            let spikes = if v >= threshold { (v / threshold).floor().min(cap) } else { 0.0 };
            let left = match lif.reset {
                Reset::Subtract => v - spikes * threshold,
                Reset::Zero => v * (1.0 - spikes),
            };
            (peak[n], vmem[n], emitted[n]) = (v, left, spikes);
            let ratio = (v / threshold).max(0.6);
            // A membrane of many thresholds is rounded more coarsely.
            let coarseness = (ratio / 10.0).max(1.0);
            if ratio < cap + 0.6 {
                self.margin = self.margin.min((ratio - ratio.round()).abs() / coarseness);
            }
            for jump in jumps(lif, threshold) {
                self.margin = self.margin.min((v - jump).abs() / threshold / coarseness);
            }
            // Near its foot, the triangle is so small that the rounding of the membrane is a large part of it.
            if lif.surrogate.kind == SurrogateKind::Triangle {
                let distance = ((v - threshold).abs() - lif.surrogate.window).abs() / threshold;
                self.margin = self.margin.min(distance / 30.0);
            }
        }
        trace.isyn.push(isyn);
        trace.iahp.push(iahp);
        trace.peak.push(peak);
        trace.vmem.push(vmem);
        trace.emitted.push(emitted);
    }

    /// Runs the backward pass. Returns the gradients of the learned parameters, in the order of [`Tape::learned`].
    pub fn backward(&self, tape: &Tape) -> Vec<Vec<f64>> {
        let graph = &self.network.graph;
        let by_emitted =
            graph.layers.iter().map(|l| vec![vec![0.0; l.size]; self.inputs.steps]).collect::<Vec<_>>();
        let zeros = |width: fn(&Layer) -> usize| graph.layers.iter().map(|l| vec![0.0; width(l)]).collect();
        let mut adjoint = Adjoint {
            tape,
            gradients: tape.learned().zeros().tensors.iter().map(|t| vec![0.0; t.len()]).collect(),
            by_emitted,
            by_vmem: zeros(|l| l.size),
            by_iahp: zeros(|l| l.size),
            by_isyn: zeros(Layer::input_columns),
        };
        for t in (0..self.inputs.steps).rev() {
            for l in (0..graph.layers.len()).rev() {
                let by_current = self.backward_neurons(&mut adjoint, l, t);
                self.backward_synapses(&mut adjoint, l, t, by_current);
            }
        }
        adjoint.gradients
    }

    /// Returns the gradient of the loss with respect to the network's output, if that is this quantity of this layer.
    fn given(&self, l: usize, quantity: Quantity, t: usize, n: usize) -> f64 {
        let graph = &self.network.graph;
        let is = (graph.output.layer.index(), graph.output.quantity) == (l, quantity);
        if is { f64::from(self.inputs.by_output[t * graph.outputs() + n]) } else { 0.0 }
    }

    /// Propagates through spikes and membranes. Returns the gradient with respect to the currents of this step.
    fn backward_neurons(&self, adjoint: &mut Adjoint, l: usize, t: usize) -> Vec<f64> {
        let (layer, dt) = (&self.network.graph.layers[l], self.network.graph.dt);
        let mut by_current = vec![0.0; layer.input_columns()];
        let by_total = |n: usize| f64::from(self.inputs.by_totals[l][n]);
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
                + adjoint.by_iahp[l][n] * w_ahp;
            // The membrane after reset is `v - spikes * threshold` or `v * (1 - spikes)`.
            let (by_spikes, by_kept, by_subtracted) = match lif.reset {
                Reset::Subtract => (by_spikes - threshold * by_vmem, by_vmem, -spikes * by_vmem),
                Reset::Zero => (by_spikes - v * by_vmem, by_vmem * (1.0 - spikes), 0.0),
            };
            let through_spikes = by_spikes * surrogate(lif, threshold, v);
            let by_peak = by_kept + through_spikes;
            let by_threshold = by_subtracted - through_spikes * threshold_factor(lif, threshold, v);
            adjoint.put(l, LayerParameter::Threshold, n, by_threshold);
            adjoint.put(l, LayerParameter::Bias, n, by_peak);
            adjoint.by_vmem[l][n] = by_peak;
            if let Some(leak) = &lif.mem {
                let by_decay = by_peak * before(&trace.vmem, t, n);
                adjoint.put(l, LayerParameter::MemLeak, n, by_decay * slope(leak, n, dt));
                adjoint.by_vmem[l][n] = by_peak * decay(leak, n, dt);
            }
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

    /// Propagates through the currents to weights and sources.
    fn backward_synapses(&self, adjoint: &mut Adjoint, l: usize, t: usize, by_current: Vec<f64>) {
        let (graph, trace) = (&self.network.graph, &self.traces[l]);
        let (leak, columns) = (syn(&graph.layers[l]), graph.layers[l].input_columns());
        let mut by_received = by_current;
        if let Some(leak) = leak {
            for (k, by_received) in by_received.iter_mut().enumerate() {
                let (by, kept) = (*by_received + adjoint.by_isyn[l][k], decay(leak, k, graph.dt));
                let by_decay = by * trace.isyn[t][k] / kept;
                adjoint.put(l, LayerParameter::SynLeak, k, by_decay * slope(leak, k, graph.dt));
                *by_received = by * kept;
            }
            adjoint.by_isyn[l].copy_from_slice(&by_received);
        }
        let learned = adjoint.tape.learned();
        let into = graph.connections.iter().enumerate().filter(|(_, c)| c.target.index() == l);
        for bias in into.filter_map(|(c, _)| learned.index(Slot::LinearBias(c))) {
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
                    if let Some(weight) = learned.index(Slot::Weight(c)) {
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

    /// Returns the output, `[steps, outputs]`.
    pub fn output(&self) -> Vec<f64> {
        let graph = &self.network.graph;
        let (trace, synapses) =
            (&self.traces[graph.output.layer.index()], graph.layer(graph.output.layer).synapses());
        let elements = (0..self.inputs.steps).flat_map(|t| (0..graph.outputs()).map(move |n| (t, n)));
        elements
            .map(|(t, n)| match graph.output.quantity {
                Quantity::Spikes => trace.emitted[t][n],
                Quantity::Vmem => trace.vmem[t][n],
                Quantity::Isyn => trace.isyn[t][n * synapses],
            })
            .collect()
    }

    /// Returns the largest magnitude of a current or a membrane.
    pub fn max_state(&self) -> f64 {
        let states = self.traces.iter().flat_map(|trace| trace.isyn.iter().chain(&trace.peak));
        states.flatten().fold(0.0, |maximum, x| maximum.max(x.abs()))
    }

    /// Returns whether an engine found the same spikes, given as `[steps, neurons]` for each layer; of leaky
    /// integrators anything.
    pub fn agrees(&self, spikes: &[Vec<f32>]) -> bool {
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
        // Derivatives of `x / (1 + |x|)` (without sign), `atan(pi / 2 * x) / pi`, and of the integrals of a triangle and
        // of a box of area 1, by the membrane, with `x` in windows.
        SurrogateKind::FastSigmoid => {
            let x = (v - threshold) / window;
            1.0 / ((1.0 + x.abs()) * (1.0 + x.abs()))
        }
        SurrogateKind::Arctangent => {
            let x = (v - threshold) / window * std::f64::consts::PI / 2.0;
            0.5 / window / (1.0 + x * x)
        }
        SurrogateKind::Triangle => (window - (v - threshold).abs()).max(0.0) / (window * window),
        SurrogateKind::Boxcar => f64::from(u8::from((v - threshold).abs() < window)) / (2.0 * window),
    }
}

/// Returns what turns the surrogate by the membrane into that by the threshold, times -1. Rockpool's count thresholds in
/// the membrane, `v / threshold`; the others take the distance, `v - threshold`.
fn threshold_factor(lif: &Lif, threshold: f64, v: f64) -> f64 {
    match lif.surrogate.kind {
        SurrogateKind::PeriodicExponential | SurrogateKind::PiecewiseLinear => v / threshold,
        SurrogateKind::FastSigmoid
        | SurrogateKind::Arctangent
        | SurrogateKind::Triangle
        | SurrogateKind::Boxcar => 1.0,
    }
}

/// Returns the membranes at which the surrogate jumps.
fn jumps(lif: &Lif, threshold: f64) -> Vec<f64> {
    let window = lif.surrogate.window;
    match lif.surrogate.kind {
        SurrogateKind::PiecewiseLinear => vec![threshold - window],
        SurrogateKind::Boxcar => vec![threshold - window, threshold + window],
        _ => Vec::new(),
    }
}

/// Gradients that the backward pass carries from step to step.
struct Adjoint<'a> {
    tape: &'a Tape,
    gradients: Vec<Vec<f64>>,
    by_emitted: Vec<Vec<Vec<f64>>>,
    by_vmem: Vec<Vec<f64>>,
    by_iahp: Vec<Vec<f64>>,
    by_isyn: Vec<Vec<f64>>,
}

impl Adjoint<'_> {
    /// Adds to the gradient of a layer's parameter, if it is learned.
    fn put(&mut self, l: usize, which: LayerParameter, i: usize, by: f64) {
        if let Some(k) = self.tape.learned().index(Slot::Layer(LayerId(l as u32), which)) {
            let gradient = &mut self.gradients[k];
            let i = if gradient.len() == 1 { 0 } else { i };
            gradient[i] += by;
        }
    }
}
