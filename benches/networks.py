"""Networks, weights and inputs of the benchmarks, the same for every engine.

A case is a folder with `net.snn`, the network in synnet's language, and `case.safetensors`, which has the weights
`[sources, targets]` under their names in `net.snn`, the input `x` `[batch, steps, channels]`, and the target `y`
`[batch, steps, classes]`. Everything is generated from a configuration and a seed.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

DT = 1e-3
ALPHA = np.float32(0.5)  # decay of all membranes: 2 ms, rounded to a bit shift
THRESHOLD = 1.0
WINDOW = 0.5  # of the surrogate gradient
MAX_SPIKES, MAX_SPIKES_OUT = 31.0, 1.0
THRESHOLD_OF_MEMBRANE_READOUT = 32767.0
LEARNING_RATE = 1e-8  # so small that the firing rates do not change during the measurement


@dataclass(frozen=True)
class Config:
    """A SynNet with Rockpool's defaults, and the size and density of its input."""

    hidden: tuple[int, ...]
    time_constants: tuple[int, ...]
    classes: int
    batch: int
    steps: int
    channels: int = 16
    output: str = "vmem"
    probability: float = 0.1  # of an input event, per step and channel
    rate: float = 0.1  # spikes per neuron per step to which hidden layers are calibrated

    @property
    def sizes(self) -> list[int]:
        return [self.channels, *self.hidden, self.classes]

    @property
    def synapses(self) -> int:
        return sum(n * m for n, m in zip(self.sizes, self.sizes[1:]))

    @property
    def weight_names(self) -> list[str]:
        layers = ["events", *(f"h{i}" for i in range(len(self.hidden))), "out"]
        return [f"{source}->{target}.weight" for source, target in zip(layers, layers[1:])]

    @property
    def synaptic_decays(self) -> list[np.ndarray]:
        """Decay of each neuron by layer: time constants of 2, 4, 8, ... ms in turn, rounded to bit shifts."""
        decays = []
        for neurons, count in zip(self.hidden, self.time_constants):
            decay = [1 - 2.0 ** -round(-np.log2(1 - np.exp(-(0.5**j)))) for j in range(1, count + 1)]
            decays.append(np.resize(np.array(decay, np.float32), neurons))
        return [*decays, np.full(self.classes, 0.5, np.float32)]

    @property
    def threshold_out(self) -> float:
        return THRESHOLD_OF_MEMBRANE_READOUT if self.output == "vmem" else THRESHOLD

    @property
    def limits(self) -> list[tuple[float, float]]:
        """Threshold and maximum number of spikes per step of each layer."""
        return [(THRESHOLD, MAX_SPIKES)] * len(self.hidden) + [(self.threshold_out, MAX_SPIKES_OUT)]

    def source(self, name: str) -> str:
        """Returns the network in synnet's language."""
        arguments = {
            "n_channels": self.channels,
            "n_classes": self.classes,
            "size_hidden_layers": list(self.hidden),
            "time_constants_per_layer": list(self.time_constants),
            "output": self.output,
        }
        listed = ", ".join(f"{key}: {value}" for key, value in arguments.items())
        return f"use std::SynNet;\n\nnetwork {name} = SynNet({listed});\n"


TRAINING = {
    "a": Config((24, 24, 24), (2, 4, 8), classes=1, batch=1, steps=100),
    "b": Config((60, 60, 60), (2, 4, 8), classes=8, batch=32, steps=1000),
    "c": Config((256, 256, 256), (4, 4, 4), classes=8, batch=64, steps=500),
    "d": Config((60, 60, 60), (2, 2, 2), classes=10, batch=32, steps=70),
}


def lif(
    current: np.ndarray, decay: np.ndarray, threshold: float, max_spikes: float
) -> tuple[np.ndarray, np.ndarray]:
    """Returns spikes and membranes of a layer, `[batch, steps, neurons]`, updated as in Rockpool's `LIFTorch`."""
    spikes, membranes = np.empty_like(current), np.empty_like(current)
    isyn, vmem = np.zeros((2, *current[:, 0].shape), np.float32)
    for t in range(current.shape[1]):
        isyn = (isyn + current[:, t]) * decay
        vmem = vmem * ALPHA + isyn
        spikes[:, t] = np.clip(np.floor(vmem / np.float32(threshold)), 0, max_spikes)
        vmem = vmem - spikes[:, t] * np.float32(threshold)
        membranes[:, t] = vmem
    return spikes, membranes


def run(config: Config, weights: list[np.ndarray], x: np.ndarray) -> np.ndarray:
    """Returns the output of the network for `x`, computed by NumPy."""
    spikes = membranes = x
    for weight, decay, limits in zip(weights, config.synaptic_decays, config.limits):
        spikes, membranes = lif(spikes @ weight, decay, *limits)
    return membranes if config.output == "vmem" else spikes


def write_case(config: Config, folder: Path, name: str = "Bench", seed: int = 1234) -> None:
    """Writes a case whose hidden layers are calibrated to `config.rate`."""
    rng = np.random.default_rng(seed)
    x = (rng.random((config.batch, config.steps, config.channels)) < config.probability).astype(np.float32)
    y = (rng.random((config.batch, config.steps, config.classes)) < 0.1).astype(np.float32)
    tensors = {"x": x, "y": y}
    spikes = x[:8, :400]
    for weight_name, sources, decay in zip(config.weight_names, config.sizes, config.synaptic_decays):
        bound = np.sqrt(6 / sources) * -np.log(decay)
        drawn = rng.uniform(-1, 1, (sources, decay.size)) * bound
        tensors[weight_name], spikes = _calibrate(drawn, spikes, decay, config.rate)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "net.snn").write_text(config.source(name))
    save_file(tensors, folder / "case.safetensors")


def _calibrate(
    drawn: np.ndarray, inputs: np.ndarray, decay: np.ndarray, rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Scales the weights of a layer until it fires at `rate`. Returns the weights and the spikes.

    Weights are multiples of 2^-12, so that sums over sources are exact and do not depend on their order.
    """
    low, high = -12.0, 12.0
    for _ in range(18):
        middle = (low + high) / 2
        weight = (np.round(drawn * 2.0**middle * 4096) / 4096).astype(np.float32)
        spikes, _ = lif(inputs @ weight, decay, THRESHOLD, MAX_SPIKES)
        low, high = (low, middle) if spikes.mean() > rate else (middle, high)
    return weight, spikes


def read_case(config: Config, folder: Path) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Returns weights, input and target."""
    tensors = load_file(folder / "case.safetensors")
    return [tensors[name] for name in config.weight_names], tensors["x"], tensors["y"]
