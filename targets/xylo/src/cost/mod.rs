//! Cost of a network on its chip: clock cycles per step, the clock that they require, and the power at that clock.
//!
//! A chip processes a step event by event and neuron by neuron, so its cycles follow from the sizes, the nonzero
//! weights, and the activity of each neuron. The numbers are those of the vendor's model (Rockpool's
//! `power_cycles_model.py`). With `p` the probability that a channel or neuron has at least one spike in a step:
//!
//! | part | cycles |
//! |---|---|
//! | input | for each channel `1 + 3.5 * p * E`, `E` the hidden neurons with input weights |
//! | hidden spikes | for each hidden neuron `3 + 7 * p * targets` |
//! | readout spikes | for each hidden neuron with readout weights `p * (1 + 8 * O)`, `O` the readout neurons |
//! | hidden neurons | for each `19`, and `3 p` and the aliases' share for its spikes |
//! | readout neurons | for each `12` |
//!
//! The two variants of the model ([`CycleModel`](crate::chip::CycleModel)) differ in `E` and in the neurons with
//! readout weights. Several spikes of a neuron in a step cost as much as one. In the worst case, everything spikes in
//! every step; the clock is chosen for it, with a margin, as in Rockpool's `est_clock_freq`.
//!
//! Power depends on the clock far more than on spikes. [`power`] returns the range that was measured on boards.

mod model;
mod summary;

pub use model::{
    Activity, ActivityCounts, CLOCK_MARGIN, ClockChoice, Cost, LayerCost, NeuronGroup, PowerRange, clock,
    cost, power,
};
pub use summary::CostSummary;
