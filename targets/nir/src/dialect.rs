//! The tools that write NIR, and what their files mean beyond the format.
//!
//! Measured with nir 1.0.8, snnTorch 1.0.0, Norse 1.1.0, SpikingJelly 2.0.0, sinabs 3.1.3, spyx 1.0.0, Rockpool 3.1.0.

use std::fmt;

use synnet_ir::graph::Reset;

mod detect;

pub(crate) use detect::{Detection, detect};

/// The rules by which a file is read: those of the tool that wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The equations of the format, integrated by forward Euler; spikes reset to zero.
    Euler,
    /// snnTorch: `r = tau / dt` at a time step of 0.1 ms; spikes reset to zero.
    SnnTorch,
    /// Norse: `r = 1`; spikes reset to zero.
    Norse,
    /// SpikingJelly: `r = tau / dt`; spikes reset to `v_reset`, from which neurons start.
    SpikingJelly,
    /// sinabs: time constants in steps, inputs added without gain; several spikes per step, which subtract the threshold.
    Sinabs,
    /// spyx: `r = 1 - dt / tau`, inputs added without gain; spikes subtract the threshold.
    Spyx,
    /// Rockpool: exponential decay, inputs added without gain; several spikes per step, which subtract the threshold.
    Rockpool,
}

impl Dialect {
    /// All dialects, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::Euler,
        Self::SnnTorch,
        Self::Norse,
        Self::SpikingJelly,
        Self::Sinabs,
        Self::Spyx,
        Self::Rockpool,
    ];

    /// Returns the name on the command line: the tool's, in small letters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Euler => "euler",
            Self::SnnTorch => "snntorch",
            Self::Norse => "norse",
            Self::SpikingJelly => "spikingjelly",
            Self::Sinabs => "sinabs",
            Self::Spyx => "spyx",
            Self::Rockpool => "rockpool",
        }
    }

    /// Returns the dialect of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// Returns the tool in words.
    pub(crate) const fn tool(self) -> &'static str {
        match self {
            Self::Euler => "forward Euler",
            Self::SnnTorch => "snnTorch",
            Self::Norse => "Norse",
            Self::SpikingJelly => "SpikingJelly",
            Self::Sinabs => "sinabs",
            Self::Spyx => "spyx",
            Self::Rockpool => "Rockpool",
        }
    }

    /// Returns what a spike leaves of the membrane potential.
    pub(crate) const fn reset(self) -> Reset {
        match self {
            Self::Euler | Self::SnnTorch | Self::Norse | Self::SpikingJelly => Reset::Zero,
            Self::Sinabs | Self::Spyx | Self::Rockpool => Reset::Subtract,
        }
    }

    /// Returns whether a neuron can spike several times per step.
    pub(crate) const fn spikes_several_times(self) -> bool {
        matches!(self, Self::Sinabs | Self::Rockpool)
    }

    /// Returns whether a neuron spikes at its threshold, and not only above it.
    pub(crate) const fn spikes_at_threshold(self) -> bool {
        matches!(self, Self::SpikingJelly | Self::Sinabs | Self::Rockpool)
    }

    /// Returns whether an input of a synapse decays in its own step.
    pub(crate) const fn decays_input(self) -> bool {
        matches!(self, Self::Rockpool)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How the nodes of a file are read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rules {
    pub(crate) dialect: Dialect,
    /// Time step in seconds.
    pub(crate) dt: f64,
    /// What replaces the dialect's reset.
    pub(crate) reset: Option<Reset>,
}
