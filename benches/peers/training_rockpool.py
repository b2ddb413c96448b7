"""A training step in Rockpool: a `SynNet` of `LIFTorch` layers in PyTorch on the CPU."""

import torch
from safetensors.numpy import save_file

import networks
from rockpool_network import VERSION, build
from worker import arguments, serve

args = arguments()
config = args.config
torch.set_num_threads(args.threads)
weights, x, y = networks.read_case(config, args.case)
net, linears = build(config, weights)
x, y = torch.tensor(x), torch.tensor(y)
optimizer = torch.optim.Adam([linear.weight for linear in linears], lr=networks.LEARNING_RATE)


def step() -> None:
    global loss
    net.reset_state()
    optimizer.zero_grad()
    output, _, _ = net(x)
    loss = ((output - y) ** 2).mean()
    loss.backward()
    optimizer.step()


step()
gradients = {name: linear.weight.grad.numpy() for name, linear in zip(config.weight_names, linears)}
save_file({"loss": loss.detach().numpy().reshape(1), **gradients}, args.result)
serve(step, version=VERSION)
