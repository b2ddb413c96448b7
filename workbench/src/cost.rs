//! The cost of an inference on a chip: cycles and energy.

use serde_json::{Value, json};
use synnet_ir::Raster;
use synnet_ir::display::{format_milliseconds, format_range, format_thousands};
use synnet_xylo::cost::{Activity, CostSummary, NeuronGroup, PowerRange, cost};
use synnet_xylo::simulate::SimulationTrace;
use synnet_xylo::{chip::Chip, specification::Specification};

use crate::experiment::ChipResult;

/// The cost of one sample of the test set on a chip.
pub struct InferenceCost {
    /// Cycles per step, on average and in the worst case.
    cycles: [f64; 2],
    /// Duration of the sample in seconds.
    duration: f64,
    power: Option<PowerRange>,
}

impl InferenceCost {
    /// Estimates the cost of a sample of `steps` time steps with the mean activity of the test set. Returns `None` if
    /// there is no model of the chip's cycles.
    pub fn new(on: &ChipResult, steps: usize) -> Option<Self> {
        let cycles = mean_and_worst(&on.build.specification, &on.chip, on.result.activity.as_ref()?)?;
        let power = CostSummary::from_build(&on.build, &on.chip)?.power();
        Some(Self { cycles, duration: steps as f64 * on.build.float.dt, power })
    }

    /// Summarizes the cost in a line.
    pub fn summary(&self) -> String {
        let energy = self.power.map(|range| {
            let [low, high] = range.energy_uj(self.duration);
            format!(
                "; about {} for a sample of {}, estimated from measurements of boards at {} MHz",
                format_range(low, high, "uJ"),
                format_milliseconds(self.duration),
                range.mhz
            )
        });
        cycles_summary(self.cycles) + &energy.unwrap_or_default()
    }

    /// Returns the cost as JSON.
    pub fn to_json(&self) -> Value {
        let [mean, worst] = self.cycles;
        json!({
            "mean_cycles_per_step": mean,
            "worst_cycles_per_step": worst,
            "seconds_per_recording": self.duration,
            "mhz": self.power.map(|range| range.mhz),
            "uj_per_recording": self.power.map(|range| range.energy_uj(self.duration)),
        })
    }
}

/// Returns the cycles per step, on average over traces and in the worst case, or `None` if there is no model of the
/// chip's cycles.
pub fn measured_cycles(
    specification: &Specification,
    chip: &Chip,
    rasters: &[Raster],
    traces: &[SimulationTrace],
) -> Option<[f64; 2]> {
    mean_and_worst(specification, chip, &Activity::measured(rasters, traces)?)
}

/// Returns the cycles per step with the activity `mean`, and in the worst case.
fn mean_and_worst(specification: &Specification, chip: &Chip, mean: &Activity) -> Option<[f64; 2]> {
    let groups = NeuronGroup::populations(specification);
    let cycles = |activity: &Activity| cost(specification, chip, &groups, activity).map(|cost| cost.cycles);
    Some([cycles(mean)?, cycles(&Activity::worst_case(specification))?])
}

/// Summarizes the result of [`measured_cycles`] in a line.
pub fn cycles_summary([mean, worst]: [f64; 2]) -> String {
    format!(
        "cost: {} cycles per step on average, {} at most",
        format_thousands(mean),
        format_thousands(worst)
    )
}
