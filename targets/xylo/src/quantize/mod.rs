//! Quantization: from float numbers to the chip's integers, and back.
//!
//! ```text
//! FloatSpecification ──► NetworkStatistics ──► Headroom ──► Scales ──► Specification ──► QuantizeReport
//!                        statistics.rs         headroom.rs  scales.rs  this file         report.rs
//! ```
//!
//! Each neuron has one *scale* `s`: its states on the chip are `s` times those of the float network. Its weights,
//! threshold and bias share it: `weight << shift ≈ s * w`, `threshold ≈ s * threshold`. If the membrane potential or
//! the current of the readout is the network's output, all readout neurons share one scale, so that they can be
//! compared. `docs/quantization.md` derives the choice of scales and shifts, with measurements. In short:
//!
//! * A scale is nearly as large as the weights (`|weight| <= 127`), the threshold and bias (`<= 32767`) and the
//!   headroom of the states allow.
//! * If ranges of the states were measured, the three weight shifts minimize the expected error: a larger shift makes
//!   weights coarser and states finer. Without ranges, shifts only make up for missing bits of the weights.
//!
//! Everything is rounded once, with halves to even, and nothing ever wraps.
//!
//! [`dequantize`] returns the float network that a chip computes. [`FakeQuantizer`] quantizes and dequantizes in one
//! step, for quantization-aware training.

mod dequantize;
mod fake;
mod headroom;
mod options;
mod ranges;
mod refine;
pub(crate) mod report;
pub mod rockpool;
mod rounding;
mod scales;
mod statistics;

use synnet_ir::{Diagnostic, Diagnostics};

use crate::chip::Chip;
use crate::codes;
use crate::float_specification::FloatSpecification;
use crate::specification::Specification;
pub use dequantize::dequantize;
pub use fake::FakeQuantizer;
pub use options::{Method, QuantizeOptions, UnknownMethod};
pub use ranges::{LayerRange, Ranges};
pub use report::{LayerReport, QuantizeReport};
use rounding::{dash, round, shift_factor, threshold};
use scales::Scales;
use statistics::{Group, Limits, NetworkStatistics, NeuronStatistics};

/// Quantizes a mapped network for a chip.
///
/// Values that do not fit are saturated, never wrapped, and NaN counts as 0. Rockpool's methods do as Rockpool does.
///
/// # Errors
/// Returns an error if the method is one of Rockpool's and Rockpool fails. The other methods have a result for all
/// numbers.
pub fn quantize(
    float: &FloatSpecification,
    chip: &Chip,
    options: &QuantizeOptions,
) -> Result<(Specification, QuantizeReport), Diagnostics> {
    let (specification, scales, losses) = if options.method.rockpool().is_some() {
        quantize_with_rockpool(float, chip, options.method).map_err(|error| {
            let name = options.method.name();
            let error =
                Diagnostic::error_without_span(&codes::ROCKPOOL_FAILURE, format!("`{name}`: {error}"));
            vec![error.with_help("use `channel` or `global`")]
        })?
    } else {
        let placed = float.layers.iter().map(|layer| headroom::LayerSlice {
            layer: layer.layer.index(),
            ids: layer.ids.clone(),
            neurons: Some(&layer.neurons),
            readout: layer.readout,
        });
        let scales = Scales::choose(statistics(float, options.needs_weights()), placed, chip, options);
        let specification = integers(float, &scales, &Limits::new(chip, options), chip);
        (specification, scales, rockpool::Losses::default())
    };
    // The report compares the finished integers with the float arrays, so it holds for every method.
    let layers = report::layers(float, &specification, &scales, options.weight_limit(chip));
    let report = QuantizeReport {
        method: options.method,
        weight_shift_in: scales.shift_in,
        weight_shift_rec: scales.shift_rec,
        weight_shift_out: scales.shift_out,
        layers,
        silent_readout: scales.silent_readout,
        wrapped: losses.wrapped,
        lost_biases: losses.biases,
        scale: scales.hidden,
        scale_out: scales.readout,
    };
    Ok((specification, report))
}

/// Quantizes as Rockpool does: its quantizer, then its conversion to a configuration.
fn quantize_with_rockpool(
    float: &FloatSpecification,
    chip: &Chip,
    method: Method,
) -> Result<(Specification, Scales, rockpool::Losses), rockpool::RockpoolError> {
    let arrays = if method == Method::RockpoolGlobal {
        rockpool::global_quantize(float)
    } else {
        let d = float.dimensions;
        // On chips without a limit, Rockpool's mapper has input weights for all hidden neurons (`xylo_mapper.py`).
        let limited = chip.input_expansion < chip.hidden;
        rockpool::channel_quantize(float, if limited { d.input_expansion } else { d.hidden })?
    };
    let (specification, losses) = arrays.specification(float)?;
    // Rockpool's quantizers never use the chip's weight shifts.
    let scales = Scales {
        hidden: arrays.scale,
        readout: arrays.scale_out,
        shift_in: 0,
        shift_rec: 0,
        shift_out: 0,
        silent_readout: false,
        measured: None,
    };
    Ok((specification, scales, losses))
}

/// Rounds all numbers of a network on their scales.
fn integers(float: &FloatSpecification, scales: &Scales, limits: &Limits, chip: &Chip) -> Specification {
    let d = float.dimensions;
    // Matrices are `[sources, targets, synapses]`: the target of element `i` is `i / synapses % targets`. `round`
    // clamps to the limit first, so the casts lose nothing.
    let matrix = |weights: &[f64], width: usize, synapses: usize, scale: &[f64], shift: u8| -> Vec<i8> {
        let factor = shift_factor(shift);
        let quantized = weights
            .iter()
            .enumerate()
            .map(|(i, &w)| round(w * scale[i / synapses % width] / factor, limits.weight) as i8);
        quantized.collect()
    };
    let values = |xs: &[f64], scales: &[f64]| -> Vec<i16> {
        xs.iter().zip(scales).map(|(&x, &scale)| round(x * scale, limits.threshold) as i16).collect()
    };
    let thresholds = |xs: &[f64], scales: &[f64]| -> Vec<i16> {
        xs.iter().zip(scales).map(|(&x, &scale)| threshold(x, scale, limits) as i16).collect()
    };
    let dashes = |dashes: &[f64]| dashes.iter().map(|&x| dash(x) as u8).collect();
    Specification {
        dimensions: d,
        weights_in: matrix(
            &float.weights_in,
            d.input_expansion.max(1),
            d.synapses,
            &scales.hidden,
            scales.shift_in,
        ),
        weights_rec: matrix(
            &float.weights_rec,
            d.hidden.max(1),
            d.synapses,
            &scales.hidden,
            scales.shift_rec,
        ),
        weights_out: matrix(&float.weights_out, d.outputs.max(1), 1, &scales.readout, scales.shift_out),
        weight_shift_in: scales.shift_in,
        weight_shift_rec: scales.shift_rec,
        weight_shift_out: scales.shift_out,
        dash_mem: dashes(&float.dash_mem),
        dash_syn: dashes(&float.dash_syn),
        dash_syn_2: dashes(&float.dash_syn_2),
        dash_mem_out: dashes(&float.dash_mem_out),
        dash_syn_out: dashes(&float.dash_syn_out),
        threshold: thresholds(&float.threshold, &scales.hidden),
        // "Never" is the largest threshold, whatever the scale: scaling it would scale the weights down with it.
        threshold_out: if scales.silent_readout {
            vec![chip.threshold; d.outputs]
        } else {
            thresholds(&float.threshold_out, &scales.readout)
        },
        bias: values(&float.bias, &scales.hidden),
        bias_out: values(&float.bias_out, &scales.readout),
        alias_target: float.alias_target.clone(),
    }
}

/// Collects the statistics that decide the scales. With `keep`, every weight is kept, not only the maxima.
fn statistics(float: &FloatSpecification, keep: bool) -> NetworkStatistics {
    let d = float.dimensions;
    let mut hidden: Vec<NeuronStatistics> = (0..d.hidden)
        .map(|n| {
            let (first, second) = (float.dash_syn[n], float.dash_syn_2[n]);
            // On a chip with two synapses, a layer with one has 0 as its second bit shift, which does not count.
            let fastest = if d.synapses > 1 && second > 0.0 { first.min(second) } else { first };
            NeuronStatistics::new(float.threshold[n], float.bias[n], fastest)
        })
        .collect();
    for (i, &w) in float.weights_in.iter().enumerate() {
        hidden[i / d.synapses % d.input_expansion].observe_weight(Group::Input, w, keep);
    }
    for (i, &w) in float.weights_rec.iter().enumerate() {
        hidden[i / d.synapses % d.hidden].observe_weight(Group::Hidden, w, keep);
    }
    let mut readout: Vec<NeuronStatistics> = (0..d.outputs)
        .map(|n| NeuronStatistics::new(float.threshold_out[n], float.bias_out[n], float.dash_syn_out[n]))
        .collect();
    for (i, &w) in float.weights_out.iter().enumerate() {
        readout[i % d.outputs].observe_weight(Group::Hidden, w, keep);
    }
    NetworkStatistics { hidden, readout, output: float.output }
}
