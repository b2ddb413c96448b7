//! Resampling of a recording to the chip's sample rate, and quantization to 14 bits.

use core::num::NonZeroU32;

use super::SAMPLE_RATE;

/// Resamples a stream to [`SAMPLE_RATE`] by linear interpolation and quantizes it to 14 bits.
///
/// Input sample `i` is at `i / rate` seconds, output sample `k` at `k / SAMPLE_RATE`. Between two input
/// samples, the value is `slope * (t - t_i) + x_i` in `f64`, as in `numpy.interp`; after the last one, it
/// stays constant. The result times 2^13 is truncated toward zero and clipped to 14 bits; NaN becomes 0. This
/// equals the input stage of Rockpool's `AFESimExternal`. There is no low-pass filter: frequencies above 24
/// kHz are aliased.
///
/// Samples are `f64` from -1 to 1, or `i16` with the same results in integers: see [`for_pcm`](Resampler::for_pcm).
#[derive(Clone, Debug)]
pub struct Resampler<S: Sample = f64> {
    position: Position,
    /// The last input sample.
    last: S,
    /// The last output sample, if the recording so far is too short to include it.
    held: Option<i16>,
}

/// A kind of sample that [`Resampler`] takes: `f64` from -1 to 1, or `i16`, which is 2^15 times as large.
pub trait Sample: Interpolation {}

impl Sample for f64 {}
impl Sample for i16 {}

impl Resampler {
    /// Creates a resampler at the start of a recording of `rate` samples per second, from -1 to 1.
    pub fn new(rate: NonZeroU32) -> Self {
        Self::at_rate(rate)
    }
}

impl Resampler<i16> {
    /// Creates a resampler at the start of a recording of `rate` samples of 16-bit PCM per second.
    ///
    /// For the first 2^28 input samples (4.6 hours at 16 kHz) the result equals that of [`new`](Resampler::new) for
    /// samples divided by 2^15. After that, it stays exact, while times in `f64` lose digits.
    ///
    /// It computes in integers. Where rounding in `f64` could lead to another integer, which is about one sample in
    /// 12,500 at the start and one in 200 after four hours, it evaluates the formula in `f64`; so does
    /// [`finish_with`](Self::finish_with) once.
    pub fn for_pcm(rate: NonZeroU32) -> Self {
        Self::at_rate(rate)
    }
}

impl<S: Sample> Resampler<S> {
    fn at_rate(rate: NonZeroU32) -> Self {
        let position = Position { rate, received: 0, computed: 0, phase: 0 };
        Self { position, last: S::default(), held: None }
    }

    /// Like [`push_with`](Self::push_with), and appends the audio to a vector.
    #[cfg(feature = "std")]
    pub fn push(&mut self, samples: &[S], audio: &mut Vec<i16>) {
        self.push_with(samples, |value| audio.push(value));
    }

    /// Like [`finish_with`](Self::finish_with), and appends the audio to a vector.
    #[cfg(feature = "std")]
    pub fn finish(&mut self, audio: &mut Vec<i16>) {
        self.finish_with(|value| audio.push(value));
    }

    /// Takes the next samples, and passes the audio that they determine to `audio`.
    ///
    /// The result does not depend on how a recording is divided into pushes.
    pub fn push_with(&mut self, samples: &[S], mut audio: impl FnMut(i16)) {
        for &sample in samples {
            self.position.received += 1;
            let segment = S::segment(self.last, sample, &self.position);
            if let Some(value) = self.held.take_if(|_| segment.includes(&self.position)) {
                audio(value);
            }
            if self.position.received > 1 {
                self.interpolate(&segment, &mut audio);
                self.position.phase -= Position::INTERVAL;
            }
            self.last = sample;
        }
    }

    /// Ends the recording: passes the rest of its audio to `audio`, and resets the resampler for another recording.
    ///
    /// A recording of `n` samples gives `floor(n / rate * SAMPLE_RATE)` samples of audio in total.
    pub fn finish_with(&mut self, mut audio: impl FnMut(i16)) {
        let (length, computed) = (self.position.length(), self.position.computed);
        if let Some(value) = self.held.filter(|_| computed <= length) {
            audio(value);
        }
        for _ in computed..length {
            audio(self.last.quantized());
        }
        *self = Self::at_rate(self.position.rate);
    }

    /// Passes on the audio on a segment.
    fn interpolate(&mut self, segment: &S::Segment, audio: &mut impl FnMut(i16)) {
        while segment.reaches(&self.position) {
            let value = segment.value(&self.position);
            self.position.computed += 1;
            self.position.phase += self.position.stride();
            if segment.includes(&self.position) {
                audio(value);
            } else {
                // At a rate above the chip's, one more output sample can fall before the last input sample,
                // although the recording, if it ended here, would be too short to include it.
                self.held = Some(value);
            }
        }
    }
}

/// How far a resampler has come.
#[derive(Clone, Debug)]
pub struct Position {
    /// Samples per second of the input.
    rate: NonZeroU32,
    /// Number of input samples so far.
    pub(super) received: u64,
    /// Number of output samples computed so far.
    computed: u64,
    /// Time of the next output sample since the last input sample but one, in units of `1 / (INTERVAL * rate)`
    /// seconds.
    pub(super) phase: i64,
}

impl Position {
    /// Units of the phase from one input sample to the next: eight times [`SAMPLE_RATE`], an integer.
    pub(super) const INTERVAL: i64 = 390_625;

    /// Units of the phase from one output sample to the next.
    fn stride(&self) -> i64 {
        8 * i64::from(self.rate.get())
    }

    /// Returns the number of output samples if the recording ended here.
    fn length(&self) -> u64 {
        (self.received as f64 / f64::from(self.rate.get()) * SAMPLE_RATE) as u64
    }

    /// Returns the time of an input sample, in seconds.
    fn time_of(&self, index: u64) -> f64 {
        index as f64 / f64::from(self.rate.get())
    }
}

/// What [`Resampler`] needs of a kind of sample.
pub trait Interpolation: Copy + Default {
    type Segment: Segment;

    /// Returns the segment between the last two of the samples received so far.
    fn segment(from: Self, to: Self, position: &Position) -> Self::Segment;

    fn quantized(self) -> i16;
}

/// The line from one input sample to the next.
pub trait Segment {
    /// Whether the next output sample comes before the end of the segment.
    fn reaches(&self, position: &Position) -> bool;

    /// Whether a recording that ends with this segment includes all output samples computed so far.
    fn includes(&self, position: &Position) -> bool;

    /// Returns the next output sample.
    fn value(&self, position: &Position) -> i16;
}

impl Interpolation for f64 {
    type Segment = FloatSegment;

    #[inline]
    fn segment(from: f64, to: f64, position: &Position) -> FloatSegment {
        let [start, end] = [2, 1].map(|back| position.time_of(position.received.saturating_sub(back)));
        FloatSegment { from, slope: (to - from) / (end - start), start, end, length: position.length() }
    }

    fn quantized(self) -> i16 {
        // Scales by 2^13, truncates toward zero, and clips to the chip's 14 bits.
        ((self * 8192.0) as i16).clamp(-8192, 8191)
    }
}

/// A segment in `f64`, with times in seconds.
pub struct FloatSegment {
    from: f64,
    slope: f64,
    start: f64,
    end: f64,
    length: u64,
}

impl Segment for FloatSegment {
    #[inline]
    fn reaches(&self, position: &Position) -> bool {
        position.computed as f64 / SAMPLE_RATE < self.end
    }

    #[inline]
    fn includes(&self, position: &Position) -> bool {
        position.computed <= self.length
    }

    #[inline]
    fn value(&self, position: &Position) -> i16 {
        let time = position.computed as f64 / SAMPLE_RATE;
        (self.slope * (time - self.start) + self.from).quantized()
    }
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
        (0..count).map(|k| value(k).quantized()).collect()
    }

    fn rate() -> impl Strategy<Value = u32> {
        prop_oneof![Just(8000_u32), Just(16_000), Just(48_000), Just(50_000), Just(96_000), 4000_u32..400_000]
    }

    /// Resamples a recording in pieces.
    fn chunked<S: Sample>(resampler: &mut Resampler<S>, pieces: &[Vec<S>]) -> Vec<i16> {
        let mut audio = Vec::new();
        for piece in pieces {
            resampler.push(piece, &mut audio);
        }
        resampler.finish(&mut audio);
        audio
    }

    proptest! {
        #[test]
        fn chunked_resampling_equals_one_shot(
            rate in rate(),
            pieces in prop::collection::vec(prop::collection::vec(-1.0..=1.0, 0..40), 0..6),
        ) {
            let mut resampler = Resampler::new(NonZeroU32::new(rate).unwrap());
            for _ in 0..2 {
                prop_assert_eq!(&chunked(&mut resampler, &pieces), &whole(&pieces.concat(), rate));
            }
        }

        /// Differences that are multiples of 3,125 often lead to integers, where `f64` rounds to either side.
        #[test]
        fn pcm_equals_floats(
            rate in rate(),
            unit in prop_oneof![Just(1_i16), Just(625), Just(3125)],
            pieces in prop::collection::vec(prop::collection::vec(-10..=10_i16, 0..200), 0..6),
            offset in -1500..1500_i16,
        ) {
            let pieces: Vec<Vec<i16>> =
                pieces.iter().map(|piece| piece.iter().map(|x| x * unit + offset).collect()).collect();
            let floats: Vec<f64> = pieces.iter().flatten().map(|&x| f64::from(x) / 32768.0).collect();
            let rate = NonZeroU32::new(rate).unwrap();
            let expected = chunked(&mut Resampler::new(rate), &[floats]);
            let mut resampler = Resampler::for_pcm(rate);
            for _ in 0..2 {
                prop_assert_eq!(&chunked(&mut resampler, &pieces), &expected);
            }
        }

        /// The same hours after the start.
        #[test]
        fn pcm_equals_floats_after_hours(
            rate in rate(),
            hours in 0_u64..1 << 28,
            samples in prop::collection::vec(any::<i16>(), 1..300),
        ) {
            let rate = NonZeroU32::new(rate).unwrap();
            let received = hours.max(1);
            // The first output sample that is not before the last input sample.
            let stride = 8 * u64::from(rate.get());
            let computed = ((received - 1) * 390_625).div_ceil(stride);
            let phase = (computed * stride).cast_signed() - ((received - 1) * 390_625).cast_signed();
            let position = Position { rate, received, computed, phase };
            let floats: Vec<f64> = samples.iter().map(|&x| f64::from(x) / 32768.0).collect();
            let expected = chunked(&mut Resampler { position: position.clone(), last: 0.0, held: None }, &[floats]);
            let pcm = chunked(&mut Resampler { position, last: 0_i16, held: None }, &[samples]);
            prop_assert_eq!(pcm, expected);
        }
    }

    #[test]
    fn quantization_cuts_towards_zero_and_clips() {
        let values = [0.99 / 8192.0, -0.99 / 8192.0, -1.0, 1.0, 3.0, -1e300, f64::INFINITY, f64::NAN];
        assert_eq!(values.map(f64::quantized), [0, 0, -8192, 8191, 8191, -8192, 8191, 0]);
    }
}
