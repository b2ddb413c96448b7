//! Rasters: the input of a network by time step and channel.
//!
//! A dataset of thousands of samples is held in memory, so a raster is stored compactly. Whether it consists of event
//! counts is determined once, when it is created: a chip requires counts, and reads them with [`Raster::counts`].

mod error;

use std::borrow::Cow;

pub use error::{InvalidCount, RasterError};

/// One sample by time step and channel, in the most compact of several forms.
///
/// A raster has the shape `[steps, channels]`. A step has the duration of the network's `dt`, which the
/// raster does not store. A value is an event count, without a unit, or any finite f32.
///
/// Counts up to 255 take 1 byte per step and channel. Sparse counts of any size take 2 bytes per event: a sample of 700
/// channels, 250 steps and 8,000 events takes 17 kB; as a dense f32 array, it takes 700 kB. Other values are stored as
/// f32. The form affects neither values nor equality.
///
/// ```
/// use synnet_ir::Raster;
///
/// // Two events on channel 5 in step 1, one on channel 699 in step 2.
/// let raster = Raster::from_events(700, 3, vec![(2, 699), (1, 5), (1, 5)])?;
/// let dense = raster.to_dense();
/// assert_eq!((dense[700 + 5], dense[2 * 700 + 699]), (2.0, 1.0));
/// assert_eq!(Raster::from_dense(700, 3, dense)?, raster);
///
/// // A chip requires counts. The error of other values gives the location.
/// assert_eq!(raster.counts()?[700 + 5], 2);
/// let fractions = Raster::from_dense(2, 1, vec![1.0, 0.5])?;
/// let error = fractions.counts().unwrap_err();
/// assert_eq!((error.value, error.step, error.channel), (0.5, 0, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Raster {
    channels: usize,
    steps: usize,
    form: Storage,
}

#[derive(Clone, Debug, PartialEq)]
enum Storage {
    /// Finite values, `[steps, channels]`, at least one of which is not an integer from 0 to
    /// [`Raster::MAX_COUNT`].
    Values(Vec<f32>),
    /// Counts, `[steps, channels]`.
    Counts(Vec<u8>),
    /// Counts of any size, as single events.
    Events(Events),
}

/// The channel of every event, sorted by step and channel; a count of `n` is stored as `n` equal events.
#[derive(Clone, Debug, PartialEq)]
struct Events {
    channels: Vec<u16>,
    /// The events of step `t` are at `starts[t]..starts[t + 1]`.
    starts: Vec<u32>,
    /// The maximum count of a channel in a step.
    max: usize,
}

impl Raster {
    /// Maximum count that [`counts`](Self::counts) returns.
    pub const MAX_COUNT: u8 = u8::MAX;

    /// Maximum number of values of a dense raster that is created from events. A machine can hold several
    /// arrays of this size.
    pub const MAX_VALUES: usize = 1 << 28;

    /// Creates a raster from one value per step and channel, `[steps, channels]` in row-major order.
    ///
    /// # Errors
    /// Returns an error if the number of values is wrong, or if a value is infinite or NaN.
    pub fn from_dense(channels: usize, steps: usize, values: Vec<f32>) -> Result<Self, RasterError> {
        check_shape(channels, steps, values.len())?;
        if let Some(place) = values.iter().position(|x| !x.is_finite()) {
            let (step, channel) = (place / channels, place % channels);
            return Err(RasterError::NonFinite { value: values[place], step, channel });
        }
        Ok(Self::of_values(channels, steps, values))
    }

    /// Creates a raster from one count per step and channel, `[steps, channels]` in row-major order.
    ///
    /// # Errors
    /// Returns an error if the number of counts is wrong.
    pub fn from_counts(channels: usize, steps: usize, counts: Vec<u8>) -> Result<Self, RasterError> {
        check_shape(channels, steps, counts.len())?;
        Ok(Self::of_counts(channels, steps, counts))
    }

    /// Creates a raster from events `(step, channel)`, in any order; equal events are counted.
    ///
    /// # Errors
    /// Returns an error if an event is outside the raster, or if the raster would have more than
    /// [`MAX_VALUES`](Self::MAX_VALUES) values.
    pub fn from_events(
        channels: usize,
        steps: usize,
        mut events: Vec<(usize, usize)>,
    ) -> Result<Self, RasterError> {
        if steps.checked_mul(channels).is_none_or(|values| values > Self::MAX_VALUES) {
            return Err(RasterError::TooLarge { steps, channels });
        }
        if let Some(&(step, channel)) = events.iter().find(|&&(s, c)| s >= steps || c >= channels) {
            return Err(RasterError::OutOfBounds { step, channel, steps, channels });
        }
        if !events_use_less_memory(channels, steps, events.len()) {
            let mut values = vec![0.0_f32; steps * channels];
            events.iter().for_each(|&(step, channel)| values[step * channels + channel] += 1.0);
            return Ok(Self::of_values(channels, steps, values));
        }
        events.sort_unstable();
        let mut starts = vec![0; steps + 1];
        events.iter().for_each(|&(step, _)| starts[step + 1] += 1);
        (1..=steps).for_each(|t| starts[t] += starts[t - 1]);
        let channel_of = events.iter().map(|&(_, channel)| channel as u16).collect();
        Ok(Self { channels, steps, form: Storage::Events(Events::new(channel_of, starts)) })
    }

    /// Creates a raster of finite values of the right number.
    fn of_values(channels: usize, steps: usize, values: Vec<f32>) -> Self {
        match counts_of(&values) {
            Ok(counts) => Self::of_counts(channels, steps, counts),
            Err(_) => Self { channels, steps, form: Storage::Values(values) },
        }
    }

    /// Creates a raster of counts of the right number.
    fn of_counts(channels: usize, steps: usize, counts: Vec<u8>) -> Self {
        let total = counts.iter().map(|&n| usize::from(n)).sum();
        if !events_use_less_memory(channels, steps, total) {
            return Self { channels, steps, form: Storage::Counts(counts) };
        }
        let mut starts = Vec::with_capacity(steps + 1);
        let mut channel_of = Vec::with_capacity(total);
        starts.push(0);
        for row in counts.chunks_exact(channels.max(1)) {
            for (channel, &n) in row.iter().enumerate() {
                channel_of.extend(std::iter::repeat_n(channel as u16, n.into()));
            }
            starts.push(channel_of.len() as u32);
        }
        starts.resize(steps + 1, 0);
        Self { channels, steps, form: Storage::Events(Events::new(channel_of, starts)) }
    }

    /// Returns the number of channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Returns the number of time steps.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Returns the memory that the raster takes, in bytes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + match &self.form {
                Storage::Values(values) => size_of_val(&values[..]),
                Storage::Counts(counts) => counts.len(),
                Storage::Events(events) => {
                    size_of_val(&events.starts[..]) + size_of_val(&events.channels[..])
                }
            }
    }

    /// Returns the first `steps` time steps; steps beyond the last are silent.
    #[must_use]
    pub fn resized(&self, steps: usize) -> Self {
        let channels = self.channels;
        let len = steps.saturating_mul(channels);
        let kept = len.min(self.steps * channels);
        match &self.form {
            // The steps that are cut off may be the only ones with values that are not counts.
            Storage::Values(values) => Self::of_values(channels, steps, padded(&values[..kept], len)),
            Storage::Counts(counts) => {
                Self { channels, steps, form: Storage::Counts(padded(&counts[..kept], len)) }
            }
            Storage::Events(events) => Self { channels, steps, form: Storage::Events(events.resized(steps)) },
        }
    }

    /// Checks that the raster consists of counts. Takes constant time if it does, since this is determined at
    /// creation.
    ///
    /// # Errors
    /// Returns the first value that is not an integer from 0 to [`MAX_COUNT`](Self::MAX_COUNT).
    pub fn check_counts(&self) -> Result<(), InvalidCount> {
        let known = match &self.form {
            Storage::Values(_) => false,
            Storage::Counts(_) => true,
            Storage::Events(events) => events.max <= Self::MAX_COUNT.into(),
        };
        if known {
            return Ok(());
        }
        let values = self.to_dense();
        counts_of(&values).map(drop).map_err(|place| {
            let (step, channel) = (place / self.channels, place % self.channels);
            InvalidCount { value: values[place], step, channel }
        })
    }

    /// Returns all counts, `[steps, channels]` in row-major order; borrowed if the raster holds them in this form.
    ///
    /// # Errors
    /// Returns an error under the conditions of [`check_counts`](Self::check_counts).
    pub fn counts(&self) -> Result<Cow<'_, [u8]>, InvalidCount> {
        self.check_counts()?;
        Ok(match &self.form {
            Storage::Values(values) => Cow::Owned(values.iter().map(|&x| x as u8).collect()),
            Storage::Counts(counts) => Cow::Borrowed(counts),
            Storage::Events(events) => {
                let mut counts = vec![0; self.steps * self.channels];
                for (row, events) in counts.chunks_exact_mut(self.channels.max(1)).zip(events.steps()) {
                    events.iter().for_each(|&channel| row[usize::from(channel)] += 1);
                }
                Cow::Owned(counts)
            }
        })
    }

    /// Returns all values, `[steps, channels]` in row-major order.
    pub fn to_dense(&self) -> Vec<f32> {
        let mut values = vec![0.0; self.steps * self.channels];
        self.write_steps(&mut values);
        values
    }

    /// Writes the first steps into `[steps, channels]`, as many as there are complete rows. Rows after the
    /// last step are set to 0.
    pub fn write_steps(&self, rows: &mut [f32]) {
        let steps = self.steps.min(rows.len() / self.channels.max(1));
        let (present, silent) = rows.split_at_mut(steps * self.channels);
        silent.fill(0.0);
        match &self.form {
            Storage::Values(values) => present.copy_from_slice(&values[..present.len()]),
            Storage::Counts(counts) => {
                present.iter_mut().zip(counts).for_each(|(x, &n)| *x = f32::from(n));
            }
            Storage::Events(events) => {
                present.fill(0.0);
                let rows = present.chunks_exact_mut(self.channels.max(1));
                for (row, events) in rows.zip(events.steps()) {
                    events.iter().for_each(|&channel| row[usize::from(channel)] += 1.0);
                }
            }
        }
    }

    /// Writes the values of step `t`, one per channel.
    ///
    /// # Panics
    /// If there is no step `t`, or if `row` does not have one element per channel.
    pub fn write_step(&self, t: usize, row: &mut [f32]) {
        assert_eq!(row.len(), self.channels, "a row has one value per channel");
        let range = t * self.channels..(t + 1) * self.channels;
        match &self.form {
            Storage::Values(values) => row.copy_from_slice(&values[range]),
            Storage::Counts(counts) => {
                row.iter_mut().zip(&counts[range]).for_each(|(x, &n)| *x = f32::from(n));
            }
            Storage::Events(events) => {
                row.fill(0.0);
                events.step(t).iter().for_each(|&channel| row[usize::from(channel)] += 1.0);
            }
        }
    }

    /// Calls `visit` with the channel and the value of each nonzero element of step `t`, in ascending order
    /// of channels.
    ///
    /// # Panics
    /// If there is no step `t`.
    pub fn visit_step(&self, t: usize, mut visit: impl FnMut(usize, f32)) {
        let range = t * self.channels..(t + 1) * self.channels;
        match &self.form {
            Storage::Values(values) => {
                let present = values[range].iter().enumerate().filter(|(_, x)| **x != 0.0);
                present.for_each(|(channel, &x)| visit(channel, x));
            }
            Storage::Counts(counts) => {
                let present = counts[range].iter().enumerate().filter(|(_, n)| **n != 0);
                present.for_each(|(channel, &n)| visit(channel, n.into()));
            }
            Storage::Events(events) => {
                let runs = events.step(t).chunk_by(|a, b| a == b);
                runs.for_each(|run| visit(run[0].into(), run.len() as f32));
            }
        }
    }

    /// Returns whether anything but zeros stands in the first `steps` time steps.
    pub fn has_events(&self, steps: usize) -> bool {
        (0..steps.min(self.steps())).any(|t| {
            let mut found = false;
            self.visit_step(t, |_, _| found = true);
            found
        })
    }
}

/// Creates a raster from one frame of counts per time step, with one count per channel.
impl<const CHANNELS: usize> From<Vec<[u8; CHANNELS]>> for Raster {
    fn from(frames: Vec<[u8; CHANNELS]>) -> Self {
        Self::of_counts(CHANNELS, frames.len(), frames.into_flattened())
    }
}

impl PartialEq for Raster {
    fn eq(&self, other: &Self) -> bool {
        (self.channels, self.steps) == (other.channels, other.steps)
            && (self.form == other.form || self.to_dense() == other.to_dense())
    }
}

impl Events {
    fn new(channels: Vec<u16>, starts: Vec<u32>) -> Self {
        let mut events = Self { channels, starts, max: 0 };
        let longest = |step: &[u16]| step.chunk_by(|a, b| a == b).map(<[u16]>::len).max();
        events.max = events.steps().filter_map(longest).max().unwrap_or(0);
        events
    }

    /// Returns the channels of the events in step `t`.
    fn step(&self, t: usize) -> &[u16] {
        &self.channels[self.starts[t] as usize..self.starts[t + 1] as usize]
    }

    /// Returns the channels of the events in each step.
    fn steps(&self) -> impl Iterator<Item = &[u16]> {
        self.starts.windows(2).map(|bounds| &self.channels[bounds[0] as usize..bounds[1] as usize])
    }

    fn resized(&self, steps: usize) -> Self {
        let mut starts = self.starts[..self.starts.len().min(steps + 1)].to_vec();
        let end = starts.last().copied().unwrap_or(0);
        starts.resize(steps + 1, end);
        Self::new(self.channels[..end as usize].to_vec(), starts)
    }
}

/// Converts numbers to counts, or returns the index of the first that is none. Nothing else decides what a count is.
fn counts_of(values: &[f32]) -> Result<Vec<u8>, usize> {
    let is_count = |x: f32| (0.0..=f32::from(Raster::MAX_COUNT)).contains(&x) && x.fract() == 0.0;
    match values.iter().position(|&x| !is_count(x)) {
        Some(place) => Err(place),
        None => Ok(values.iter().map(|&x| x as u8).collect()),
    }
}

/// Returns the values, followed by zeros up to a length.
fn padded<T: Copy + Default>(values: &[T], len: usize) -> Vec<T> {
    let mut all = Vec::with_capacity(len);
    all.extend_from_slice(values);
    all.resize(len, T::default());
    all
}

fn check_shape(channels: usize, steps: usize, len: usize) -> Result<(), RasterError> {
    if steps.checked_mul(channels) == Some(len) {
        return Ok(());
    }
    Err(RasterError::Shape { len, steps, channels })
}

/// Returns whether a list of events takes less memory than one byte per step and channel, and can be indexed.
fn events_use_less_memory(channels: usize, steps: usize, events: usize) -> bool {
    let indexable = channels <= 1 << 16 && u32::try_from(events).is_ok();
    let size = events.saturating_mul(2).saturating_add(steps.saturating_mul(4));
    indexable && size < steps.saturating_mul(channels)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns rasters that are sparse, dense, with large counts, and with values that are no counts.
    fn rasters() -> Vec<(Vec<f32>, Raster)> {
        let (channels, steps) = (40, 25);
        let makers: [&dyn Fn(usize) -> f32; 4] = [
            &|i| if i % 17 == 3 { (i % 4) as f32 } else { 0.0 },
            &|i| (i % 5) as f32,
            &|i| if i % 90 == 1 { 255.0 } else { 0.0 },
            &|i| if i % 3 == 0 { 0.0 } else { i as f32 - 300.5 },
        ];
        let make = |maker: &dyn Fn(usize) -> f32| {
            let values: Vec<f32> = (0..channels * steps).map(maker).collect();
            (values.clone(), Raster::from_dense(channels, steps, values).unwrap())
        };
        makers.into_iter().map(make).collect()
    }

    #[test]
    fn every_form_gives_back_what_was_put_in() {
        let forms: Vec<u8> = rasters()
            .iter()
            .map(|(values, raster)| {
                assert_eq!(raster.to_dense(), *values);
                for steps in [0, 7, 25, 31] {
                    let mut rows = vec![9.0; 40 * steps];
                    raster.write_steps(&mut rows);
                    let mut expected = values.clone();
                    expected.resize(40 * steps, 0.0);
                    assert_eq!(rows, expected, "{steps} steps");
                }
                for t in 0..raster.steps() {
                    let mut row = vec![0.0; 40];
                    raster.visit_step(t, |channel, x| row[channel] = x);
                    assert_eq!(row, values[40 * t..40 * (t + 1)]);
                }
                match raster.form {
                    Storage::Events(_) => 0,
                    Storage::Counts(_) => 1,
                    Storage::Values(_) => 2,
                }
            })
            .collect();
        assert_eq!(forms, [0, 1, 1, 2]);
    }

    #[test]
    fn events_equal_their_counts() {
        for (values, raster) in rasters().into_iter().take(3) {
            let mut events = Vec::new();
            for (i, &n) in values.iter().enumerate() {
                events.extend(std::iter::repeat_n((i / 40, i % 40), n as usize));
            }
            events.reverse();
            assert_eq!(Raster::from_events(40, 25, events).unwrap(), raster);
        }
        let loud = Raster::from_events(1, 1, vec![(0, 0); 300]).unwrap();
        assert_eq!(loud.to_dense(), [300.0]);
        assert_eq!(Raster::from_events(700, 0, vec![]).unwrap().to_dense(), [0.0; 0]);
        assert_eq!(Raster::from_dense(0, 9, vec![]).unwrap().steps(), 9);
    }

    #[test]
    fn counts_or_the_first_invalid_value_are_returned() {
        for (values, raster) in rasters().into_iter().take(3) {
            let counts = raster.counts().unwrap();
            assert!(counts.iter().map(|&n| f32::from(n)).eq(values));
            assert_eq!(Raster::from_counts(40, 25, counts.to_vec()).unwrap(), raster);
            let (frames, _) = counts.as_chunks::<40>();
            assert_eq!(Raster::from(frames.to_vec()), raster);
        }
        let (_, fractions) = rasters().pop().unwrap();
        let error = fractions.counts().unwrap_err();
        assert_eq!(error, InvalidCount { value: -299.5, step: 0, channel: 1 });
        assert_eq!(
            error.to_string(),
            "the value is -299.5 in step 0, channel 1; counts of events are whole numbers from 0 to 255"
        );
        for (steps, channels) in [(1, 1), (90, 40)] {
            let loud = Raster::from_events(channels, steps, vec![(steps - 1, 0); 256]).unwrap();
            assert_eq!(
                loud.counts().unwrap_err(),
                InvalidCount { value: 256.0, step: steps - 1, channel: 0 }
            );
            assert_eq!(Raster::from_dense(channels, steps, loud.to_dense()).unwrap(), loud);
        }
        assert_eq!(Raster::from_dense(2, 1, vec![-0.0, 255.0]).unwrap().counts().unwrap()[..], [0, 255]);
    }

    #[test]
    fn resized_rasters_are_cut_or_filled_with_silence() {
        for (mut values, raster) in rasters() {
            for steps in [0, 7, 25, 31] {
                let resized = raster.resized(steps);
                let mut expected = values.clone();
                expected.resize(40 * steps, 0.0);
                assert_eq!(resized, Raster::from_dense(40, steps, expected).unwrap(), "{steps} steps");
            }
            // The step with the value that is not a count is cut off.
            values[..40].fill(1.0);
            let cut = Raster::from_dense(40, 25, values).unwrap().resized(1);
            assert_eq!(cut.counts().unwrap()[..], [1; 40]);
        }
        let mut events = vec![(89, 0); 256];
        events.push((1, 3));
        let cut = Raster::from_events(40, 90, events).unwrap().resized(89);
        assert_eq!(cut.counts().unwrap().iter().map(|&n| u32::from(n)).sum::<u32>(), 1);
        assert_eq!(Raster::from_dense(0, 9, vec![]).unwrap().resized(4).steps(), 4);
    }

    #[test]
    fn few_events_take_little_memory() {
        let events = (0..8000).map(|i| (i % 250, i * 7 % 700)).collect();
        let raster = Raster::from_events(700, 250, events).unwrap();
        assert!(raster.bytes() < 17_200, "{}", raster.bytes());
    }

    #[test]
    fn misfits_are_named() {
        let message = |result: Result<Raster, RasterError>| result.unwrap_err().to_string();
        assert_eq!(message(Raster::from_dense(3, 2, vec![0.0; 5])), "5 values are not 2 steps of 3 channels");
        assert_eq!(message(Raster::from_counts(3, 2, vec![0; 5])), "5 values are not 2 steps of 3 channels");
        assert_eq!(
            message(Raster::from_dense(2, 2, vec![0.0, 0.0, 0.0, f32::NAN])),
            "the value is NaN in step 1, channel 1"
        );
        assert_eq!(
            message(Raster::from_events(2, 3, vec![(0, 1), (3, 0)])),
            "an event lies in step 3, channel 0 of 3 steps and 2 channels"
        );
        assert!(Raster::from_dense(usize::MAX, 2, vec![]).is_err());
        assert!(Raster::from_events(1 << 20, 1 << 20, vec![]).is_err());
    }
}
