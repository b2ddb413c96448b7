"""Writes `../exports/TOOL.nir`: the same small network, as the exporter of each tool writes it.

python exports.py    needs nir, and the tools; written with snnTorch 1.0.0, SpikingJelly 2.0.0, sinabs 3.1.3,
                     Rockpool 3.1.0. Tools that are not installed are left out.
"""

import warnings
from importlib.metadata import version
from pathlib import Path

import nir
import torch

warnings.filterwarnings("ignore")
OUT = Path(__file__).parent.parent / "exports"
OUT.mkdir(exist_ok=True)
# nir 1.0.8 compares shapes along edges, so that a batch axis is refused; nir 1.0.4 does not.
SAMPLE = torch.zeros(3) if version("nir") >= "1.0.8" else torch.zeros(1, 3)


def full(size, value):
    return torch.full((size,), value)


def snntorch():
    import snntorch as snn
    from snntorch.export_nir import export_to_nir

    net = torch.nn.Sequential(
        torch.nn.Linear(3, 4), snn.Synaptic(alpha=full(4, 0.7), beta=full(4, 0.8), threshold=full(4, 1.0), init_hidden=True),
        torch.nn.Linear(4, 2), snn.Leaky(beta=full(2, 0.9), threshold=full(2, 1.0), init_hidden=True, output=True),
    )
    return export_to_nir(net, SAMPLE)


def spikingjelly():
    from spikingjelly.activation_based import neuron
    from spikingjelly.activation_based.nir_exchange import export_to_nir

    net = torch.nn.Sequential(
        torch.nn.Linear(3, 4), neuron.LIFNode(tau=2.0, v_threshold=0.5),
        torch.nn.Linear(4, 2), neuron.LIFNode(tau=5.0, v_threshold=1.0),
    )
    return export_to_nir(net, SAMPLE, dt=1e-3)


def sinabs():
    import sinabs.layers as sl
    from sinabs.nir import to_nir

    net = torch.nn.Sequential(
        torch.nn.Linear(3, 4), sl.LIF(tau_mem=20.0), torch.nn.Linear(4, 2), sl.LIF(tau_mem=10.0),
    )
    return to_nir(net, SAMPLE)


def rockpool():
    from rockpool.nn.combinators import Sequential
    from rockpool.nn.modules import LIFTorch, LinearTorch
    from rockpool.nn.modules.torch.nir import to_nir
    from rockpool.parameters import Constant

    def lif(size, tau):
        return LIFTorch(size, tau_mem=Constant(torch.full((size,), tau)), tau_syn=Constant(torch.full((size, 1), 5e-3)), dt=1e-3)

    net = Sequential(LinearTorch((3, 4)), lif(4, 10e-3), LinearTorch((4, 2)), lif(2, 20e-3))
    return to_nir(net, torch.zeros(1, 1, 3))


for tool in (snntorch, spikingjelly, sinabs, rockpool):
    torch.manual_seed(0)
    try:
        nir.write(OUT / f"{tool.__name__}.nir", tool())
        print(tool.__name__)
    except Exception as why:  # noqa: BLE001
        print(f"{tool.__name__} is left out: {type(why).__name__}: {why}")
