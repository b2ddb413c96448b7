"""Runs a NIR file with another tool, and prints the spikes of its output as JSON: one list of neurons per step.

python run.py executor|snntorch|norse|rockpool FILE.nir STEPS DT    prints `skipped: ...` if the tool is not installed
"""

import contextlib
import io
import json
import sys

tool, path, steps, dt = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])


def with_executor():
    from executor import Executor, events

    executor = Executor(path, dt)
    channels = int(next(node["shape"][0] for node in executor.nodes.values() if node["type"] == "Input"))
    output = next(name for name, node in executor.nodes.items() if node["type"] == "Output")
    return [executor.step(row)[output].copy() for row in events(steps, channels)]


def with_torch(load):
    import nir
    import torch
    from executor import events

    try:
        graph = nir.read(path)
    except TypeError:
        # Before version 1.0.6, nir has no `v_reset`; the tools then reset to zero all the same.
        graph = nir.read(without_reset())
    channels = int(next(n for n in graph.nodes.values() if isinstance(n, nir.Input)).input_type["input"][0])
    network, state, rows = load(graph), None, []
    with torch.no_grad():
        for row in torch.tensor(events(steps, channels), dtype=torch.float32):
            output, state = network(row[None], state) if state is not None else network(row[None])
            rows.append(output.reshape(-1).numpy())
    return rows


def without_reset():
    import shutil

    import h5py

    copy = path + ".old"
    shutil.copy(path, copy)
    with h5py.File(copy, "a") as file:
        for node in file["node/nodes"].values():
            if "v_reset" in node:
                del node["v_reset"]
    return copy


def snntorch():
    from snntorch.import_nir import import_from_nir

    return with_torch(import_from_nir)


def norse():
    import norse.torch

    return with_torch(lambda graph: norse.torch.from_nir(graph, dt=dt))


def rockpool():
    import nir
    import torch
    from executor import events
    from rockpool.nn.modules.torch.nir import from_nir

    graph = nir.read(path)
    channels = int(next(n for n in graph.nodes.values() if isinstance(n, nir.Input)).input_type["input"][0])
    # Its modules take whole sequences, and know their time step from the file.
    network = from_nir(graph).eval()
    with torch.no_grad():
        output = network(torch.tensor(events(steps, channels), dtype=torch.float32)[None])
    output = output[0] if isinstance(output, tuple) else output
    return list(output[0].numpy())


try:
    with contextlib.redirect_stdout(io.StringIO()):
        rows = {"executor": with_executor, "snntorch": snntorch, "norse": norse, "rockpool": rockpool}[tool]()
except (ImportError, AttributeError) as why:
    # nirtorch 2.0 does not work with nir 1.0.8, which Norse meets.
    if isinstance(why, AttributeError) and "input_type" not in str(why):
        raise
    print(f"skipped: {why}")
    sys.exit()
print(json.dumps([[float(count) for count in row] for row in rows]))
