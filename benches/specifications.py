"""Chip specifications and inputs for `simulation.py`, the same for every engine.

A case is a folder with `case.npz`: a specification with Rockpool's array names, which `snnc sim` reads, and the event
counts `input` `[batch, steps, channels]`.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import networks

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Config:
    """A network on the chip, and the size and density of its input."""

    kind: str  # "spotter": layers of 60, mapped; "dense": every hidden neuron to every other
    hidden: int
    probability: float  # of an input event, per step and channel; hidden neurons spike about as often
    steps: int
    batch: int = 8
    channels: int = 16
    outputs: int = 10


NETWORKS = {
    "spotter": Config("spotter", 180, 0.1, 1000),
    "dense 180": Config("dense", 180, 0.1, 500),
    "dense 1000": Config("dense", 1000, 0.1, 100),
}
PROBABILITIES = (0.1, 0.01)


def cases() -> dict[str, Config]:
    """Returns every network at every density."""
    named = ((name, config, p) for name, config in NETWORKS.items() for p in PROBABILITIES)
    return {f"{name}, {p}": replace(config, probability=p) for name, config, p in named}


def write_case(config: Config, folder: Path, seed: int = 1234) -> None:
    """Writes a case whose hidden neurons spike about as often as its input channels."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    if config.kind == "spotter":
        specification, events = _spotter(config, folder, seed)
    else:
        specification = _dense(config, rng)
        shape = (config.batch, config.steps, config.channels)
        events = rng.random(shape) < config.probability
        _calibrate(specification, events[0], config.probability)
    np.savez(folder / "case.npz", **specification, input=events.astype(np.uint8))


def _spotter(config: Config, folder: Path, seed: int) -> tuple[Arrays, np.ndarray]:
    """Returns network b of the other scripts; weights and threshold of each layer are scaled to 127 and rounded."""
    net = networks.Config(
        (config.hidden // 3,) * 3,
        (2, 4, 8),
        classes=config.outputs,
        batch=config.batch,
        steps=config.steps,
        output="spikes",
        probability=config.probability,
        rate=config.probability,
    )
    networks.write_case(net, folder, name="Spotter", seed=seed)
    weights, x, _ = networks.read_case(net, folder)
    scales = [127 / np.abs(weight).max() for weight in weights]
    first, *between, last = [np.round(weight * scale).astype(np.int64) for weight, scale in zip(weights, scales)]
    dashes = [np.round(-np.log2(1 - decay)).astype(np.int64) for decay in net.synaptic_decays]
    layers = np.split(np.arange(config.hidden), 3)
    specification = {
        "weights_in": np.zeros((config.channels, config.hidden), np.int64),
        "weights_rec": np.zeros((config.hidden, config.hidden), np.int64),
        "weights_out": np.zeros((config.hidden, config.outputs), np.int64),
        "dash_mem": np.ones(config.hidden, np.int64),
        "dash_mem_out": np.ones(config.outputs, np.int64),
        "dash_syn": np.concatenate(dashes[:-1]),
        "dash_syn_out": dashes[-1],
        "threshold": np.repeat(np.round(scales[:-1]).astype(np.int64), config.hidden // 3),
        "threshold_out": np.full(config.outputs, round(scales[-1])),
    }
    specification["weights_in"][:, layers[0]] = first
    for source, target, weight in zip(layers, layers[1:], between):
        specification["weights_rec"][np.ix_(source, target)] = weight
    specification["weights_out"][layers[-1]] = last
    return specification, x


def _dense(config: Config, rng: np.random.Generator) -> Arrays:
    """Returns random all-to-all weights. Those between hidden neurons are small, so that the neurons respond to the
    input individually instead of firing in synchrony."""
    n, outputs = config.hidden, config.outputs
    return {
        "weights_in": rng.integers(-127, 128, (config.channels, n)),
        "weights_rec": rng.integers(1, 9, (n, n)) * rng.choice([-1, 1], (n, n)),
        "weights_out": rng.integers(-127, 128, (n, outputs)),
        "dash_mem": np.ones(n, np.int64),
        "dash_mem_out": np.ones(outputs, np.int64),
        "dash_syn": rng.integers(1, 5, n),
        "dash_syn_out": np.ones(outputs, np.int64),
        "threshold": np.ones(n, np.int64),
        "threshold_out": np.full(outputs, 1000),
    }


def _calibrate(specification: Arrays, events: np.ndarray, rate: float) -> None:
    """Sets the threshold of the hidden neurons so that they spike about `rate` times per step."""
    low, high = 1, 4000
    while high - low > 1:
        middle = (low + high) // 2
        specification["threshold"][:] = middle
        low, high = (low, middle) if _rate(specification, events) < rate else (middle, high)


def _rate(specification: Arrays, events: np.ndarray) -> float:
    """Returns hidden spikes per neuron per step, computed as on the chip except for saturation."""
    s = specification
    vmem, isyn, spikes = np.zeros((3, s["threshold"].size), np.int64)
    total = 0
    for frame in events.astype(np.int64):
        isyn = isyn + frame @ s["weights_in"] + spikes @ s["weights_rec"]
        isyn -= _leak(isyn, s["dash_syn"])
        vmem = vmem - _leak(vmem, s["dash_mem"]) + isyn
        spikes = np.clip(vmem // s["threshold"], 0, 31)
        vmem = vmem - spikes * s["threshold"]
        total += spikes.sum()
    return total / (len(events) * spikes.size)


def _leak(state: np.ndarray, dash: np.ndarray) -> np.ndarray:
    return np.maximum(state >> dash, np.minimum(state, 1))
