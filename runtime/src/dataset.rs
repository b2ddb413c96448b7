//! Samples for training and evaluation.

use synnet_dsl::diagnostic::Diagnostic;

use crate::codes;
use crate::loss::Target;

/// One recording as a raster, and what the network should make of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Event counts (or any finite values), `[steps, channels]` in row-major order.
    pub raster: Vec<f32>,
    /// Number of time steps.
    pub steps: usize,
    /// What the network should give.
    pub target: Target,
}

/// Samples of one width, each brought to the same number of steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    channels: usize,
    steps: usize,
    samples: Vec<Sample>,
}

impl Dataset {
    /// A set of samples; longer ones are cut after `steps`, shorter ones end in silence.
    ///
    /// # Errors
    /// Every sample whose raster does not hold `steps * channels` finite values.
    pub fn new(channels: usize, steps: usize, samples: Vec<Sample>) -> Result<Self, Vec<Diagnostic>> {
        let misfits = samples.iter().enumerate().filter_map(|(i, sample)| {
            let len = sample.raster.len();
            let message = if sample.steps.checked_mul(channels) != Some(len) {
                let steps = sample.steps;
                format!("sample {i} holds {len} values, not {steps} steps of {channels} channels")
            } else {
                let place = sample.raster.iter().position(|x| !x.is_finite())?;
                let (value, step) = (sample.raster[place], place / channels.max(1));
                format!("sample {i} holds {value} in step {step}, channel {}", place % channels.max(1))
            };
            Some(Diagnostic::error_without_place(&codes::DATA_SHAPE, message))
        });
        let diagnostics: Vec<_> = misfits.collect();
        if diagnostics.is_empty() { Ok(Self { channels, steps, samples }) } else { Err(diagnostics) }
    }

    /// Width of every raster.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Time steps to which every sample is brought.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The samples, at their own lengths.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Writes sample `i` as `[steps, channels]`, moved `shift` steps later (earlier, if negative).
    ///
    /// # Panics
    /// Where there is no sample `i`, or `raster` has another length.
    pub(crate) fn write_sample(&self, i: usize, shift: i64, raster: &mut [f32]) {
        assert_eq!(raster.len(), self.steps * self.channels, "a raster has room for all steps");
        let sample = &self.samples[i];
        let later = (shift.max(0) as usize).min(self.steps);
        let skipped = (shift.min(0).unsigned_abs() as usize).min(sample.steps);
        let kept = (sample.steps - skipped).min(self.steps - later);
        let (from, to) = (skipped * self.channels, later * self.channels);
        let len = kept * self.channels;
        raster.fill(0.0);
        raster[to..to + len].copy_from_slice(&sample.raster[from..from + len]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_cut_padded_and_shifted() {
        let sample = Sample { raster: vec![1.0, 2.0, 3.0], steps: 3, target: Target::Class(0) };
        for (steps, shift, expected) in [
            (2, 0, vec![1.0, 2.0]),
            (5, 0, vec![1.0, 2.0, 3.0, 0.0, 0.0]),
            (4, 2, vec![0.0, 0.0, 1.0, 2.0]),
            (4, -1, vec![2.0, 3.0, 0.0, 0.0]),
            (2, -9, vec![0.0, 0.0]),
            (2, 9, vec![0.0, 0.0]),
        ] {
            let set = Dataset::new(1, steps, vec![sample.clone()]).unwrap();
            let mut raster = vec![9.0; steps];
            set.write_sample(0, shift, &mut raster);
            assert_eq!(raster, expected, "{steps} steps, shifted by {shift}");
        }
    }

    #[test]
    fn every_misfit_is_named() {
        let sample = |raster: Vec<f32>| Sample { raster, steps: 2, target: Target::Class(0) };
        let samples = vec![sample(vec![0.0; 3]), sample(vec![0.0; 4]), sample(vec![0.0, 0.0, 0.0, f32::NAN])];
        let errors = Dataset::new(2, 2, samples).unwrap_err();
        let messages: Vec<&str> = errors.iter().map(|e| &*e.message).collect();
        assert_eq!(
            messages,
            ["sample 0 holds 3 values, not 2 steps of 2 channels", "sample 2 holds NaN in step 1, channel 1"]
        );
    }
}
