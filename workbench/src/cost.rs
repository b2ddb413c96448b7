//! The cost of a network on a chip: cycles, power and energy, of an inference or without pause.

use serde_json::{Value, json};
use synnet_ir::Raster;
use synnet_ir::display::{format_milliseconds, format_range, format_thousands};
use synnet_xylo::cost::{Activity, CostSummary, NeuronGroup, PowerRange, cost};
use synnet_xylo::simulate::SimulationTrace;
use synnet_xylo::{Build, chip::Chip, specification::Specification};

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

/// The cost of a network that runs on a chip without pause, as on continuous sound.
#[derive(Clone, Debug)]
pub struct ContinuousCost {
    /// Name of the chip.
    chip: String,
    /// Cycles per step, on average and in the worst case; `None` if there is no model of the chip's cycles.
    cycles: Option<[f64; 2]>,
    /// Power of the digital part; `None` if it is not known at the clock that the network needs.
    power: Option<PowerRange>,
}

impl ContinuousCost {
    /// Estimates the cost with this mean activity; `None` for no steps.
    pub fn new(build: &Build, chip: &Chip, activity: Option<&Activity>) -> Self {
        let cycles = activity.and_then(|mean| mean_and_worst(&build.specification, chip, mean));
        let power = CostSummary::from_build(build, chip).and_then(|summary| summary.power());
        Self { chip: chip.name.clone(), cycles, power }
    }

    /// Returns the minimum and maximum power of the digital part, in uW; `None` if it is not known.
    pub fn microwatts(&self) -> Option<[f64; 2]> {
        self.power.map(|range| [range.low_uw, range.high_uw])
    }

    /// Returns the minimum and maximum energy of the digital part, in joules per hour; `None` if it is not known.
    pub fn joules_per_hour(&self) -> Option<[f64; 2]> {
        self.power.map(|range| range.energy_uj(3600.0).map(|uj| 1e-6 * uj))
    }

    /// Summarizes the cost in sentences.
    pub fn summary(&self) -> String {
        let cycles = self
            .cycles
            .map(cycles_summary)
            .unwrap_or_else(|| "cost: unknown, because there is no model of the chip's cycles".to_owned());
        let power = match (self.power, self.joules_per_hour()) {
            (Some(range), Some([low, high])) => format!(
                "; about {}, i.e. {} per hour: the digital part alone, estimated from measurements of boards at {} MHz. \
                 What the rest of the chip and the microphone take is not known",
                format_range(range.low_uw, range.high_uw, "uW"),
                format_range(low, high, "J"),
                range.mhz
            ),
            _ => "; the power of this chip at the clock that the network needs is not known".to_owned(),
        };
        format!("{}, {cycles}{power}", self.chip)
    }

    /// Returns the cost as JSON. Unknown parts are `null`.
    pub fn to_json(&self) -> Value {
        json!({
            "mean_cycles_per_step": self.cycles.map(|[mean, _]| mean),
            "worst_cycles_per_step": self.cycles.map(|[_, worst]| worst),
            "mhz": self.power.map(|range| range.mhz),
            "digital_uw": self.microwatts(),
            "digital_joules_per_hour": self.joules_per_hour(),
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
