"""Prints the spikes of all layers of the networks of `make.py` after each has loaded `FOLDER/NAME.json`, as JSON.

python run.py FOLDER    prints `skipped: ...` without Rockpool or torch
"""

import contextlib
import io
import json
import sys


def flat(network):
    """Returns a `Sequential` with the modules of those within it in their place, as the exporter writes it."""
    from rockpool.nn.combinators import Sequential

    if type(network).__name__ != "TorchSequential":
        return network
    modules = []
    for module in network.modules().values():
        inner = flat(module)
        modules.extend(inner.modules().values() if inner is not module else [module])
    return Sequential(*modules)


def run(folder):
    from make import events, networks, spikes

    found = {}
    for name, channels, network in networks():
        network = flat(network).eval()
        network.load(f"{folder}/{name}.json")
        _, _, record = network(events(100, channels), record=True)
        found[name] = spikes(record)
    return found


try:
    # Rockpool says on import which packages it lacks.
    with contextlib.redirect_stdout(io.StringIO()):
        found = run(sys.argv[1])
except ImportError as why:
    print(f"skipped: {why}")
    sys.exit()
print(json.dumps(found))
