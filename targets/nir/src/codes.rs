//! Errors and warnings about NIR files, with the long forms that `snnc explain` prints.
//!
//! `N01..`: files that cannot be imported, `N02..`: warnings of the import, `N03..`: the export.

synnet_ir::codes! {
    FORMAT = "N0101", "a file that is not NIR, or damaged",
"A NIR file is HDF5 with the group `/node`, which has a text `type`, and for a graph the group `nodes` and the array
`edges`. A file is refused if a part of that is missing, has another type, or declares more data than the file can hold.
Links to other files and soft links are not followed: what they stand for would be missing.

Remedy: write the file again, with the `write` function of the Python package `nir`, or with the exporter of your tool.";

    NODE_FIELD = "N0102", "a node with a missing or invalid field",
"Each kind of node has fields of its own: `LIF` has `tau`, `r`, `v_leak` and `v_threshold`. They hold one number, or one
per neuron. Every number is finite, time constants are longer than the time step, and thresholds are greater than 0. One
step of a shorter time constant would overshoot its target.

A node's `v_reset` is 0: networks here reset to zero or by subtraction. Files of SpikingJelly can have another value,
because its neurons start from it. A delay is the same for all lines of a node, and a whole number of time steps.

Remedy: repair the field in the tool that wrote the file. If time constants are shorter than the time step, choose a
shorter one with `--dt`.";

    EDGE = "N0103", "edges that do not fit the nodes",
"An edge names two nodes. Widths agree along it: what a node sends has as many values as the next one takes. Several edges
into a node add up. Each cycle passes through a neuron, and the graph has one input and one output, because networks here
do.

An edge that names no node is repaired, with a warning, if a single node can be meant.

Remedy: repair the edges in the tool that wrote the file.";

    UNSUPPORTED_NODE = "N0104", "a node that has no equivalent here",
"Networks consist of dense layers of spiking neurons and of leaky integrators. Convolutions, pooling, and neurons without
state (`Threshold`) have no equivalent. All such nodes are listed at once.

Remedy: replace a convolution by a dense layer before the export. Use the network in a tool that runs these nodes.";

    NO_TIME_STEP = "N0105", "a time step that the file does not determine",
"NIR describes differential equations. It has no time step, so an importer needs to know it. Some tools leave a trace:
snnTorch and SpikingJelly write `r = tau / dt`, spyx `r = 1 - dt / tau`, Rockpool `r = tau * exp(-dt / tau) / dt`. Files
of Norse and sinabs have `r = 1`, which says nothing.

Remedy: pass the time step at which the network was trained, such as `--dt 1ms`.";

    TOO_LARGE = "N0106", "a network that is too large",
"The product of matrices between two neurons is one matrix here. Its size is limited, as is that of the whole network.

Remedy: use smaller layers.";

    NOT_EXPRESSIBLE = "N0107", "a network that the format cannot hold",
"The dialect `euler` holds every network. The dialect `rockpool` is for Rockpool's importer, which understands `LIF` neurons
with one synapse, `Linear`, `Affine`, and a recurrent connection of a layer to itself. Its neurons reset by subtraction.

Remedy: export in the dialect `euler`, or as Rockpool's own file with `--target rockpool`.";

    ASSUMED = "N0201", "a fact that the file does not state",
"NIR does not state the time step, whether a spike resets to zero or subtracts the threshold, and how many spikes a neuron
can emit per step. The importer recognizes the tool that wrote the file by the relations between its numbers, and then
uses the rules of that tool.

Remedy: compare with the network in its own tool. `--dialect`, `--dt` and `--reset` replace what was assumed.";

    FOLDED = "N0202", "numbers that were combined",
"Networks here have no gain of the input besides the weights. Gains of the format (`r`, `w_in`, `dt / tau`) are multiplied
into the weights, chains of matrices become one, and scaled lines become matrices. The network computes the same.

Remedy: none is needed. The comments in the network file say which node was folded where.";

    REPAIRED = "N0203", "a mistake in the file that was repaired",
"Some tools write files that their own readers refuse: edges with the name of a module instead of its node, nodes without
a type, shapes with batch axes. The importer repairs what has only one possible meaning.

Remedy: check that the repair is what was meant.";

    IGNORED = "N0204", "a part of the file that was left out",
"Fields and metadata that the format does not define are not imported, and neither is metadata of this compiler that no
longer describes the nodes. Nodes that lead nowhere are left out.

Remedy: none is needed if the part does not change what the network computes.";

    LOST = "N0301", "a property of the network that other tools will not see",
"NIR has no time step, no number of spikes per step, no subtractive reset, no surrogate, no noise and no dropout. They are
written as metadata, which `snnc import` reads and other tools do not. A network that spikes several times per step, or
resets by subtraction, behaves differently there.

Remedy: train the network with `max_spikes: 1` and `reset: zero` if it shall run in a tool with these rules.";
}
