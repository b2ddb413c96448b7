#!/usr/bin/env python3
"""Measures accuracy against spikes and energy per inference on the simulated Xylo Audio 3: trains a recipe with several
targets of its rate regularizer.

    python3 benches/energy.py examples/digits/digits.yaml
    python3 benches/energy.py examples/digits/fsdd.yaml --set data.path=DIR

Prints a Markdown table. With `--picture FILE`, also draws the curve as SVG.

The energy is an estimate from the digital power of boards (docs/xylo.md): 145 uW without a clock, and 25 to 29 uW per MHz,
which is 25 to 29 pJ per cycle. Dynamic energy is that of the cycles of a recording; its cycles come from Rockpool's cycle
model and the mean activity of the test set. The chip takes it if its clock is just fast enough, and more at a faster
clock. Static energy is the same for every network. The last row has no regularizer.
"""

import argparse
import json
import math
import statistics
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent

# Weight, target and minimum of the regularizer, in spikes per neuron per step.
POINTS = [
    (100, 0.01, 0.001),
    (20, 0.03, 0.005),
    (5, 0.1, 0.02),
    (1, 0.2, 0.05),
    (0.3, 0.5, 0.2),
    (0.3, 1, 0.5),
    (0.3, 1.5, 1.2),
    None,
]
STEP = 0.01  # seconds per time step of the networks
STATIC_UW = 145.0
PJ_PER_CYCLE = (25.0, 29.0)
COLUMNS = (
    "target",
    "spikes per neuron per step",
    "float",
    "chip",
    "cycles per step",
    "dynamic energy per recording",
    "with static energy",
)


@dataclass
class Result:
    """A trained network on the test set. Accuracies are percentages."""

    float_accuracy: float
    chip_accuracy: float
    rate: float  # spikes per hidden neuron per step on the chip
    cycles: float  # per step, on average
    dynamic: tuple[float, float]  # uJ per recording
    static: float  # uJ per recording

    def total(self) -> float:
        return statistics.mean(self.dynamic) + self.static


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe")
    parser.add_argument("--set", action="append", default=[], help="a value of the recipe, as for `snnc train`")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--snnc", help="the compiler; built by default")
    parser.add_argument("--workers", type=int, default=2, help="trainings at a time, of one thread each")
    parser.add_argument("--picture", type=Path, help="SVG file to write")
    args = parser.parse_args()
    snnc = args.snnc or build()

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(args.workers) as workers:
        runs = [
            [
                workers.submit(measure, snnc, args, point, seed, Path(folder, f"{number}-{seed}"))
                for seed in range(args.seeds)
            ]
            for number, point in enumerate(POINTS)
        ]
        rows = [(point, [run.result() for run in seeds]) for point, seeds in zip(POINTS, runs)]
    print("\n".join(table(rows)))
    if args.picture:
        args.picture.write_text(picture(rows), encoding="utf-8")


def build() -> str:
    subprocess.run(["cargo", "build", "--release", "-q", "-p", "snnc"], cwd=REPOSITORY, check=True)
    return str(REPOSITORY / "target/release/snnc")


def measure(snnc, args, point, seed, out) -> Result:
    """Trains with a target, and evaluates on the chip."""
    regularizer = "null"
    if point:
        weight, target, minimum = point
        regularizer = f"{{ weight: {weight}, target: {target}, silent_weight: 30, minimum: {minimum}, per: neuron }}"
    values = [*args.set, f"training.rate_regularizer={regularizer}", f"training.seed={seed}", "build=[]"]
    recipe = [args.recipe, *(word for value in values for word in ("--set", value))]
    environment = {"RAYON_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}
    train = [snnc, "train", *recipe, "--out", out, "--quiet"]
    subprocess.run(train, cwd=REPOSITORY, env=environment, check=True)
    evaluate = [snnc, "eval", *recipe, "--weights", out / "weights.safetensors", "--on", "xylo-audio3", "--json"]
    output = subprocess.run(
        [*evaluate, "--quiet"], cwd=REPOSITORY, env=environment, check=True, capture_output=True
    )
    return result(json.loads(output.stdout))


def result(evaluated) -> Result:
    chip, cost = evaluated["xylo-audio3"], evaluated["cost"]
    seconds, cycles = cost["seconds_per_recording"], cost["mean_cycles_per_step"]
    steps = round(seconds / STEP)
    low, high = (cycles * steps * energy * 1e-6 for energy in PJ_PER_CYCLE)
    return Result(
        100 * evaluated["float"]["accuracy"],
        100 * chip["accuracy"],
        statistics.mean(rate for layer, rate in chip["rates"].items() if layer != "out"),
        cycles,
        (low, high),
        STATIC_UW * seconds,
    )


def table(rows) -> list[str]:
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    for point, results in rows:
        mean = {name: statistics.mean(getattr(r, name) for r in results) for name in ("rate", "cycles", "static")}
        low, high = (statistics.mean(r.dynamic[i] for r in results) for i in (0, 1))
        cells = [
            f"{point[1]}" if point else "none",
            f"{mean['rate']:.2f}",
            spread([r.float_accuracy for r in results]),
            spread([r.chip_accuracy for r in results]),
            f"{mean['cycles']:,.0f}",
            f"{low:.1f} to {high:.1f} uJ",
            f"{low + mean['static']:.0f} to {high + mean['static']:.0f} uJ",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def spread(values: list[float]) -> str:
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.1f} ± {deviation:.1f} %"


WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 24, 56
STYLE = """
:root { --ground: #fff; --ink: #1b1e23; --quiet: #626b78; --rule: #e6e8ec; --float: #0072b2; --chip: #d55e00; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14171b; --ink: #e7e9ec; --quiet: #9aa4b1; --rule: #2c323a; --float: #5ab4ec; --chip: #ff9a57; }
}
rect { fill: var(--ground); } text { font: 12px system-ui, sans-serif; fill: var(--quiet); }
.rule { stroke: var(--rule); } polyline { fill: none; stroke-width: 2; } .point { fill: var(--ink); paint-order: stroke; stroke: var(--ground); stroke-width: 4px; }
.float { stroke: var(--float); } .chip { stroke: var(--chip); stroke-dasharray: 5 4; }
circle.float { fill: var(--float); } circle.chip { fill: var(--chip); }
"""


def picture(rows) -> str:
    """Draws accuracy against dynamic energy with a regularizer; each point is labeled with its spikes per neuron per step."""
    points = sorted(
        (
            statistics.mean(statistics.mean(r.dynamic) for r in results),
            statistics.mean(r.float_accuracy for r in results),
            statistics.mean(r.chip_accuracy for r in results),
            statistics.mean(r.rate for r in results),
        )
        for point, results in rows
        if point
    )
    lowest = 5 * math.floor((min(min(point[1:3]) for point in points) - 1) / 5)
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100) if points[0][0] / 2.5 < tick < points[-1][0] * 2.5]
    first, last = math.log(ticks[0]), math.log(ticks[-1])

    def x(energy: float) -> float:
        return LEFT + (math.log(energy) - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y(accuracy: float) -> float:
        return HEIGHT - BOTTOM - (accuracy - lowest) / (100 - lowest) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-label="Accuracy against energy"><style>{STYLE}</style><rect width="100%" height="100%"/>'
    ]
    for accuracy in range(lowest, 101, 5):
        level = y(accuracy)
        parts.append(f'<line class="rule" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{level:.1f}" y2="{level:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{level + 4:.1f}" text-anchor="end">{accuracy} %</text>')
    for tick in ticks:
        place = x(tick)
        parts.append(f'<line class="rule" x1="{place:.1f}" x2="{place:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{place:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{tick}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">dynamic energy per recording, uJ</text>')
    for number, name in ((1, "float"), (2, "chip")):
        places = [(x(point[0]), y(point[number])) for point in points]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
        parts.append(f'<polyline class="{name}" points="{path}"/>')
        parts += [f'<circle class="{name}" cx="{a:.1f}" cy="{b:.1f}" r="3.5"/>' for a, b in places]
        legend = HEIGHT - BOTTOM - 40 + 20 * number
        parts.append(f'<circle class="{name}" cx="{WIDTH - 210}" cy="{legend - 4}" r="3.5"/>')
        label = "Xylo Audio 3, simulated" if name == "chip" else "float"
        parts.append(f'<text x="{WIDTH - 200}" y="{legend}">{label}</text>')
    for energy, float_accuracy, chip_accuracy, rate in points:
        level = y(min(float_accuracy, chip_accuracy)) + 18
        parts.append(
            f'<text class="point" x="{x(energy):.1f}" y="{level:.1f}" text-anchor="middle">{rate:.2f}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    main()
