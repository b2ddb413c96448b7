//! What a network costs on its chip: clock cycles of a step, the clock that they ask for, and the power at it.
//!
//! A chip works through a step event by event and neuron by neuron, so its cycles follow from the sizes, the weights
//! that are not zero, and how often each neuron spikes. The numbers are those of the vendor's model (Rockpool's
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
//! The two variants of the model differ in what `E` and the neurons with readout weights are ([`CycleModel`](crate::chip::CycleModel)). Several
//! spikes of a neuron in a step cost as much as one. The worst case is that everything spikes in every step; the clock
//! is chosen for that, with a margin, as in Rockpool's `est_clock_freq`.
//!
//! Power hangs on the clock far more than on the spikes. [`power`] gives what was measured on boards, as a range.

mod model;
mod summary;

pub use model::{
    Activity, CLOCK_MARGIN, ClockChoice, Cost, LayerCost, NeuronGroup, PowerRange, clock, cost, power,
};
pub use summary::CostSummary;
