//! The report: errors and losses of quantization, layer by layer, and the warnings about them.

use std::fmt;
use std::ops::Range;

use serde::Serialize;
use synnet_ir::display::{format_table, format_whole_percent, pluralize};
use synnet_ir::{Diagnostic, Diagnostics, Span};

use super::options::Method;
use super::rounding::shift_factor;
use super::scales::Scales;
use crate::codes;
use crate::float_specification::{FloatSpecification, MappedLayer};
use crate::specification::Specification;

/// Relative error of a threshold above which a warning is given.
const COARSE: f64 = 0.1;

/// Scales, shifts and errors of a quantization.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuantizeReport {
    /// The method that was used.
    pub method: Method,
    /// Scale of each hidden neuron, by id: chip state per float state.
    pub scale: Vec<f64>,
    /// Scale of each readout neuron.
    pub scale_out: Vec<f64>,
    /// Left shift of the weights from the input, 0 to 7.
    pub weight_shift_in: u8,
    /// Left shift of the weights between hidden neurons, 0 to 7.
    pub weight_shift_rec: u8,
    /// Left shift of the weights to the readout, 0 to 7.
    pub weight_shift_out: u8,
    /// The layers: hidden ones in the order of ids, then the readout.
    pub layers: Vec<LayerReport>,
    /// Whether the readout's thresholds mean "never" and were set to the maximum.
    pub silent_readout: bool,
    /// Number of weights that wrapped around at 8 bits; nonzero only with methods of Rockpool.
    pub wrapped: usize,
    /// Number of nonzero hidden biases that were lost; nonzero only with methods of Rockpool.
    pub lost_biases: usize,
}

/// Scale and losses of a layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerReport {
    /// Name in the network.
    pub name: String,
    /// Minimum and maximum scale of the layer's neurons: chip state per float state.
    pub scale: [f64; 2],
    /// Root mean square of the weights' errors, relative to that of the weights.
    pub weight_error: f64,
    /// Number of nonzero weights that became 0.
    pub vanished: usize,
    /// Number of weights that were clipped: they exceed the range by more than rounding.
    pub saturated: usize,
    /// Number of neurons whose measured ranges limit the scale so far that their weights use at most a quarter of their
    /// range: they lose two bits or more.
    pub cut_by_ranges: usize,
    /// Maximum relative error of a threshold; 0 if the thresholds mean "never".
    pub threshold_error: f64,
    /// Whether the layer stays silent: all its weights became 0, and no bias is positive.
    pub dead: bool,
    /// Span of the layer's declaration.
    #[serde(skip)]
    pub span: Span,
}

impl QuantizeReport {
    /// Returns a table with the scale and the losses of each layer; the first row is the head.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let fine = |share: f64| format!("{:.2} %", 100.0 * share);
        let head = ["layer", "scale", "weight error", "became 0", "clipped", "threshold error"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(self.layers.iter().map(|layer| {
            let [low, high] = layer.scale.map(|scale| format!("{scale:.1}"));
            vec![
                layer.name.clone(),
                if low == high { low } else { format!("{low} to {high}") },
                fine(layer.weight_error),
                layer.vanished.to_string(),
                layer.saturated.to_string(),
                fine(layer.threshold_error),
            ]
        }));
        rows
    }

    /// Returns the shifts of the three groups of weights as text.
    pub fn weight_shifts(&self) -> String {
        let Self { weight_shift_in, weight_shift_rec, weight_shift_out, .. } = self;
        format!("input {weight_shift_in}, hidden {weight_shift_rec}, readout {weight_shift_out}")
    }

    /// Returns a warning for each layer that became silent or whose thresholds became coarse, and for methods that are
    /// for comparison only.
    pub fn warnings(&self) -> Diagnostics {
        // The report does not know whether the target is a chip or integer code, so the messages name neither.
        let mut warnings = Diagnostics::new();
        if let Some(function) = self.method.rockpool() {
            let mut message =
                format!("quantized as Rockpool's `{function}` does, faults included: for comparison only");
            if self.lost_biases > 0 {
                message += &format!("; {} hidden biases are lost", self.lost_biases);
            }
            if self.wrapped > 0 {
                message += &format!("; {} weights wrapped around", self.wrapped);
            }
            // It concerns the method, not a line of the network.
            warnings.push(Diagnostic {
                span: None,
                ..Diagnostic::warning(&codes::COMPARISON_ONLY, Span::default(), message)
            });
        }
        for layer in &self.layers {
            if layer.dead {
                let name = &layer.name;
                let message =
                    format!("all weights into `{name}` are zero after quantization: the layer stays silent");
                warnings.push(
                    Diagnostic::warning(&codes::SILENT_LAYER, layer.span, message)
                        .with_help("lower its threshold, or train with larger weights"),
                );
            }
            if layer.cut_by_ranges > 0 && !layer.dead {
                let message = format!(
                    "the states of `{}` become so large on the calibration input that the weights of {} keep at most a \
                     quarter of their range",
                    layer.name,
                    pluralize(layer.cut_by_ranges, "neuron")
                );
                warnings.push(
                    Diagnostic::warning(&codes::CUT_BY_RANGES, layer.span, message)
                        .with_help("check whether the layer diverges, or calibrate with typical input"),
                );
            }
            if layer.threshold_error > COARSE && !layer.dead {
                let message = format!(
                    "a threshold of `{}` is {} off after quantization: it is small compared with the weights",
                    layer.name,
                    format_whole_percent(layer.threshold_error)
                );
                warnings.push(
                    Diagnostic::warning(&codes::COARSE_THRESHOLD, layer.span, message).with_help(
                        "train with smaller weights, clip outliers, or calibrate for weight shifts",
                    ),
                );
            }
        }
        warnings
    }
}

/// Writes the method, the weight shifts, and the table of [`rows`](QuantizeReport::rows).
impl fmt::Display for QuantizeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (method, shifts) = (self.method.name(), self.weight_shifts());
        write!(f, "quantized by `{method}`; weight shifts: {shifts}\n{}", format_table(&self.rows()))
    }
}

/// A weight before and after quantization.
struct Pair {
    /// Id of the target neuron.
    neuron: usize,
    float: f64,
    /// The quantized weight, in units of the float network.
    chip: f64,
    /// The weight in units of the chip, before rounding and clipping.
    exact: f64,
}

fn pairs(
    weights: &[f64],
    quantized: &[i8],
    neuron: impl Fn(usize) -> usize,
    scale: &[f64],
    shift: u8,
) -> Vec<Pair> {
    let factor = shift_factor(shift);
    let each = weights.iter().zip(quantized).enumerate();
    each.map(|(i, (&float, &q))| {
        let neuron = neuron(i);
        let scale = scale[neuron];
        Pair { neuron, float, chip: f64::from(q) * factor / scale, exact: float * scale / factor }
    })
    .collect()
}

/// Returns the reports of all layers.
pub(super) fn layers(
    float: &FloatSpecification,
    s: &Specification,
    scales: &Scales,
    weight_limit: f64,
) -> Vec<LayerReport> {
    let d = float.dimensions;
    let into = |width: usize| move |i: usize| i / d.synapses % width.max(1);
    let mut hidden =
        pairs(&float.weights_in, &s.weights_in, into(d.input_expansion), &scales.hidden, s.weight_shift_in);
    hidden.extend(pairs(
        &float.weights_rec,
        &s.weights_rec,
        into(d.hidden),
        &scales.hidden,
        s.weight_shift_rec,
    ));
    let readout = pairs(
        &float.weights_out,
        &s.weights_out,
        |i| i % d.outputs.max(1),
        &scales.readout,
        s.weight_shift_out,
    );
    let measured = scales.measured.as_ref();
    let each = float.layers.iter();
    each.map(|layer| {
        let cut = match measured {
            None => 0,
            Some(limits) if layer.readout => {
                cut_by_ranges(layer, &readout, weight_limit, &scales.readout, &limits.readout)
            }
            Some(limits) => cut_by_ranges(layer, &hidden, weight_limit, &scales.hidden, &limits.hidden),
        };
        let report = if layer.readout {
            // The error of a threshold that stands for "never" has no meaning.
            let never = scales.silent_readout;
            let thresholds =
                relative_error(&float.threshold_out, &s.threshold_out, &scales.readout, layer.ids.clone());
            let threshold_error = if never { 0.0 } else { thresholds };
            report(layer, &readout, weight_limit, &scales.readout, &s.bias_out, threshold_error)
        } else {
            let thresholds =
                relative_error(&float.threshold, &s.threshold, &scales.hidden, layer.ids.clone());
            report(layer, &hidden, weight_limit, &scales.hidden, &s.bias, thresholds)
        };
        LayerReport { cut_by_ranges: cut, ..report }
    })
    .collect()
}

/// Returns the number of neurons of a layer whose scale is that of `limits`, the maximum by measured ranges, and whose
/// weights into all synapses use at most a quarter of their range on this scale.
fn cut_by_ranges(layer: &MappedLayer, all: &[Pair], limit: f64, scale: &[f64], limits: &[f64]) -> usize {
    let mut largest = vec![0.0_f64; layer.ids.len()];
    for pair in all.iter().filter(|pair| layer.ids.contains(&pair.neuron)) {
        let largest = &mut largest[pair.neuron - layer.ids.start];
        *largest = largest.max(pair.exact.abs());
    }
    // Refinement lowers a scale by at most a tenth.
    let is_cut = |(id, largest): (usize, &f64)| {
        scale[id] >= 0.85 * limits[id] && *largest > 0.0 && *largest <= limit / 4.0
    };
    layer.ids.clone().zip(&largest).filter(|&(id, largest)| is_cut((id, largest))).count()
}

fn report(
    layer: &MappedLayer,
    all: &[Pair],
    limit: f64,
    scale: &[f64],
    bias: &[i16],
    threshold_error: f64,
) -> LayerReport {
    let (mut error, mut power, mut vanished, mut saturated, mut alive) = (0.0, 0.0, 0, 0, false);
    for pair in all.iter().filter(|pair| layer.ids.contains(&pair.neuron)) {
        error += (pair.float - pair.chip) * (pair.float - pair.chip);
        power += pair.float * pair.float;
        vanished += usize::from(pair.float != 0.0 && pair.chip == 0.0);
        // Rounding moves a weight by up to half a unit, so only what lies beyond that was clipped.
        saturated += usize::from(pair.exact.abs() > limit + 0.5);
        alive |= pair.chip != 0.0;
    }
    let scales = &scale[layer.ids.clone()];
    LayerReport {
        name: layer.name.clone(),
        scale: [
            scales.iter().copied().fold(f64::INFINITY, f64::min),
            scales.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        ],
        weight_error: if power > 0.0 { (error / power).sqrt() } else { 0.0 },
        vanished,
        saturated,
        cut_by_ranges: 0,
        threshold_error,
        dead: !alive && bias[layer.ids.clone()].iter().all(|&b| b <= 0),
        span: layer.span,
    }
}

/// Returns the maximum relative error of the thresholds of these neurons.
fn relative_error(float: &[f64], chip: &[i16], scale: &[f64], ids: Range<usize>) -> f64 {
    let error = |n: usize| (f64::from(chip[n]) / scale[n] / float[n] - 1.0).abs();
    // A float threshold of 0 or infinity has no relative error.
    ids.map(error).filter(|error| error.is_finite()).fold(0.0, f64::max)
}
