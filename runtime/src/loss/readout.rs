//! Readouts: the reduction of an output sequence to one value per output, and its gradient.

use serde::{Deserialize, Serialize};
use synnet_ir::graph::Quantity;
use synnet_ir::{Diagnostic, Graph};

use crate::codes;
use crate::kernels::rows::add;

/// The reduction of a whole output sequence to one value per output, from which a classifier decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readout {
    /// Mean of the membrane potential over time.
    MeanVmem,
    /// Maximum of the membrane potential over time.
    MaxVmem,
    /// Membrane in the last step.
    LastVmem,
    /// Number of spikes over all steps.
    SpikeCount,
}

impl Readout {
    /// Returns the readout's name in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::MeanVmem => "mean_vmem",
            Self::MaxVmem => "max_vmem",
            Self::LastVmem => "last_vmem",
            Self::SpikeCount => "spike_count",
        }
    }

    /// Returns whether the readout is defined for a network whose output is `quantity`. The current of a
    /// leaky integrator counts as a membrane potential.
    pub fn fits(self, quantity: Quantity) -> bool {
        let counts_spikes = match self {
            Self::SpikeCount => true,
            Self::MeanVmem | Self::MaxVmem | Self::LastVmem => false,
        };
        match quantity {
            Quantity::Spikes => counts_spikes,
            Quantity::Vmem | Quantity::Isyn => !counts_spikes,
        }
    }

    /// Computes the readout of one sequence, `[time, outputs]`: one value per output; 0 if there are no
    /// steps.
    pub fn statistic(self, output: &[f32], outputs: usize) -> Vec<f32> {
        let mut statistic = Statistic::default();
        statistic.read(self, output, outputs);
        statistic.values
    }
}

/// The readout of a sequence and the gradient on it, in buffers that are reused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statistic {
    /// The readout, one value per output.
    pub(crate) values: Vec<f32>,
    /// First step of the maximum of each output; only for [`Readout::MaxVmem`].
    steps: Vec<u32>,
    /// Gradient on each of the `values`. Write it before [`spread`](Self::spread).
    pub(crate) gradients: Vec<f32>,
}

impl Statistic {
    /// Computes the readout of a sequence, `[time, outputs]`.
    pub(crate) fn read(&mut self, readout: Readout, output: &[f32], outputs: usize) {
        for buffer in [&mut self.values, &mut self.gradients] {
            buffer.clear();
            buffer.resize(outputs, 0.0);
        }
        self.steps.clear();
        self.steps.resize(outputs, 0);
        let rows = output.chunks_exact(outputs.max(1));
        let time = rows.len();
        match readout {
            Readout::MeanVmem | Readout::SpikeCount => rows.for_each(|row| add(&mut self.values, row)),
            Readout::LastVmem => rows.last().into_iter().for_each(|row| self.values.copy_from_slice(row)),
            Readout::MaxVmem => self.find_maxima(output, outputs),
        }
        if readout == Readout::MeanVmem && time > 0 {
            self.values.iter_mut().for_each(|s| *s /= time as f32);
        }
    }

    /// Finds the maximum of each output, and the first step in which it occurs.
    fn find_maxima(&mut self, output: &[f32], outputs: usize) {
        // NaN counts as the maximum: a diverging membrane potential must show in the loss, and not be skipped
        // by `>`.
        for (t, row) in output.chunks_exact(outputs.max(1)).enumerate() {
            for ((s, step), &x) in self.values.iter_mut().zip(&mut self.steps).zip(row) {
                let greater = t == 0 || x > *s || (x.is_nan() && !s.is_nan());
                *s = if greater { x } else { *s };
                *step = if greater { t as u32 } else { *step };
            }
        }
    }

    /// Overwrites `gradient` with the gradient on the sequence, from the gradients on the readout. Steps that
    /// the readout does not depend on get 0.
    pub(crate) fn spread(&mut self, readout: Readout, gradient: &mut [f32]) {
        let outputs = self.gradients.len().max(1);
        let time = gradient.len() / outputs;
        match readout {
            Readout::MeanVmem | Readout::SpikeCount => {
                if readout == Readout::MeanVmem {
                    self.gradients.iter_mut().for_each(|slope| *slope /= time as f32);
                }
                gradient.chunks_exact_mut(outputs).for_each(|row| row.copy_from_slice(&self.gradients));
            }
            Readout::LastVmem => {
                gradient.fill(0.0);
                gradient.chunks_exact_mut(outputs).last().into_iter().for_each(|row| {
                    row.copy_from_slice(&self.gradients);
                });
            }
            Readout::MaxVmem => {
                gradient.fill(0.0);
                let places = self.steps.iter().enumerate().map(|(o, &step)| step as usize * outputs + o);
                for (place, &slope) in places.zip(&self.gradients) {
                    if let Some(g) = gradient.get_mut(place) {
                        *g = slope;
                    }
                }
            }
        }
    }

    /// Returns the first step of the maximum of output `o`. Only valid after [`read`](Self::read) with
    /// [`Readout::MaxVmem`].
    pub(crate) fn step(&self, o: usize) -> usize {
        self.steps[o] as usize
    }

    /// Returns the index of the output with the maximum readout; the first of them on a tie.
    pub(crate) fn prediction(&self) -> usize {
        argmax(&self.values)
    }
}

/// Returns the index of the maximum; the first of them on a tie. NaN is never the maximum, unless it comes
/// first.
pub(crate) fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (i, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = i;
        }
    }
    best
}

/// Returns an error if a readout is not defined for the output of a graph.
pub(crate) fn check_readout(readout: Readout, graph: &Graph) -> Option<Diagnostic> {
    let quantity = graph.output.quantity;
    if readout.fits(quantity) {
        return None;
    }
    let layer = &graph.layer(graph.output.layer).name;
    let (required, found, help) = match quantity {
        Quantity::Spikes => {
            ("membranes", "spikes", format!("use `spike_count`, or write `output {layer}.vmem`"))
        }
        Quantity::Vmem => {
            ("spikes", "membranes", format!("use `mean_vmem`, or write `output {layer}.spikes`"))
        }
        Quantity::Isyn => ("spikes", "currents", "use `mean_vmem`".to_owned()),
    };
    let message = format!(
        "readout `{}` requires {required}, but network `{}` outputs {found}",
        readout.name(),
        graph.name
    );
    Some(Diagnostic::error(&codes::READOUT, graph.output.span, message).with_help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: [f32; 12] = [0.1, -0.4, 0.3, 0.9, 0.2, -0.7, 0.5, 1.5, 0.0, 0.4, -1.0, 2.0];

    #[test]
    fn readouts_match_their_definitions() {
        let of = |readout: Readout| readout.statistic(&OUTPUT, 3);
        assert_eq!(of(Readout::MaxVmem), [0.9, 1.5, 2.0]);
        assert_eq!(of(Readout::LastVmem), [0.4, -1.0, 2.0]);
        assert_eq!(of(Readout::SpikeCount)[0], 0.1 + 0.9 + 0.5 + 0.4);
        assert_eq!(of(Readout::MeanVmem)[0], (0.1 + 0.9 + 0.5 + 0.4) / 4.0);
        assert_eq!(Readout::MaxVmem.statistic(&[], 2), [0.0, 0.0]);
    }

    #[test]
    fn argmax_takes_the_first_maximum() {
        assert_eq!(argmax(&Readout::MaxVmem.statistic(&OUTPUT, 3)), 2);
        assert_eq!(argmax(&[1.0, 2.0, 2.0, 0.0]), 1);
        assert_eq!(argmax(&[0.0, f32::NAN]), 0);
    }

    #[test]
    fn every_readout_propagates_nan() {
        for readout in [Readout::MeanVmem, Readout::MaxVmem, Readout::LastVmem, Readout::SpikeCount] {
            let statistic = readout.statistic(&[1.0, 1.0, 2.0, f32::NAN, 0.5, f32::NAN], 2);
            assert!(statistic[0].is_finite() && statistic[1].is_nan(), "{readout:?}: {statistic:?}");
        }
        let after = Readout::MaxVmem.statistic(&[1.0, f32::NAN, 2.0], 1);
        assert!(after[0].is_nan());
    }

    #[test]
    fn first_maximum_gets_the_gradient() {
        let mut statistic = Statistic::default();
        statistic.read(Readout::MaxVmem, &[0.0, 1.0, 2.0, 1.0, 2.0, 0.0], 2);
        statistic.gradients.copy_from_slice(&[5.0, 7.0]);
        let mut gradient = [9.0; 6];
        statistic.spread(Readout::MaxVmem, &mut gradient);
        assert_eq!(gradient, [0.0, 7.0, 5.0, 0.0, 0.0, 0.0]);
    }
}
