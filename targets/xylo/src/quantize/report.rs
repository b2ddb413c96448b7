//! What quantisation did to a network.

use serde::Serialize;
use synnet_dsl::{Diagnostic, Span};

use super::Method;
use super::scales::shift_factor;
use crate::codes;
use crate::map::FloatSpecification;
use crate::specification::Specification;

/// What quantisation did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuantizeReport {
    /// How it was done.
    pub method: Method,
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

/// The reports of all layers.
pub(super) fn layer_reports(
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
