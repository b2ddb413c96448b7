"""Writes `../files/expected/NAME.json`: the arrays of each file as h5py reads them, and the spikes of the executor.

python expect.py [FILE.nir ...]    needs h5py and numpy; written with h5py 3.16 and numpy 2.4
"""

import json
import sys
from pathlib import Path

import h5py
import numpy as np
from executor import Executor, events

FILES = Path(__file__).parent.parent / "files"
# Time step of each file whose spikes are compared.
STEPS = {
    "brailernn-1.0.1": 1e-4,
    "ifsynfire-0.1.0": 1e-3,
    "lif_norse": 1e-4,
    "lifneuron-1.0.0": 1e-4,
    "two_lif_neurons": 1e-4,
    "swavelet-1.0.0": 1e-4,
}
SPIKING = ("IF", "LIF", "CubaLIF")


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def arrays(path):
    found = {}
    with h5py.File(path) as file:
        def visit(name, item):
            if isinstance(item, h5py.Dataset) and item.dtype.kind in "fi":
                values = np.asarray(item[()], dtype="<f8")
                found[name] = {"type": str(item.dtype), "shape": list(item.shape), "hash": fnv1a(values.tobytes())}
        file["node/nodes"].visititems(visit)
    return found


def spikes(path, dt, steps=400):
    executor = Executor(path, dt)
    channels = int(next(np.prod(n["shape"]) for n in executor.nodes.values() if n["type"] == "Input"))
    counts = {name: [] for name, node in executor.nodes.items() if node["type"] in SPIKING}
    for row in events(steps, channels):
        sent = executor.step(row)
        for name in counts:
            counts[name].append([int(i) for i in np.flatnonzero(np.atleast_1d(sent[name]))])
    return counts


for path in [Path(name) for name in sys.argv[1:]] or sorted(FILES.glob("*.nir")):
    expected = {"arrays": arrays(path)}
    if path.stem in STEPS:
        expected["dt"] = STEPS[path.stem]
        expected["spikes"] = spikes(path, STEPS[path.stem])
        print(path.stem, {name: sum(map(len, rows)) for name, rows in expected["spikes"].items()})
    out = FILES / "expected" / f"{path.stem}.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(expected, separators=(",", ":")) + "\n")
