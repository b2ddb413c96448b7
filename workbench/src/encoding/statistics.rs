//! Counts and durations of encoded recordings.

use serde_json::{Value, json};
use synnet_ir::display::{
    format_percent, format_significant, format_thousands, format_time_rounded, pluralize,
};

use super::Encoding;
use crate::observer::Observer;
use crate::recipe::FrontEnd;

/// Counts and durations of one or several encoded recordings.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct EncodingStatistics {
    /// Number of recordings.
    pub recordings: usize,
    /// Number of recordings without events.
    pub silent_recordings: usize,
    /// Duration of all recordings, in seconds.
    pub seconds: f64,
    /// Duration of a time step, in seconds.
    pub dt: f64,
    /// Number of time steps of all recordings.
    pub steps: usize,
    /// Number of events of each channel, in all recordings.
    pub events: Vec<u64>,
    /// Number of events that exceed the front end's cap, in all recordings.
    pub dropped_events: u64,
}

impl EncodingStatistics {
    pub(super) fn of(encoding: &Encoding) -> Self {
        let mut events = vec![0; encoding.raster.channels()];
        for step in 0..encoding.raster.steps() {
            encoding.raster.visit_step(step, |channel, count| events[channel] += count as u64);
        }
        Self {
            recordings: 1,
            silent_recordings: usize::from(events.iter().all(|&count| count == 0)),
            seconds: encoding.seconds,
            dt: encoding.dt,
            steps: encoding.raster.steps(),
            events,
            dropped_events: encoding.dropped_events,
        }
    }

    /// Adds the numbers of other recordings with the same time step and channels.
    pub(super) fn add(&mut self, other: &Self) {
        self.recordings += other.recordings;
        self.silent_recordings += other.silent_recordings;
        self.seconds += other.seconds;
        self.dt = other.dt;
        self.steps += other.steps;
        self.events.resize(other.events.len(), 0);
        self.events.iter_mut().zip(&other.events).for_each(|(sum, count)| *sum += count);
        self.dropped_events += other.dropped_events;
    }

    /// Returns the number of events of all channels.
    pub fn total_events(&self) -> u64 {
        self.events.iter().sum()
    }

    /// Returns the mean number of events of each channel per second.
    pub fn rates(&self) -> Vec<f64> {
        let seconds = (self.steps as f64 * self.dt).max(f64::MIN_POSITIVE);
        self.events.iter().map(|&count| count as f64 / seconds).collect()
    }

    /// Returns the mean number of events per channel per second.
    pub fn mean_rate(&self) -> f64 {
        self.rates().iter().sum::<f64>() / self.events.len().max(1) as f64
    }

    /// Describes the result in a line.
    pub fn summary(&self) -> String {
        let recordings = match self.recordings {
            1 => String::new(),
            many => format!("{}, ", pluralize(many, "recording")),
        };
        let steps = if self.steps == 1 { "step" } else { "steps" };
        format!(
            "{recordings}{} of sound: {} {steps} of {}, {} events, {} per channel per second",
            format_time_rounded(self.seconds),
            format_thousands(self.steps as f64),
            format_time_rounded(self.dt),
            format_thousands(self.total_events() as f64),
            format_significant(self.mean_rate())
        )
    }

    /// Reports events above the cap, and warns about recordings without events.
    pub fn report(&self, front_end: &FrontEnd, observer: &dyn Observer) {
        if self.dropped_events > 0 {
            let share = self.dropped_events as f64 / (self.dropped_events + self.total_events()) as f64;
            observer.note(&format!(
                "the front end counts at most {} events per channel per step: {} above that ({}) are dropped",
                front_end.options().cap,
                format_thousands(self.dropped_events as f64),
                format_percent(share)
            ));
        }
        if self.silent_recordings > 0 {
            observer.warning(&match self.recordings {
                1 => "the recording has no events".to_owned(),
                many => format!("{} of {many} recordings have no events", self.silent_recordings),
            });
        }
    }

    /// Returns the numbers for programs.
    pub fn to_json(&self) -> Value {
        json!({
            "recordings": self.recordings,
            "silent_recordings": self.silent_recordings,
            "seconds": self.seconds,
            "dt": self.dt,
            "steps": self.steps,
            "channels": self.events.len(),
            "events": self.total_events(),
            "mean_rate": self.mean_rate(),
            "rates": self.rates(),
            "dropped_events": self.dropped_events,
        })
    }
}
