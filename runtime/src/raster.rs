//! Rasters, kept small: a data set of a thousand recordings is held in memory whole.

/// One recording as events by time step and channel, in the smallest of several forms.
///
/// Whole counts take 1 byte per step and channel, or 2 bytes per event where events are few; a recording of
/// 700 channels, 250 steps and 8,000 events has 17 kB where a dense f32 array has 700 kB. Other values are
/// kept as f32. The form makes no difference to what is read.
///
/// ```
/// use synnet_runtime::Raster;
///
/// // Two events on channel 5 in step 1, one on channel 699 in step 2.
/// let raster = Raster::from_events(700, 3, vec![(2, 699), (1, 5), (1, 5)])?;
/// let dense = raster.to_dense();
/// assert_eq!((dense[700 + 5], dense[2 * 700 + 699]), (2.0, 1.0));
/// assert_eq!(Raster::from_dense(700, 3, dense)?, raster);
/// # Ok::<(), synnet_runtime::raster::RasterError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    channels: usize,
    steps: usize,
    form: Form,
}

/// Most values of a dense raster: what a machine can hold several times over.
pub const MOST_VALUES: usize = 1 << 28;

#[derive(Clone, Debug, PartialEq)]
enum Form {
    /// Any values, `[steps, channels]`.
    Values(Vec<f32>),
    /// Whole counts up to 255, `[steps, channels]`.
    Counts(Vec<u8>),
    /// The channel of every event, sorted by step and channel; a count of `n` stands `n` times. The events of
    /// step `t` lie between `starts[t]` and `starts[t + 1]`.
    Events { starts: Vec<u32>, channels: Vec<u16> },
}

/// Why values or events are not a raster.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RasterError {
    /// Not one value for each step and channel.
    #[error("{len} values are not {steps} steps of {channels} channels")]
    Shape {
        /// Number of values.
        len: usize,
        /// Number of time steps.
        steps: usize,
        /// Number of channels.
        channels: usize,
    },
    /// A value is NaN or infinite.
    #[error("the value is {value} in step {step}, channel {channel}")]
    NotFinite {
        /// The value.
        value: f32,
        /// Its time step.
        step: usize,
        /// Its channel.
        channel: usize,
    },
    /// More than [`MOST_VALUES`].
    #[error("{steps} steps of {channels} channels hold more than 2^28 values")]
    TooLarge {
        /// Number of time steps.
        steps: usize,
        /// Number of channels.
        channels: usize,
    },
    /// An event lies outside the raster.
    #[error("an event lies in step {step}, channel {channel} of {steps} steps and {channels} channels")]
    Outside {
        /// Step of the event.
        step: usize,
        /// Channel of the event.
        channel: usize,
        /// Number of time steps.
        steps: usize,
        /// Number of channels.
        channels: usize,
    },
}

impl Raster {
    /// A raster from one value for each step and channel, `[steps, channels]` in row-major order.
    ///
    /// # Errors
    /// Another number of values; a value that is NaN or infinite.
    pub fn from_dense(channels: usize, steps: usize, values: Vec<f32>) -> Result<Self, RasterError> {
        let len = values.len();
        if steps.checked_mul(channels) != Some(len) {
            return Err(RasterError::Shape { len, steps, channels });
        }
        if let Some(place) = values.iter().position(|x| !x.is_finite()) {
            let (step, channel) = (place / channels, place % channels);
            return Err(RasterError::NotFinite { value: values[place], step, channel });
        }
        let whole = values.iter().all(|&x| (0.0..=255.0).contains(&x) && x.fract() == 0.0);
        if !whole {
            return Ok(Self { channels, steps, form: Form::Values(values) });
        }
        Ok(Self::from_counts(channels, steps, values.iter().map(|&x| x as u8).collect()))
    }

    /// A raster from events `(step, channel)` in any order; equal ones count several times.
    ///
    /// # Errors
    /// An event outside the raster; steps and channels that make more than [`MOST_VALUES`] values.
    pub fn from_events(
        channels: usize,
        steps: usize,
        mut events: Vec<(usize, usize)>,
    ) -> Result<Self, RasterError> {
        if steps.checked_mul(channels).is_none_or(|values| values > MOST_VALUES) {
            return Err(RasterError::TooLarge { steps, channels });
        }
        if let Some(&(step, channel)) = events.iter().find(|&&(s, c)| s >= steps || c >= channels) {
            return Err(RasterError::Outside { step, channel, steps, channels });
        }
        if !events_are_smaller(channels, steps, events.len()) {
            let mut values = vec![0.0_f32; steps * channels];
            events.iter().for_each(|&(step, channel)| values[step * channels + channel] += 1.0);
            return Self::from_dense(channels, steps, values);
        }
        events.sort_unstable();
        let mut starts = vec![0; steps + 1];
        events.iter().for_each(|&(step, _)| starts[step + 1] += 1);
        (1..=steps).for_each(|t| starts[t] += starts[t - 1]);
        let channel_of = events.iter().map(|&(_, channel)| channel as u16).collect();
        Ok(Self { channels, steps, form: Form::Events { starts, channels: channel_of } })
    }

    /// A raster from counts `[steps, channels]` of the right number.
    fn from_counts(channels: usize, steps: usize, counts: Vec<u8>) -> Self {
        let total = counts.iter().map(|&n| usize::from(n)).sum();
        if !events_are_smaller(channels, steps, total) {
            return Self { channels, steps, form: Form::Counts(counts) };
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
        Self { channels, steps, form: Form::Events { starts, channels: channel_of } }
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Number of time steps.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Bytes that the raster takes in memory.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + match &self.form {
                Form::Values(values) => size_of_val(&values[..]),
                Form::Counts(counts) => counts.len(),
                Form::Events { starts, channels } => size_of_val(&starts[..]) + size_of_val(&channels[..]),
            }
    }

    /// All values, `[steps, channels]` in row-major order.
    pub fn to_dense(&self) -> Vec<f32> {
        let mut values = vec![0.0; self.steps * self.channels];
        self.write_steps(&mut values);
        values
    }

    /// Writes the first steps into whole rows, as many as there is room for; rows beyond the last step become 0.
    pub(crate) fn write_steps(&self, rows: &mut [f32]) {
        let steps = self.steps.min(rows.len() / self.channels.max(1));
        let (present, silent) = rows.split_at_mut(steps * self.channels);
        silent.fill(0.0);
        match &self.form {
            Form::Values(values) => present.copy_from_slice(&values[..present.len()]),
            Form::Counts(counts) => {
                present.iter_mut().zip(counts).for_each(|(x, &n)| *x = f32::from(n));
            }
            Form::Events { starts, channels } => {
                present.fill(0.0);
                let rows = present.chunks_exact_mut(self.channels.max(1));
                for (row, bounds) in rows.zip(starts.windows(2)) {
                    let events = &channels[bounds[0] as usize..bounds[1] as usize];
                    events.iter().for_each(|&channel| row[usize::from(channel)] += 1.0);
                }
            }
        }
    }

    /// Writes the values of step `t`, one per channel.
    pub(crate) fn write_row(&self, t: usize, row: &mut [f32]) {
        let range = t * self.channels..(t + 1) * self.channels;
        match &self.form {
            Form::Values(values) => row.copy_from_slice(&values[range]),
            Form::Counts(counts) => {
                row.iter_mut().zip(&counts[range]).for_each(|(x, &n)| *x = f32::from(n));
            }
            Form::Events { starts, channels } => {
                row.fill(0.0);
                let events = &channels[starts[t] as usize..starts[t + 1] as usize];
                events.iter().for_each(|&channel| row[usize::from(channel)] += 1.0);
            }
        }
    }

    /// Whether anything but zeros stands in the first `steps` time steps.
    pub fn has_events(&self, steps: usize) -> bool {
        (0..steps.min(self.steps())).any(|t| {
            let mut found = false;
            self.visit_row(t, |_, _| found = true);
            found
        })
    }

    /// Calls `visit` with channel and value of everything in step `t` that is not 0, by rising channels.
    pub(crate) fn visit_row(&self, t: usize, mut visit: impl FnMut(usize, f32)) {
        let range = t * self.channels..(t + 1) * self.channels;
        match &self.form {
            Form::Values(values) => {
                let present = values[range].iter().enumerate().filter(|(_, x)| **x != 0.0);
                present.for_each(|(channel, &x)| visit(channel, x));
            }
            Form::Counts(counts) => {
                let present = counts[range].iter().enumerate().filter(|(_, n)| **n != 0);
                present.for_each(|(channel, &n)| visit(channel, n.into()));
            }
            Form::Events { starts, channels } => {
                let events = &channels[starts[t] as usize..starts[t + 1] as usize];
                let runs = events.chunk_by(|a, b| a == b);
                runs.for_each(|run| visit(run[0].into(), run.len() as f32));
            }
        }
    }
}

/// Whether a list of events takes less memory than one byte per step and channel, and can be indexed.
fn events_are_smaller(channels: usize, steps: usize, events: usize) -> bool {
    let indexable = channels <= 1 << 16 && u32::try_from(events).is_ok();
    let size = events.saturating_mul(2).saturating_add(steps.saturating_mul(4));
    indexable && size < steps.saturating_mul(channels)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sparse, dense, with large counts, with values that are no counts.
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
                    raster.visit_row(t, |channel, x| row[channel] = x);
                    assert_eq!(row, values[40 * t..40 * (t + 1)]);
                }
                match raster.form {
                    Form::Events { .. } => 0,
                    Form::Counts(_) => 1,
                    Form::Values(_) => 2,
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
    fn few_events_take_little_memory() {
        let events = (0..8000).map(|i| (i % 250, i * 7 % 700)).collect();
        let raster = Raster::from_events(700, 250, events).unwrap();
        assert!(raster.bytes() < 17_200, "{}", raster.bytes());
    }

    #[test]
    fn misfits_are_named() {
        let message = |result: Result<Raster, RasterError>| result.unwrap_err().to_string();
        assert_eq!(message(Raster::from_dense(3, 2, vec![0.0; 5])), "5 values are not 2 steps of 3 channels");
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
