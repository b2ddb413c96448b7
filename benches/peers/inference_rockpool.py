"""Rockpool, one time step per call: a `SynNet` of `LIFTorch` layers, which keep their states."""

import torch

import networks
from rockpool_network import VERSION, build
from worker import arguments, serve

args = arguments()
torch.set_num_threads(args.threads)
weights, x, _ = networks.read_case(args.config, args.case)
net, _ = build(args.config, weights)
frames = torch.tensor(x[0]).split(1)
net.reset_state()

with torch.no_grad():
    outputs = [net(frame[None])[0] for frame in frames]
torch.cat(outputs, 1).numpy().tofile(args.result)


def step() -> None:
    with torch.no_grad():
        for frame in frames:
            net(frame[None])


serve(step, units=len(frames), version=VERSION)
