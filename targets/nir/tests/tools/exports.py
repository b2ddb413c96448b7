"""Writes `../exports/TOOL.nir`: the same small network, as the exporter of each tool writes it, and `TOOL.json`, the spikes
that the tool computes with it, if they survive its exporter.

python exports.py [TOOL ...]    needs nir, and the tools. Tools that are not installed, or that do not work with the
                                installed nir and nirtorch, are left out. Written with

snnTorch 1.0.0, sinabs 3.1.3, Rockpool 3.1.0    nir 1.0.4, nirtorch 2.0.2
Norse 1.1.0                                     nir 1.0.8, nirtorch 2.6
SpikingJelly 2.0.0                              nir 1.0.6, nirtorch 2.0.5
spyx 1.0.0                                      nir 1.0.8
"""

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import nir
from executor import events

try:
    import torch
except ImportError:
    torch = None

warnings.filterwarnings("ignore")
OUT = Path(__file__).parent.parent / "exports"
OUT.mkdir(exist_ok=True)
# nir 1.0.8 compares shapes along edges, so that a batch axis is refused; nir 1.0.4 does not.
SAMPLE = torch and (torch.zeros(3) if version("nir") >= "1.0.8" else torch.zeros(1, 3))


STEPS = 200


def full(size, value):
    return torch.full((size,), value)


def linear(inputs, outputs, gain):
    """Returns a matrix that lets the next layer spike."""
    module = torch.nn.Linear(inputs, outputs)
    with torch.no_grad():
        module.weight.abs_().mul_(gain)
    return module


def steps():
    return torch.tensor(events(STEPS, 3), dtype=torch.float32)[:, None]


def snntorch():
    import snntorch as snn
    from snntorch.export_nir import export_to_nir

    options = {"reset_mechanism": "zero", "reset_delay": False, "init_hidden": True}
    net = torch.nn.Sequential(
        linear(3, 4, 1.0), snn.Synaptic(alpha=full(4, 0.7), beta=full(4, 0.8), threshold=full(4, 1.0), **options),
        linear(4, 2, 2.0), snn.Leaky(beta=full(2, 0.9), threshold=full(2, 1.0), output=True, **options),
    )
    return export_to_nir(net, SAMPLE), [net(row)[0] for row in steps()]


def spikingjelly():
    from spikingjelly.activation_based import functional, neuron
    from spikingjelly.activation_based.nir_exchange import export_to_nir

    net = torch.nn.Sequential(
        linear(3, 4, 4.0), neuron.LIFNode(tau=5.0, v_threshold=0.5),
        linear(4, 2, 8.0), neuron.LIFNode(tau=8.0, v_threshold=1.0),
    )
    # It takes the first axis for the batch, and leaves it out.
    graph = export_to_nir(net, torch.zeros(1, 3), dt=1e-3)
    functional.reset_net(net)
    return graph, [net(row) for row in steps()]


def norse():
    import norse.torch as norse

    def lif(size, tau):
        return norse.LIFBoxCell(norse.LIFBoxParameters(
            tau_mem_inv=full(size, 1 / tau), v_th=full(size, 1.0), v_leak=full(size, 0.0), v_reset=full(size, 0.0),
        ))

    net = norse.SequentialState(linear(3, 4, 10.0), lif(4, 10e-3), linear(4, 2, 30.0), lif(2, 20e-3))
    # It writes `dt / tau_mem_inv` for the time constant, which is `1 / tau_mem_inv`.
    graph = norse.to_nir(net, torch.zeros(1, 3), dt=1.0)
    outputs, state = [], None
    for row in steps():
        output, state = net(row, state)
        outputs.append(output)
    return graph, outputs


def sinabs():
    import sinabs.layers as sl
    from sinabs.nir import to_nir

    net = torch.nn.Sequential(
        linear(3, 4, 1.0), sl.LIF(tau_mem=20.0, norm_input=False), linear(4, 2, 1.0), sl.LIF(tau_mem=10.0, norm_input=False),
    )
    # Its modules take sequences.
    outputs = net(steps().transpose(0, 1))[0]
    return to_nir(net, SAMPLE), list(outputs)


def rockpool():
    from rockpool.nn.combinators import Sequential
    from rockpool.nn.modules import LIFTorch, LinearTorch
    from rockpool.nn.modules.torch.nir import to_nir
    from rockpool.parameters import Constant

    def lif(size, tau):
        return LIFTorch(size, tau_mem=Constant(torch.full((size,), tau)), tau_syn=Constant(torch.full((size, 1), 5e-3)), dt=1e-3)

    net = Sequential(LinearTorch((3, 4)), lif(4, 10e-3), LinearTorch((4, 2)), lif(2, 20e-3))
    for matrix in (net[0], net[2]):
        matrix.weight.abs_().mul_(0.3)
    graph = to_nir(net, torch.zeros(1, 1, 3))
    output, _, _ = net(steps().transpose(0, 1))
    return graph, list(output[0])


def spyx():
    import numpy as np
    import spyx.nn as spyx
    from flax import nnx
    from spyx.nir import to_nir

    rngs = nnx.Rngs(0)
    net = spyx.Sequential(
        nnx.Linear(3, 4, rngs=rngs), spyx.LIF((4,), beta=0.9, rngs=rngs),
        nnx.Linear(4, 2, use_bias=False, rngs=rngs), spyx.LIF((2,), beta=0.8, rngs=rngs),
    )
    # Its neurons spike one step later, and their reset does not decay.
    return to_nir(net, {"input": np.array([3])}, {"output": np.array([2])}, dt=1e-3), None


for tool in (snntorch, spikingjelly, norse, sinabs, rockpool, spyx):
    if sys.argv[1:] and tool.__name__ not in sys.argv[1:]:
        continue
    if torch:
        torch.manual_seed(0)
        torch.set_grad_enabled(False)
    try:
        graph, outputs = tool()
        nir.write(OUT / f"{tool.__name__}.nir", graph)
        if outputs is None:
            print(tool.__name__)
            continue
        rows = [[int(count) for count in output.reshape(-1)] for output in outputs]
        (OUT / f"{tool.__name__}.json").write_text(json.dumps(rows, separators=(",", ":")) + "\n")
        print(tool.__name__, sum(map(sum, rows)), "spikes")
    except Exception as why:  # noqa: BLE001
        print(f"{tool.__name__} is left out: {type(why).__name__}: {why}")
