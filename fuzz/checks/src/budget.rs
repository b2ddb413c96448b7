//! The time that a pass may take.

use std::time::{Duration, Instant};

/// The maximum time of a pass, in optimized builds. The instrumentation of fuzzers costs a factor of 2.8, measured with the
/// slowest sources of `dsl/tests/bounds/`, missing optimization 10.
const MAX: Duration = Duration::from_secs(match (cfg!(fuzzing), cfg!(debug_assertions)) {
    (true, _) => 3,
    (false, true) => 10,
    (false, false) => 1,
});

/// Runs a pass.
///
/// # Panics
/// If the pass takes longer than [`MAX`].
pub(crate) fn timed<T>(name: &str, pass: impl FnOnce() -> T) -> T {
    let started = Clock::start();
    let result = pass();
    let elapsed = started.elapsed();
    assert!(elapsed <= MAX, "{name} took {elapsed:?}");
    result
}

/// A clock of the processor time of this thread, where the system reports it: fuzzers share the processors with each
/// other. Elsewhere, the time on the wall.
struct Clock {
    wall: Instant,
    thread: Option<Duration>,
}

impl Clock {
    fn start() -> Self {
        Self { wall: Instant::now(), thread: thread_time() }
    }

    fn elapsed(&self) -> Duration {
        match (self.thread, thread_time()) {
            (Some(start), Some(now)) => now.saturating_sub(start),
            _ => self.wall.elapsed(),
        }
    }
}

fn thread_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}
