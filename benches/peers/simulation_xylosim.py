"""SynSense's simulator of the chip, `xylosim.v2`, one sample per call. It always records every state."""

from importlib.metadata import version

import numpy as np
from xylosim.v2 import XyloLayer, XyloSynapse

import specifications
from worker import arguments, serve

args = arguments(specifications.Config)
case = np.load(args.case / "case.npz")


def synapses(weights: np.ndarray) -> list[list[XyloSynapse]]:
    """Returns the synapses of each source; zero weights have none."""
    return [[XyloSynapse(int(target), 0, int(row[target])) for target in np.nonzero(row)[0]] for row in weights]


hidden, outputs = case["threshold"].size, case["threshold_out"].size
# The layer does not own its synapses: keep them alive as long as the layer.
alive = [synapses(case[name]) for name in ("weights_in", "weights_rec", "weights_out")]
chip = XyloLayer(
    *alive,
    aliases=[[] for _ in range(hidden)],
    threshold=case["threshold"].tolist(),
    threshold_out=case["threshold_out"].tolist(),
    has_bias=False,
    bias=[0] * hidden,
    bias_out=[0] * outputs,
    weight_shift_inp=0,
    weight_shift_rec=0,
    weight_shift_out=0,
    dash_mem=case["dash_mem"].tolist(),
    dash_mem_out=case["dash_mem_out"].tolist(),
    dash_syns=case["dash_syn"].reshape(-1, 1).tolist(),
    dash_syns_out=case["dash_syn_out"].reshape(-1, 1).tolist(),
    name="bench",
)
events = case["input"][0].tolist()

output = chip.evolve(events)
states = {
    "output": output,
    "hidden.spikes": chip.rec_recurrent_spikes,
    "hidden.vmem": np.transpose(chip.rec_v_mem),
    "hidden.isyn": np.transpose(chip.rec_i_syn),
    "readout.vmem": np.transpose(chip.rec_v_mem_out),
    "readout.isyn": np.transpose(chip.rec_i_syn_out),
}
np.savez(args.result.with_suffix(".npz"), **states)


def run() -> None:
    chip.reset_all()
    chip.evolve(events)


serve(run, units=len(events), version=f"xylosim {version('xylosim')}")
