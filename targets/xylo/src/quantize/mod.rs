//! From float numbers to the chip's integers.
//!
//! Each neuron has one *scale* `s`: its states on the chip are `s` times those of the float network. Its weights,
//! threshold and bias share it: `weight << shift ≈ s * w`, `threshold ≈ s * threshold`. Where the membrane or the
//! current of the readout is the network's output, all readout neurons share one scale, so that they can be compared.
//! `docs/quantisation.md` derives the choice of scales and shifts and shows what it gains; in short:
//!
//! * a scale is nearly as large as the weights (`|weight| <= 127`), the threshold and bias (`<= 32767`) and the headroom of
//!   the states allow;
//! * where ranges of the states were measured, the three weight shifts are those with the least expected error: coarser
//!   weights against finer states. Without ranges there are no shifts.
//!
//! Everything is rounded once, halves to the even number, and nothing ever wraps.

mod headroom;
mod refine;
mod shifts;

use serde::{Deserialize, Serialize};
use synnet_dsl::graph::Quantity;
use synnet_dsl::{Diagnostic, Span};

use crate::chip::Chip;
use crate::codes;
use crate::map::FloatSpecification;
use crate::specification::{MAX_DASH, Specification};
pub use headroom::{LayerRange, Ranges};
use shifts::Neuron;

/// How to quantise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuantizeOptions {
    /// Whether weight shifts are used where `ranges` are given. Without them, states have the resolution of the
    /// weights.
    pub weight_shifts: bool,
    /// How much larger than the measured range of the states the chip's 16 bits are kept, 1 or more.
    pub headroom: f64,
    /// Ranges of the states, measured in the float network on typical input. How far states reach cannot be told
    /// from the weights alone; so without ranges there are no shifts.
    #[serde(skip)]
    pub ranges: Option<Ranges>,
}

impl Default for QuantizeOptions {
    fn default() -> Self {
        Self { weight_shifts: true, headroom: 2.0, ranges: None }
    }
}

/// What quantisation did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuantizeReport {
    /// Of each hidden neuron: chip state per float state.
    pub scale: Vec<f64>,
    /// Of each readout neuron.
    pub scale_out: Vec<f64>,
    /// Shift of the input weights.
    pub weight_shift_in: u8,
    /// Shift of the weights between hidden neurons.
    pub weight_shift_rec: u8,
    /// Shift of the readout weights.
    pub weight_shift_out: u8,
    /// The layers in the order of the specification.
    pub layers: Vec<LayerReport>,
    /// Whether the readout's thresholds mean "never" and were set to the largest value.
    pub silent_readout: bool,
}

/// What quantisation did to a layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerReport {
    /// Its name.
    pub name: String,
    /// Root mean square of the weights' errors, relative to that of the weights.
    pub weight_error: f64,
    /// Weights that are not zero and became zero.
    pub vanished: usize,
    /// Whether nothing reaches the layer any more.
    pub dead: bool,
    /// Where it was declared.
    #[serde(skip)]
    pub span: Span,
}

impl QuantizeReport {
    /// A warning for each layer that quantisation silenced.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        let dead = self.layers.iter().filter(|layer| layer.dead);
        let warn = |layer: &LayerReport| {
            let message =
                format!("all weights into `{}` are zero on the chip: it will be silent", layer.name);
            Diagnostic::warning(&codes::SILENT_LAYER, layer.span, message)
                .with_help("lower its threshold, or train with larger weights")
        };
        dead.map(warn).collect()
    }
}

/// Quantises a mapped network for a chip.
///
/// Values that do not fit are saturated, never wrapped; numbers that are not finite count as 0.
pub fn quantize(
    float: &FloatSpecification,
    chip: &Chip,
    options: &QuantizeOptions,
) -> (Specification, QuantizeReport) {
    let hidden = hidden_neurons(float);
    let readout = readout_neurons(float);
    let shifts_are_safe = options.weight_shifts && options.ranges.is_some();
    let limits = shifts::Limits {
        weight: chip.weight_limit().into(),
        threshold: chip.threshold.into(),
        shift: if shifts_are_safe { chip.weight_shift } else { 0 },
    };
    let headroom = headroom::limits(float, &hidden, &readout, chip, options);
    let silent_readout =
        float.output != Quantity::Spikes && readout.iter().all(|neuron| neuron.never_spikes(&limits));
    let (shift_in, shift_rec, mut scale) = shifts::choose_hidden(&hidden, &headroom.hidden, &limits);
    for (scale, weights) in scale.iter_mut().zip(hidden_weights(float, shift_in, shift_rec)) {
        *scale = refine::refine(&weights, *scale);
    }
    let shared = float.output != Quantity::Spikes;
    let (shift_out, scale_out) =
        shifts::choose_readout(&readout, &headroom.readout, &limits, shared, silent_readout);

    let d = float.dimensions;
    let weight = |w: f64, scale: f64, shift: u8| round(w * scale / shift_factor(shift), limits.weight) as i8;
    let matrix = |weights: &[f64], width: usize, synapses: usize, scale: &[f64], shift: u8| -> Vec<i8> {
        let quantised =
            weights.iter().enumerate().map(|(i, &w)| weight(w, scale[i / synapses % width], shift));
        quantised.collect()
    };
    let value = |x: &f64, scale: f64| round(x * scale, limits.threshold) as i16;
    let values =
        |xs: &[f64], scales: &[f64]| xs.iter().zip(scales).map(|(x, &s)| value(x, s)).collect::<Vec<i16>>();
    // A threshold of 0 would let a neuron spike without input.
    let thresholds = |xs: &[f64], scales: &[f64]| -> Vec<i16> {
        values(xs, scales).into_iter().map(|threshold| threshold.max(1)).collect()
    };
    let dashes =
        |dashes: &[f64]| dashes.iter().map(|&dash| round(dash, MAX_DASH.into()).max(0.0) as u8).collect();
    let threshold_out = if silent_readout {
        vec![chip.threshold; d.outputs]
    } else {
        thresholds(&float.threshold_out, &scale_out)
    };
    let specification = Specification {
        dimensions: d,
        weights_in: matrix(&float.weights_in, d.input_expansion.max(1), d.synapses, &scale, shift_in),
        weights_rec: matrix(&float.weights_rec, d.hidden.max(1), d.synapses, &scale, shift_rec),
        weights_out: matrix(&float.weights_out, d.outputs.max(1), 1, &scale_out, shift_out),
        weight_shift_in: shift_in,
        weight_shift_rec: shift_rec,
        weight_shift_out: shift_out,
        dash_mem: dashes(&float.dash_mem),
        dash_syn: dashes(&float.dash_syn),
        dash_syn_2: dashes(&float.dash_syn_2),
        dash_mem_out: dashes(&float.dash_mem_out),
        dash_syn_out: dashes(&float.dash_syn_out),
        threshold: thresholds(&float.threshold, &scale),
        threshold_out,
        bias: values(&float.bias, &scale),
        bias_out: values(&float.bias_out, &scale_out),
        alias_target: float.alias_target.clone(),
    };
    let layers = layer_reports(float, &specification, &scale, &scale_out);
    let report = QuantizeReport {
        scale,
        scale_out,
        weight_shift_in: shift_in,
        weight_shift_rec: shift_rec,
        weight_shift_out: shift_out,
        layers,
        silent_readout,
    };
    (specification, report)
}

/// Rounds to the nearest whole number, halves to the even one, and saturates at both ends.
fn round(x: f64, limit: f64) -> f64 {
    if x.is_nan() { 0.0 } else { x.round_ties_even().clamp(-limit, limit) }
}

fn shift_factor(shift: u8) -> f64 {
    f64::from(1u32 << shift)
}

/// The weights of each hidden neuron that are not zero, with the resolution of their group.
fn hidden_weights(float: &FloatSpecification, shift_in: u8, shift_rec: u8) -> Vec<refine::Weights> {
    let d = float.dimensions;
    let mut weights = vec![refine::Weights::new(); d.hidden];
    let groups = [
        (&float.weights_in, d.input_expansion, shift_factor(shift_in)),
        (&float.weights_rec, d.hidden, shift_factor(shift_rec)),
    ];
    for (matrix, width, resolution) in groups {
        for (i, &w) in matrix.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            weights[i / d.synapses % width].push((w, resolution));
        }
    }
    weights
}

fn hidden_neurons(float: &FloatSpecification) -> Vec<Neuron> {
    let d = float.dimensions;
    let mut neurons: Vec<Neuron> = (0..d.hidden)
        .map(|n| {
            let mut dash_syn = vec![float.dash_syn[n]];
            if d.synapses > 1 {
                dash_syn.push(float.dash_syn_2[n]);
            }
            Neuron::new(float.threshold[n], float.bias[n], dash_syn)
        })
        .collect();
    for (i, &w) in float.weights_in.iter().enumerate() {
        neurons[i / d.synapses % d.input_expansion].receives(true, w);
    }
    for (i, &w) in float.weights_rec.iter().enumerate() {
        neurons[i / d.synapses % d.hidden].receives(false, w);
    }
    neurons
}

fn readout_neurons(float: &FloatSpecification) -> Vec<Neuron> {
    let d = float.dimensions;
    let mut neurons: Vec<Neuron> = (0..d.outputs)
        .map(|n| {
            let dash_syn = vec![float.dash_syn_out[n]];
            Neuron::new(float.threshold_out[n], float.bias_out[n], dash_syn)
        })
        .collect();
    for (i, &w) in float.weights_out.iter().enumerate() {
        neurons[i % d.outputs].receives(false, w);
    }
    neurons
}

fn layer_reports(
    float: &FloatSpecification,
    specification: &Specification,
    scale: &[f64],
    scale_out: &[f64],
) -> Vec<LayerReport> {
    let d = float.dimensions;
    // Each weight as (hidden or readout neuron, float value, value on the chip in float units).
    let in_units = |q: i8, shift: u8, scale: f64| f64::from(q) * shift_factor(shift) / scale;
    let into_hidden = |weights: &[f64], quantised: &[i8], width: usize, shift: u8| {
        let pairs = weights.iter().zip(quantised).enumerate();
        pairs
            .map(|(i, (&w, &q))| {
                let neuron = i / d.synapses % width;
                (neuron, w, in_units(q, shift, scale[neuron]))
            })
            .collect::<Vec<_>>()
    };
    let s = specification;
    let mut hidden =
        into_hidden(&float.weights_in, &s.weights_in, d.input_expansion.max(1), s.weight_shift_in);
    hidden.extend(into_hidden(&float.weights_rec, &s.weights_rec, d.hidden.max(1), s.weight_shift_rec));
    let pairs = float.weights_out.iter().zip(&s.weights_out).enumerate();
    let readout: Vec<_> = pairs
        .map(|(i, (&w, &q))| (i % d.outputs, w, in_units(q, s.weight_shift_out, scale_out[i % d.outputs])))
        .collect();
    let mut reports = Vec::new();
    for layer in &float.layers {
        let all = if layer.readout { &readout } else { &hidden };
        let (mut error, mut power, mut vanished, mut alive) = (0.0, 0.0, 0, false);
        for &(_, w, chip) in all.iter().filter(|(neuron, ..)| layer.ids.contains(neuron)) {
            error += (w - chip) * (w - chip);
            power += w * w;
            vanished += usize::from(w != 0.0 && chip == 0.0);
            alive |= chip != 0.0;
        }
        let bias = if layer.readout { &s.bias_out } else { &s.bias };
        reports.push(LayerReport {
            name: layer.name.clone(),
            weight_error: if power > 0.0 { (error / power).sqrt() } else { 0.0 },
            vanished,
            dead: !alive && bias[layer.ids.clone()].iter().all(|&b| b <= 0),
            span: layer.span,
        });
    }
    reports
}
