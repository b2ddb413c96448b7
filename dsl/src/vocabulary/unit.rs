//! Units of time and of rates.

use crate::names::names;

names! {
    /// A unit of a number.
    Unit {
        /// Seconds.
        Second = "s",
        /// Milliseconds.
        Millisecond = "ms",
        /// Microseconds.
        Microsecond = "us",
        /// Nanoseconds.
        Nanosecond = "ns",
        /// Events per second.
        Hertz = "Hz",
        /// Thousands of events per second.
        Kilohertz = "kHz",
        /// Millions of events per second.
        Megahertz = "MHz",
    }
}

impl Unit {
    /// Returns the size of one unit, in seconds or in events per second.
    pub const fn size(self) -> f64 {
        match self {
            Self::Second | Self::Hertz => 1.0,
            Self::Millisecond => 1e-3,
            Self::Microsecond => 1e-6,
            Self::Nanosecond => 1e-9,
            Self::Kilohertz => 1e3,
            Self::Megahertz => 1e6,
        }
    }

    /// Returns `value` of this unit in seconds or in events per second.
    pub fn to_base(self, value: f64) -> f64 {
        let size = self.size();
        // Division by an integer rounds once, so that `10 ms` and `0.01 s` are the same number; multiplication by
        // 0.001 would round twice.
        if size < 1.0 { value / (1.0 / size).round() } else { value * size }
    }

    /// Returns the power of time: 1 for times, -1 for rates.
    pub const fn time(self) -> i32 {
        match self {
            Self::Second | Self::Millisecond | Self::Microsecond | Self::Nanosecond => 1,
            Self::Hertz | Self::Kilohertz | Self::Megahertz => -1,
        }
    }
}
