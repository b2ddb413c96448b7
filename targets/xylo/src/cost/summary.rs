//! The summary of a network's cost on a chip, as text and as JSON: cycles, clock, power, and possible savings.

use serde_json::{Value, json};
use synnet_ir::display::{
    format_milliseconds, format_range, format_significant, format_table, format_thousands,
    format_whole_percent, indent,
};

use super::model::{Activity, CLOCK_MARGIN, ClockChoice, Cost, NeuronGroup, PowerRange, clock, cost, power};
use crate::build_output::Build;
use crate::chip::{Chip, Power};
use crate::specification::Specification;

/// The worst-case cost of a network: everything spikes in every step. The clock is chosen for this case.
#[derive(Clone, Debug, PartialEq)]
pub struct CostSummary {
    chip: Chip,
    cost: Cost,
    /// Duration of a step in seconds, and the clock for it; `None` if the duration is unknown.
    timing: Option<(f64, ClockChoice)>,
}

impl CostSummary {
    /// Computes the cost of a build, layer by layer. Returns `None` for chips without a cycle model.
    pub fn from_build(build: &Build, chip: &Chip) -> Option<Self> {
        let groups: Vec<NeuronGroup> = build.float.layers.iter().map(NeuronGroup::from).collect();
        Self::new(&build.specification, chip, &groups, Some(build.float.dt))
    }

    /// Computes the cost of a specification with steps of `dt` seconds, if known. Returns `None` for chips without a
    /// cycle model.
    pub fn from_specification(specification: &Specification, chip: &Chip, dt: Option<f64>) -> Option<Self> {
        Self::new(specification, chip, &NeuronGroup::populations(specification), dt)
    }

    fn new(
        specification: &Specification,
        chip: &Chip,
        groups: &[NeuronGroup],
        dt: Option<f64>,
    ) -> Option<Self> {
        let cost = cost(specification, chip, groups, &Activity::worst_case(specification))?;
        let timing = dt.map(|dt| (dt, clock(chip, cost.cycles, dt)));
        Some(Self { chip: chip.clone(), cost, timing })
    }

    /// Returns the measured power at the documented clock that is fast enough; `None` without such a clock or
    /// measurement.
    pub fn power(&self) -> Option<PowerRange> {
        let (_, choice) = self.timing?;
        power(&self.chip, choice.documented_mhz?)
    }

    /// Returns the power at exactly the suggested clock, which boards may not have.
    fn power_lower_bound(&self) -> Option<PowerRange> {
        let (_, choice) = self.timing?;
        power(&self.chip, choice.suggested_mhz)
    }

    /// Returns the cost in one line.
    pub fn summary_line(&self) -> String {
        let mut text = format!("cost: at most {} cycles per step", format_thousands(self.cost.cycles));
        if let Some((_, choice)) = self.timing {
            text += &format!("; clock of at least {} MHz", format_significant(choice.suggested_mhz));
            text += &match choice.documented_mhz {
                Some(mhz) => format!(" (next documented: {mhz} MHz)"),
                None => " (above all documented clocks)".into(),
            };
        }
        if let Some(range) = self.power() {
            text += &format!(
                "; power of {} measured at {} MHz",
                format_range(range.low_uw, range.high_uw, "uW"),
                range.mhz
            );
        }
        text
    }

    /// Returns the cost in full: a table of cycles by layer, clock, power and savings.
    pub fn detailed_report(&self) -> String {
        let mut text = format!("cost on {} if everything spikes in every step\n", self.chip.title);
        text += &indent(&self.format_breakdown());
        text.push('\n');
        text += &match &self.timing {
            Some((dt, choice)) => self.format_clock(*dt, choice),
            None => "clock: 1.2 times the cycles over the duration of a step, which the file does not hold (`--dt`)\n".into(),
        };
        text += &self.format_power();
        text + &self.format_savings()
    }

    fn format_breakdown(&self) -> String {
        let head = [
            "cycles per step",
            "neurons",
            "input",
            "spikes",
            "to readout",
            "update",
            "sum",
            "share",
            "savings per neuron",
        ];
        let share = |cycles: f64| format_whole_percent(cycles / self.cost.cycles.max(1.0));
        let mut rows = vec![head.map(String::from).to_vec()];
        let blank = || "-".to_owned();
        let channels = self.cost.channels;
        rows.push(
            [
                "channels".into(),
                blank(),
                format_thousands(channels),
                blank(),
                blank(),
                blank(),
                format_thousands(channels),
                share(channels),
                blank(),
            ]
            .to_vec(),
        );
        for layer in &self.cost.layers {
            let cycles = [layer.input, layer.spikes, layer.to_readout, layer.update, layer.cycles()]
                .map(format_thousands);
            let mut row = vec![layer.name.clone(), layer.neurons.to_string()];
            row.extend(cycles);
            row.extend([share(layer.cycles()), format_thousands(layer.saved_by_one_less)]);
            rows.push(row);
        }
        let mut sum = vec![String::from("sum")];
        sum.extend((0..5).map(|_| String::new()));
        sum.extend([format_thousands(self.cost.cycles), String::new(), String::new()]);
        rows.push(sum);
        format_table(&rows)
    }

    fn format_clock(&self, dt: f64, choice: &ClockChoice) -> String {
        let margin = format_whole_percent(CLOCK_MARGIN);
        let needed = format_significant(choice.suggested_mhz);
        let mut text = format!(
            "clock: at least {needed} MHz for a time step of {} ({margin} margin); ",
            format_milliseconds(dt)
        );
        text += &match (choice.documented_mhz, &self.chip.clock) {
            (Some(mhz), _) => format!("next documented clock: {mhz} MHz\n"),
            (None, Some(clock)) => {
                let fastest = clock.documented_mhz.last().copied().unwrap_or(clock.default_mhz);
                format!("the fastest documented clock, {fastest} MHz, may be too slow for real time\n")
            }
            (None, None) => "no clock of this chip is documented\n".into(),
        };
        text
    }

    fn format_power(&self) -> String {
        let Some(known) = &self.chip.power else {
            return "power: no measurement of this chip is known\n".into();
        };
        let mut text = String::new();
        if let (Some(range), Some((dt, _))) = (self.power(), self.timing) {
            let [low, high] = range.energy_uj(1.0);
            let [step_low, step_high] = range.energy_uj(dt);
            text += &format!(
                "power: {} (digital part, measured at {} MHz), i.e. {} per second, {} per step\n",
                format_range(range.low_uw, range.high_uw, "uW"),
                range.mhz,
                format_range(low, high, "uJ"),
                format_range(step_low, step_high, "uJ"),
            );
            if let Some(range) = self.power_lower_bound() {
                text += &format!(
                    "  scaled from these measurements: {} at {} MHz, if the clock can be set to it\n",
                    format_range(range.low_uw, range.high_uw, "uW"),
                    format_significant(range.mhz),
                );
            }
        } else {
            text += "power: not measured at this clock; what was measured:\n";
            for measured in &known.measured {
                text += &format!("  {} uW at {} MHz: {}\n", measured.uw, measured.mhz, measured.situation);
            }
        }
        text + &format!("  source: {}; other boards may differ\n", known.basis)
    }

    /// Returns a line with changes that would make the network cheaper.
    fn format_savings(&self) -> String {
        let layers = || self.cost.layers.iter();
        let Some(costliest) = layers().max_by(|a, b| a.saved_by_one_less.total_cmp(&b.saved_by_one_less))
        else {
            return String::new();
        };
        let mut text = format!(
            "cheaper: a neuron less in `{}` saves {} cycles, a weight of zero between hidden neurons 7",
            costliest.name,
            format_thousands(costliest.saved_by_one_less),
        );
        if let Some((fewer, mhz)) = self.slower_clock() {
            text += &format!("; {} cycles less would do with {mhz} MHz", format_thousands(fewer));
        }
        if self.timing.is_some() {
            text += "; steps twice as long need half the clock";
        }
        text + "\n"
    }

    /// Returns the number of cycles to save for the next slower documented clock, and that clock in MHz.
    fn slower_clock(&self) -> Option<(f64, f64)> {
        let (dt, choice) = self.timing?;
        let documented = &self.chip.clock.as_ref()?.documented_mhz;
        let slower = documented.iter().rev().find(|&&mhz| mhz < choice.suggested_mhz)?;
        let affordable = slower * 1e6 * dt / (1.0 + CLOCK_MARGIN);
        Some(((self.cost.cycles - affordable).ceil(), *slower))
    }

    /// Returns the cost as JSON. Cycles are per step, clocks in MHz, power in uW, energy in uJ.
    pub fn to_json(&self) -> Value {
        let power = |range: PowerRange| {
            let per_step = self.timing.map(|(dt, _)| range.energy_uj(dt));
            json!({ "mhz": range.mhz, "uw": [range.low_uw, range.high_uw], "uj_per_step": per_step })
        };
        json!({
            "chip": self.chip.name,
            "activity": "worst_case",
            "cycles_per_step": self.cost.cycles,
            "channels": self.cost.channels,
            "layers": self.cost.layers,
            "second_synapse_operations": self.cost.second_synapse_operations,
            "dt": self.timing.map(|(dt, _)| dt),
            "clock": self.timing.map(|(_, choice)| choice),
            "power": self.power().map(power),
            "power_at_suggested_clock": self.power_lower_bound().map(power),
            "power_basis": self.chip.power.as_ref().map(|Power { basis, .. }| basis),
        })
    }
}
