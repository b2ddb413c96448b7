//! What quantization did to a network, in sentences for text and pages.

use synnet_xylo::Build;

/// Method, weight shifts and latency in a few sentences.
pub fn quantization_lead(build: &Build) -> String {
    format!(
        "Method: {}. Weight shifts: {}. The chip's output is {} steps behind the float network's.",
        build.report.method.name(),
        build.report.weight_shifts(),
        build.float.latency()
    )
}
