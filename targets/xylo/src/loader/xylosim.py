"""Network "@NETWORK@" on @CHIP@ (@PART@).

    simulator = simulation()
    output, _, recording = simulator.evolve(raster, record=True)     # raster [steps, channels]

Written by snnc. What is known about this file:
@KNOWN@
"""

from pathlib import Path

import numpy as np

SPECIFICATION = Path(__file__).with_name("@FILE@")

# The layers of the network. `ids` are those of the population; the neuron `neurons[i]` of the layer has the id `ids[i]`.
# `lag` is the number of steps by which the layer lags behind the float network. The spikes of the layers in
# `aliased_from` are added to those of these ids.
LAYERS = {
@LAYERS@}


def specification():
    """Returns the arrays of the specification, under Rockpool's names."""
    with np.load(SPECIFICATION) as file:
        spec = {name: file[name] for name in file.files}
    for name in ("weight_shift_in", "weight_shift_rec", "weight_shift_out"):
        spec[name] = int(spec[name])
    # xylosim takes a list of targets per hidden neuron; the file has one target, or -1 for none.
    targets = spec.pop("alias_target", np.full(len(spec["dash_mem"]), -1))
    spec["aliases"] = [[int(t)] if t >= 0 else [] for t in targets]
    return spec


class Simulation:
    """The chip in the vendor's simulator `xylosim`, with the interface of Rockpool's simulators."""

    def __init__(self, spec):
        from xylosim.@CORE@ import XyloLayer, XyloSynapse

        def synapses(weights):
            """Returns the synapses of each source, those of the first synaptic current first."""
            planes = np.atleast_3d(weights).transpose(0, 2, 1)
            return [
                [XyloSynapse(int(t), k, int(w[t])) for k, w in enumerate(row) for t in np.flatnonzero(w)]
                for row in planes
            ]

        unconnected = len(spec["weights_rec"]) - len(spec["weights_out"])
        # xylosim keeps raw pointers to the synapses, so they must stay alive as long as the layer.
        self._synapses = {
            "synapses_in": synapses(spec["weights_in"]),
            "synapses_rec": synapses(spec["weights_rec"]),
            "synapses_out": [[] for _ in range(unconnected)] + synapses(spec["weights_out"]),
        }
        self._layer = XyloLayer(
            **self._synapses,
            **biases(spec),
            aliases=spec["aliases"],
            threshold=spec["threshold"].tolist(),
            threshold_out=spec["threshold_out"].tolist(),
            weight_shift_inp=spec["weight_shift_in"],
            weight_shift_rec=spec["weight_shift_rec"],
            weight_shift_out=spec["weight_shift_out"],
            dash_mem=spec["dash_mem"].tolist(),
            dash_mem_out=spec["dash_mem_out"].tolist(),
            dash_syns=np.stack([spec["dash_syn"], spec["dash_syn_2"]], axis=1).tolist(),
            dash_syns_out=spec["dash_syn_out"][:, None].tolist(),
            name="@CORE@",
        )

    def evolve(self, raster, record=False):
        """Runs a raster [steps, channels]. Returns readout spikes [steps, neurons], an empty state, and a recording."""
        layer = self._layer
        output = np.array(layer.evolve(np.asarray(raster).astype(int).tolist()))
        recording = {
            "Vmem": np.array(layer.rec_v_mem).T,
            "Isyn": np.array(layer.rec_i_syn).T,
            "Isyn2": np.array(layer.rec_i_syn2).T,
            "Spikes": np.array(layer.rec_recurrent_spikes),
            "Vmem_out": np.array(layer.rec_v_mem_out).T,
            "Isyn_out": np.array(layer.rec_i_syn_out).T,
        }
        return output, {}, recording if record else {}

    def reset_state(self):
        """Sets all states to zero."""
        self._layer.reset_all()
        return self


@BIASES@def simulation():
    """Returns the simulator of the chip."""
    return Simulation(specification())


if __name__ == "__main__":
    for name, value in specification().items():
        print(name, np.shape(value))
