//! Binning: events in continuous time to rasters of time steps.

use synnet_ir::Raster;

/// The conversion of events to a raster.
///
/// An event at time `x` is counted in step `floor(x * unit / dt)`. A time within a millionth of a step below
/// a boundary counts as the next step, because decimal times are rarely exact in binary. Channel `c` of a
/// sample becomes channel `c / pool` of the raster.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Binning {
    /// Number of channels of the raster.
    pub channels: usize,
    /// Number of neighboring channels of the sample per channel of the raster, 1 or more.
    pub pool: usize,
    /// Duration of a time step, in seconds.
    pub dt: f64,
    /// Maximum number of time steps of a raster; later events are dropped.
    pub steps: usize,
    /// Unit of the sample's times, in seconds.
    pub unit: f64,
}

/// An event outside the raster or with an invalid time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct InvalidEvent {
    /// Index of the event, from 0.
    pub(crate) index: usize,
    /// The end of a sentence that begins with the event.
    pub(crate) reason: String,
}

impl Binning {
    /// Converts events `(channel, time)`, in any order, to a raster that ends with the step of the last
    /// event.
    pub(crate) fn raster(&self, events: impl Iterator<Item = (f64, f64)>) -> Result<Raster, InvalidEvent> {
        let mut placed = Vec::new();
        let mut steps = 0;
        for (index, (channel, time)) in events.enumerate() {
            let (step, channel) =
                self.place(channel, time).map_err(|reason| InvalidEvent { index, reason })?;
            if let Some(step) = step {
                placed.push((step, channel));
                steps = steps.max(step + 1);
            }
        }
        Raster::from_events(self.channels, steps, placed)
            .map_err(|e| InvalidEvent { index: 0, reason: e.to_string() })
    }

    /// Returns step and channel of an event; no step if the event is later than the last one.
    fn place(&self, channel: f64, time: f64) -> Result<(Option<usize>, usize), String> {
        /// Fraction of a step by which a time may fall short of a boundary and still count as the next step.
        const TOLERANCE: f64 = 1e-6;
        let pool = self.pool.max(1);
        if !(channel >= 0.0 && channel.fract() == 0.0) {
            return Err(format!("is on channel {channel}; channels must be integers from 0"));
        }
        if channel >= self.channels as f64 * pool as f64 {
            let pooled = if pool > 1 { format!(", {pool} of the recording each") } else { String::new() };
            return Err(format!(
                "is on channel {channel}, but the raster has {} channels{pooled}; use a network with more input \
                 channels, or pool more channels",
                self.channels
            ));
        }
        if !(time >= 0.0 && time.is_finite()) {
            return Err(format!("is at time {time}; times must be finite and 0 or more"));
        }
        let step = (time * self.unit / self.dt + TOLERANCE).floor();
        let step = (step < self.steps as f64).then_some(step as usize);
        Ok((step, channel as usize / pool))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINNING: Binning = Binning { channels: 3, pool: 1, dt: 0.01, steps: 20, unit: 1.0 };

    #[test]
    fn events_fall_into_their_steps() {
        // 0.03 / 0.01 is below 3 in binary; the step is 3 all the same.
        for (time, step) in [(0.0, 0), (0.0099, 0), (0.01, 1), (0.03, 3), (0.07, 7), (0.0299, 2), (0.199, 19)]
        {
            assert_eq!(BINNING.place(1.0, time), Ok((Some(step), 1)), "{time}");
        }
        assert_eq!(BINNING.place(0.0, 0.2), Ok((None, 0)));
        assert_eq!(BINNING.place(0.0, 1e300), Ok((None, 0)));
        let pooled = Binning { pool: 5, unit: 1e-6, ..BINNING };
        assert_eq!(pooled.place(14.0, 10_000.0), Ok((Some(1), 2)));
    }

    #[test]
    fn rasters_end_with_their_last_event() {
        let raster =
            BINNING.raster([(2.0, 0.05), (0.0, 0.01), (2.0, 0.052), (1.0, 9.0)].into_iter()).unwrap();
        assert_eq!(raster.steps(), 6);
        assert_eq!(raster.to_dense()[5 * 3 + 2], 2.0);
        assert_eq!(BINNING.raster(std::iter::empty()).unwrap().steps(), 0);
    }

    #[test]
    fn misplaced_events_are_named() {
        for (channel, time, says) in [
            (3.0, 0.0, "channel 3, but the raster has 3 channels"),
            (-1.0, 0.0, "integers from 0"),
            (0.5, 0.0, "integers from 0"),
            (f64::NAN, 0.0, "integers from 0"),
            (f64::INFINITY, 0.0, "integers from 0"),
            (0.0, -0.1, "at time -0.1"),
            (0.0, f64::NAN, "at time NaN"),
            (0.0, f64::INFINITY, "at time inf"),
        ] {
            let reason = BINNING.raster([(0.0, 0.0), (channel, time)].into_iter()).unwrap_err();
            assert!(reason.index == 1 && reason.reason.contains(says), "{reason:?}");
        }
    }
}
