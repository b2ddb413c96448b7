//! Constants: names that stand for themselves unless a value has their name.

use synnet_ir::graph::{Quantity, Reset, SurrogateKind};

/// A constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// A quantity that a network can output.
    Quantity(Quantity),
    /// A surrogate gradient.
    Surrogate(SurrogateKind),
    /// What a spike leaves of the membrane potential.
    Reset(Reset),
}

impl Symbol {
    /// Returns all constants.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        let quantities = Quantity::ALL.into_iter().map(Self::Quantity);
        let surrogates = SurrogateKind::ALL.into_iter().map(Self::Surrogate);
        quantities.chain(surrogates).chain(Reset::ALL.into_iter().map(Self::Reset))
    }

    /// Returns the name in the language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quantity(quantity) => quantity.name(),
            Self::Surrogate(kind) => kind.name(),
            Self::Reset(reset) => reset.name(),
        }
    }

    /// Returns the meaning, as one sentence of Markdown.
    pub const fn doc(self) -> &'static str {
        match self {
            Self::Quantity(Quantity::Spikes) => "Spike counts, as the output of a network.",
            Self::Quantity(Quantity::Vmem) => "Membrane potentials after reset, as the output of a network.",
            Self::Quantity(Quantity::Isyn) => "Currents of the first synapse, as the output of a network.",
            Self::Surrogate(SurrogateKind::PeriodicExponential) => {
                "Surrogate gradient that decays exponentially around each multiple of the threshold."
            }
            Self::Surrogate(SurrogateKind::PiecewiseLinear) => {
                "Surrogate gradient that is constant from a window below the threshold on."
            }
            Self::Surrogate(SurrogateKind::FastSigmoid) => {
                "Surrogate gradient that falls with the square of the distance from the threshold (SuperSpike)."
            }
            Self::Surrogate(SurrogateKind::Arctangent) => {
                "Surrogate gradient that is the derivative of an arctangent at the threshold."
            }
            Self::Surrogate(SurrogateKind::Triangle) => {
                "Surrogate gradient that falls linearly to 0 within a window on both sides of the threshold."
            }
            Self::Surrogate(SurrogateKind::Boxcar) => {
                "Surrogate gradient that is constant within a window on both sides of the threshold."
            }
            Self::Reset(Reset::Subtract) => "Reset that subtracts the threshold for each spike.",
            Self::Reset(Reset::Zero) => "Reset that sets the membrane potential to zero.",
        }
    }

    /// Returns the constant with this name, if there is one.
    pub fn of(name: &str) -> Option<Self> {
        Self::all().find(|word| word.name() == name)
    }

    /// Returns the names of all constants.
    pub fn names() -> impl Iterator<Item = &'static str> + Clone {
        Self::all().map(Self::name)
    }
}
