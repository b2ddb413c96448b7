//! Augmentation of audio: random transformations of recordings before the front end.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use synnet_audio::Wav;
use synnet_random::{Purpose, Stream};

use crate::Error;

/// Maximum number of samples of an augmented recording. A header may declare any sample rate, and with it any
/// number of samples for a time shift.
const MAX_SAMPLES: usize = 1 << 28;

/// Random transformations of audio. The default changes nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augmentation {
    /// Maximum change of the level, in decibels, from 0 to 60; uniform over both directions. Samples beyond
    /// full scale are clipped.
    pub gain: f64,
    /// Noise to add; none by default.
    pub noise: Option<Noise>,
    /// Maximum shift in time, in seconds, from 0 to 60; uniform over both directions. A later start is
    /// preceded by silence; an earlier start cuts off the beginning.
    pub time_shift: f64,
    /// Maximum factor, less 1, by which the recording is played faster or slower, from 0 to 1; uniform in the
    /// logarithm. The pitch changes with it, as on a tape.
    pub speed: f64,
    /// Maximum factor, less 1, by which all frequencies change at constant duration, from 0 to 1; uniform in
    /// the logarithm. Fundamental and formants change together, as with a larger or smaller speaker.
    pub pitch: f64,
    /// Number of successive epochs with the same transformations, 1 or more; 1 by default. The front end processes every
    /// recording anew when they change, which takes most of the time.
    pub every: u32,
}

/// Noise that is added to a recording: generated, or an excerpt of a noise recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// Minimum and maximum signal-to-noise ratio of the mean powers, in decibels, from -60 to 120; uniform in
    /// between.
    pub snr: [f64; 2],
    /// Spectrum of generated noise, white by default.
    #[serde(default)]
    pub color: Color,
    /// Folder of noise recordings, in place of generated noise; none by default. This crate reads no files:
    /// [`Augmentation::apply`] takes the decoded recordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recordings: Option<PathBuf>,
}

/// The spectrum of noise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Color {
    /// Equal power at all frequencies; Gaussian.
    #[default]
    White,
    /// Equal power in all octaves (Voss' algorithm: a sum of sources, each renewed half as often as the one
    /// before).
    Pink,
}

/// An augmented recording, and the time step with which to encode it.
#[derive(Clone, Debug, PartialEq)]
pub struct AugmentedAudio {
    /// The recording, at a sample rate that contains the changes of speed and pitch.
    pub sound: Wav,
    /// Factor on the time step of the front end. It compensates for the change of duration that comes with
    /// the pitch.
    pub step: f64,
}

/// Random changes of a sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Changes {
    /// Seconds by which it starts later.
    pub shift: f64,
    /// Factor on its samples.
    pub gain: f64,
    /// Factor on its sample rate, which changes duration and pitch.
    pub speed: f64,
    /// A second factor on its sample rate; the time step of the front end is divided by it.
    pub pitch: f64,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self { gain: 0.0, noise: None, time_shift: 0.0, speed: 0.0, pitch: 0.0, every: 1 }
    }
}

impl Augmentation {
    /// Returns whether any transformation is enabled.
    pub fn is_active(&self) -> bool {
        Self { every: 1, ..self.clone() } != Self::default()
    }

    /// Returns the first epoch with the same transformations as `epoch`.
    pub fn first_epoch_like(&self, epoch: u64) -> u64 {
        epoch - epoch % u64::from(self.every.max(1))
    }

    /// Checks every option against its range.
    ///
    /// # Errors
    /// Returns a message about the first option outside its range.
    pub fn check(&self) -> Result<(), String> {
        match self.errors().into_iter().next() {
            Some((name, predicate)) => Err(format!("`{name}` {predicate}")),
            None => Ok(()),
        }
    }

    /// Returns every option that is wrong, such as `noise.snr`, with what is wrong: "is 70; it must be from 0 to 60".
    pub fn errors(&self) -> Vec<(&'static str, String)> {
        let within = [
            ("gain", self.gain, 60.0),
            ("time_shift", self.time_shift, 60.0),
            ("speed", self.speed, 1.0),
            ("pitch", self.pitch, 1.0),
        ];
        let mut errors: Vec<_> = within
            .into_iter()
            .filter(|(_, x, max)| !(0.0..=*max).contains(x))
            .map(|(name, x, max)| (name, format!("is {x}; it must be from 0 to {max}")))
            .collect();
        if self.every == 0 {
            errors.push(("every", "is 0; it must be 1 or more".to_owned()));
        }
        let Some(Noise { snr: [min, max], color, recordings }) = &self.noise else { return errors };
        if !(-60.0 <= *min && min <= max && *max <= 120.0) {
            let range = "`[minimum, maximum]` in decibels, each from -60 to 120";
            errors.push(("noise.snr", format!("is [{min}, {max}]; it must be {range}")));
        }
        if recordings.is_some() && *color != Color::White {
            errors.push(("noise.color", "has no effect on `noise.recordings`; remove one of them".into()));
        }
        errors
    }

    /// Returns the changes of the sound with index `recording` in `epoch`: those that [`apply`](Self::apply) makes, besides
    /// noise.
    pub fn changes(&self, seed: u64, epoch: u64, recording: u64) -> Changes {
        self.draw(&mut self.stream(seed, epoch, recording))
    }

    fn stream(&self, seed: u64, epoch: u64, recording: u64) -> Stream {
        Stream::new(seed, Purpose::Augmentation, self.first_epoch_like(epoch), recording)
    }

    fn draw(&self, stream: &mut Stream) -> Changes {
        // All four numbers are drawn whether they are used or not, so that one option does not change
        // another's draws.
        let mut symmetric_uniform = |max: f64| max * (2.0 * stream.unit() - 1.0);
        Changes {
            shift: symmetric_uniform(self.time_shift),
            gain: 10_f64.powf(symmetric_uniform(self.gain) / 20.0),
            speed: (1.0 + self.speed).powf(symmetric_uniform(1.0)),
            pitch: (1.0 + self.pitch).powf(symmetric_uniform(1.0)),
        }
    }

    /// Returns `sound`, the recording with index `recording`, as it is in `epoch`. All draws depend on the
    /// options, the seed, the epoch, the recording and the pool only.
    ///
    /// `pool` are the noise recordings, if [`Noise::recordings`] is set; otherwise it is not used. A random
    /// excerpt of one of them, of the same length as the sound, is added; all are equally likely. Shorter ones are
    /// repeated; those with a different sample rate are resampled by linear interpolation.
    ///
    /// The order is shift, gain, noise, clipping. Speed and pitch change the sample rate at which the result
    /// is played, rounded to 1 Hz.
    ///
    /// # Errors
    /// Returns an error if an option does not pass [`check`](Self::check), if the pool is empty but needed, or
    /// if the result would have more than 2^28 samples.
    pub fn apply(
        &self,
        sound: &Wav,
        pool: &[Wav],
        seed: u64,
        epoch: u64,
        recording: u64,
    ) -> Result<AugmentedAudio, Error> {
        let wrong = |reason: String| Error::invalid("the augmentation", reason);
        self.check().map_err(wrong)?;
        let mut stream = self.stream(seed, epoch, recording);
        let Changes { shift, gain, speed, pitch } = self.draw(&mut stream);

        let rate = f64::from(sound.sample_rate().get());
        let mut samples = shifted(sound.samples(), (shift * rate).round() as i64)
            .ok_or_else(|| wrong(format!("gives more than 2^28 samples at {rate} Hz")))?;
        samples.iter_mut().for_each(|x| *x *= gain);
        if let Some(noise) = &self.noise {
            if noise.recordings.is_some() && pool.is_empty() {
                return Err(wrong("needs at least one noise recording for `noise.recordings`".into()));
            }
            noise.add(&mut samples, rate, pool, &mut stream);
        }
        samples.iter_mut().for_each(|x| *x = x.clamp(-1.0, 1.0));
        // A higher rate plays the same samples faster and higher. The longer time step then restores the
        // duration for the part that is due to the pitch.
        let played = (rate * speed * pitch).round().max(1.0) as u32;
        let sound =
            Wav::new(samples, played).map_err(|e| wrong(format!("gives an invalid recording: {e}")))?;
        Ok(AugmentedAudio { sound, step: 1.0 / pitch })
    }
}

impl Noise {
    /// Adds noise at a drawn signal-to-noise ratio. Silence stays silent, and a silent excerpt adds
    /// nothing: the ratio is not defined for them.
    fn add(&self, samples: &mut [f64], rate: f64, pool: &[Wav], stream: &mut Stream) {
        let [min, max] = self.snr;
        let ratio = 10_f64.powf((min + (max - min) * stream.unit()) / 10.0);
        let noise = match (&self.recordings, self.color) {
            (Some(_), _) => recorded(pool, samples.len(), rate, stream),
            (None, Color::White) => samples.iter().map(|_| stream.normal()).collect(),
            (None, Color::Pink) => pink(samples.len(), stream),
        };
        let (signal, power) = (power(samples), power(&noise));
        if signal > 0.0 && power > 0.0 {
            let factor = (signal / ratio / power).sqrt();
            samples.iter_mut().zip(&noise).for_each(|(x, n)| *x += factor * n);
        }
    }
}

/// Returns the mean power, the mean of the squares.
fn power(samples: &[f64]) -> f64 {
    samples.iter().map(|x| x * x).sum::<f64>() / samples.len().max(1) as f64
}

/// Shifts samples by `by` positions: later, with silence before them, or earlier, with the first ones cut
/// off. At least one sample remains. Returns `None` if the result would have more than [`MAX_SAMPLES`]
/// samples.
fn shifted(samples: &[f64], by: i64) -> Option<Vec<f64>> {
    let offset = usize::try_from(by.unsigned_abs()).unwrap_or(usize::MAX);
    if by < 0 {
        return Some(samples[offset.min(samples.len().saturating_sub(1))..].to_vec());
    }
    let len = offset.checked_add(samples.len()).filter(|&len| len <= MAX_SAMPLES)?;
    let mut moved = Vec::with_capacity(len);
    moved.resize(offset, 0.0);
    moved.extend_from_slice(samples);
    Some(moved)
}

/// Returns pink noise by Voss' algorithm: the sum of 16 sources, of which source `k` is renewed every `2^k`
/// samples.
fn pink(len: usize, stream: &mut Stream) -> Vec<f64> {
    const SOURCES: usize = 16;
    let mut sources = [0.0; SOURCES];
    sources.iter_mut().for_each(|source| *source = stream.normal());
    (1..=len)
        .map(|i| {
            // Each sample renews one source: that of the number of trailing zeros.
            let renewed = i.trailing_zeros() as usize;
            if renewed < SOURCES {
                sources[renewed] = stream.normal();
            }
            sources.iter().sum()
        })
        .collect()
}

/// Returns `len` samples of a recording of the pool, which is not empty, from a drawn position on.
fn recorded(pool: &[Wav], len: usize, rate: f64, stream: &mut Stream) -> Vec<f64> {
    let drawn = &pool[stream.below(pool.len() as u64) as usize];
    let noise = drawn.samples();
    let ratio = f64::from(drawn.sample_rate().get()) / rate;
    // Positions at which the excerpt ends within the recording; all of them if it is too short for any.
    let last = (len.saturating_sub(1) as f64 * ratio).ceil();
    let starts = noise.len() as f64 - last;
    let starts = if starts >= 1.0 { starts as u64 } else { noise.len() as u64 };
    let start = stream.below(starts) as f64;
    (0..len)
        .map(|i| {
            let position = (start + i as f64 * ratio) % noise.len() as f64;
            let before = position as usize;
            let after = (before + 1) % noise.len();
            noise[before] + position.fract() * (noise[after] - noise[before])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Augmentation =
        Augmentation { gain: 0.0, noise: None, time_shift: 0.0, speed: 0.0, pitch: 0.0, every: 1 };

    fn tone() -> Wav {
        Wav::new((0..8000).map(|i| 0.25 * (0.3 * f64::from(i)).sin()).collect(), 8000).unwrap()
    }

    fn noise(snr: [f64; 2], color: Color) -> Option<Noise> {
        Some(Noise { snr, color, recordings: None })
    }

    fn applied(options: Augmentation, epoch: u64) -> AugmentedAudio {
        options.apply(&tone(), &[], 1, epoch, 2).unwrap()
    }

    #[test]
    fn the_default_augmentation_changes_nothing() {
        assert_eq!(applied(NONE, 3), AugmentedAudio { sound: tone(), step: 1.0 });
        assert!(!NONE.is_active() && NONE == Augmentation::default());
    }

    #[test]
    fn augmentation_depends_only_on_seed_epoch_and_sample() {
        let noise = noise([5.0, 30.0], Color::Pink);
        let options = Augmentation { gain: 6.0, noise, time_shift: 0.1, speed: 0.1, pitch: 0.1, every: 1 };
        let first = applied(options.clone(), 0);
        assert_eq!(first, applied(options.clone(), 0));
        assert_ne!(first, applied(options.clone(), 1));
        assert_ne!(first, options.apply(&tone(), &[], 2, 0, 2).unwrap());
        assert_ne!(first, options.apply(&tone(), &[], 1, 0, 3).unwrap());
    }

    #[test]
    fn transformations_stay_the_same_for_a_number_of_epochs() {
        let options = Augmentation { gain: 6.0, every: 3, ..NONE };
        let audio = [0, 2, 3, 5, 6].map(|epoch| applied(options.clone(), epoch));
        assert!(audio[0] == audio[1] && audio[2] == audio[3], "epochs 0 to 2, and 3 to 5");
        assert!(audio[1] != audio[2] && audio[3] != audio[4]);
        assert_eq!(audio[2], applied(Augmentation { every: 1, ..options }, 3));
    }

    #[test]
    fn each_augmentation_has_its_documented_effect() {
        let mut rates = Vec::new();
        for epoch in 0..50 {
            let louder = applied(Augmentation { gain: 6.0, ..NONE }, epoch);
            let decibels = 10.0 * (power(louder.sound.samples()) / power(tone().samples())).log10();
            assert!(decibels.abs() <= 6.0 && decibels != 0.0, "{decibels}");

            let moved = applied(Augmentation { time_shift: 0.1, ..NONE }, epoch);
            let by = moved.sound.samples().len() as i64 - 8000;
            assert!(by.abs() <= 800, "{by}");
            assert_eq!(moved.sound.samples().last(), tone().samples().last());

            let faster = applied(Augmentation { speed: 0.25, ..NONE }, epoch);
            assert_eq!((faster.sound.samples(), faster.step), (tone().samples(), 1.0));
            rates.push(faster.sound.sample_rate().get());

            let higher = applied(Augmentation { pitch: 0.25, ..NONE }, epoch);
            let rate = f64::from(higher.sound.sample_rate().get());
            assert!((rate * higher.step - 8000.0).abs() < 1.0, "steps grow as the sound does");
        }
        let (least, most) = (rates.iter().min().unwrap(), rates.iter().max().unwrap());
        assert!((6400..6700).contains(least) && (9500..=10_000).contains(most), "{least} {most}");
    }

    #[test]
    fn noise_has_the_power_that_is_asked_for() {
        for color in [Color::White, Color::Pink] {
            let noisy = applied(Augmentation { noise: noise([20.0, 20.0], color), ..NONE }, 0);
            let pairs = noisy.sound.samples().iter().zip(tone().samples().to_vec());
            let noise: Vec<f64> = pairs.map(|(x, y)| x - y).collect();
            let ratio = 10.0 * (power(tone().samples()) / power(&noise)).log10();
            assert!((ratio - 20.0).abs() < 0.01, "{ratio}");
        }
        let silence = Wav::new(vec![0.0; 100], 8000).unwrap();
        let options = Augmentation { noise: noise([0.0, 0.0], Color::White), ..NONE };
        assert_eq!(options.apply(&silence, &[], 0, 0, 0).unwrap().sound, silence);
    }

    /// Noise of a pool that is added to a constant, which shows the excerpt.
    fn added(pool: &[Wav], epoch: u64) -> Vec<f64> {
        let sound = Wav::new(vec![0.5; 100], 8000).unwrap();
        let noise = Some(Noise { snr: [20.0, 20.0], color: Color::White, recordings: Some("noise".into()) });
        let noisy = Augmentation { noise, ..NONE }.apply(&sound, pool, 1, epoch, 2).unwrap();
        noisy.sound.samples().iter().map(|x| x - 0.5).collect()
    }

    #[test]
    fn recorded_noise_is_cut_from_the_pool() {
        let ramp = |len: usize, rate| Wav::new((1..=len).map(|i| i as f64 / 1e4).collect(), rate).unwrap();
        let mut starts = Vec::new();
        for epoch in 0..200 {
            let noise = added(&[ramp(1000, 8000), ramp(1000, 8000)], epoch);
            assert!((10.0 * (0.25 / power(&noise)).log10() - 20.0).abs() < 1e-9);
            // All differences are equal, and the first value tells the position.
            let step = noise[1] - noise[0];
            assert!(noise.windows(2).all(|pair| (pair[1] - pair[0] - step).abs() < 1e-9));
            starts.push((noise[0] / step).round() as usize);
        }
        let (first, last) = (starts.iter().min().unwrap(), starts.iter().max().unwrap());
        assert!((1..50).contains(first) && (850..=901).contains(last), "{first} {last}");
        // Both recordings are drawn.
        let silent = Wav::new(vec![0.0; 1000], 8000).unwrap();
        let pool = [ramp(1000, 8000), silent];
        let silences = (0..200).filter(|&epoch| added(&pool, epoch) == [0.0; 100]).count();
        assert!((70..130).contains(&silences), "{silences}");
    }

    #[test]
    fn recorded_noise_of_other_lengths_and_rates_fits() {
        // Two values, repeated.
        let short = Wav::new(vec![1.0, -1.0], 8000).unwrap();
        let noise = added(std::slice::from_ref(&short), 0);
        assert!(noise.windows(2).all(|pair| (pair[0] + pair[1]).abs() < 1e-9 && pair[0].abs() > 0.01));
        // A ramp at twice and half the rate has the same differences relative to each other.
        for rate in [4000, 12_345, 16_000, 1, u32::MAX] {
            let ramp = Wav::new((1..=1000).map(|i| f64::from(i) / 1e4).collect(), rate).unwrap();
            let noise = added(&[ramp], 0);
            assert!((10.0 * (0.25 / power(&noise)).log10() - 20.0).abs() < 1e-9, "{rate}");
            let step = noise[1] - noise[0];
            let even = noise.windows(2).all(|pair| (pair[1] - pair[0] - step).abs() < 1e-9);
            assert!(even || rate == u32::MAX, "{rate}");
        }
        let missing = Noise { snr: [0.0, 0.0], color: Color::White, recordings: Some("noise".into()) };
        let options = Augmentation { noise: Some(missing), ..NONE };
        let error = options.apply(&tone(), &[], 0, 0, 0).unwrap_err().to_string();
        assert!(error.contains("at least one noise recording"), "{error}");
    }

    #[test]
    fn a_pool_does_not_change_other_draws() {
        let noise = noise([5.0, 30.0], Color::Pink);
        let options = Augmentation { gain: 6.0, noise, time_shift: 0.1, speed: 0.1, pitch: 0.1, every: 1 };
        let pool = [Wav::new(vec![0.25; 10], 8000).unwrap()];
        assert_eq!(options.apply(&tone(), &pool, 1, 0, 2).unwrap(), applied(options.clone(), 0));
        let recorded = Noise { snr: [5.0, 30.0], color: Color::White, recordings: Some("noise".into()) };
        let recorded = Augmentation { noise: Some(recorded), ..options.clone() };
        let (a, b) = (recorded.apply(&tone(), &pool, 1, 0, 2).unwrap(), applied(options, 0));
        assert_eq!((a.step, a.sound.sample_rate()), (b.step, b.sound.sample_rate()));
        assert_eq!(a.sound.samples().len(), b.sound.samples().len());
        // Stored runs depend on these numbers.
        assert_eq!((b.sound.sample_rate().get(), b.sound.samples().len()), (7396, 8677));
        assert!((b.sound.samples()[7000] + 0.12967787).abs() < 1e-6);
    }

    #[test]
    fn an_excessive_time_shift_is_rejected() {
        let sound = Wav::new(vec![0.5; 10], u32::MAX).unwrap();
        let later = Augmentation { time_shift: 60.0, ..NONE };
        let refused = (0..20).filter_map(|i| later.apply(&sound, &[], 0, 0, i).err()).next().unwrap();
        assert!(refused.to_string().contains("more than 2^28 samples"), "{refused}");
    }

    /// Differences of neighbors hold mostly high frequencies, sums of many mostly low ones.
    #[test]
    fn pink_noise_is_low_and_white_noise_is_even() {
        let mut stream = Stream::new(4, Purpose::Augmentation, 0, 0);
        let white: Vec<f64> = (0..1 << 16).map(|_| stream.normal()).collect();
        let pink = pink(1 << 16, &mut stream);
        let roughness = |noise: &[f64]| {
            let differences: Vec<f64> = noise.windows(2).map(|pair| pair[1] - pair[0]).collect();
            power(&differences) / power(noise)
        };
        assert!((roughness(&white) - 2.0).abs() < 0.05, "{}", roughness(&white));
        assert!(roughness(&pink) < 0.4, "{}", roughness(&pink));
    }

    #[test]
    fn options_out_of_range_are_named() {
        let noise = |snr| noise(snr, Color::White);
        let recorded = Noise { snr: [0.0, 0.0], color: Color::Pink, recordings: Some("noise".into()) };
        for (options, says) in [
            (Augmentation { gain: -1.0, ..NONE }, "`gain` is -1; it must be from 0 to 60"),
            (Augmentation { speed: 1.5, ..NONE }, "`speed` is 1.5"),
            (Augmentation { pitch: f64::NAN, ..NONE }, "`pitch` is NaN"),
            (Augmentation { time_shift: -0.5, ..NONE }, "`time_shift` is -0.5"),
            (Augmentation { every: 0, ..NONE }, "`every` is 0; it must be 1 or more"),
            (Augmentation { noise: noise([20.0, 10.0]), ..NONE }, "`noise.snr` is [20, 10]"),
            (Augmentation { noise: noise([f64::NAN, 10.0]), ..NONE }, "`noise.snr` is [NaN, 10]"),
            (Augmentation { noise: Some(recorded), ..NONE }, "`noise.color` has no effect"),
        ] {
            let why = options.check().unwrap_err();
            assert!(why.contains(says), "{why}");
        }
    }
}
