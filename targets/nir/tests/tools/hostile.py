"""Writes `../hostile/NAME.nir`: small files that lie about sizes, contain themselves, or share data a thousandfold.

python hostile.py              needs h5py and numpy; written with h5py 3.16
python hostile.py many FILE    writes a file with 10^6 nodes
"""

import sys
from pathlib import Path

import h5py
import numpy as np

OUT = Path(__file__).parent.parent / "hostile"
TEXT = h5py.string_dtype()


def node(nodes, name, kind, **fields):
    group = nodes.create_group(name)
    group["type"] = kind
    for field, value in fields.items():
        group[field] = np.asarray(value)
    return group


def file(name, **options):
    """Returns an open file with a network of one neuron, and its graph."""
    file = h5py.File(OUT / f"{name}.nir", "w", **options)
    file["version"] = "1.0.8"
    graph = file.create_group("node")
    graph["type"] = "NIRGraph"
    nodes = graph.create_group("nodes")
    node(nodes, "input", "Input", shape=[2])
    node(nodes, "fc", "Linear", weight=np.ones((1, 2), "f4"))
    node(nodes, "lif", "LIF", tau=[0.01], r=[10.0], v_leak=[0.0], v_threshold=[1.0], v_reset=[0.0])
    node(nodes, "output", "Output", shape=[1])
    edges = np.array([["input", "fc"], ["fc", "lif"], ["lif", "output"]], dtype=object)
    graph.create_dataset("edges", data=edges, dtype=TEXT)
    return file, graph


def replaced(graph, path, **options):
    del graph[path]
    return graph.create_dataset(path, **options)


def many(path):
    with h5py.File(path, "w", libver="latest") as file:
        graph = file.create_group("node")
        graph["type"] = "NIRGraph"
        nodes = graph.create_group("nodes")
        for i in range(1_000_000):
            nodes.create_group(f"n{i}")


if sys.argv[1:2] == ["many"]:
    many(sys.argv[2])
    sys.exit()

OUT.mkdir(exist_ok=True)
f, g = file("valid")
f.close()
# Arrays of terabytes of which nothing is stored.
f, g = file("huge_array")
replaced(g, "nodes/fc/weight", shape=(1 << 20, 1 << 20), dtype="f4")
f.close()
# A chunk of gigabytes for an array of a few numbers.
f, g = file("huge_chunk")
replaced(g, "nodes/fc/weight", shape=(1, 2), maxshape=(None, None), chunks=(1 << 14, 1 << 14), dtype="f4", compression="gzip")
f.close()
# 128 MiB of zeros, compressed to a thousandth.
f, g = file("zeros")
replaced(g, "nodes/fc/weight", data=np.zeros((1, 1 << 25), "f4"), chunks=(1, 1 << 23), compression="gzip", compression_opts=9)
f.close()
# A text of 2^31 elements, and edges that are as many.
f, g = file("huge_edges")
replaced(g, "edges", shape=(1 << 30, 2), dtype=TEXT, chunks=(1 << 10, 2))
f.close()
# A graph within itself.
f, g = file("graph_in_itself")
g["nodes/again"] = g
f.close()
# Links to paths, to nothing, and to another file: in the structures of old and new files, few and many of them.
f, g = file("links_new", libver="latest")
del g["nodes/lif/v_reset"]
g["nodes/lif/v_reset"] = h5py.ExternalLink("other.nir", "/v_reset")
f.close()
f, g = file("links_many", libver="latest")
for i in range(40):
    node(g["nodes"], f"spare{i}", "Linear", weight=np.ones((1, 2), "f4"))
del g["nodes/lif/v_reset"]
g["nodes/lif/v_reset"] = h5py.SoftLink("/node/nodes/lif/v_leak")
f.close()
f, g = file("links_in_many", libver="latest")
for i in range(150):
    g["nodes"].create_group(f"spare{i}")
g["nodes/last"] = h5py.SoftLink("/nowhere")
f.close()
f, g = file("links")
g["nodes/soft"] = h5py.SoftLink("/node/nodes/soft")
g["nodes/nothing"] = h5py.SoftLink("/nowhere")
g["nodes/other"] = h5py.ExternalLink("other.nir", "/node")
f.close()
f, g = file("links_old")
del g["nodes/lif/v_reset"]
g["nodes/lif/v_reset"] = h5py.SoftLink("/node/nodes/lif/v_leak")
f.close()
# A hard link to a place where there is no object.
f, g = file("links_nowhere")
place = h5py.h5o.get_info(g["nodes/fc/weight"].id).addr
f.close()
data = bytearray((OUT / "links_nowhere.nir").read_bytes())
link = data.index(place.to_bytes(8, "little"))
data[link:link + 8] = (0x1008).to_bytes(8, "little")
(OUT / "links_nowhere.nir").write_bytes(data)
# A type in place of an array, an array in place of a node, and an array without values.
f, g = file("type")
del g["nodes/lif/v_reset"]
g["nodes/lif/v_reset"] = np.dtype("f4")
f.close()
f, g = file("array_as_node")
g["nodes/spare"] = 1.0
f.close()
f, g = file("no_values")
replaced(g, "nodes/fc/weight", data=h5py.Empty("f4"))
f.close()
# 2^14 paths to one node, by graphs that contain the next one twice, and the same for its array of 2 MiB.
f, g = file("shared")
inner = f.create_group("inner")
inner["type"] = "Linear"
inner.create_dataset("weight", data=np.zeros((1, 1 << 19), "f4"), compression="gzip")
for level in range(14):
    outer = f.create_group(f"level{level}")
    outer["type"] = "NIRGraph"
    outer.create_group("nodes")["a"] = inner
    outer["nodes"]["b"] = inner
    outer.create_dataset("edges", shape=(0, 2), dtype="f8")
    inner = outer
g["nodes/tree"] = inner
f.close()
# One text of 64 KiB, to which each of 2^11 elements points.
f, g = file("shared_text")
texts = replaced(g, "edges", shape=(1 << 10, 2), dtype=TEXT)
texts[0, 0] = "x" * (64 << 10)
stored = texts.id.get_offset()
f.close()
data = bytearray((OUT / "shared_text.nir").read_bytes())
data[stored:stored + (16 << 11)] = data[stored:stored + 16] * (1 << 11)
(OUT / "shared_text.nir").write_bytes(data)
