"""Writes small files whose labels and fields are text, with NumPy and h5py.

    python make_text.py

`text.npz`: three rasters, labels of type `<U`, the field `room` of type `|S`. `objects.npz`: the same with labels
that are Python objects. `text.h5`: three samples in the layout of the Spiking Heidelberg Digits with labels of
variable length; the field `room` has a fixed length, padded with zeros, and `city` one that is padded with spaces.
"""

import h5py
import numpy as np

LABELS = ["ja", "nein", "größer"]
ROOMS = ["hall", "lab 2", "lab 2"]
CITIES = ["Ulm", "Bern", "Linz"]

rasters = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
np.savez_compressed("text.npz", rasters=rasters, labels=np.array(LABELS), room=np.array(ROOMS, dtype="S"))
np.savez_compressed("objects.npz", rasters=rasters, labels=np.array(LABELS, dtype=object))

with h5py.File("text.h5", "w") as file:
    spikes = file.create_group("spikes")
    times = spikes.create_dataset("times", (3,), dtype=h5py.vlen_dtype(np.dtype("<f4")))
    units = spikes.create_dataset("units", (3,), dtype=h5py.vlen_dtype(np.dtype("<u2")))
    for i in range(3):
        times[i], units[i] = np.array([0.01 * i], "<f4"), np.array([i], "<u2")
    file.create_dataset("labels", data=LABELS, dtype=h5py.string_dtype())
    extra = file.create_group("extra")
    extra.create_dataset("room", data=np.array(ROOMS, dtype="S"), compression="gzip")
    kind = h5py.h5t.C_S1.copy()
    kind.set_size(6)
    kind.set_strpad(h5py.h5t.STR_SPACEPAD)
    space = h5py.h5s.create_simple((3,))
    city = h5py.h5d.create(extra.id, b"city", kind, space)
    city.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([name.ljust(6) for name in CITIES], dtype="S6"), mtype=kind)
    extra.create_dataset("keys", data=["ja", "nein"], dtype=h5py.string_dtype())
