//! The quantizers of Rockpool 3.1 (`rockpool.transform.quantize_methods`), faults included, for comparison only.
//!
//! [`channel_quantize`] and [`global_quantize`] give the integers that Rockpool's functions of these names give, bit for
//! bit. What goes wrong in them (`docs/quantization.md` has the list) is marked below by "fault".

use crate::float_specification::FloatSpecification;
use crate::specification::Specification;

/// Largest weight and largest threshold at the default widths of 8 and 16 bits.
const WEIGHT: f64 = 127.0;
const THRESHOLD: f64 = 32767.0;

/// What Rockpool's functions return: 64-bit integers, shapes as in [`FloatSpecification`].
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
    /// Chip state per float state of each hidden neuron, which Rockpool does not return.
    pub scale: Vec<f64>,
    /// The same of each readout neuron.
    pub scale_out: Vec<f64>,
}

/// Why Rockpool has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RockpoolError {
    /// An `IndexError` of `channel_quantize`: the branch for thresholds that exceed 32767 tests `hidden_id <= Nien` where it
    /// should test `<`.
    #[error(
        "`channel_quantize` of Rockpool 3.1 raises an IndexError: the threshold of hidden neuron {0}, the first one \
         without input weights, exceeds 32767 on its scale"
    )]
    Index(usize),
    /// A `TypeError` of its simulator, which takes thresholds and biases of 16 bits.
    #[error(
        "Rockpool 3.1 quantizes `{array}` of neuron {neuron} to {value}, which its simulator refuses with a TypeError"
    )]
    Range {
        /// The array.
        array: &'static str,
        /// The neuron.
        neuron: usize,
        /// The value that does not fit.
        value: i64,
    },
}

/// `numpy.round(x).astype(int)`.
fn integer(x: f64) -> i64 {
    to_int(x.round_ties_even())
}

/// `astype(int)`: what is no 64-bit number becomes the least one.
fn to_int(x: f64) -> i64 {
    if x >= i64::MIN as f64 && x < -(i64::MIN as f64) { x as i64 } else { i64::MIN }
}

/// `numpy.max(numpy.abs(x))`, and 0 without any; one that is not a number wins.
fn largest(xs: impl Iterator<Item = f64>) -> f64 {
    xs.map(f64::abs).fold(0.0, |most: f64, x| if x > most || x.is_nan() { x } else { most })
}

fn integers(xs: &[f64]) -> Vec<i64> {
    xs.iter().map(|&x| integer(x)).collect()
}

/// What both functions do to bit shifts.
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

/// `global_quantize`, without `fuzzy_scaling`.
pub fn global_quantize(float: &FloatSpecification) -> RockpoolArrays {
    let (w_in, w_rec, w_out) = (&float.weights_in, &float.weights_rec, &float.weights_out);
    let scale = |largest: f64| if largest == 0.0 { 1.0 } else { WEIGHT / largest };
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
        // Fault: the scale of the hidden neurons.
        bias_out: scaled(&float.bias_out, scaling),
        ..dashes(float)
    };
    let (mut state_scale, mut state_scale_out) = (scaling, scaling_out);
    // Fault: integers are scaled and rounded again; biases are not scaled at all.
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

/// The factor that brings thresholds back into 16 bits. Fault: large negative ones are not seen.
fn limit(thresholds: &[i64]) -> Option<f64> {
    let largest = thresholds.iter().copied().max()?;
    (largest.wrapping_abs() > THRESHOLD as i64).then(|| THRESHOLD / largest as f64)
}

/// `channel_quantize`. `input_neurons` is the number of hidden neurons for which Rockpool's mapper has input weights: all
/// of them on chips without a limit.
///
/// # Errors
/// [`RockpoolError::Index`].
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

/// Indices of a target's weights in a matrix of `len` weights, `width` targets wide.
fn column(target: usize, width: usize, synapses: usize, len: usize) -> Vec<usize> {
    let rows = (0..len).step_by((width * synapses).max(1));
    rows.flat_map(|row| (0..synapses).map(move |s| row + target * synapses + s)).collect()
}

/// The scale of one neuron.
struct Channel {
    /// By its weights, which the bias keeps (fault) where the threshold asks for less; none without weights.
    first: Option<f64>,
    /// That of the weights.
    scale: f64,
    /// Whether the threshold asked for less.
    limited: bool,
    threshold: i64,
}

impl Channel {
    fn new(largest: f64, threshold: f64) -> Self {
        if largest == 0.0 {
            return Self { first: None, scale: 1.0, limited: false, threshold: integer(threshold) };
        }
        let first = WEIGHT / largest;
        let rounded = (threshold * first).round_ties_even();
        if rounded.abs() > THRESHOLD {
            // Fault: with a negative threshold this is negative, too.
            let scale = THRESHOLD / threshold;
            let threshold = integer(threshold * scale);
            return Self { first: Some(first), scale, limited: true, threshold };
        }
        Self { first: Some(first), scale: first, limited: false, threshold: to_int(rounded) }
    }

    /// A weight; all are 0 where there is no scale.
    fn weight(&self, w: f64) -> i64 {
        if self.first.is_some() { integer(w * self.scale) } else { 0 }
    }
}

/// What Rockpool's `config_from_specification` loses on the way to the chip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Losses {
    /// Weights that wrapped around in the conversion to 8 bits.
    pub(super) wrapped: usize,
    /// Hidden biases that are not zero: it takes them under another name than the quantizers give them, and sees none.
    pub(super) biases: usize,
}

impl RockpoolArrays {
    /// The specification as Rockpool's configuration and simulator have it.
    ///
    /// # Errors
    /// [`RockpoolError::Range`].
    pub(super) fn specification(
        &self,
        float: &FloatSpecification,
    ) -> Result<(Specification, Losses), RockpoolError> {
        let mut losses = Losses::default();
        let mut weights = |values: &[i64]| -> Vec<i8> {
            losses.wrapped += values.iter().filter(|&&w| i8::try_from(w).is_err()).count();
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
