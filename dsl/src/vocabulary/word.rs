//! Words that stand for themselves where no value has their name.

use synnet_ir::graph::{Quantity, SurrogateKind};

/// A word that is a value of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// What a network gives.
    Quantity(Quantity),
    /// A surrogate gradient.
    Surrogate(SurrogateKind),
}

impl Word {
    /// All words.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        let quantities = Quantity::ALL.into_iter().map(Self::Quantity);
        quantities.chain(SurrogateKind::ALL.into_iter().map(Self::Surrogate))
    }

    /// Returns the name in the language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quantity(quantity) => quantity.name(),
            Self::Surrogate(kind) => kind.name(),
        }
    }

    /// Returns what it means, as one sentence of Markdown.
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
        }
    }

    /// Returns the word with that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::all().find(|word| word.name() == name)
    }

    /// The names of all words.
    pub fn names() -> impl Iterator<Item = &'static str> + Clone {
        Self::all().map(Self::name)
    }
}
