"""A training step in Rockpool: `SynNet` of `LIFTorch` layers, PyTorch on the CPU."""

import sys
import types

import numpy as np
from safetensors.numpy import save_file

import networks
from worker import arguments, serve

# Rockpool imports it for boards, which are not needed here.
sys.modules["samna"] = types.ModuleType("samna")

import rockpool  # noqa: E402
import torch  # noqa: E402
from rockpool.nn.networks import SynNet  # noqa: E402

args = arguments()
config = args.config
torch.set_num_threads(args.threads)
weights, x, y = networks.read_case(config, args.case)

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
    assert np.allclose(layer.beta.detach().numpy().squeeze(), decay.reshape(layer.beta.squeeze().shape), atol=1e-6)
    assert abs(float(layer.alpha) - networks.ALPHA) < 1e-6

x, y = torch.tensor(x), torch.tensor(y)
optimizer = torch.optim.Adam([linear.weight for linear in linears], lr=networks.LEARNING_RATE)


def step() -> torch.Tensor:
    net.reset_state()
    optimizer.zero_grad()
    output, _, _ = net(x)
    loss = ((output - y) ** 2).mean()
    loss.backward()
    optimizer.step()
    return loss


loss = step()
gradients = {name: linear.weight.grad.numpy() for name, linear in zip(config.weight_names, linears)}
save_file({"loss": loss.detach().numpy().reshape(1), **gradients}, args.result)
serve(step, version=f"Rockpool {rockpool.__version__}, torch {torch.__version__}")
