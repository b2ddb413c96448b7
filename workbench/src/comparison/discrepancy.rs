//! The discrepancy between two engines in a layer: in spikes, in spike counts, in states, and the step of the first
//! divergence.

/// Tolerance for layers that are compared by their states, as a fraction of the maximum absolute state in the sample.
/// Engines whose states differ by more have diverged.
pub(super) const STATE_TOLERANCE: f64 = 0.1;

/// The activity of a layer in a sample, in the units and the time of the float network.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LayerActivity {
    /// Number of neurons.
    pub neurons: usize,
    /// Spike counts, `[steps, neurons]`.
    pub spikes: Vec<f32>,
    /// Membrane potentials, or synaptic currents if they are the network's output, `[steps, neurons]`.
    pub states: Vec<f32>,
}

/// The quantity by which a layer is compared on two engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Metric {
    /// Engines diverge when a neuron's number of spikes in a step differs.
    Spikes,
    /// Engines diverge when a neuron's state differs by more than [`STATE_TOLERANCE`].
    States,
}

/// The overlap of two series of counts: the sums of their minima and of their maxima.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Overlap {
    common: f64,
    either: f64,
}

impl Overlap {
    /// Adds a pair of corresponding counts.
    fn add(&mut self, a: f64, b: f64) {
        self.common += a.min(b);
        self.either += a.max(b);
    }

    fn merge(&mut self, other: Self) {
        self.common += other.common;
        self.either += other.either;
    }

    /// Returns `sum min(a, b) / sum max(a, b)` (Ruzicka's similarity), which equals `1 - sum |a - b| / sum max(a, b)`:
    /// 1 if all counts are equal, 0 if they have nothing in common. Returns `None` if all counts are 0.
    pub(super) fn fraction(self) -> Option<f64> {
        (self.either > 0.0).then(|| self.common / self.either)
    }
}

/// The deviation of a series of numbers from a reference: sums of squares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Deviation {
    error: f64,
    reference: f64,
}

impl Deviation {
    fn add(&mut self, reference: f64, other: f64) {
        self.error += (other - reference).powi(2);
        self.reference += reference.powi(2);
    }

    fn merge(&mut self, other: Self) {
        self.error += other.error;
        self.reference += other.reference;
    }

    /// Returns the root mean square (RMS) of the error, relative to the RMS of the reference, or `None` if the
    /// reference is zero.
    pub(super) fn relative(self) -> Option<f64> {
        self.relative_to(self)
    }

    /// Like [`relative`](Self::relative), but relative to the mean reference of `whole`, which consists of `parts`
    /// equal parts. A step in which the reference is near 0 would otherwise have an arbitrarily large relative error.
    fn relative_to_part_of(self, whole: Self, parts: usize) -> Option<f64> {
        self.relative_to(Self { reference: whole.reference / parts.max(1) as f64, ..whole })
    }

    fn relative_to(self, whole: Self) -> Option<f64> {
        let relative = (self.error / whole.reference).sqrt();
        relative.is_finite().then_some(relative)
    }
}

/// The discrepancy between two engines in one layer, over any number of samples of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Discrepancy {
    /// Spikes and states of each step, over all neurons and samples.
    steps: Vec<(Overlap, Deviation)>,
    /// Spikes per neuron and sample.
    counts: Overlap,
    /// The first step, from 0, in which the engines diverge, for each sample.
    first_divergences: Vec<Option<usize>>,
}

/// When two engines diverge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Divergence {
    /// Number of samples in which they diverge.
    pub samples: usize,
    /// The earliest divergence in any sample, a step from 0.
    pub earliest: Option<usize>,
    /// The step, from 0, by which half of the samples have diverged; `None` if fewer ever do.
    pub median: Option<usize>,
}

impl Discrepancy {
    /// Returns the discrepancy between two engines in one sample; `a` is the reference.
    pub(super) fn between(a: &LayerActivity, b: &LayerActivity, metric: Metric) -> Self {
        let width = a.neurons.max(1);
        let mut totals = vec![(0.0, 0.0); a.neurons];
        let spikes = a.spikes.chunks_exact(width).zip(b.spikes.chunks_exact(width));
        let states = a.states.chunks_exact(width).zip(b.states.chunks_exact(width));
        let mut steps = Vec::with_capacity(a.spikes.len() / width);
        for ((a, b), (va, vb)) in spikes.zip(states) {
            let (mut overlap, mut deviation) = (Overlap::default(), Deviation::default());
            for ((&a, &b), total) in a.iter().zip(b).zip(&mut totals) {
                overlap.add(a.into(), b.into());
                *total = (total.0 + f64::from(a), total.1 + f64::from(b));
            }
            va.iter().zip(vb).for_each(|(&a, &b)| deviation.add(a.into(), b.into()));
            steps.push((overlap, deviation));
        }
        let mut counts = Overlap::default();
        totals.into_iter().for_each(|(a, b)| counts.add(a, b));
        Self { steps, counts, first_divergences: vec![first_divergence(a, b, metric)] }
    }

    /// Appends other samples of the same length.
    pub(super) fn append(&mut self, other: Self) {
        self.steps.resize(self.steps.len().max(other.steps.len()), Default::default());
        for ((overlap, deviation), (more, further)) in self.steps.iter_mut().zip(other.steps) {
            overlap.merge(more);
            deviation.merge(further);
        }
        self.counts.merge(other.counts);
        self.first_divergences.extend(other.first_divergences);
    }

    /// Returns the agreement in the spikes of every neuron and step ([`Overlap::fraction`]). A spike that is one step
    /// late counts twice: once as missing, once as extra.
    pub(super) fn spikes(&self) -> Option<f64> {
        let mut whole = Overlap::default();
        self.steps.iter().for_each(|(overlap, _)| whole.merge(*overlap));
        whole.fraction()
    }

    /// Returns the agreement in the spike counts of every neuron and sample, whatever the times of the spikes.
    pub(super) fn counts(&self) -> Option<f64> {
        self.counts.fraction()
    }

    /// Returns the error of the states ([`Deviation::relative`]).
    pub(super) fn states(&self) -> Option<f64> {
        self.all_states().relative()
    }

    fn all_states(&self) -> Deviation {
        let mut whole = Deviation::default();
        self.steps.iter().for_each(|(_, deviation)| whole.merge(*deviation));
        whole
    }

    /// Returns the agreement in the spikes of each step.
    pub(super) fn spikes_by_step(&self) -> Vec<Option<f64>> {
        self.steps.iter().map(|(overlap, _)| overlap.fraction()).collect()
    }

    /// Returns the error of the states in each step, relative to the mean reference over all steps.
    pub(super) fn states_by_step(&self) -> Vec<Option<f64>> {
        let whole = self.all_states();
        self.steps
            .iter()
            .map(|(_, deviation)| deviation.relative_to_part_of(whole, self.steps.len()))
            .collect()
    }

    /// Returns when the engines diverge.
    pub(super) fn divergence(&self) -> Divergence {
        let mut diverged: Vec<usize> = self.first_divergences.iter().flatten().copied().collect();
        diverged.sort_unstable();
        // The median over all samples: those that never diverge come last, beyond the end of the list.
        let middle = self.first_divergences.len().saturating_sub(1) / 2;
        let (earliest, median) = (diverged.first().copied(), diverged.get(middle).copied());
        Divergence { samples: diverged.len(), earliest, median }
    }

    /// Returns, for each step, the fraction of samples in which the engines have diverged by its end.
    pub(super) fn diverged_by_step(&self) -> Vec<Option<f64>> {
        let mut diverged = vec![0usize; self.steps.len()];
        for &step in self.first_divergences.iter().flatten() {
            if let Some(count) = diverged.get_mut(step) {
                *count += 1;
            }
        }
        let all = self.first_divergences.len().max(1) as f64;
        let sums = diverged.iter().scan(0, |sum, count| {
            *sum += count;
            Some(Some(*sum as f64 / all))
        });
        sums.collect()
    }
}

/// Returns the first step in which two engines diverge.
fn first_divergence(a: &LayerActivity, b: &LayerActivity, metric: Metric) -> Option<usize> {
    let width = a.neurons.max(1);
    let place = match metric {
        Metric::Spikes => a.spikes.iter().zip(&b.spikes).position(|(a, b)| a != b),
        Metric::States => {
            let max = a.states.iter().map(|x| f64::from(x.abs())).fold(0.0, f64::max);
            let tolerance = STATE_TOLERANCE * max;
            let diverges = |(&a, &b): (&f32, &f32)| (f64::from(a) - f64::from(b)).abs() > tolerance;
            a.states.iter().zip(&b.states).position(diverges)
        }
    };
    place.map(|place| place / width)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A layer with the given spikes: a string of digits for each neuron. Its states are a tenth of the counts.
    fn activity(rows: &[&str]) -> LayerActivity {
        let digits: Vec<Vec<f32>> =
            rows.iter().map(|row| row.bytes().map(|b| f32::from(b - b'0')).collect()).collect();
        let steps = digits[0].len();
        let spikes: Vec<f32> = (0..steps).flat_map(|t| digits.iter().map(move |row| row[t])).collect();
        let states = spikes.iter().map(|n| 0.1 * n).collect();
        LayerActivity { neurons: rows.len(), spikes, states }
    }

    fn discrepancy(a: &[&str], b: &[&str]) -> Discrepancy {
        Discrepancy::between(&activity(a), &activity(b), Metric::Spikes)
    }

    #[test]
    fn agreement_is_the_overlap_of_counts() {
        for (a, b, spikes, counts) in [
            (["0110", "0020"], ["0110", "0020"], Some(1.0), Some(1.0)),
            // One spike of four is missing.
            (["0110", "0020"], ["0110", "0010"], Some(3.0 / 4.0), Some(3.0 / 4.0)),
            // A spike one step late counts twice in the spikes, and not at all in the counts.
            (["0100", "0000"], ["0010", "0000"], Some(0.0), Some(1.0)),
            (["0110", "0020"], ["0011", "0020"], Some(3.0 / 5.0), Some(1.0)),
            (["0000", "0000"], ["0000", "0000"], None, None),
            (["0000", "0000"], ["0001", "0000"], Some(0.0), Some(0.0)),
        ] {
            let found = discrepancy(&a, &b);
            assert_eq!((found.spikes(), found.counts()), (spikes, counts), "{a:?} {b:?}");
        }
    }

    #[test]
    fn states_are_compared_by_root_mean_square() {
        let found = discrepancy(&["3000", "0400"], &["3000", "0100"]);
        assert!((found.states().unwrap() - 0.6).abs() < 1e-6, "{found:?}");
        // The error is in the second of four steps; the mean reference of a step is a fourth of the total.
        let by_step = found.states_by_step();
        assert_eq!((by_step[0], by_step[2]), (Some(0.0), Some(0.0)));
        assert!((by_step[1].unwrap() - 1.2).abs() < 1e-6, "{by_step:?}");
        assert_eq!(discrepancy(&["00"], &["01"]).states(), None);
    }

    #[test]
    fn engines_diverge_at_the_first_difference() {
        let cases = [("0110", "0110"), ("0110", "0111"), ("0110", "1110"), ("0110", "0210")];
        let mut all = Discrepancy::default();
        for (a, b) in cases {
            all.append(discrepancy(&["0101", a], &["0101", b]));
        }
        let found = all.divergence();
        assert_eq!(found, Divergence { samples: 3, earliest: Some(0), median: Some(1) });
        assert_eq!(all.diverged_by_step(), [Some(0.25), Some(0.5), Some(0.5), Some(0.75)]);
        // Diverged in one sample of three: there is an earliest step, but no median.
        let mut rare = discrepancy(&["01"], &["01"]);
        rare.append(discrepancy(&["01"], &["01"]));
        rare.append(discrepancy(&["01"], &["11"]));
        assert_eq!(rare.divergence(), Divergence { samples: 1, earliest: Some(0), median: None });
    }

    #[test]
    fn states_diverge_beyond_a_fraction_of_the_maximum() {
        let reference =
            LayerActivity { neurons: 1, spikes: vec![0.0; 4], states: vec![1.0, -10.0, 2.0, 0.0] };
        for (states, expected) in [
            ([1.0, -10.0, 2.0, 0.0], None),
            ([1.9, -10.9, 1.1, 0.9], None),
            ([1.9, -10.9, 3.1, 0.0], Some(2)),
            ([-0.1, -10.0, 2.0, 0.0], Some(0)),
        ] {
            let other = LayerActivity { states: states.into(), ..reference.clone() };
            let found = Discrepancy::between(&reference, &other, Metric::States).divergence();
            assert_eq!(found.earliest, expected, "{states:?}");
        }
    }

    #[test]
    fn uncompensated_lag_destroys_agreement() {
        // A spike every seventh step; the other engine is two steps late.
        let at = |t: usize, lag: usize| if t >= lag && (t - lag).is_multiple_of(7) { '1' } else { '0' };
        let early: String = (0..40).map(|t| at(t, 0)).collect();
        let late: String = (0..42).map(|t| at(t, 2)).collect();
        assert_eq!(discrepancy(&[&early], &[&late[..40]]).spikes(), Some(0.0));
        assert_eq!(discrepancy(&[&early], &[&late[2..]]).spikes(), Some(1.0));
    }

    proptest! {
        #[test]
        fn engines_agree_with_themselves_and_discrepancies_are_bounded(
            neurons in 1usize..5,
            values in prop::collection::vec((0u8..4, 0u8..4), 1..60),
        ) {
            let values = &values[..values.len() / neurons * neurons];
            let activity = |pick: fn(&(u8, u8)) -> u8| {
                let spikes: Vec<f32> = values.iter().map(|pair| f32::from(pick(pair))).collect();
                let states = spikes.iter().map(|n| n - 1.5).collect();
                LayerActivity { neurons, spikes, states }
            };
            let (a, b) = (activity(|pair| pair.0), activity(|pair| pair.1));
            for metric in [Metric::Spikes, Metric::States] {
                let same = Discrepancy::between(&a, &a, metric);
                prop_assert!(same.spikes().is_none_or(|agreement| agreement == 1.0));
                prop_assert!(same.counts().is_none_or(|agreement| agreement == 1.0));
                prop_assert!(same.states().is_none_or(|error| error == 0.0));
                prop_assert_eq!(same.divergence(), Divergence { samples: 0, earliest: None, median: None });
                let discrepancy = Discrepancy::between(&a, &b, metric);
                let (spikes, counts) = (discrepancy.spikes().unwrap_or(1.0), discrepancy.counts().unwrap_or(1.0));
                prop_assert!((0.0..=1.0).contains(&spikes) && spikes <= counts + 1e-12);
                prop_assert_eq!(spikes, Discrepancy::between(&b, &a, metric).spikes().unwrap_or(1.0));
            }
        }
    }
}
