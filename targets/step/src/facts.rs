//! What a target says about the code that it has generated.

use serde_json::json;
use synnet_ir::Fact;
use synnet_xylo::quantize::QuantizeReport;

use crate::footprint::Footprint;

/// Returns the report of a quantization, if there was one, and the memory estimate.
pub fn facts(quantization: Option<&QuantizeReport>, memory: Footprint) -> Vec<Fact> {
    let quantization =
        quantization.map(|report| Fact::new("quantization", report.to_string().trim_end(), json!(report)));
    let Footprint { flash, ram } = memory;
    let text =
        format!("flash: {flash} bytes of weights and tables, and the code; RAM: {ram} bytes of states");
    let memory = Fact::new("memory", text, json!({ "flash": flash, "ram": ram }));
    quantization.into_iter().chain([memory]).collect()
}
