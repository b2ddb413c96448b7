//! The choice of scales and weight shifts.
//!
//! Shifts are chosen where ranges were measured; else all of them are 0, and states resolve what weights do.
//!
//! A group of weights with shift `k` allows a neuron the scale `127 * 2^k / max|w|`. The states then resolve
//! `1 / scale`, the weights `2^k / scale`. Both are errors per step on the neuron's input: each weight is off by up to
//! half its resolution, and each leak, rounded down, by half a unit of the state on average. Their squares are added,
//! in units of the threshold, over all neurons; the shifts with the least sum win.

/// Bounds of the chip's numbers.
pub(super) struct Limits {
    /// Largest magnitude of a weight.
    pub(super) weight: f64,
    /// Largest threshold and bias.
    pub(super) threshold: f64,
    /// Largest weight shift.
    pub(super) shift: u8,
}

/// What decides the scale of a neuron.
pub(super) struct Neuron {
    pub(super) threshold: f64,
    bias: f64,
    dash_syn: Vec<f64>,
    /// Largest magnitude of the input weights.
    from_input: f64,
    /// Largest magnitude of the other weights.
    from_hidden: f64,
}

impl Neuron {
    pub(super) fn new(threshold: f64, bias: f64, dash_syn: Vec<f64>) -> Self {
        Self { threshold, bias, dash_syn, from_input: 0.0, from_hidden: 0.0 }
    }

    /// Takes note of a weight.
    pub(super) fn receives(&mut self, from_input: bool, weight: f64) {
        if !weight.is_finite() {
            return;
        }
        let largest = if from_input { &mut self.from_input } else { &mut self.from_hidden };
        *largest = largest.max(weight.abs());
    }

    /// Largest magnitude of all weights.
    pub(super) fn largest_weight(&self) -> f64 {
        self.from_input.max(self.from_hidden)
    }

    /// Decay per step of the fastest synapse; 1/2 at least, as currents of `dash` 0 have no meaning.
    pub(super) fn fastest_decay(&self) -> f64 {
        let fastest =
            self.dash_syn.iter().fold(f64::INFINITY, |least, dash| least.min(dash.round_ties_even()));
        (1.0 - (-fastest).exp2()).clamp(0.5, 1.0)
    }

    /// Whether the threshold cannot be meant: with weights of full size it would exceed every state.
    pub(super) fn never_spikes(&self, limits: &Limits) -> bool {
        let largest = self.largest_weight();
        !self.threshold.is_finite() || self.threshold * limits.weight > largest * limits.threshold
    }

    /// Largest scale with the given shifts; infinite, where nothing limits it.
    fn scale(&self, headroom: f64, limits: &Limits, shift_in: u8, shift_rec: u8, silent: bool) -> f64 {
        let mut scale = headroom;
        let mut bound = |value: f64, limit: f64| {
            if value > 0.0 && value.is_finite() {
                scale = scale.min(limit / value);
            }
        };
        bound(self.from_input, limits.weight * super::shift_factor(shift_in));
        bound(self.from_hidden, limits.weight * super::shift_factor(shift_rec));
        bound(self.bias.abs(), limits.threshold);
        if !silent {
            bound(self.threshold.abs(), limits.threshold);
        }
        scale
    }

    /// Expected squared error of a step, relative to `unit`.
    fn error(&self, scale: f64, shift_in: u8, shift_rec: u8, unit: f64) -> f64 {
        let coarse =
            |weights: f64, shift: u8| if weights > 0.0 { super::shift_factor(shift).powi(2) } else { 0.0 };
        let weights = coarse(self.from_input, shift_in) + coarse(self.from_hidden, shift_rec);
        (1.0 + weights) / (scale * unit).powi(2)
    }
}

/// Shifts of input and hidden weights, and the scale of each neuron.
pub(super) fn choose_hidden(neurons: &[Neuron], headroom: &[f64], limits: &Limits) -> (u8, u8, Vec<f64>) {
    let scales = |shift_in: u8, shift_rec: u8| -> Vec<f64> {
        let each = neurons.iter().zip(headroom);
        each.map(|(neuron, &headroom)| neuron.scale(headroom, limits, shift_in, shift_rec, false)).collect()
    };
    let error = |(shift_in, shift_rec): (u8, u8)| -> f64 {
        let each = neurons.iter().zip(scales(shift_in, shift_rec));
        each.map(|(neuron, scale)| neuron.error(scale, shift_in, shift_rec, neuron.threshold)).sum()
    };
    let pairs = (0..=limits.shift).flat_map(|shift_in| (0..=limits.shift).map(move |rec| (shift_in, rec)));
    let (shift_in, shift_rec) = best(pairs, error);
    (shift_in, shift_rec, finite(scales(shift_in, shift_rec)))
}

/// Shift of the readout weights, and the scale of each neuron; `shared` by all where they are compared.
pub(super) fn choose_readout(
    neurons: &[Neuron],
    headroom: &[f64],
    limits: &Limits,
    shared: bool,
    silent: bool,
) -> (u8, Vec<f64>) {
    let scales = |shift: u8| -> Vec<f64> {
        let each = neurons.iter().zip(headroom);
        let mut scales: Vec<f64> =
            each.map(|(neuron, &headroom)| neuron.scale(headroom, limits, 0, shift, silent)).collect();
        if shared {
            let least = scales.iter().copied().fold(f64::INFINITY, f64::min);
            scales.fill(least);
        }
        scales
    };
    let error = |shift: u8| -> f64 {
        let unit = |neuron: &Neuron| if silent { 1.0 } else { neuron.threshold };
        neurons
            .iter()
            .zip(scales(shift))
            .map(|(neuron, scale)| neuron.error(scale, 0, shift, unit(neuron)))
            .sum()
    };
    let shift = best(0..=limits.shift, error);
    (shift, finite(scales(shift)))
}

/// A neuron that nothing limits has no numbers to scale.
fn finite(mut scales: Vec<f64>) -> Vec<f64> {
    scales.iter_mut().filter(|scale| !scale.is_finite()).for_each(|scale| *scale = 1.0);
    scales
}

/// The candidate with the least error; the first, where several have it.
fn best<T: Copy + Default>(candidates: impl Iterator<Item = T>, error: impl Fn(T) -> f64) -> T {
    let mut best = (f64::INFINITY, T::default());
    for candidate in candidates {
        let error = error(candidate);
        if error < best.0 {
            best = (error, candidate);
        }
    }
    best.1
}
