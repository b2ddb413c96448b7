//! `Delay`: each line some seconds later. A connection here has one delay, in whole time steps.

use super::Fields;
use crate::codes;
use crate::model::{Array, Node};
use crate::report::Report;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Delay {
    /// Seconds: one value for all lines, or one for each.
    pub(crate) seconds: Vec<f64>,
}

/// Maximum delay in steps, as in the language.
const MAX_STEPS: f64 = 1e6;

pub(super) fn read(fields: &mut Fields<'_>) -> Option<Delay> {
    let seconds = fields.per_neuron("delay", |x| x >= 0.0, "write delays of at least 0 seconds")?;
    Some(Delay { seconds })
}

impl Delay {
    /// Returns the delay in steps of `dt` seconds.
    pub(crate) fn steps(&self, name: &str, dt: f64, report: &mut Report) -> Option<u32> {
        let first = self.seconds.first().copied().unwrap_or(0.0);
        if let Some(other) = self.seconds.iter().find(|&&seconds| seconds != first) {
            let message = format!("field `delay` of node `{name}` (Delay) holds {first} and {other}");
            report.error(
                &codes::NODE_FIELD,
                message,
                "write the same delay for all lines, or one node for each delay",
            );
            return None;
        }
        let steps = first / dt;
        // Files hold delays in 32 bits.
        if (steps - steps.round()).abs() > 1e-4 * steps.max(1.0) || steps > MAX_STEPS {
            let message = format!(
                "field `delay` of node `{name}` (Delay) is {first} s, which is {steps} steps of {dt} s"
            );
            report.error(
                &codes::NODE_FIELD,
                message,
                "write a whole number of steps, or choose another step with `--dt`",
            );
            return None;
        }
        Some(steps.round() as u32)
    }

    pub(crate) fn to_node(&self) -> Node {
        Node::new("Delay").with("delay", Array::vector(self.seconds.iter().copied()))
    }
}
