//! The summary of a quantization.

use synnet_ir::display::pluralize;
use synnet_xylo::Build;

/// Summarizes method, weight shifts and latency in a few sentences.
pub fn quantization_lead(build: &Build) -> String {
    format!(
        "Method: {}. Weight shifts: {}. The chip's output lags the float network's by {}.",
        build.report.method.name(),
        build.report.weight_shifts(),
        pluralize(build.float.latency(), "step")
    )
}
