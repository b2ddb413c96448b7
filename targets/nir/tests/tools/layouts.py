"""Writes `../layouts/NAME.nir`: one small network, which HDF5 stores in many ways.

python layouts.py    needs h5py and numpy; written with h5py 3.16 (HDF5 2.0)

All numbers are multiples of 1/8, which every type holds exactly.
"""

from pathlib import Path

import h5py
import numpy as np

OUT = Path(__file__).parent.parent / "layouts"
TEXT = h5py.string_dtype()
WEIGHT = np.arange(-6, 12).reshape(3, 6) / 8
NEURON = {"tau": 2.0, "r": 1.5, "v_leak": 0.25, "v_threshold": 1.125, "v_reset": 0.0}
EDGES = [["input", "fc"], ["fc", "lif"], ["lif", "output"]]


def text(group, name, value, kind="variable"):
    if kind == "variable":
        group.create_dataset(name, data=value, dtype=TEXT)
    elif kind == "ascii":
        group.create_dataset(name, data=value.encode(), dtype=h5py.string_dtype("ascii"))
    elif kind == "fixed":
        group.create_dataset(name, data=np.bytes_(value))
    elif kind == "one_element":
        group.create_dataset(name, data=np.array([value], dtype=object), dtype=TEXT)
    elif kind == "spaces":
        data_type = h5py.h5t.C_S1.copy()
        data_type.set_size(16)
        data_type.set_strpad(h5py.h5t.STR_SPACEPAD)
        space = h5py.h5s.create(h5py.h5s.SCALAR)
        dataset = h5py.h5d.create(group.id, name.encode(), data_type, space)
        dataset.write(space, space, np.array(value.ljust(16).encode(), dtype="S16"), data_type)


def compact(group, name, value):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple(value.shape)
    dataset = h5py.h5d.create(group.id, name.encode(), h5py.h5t.IEEE_F32LE, space, properties)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, value.astype("f4"))


def write(name, dtype="<f4", strings="variable", edges=None, array=None, extra=None, version=True, options=None, **file_options):
    with h5py.File(OUT / f"{name}.nir", "w", **file_options) as file:
        if version:
            text(file, "version", "1.0.8", strings)
        graph = file.create_group("node")
        text(graph, "type", "NIRGraph", strings)
        nodes = graph.create_group("nodes")

        def node(name, kind, **fields):
            group = nodes.create_group(name)
            text(group, "type", kind, strings)
            for field, value in fields.items():
                if array and value.ndim == 2:
                    array(group, field, value)
                    continue
                chosen = dict(options or {}) if value.ndim == 2 else {}
                if callable(chosen.get("chunks")):
                    chosen["chunks"] = chosen["chunks"](value.shape)
                group.create_dataset(field, data=value, **chosen)

        node("input", "Input", shape=np.array([6]))
        node("fc", "Linear", weight=WEIGHT.astype(dtype))
        node("lif", "LIF", **{field: np.full(3, value).astype(dtype) for field, value in NEURON.items()})
        node("output", "Output", shape=np.array([3]))
        if strings in ("variable", "one_element"):
            graph.create_dataset("edges", data=np.array(EDGES, dtype=object), dtype=TEXT, **(edges or {}))
        elif strings == "ascii":
            graph.create_dataset("edges", data=np.array(EDGES, dtype=object), dtype=h5py.string_dtype("ascii"))
        else:
            graph.create_dataset("edges", data=np.array(EDGES, dtype="S8"))
        if extra:
            extra(file, graph, nodes)


def shared_weight(file, graph, nodes):
    file["weights"] = nodes["fc/weight"]


def metadata(file, graph, nodes):
    group = graph.create_group("metadata")
    group["author"] = "me"
    group["flag"] = True
    group["pair"] = np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])
    group["nothing"] = h5py.Empty("f4")
    group.create_group("nested")["numbers"] = [1, 2, 3]
    graph.attrs["note"] = np.arange(1000)
    for i in range(12):
        nodes["lif"].require_group("metadata")[f"entry{i}"] = i


def fill(group, name, value):
    # The chunk of zeros is not stored.
    dataset = group.create_dataset(name, shape=value.shape, dtype="f4", chunks=(1, 1), fillvalue=0.0)
    for at in np.argwhere(value):
        dataset[tuple(at)] = value[tuple(at)]


def named_type(group, name, value):
    group.file["type"] = np.dtype("f4")
    group.create_dataset(name, data=value, dtype=group.file["type"])


OUT.mkdir(exist_ok=True)
for old in OUT.glob("*.nir"):
    old.unlink()
write("a_plain")
for version in ("v108", "v110", "latest"):
    write(f"version_{version}", libver=version)
for name, options in {
    "gzip": {"compression": "gzip"},
    "gzip_shuffle": {"compression": "gzip", "compression_opts": 9, "shuffle": True},
    "lzf": {"compression": "lzf", "shuffle": True},
    "checksum": {"fletcher32": True},
    "chunks_1": {"chunks": lambda shape: tuple(1 for _ in shape)},
    "chunks_4": {"chunks": lambda shape: tuple(min(4, extent) for extent in shape), "compression": "gzip"},
}.items():
    write(f"filter_{name}", options=options)
    if name.startswith("chunks"):
        write(f"filter_{name}_v110", options={"chunks": options["chunks"]}, libver="v110")
write("filter_gzip_v110", options={"compression": "gzip"}, libver="v110")
for dtype in ("<f8", ">f4", ">f8", "<f2", ">f2"):
    write(f"type_{'big' if dtype[0] == '>' else 'little'}_{dtype[1:]}", dtype=dtype)
for strings in ("ascii", "fixed", "one_element", "spaces"):
    write(f"text_{strings}", strings=strings)
write("edges_gzip", edges={"compression": "gzip"})
write("edges_chunks", edges={"chunks": (2, 2)})
write("compact", array=compact)
write("fill_value", array=fill)
write("named_type", array=named_type)
write("hard_link", extra=shared_weight)
write("metadata", extra=metadata)
write("metadata_latest", extra=metadata, libver="latest")
write("track_order", track_order=True)
write("user_block", userblock_size=1024)
write("without_version", version=False)
