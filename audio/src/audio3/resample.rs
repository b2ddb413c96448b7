//! Resampling of a recording to the chip's sample rate, and quantization to 14 bits.

use std::num::NonZeroU32;

use super::SAMPLE_RATE;

/// Resamples a stream to [`SAMPLE_RATE`] by linear interpolation and quantizes it to 14 bits.
///
/// Input sample `i` is at `i / rate` seconds, output sample `k` at `k / SAMPLE_RATE`. Between two input
/// samples, the value is `slope * (t - t_i) + x_i` in `f64`, as in `numpy.interp`; after the last one, it
/// stays constant. The result times 2^13 is truncated toward zero and clipped to 14 bits; NaN becomes 0. This
/// equals the input stage of Rockpool's `AFESimExternal`. There is no low-pass filter: frequencies above 24
/// kHz are aliased.
#[derive(Clone, Debug)]
pub struct Resampler {
    /// Samples per second of the input.
    rate: NonZeroU32,
    /// Number of input samples so far.
    received: u64,
    /// The last input sample.
    last: f64,
    /// Number of output samples computed so far.
    computed: u64,
    /// The last output sample, if the recording so far is too short to include it.
    held: Option<i16>,
}

impl Resampler {
    /// Creates a resampler at the start of a recording of `rate` samples per second.
    pub fn new(rate: NonZeroU32) -> Self {
        Self { rate, received: 0, last: 0.0, computed: 0, held: None }
    }

    /// Takes the next samples, from -1 to 1, and appends the audio that they determine to `audio`.
    ///
    /// The result does not depend on how a recording is divided into pushes.
    pub fn push(&mut self, samples: &[f64], audio: &mut Vec<i16>) {
        for &sample in samples {
            self.received += 1;
            let length = self.length();
            audio.extend(self.held.take_if(|_| self.computed <= length));
            if self.received > 1 {
                self.interpolate(sample, length, audio);
            }
            self.last = sample;
        }
    }

    /// Ends the recording: appends the rest of its audio, and resets the resampler for another recording.
    ///
    /// A recording of `n` samples gives `floor(n / rate * SAMPLE_RATE)` samples of audio in total.
    pub fn finish(&mut self, audio: &mut Vec<i16>) {
        let rest = self.length().saturating_sub(self.computed);
        audio.extend((0..rest).map(|_| quantize(self.last)));
        *self = Self::new(self.rate);
    }

    /// Appends the audio between the last sample and `next`.
    fn interpolate(&mut self, next: f64, length: u64, audio: &mut Vec<i16>) {
        let [start, end] =
            [self.received - 2, self.received - 1].map(|i| i as f64 / f64::from(self.rate.get()));
        let slope = (next - self.last) / (end - start);
        loop {
            let time = self.computed as f64 / SAMPLE_RATE;
            if time >= end {
                break;
            }
            let value = quantize(slope * (time - start) + self.last);
            self.computed += 1;
            if self.computed <= length {
                audio.push(value);
            } else {
                // At a rate above the chip's, one more output sample can fall before the last input sample,
                // although the recording, if it ended here, would be too short to include it.
                self.held = Some(value);
            }
        }
    }

    /// Returns the number of output samples if the recording ended here.
    fn length(&self) -> u64 {
        (self.received as f64 / f64::from(self.rate.get()) * SAMPLE_RATE) as u64
    }
}

/// Scales by 2^13, truncates toward zero, and clips to the chip's 14 bits.
fn quantize(value: f64) -> i16 {
    ((value * 8192.0) as i16).clamp(-8192, 8191)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Resamples a whole recording directly by the formula.
    fn whole(samples: &[f64], rate: u32) -> Vec<i16> {
        let rate = f64::from(rate);
        let time = |i: usize| i as f64 / rate;
        let count = (samples.len() as f64 / rate * SAMPLE_RATE) as usize;
        let value = |k: usize| {
            let t = k as f64 / SAMPLE_RATE;
            let i = (0..samples.len()).rev().find(|&i| time(i) <= t).unwrap();
            let Some(next) = samples.get(i + 1) else { return samples[i] };
            (next - samples[i]) / (time(i + 1) - time(i)) * (t - time(i)) + samples[i]
        };
        (0..count).map(|k| quantize(value(k))).collect()
    }

    proptest! {
        #[test]
        fn chunked_resampling_equals_one_shot(
            rate in prop_oneof![Just(8000_u32), Just(48_000), Just(96_000), 4000_u32..400_000],
            pieces in prop::collection::vec(prop::collection::vec(-1.0..=1.0, 0..40), 0..6),
        ) {
            let mut resampler = Resampler::new(NonZeroU32::new(rate).unwrap());
            for _ in 0..2 {
                let mut audio = Vec::new();
                for piece in &pieces {
                    resampler.push(piece, &mut audio);
                }
                resampler.finish(&mut audio);
                prop_assert_eq!(&audio, &whole(&pieces.concat(), rate));
            }
        }
    }

    #[test]
    fn quantization_cuts_towards_zero_and_clips() {
        let values = [0.99 / 8192.0, -0.99 / 8192.0, -1.0, 1.0, 3.0, -1e300, f64::INFINITY, f64::NAN];
        assert_eq!(values.map(quantize), [0, 0, -8192, 8191, 8191, -8192, 8191, 0]);
    }
}
