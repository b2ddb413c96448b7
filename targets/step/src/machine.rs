//! The machine that a program is lowered for.

/// Kind of machine, as far as it decides how a step is computed. The results are the same on both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// Has vector instructions for 16-bit integers (x86-64, AArch64). One loop over a layer for each equation, and
    /// spikes counted in rounds over all neurons: no branch depends on a neuron, so every loop runs in vectors.
    Vector,
    /// Has none (Cortex-M, RV32). One loop over a layer for all equations, and spikes counted neuron by neuron: every
    /// state is loaded and stored once.
    Scalar,
}
