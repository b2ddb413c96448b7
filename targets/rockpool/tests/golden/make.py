"""Writes `NAME.json`, as Rockpool's `net.save` does, and `NAME.expected.json`, with the spikes of each layer.

python make.py [NAME ...]    needs Rockpool and torch; written with Rockpool 3.1.0
"""

import json
import sys
import warnings

import numpy as np
import torch
from rockpool.nn.combinators import Residual, Sequential
from rockpool.nn.modules import ExpSynTorch, LIFTorch, LinearTorch, aLIFTorch
from rockpool.nn.networks import SynNet, WaveSenseNet
from rockpool.parameters import Constant

warnings.filterwarnings("ignore")
DT = 1e-3


def lif(size, **options):
    options = {"tau_mem": 10e-3, "tau_syn": 5e-3, "dt": DT, **options}
    return LIFTorch(size, **{k: Constant(v) if k.startswith("tau") else v for k, v in options.items()})


def networks():
    """Yields name, number of channels, and network."""
    torch.manual_seed(1)
    yield "synnet", 3, SynNet(n_channels=3, n_classes=2, size_hidden_layers=[6, 5], time_constants_per_layer=[2, 3], p_dropout=0.1)
    yield "recurrent", 3, Sequential(
        LinearTorch((3, 6), has_bias=True), lif(6, has_rec=True), LinearTorch((6, 8)), lif((8, 4)),
    )
    yield "residual", 2, Sequential(
        LinearTorch((2, 4)), lif(4), Residual(LinearTorch((4, 4)), lif(4, threshold=0.5)), LinearTorch((4, 4)),
        aLIFTorch(4, dt=DT), LinearTorch((4, 2)), ExpSynTorch(2, dt=DT),
    )
    yield "wavesense", 3, WaveSenseNet(dilations=[2, 4, 8], n_classes=2, n_channels_in=3, n_channels_res=4, n_channels_skip=5,
                                       n_hidden=6, tau_mem=6e-3, base_tau_syn=4e-3, tau_lp=8e-3)
    yield "nested", 3, Sequential(
        LinearTorch((3, 5)),
        aLIFTorch(5, tau_mem=Constant(20e-3), tau_syn=Constant(10e-3), tau_ahp=Constant(30e-3), w_ahp=torch.full((5,), -0.2), has_rec=True, dt=DT),
        Residual(LinearTorch((5, 5)), lif(5), Residual(LinearTorch((5, 5)), lif(5, threshold=0.7))),
        Sequential(LinearTorch((5, 4)), LIFTorch(4, leak_mode="decays", alpha=Constant(0.9), beta=Constant(0.8), dt=DT)),
        LinearTorch((4, 3), has_bias=True),
        LIFTorch(3, leak_mode="bitshifts", dash_mem=Constant(4.0), dash_syn=Constant(3.0), max_spikes_per_dt=2, dt=DT),
    )


def events(steps, channels):
    """The events of a linear congruential generator, which the test repeats."""
    state, rows = 1, []
    for _ in range(steps * channels):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        rows.append(1.0 if (state >> 33) / 2**31 < 0.4 else 0.0)
    return torch.tensor(rows).reshape(1, steps, channels)


def spikes(record, prefix=""):
    """Returns the spikes of all neurons of a record, by the path of their module."""
    found = {}
    for key, value in record.items():
        if key == "spikes" and prefix:
            found[prefix[:-1]] = value.detach().numpy()[0].astype(int).tolist()
        elif isinstance(value, dict):
            found.update(spikes(value, f"{prefix}{key}."))
    return found


if __name__ == "__main__":
    for name, channels, network in networks():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        network = network.eval()
        with torch.no_grad():
            for key, weight in network.named_parameters():
                if "weight" in key:
                    weight *= {"recurrent": 0.7, "wavesense": 1.2, "nested": 0.6}.get(name, 2.0)
                    if name == "wavesense":  # Untrained weights are too weak for spikes in every layer.
                        weight += 0.3 * weight.abs()
                elif "w_rec" in key:
                    weight *= 0.2
        network.save(f"{name}.json")
        output, _, record = network(events(100, channels), record=True)
        found = spikes(record)
        print(name, {key: np.sum(value) for key, value in found.items()})
        expected = {"steps": 100, "output": output.detach().numpy()[0].tolist(), "spikes": found}
        with open(f"{name}.expected.json", "w") as file:
            json.dump(expected, file, separators=(",", ":"))
            file.write("\n")
