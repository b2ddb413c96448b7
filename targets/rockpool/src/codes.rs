//! Errors and warnings about Rockpool's files, with the long forms that `snnc explain` prints.

synnet_ir::codes! {
    FORMAT = "P0101", "a file that Rockpool's `net.save` did not write, or damaged",
"Rockpool saves a tree of modules as JSON. Each parameter is a text that holds JSON again: a number, a list, or a matrix.

Remedy: save the network again with `net.save(\"net.json\")`.";

    MODULE = "P0102", "a module without equivalent, or of unknown class",
"The file does not name the classes of modules. They follow from the names that `Sequential` gives, such as `1_LIFTorch`, and
from those of `SynNet` and `WaveSenseNet`. `Linear`, `LIF`, `aLIF`, `ExpSyn`, dropout, `Residual` and `Sequential` have equivalents.

Remedy: build the network from these modules, in a `Sequential` without names of your own.";

    PARAMETER = "P0103", "a missing or invalid parameter",
"A parameter has one value, or one per neuron (and synapse). All numbers are finite. All modules have the same `dt`. Tensors of
a `state_dict` have the names and shapes of the parameters that they replace, and there is one for each matrix.

Remedy: save the network again; check the module that the message names.";

    STRUCTURE = "P0104", "a network that Rockpool's file cannot hold",
"`net.load` fills a network that exists in Python: a `SynNet`, a `WaveSenseNet`, or a chain of layers, each with weights to
itself if it is recurrent. A shortcut leads around a part of the chain (`Residual`) and adds up behind it. Delays, other
edges, reset to zero, and neurons without synaptic filter or leak have no place in the file.

Remedy: export as NIR with `--target nir`.";

    ASSUMED = "P0201", "a fact that the file does not state",
"The file has no surrogate functions, and does not say whether the output is spikes or membrane potentials.

Remedy: choose the output with `--output`, and the surrogate in the network file.";

    LEFT_OUT = "P0202", "a module that was left out",
"The residual path of the last block of a `WaveSenseNet` feeds nothing. Dropout after a matrix has no place in the language.

Remedy: none is needed: the network computes the same.";
}
