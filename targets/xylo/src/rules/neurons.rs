//! Rules of neurons' constants: leaks need bit shifts, and the maximum number of spikes per step is fixed.

use synnet_ir::display::{format_time_rounded, format_whole_percent};
use synnet_ir::graph::{Layer, LayerParameter, Leak, Quantity};
use synnet_ir::{Diagnostic, Diagnostics, Graph, Severity, timing};

use super::layer_findings::{LayerFinding, merge_findings, span_or};
use crate::chip::{BitShiftRange, Chip};
use crate::codes;
use crate::layout::Layout;

/// Relative difference of time constants above which a warning is given.
const TAU_TOLERANCE: f64 = 0.1;

pub(super) fn check(graph: &Graph, chip: &Chip, layout: &Layout) -> Diagnostics {
    let mut leaks = Leaks { dt: graph.dt, chip, unsupported: Vec::new(), changed: Vec::new() };
    let mut caps = Vec::new();
    for (id, layer) in graph.layers_with_ids() {
        let Some(lif) = layer.as_lif() else { continue };
        leaks.check(layer, LayerParameter::MemLeak, chip.dash.membrane);
        leaks.check(layer, LayerParameter::SynLeak, chip.dash.synapse);
        let (kind, cap) = match id == layout.readout {
            true => ("readout", chip.events.readout),
            false => ("hidden", chip.events.hidden),
        };
        // A readout whose membrane or current is the output is not meant to spike.
        let is_silent = id == layout.readout && graph.output.quantity != Quantity::Spikes;
        if lif.max_spikes != cap && !is_silent {
            caps.push(LayerFinding {
                span: layer.span,
                parameter: "max_spikes",
                layer: layer.name.clone(),
                predicate: format!("is {}; for {kind} neurons of {} it is {cap}", lif.max_spikes, chip.title),
                severity_rank: f64::from(lif.max_spikes.abs_diff(cap)),
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

/// The findings about leaks.
struct Leaks<'a> {
    dt: f64,
    chip: &'a Chip,
    /// Leaks whose bit shift the chip does not have: errors.
    unsupported: Vec<LayerFinding>,
    /// Leaks whose time constant changes by more than [`TAU_TOLERANCE`]: warnings.
    changed: Vec<LayerFinding>,
}

impl Leaks<'_> {
    /// Checks one leak of a layer, if the layer has it.
    fn check(&mut self, layer: &Layer, which: LayerParameter, range: BitShiftRange) {
        let (Some(leak), Some([.., bit_shift])) = (which.leak(layer), which.leak_names()) else { return };
        let dt = self.dt;
        let shared = |predicate, severity_rank| LayerFinding {
            span: span_or(leak.parameter.span, layer.span),
            parameter: which.name(layer),
            layer: layer.name.clone(),
            predicate,
            severity_rank,
        };
        let elements = if leak.parameter.is_uniform() { 1 } else { which.elements(layer) };
        let dash = |i: usize| chip_dash(leak, i, dt);
        // Written so that NaN, for which every comparison is false, does not fit.
        let fits = |i: usize| dash(i) >= range.min.into() && dash(i) <= range.max.into();
        let mut outside = (0..elements).filter(|&i| !fits(i));
        if let Some(first) = outside.next() {
            let count = 1 + outside.count();
            let (given, BitShiftRange { min, max }) = (dash(first), range);
            let mut predicate =
                format!("needs a bit shift of {given}; {} supports {min} to {max}", self.chip.title);
            if elements > 1 {
                predicate.push_str(&format!(" ({count} of {elements} values)"));
            }
            self.unsupported.push(shared(predicate, (given - f64::from(min)).abs()));
            return;
        }
        let error = |i: usize| {
            let (declared, actual) = (leak.tau(i, dt), chip_tau(dash(i), dt));
            // A decay of 0 or 1 has no time constant to compare.
            if declared.is_finite() && declared > 0.0 { (actual / declared - 1.0).abs() } else { 0.0 }
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
            self.changed.push(shared(predicate, error(i)));
        }
    }

    fn diagnostics(self) -> impl IntoIterator<Item = Diagnostic> {
        let (title, dt) = (&self.chip.title, format_time_rounded(self.dt));
        let tau = |dash: u8| format_time_rounded(chip_tau(f64::from(dash), self.dt));
        let (synapse, membrane) = (self.chip.dash.synapse, self.chip.dash.membrane);
        // A bit shift of 0 has no time constant, so the range then has no lower end.
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
            format!("{} parameters need bit shifts that {title} does not support", self.unsupported.len());
        let unsupported =
            merge_findings(Severity::Error, &codes::DASH_RANGE, &message, help, &self.unsupported);
        let worst = self.changed.iter().map(|changed| changed.severity_rank).fold(0.0, f64::max);
        let message =
            format!("time constants differ from those of {title} by up to {}", format_whole_percent(worst));
        let help =
            "declare bit shifts, or time constants of bit shifts, which `quantized(...)` computes".to_owned();
        let changed = merge_findings(Severity::Warning, &codes::TAU_MISMATCH, &message, help, &self.changed);
        [unsupported, changed].into_iter().flatten().collect::<Vec<_>>()
    }
}

/// Returns the bit shift that a chip uses for element `i` of a leak: the nearest integer, with halves to even.
fn chip_dash(leak: &Leak, i: usize, dt: f64) -> f64 {
    leak.dash(i, dt).round_ties_even()
}

fn chip_tau(dash: f64, dt: f64) -> f64 {
    timing::decay_to_tau(timing::bit_shift_to_decay(dash), dt)
}
