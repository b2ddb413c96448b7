//! What quantization did to a network: one table for text and pages.

use synnet_xylo::{Build, QuantizeReport};

use crate::text::table;

/// Method, weight shifts and latency in a few sentences.
pub fn quantization_lead(build: &Build) -> String {
    format!(
        "Method: {}. Weight shifts: {}. The chip's output is {} steps behind the float network's.",
        build.report.method.name(),
        weight_shifts(&build.report),
        build.float.latency()
    )
}

/// Scale and losses of each layer, the first row being the head. Weights that became 0 or were clipped are counted.
pub fn quantization_rows(report: &QuantizeReport) -> Vec<Vec<String>> {
    let fine = |share: f64| format!("{:.2} %", 100.0 * share);
    let head = ["layer", "scale", "weight error", "became 0", "clipped", "threshold error"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(report.layers.iter().map(|layer| {
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

/// What quantization did, layer by layer, as text.
pub fn quantization(report: &QuantizeReport) -> String {
    format!(
        "quantised by `{}`; weight shifts: {}\n{}",
        report.method.name(),
        weight_shifts(report),
        table(&quantization_rows(report))
    )
}

fn weight_shifts(report: &QuantizeReport) -> String {
    let QuantizeReport { weight_shift_in, weight_shift_rec, weight_shift_out, .. } = report;
    format!("input {weight_shift_in}, hidden {weight_shift_rec}, readout {weight_shift_out}")
}
