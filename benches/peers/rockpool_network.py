"""Builds a configuration as Rockpool's `SynNet`."""

import sys
import types

import numpy as np

from networks import ALPHA, Config

# Rockpool imports samna, the driver of the boards, which is not needed here.
sys.modules["samna"] = types.ModuleType("samna")

import rockpool  # noqa: E402
import torch  # noqa: E402
from rockpool.nn.networks import SynNet  # noqa: E402

VERSION = f"Rockpool {rockpool.__version__}, torch {torch.__version__}"


def build(config: Config, weights: list[np.ndarray]) -> tuple[SynNet, list]:
    """Returns the network with these weights, and its linear modules in order."""
    net = SynNet(
        n_channels=config.channels,
        n_classes=config.classes,
        size_hidden_layers=list(config.hidden),
        time_constants_per_layer=list(config.time_constants),
        output=config.output,
    )
    modules = net.seq.modules()
    linears = [module for name, module in modules.items() if "linear" in name]
    neurons = [module for name, module in modules.items() if "neurons" in name]
    for linear, weight in zip(linears, weights):
        linear.weight.data = torch.tensor(weight)
    for layer, decay in zip(neurons, config.synaptic_decays):
        assert np.allclose(
            np.broadcast_to(layer.beta.detach().numpy().ravel(), decay.shape), decay, atol=1e-6
        )
        assert np.allclose(layer.alpha.detach().numpy(), ALPHA, atol=1e-6)
    return net, linears
