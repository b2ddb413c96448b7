//! Datasets: labeled samples of one width, for training and evaluation.

use synnet_ir::{Diagnostic, Diagnostics, Raster};

use crate::codes;
use crate::loss::label::Label;

/// A labeled sample with a dense raster. [`Dataset::new`] converts it to a [`Sample`].
#[derive(Clone, Debug, PartialEq)]
pub struct DenseSample {
    /// Event counts (or any finite values), `[steps, channels]` in row-major order.
    pub raster: Vec<f32>,
    /// Number of time steps.
    pub steps: usize,
    /// The target output.
    pub label: Label,
}

/// A labeled sample of a [`Dataset`].
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Event counts in compact form, of any number of steps.
    pub raster: Raster,
    /// The target output.
    pub label: Label,
}

/// Samples with the same number of channels, which are read with the same number of steps: longer ones are
/// cut, and shorter ones are padded with silence. Rasters stay compact, and become dense one at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    channels: usize,
    steps: usize,
    samples: Vec<Sample>,
}

impl Dataset {
    /// Creates a dataset from dense samples, to be read with `steps` steps each.
    ///
    /// # Errors
    /// Returns an error for each sample whose raster does not have `steps * channels` finite values, or an
    /// error if `steps * channels` of the dataset exceeds 2^28.
    pub fn new(channels: usize, steps: usize, samples: Vec<DenseSample>) -> Result<Self, Diagnostics> {
        check_size(channels, steps)?;
        let (mut compact, mut errors) = (Vec::with_capacity(samples.len()), Diagnostics::new());
        for (i, DenseSample { raster, steps, label }) in samples.into_iter().enumerate() {
            match Raster::from_dense(channels, steps, raster) {
                Ok(raster) => compact.push(Sample { raster, label }),
                Err(error) => errors.push(sample_error(i, &error)),
            }
        }
        if errors.is_empty() { Ok(Self { channels, steps, samples: compact }) } else { Err(errors) }
    }

    /// Creates a dataset from rasters, to be read with `steps` steps each.
    ///
    /// # Errors
    /// Returns an error for each raster with another number of channels, or an error if `steps * channels`
    /// exceeds 2^28.
    pub fn from_rasters(channels: usize, steps: usize, samples: Vec<Sample>) -> Result<Self, Diagnostics> {
        check_size(channels, steps)?;
        let errors: Diagnostics = samples
            .iter()
            .enumerate()
            .filter(|(_, sample)| sample.raster.channels() != channels)
            .map(|(i, sample)| {
                sample_error(
                    i,
                    &format_args!("expected {channels} channels, found {}", sample.raster.channels()),
                )
            })
            .collect();
        if errors.is_empty() { Ok(Self { channels, steps, samples }) } else { Err(errors) }
    }

    /// Returns the number of channels of every raster.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Returns the number of time steps with which every sample is read.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Returns the samples, each with its own number of steps.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Returns the memory that samples and labels take, in bytes.
    pub fn bytes(&self) -> u64 {
        let label = |label: &Label| match label {
            Label::Class(_) => 0,
            Label::Outputs(values) | Label::Sequence(values) => size_of_val(&values[..]),
        };
        let bytes =
            |sample: &Sample| (size_of::<Label>() + sample.raster.bytes() + label(&sample.label)) as u64;
        self.samples.iter().map(bytes).sum()
    }

    /// Writes sample `i` as `[steps, channels]`, cut or padded with silence.
    ///
    /// # Panics
    /// If there is no sample `i`, or if `raster` does not have `steps * channels` elements.
    pub fn write_sample(&self, i: usize, raster: &mut [f32]) {
        self.write_transformed(i, TimeTransform::default(), raster);
    }

    /// Like [`write_sample`](Self::write_sample), with the sample stretched and shifted in time first.
    ///
    /// # Panics
    /// Under the same conditions.
    pub(crate) fn write_transformed(&self, i: usize, transform: TimeTransform, raster: &mut [f32]) {
        assert_eq!(raster.len(), self.steps * self.channels, "a raster has one value per step and channel");
        let sample = &self.samples[i].raster;
        if transform == TimeTransform::default() {
            return sample.write_steps(raster);
        }
        let rows = raster.chunks_exact_mut(self.channels.max(1));
        for (t, row) in rows.enumerate() {
            match transform.source(t, sample.steps()) {
                Some(source) => sample.write_step(source, row),
                None => row.fill(0.0),
            }
        }
    }
}

/// A transformation of the time axis: a sample becomes `stretch` times as long, then moves `shift` steps
/// later. Stretching repeats or skips whole steps, so counts stay integers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TimeTransform {
    /// Positive.
    pub(crate) stretch: f64,
    /// In steps; negative for earlier.
    pub(crate) shift: i64,
}

impl Default for TimeTransform {
    fn default() -> Self {
        Self { stretch: 1.0, shift: 0 }
    }
}

impl TimeTransform {
    /// Returns the step of a sample of `steps` steps that the transformation moves to `t`; `None` for
    /// silence.
    pub(crate) fn source(self, t: usize, steps: usize) -> Option<usize> {
        // The middle of a step is mapped, so that steps are repeated or skipped symmetrically.
        let source = (((t as i64 - self.shift) as f64 + 0.5) / self.stretch).floor();
        (source >= 0.0 && source < steps as f64).then_some(source as usize)
    }
}

fn check_size(channels: usize, steps: usize) -> Result<(), Diagnostics> {
    if steps.checked_mul(channels).is_some_and(|values| values <= Raster::MAX_VALUES) {
        return Ok(());
    }
    let message = format!("samples of {steps} steps and {channels} channels have more than 2^28 values");
    let error = Diagnostic::error_without_span(&codes::DATA_SHAPE, message);
    Err(error.with_help("cut the recordings into shorter samples, or use a longer `dt`").into())
}

fn sample_error(i: usize, error: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::error_without_span(&codes::DATA_SHAPE, format!("sample {i}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_cut_padded_stretched_and_shifted() {
        let sample = DenseSample { raster: vec![1.0, 2.0, 3.0], steps: 3, label: Label::Class(0) };
        for (steps, stretch, shift, expected) in [
            (2, 1.0, 0, vec![1.0, 2.0]),
            (5, 1.0, 0, vec![1.0, 2.0, 3.0, 0.0, 0.0]),
            (4, 1.0, 2, vec![0.0, 0.0, 1.0, 2.0]),
            (4, 1.0, -1, vec![2.0, 3.0, 0.0, 0.0]),
            (2, 1.0, -9, vec![0.0, 0.0]),
            (2, 1.0, 9, vec![0.0, 0.0]),
            (7, 2.0, 0, vec![1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 0.0]),
            (4, 0.5, 1, vec![0.0, 2.0, 0.0, 0.0]),
        ] {
            let set = Dataset::new(1, steps, vec![sample.clone()]).unwrap();
            let mut raster = vec![9.0; steps];
            set.write_transformed(0, TimeTransform { stretch, shift }, &mut raster);
            assert_eq!(raster, expected, "{steps} steps, stretched by {stretch}, shifted by {shift}");
        }
    }

    #[test]
    fn oversized_samples_are_rejected() {
        for (channels, steps) in [(16, usize::MAX), (1 << 20, 1 << 20)] {
            assert!(Dataset::new(channels, steps, vec![]).unwrap_err()[0].message.contains("2^28"));
        }
    }

    #[test]
    fn every_shape_error_is_reported() {
        let sample = |raster: Vec<f32>| DenseSample { raster, steps: 2, label: Label::Class(0) };
        let samples = vec![sample(vec![0.0; 3]), sample(vec![0.0; 4]), sample(vec![0.0, 0.0, 0.0, f32::NAN])];
        let errors = Dataset::new(2, 2, samples).unwrap_err();
        let messages: Vec<&str> = errors.iter().map(|e| &*e.message).collect();
        assert_eq!(
            messages,
            [
                "sample 0: 3 values are not 2 steps of 2 channels",
                "sample 2: the value is NaN in step 1, channel 1"
            ]
        );
        let narrow = Sample { raster: Raster::from_events(1, 5, vec![]).unwrap(), label: Label::Class(0) };
        let errors = Dataset::from_rasters(2, 5, vec![narrow]).unwrap_err();
        assert_eq!(errors[0].message, "sample 0: expected 2 channels, found 1");
    }
}
