//! The quantizers of Rockpool 3.1 (`rockpool.transform.quantize_methods`), faults included, for comparison only.
//!
//! [`channel_quantize`] and [`global_quantize`] give the same integers as Rockpool's functions of these names, bit for
//! bit: operations and their order are those of the Python code. Comments mark its faults by "Fault:";
//! `docs/quantization.md` lists them.

use crate::float_specification::FloatSpecification;
use crate::specification::Specification;

/// Maximum weight at the default width of 8 bits.
const WEIGHT: f64 = 127.0;
/// Maximum threshold at the default width of 16 bits.
const THRESHOLD: f64 = 32767.0;

/// The result of Rockpool's functions: 64-bit integers, with shapes as in [`FloatSpecification`].
#[expect(missing_docs, reason = "the names are those of Rockpool's arrays")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RockpoolArrays {
    pub weights_in: Vec<i64>,
    pub weights_rec: Vec<i64>,
    pub weights_out: Vec<i64>,
    pub threshold: Vec<i64>,
    pub threshold_out: Vec<i64>,
    pub dash_mem: Vec<i64>,
    pub dash_mem_out: Vec<i64>,
    pub dash_syn: Vec<i64>,
    pub dash_syn_2: Vec<i64>,
    pub dash_syn_out: Vec<i64>,
    pub bias: Vec<i64>,
    pub bias_out: Vec<i64>,
    /// Scale of each hidden neuron: chip state per float state. Rockpool does not return it.
    pub scale: Vec<f64>,
    /// Scale of each readout neuron.
    pub scale_out: Vec<f64>,
}

/// The exceptions of Rockpool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RockpoolError {
    /// An `IndexError` of `channel_quantize`: the branch for thresholds that exceed 32767 tests `hidden_id <= Nien`
    /// instead of `<`.
    #[error(
        "`channel_quantize` of Rockpool 3.1 raises an IndexError: the threshold of hidden neuron {0}, the first one \
         without input weights, exceeds 32767 on its scale"
    )]
    Index(usize),
    /// A `TypeError` of Rockpool's simulator, which takes thresholds and biases of 16 bits.
    #[error(
        "Rockpool 3.1 quantizes `{array}` of neuron {neuron} to {value}, which its simulator refuses with a TypeError"
    )]
    Range {
        /// Name of the array.
        array: &'static str,
        /// Id of the neuron, among the hidden ones or the readout's.
        neuron: usize,
        /// The value, which does not fit 16 bits.
        value: i64,
    },
}

/// Computes `numpy.round(x).astype(int)`.
fn integer(x: f64) -> i64 {
    to_int(x.round_ties_even())
}

/// Computes `astype(int)`: NaN and numbers beyond 64 bits become the minimum, as NumPy has it on x86-64.
fn to_int(x: f64) -> i64 {
    // A cast in Rust would saturate instead.
    if x >= i64::MIN as f64 && x < -(i64::MIN as f64) { x as i64 } else { i64::MIN }
}

/// Computes `numpy.max(numpy.abs(x))`; 0 if there are no numbers, NaN if one is NaN.
fn largest(xs: impl Iterator<Item = f64>) -> f64 {
    // `f64::max` would drop NaN, which NumPy propagates.
    xs.map(f64::abs).fold(0.0, |largest: f64, x| if x > largest || x.is_nan() { x } else { largest })
}

fn integers(xs: &[f64]) -> Vec<i64> {
    xs.iter().map(|&x| integer(x)).collect()
}

/// Rounds the bit shifts, as both functions do.
fn dashes(float: &FloatSpecification) -> RockpoolArrays {
    RockpoolArrays {
        dash_mem: integers(&float.dash_mem),
        dash_mem_out: integers(&float.dash_mem_out),
        dash_syn: integers(&float.dash_syn),
        dash_syn_2: integers(&float.dash_syn_2),
        dash_syn_out: integers(&float.dash_syn_out),
        ..RockpoolArrays::default()
    }
}

/// Quantizes as Rockpool's `global_quantize` without `fuzzy_scaling`: one scale for the hidden neurons, one for the
/// readout.
pub fn global_quantize(float: &FloatSpecification) -> RockpoolArrays {
    let (w_in, w_rec, w_out) = (&float.weights_in, &float.weights_rec, &float.weights_out);
    let scale = |largest: f64| if largest == 0.0 { 1.0 } else { WEIGHT / largest };
    // Biases count, unlike in `channel_quantize`.
    let scaling = scale(largest(w_in.iter().chain(w_rec).chain(&float.bias).copied()));
    let scaling_out = scale(largest(w_out.iter().chain(&float.bias_out).copied()));
    let scaled =
        |xs: &[f64], scaling: f64| -> Vec<i64> { xs.iter().map(|&x| integer(x * scaling)).collect() };
    let mut result = RockpoolArrays {
        weights_in: scaled(w_in, scaling),
        weights_rec: scaled(w_rec, scaling),
        weights_out: scaled(w_out, scaling_out),
        threshold: scaled(&float.threshold, scaling),
        threshold_out: scaled(&float.threshold_out, scaling_out),
        bias: scaled(&float.bias, scaling),
        // Fault: this is the scale of the hidden neurons.
        bias_out: scaled(&float.bias_out, scaling),
        ..dashes(float)
    };
    let (mut state_scale, mut state_scale_out) = (scaling, scaling_out);
    // Fault: integers are scaled and rounded a second time, and biases are not scaled with them.
    let again = |xs: &mut [i64], scaling: f64| xs.iter_mut().for_each(|x| *x = integer(*x as f64 * scaling));
    if let Some(limit) = limit(&result.threshold) {
        again(&mut result.threshold, limit);
        again(&mut result.weights_in, limit);
        again(&mut result.weights_rec, limit);
        state_scale *= limit;
    }
    if let Some(limit) = limit(&result.threshold_out) {
        again(&mut result.threshold_out, limit);
        again(&mut result.weights_out, limit);
        // Fault: this threshold has nothing to do with the weights between hidden neurons.
        again(&mut result.weights_rec, limit);
        state_scale_out *= limit;
    }
    result.scale = vec![state_scale; float.threshold.len()];
    result.scale_out = vec![state_scale_out; float.threshold_out.len()];
    result
}

/// Returns the factor that brings thresholds back to 16 bits, if one is needed.
fn limit(thresholds: &[i64]) -> Option<f64> {
    // Fault: the maximum is taken before the magnitude, so large negative thresholds are missed.
    let largest = thresholds.iter().copied().max()?;
    (largest.wrapping_abs() > THRESHOLD as i64).then(|| THRESHOLD / largest as f64)
}

/// Quantizes as Rockpool's `channel_quantize`: one scale for each neuron. `input_neurons` is the number of hidden
/// neurons for which Rockpool's mapper has input weights: all of them on chips without a limit.
///
/// # Errors
/// Returns [`RockpoolError::Index`] if the threshold of neuron `input_neurons` exceeds 16 bits on its scale.
pub fn channel_quantize(
    float: &FloatSpecification,
    input_neurons: usize,
) -> Result<RockpoolArrays, RockpoolError> {
    let d = float.dimensions;
    let mut result = RockpoolArrays {
        weights_in: vec![0; float.weights_in.len()],
        weights_rec: vec![0; float.weights_rec.len()],
        weights_out: vec![0; float.weights_out.len()],
        bias: integers(&float.bias),
        bias_out: integers(&float.bias_out),
        ..dashes(float)
    };
    for neuron in 0..d.hidden {
        // Only the first ids have columns in `weights_in`.
        let inputs = if neuron < d.input_expansion {
            column(neuron, d.input_expansion, d.synapses, float.weights_in.len())
        } else {
            Vec::new()
        };
        let recurrent = column(neuron, d.hidden, d.synapses, float.weights_rec.len());
        let weights = inputs.iter().map(|&i| float.weights_in[i]);
        let channel = Channel::new(
            largest(weights.chain(recurrent.iter().map(|&i| float.weights_rec[i]))),
            float.threshold[neuron],
        );
        // Fault: that branch tests `hidden_id <= Nien`, and then indexes beyond the input weights.
        if channel.limited && neuron == input_neurons {
            return Err(RockpoolError::Index(neuron));
        }
        inputs.iter().for_each(|&i| result.weights_in[i] = channel.weight(float.weights_in[i]));
        recurrent.iter().for_each(|&i| result.weights_rec[i] = channel.weight(float.weights_rec[i]));
        // Fault: with one synapse, the bias is rounded without being scaled.
        if d.synapses > 1
            && let Some(first) = channel.first
        {
            result.bias[neuron] = integer(float.bias[neuron] * first);
        }
        result.threshold.push(channel.threshold);
        result.scale.push(channel.scale);
    }
    for neuron in 0..d.outputs {
        let weights = column(neuron, d.outputs, 1, float.weights_out.len());
        let channel =
            Channel::new(largest(weights.iter().map(|&i| float.weights_out[i])), float.threshold_out[neuron]);
        weights.iter().for_each(|&i| result.weights_out[i] = channel.weight(float.weights_out[i]));
        if let Some(first) = channel.first {
            result.bias_out[neuron] = integer(float.bias_out[neuron] * first);
        }
        result.threshold_out.push(channel.threshold);
        result.scale_out.push(channel.scale);
    }
    Ok(result)
}

/// Returns the indices of a target's weights in a matrix `[sources, width, synapses]` of `len` weights.
fn column(target: usize, width: usize, synapses: usize, len: usize) -> Vec<usize> {
    let rows = (0..len).step_by((width * synapses).max(1));
    rows.flat_map(|row| (0..synapses).map(move |s| row + target * synapses + s)).collect()
}

/// The scale of one neuron and its threshold on it.
struct Channel {
    /// Scale by the weights alone; `None` without weights. Fault: the bias keeps it even if the threshold lowers the
    /// scale.
    first: Option<f64>,
    /// Scale of the weights.
    scale: f64,
    /// Whether the threshold lowered the scale.
    limited: bool,
    threshold: i64,
}

impl Channel {
    fn new(largest: f64, threshold: f64) -> Self {
        if largest == 0.0 {
            return Self { first: None, scale: 1.0, limited: false, threshold: integer(threshold) };
        }
        // The bias is not part of the maximum, so a large bias can exceed 16 bits.
        let first = WEIGHT / largest;
        let rounded = (threshold * first).round_ties_even();
        if rounded.abs() > THRESHOLD {
            // Fault: the scale of a negative threshold is negative, which flips the signs of the weights.
            let scale = THRESHOLD / threshold;
            let threshold = integer(threshold * scale);
            return Self { first: Some(first), scale, limited: true, threshold };
        }
        Self { first: Some(first), scale: first, limited: false, threshold: to_int(rounded) }
    }

    /// Quantizes a weight; 0 if there is no scale.
    fn weight(&self, w: f64) -> i64 {
        if self.first.is_some() { integer(w * self.scale) } else { 0 }
    }
}

/// Losses of Rockpool's `config_from_specification`, which builds the configuration of a chip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Losses {
    /// Number of weights that wrapped around at 8 bits.
    pub(super) wrapped: usize,
    /// Number of nonzero hidden biases: the function takes `bias_hidden`, but the quantizers return `bias`.
    pub(super) biases: usize,
}

impl RockpoolArrays {
    /// Returns the specification that Rockpool's configuration and simulator use.
    ///
    /// # Errors
    /// Returns [`RockpoolError::Range`] if a threshold or a bias exceeds 16 bits.
    pub(super) fn specification(
        &self,
        float: &FloatSpecification,
    ) -> Result<(Specification, Losses), RockpoolError> {
        let mut losses = Losses::default();
        let mut weights = |values: &[i64]| -> Vec<i8> {
            losses.wrapped += values.iter().filter(|&&w| i8::try_from(w).is_err()).count();
            // Wraps, as the cast of `config_from_specification` does.
            values.iter().map(|&w| w as i8).collect()
        };
        let (weights_in, weights_rec, weights_out) =
            (weights(&self.weights_in), weights(&self.weights_rec), weights(&self.weights_out));
        losses.biases = self.bias.iter().filter(|&&bias| bias != 0).count();
        let specification = Specification {
            dimensions: float.dimensions,
            weights_in,
            weights_rec,
            weights_out,
            dash_mem: fit("dash_mem", &self.dash_mem)?,
            dash_syn: fit("dash_syn", &self.dash_syn)?,
            dash_syn_2: fit("dash_syn_2", &self.dash_syn_2)?,
            dash_mem_out: fit("dash_mem_out", &self.dash_mem_out)?,
            dash_syn_out: fit("dash_syn_out", &self.dash_syn_out)?,
            threshold: fit("threshold", &self.threshold)?,
            threshold_out: fit("threshold_out", &self.threshold_out)?,
            // Lost: see `Losses::biases`.
            bias: vec![0; self.bias.len()],
            bias_out: fit("bias_out", &self.bias_out)?,
            alias_target: float.alias_target.clone(),
            ..Specification::default()
        };
        Ok((specification, losses))
    }
}

fn fit<T: TryFrom<i64>>(array: &'static str, values: &[i64]) -> Result<Vec<T>, RockpoolError> {
    let each = values.iter().enumerate();
    each.map(|(neuron, &value)| T::try_from(value).map_err(|_| RockpoolError::Range { array, neuron, value }))
        .collect()
}
