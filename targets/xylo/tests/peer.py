"""The chip by SynSense's simulator: answers cases from standard input with every state of every step.

A message is its length, four bytes, little-endian, and so many bytes. The first message out says which xylosim this is.
A case is two messages: a specification as `.npz`, and another `.npz` with `core` (1 or 2), `input`,
`[steps, channels]`, `lengths`, the steps of each call, and `resets`, whether the states are cleared before it.
The answer is an `.npz` of all steps.
"""

import io
import struct
import sys
from importlib.metadata import version

import numpy as np
from xylosim import v1, v2


def read() -> bytes:
    (length,) = struct.unpack("<I", sys.stdin.buffer.read(4))
    return sys.stdin.buffer.read(length)


def write(message: bytes) -> None:
    sys.stdout.buffer.write(struct.pack("<I", len(message)) + message)
    sys.stdout.buffer.flush()


class Chip:
    """A layer of xylosim with the synapses that it points to, which have to live as long as it does."""

    def __init__(self, spec: dict, core: int) -> None:
        self.module = v1 if core == 1 else v2
        hidden, outputs = len(spec["threshold"]), len(spec["threshold_out"])
        alias_target = spec.get("alias_target", np.full(hidden, -1))
        unused = [[]] * (hidden - len(spec["weights_out"]))
        self.synapses = [
            self.rows(spec["weights_in"]),
            self.rows(spec["weights_rec"]),
            unused + self.rows(spec["weights_out"][..., None]),
        ]
        biases = {"has_bias": True, "bias": spec["bias"].tolist(), "bias_out": spec["bias_out"].tolist()}
        dashes = [spec["dash_syn"], spec["dash_syn_2"]][: spec["weights_rec"].shape[2]]
        self.layer = self.module.XyloLayer(
            synapses_in=self.synapses[0],
            synapses_rec=self.synapses[1],
            synapses_out=self.synapses[2],
            aliases=[[target] if target >= 0 else [] for target in alias_target.tolist()],
            threshold=spec["threshold"].tolist(),
            threshold_out=spec["threshold_out"].tolist(),
            weight_shift_inp=int(spec["weight_shift_in"]),
            weight_shift_rec=int(spec["weight_shift_rec"]),
            weight_shift_out=int(spec["weight_shift_out"]),
            dash_mem=spec["dash_mem"].tolist(),
            dash_mem_out=spec["dash_mem_out"].tolist(),
            dash_syns=np.transpose(dashes).tolist(),
            dash_syns_out=spec["dash_syn_out"].reshape(outputs, 1).tolist(),
            name="",
            **(biases if core == 2 else {}),
        )

    def rows(self, weights: np.ndarray) -> list:
        """The synapses of each source, for weights `[sources, targets, synapses]`."""
        places = [np.argwhere(row).tolist() for row in weights]
        return [
            [self.module.XyloSynapse(target, synapse, int(row[target, synapse])) for target, synapse in own]
            for row, own in zip(weights, places)
        ]

    def run(self, events: np.ndarray) -> dict:
        layer = self.layer
        output = np.array(layer.evolve(events.tolist()))
        states = {
            "hidden.vmem": layer.rec_v_mem,
            "hidden.isyn": layer.rec_i_syn,
            "readout.vmem": layer.rec_v_mem_out,
            "readout.isyn": layer.rec_i_syn_out,
        }
        if len(layer.rec_i_syn2) and len(layer.rec_i_syn2[0]):
            states["hidden.isyn2"] = layer.rec_i_syn2
        states = {name: np.transpose(state) for name, state in states.items()}
        return {"readout.spikes": output, "hidden.spikes": np.array(layer.rec_recurrent_spikes), **states}


write(f"xylosim {version('xylosim')}".encode())
while sys.stdin.buffer.peek(1):
    spec, case = (dict(np.load(io.BytesIO(read()))) for _ in range(2))
    chip = Chip(spec, int(case["core"]))
    calls = np.split(case["input"], np.cumsum(case["lengths"])[:-1])
    answers = []
    for events, reset in zip(calls, case["resets"]):
        if reset:
            chip.layer.reset_all()
        answers.append(chip.run(events))
    file = io.BytesIO()
    np.savez(file, **{name: np.concatenate([a[name] for a in answers]).astype(np.int64) for name in answers[0]})
    write(file.getvalue())
