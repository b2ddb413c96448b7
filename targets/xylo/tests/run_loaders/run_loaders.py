"""Runs the loader script of every folder below the given one and prints what came of it as JSON.

A folder holds `network.py` with the files beside it, and `raster.npz`.
"""

import importlib.util
import json
import sys
import warnings
from pathlib import Path

import numpy as np

PROBABILITIES = [(1.0, 1.0), (0.25, 0.125), (0.3, 0.01)]


def tree(value):
    """An object of the stand-in as plain values."""
    if hasattr(value, "__dict__"):
        return {name: tree(member) for name, member in vars(value).items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list):
        return [tree(element) for element in value]
    return value.item() if isinstance(value, np.generic) else value


def run(folder):
    spec = importlib.util.spec_from_file_location(f"{folder.name}.network", folder / "network.py")
    loader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loader)

    raster = np.load(folder / "raster.npz")["raster"]
    output, _, recording = loader.simulation().evolve(raster, record=True)
    states = {name: np.asarray(state).tolist() for name, state in recording.items()}
    result = {"output": output.tolist(), "states": states}
    if hasattr(loader, "configuration"):
        config = loader.configuration()
        result["configuration"] = tree(config)
        package = sys.modules[config_module(loader)]
        cycles = [np.atleast_1d(package.cycles_model(config, i, h)).tolist() for i, h in PROBABILITIES]
        result["cycles"] = [[*p, *c] for p, c in zip(PROBABILITIES, cycles)]
        result["clock_hz"] = package.est_clock_freq(config, 2e-3)
    if hasattr(loader, "configuration_from_json"):
        result["from_json"] = tree(loader.configuration_from_json())
    return result


def config_module(loader):
    """The package of Rockpool that the script imports from."""
    text = Path(loader.__file__).read_text()
    return text.split("from rockpool", 1)[1].split(" import", 1)[0].join(["rockpool", ""])


warnings.filterwarnings("ignore")
folders = sorted(folder for folder in Path(sys.argv[1]).iterdir() if folder.is_dir())
print(json.dumps({folder.name: run(folder) for folder in folders}))
