"""Memory of `snnc train`: the estimate that it prints before training, compared with the peak that the system measures.

    python benches/memory.py --snnc target/release/snnc

Prints a Markdown table. Exits with 1 if an estimate is off by more than 20 %. Runs on Linux only.

The peak is the maximum resident set of the process from the estimate on (`VmHWM`), without the program itself: the peak
of a training of a minimal network, which is measured first. Reading the data is not part of it.
"""

import argparse
import re
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MIB = 2**20
UNITS = {"bytes": 1, "KiB": 2**10, "MiB": MIB, "GiB": 2**30}
TOLERANCE = 0.2
ESTIMATE = re.compile(r"training needs about ([\d.]+ \w+) of memory[^\n]*\n\s+data\s+([\d.]+ \w+)")


@dataclass
class Case:
    """A recipe with synthetic data. Layers form a chain; `recurrent` adds a connection of the last one to itself."""

    name: str
    steps: int
    layers: list[int]
    channels: int = 16
    samples: int = 8
    batch: int = 4
    epochs: int = 2
    threads: int = 1
    recompute: str = "none"
    density: float = 0.1
    scale: float = 0.5
    learned: bool = False
    recurrent: bool = False
    chip: str = ""
    audio: bool = False
    augmented: bool = False
    seconds: float = 2
    classes: int = 4


CASES = [
    Case("long, segments", 300_000, [160, 160], channels=4, samples=2, batch=1, recompute="segments", density=0.02,
         classes=2),
    Case("long", 100_000, [60, 60], channels=4, samples=4, batch=1, density=0.05),
    Case("long, two threads", 100_000, [60, 60], channels=4, samples=4, batch=2, threads=2, density=0.05),
    Case("wide", 400, [2000, 1000], batch=4),
    Case("many layers, on a chip", 2000, [32] * 30, batch=8, threads=2, scale=0.7, chip="xylo-audio3"),
    Case("deep", 4000, [250] * 6, batch=4, threads=2, scale=0.8),
    Case("recurrent, on a chip", 10_000, [100, 100], batch=4, scale=0.2, recurrent=True, chip="xylo-audio3"),
    Case("trained time constants", 20_000, [100, 100], batch=2, threads=2, learned=True),
    Case("many samples", 200, [60], channels=256, samples=4000, batch=32, threads=2, density=0.3, epochs=1),
    Case("sound", 100_000, [100, 60], samples=8, batch=2, threads=2, audio=True, chip="xylo-audio3"),
    Case("sound, augmented", 2000, [60], samples=8, threads=2, audio=True, augmented=True, seconds=20, epochs=10),
    Case("sound, augmented, one thread", 6000, [60], samples=8, audio=True, augmented=True, seconds=60, epochs=10),
    Case("one thread", 20_000, [100, 100]),
    Case("one thread, trained time constants", 20_000, [100, 100], learned=True),
    Case("one thread, on a chip", 20_000, [60, 60], chip="xylo-audio3"),
]
BASELINE = Case("baseline", 10, [4], samples=8, batch=1, epochs=300)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--snnc", default="target/release/snnc", help="the program (default: %(default)s)")
    parser.add_argument("--cases", help="names of cases, separated by semicolons (default: all)")
    args = parser.parse_args()
    chosen = args.cases.split(";") if args.cases else [case.name for case in CASES]
    baseline = run(args.snnc, BASELINE)[1]
    print(f"peak of a minimal training: {baseline / MIB:.1f} MiB\n")
    print("| case | steps | layers | threads | estimated | of which data | measured | estimated / measured |")
    print("|---|---|---|---|---|---|---|---|")
    worst = 0.0
    for case in CASES:
        if case.name not in chosen:
            continue
        (estimated, data), peak = run(args.snnc, case)
        measured = peak - baseline
        ratio = estimated / measured
        worst = max(worst, abs(ratio - 1))
        layers = describe(case.layers)
        print(
            f"| {case.name} | {case.steps:,} | {layers} | {case.threads} | {estimated / MIB:.1f} MiB "
            f"| {data / MIB:.1f} MiB | {measured / MIB:.1f} MiB | {ratio:.2f} |",
            flush=True,
        )
    sys.exit(0 if worst <= TOLERANCE else 1)


def describe(layers: list[int]) -> str:
    if len(layers) > 3 and len(set(layers)) == 1:
        return f"{len(layers)} of {layers[0]}"
    return "-".join(map(str, layers))


def run(snnc: str, case: Case) -> tuple[tuple[float, float], int]:
    """Trains a case. Returns the estimated bytes, in total and for the data, and the measured peak in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), case)
        command = [snnc, "train", f"{folder}/r.yaml", "--out", f"{folder}/out", "--threads", str(case.threads)]
        log = Path(f"{folder}/log")
        with log.open("w") as stderr:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr)
        proc = Path(f"/proc/{process.pid}")
        estimated, peak = None, 0
        while process.poll() is None:
            if estimated is None and (line := ESTIMATE.search(log.read_text())):
                estimated = tuple(size(part) for part in line.groups())
                # The data has been read: forget the peak so far.
                (proc / "clear_refs").write_text("5")
            elif estimated and (found := re.search(r"VmHWM:\s+(\d+) kB", (proc / "status").read_text())):
                peak = int(found[1]) * 1024
            time.sleep(0.002)
        text = log.read_text()
    if process.returncode != 0 or not peak:
        sys.exit(f"{case.name}: {text}")
    return estimated, peak


def size(text: str) -> float:
    number, unit = text.split()
    return float(number) * UNITS[unit]


def write(folder: Path, case: Case) -> None:
    """Writes network, data and recipe."""
    learn = "learn " if case.learned else ""
    sizes = [*case.layers, case.classes]
    names = [f"h{i}" for i in range(len(case.layers))] + ["out"]
    dt = "10.24 ms" if case.audio else "1 ms"
    tau = "40 ms" if case.audio else "20 ms"
    text = f"network N {{\n    dt: {dt};\n    input x: {case.channels};\n"
    text += f"    neuron u = lif {{ tau_mem: {learn}{tau}, tau_syn: {learn}{tau}, max_spikes: 31 }};\n"
    for name, width in zip(names[:-1], sizes):
        text += f"    layer {name}: u({width});\n"
    text += f"    layer out: lif({case.classes}) {{ tau_mem: {tau}, tau_syn: {tau}, threshold: 32767 }};\n"
    for source, target in zip(["x", *names], names):
        text += f"    {source} -> linear {{ scale: {case.scale} }} -> {target};\n"
    if case.recurrent:
        text += f"    {names[-2]} -> linear {{ scale: 0.01 }} -> {names[-2]};\n"
    (folder / "n.snn").write_text(text + "    output out.vmem;\n}\n")
    data = write_sound(folder, case) if case.audio else write_archive(folder, case)
    build = case.chip and f"{case.chip}"
    (folder / "r.yaml").write_text(
        f"network: n.snn\n{data}"
        f"training: {{ epochs: {case.epochs}, batch: {case.batch}, recompute: {case.recompute}, "
        "optimizer: { kind: adam, lr: 0.0001 }, gradient_clip: 1, loss: { kind: cross_entropy, readout: mean_vmem } }\n"
        f"build: [{build}]\n"
    )


def write_archive(folder: Path, case: Case) -> str:
    random = np.random.default_rng(0)
    shape = (case.samples, case.steps, case.channels)
    rasters = np.zeros(shape, "u1")
    for raster in rasters:
        raster[:] = random.random(shape[1:], dtype="f4") < case.density
    labels = np.arange(case.samples) % case.classes
    # Three quarters of the samples are for training.
    fold = np.arange(case.samples) >= max(case.samples * 3 // 4, 1)
    np.savez_compressed(folder / "d.npz", rasters=rasters, labels=labels, fold=fold.astype("u1"))
    options = f"classes: {case.classes}, steps: {case.steps}"
    return f"data: {{ format: npz, path: d.npz, test: {{ fold: [1] }}, {options} }}\n"


def write_sound(folder: Path, case: Case) -> str:
    """Writes noise of the case's duration per sample; shorter samples are padded with silence."""
    random = np.random.default_rng(0)
    (folder / "sound").mkdir()
    for i in range(case.samples):
        pcm = random.normal(0, 3000, int(case.seconds * 16_000)).astype("<i2").tobytes()
        head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(pcm), b"WAVE", b"fmt ", 16, 1, 1, 16_000, 32_000, 2,
                           16, b"data", len(pcm))
        (folder / f"sound/{'abcd'[i % 4]}_{i // 4 + i % 2}.wav").write_bytes(head + pcm)
    options = f"classes: [a, b, c, d], steps: {case.steps}, cache: false"
    if case.augmented:
        options += ", augmentation: { gain: 6, speed: 0.1, noise: { snr: [5, 20] } }"
    return (
        f"data: {{ path: sound, pattern: \"{{label}}_{{take}}.wav\", test: {{ take: [1] }}, {options} }}\n"
        "front_end: { kind: xylo_audio3, decimation: 500 }\n"
    )


if __name__ == "__main__":
    main()
