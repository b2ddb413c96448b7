//! The diagnostic codes of training, with the explanations that `snnc explain` prints. `T01..`: options,
//! `T02..`: data, `T03..`: checkpoints.

synnet_ir::codes! {
    OPTION_RANGE = "T0101", "a training option is out of range",
"Counts must be 1 or more, probabilities between 0 and 1, learning rates and `eps` positive and finite. The
message names the option, its value and its range.

Remedy: correct the option in the recipe.";

    READOUT = "T0102", "the readout does not fit the network's output",
"`spike_count` requires an output of spikes: `output layer.spikes`. `mean_vmem`, `max_vmem` and `last_vmem`
require membranes, `output layer.vmem`, or the currents of a leaky integrator.

Remedy: choose another readout, or change the network's `output` statement.";

    DATA_SHAPE = "T0201", "data does not fit the network",
"A sample must have as many channels as the network's input. Its label must be the index of one of the
network's outputs; a target sequence must have one row per step and one column per output.

Remedy: correct the data, or the sizes of the network.";

    CHECKPOINT = "T0301", "a checkpoint cannot be resumed",
"A checkpoint contains weights, the state of the optimizer and the options. Resumed training gives the same
weights as uninterrupted training, so the network and the options must be the same.

Remedy: use the recipe of the checkpoint, or start a new training run.";
}
