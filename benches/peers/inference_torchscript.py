"""TorchScript, one time step per call of a scripted module that keeps its states."""

import torch

import networks
from worker import arguments, serve

args = arguments()
config = args.config
torch.set_num_threads(args.threads)
weights, x, _ = networks.read_case(config, args.case)
frames = torch.tensor(x[0]).split(1)


class Network(torch.nn.Module):
    """A time step of the network. TorchScript passes lists as copies, so the states are kept in the module."""

    isyn: list[torch.Tensor]
    vmem: list[torch.Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.weights = [torch.tensor(weight) for weight in weights]
        self.decays = [torch.tensor(decay) for decay in config.synaptic_decays]
        self.max_spikes = [limit for _, limit in config.limits]
        self.isyn = [torch.zeros(1, weight.shape[1]) for weight in self.weights]
        self.vmem = [torch.zeros(1, weight.shape[1]) for weight in self.weights]

    def forward(self, spikes: torch.Tensor) -> torch.Tensor:
        for i in range(len(self.weights)):
            self.isyn[i] = (self.isyn[i] + torch.mm(spikes, self.weights[i])) * self.decays[i]
            before_reset = self.vmem[i] * 0.5 + self.isyn[i]
            spikes = torch.clamp(torch.floor(before_reset), 0.0, self.max_spikes[i])
            self.vmem[i] = before_reset - spikes
        return spikes


network = torch.jit.script(Network())


def step() -> None:
    with torch.no_grad():
        for frame in frames:
            network(frame)


with torch.no_grad():
    outputs = [network(frame) for frame in frames]
torch.cat(outputs).numpy().tofile(args.result)
serve(step, units=len(frames), version=f"torch {torch.__version__}")
