//! Constants of neurons: leaks have bit shifts, and the most spikes of a step are fixed.

use synnet_ir::display::{format_time_rounded, format_whole_percent};
use synnet_ir::graph::{Layer, LayerParameter, Leak, Quantity};
use synnet_ir::{Diagnostic, Diagnostics, Graph, Severity, timing};

use super::layer_findings::{LayerFinding, merge_findings, span_or};
use crate::chip::{BitShiftRange, Chip};
use crate::codes;
use crate::layout::Layout;

/// Relative difference of time constants from which on a warning is given.
const TAU_TOLERANCE: f64 = 0.1;

pub(super) fn check(graph: &Graph, chip: &Chip, layout: &Layout) -> Diagnostics {
    let mut leaks = Leaks { dt: graph.dt, chip, impossible: Vec::new(), moved: Vec::new() };
    let mut caps = Vec::new();
    for (id, layer) in graph.layers_with_ids() {
        let Some(lif) = layer.as_lif() else { continue };
        leaks.check(layer, LayerParameter::MemLeak, chip.dash.membrane);
        leaks.check(layer, LayerParameter::SynLeak, chip.dash.synapse);
        let (kind, cap) = match id == layout.readout {
            true => ("readout", chip.events.readout),
            false => ("hidden", chip.events.hidden),
        };
        // A readout whose membrane is the output is not meant to spike.
        let is_silent = id == layout.readout && graph.output.quantity != Quantity::Spikes;
        if lif.max_spikes != cap && !is_silent {
            caps.push(LayerFinding {
                span: layer.span,
                parameter: "max_spikes",
                layer: layer.name.clone(),
                predicate: format!("is {}; for {kind} neurons of {} it is {cap}", lif.max_spikes, chip.title),
                weight: f64::from(lif.max_spikes.abs_diff(cap)),
            });
        }
    }
    let help = format!(
        "declare `max_spikes: {}` for hidden layers and `max_spikes: {}` for the output layer, and train with it",
        chip.events.hidden, chip.events.readout
    );
    let message = format!("`max_spikes` differs from that of {}", chip.title);
    let caps = merge_findings(Severity::Warning, &codes::SPIKE_CAP, &message, help, &caps);
    leaks.diagnostics().into_iter().chain(caps).collect()
}

/// What is the matter with leaks.
struct Leaks<'a> {
    dt: f64,
    chip: &'a Chip,
    /// Bit shifts that the chip does not have.
    impossible: Vec<LayerFinding>,
    /// Time constants that are not those of a bit shift.
    moved: Vec<LayerFinding>,
}

impl Leaks<'_> {
    /// Judges a leak of a layer that has it.
    fn check(&mut self, layer: &Layer, which: LayerParameter, range: BitShiftRange) {
        let (Some(leak), Some([.., bit_shift])) = (which.leak(layer), which.leak_names()) else { return };
        let dt = self.dt;
        let shared = |predicate, weight| LayerFinding {
            span: span_or(leak.parameter.span, layer.span),
            parameter: which.name(layer),
            layer: layer.name.clone(),
            predicate,
            weight,
        };
        let elements = if leak.parameter.is_uniform() { 1 } else { which.elements(layer) };
        let dash = |i: usize| chip_dash(leak, i, dt);
        // A comparison that NaN fails as well.
        let fits = |i: usize| dash(i) >= range.min.into() && dash(i) <= range.max.into();
        let mut outside = (0..elements).filter(|&i| !fits(i));
        if let Some(first) = outside.next() {
            let count = 1 + outside.count();
            let (given, BitShiftRange { min, max }) = (dash(first), range);
            let mut predicate =
                format!("needs a bit shift of {given}; {} has {min} to {max}", self.chip.title);
            if elements > 1 {
                predicate.push_str(&format!(" ({count} of {elements} values)"));
            }
            self.impossible.push(shared(predicate, (given - f64::from(min)).abs()));
            return;
        }
        let error = |i: usize| {
            let (asked, given) = (leak.tau(i, dt), chip_tau(dash(i), dt));
            if asked.is_finite() && asked > 0.0 { (given / asked - 1.0).abs() } else { 0.0 }
        };
        let worst = (0..elements).max_by(|&a, &b| error(a).total_cmp(&error(b)));
        if let Some(i) = worst.filter(|&i| error(i) > TAU_TOLERANCE) {
            let predicate = format!(
                "asks for {}; the bit shift `{}: {}` is {} ({} off)",
                format_time_rounded(leak.tau(i, dt)),
                bit_shift,
                dash(i),
                format_time_rounded(chip_tau(dash(i), dt)),
                format_whole_percent(error(i))
            );
            self.moved.push(shared(predicate, error(i)));
        }
    }

    fn diagnostics(self) -> impl IntoIterator<Item = Diagnostic> {
        let (title, dt) = (&self.chip.title, format_time_rounded(self.dt));
        let tau = |dash: u8| format_time_rounded(chip_tau(f64::from(dash), self.dt));
        let (synapse, membrane) = (self.chip.dash.synapse, self.chip.dash.membrane);
        let from = |range: BitShiftRange| match range.min {
            0 => String::new(),
            min => format!("from {} ", tau(min)),
        };
        let help = format!(
            "at a `dt` of {dt}, choose `tau_syn` {}to {}, `tau_mem` {}up to {}",
            from(synapse),
            tau(synapse.max),
            from(membrane),
            tau(membrane.max)
        );
        let message =
            format!("{} parameters need bit shifts that {title} does not have", self.impossible.len());
        let impossible =
            merge_findings(Severity::Error, &codes::DASH_RANGE, &message, help, &self.impossible);
        let worst = self.moved.iter().map(|moved| moved.weight).fold(0.0, f64::max);
        let message =
            format!("time constants differ from those of {title} by up to {}", format_whole_percent(worst));
        let help = "declare time constants that bit shifts have, which `quantized(...)` gives, or bit shifts"
            .to_owned();
        let moved = merge_findings(Severity::Warning, &codes::TAU_MISMATCH, &message, help, &self.moved);
        [impossible, moved].into_iter().flatten().collect::<Vec<_>>()
    }
}

/// The bit shift that a chip uses for element `i` of a leak: the nearest whole one, halves to the even one.
fn chip_dash(leak: &Leak, i: usize, dt: f64) -> f64 {
    leak.dash(i, dt).round_ties_even()
}

fn chip_tau(dash: f64, dt: f64) -> f64 {
    timing::decay_to_tau(timing::bit_shift_to_decay(dash), dt)
}
