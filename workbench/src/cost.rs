//! What a recording costs on its chip: cycles and energy.

use serde_json::{Value, json};
use synnet_ir::Raster;
use synnet_ir::display::{format_milliseconds, format_range, format_thousands};
use synnet_xylo::cost::{Activity, CostSummary, NeuronGroup, PowerRange, cost};
use synnet_xylo::simulate::SimulationTrace;
use synnet_xylo::{Chip, Specification};

use crate::experiment::ChipResult;

/// What a recording of the test set costs on its chip.
pub struct InferenceCost {
    /// Cycles per step on average, and at most.
    cycles: [f64; 2],
    /// Duration in seconds.
    duration: f64,
    power: Option<PowerRange>,
}

impl InferenceCost {
    /// The cost of a recording of so many steps, with the activity of the test set; `None` for chips without a model.
    pub fn of(on: &ChipResult, steps: usize) -> Option<Self> {
        let cycles = mean_and_worst(&on.build.specification, &on.chip, on.result.activity.as_ref()?)?;
        let power = CostSummary::from_build(&on.build, &on.chip)?.power();
        Some(Self { cycles, duration: steps as f64 * on.build.float.dt, power })
    }

    /// In a line.
    pub fn summary(&self) -> String {
        let energy = self.power.map(|range| {
            let [low, high] = range.energy_uj(self.duration);
            format!(
                "; {} for a recording of {}, by what boards took at {} MHz (no promise)",
                format_range(low, high, "uJ"),
                format_milliseconds(self.duration),
                range.mhz
            )
        });
        cycles_summary(self.cycles) + &energy.unwrap_or_default()
    }

    /// For machines.
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

/// Cycles of a step on average over recordings of every state, and those of the worst case; `None` where the chip has
/// no model.
pub fn measured_cycles(
    specification: &Specification,
    chip: &Chip,
    rasters: &[Raster],
    recordings: &[SimulationTrace],
) -> Option<[f64; 2]> {
    mean_and_worst(specification, chip, &Activity::measured(rasters, recordings)?)
}

/// Cycles of a step with this activity, and in the worst case.
fn mean_and_worst(specification: &Specification, chip: &Chip, mean: &Activity) -> Option<[f64; 2]> {
    let sections = NeuronGroup::populations(specification);
    let of = |activity: &Activity| cost(specification, chip, &sections, activity).map(|cost| cost.cycles);
    Some([of(mean)?, of(&Activity::worst_case(specification))?])
}

/// In words what [`measured_cycles`] found.
pub fn cycles_summary([mean, worst]: [f64; 2]) -> String {
    format!(
        "cost: {} cycles per step on average, {} at most",
        format_thousands(mean),
        format_thousands(worst)
    )
}
