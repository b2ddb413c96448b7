//! Design rules and warnings of chips and of integer code, with the long forms that `snnc explain` prints.
//!
//! `X01..` sizes, `X02..` structure, `X03..` time and spikes, `X04..` quantization. The same rules judge integer code
//! (`rust-int`, `c-int`), so titles and explanations speak of the *target*.

synnet_ir::codes! {
    TOO_MANY_INPUTS = "X0101", "more input channels than the target allows",
"A chip receives events on a fixed number of channels. Rockpool only warns here; on the chip, the surplus channels
would be silent. Integer code (`rust-int`, `c-int`) allows 4096 channels.

Remedy: use fewer channels, for example by merging neighboring filters of the audio front end.";

    TOO_MANY_OUTPUTS = "X0102", "more readout neurons than the target allows",
"The output layer becomes the readout, whose size is fixed on each chip. Integer code (`rust-int`, `c-int`) allows 4096
neurons.

Remedy: use fewer classes, or a chip with a larger readout (`snnc chips`).";

    TOO_MANY_HIDDEN = "X0103", "more hidden neurons than the target allows",
"All layers except the output layer share one pool of hidden neurons. Integer code (`rust-int`, `c-int`) allows 4096 of
them.

Remedy: make layers smaller.";

    TOO_MANY_INPUT_NEURONS = "X0104", "the input feeds more hidden neurons than the target allows",
"On a chip, only the hidden neurons with the first ids have input weights (the *input expansion* neurons). Every layer
that receives input counts in full. Rockpool drops the surplus without an error. In integer code (`rust-int`, `c-int`),
every hidden neuron may receive input.

Remedy: make the layers that receive input smaller, or let the input feed only one of them.";

    TOO_MANY_OUTPUT_NEURONS = "X0105", "more hidden neurons feed the readout than the target allows",
"On a chip, only the hidden neurons with the last ids have readout weights (the *output expansion* neurons). Every layer
that feeds the readout counts in full, and so does every layer whose ids lie between such layers. In integer code
(`rust-int`, `c-int`), every hidden neuron may feed the readout.

Remedy: make the last hidden layers smaller, or let fewer of them feed the readout.";

    FAN_OUT = "X0106", "a hidden neuron has more targets than the chip allows",
"Each hidden neuron has a list of hidden targets, whose length is limited. Readout neurons do not count. A full
connection makes every neuron of the target layer a target of every neuron of the source layer. `snnc check` counts
connections in full, because it does not know the weights; `snnc build` counts only weights that are nonzero after
quantization. Integer code (`rust-int`, `c-int`) has no such limit.

Remedy: make the target layers smaller, let the layer feed fewer layers, or prune weights.";

    TOTAL_FAN_OUT = "X0107", "the connections between hidden neurons do not fit the chip's memory",
"All connections between hidden neurons share one memory. One entry holds a target and its weights for both synapses.
A full connection between layers of `n` and `m` neurons takes `n * m` entries. `snnc check` counts connections in full,
because it does not know the weights; `snnc build` counts only weights that are nonzero after quantization. A sum of
sources, `a + b -> linear -> c`, takes only the entries of `b` if the neurons of `a` can be aliases. Integer code
(`rust-int`, `c-int`) has no such limit.

Remedy: make layers smaller (the product of neighboring sizes counts), or prune weights.";

    TOO_MANY_SYNAPSES = "X0108", "neurons have more synapses than the target allows",
"Each synapse of a neuron has a current with a time constant of its own. Readout neurons have one synapse. Hidden
neurons have one or two on chips (`snnc chips`), and up to two in integer code (`rust-int`, `c-int`).

Remedy: reduce `synapses`.";

    ALIAS = "X0109", "aliases that the chip does not have, or to a lower id",
"A hidden neuron can pass its spikes to one other hidden neuron, its alias target, which sends them together with its
own. The compiler creates aliases for sums of sources, always from lower to higher ids. Other specifications may contain
aliases to lower ids. Such a target has already been updated in this step, so its own alias does not pass on what it
receives. Rockpool's `XyloSim.from_config` ignores an alias to neuron 0.

Remedy: number the neurons so that each alias target comes after its source. On a chip without aliases, repeat the
weights of the target in the row of the source.";

    BIAS = "X0110", "biases on a chip without biases",
"Xylo 1 has no biases. In a network, a bias is error E0501; this error is about the integers of a specification.

Remedy: set the biases to zero, or choose another chip.";

    NO_HIDDEN_LAYER = "X0201", "the network has no hidden layer",
"Chips and integer code (`rust-int`, `c-int`) share one structure: hidden neurons that receive input, and readout
neurons that receive from hidden neurons. A network needs one layer or more of each.

Remedy: insert a layer between the input and the output layer.";

    INPUT_TO_READOUT = "X0202", "the input feeds the output layer directly",
"On chips and in integer code (`rust-int`, `c-int`), readout neurons receive spikes of hidden neurons only.

Remedy: insert a hidden layer between the input and the output layer.";

    READOUT_HAS_TARGETS = "X0203", "the output layer feeds a layer",
"On chips and in integer code (`rust-int`, `c-int`), spikes of readout neurons leave the network. They reach neither
hidden neurons nor the readout itself.

Remedy: remove the connection, or add a layer after this one and make it the output.";

    UNBALANCED_PATHS = "X0204", "paths of different length meet",
"On chips and in integer code (`rust-int`, `c-int`), a spike takes one step from each hidden neuron to the next. In the
float network, all forward connections act within the step. A plain chain of layers only lags by one step per layer. If
paths of different length meet, signals that met in the float network miss each other by whole steps. In `a + b ->
linear -> c` with `a -> linear -> b`, spikes of `a` arrive one step before the spikes that `b` makes of them, with or
without an alias.

Remedy: give all paths the same number of layers, or train the network with the same delays.";

    DASH_RANGE = "X0301", "the target has no bit shift for a time constant",
"On chips and in integer code (`rust-int`, `c-int`), states decay by `x -= x >> dash`, with an integer `dash` of four
bits. A synaptic current decays before it is used, so a `dash` of 0 removes it: the neuron would never receive anything.
The `dash` of a time constant is `-log2(1 - exp(-dt / tau))`, rounded to the nearest integer, with halves to even.

Remedy: choose a longer time constant (at least about `0.82 dt` for a synapse), a shorter one if it exceeds the range,
or another `dt`.";

    TAU_MISMATCH = "X0302", "the time constant of the nearest bit shift differs from the declared one",
"Chips and integer code (`rust-int`, `c-int`) only have the time constants of integer bit shifts; others are replaced by
the nearest. The network then behaves differently than in training.

Remedy: declare the time constant of the bit shift that the message names, or declare `dash_mem` and `dash_syn`. The
standard library's `SynNet` does so by default (`quantize_time_constants`).";

    SPIKE_CAP = "X0303", "`max_spikes` differs from the target's",
"On chips and in integer code (`rust-int`, `c-int`), a hidden neuron spikes up to 31 times per step, and a readout
neuron once. These limits are fixed. If the network declares others, it behaves the same only until one of the limits is
reached.

Remedy: declare `max_spikes: 31` for hidden layers and `max_spikes: 1` for the output layer.";

    SILENT_LAYER = "X0401", "all weights into a layer are zero after quantization",
"Weights are 8-bit integers on a scale that they share with the threshold. If the threshold is very large compared with
the weights, they round to zero, and the layer stays silent.

Remedy: lower the layer's threshold, or train with larger weights.";

    COARSE_THRESHOLD = "X0402", "a threshold is coarse after quantization",
"Thresholds are integers, at least 1, on the scale of the neuron's weights. If a threshold is small compared with the
largest weight, few integers are left for it: the neuron spikes more or less often than in the float network.

Remedy: train with smaller weights or a higher threshold; clip outliers among the weights; or calibrate with typical
input, so that weight shifts can make the scale finer.";

    COMPARISON_ONLY = "X0403", "a quantizer of Rockpool is used, faults included",
"The methods `rockpool-channel` and `rockpool-global` give the integers of Rockpool 3.1, for comparison with it. Hidden
biases are lost, the readout's weights are lost if its threshold means \"never\", and more (`docs/quantization.md`).

Remedy: use `channel` or `global` for everything but comparisons.";

    ROCKPOOL_FAILURE = "X0404", "Rockpool's quantizer or simulator fails",
"The method reproduces Rockpool 3.1 wherever Rockpool has a result. Here it raises an exception.

Remedy: use `channel` or `global`.";

    INCONSISTENT_SPECIFICATION = "X0405", "the integers of a network contradict each other",
"The compiler checks the arrays of a specification before it writes them: their lengths, shifts and aliases. The arrays
that it makes of a network always pass, so this error is a bug of the compiler.

Remedy: report the network.";

    CUT_BY_RANGES = "X0406", "measured states leave weights few bits",
"If there is calibration input, the scale of a neuron is chosen so that the largest state on this input fits 16 bits. A
recurrent layer whose activity grows from step to step reaches states so large that hardly any bits are left for its
weights, and the network on the chip has little in common with the float network.

Remedy: check whether the layer diverges in the float network (`snnc run --record`), and train it with smaller recurrent
weights; or calibrate with input that is typical in strength and length.";
}
