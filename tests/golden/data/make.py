"""Writes small files in the layout of the Spiking Heidelberg Digits, with h5py.

    python make.py

`shd.h5`: as the published files are (float16 times, uint16 units, compressed labels). `shd_wide.h5`: other widths
and byte orders of the same numbers, and the newest version of the file format. `shd.csv`: all events, as sample,
label, speaker, time, unit; a sample without events has a line without time and unit.
Class `k` has its events around channel `100 + 300 k`, so that a network can learn it.
"""

import h5py
import numpy as np

CLASSES, SPEAKERS, TAKES, CHANNELS = 2, 3, 4, 700
random = np.random.default_rng(7)

samples = []
for speaker in range(SPEAKERS):
    for label in range(CLASSES):
        for take in range(TAKES):
            events = int(random.integers(30, 60))
            times = np.sort(random.random(events) * 0.2).astype(np.float16)
            units = random.integers(60 + 300 * label, 140 + 300 * label, events).astype(np.uint16)
            samples.append((label, speaker, times, units))
samples[5] = (samples[5][0], samples[5][1], samples[5][2][:0], samples[5][3][:0])


def write(path, float_type, integer_type, compression, **options):
    with h5py.File(path, "w", **options) as file:
        count = len(samples)
        spikes = file.create_group("spikes")
        times = spikes.create_dataset("times", (count,), dtype=h5py.vlen_dtype(np.dtype(float_type)))
        units = spikes.create_dataset("units", (count,), dtype=h5py.vlen_dtype(np.dtype(integer_type)))
        for i, sample in enumerate(samples):
            times[i], units[i] = sample[2].astype(float_type), sample[3].astype(integer_type)
        labels = np.array([sample[0] for sample in samples], dtype=np.uint16)
        file.create_dataset("labels", data=labels, compression=compression)
        extra = file.create_group("extra")
        extra.create_dataset("speaker", data=np.array([sample[1] for sample in samples], dtype=np.uint16))
        extra.create_dataset("keys", data=np.array([b"zero", b"one"]))
        extra.create_group("meta_info").create_dataset("age", data=np.array([30, 40, 50]))


write("shd.h5", "<f2", "<u2", "gzip")
write("shd_wide.h5", ">f8", ">i4", None, libver="latest")

with open("shd.csv", "w") as file:
    for i, (label, speaker, times, units) in enumerate(samples):
        for time, unit in zip(times, units):
            file.write(f"{i},{label},{speaker},{float(time)},{unit}\n")
        if len(times) == 0:
            file.write(f"{i},{label},{speaker}\n")
