"""Runs a NIR file by forward Euler: an independent check of the import.

In each step, neurons are updated in an order in which data flows from the input. An edge against this order delivers what
its neuron sent in the step before. A neuron without leak (IF) adds r * input per step, unless r is 1 / dt.
"""

import h5py
import numpy as np


def load(path):
    """Returns nodes, as dictionaries of arrays, and edges, with the nodes of nested graphs under `graph.node`."""
    with h5py.File(path) as file:
        return flatten(file["node"], "")


def flatten(group, prefix):
    nodes, edges, ends = {}, [], {}
    for name, node in group["nodes"].items():
        kind = node["type"][()].decode()
        if kind == "NIRGraph":
            inner, inner_edges = flatten(node, f"{prefix}{name}.")
            nodes.update(inner)
            edges.extend(inner_edges)
            ends[name] = (f"{prefix}{name}.input", f"{prefix}{name}.output")
            continue
        fields = {key: value[()] for key, value in node.items() if isinstance(value, h5py.Dataset)}
        fields["type"] = kind if not (prefix and kind in ("Input", "Output")) else "Pass"
        if "metadata" in node:
            fields["metadata"] = {key: value[()] for key, value in node["metadata"].items()}
        nodes[prefix + name] = fields
        ends[name] = (prefix + name, prefix + name)
    for source, target in group["edges"][()]:
        edges.append((ends[source.decode()][1], ends[target.decode()][0]))
    return nodes, edges


STATEFUL = ("IF", "I", "LIF", "LI", "CubaLIF", "CubaLI")


def order(nodes, edges):
    """Returns the neurons. Cuts each cycle at the one that the input reaches first, and sorts what is left."""
    after = {name: [b for a, b in edges if a == name] for name in nodes}
    start = next(name for name, node in nodes.items() if node["type"] == "Input")
    neurons = [name for name, node in nodes.items() if node["type"] in STATEFUL]

    def neighbors(name):
        found, seen, waiting = [], set(), list(after[name])
        while waiting:
            target = waiting.pop(0)
            if target in seen:
                continue
            seen.add(target)
            if target in neurons:
                found.append(target)
            else:
                waiting.extend(after[target])
        return found

    targets = {name: neighbors(name) for name in [start, *neurons]}
    reached, waiting = {}, [start]
    while waiting:
        name = waiting.pop(0)
        if name not in reached:
            reached[name] = len(reached)
            waiting.extend(targets[name])

    def reachable(start):
        seen, waiting = set(), list(targets[start])
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting.extend(targets[name])
        return seen

    while True:
        beyond = {name: reachable(name) for name in neurons}
        cyclic = [name for name in neurons if name in beyond[name]]
        if not cyclic:
            return sorted(neurons, key=lambda name: -len(beyond[name]))
        head = min(cyclic, key=lambda name: reached.get(name, len(nodes)))
        for name in neurons:
            if head in targets[name] and name in beyond[head]:
                targets[name].remove(head)


class Executor:
    def __init__(self, path, dt, reset="zero"):
        self.nodes, self.edges = load(path)
        self.order = order(self.nodes, self.edges)
        self.dt, self.reset = dt, reset
        self.sent = {name: 0.0 for name in self.nodes}
        self.state = {}

    def step(self, x):
        """Returns what the input, each neuron and the output send in this step."""
        self.sent[next(name for name, node in self.nodes.items() if node["type"] == "Input")] = x
        output = next(name for name, node in self.nodes.items() if node["type"] == "Output")
        for name in [*self.order, output]:
            # Of neurons that were not updated yet, it is the value of the step before.
            self.sent[name] = self.run(name, self.nodes[name], self.into(name, name))
        return self.sent

    def into(self, name, consumer):
        return sum(self.value(source, consumer) for source, target in self.edges if target == name)

    def value(self, name, consumer):
        node = self.nodes[name]
        if node["type"] == "Input" or node["type"] in STATEFUL:
            return self.sent[name]
        return self.run((name, consumer), node, self.into(name, consumer))

    def run(self, name, node, x):
        kind, dt = node["type"], self.dt
        if kind in ("Output", "Pass", "Flatten"):
            return x
        if kind in ("Affine", "Linear"):
            weight = node["weight"].astype(np.float64)
            y = weight @ np.broadcast_to(x, weight.shape[1])
            return y + node["bias"] if kind == "Affine" else y
        if kind == "Scale":
            return node["scale"] * x
        if kind == "Delay":
            steps = int(np.rint(np.max(node["delay"]) / dt))
            line = self.state.setdefault(name, [np.zeros(node["delay"].shape)] * steps)
            line.append(np.array(x, dtype=np.float64))
            return line.pop(0)
        v = self.state.get(name, 0.0)
        if kind in ("CubaLIF", "CubaLI"):
            current = self.state.get((name, "I"), 0.0)
            current = current + dt / node["tau_syn"] * (node.get("w_in", 1.0) * x - current)
            self.state[name, "I"] = current
            v = v + dt / node["tau_mem"] * (node["v_leak"] - v + node["r"] * current)
        elif kind in ("LIF", "LI"):
            v = v + dt / node["tau"] * (node["v_leak"] - v + node["r"] * x)
        elif kind in ("IF", "I"):
            gain = dt * node["r"]
            v = v + np.where(np.abs(gain - 1) < 1e-6, gain, node["r"]) * x
        else:
            raise ValueError(f"{name}: {kind}")
        if kind in ("LI", "CubaLI", "I"):
            self.state[name] = v
            return v
        threshold = np.broadcast_to(node["v_threshold"].astype(np.float64), np.shape(v))
        settings = node.get("metadata", {})
        reset = settings.get("reset", self.reset.encode()).decode()
        spikes = np.where(v > threshold, 1.0, 0.0)
        if reset == "subtract":
            most = float(settings.get("max_spikes", 1))
            spikes = np.where(v > threshold, np.minimum(np.maximum(np.floor(v / threshold), 1.0), most), 0.0)
            v = v - spikes * threshold
        else:
            v = np.where(spikes > 0, node.get("v_reset", 0.0), v)
        self.state[name] = v
        return spikes


def events(steps, channels, chance=0.3, seed=1):
    """Returns Boolean events of a linear congruential generator, which tests repeat."""
    state, rows = seed, []
    for _ in range(steps):
        row = []
        for _ in range(channels):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            row.append(1.0 if (state >> 33) / 2**31 < chance else 0.0)
        rows.append(row)
    return np.array(rows)
