//! From a recording's sample rate to the chip's, and to 14 bits.

use std::num::NonZeroU32;

use super::SAMPLE_RATE;

/// Resamples a stream to [`SAMPLE_RATE`] by linear interpolation and quantizes it to 14 bits.
///
/// Input sample `i` stands at `i / rate` seconds, output sample `k` at `k / SAMPLE_RATE`. Between two
/// input samples the value is `slope * (t - t_i) + x_i` in `f64`, as `numpy.interp` computes it; after
/// the last one it is held. The result times 2^13 is cut towards zero and clipped to 14 bits (what is not
/// a number becomes 0). This is what Rockpool's `AFESimExternal` does to its input. There is no low-pass
/// filter: what a recording holds above 24 kHz is aliased.
#[derive(Clone, Debug)]
pub struct Resampler {
    rate: NonZeroU32,
    /// Number of input samples so far.
    received: u64,
    /// The last of them.
    last: f64,
    /// Number of output samples computed so far.
    computed: u64,
    /// The last of them, while the recording is too short to have it.
    held: Option<i16>,
}

impl Resampler {
    /// A resampler at the start of a recording of `rate` samples per second.
    pub fn new(rate: NonZeroU32) -> Self {
        Self { rate, received: 0, last: 0.0, computed: 0, held: None }
    }

    /// Takes the next samples, -1 to 1, and appends the audio that they decide.
    ///
    /// How a recording is cut into pushes makes no difference.
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

    /// Ends the recording: appends the rest of its audio, and is ready for another.
    ///
    /// A recording of `n` samples has `floor(n / rate * SAMPLE_RATE)` samples of audio.
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
                // At a rate above the chip's, the time of one more sample may lie before the last input
                // sample although the recording, were it to end here, would be too short for it.
                self.held = Some(value);
            }
        }
    }

    /// The number of output samples, were the recording to end here.
    fn length(&self) -> u64 {
        (self.received as f64 / f64::from(self.rate.get()) * SAMPLE_RATE) as u64
    }
}

/// Scales by 2^13 and cuts towards zero; the chip's audio has 14 bits.
fn quantize(value: f64) -> i16 {
    ((value * 8192.0) as i16).clamp(-8192, 8191)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The whole recording at once, written as the formula is.
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
