"""TorchScript, one time step per call."""

import torch

import networks
from worker import arguments, serve

args = arguments()
config = args.config
torch.set_num_threads(args.threads)
weights, x, _ = networks.read_case(config, args.case)
weights = [torch.tensor(weight) for weight in weights]
decays = [torch.tensor(decay) for decay in config.synaptic_decays]
max_spikes = [limit for _, limit in config.limits]
frames = torch.tensor(x[0]).split(1)


@torch.jit.script
def step(
    spikes: torch.Tensor,
    weights: list[torch.Tensor],
    decays: list[torch.Tensor],
    max_spikes: list[float],
    isyn: list[torch.Tensor],
    vmem: list[torch.Tensor],
) -> torch.Tensor:
    for i in range(len(weights)):
        isyn[i] = (isyn[i] + torch.mm(spikes, weights[i])) * decays[i]
        before_reset = vmem[i] * 0.5 + isyn[i]
        spikes = torch.clamp(torch.floor(before_reset), 0.0, max_spikes[i])
        vmem[i] = before_reset - spikes
    return spikes


def run() -> list[torch.Tensor]:
    isyn, vmem = ([torch.zeros(1, weight.shape[1]) for weight in weights] for _ in range(2))
    with torch.no_grad():
        return [step(frame, weights, decays, max_spikes, isyn, vmem) for frame in frames]


torch.cat(run()).numpy().tofile(args.result)
serve(lambda: run() and None, units=len(frames), version=f"torch {torch.__version__}")
