//! Every rule of training, with the long form that `snnc explain` prints: `T01..` options, `T02..`
//! data, `T03..` checkpoints.

synnet_ir::codes! {
    OPTION_RANGE = "T0101", "an option of training is out of its range",
"Counts are 1 or more, probabilities lie between 0 and 1, learning rates and eps are positive and finite.
The message names the option, its value and its range.

Remedy: correct the option in the recipe.";

    READOUT = "T0102", "the readout does not fit the network's output",
"`spike_count` counts the spikes of an `output layer.spikes`. `mean_vmem`, `max_vmem` and `last_vmem` look at
the membranes of an `output layer.vmem` (or the currents of a leaky integrator).

Remedy: choose the other readout, or change the network's `output` line.";

    DATA_SHAPE = "T0201", "data does not fit the network",
"A sample has as many channels as the network's input; its label is the index of one of the network's outputs;
a target sequence has a row per step and a column per output.

Remedy: correct the data, or the sizes of the network.";

    CHECKPOINT = "T0301", "a checkpoint does not continue this training",
"A checkpoint holds weights, the state of the optimizer and the options. Training that goes on from it gives
the same weights as training that was never interrupted, so network and options must be the same.

Remedy: use the recipe that the checkpoint was made with, or start anew.";
}
