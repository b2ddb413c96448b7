//! Augmentation: random transformations of rasters during training.

use serde::{Deserialize, Serialize};
use synnet_random::{Purpose, Stream};

use crate::dataset::{Dataset, TimeTransform};
use crate::option_range::{OptionRange, setters};

/// Random transformations of rasters, drawn again for each sample in each epoch. The default is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Augmentation {
    /// Maximum shift of the raster in time, in steps; the shift is uniform over both directions.
    pub time_shift: u32,
    /// Maximum factor, less 1, by which the raster becomes longer or shorter, from 0 to 1. The factor is
    /// uniform in its logarithm. Whole steps are repeated or skipped.
    pub time_stretch: f64,
    /// Standard deviation of the shift of each event, in steps, from 0 to 1000: a shift by `j` steps has a
    /// probability proportional to `exp(-j^2 / (2 time_jitter^2))`. A value that is not a count moves as a
    /// whole.
    pub time_jitter: f64,
    /// Probability that an event is dropped, from 0 to 1. The events of a count are dropped independently; a
    /// value that is not a count is dropped as a whole.
    pub event_drop: f64,
    /// Probability that a channel is silent for a whole sample, from 0 to 1.
    pub channel_drop: f64,
    /// Maximum shift of the raster over channels; the shift is uniform over both directions. What leaves the
    /// range of channels is lost.
    pub channel_shift: u32,
    /// Maximum shift of the raster over channels as a real number, 0 or more; the shift is uniform over both directions.
    /// Each event moves to one of the two channels beside its place, with probabilities that keep the place on average.
    /// On channels at equal ratios of frequency, this changes the length of the vocal tract (Jaitly & Hinton, 2013).
    pub channel_warp: f64,
}

/// Maximum standard deviation of the jitter, in steps. It limits the table of [`Jitter`].
const MAX_JITTER: f64 = 1000.0;

impl Augmentation {
    setters! {
        with_time_shift: time_shift = u32;
        with_time_stretch: time_stretch = f64;
        with_time_jitter: time_jitter = f64;
        with_event_drop: event_drop = f64;
        with_channel_drop: channel_drop = f64;
        with_channel_shift: channel_shift = u32;
        with_channel_warp: channel_warp = f64;
    }

    pub(super) fn ranges(&self) -> [OptionRange; 5] {
        let jitter = self.time_jitter;
        let fits = (0.0..=MAX_JITTER).contains(&jitter);
        [
            OptionRange::fraction("augmentation.time_stretch", self.time_stretch),
            OptionRange::new("augmentation.time_jitter", jitter, fits, "from 0 to 1000"),
            OptionRange::fraction("augmentation.event_drop", self.event_drop),
            OptionRange::fraction("augmentation.channel_drop", self.channel_drop),
            OptionRange::non_negative("augmentation.channel_warp", self.channel_warp),
        ]
    }
}

/// Writes sample `i` as it is in `epoch`, `[steps, channels]`. All draws depend on the options, the seed, the
/// epoch and the sample only.
pub(super) fn write_sample(
    options: &Augmentation,
    seed: u64,
    epoch: u64,
    dataset: &Dataset,
    i: usize,
    raster: &mut [f32],
) {
    // The order of the draws is part of the result: the same seed must give the same samples in every
    // version.
    let mut stream = Stream::new(seed, Purpose::Augment, epoch, i as u64);
    let shift = draw_uniform(options.time_shift, &mut stream);
    let stretch = if options.time_stretch > 0.0 {
        // Uniform in the logarithm: speeding up and slowing down by a factor are equally likely.
        (1.0 + options.time_stretch).powf(2.0 * stream.unit() - 1.0)
    } else {
        1.0
    };
    let transform = TimeTransform { stretch, shift };
    let by_event = options.time_jitter > 0.0 || options.event_drop > 0.0;
    // Without changes to single events or channels, whole steps are copied.
    let by_channel = options.channel_drop > 0.0 || options.channel_shift > 0 || options.channel_warp > 0.0;
    if !by_event && !by_channel {
        return dataset.write_transformed(i, transform, raster);
    }

    let channels = dataset.channels();
    let silent: Vec<bool> = if options.channel_drop > 0.0 {
        (0..channels).map(|_| stream.unit() < options.channel_drop).collect()
    } else {
        vec![false; channels]
    };
    let channel_shift =
        if options.channel_shift > 0 { draw_uniform(options.channel_shift, &mut stream) } else { 0 };
    let warp =
        if options.channel_warp > 0.0 { options.channel_warp * (2.0 * stream.unit() - 1.0) } else { 0.0 };
    let jitter = (options.time_jitter > 0.0).then(|| Jitter::new(options.time_jitter));
    let sample = &dataset.samples()[i].raster;
    raster.fill(0.0);
    for t in 0..dataset.steps() {
        let Some(source) = transform.source(t, sample.steps()) else { continue };
        sample.visit_step(source, |channel, value| {
            let channel = channel as i64 + channel_shift;
            if usize::try_from(channel).ok().and_then(|c| silent.get(c)) != Some(&false) {
                return;
            }
            let value = drop_events(value, options.event_drop, &mut stream);
            if jitter.is_none() && warp == 0.0 {
                raster[t * channels + channel as usize] += value;
                return;
            }
            events(value, |part| {
                let step = t as i64 + jitter.as_ref().map_or(0, |jitter| jitter.draw(&mut stream));
                let channel = if warp == 0.0 { channel } else { channel + round_randomly(warp, &mut stream) };
                let place = usize::try_from(step).ok().zip(usize::try_from(channel).ok());
                if let Some((step, channel)) = place.filter(|&(t, c)| t < dataset.steps() && c < channels) {
                    raster[step * channels + channel] += part;
                }
            });
        });
    }
}

/// Draws an integer, uniform from `-max_offset` to `max_offset`.
fn draw_uniform(max_offset: u32, stream: &mut Stream) -> i64 {
    let max_offset = i64::from(max_offset);
    stream.below(2 * max_offset as u64 + 1) as i64 - max_offset
}

/// Rounds up or down at random, so that the mean is the value.
fn round_randomly(value: f64, stream: &mut Stream) -> i64 {
    (value + stream.unit()).floor() as i64
}

/// Maximum value that is taken for a number of events. Larger values are moved or dropped as a whole, which
/// also limits the draws per value.
const MAX_EVENTS: f32 = 256.0;

/// Returns the number of events that a value stands for, or `None` if it is not a count.
fn count(value: f32) -> Option<u32> {
    (value > 0.0 && value <= MAX_EVENTS && value.fract() == 0.0).then_some(value as u32)
}

/// Calls `visit` with 1 for each event of a count, or once with any other value.
fn events(value: f32, mut visit: impl FnMut(f32)) {
    match count(value) {
        Some(n) => (0..n).for_each(|_| visit(1.0)),
        None if value != 0.0 => visit(value),
        None => {}
    }
}

/// Returns a value after dropping each of its events with a probability.
fn drop_events(value: f32, probability: f64, stream: &mut Stream) -> f32 {
    if probability == 0.0 {
        return value;
    }
    match count(value) {
        Some(n) => (0..n).filter(|_| stream.unit() >= probability).count() as f32,
        None if stream.unit() < probability => 0.0,
        None => value,
    }
}

/// A discrete Gaussian distribution over steps, as a table for inverse transform sampling.
struct Jitter {
    /// Cumulative probabilities of the offsets from `-max_offset` to `max_offset`.
    cumulative: Vec<f64>,
    max_offset: i64,
}

impl Jitter {
    /// Creates the distribution with a standard deviation in steps; positive.
    fn new(deviation: f64) -> Self {
        // Larger offsets have a probability below 1e-8.
        let max_offset = (6.0 * deviation).ceil() as i64;
        let mut sum = 0.0;
        let weights = (-max_offset..=max_offset).map(|j| (-0.5 * (j as f64 / deviation).powi(2)).exp());
        let mut cumulative: Vec<f64> = weights
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        cumulative.iter_mut().for_each(|x| *x /= sum);
        Self { cumulative, max_offset }
    }

    /// Draws an offset in steps.
    fn draw(&self, stream: &mut Stream) -> i64 {
        let unit = stream.unit();
        self.cumulative.partition_point(|&x| x <= unit) as i64 - self.max_offset
    }
}

#[cfg(test)]
mod tests {
    use synnet_ir::Raster;

    use super::*;
    use crate::dataset::Sample;
    use crate::loss::label::Label;

    const STEPS: usize = 500;

    /// Three equal samples of 4 channels and `STEPS` steps.
    fn dataset(maker: impl Fn(usize) -> f32) -> Dataset {
        let values = (0..4 * STEPS).map(maker).collect();
        let raster = Raster::from_dense(4, STEPS, values).unwrap();
        let sample = Sample { raster, label: Label::Class(0) };
        Dataset::from_rasters(4, STEPS, vec![sample; 3]).unwrap()
    }

    fn augmented(options: &Augmentation, epoch: u64, i: usize) -> Vec<f32> {
        let mut raster = vec![9.0; 4 * STEPS];
        write_sample(options, 11, epoch, &dataset(|_| 3.0), i, &mut raster);
        raster
    }

    #[test]
    fn event_drop_has_its_probability() {
        let options = Augmentation { event_drop: 0.25, ..Augmentation::default() };
        let kept = augmented(&options, 0, 0).iter().sum::<f32>() / 6000.0;
        assert!((kept - 0.75).abs() < 0.02, "{kept}");
    }

    #[test]
    fn augmentation_depends_on_seed_epoch_and_sample_only() {
        let options = Augmentation {
            time_shift: 3,
            time_stretch: 0.2,
            time_jitter: 1.5,
            event_drop: 0.25,
            channel_drop: 0.1,
            channel_shift: 1,
            channel_warp: 0.7,
        };
        assert_eq!(augmented(&options, 0, 0), augmented(&options, 0, 0));
        assert_ne!(augmented(&options, 0, 0), augmented(&options, 1, 0));
        assert_ne!(augmented(&options, 0, 0), augmented(&options, 0, 1));
    }

    #[test]
    fn time_shift_covers_its_range() {
        let options = Augmentation { time_shift: 2, ..Augmentation::default() };
        let silent = |epoch| {
            let raster = augmented(&options, epoch, 0);
            let leading = raster.iter().take_while(|x| **x == 0.0).count() as i64 / 4;
            let trailing = raster.iter().rev().take_while(|x| **x == 0.0).count() as i64 / 4;
            leading - trailing
        };
        let mut shifts: Vec<i64> = (0..60).map(silent).collect();
        shifts.sort_unstable();
        shifts.dedup();
        assert_eq!(shifts, [-2, -1, 0, 1, 2]);
    }

    #[test]
    fn channel_drop_silences_whole_channels() {
        let options = Augmentation { channel_drop: 0.5, ..Augmentation::default() };
        let raster = augmented(&options, 0, 0);
        for channel in 0..4 {
            let values: Vec<f32> = raster.iter().skip(channel).step_by(4).copied().collect();
            assert!(values.iter().all(|x| *x == values[0]));
        }
    }

    #[test]
    fn channel_shift_moves_channels_jointly() {
        let options = Augmentation { channel_shift: 2, ..Augmentation::default() };
        let data = dataset(|i| if i % 4 == 1 { 2.0 } else { 0.0 });
        let mut places = vec![];
        for epoch in 0..60 {
            let mut raster = vec![9.0; 4 * STEPS];
            write_sample(&options, 11, epoch, &data, 0, &mut raster);
            let first = &raster[..4];
            assert!(raster.chunks_exact(4).all(|row| row == first));
            places.push(first.iter().position(|x| *x == 2.0));
        }
        places.sort_unstable();
        places.dedup();
        assert_eq!(places, [None, Some(0), Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn channel_warp_moves_events_by_one_distance_on_average() {
        let options = Augmentation { channel_warp: 0.9, ..Augmentation::default() };
        let data = dataset(|i| if i % 4 == 1 { 2.0 } else { 0.0 });
        let mut means = vec![];
        for epoch in 0..60 {
            let mut raster = vec![9.0; 4 * STEPS];
            write_sample(&options, 11, epoch, &data, 0, &mut raster);
            let count = |channel: usize| raster.iter().skip(channel).step_by(4).sum::<f32>();
            assert_eq!(count(0) + count(1) + count(2), 1000.0, "no event is lost");
            assert_eq!(count(0).min(count(2)), 0.0, "all events move to the same side");
            means.push((count(2) - count(0)) / 1000.0);
        }
        let largest = means.iter().fold(0.0_f32, |largest, mean| largest.max(mean.abs()));
        assert!((0.8..0.95).contains(&largest), "{largest}");
        assert!(means.iter().any(|mean| *mean < -0.5) && means.iter().any(|mean| *mean > 0.5));
    }

    #[test]
    fn time_jitter_keeps_events() {
        let options = Augmentation { time_jitter: 3.0, ..Augmentation::default() };
        let data = dataset(|i| if i == 4 * 250 + 1 { 200.0 } else { 0.0 });
        let mut raster = vec![9.0; 4 * STEPS];
        write_sample(&options, 5, 0, &data, 0, &mut raster);
        assert_eq!(raster.iter().sum::<f32>(), 200.0);
        let moved = |power: i32| -> f64 {
            let terms = raster.iter().enumerate().map(|(i, &n)| {
                assert!(n == 0.0 || i % 4 == 1, "no event changes its channel");
                f64::from(n) * ((i / 4) as f64 - 250.0).powi(power)
            });
            terms.sum::<f64>() / 200.0
        };
        assert!(moved(1).abs() < 0.7, "{}", moved(1));
        assert!((moved(2).sqrt() - 3.0).abs() < 0.5, "{}", moved(2).sqrt());
    }

    #[test]
    fn sparse_and_dense_rasters_are_equivalent() {
        // The second is sparse only because of its silent channels.
        let pattern = |i: usize, c: usize| if (i * 7 + c) % 13 == 2 { 2.0 } else { 0.0 };
        let values = |channels: usize| -> Vec<f32> {
            (0..STEPS * channels)
                .map(|i| if i % channels < 4 { pattern(i / channels, i % channels) } else { 0.0 })
                .collect()
        };
        let options = Augmentation { time_jitter: 1.0, event_drop: 0.3, ..Augmentation::default() };
        let written = |channels: usize| {
            let raster = Raster::from_dense(channels, STEPS, values(channels)).unwrap();
            let sample = Sample { raster, label: Label::Class(0) };
            let data = Dataset::from_rasters(channels, STEPS, vec![sample]).unwrap();
            let mut raster = vec![0.0; STEPS * channels];
            write_sample(&options, 3, 1, &data, 0, &mut raster);
            raster.chunks_exact(channels).flat_map(|row| row[..4].to_vec()).collect::<Vec<f32>>()
        };
        assert!(written(4).contains(&1.0));
        assert_eq!(written(4), written(700));
    }
}
