//! Every rule of the chips, with the long form that `snnc explain` prints.
//!
//! `X01..` sizes, `X02..` structure, `X03..` time and spikes, `X04..` quantization.

synnet_ir::codes! {
    TOO_MANY_INPUTS = "X0101", "more input channels than the chip has",
"Events reach a chip on a fixed number of channels. Rockpool only warns here; the surplus channels would be
silent on the chip.

Remedy: use fewer channels, for example by merging neighboring filters of the front end.";

    TOO_MANY_OUTPUTS = "X0102", "more readout neurons than the chip has",
"Remedy: use fewer classes, or a chip with a larger readout (`snnc chips`).";

    TOO_MANY_HIDDEN = "X0103", "more hidden neurons than the chip has",
"All layers but the readout share one pool of hidden neurons.

Remedy: make layers smaller.";

    TOO_MANY_INPUT_NEURONS = "X0104", "input reaches more hidden neurons than the chip allows",
"Only the hidden neurons with the first ids have input weights (the *input expansion* neurons). Every layer
that a connection from the input feeds counts in full. Rockpool cuts the surplus off without an error.

Remedy: make the layers that receive input smaller, or let the input feed one of them only.";

    TOO_MANY_OUTPUT_NEURONS = "X0105", "more hidden neurons feed the readout than the chip allows",
"Only the hidden neurons with the last ids have readout weights (the *output expansion* neurons). Every layer
with a connection to the readout counts in full, and so does every layer that has to lie between them.

Remedy: make the last hidden layers smaller, or let fewer of them feed the readout.";

    FAN_OUT = "X0106", "a hidden neuron has more targets than the chip allows",
"Each hidden neuron has a list of hidden targets, of limited length. The readout does not count. A full
connection makes every neuron of the target layer a target of every neuron of the source layer. `snnc check` counts
connections in full, because it does not know the weights; `snnc build` counts only weights that are not zero on
the chip.

Remedy: make the target layers smaller, let the layer feed fewer layers, or prune weights.";

    TOTAL_FAN_OUT = "X0107", "the connections between hidden neurons do not fit the chip's memory",
"All hidden-to-hidden connections share one memory. One entry holds a target and its weights for both
synapses. A full connection between layers of `n` and `m` neurons takes `n * m` entries. `snnc check` counts
connections in full, because it does not know the weights; `snnc build` counts only weights that are not zero on
the chip. A sum of sources, `a + b -> linear -> c`, takes the entries of `b` only where the neurons of `a` can be aliases.

Remedy: make layers smaller, the product of neighboring sizes counts; or prune weights.";

    TOO_MANY_SYNAPSES = "X0108", "neurons have more synapses than the chip's",
"Remedy: reduce `synapses`. Readout neurons have a single synapse.";

    ALIAS = "X0109", "aliases that the chip does not have, or in an order that it is not used to",
"A hidden neuron can pass its spikes to one other hidden neuron, which then sends them with its own. The compiler does
so for sums of sources, always from lower to higher ids. A specification from elsewhere may have aliases to lower ids:
the target has then taken its turn already, so that what it receives is not passed on by an alias of its own. Rockpool's
`XyloSim.from_config` ignores an alias to neuron 0.

Remedy: number the neurons so that alias targets come after their sources; without aliases, repeat the weights of
the target in the row of the source.";

    BIAS = "X0110", "biases on a chip without",
"Xylo 1 has no biases. For a network this is error E0501; this error is about the integers of a specification.

Remedy: set the biases to zero, or choose another chip.";

    NO_HIDDEN_LAYER = "X0201", "the network has no hidden layer",
"A chip has hidden neurons that receive input, and readout neurons that receive from hidden neurons. A network
needs at least one layer of each.

Remedy: put a layer between the input and the output layer.";

    INPUT_TO_READOUT = "X0202", "the input feeds the output layer directly",
"Readout neurons receive spikes of hidden neurons only.

Remedy: lead this connection through a hidden layer.";

    READOUT_HAS_TARGETS = "X0203", "the output layer feeds a layer",
"Spikes of readout neurons leave the chip; there is no way back, neither to hidden neurons nor to the readout
itself.

Remedy: remove the connection, or take the output from a layer of its own behind this one.";

    UNBALANCED_PATHS = "X0204", "paths of different length meet",
"On the chip a spike takes one step from each hidden neuron to the next, while in the float network all
forward connections act within the step. A plain chain of layers is merely late by one step per layer. Where paths
of different length meet, signals that met in the float network miss each other by whole steps on the chip. In
`a + b -> linear -> c` with `a -> linear -> b`, spikes of `a` come one step before what `b` makes of them, by an
alias or not.

Remedy: give the paths equal numbers of layers, or train the network with the same delays.";

    DASH_RANGE = "X0301", "a time constant has no bit shift on the chip",
"States decay by `x -= x >> dash` with a whole `dash` of four bits. A synaptic current decays before it is used, so
that a `dash` of 0 removes it: the neuron would never receive anything. The `dash` of a time constant is
`-log2(1 - exp(-dt / tau))`, rounded to the nearest whole number, halves to the even one.

Remedy: choose a longer time constant (at least about `0.82 dt` for a synapse), a shorter one at the upper end, or
another `dt`.";

    TAU_MISMATCH = "X0302", "the chip's time constant differs from the declared one",
"Only time constants of whole bit shifts exist on the chip; others are moved to the nearest. The network then
does something else than in training.

Remedy: declare the time constant of the bit shift that the message names, or declare `dash_mem` and
`dash_syn`. The standard library's `SynNet` does so by default (`quantize_time_constants`).";

    SPIKE_CAP = "X0303", "the chip's neurons may spike more or less often in a step than declared",
"A hidden neuron of the chip spikes up to 31 times in a step, a readout neuron once. The limits cannot be set.
Where the network declares others, it does the same on the chip only as long as neither limit is reached.

Remedy: declare `max_spikes: 31` for hidden layers and `max_spikes: 1` for the output layer.";

    SILENT_LAYER = "X0401", "all weights into a layer are zero on the chip",
"Weights are integers of 8 bits on a scale that they share with the threshold. Where the threshold is very large
against the weights, they round to zero, and the layer stays silent.

Remedy: lower the layer's threshold, or train with larger weights.";

    COARSE_THRESHOLD = "X0402", "a threshold is coarse on the chip",
"Thresholds are whole numbers, at least 1, on the scale of the neuron's weights. Where a threshold is small against the
largest weight, few numbers are left for it: the neuron spikes more or less often than in the float network.

Remedy: train with smaller weights or a higher threshold; clip outliers among the weights; or calibrate with
typical input, so that weight shifts can make the scale finer.";

    COMPARISON_ONLY = "X0403", "a quantizer of Rockpool is used, faults included",
"The methods `rockpool-channel` and `rockpool-global` give the integers of Rockpool 3.1, for comparison with it. Hidden
biases do not reach the chip, the readout's weights are lost where its threshold means \"never\", and more
(`docs/quantization.md`).

Remedy: use `channel` or `global` for everything but comparisons.";

    ROCKPOOL_FAILURE = "X0404", "Rockpool's quantizer or simulator fails",
"The method reproduces Rockpool 3.1 where that has a result. Here it raises an exception.

Remedy: use `channel` or `global`.";
}
