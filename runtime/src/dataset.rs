//! Samples for training and evaluation.

use synnet_ir::{Diagnostic, Diagnostics, Raster};

use crate::codes;
use crate::loss::label::Label;

/// One recording in its plainest form, and what the network should make of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseSample {
    /// Event counts (or any finite values), `[steps, channels]` in row-major order.
    pub raster: Vec<f32>,
    /// Number of time steps.
    pub steps: usize,
    /// What the network should give.
    pub label: Label,
}

/// One recording as a [`Dataset`] keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The events, at their own length.
    pub raster: Raster,
    /// What the network should give.
    pub label: Label,
}

/// Recordings of one width, each brought to the same number of steps: longer ones are cut, shorter ones end
/// in silence. They are held compactly, and become dense when they are used.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    channels: usize,
    steps: usize,
    samples: Vec<Sample>,
}

impl Dataset {
    /// A set of dense samples, each brought to `steps` steps.
    ///
    /// # Errors
    /// Every sample whose raster does not hold `steps * channels` finite values; steps and channels
    /// that make a sample of more than 2^28 values.
    pub fn new(channels: usize, steps: usize, samples: Vec<DenseSample>) -> Result<Self, Diagnostics> {
        check_size(channels, steps)?;
        let (mut examples, mut errors) = (Vec::with_capacity(samples.len()), Diagnostics::new());
        for (i, DenseSample { raster, steps, label }) in samples.into_iter().enumerate() {
            match Raster::from_dense(channels, steps, raster) {
                Ok(raster) => examples.push(Sample { raster, label }),
                Err(why) => errors.push(shape_error(i, &why)),
            }
        }
        if errors.is_empty() { Ok(Self { channels, steps, samples: examples }) } else { Err(errors) }
    }

    /// A set of rasters, each brought to `steps` steps.
    ///
    /// # Errors
    /// Every raster of another number of channels; steps and channels that make a sample of more than 2^28
    /// values.
    pub fn from_rasters(channels: usize, steps: usize, samples: Vec<Sample>) -> Result<Self, Diagnostics> {
        check_size(channels, steps)?;
        let errors: Diagnostics = samples
            .iter()
            .enumerate()
            .filter(|(_, example)| example.raster.channels() != channels)
            .map(|(i, example)| {
                shape_error(i, &format_args!("it has {} channels, not {channels}", example.raster.channels()))
            })
            .collect();
        if errors.is_empty() { Ok(Self { channels, steps, samples }) } else { Err(errors) }
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

    /// Writes sample `i` as `[steps, channels]`, cut or filled with silence.
    ///
    /// # Panics
    /// Where there is no sample `i`, or `raster` does not hold `steps * channels` values.
    pub fn write_sample(&self, i: usize, raster: &mut [f32]) {
        self.write_transformed(i, TimeTransform::default(), raster);
    }

    /// Writes sample `i` as `[steps, channels]`, moved in time.
    ///
    /// # Panics
    /// As [`write_sample`](Self::write_sample).
    pub(crate) fn write_transformed(&self, i: usize, transform: TimeTransform, raster: &mut [f32]) {
        assert_eq!(raster.len(), self.steps * self.channels, "a raster has room for all steps");
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

/// A change of a recording in time: made `stretch` times as long and then moved `shift` steps later (earlier,
/// if negative). Stretching repeats or skips whole steps, so counts stay counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TimeTransform {
    pub(crate) stretch: f64,
    pub(crate) shift: i64,
}

impl Default for TimeTransform {
    fn default() -> Self {
        Self { stretch: 1.0, shift: 0 }
    }
}

impl TimeTransform {
    /// The step of a recording of `steps` steps that comes to stand at `t`, or `None` for silence.
    pub(crate) fn source(self, t: usize, steps: usize) -> Option<usize> {
        let source = (((t as i64 - self.shift) as f64 + 0.5) / self.stretch).floor();
        (source >= 0.0 && source < steps as f64).then_some(source as usize)
    }
}

fn check_size(channels: usize, steps: usize) -> Result<(), Diagnostics> {
    if steps.checked_mul(channels).is_some_and(|values| values <= Raster::MAX_VALUES) {
        return Ok(());
    }
    let message = format!("samples of {steps} steps of {channels} channels hold more than 2^28 values");
    let error = Diagnostic::error_without_span(&codes::DATA_SHAPE, message);
    Err(error.with_help("cut the recordings into shorter samples, or take a longer `dt`").into())
}

fn shape_error(i: usize, why: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::error_without_span(&codes::DATA_SHAPE, format!("sample {i}: {why}"))
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
        assert_eq!(errors[0].message, "sample 0: it has 1 channels, not 2");
    }
}
