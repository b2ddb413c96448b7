#!/usr/bin/env python3
"""Trains and evaluates everything that docs/results.md has in tables, and prints them. With --update, writes them into the
page.

    python3 benches/results.py --fsdd DIR [--update] [accuracy] [quantization] [aware] [run-in-float] [speakers]

DIR is the folder `recordings` of the Free Spoken Digit Dataset. The table `speakers` needs espeak-ng. Trained networks are
kept in `runs/results` and used again; delete the folder after a change of a recipe or of the compiler.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/results.md"
RUNS = ROOT / "runs/results"
DIGITS, FSDD, UNSEEN = (f"examples/digits/{name}.yaml" for name in ("digits", "fsdd", "speakers"))
DRAWN = RUNS / "drawn"  # synthetic voices
CHIP = "xylo-audio3"

# Conversions of the same weights to integers: what the table says, and the arguments of `snnc eval`.
QUANTIZATIONS = [
    ("`method: channel` (default)", []),
    ("`method: global`", ["quantize.method=global"]),
    ("`method: rockpool-channel`", ["quantize.method=rockpool-channel"]),
    ("`method: rockpool-global`", ["quantize.method=rockpool-global"]),
    ("`channel`, `refine: false`", ["quantize.refine=false"]),
    ("`channel`, `weight_shifts: true`", ["quantize.weight_shifts=true"]),
    ("`global`, `weight_shifts: true`", ["quantize={ method: global, weight_shifts: true }"]),
    *((f"`channel`, `clip: {clip}`", [f"quantize.clip={clip}"]) for clip in (99, 95, 90)),
    *((f"`global`, `clip: {clip}`", [f"quantize={{ method: global, clip: {clip} }}"]) for clip in (99.9, 99, 95)),
]
# Bits and clipping: `quantize`, whether to quantize after training, and the value of `aware`, if any.
AWARE = [
    ("weight_bits: 8", True, "true"),
    ("weight_bits: 6", True, None),
    ("weight_bits: 5", True, None),
    ("weight_bits: 4", True, "true"),
    ("weight_bits: 4, clip: 95", True, None),
    ("weight_bits: 3", True, "true"),
    ("weight_bits: 3", False, "{ from_epoch: 120 }"),
    ("weight_bits: 3, refine: false", False, "true"),
    ("weight_bits: 3, clip: 95", True, "{ from_epoch: 120 }"),
    ("weight_bits: 2", True, "true"),
    ("weight_bits: 2, clip: 90", True, "true"),
    ("method: global, weight_bits: 4", True, "true"),
    ("method: global, weight_bits: 4, clip: 99", True, None),
]
# Recipes for unseen speakers, with changes.
SPEAKERS = [
    ("`fsdd.yaml`", FSDD, []),
    ("`channel_warp: 1`", FSDD, ["training.augmentation.channel_warp=1"]),
    ("`speakers.yaml`", UNSEEN, [f"data.train_path={DRAWN}"]),
]


class Trainer:
    """Runs `snnc`, one thread for each training."""

    def __init__(self, snnc: str, recordings: str):
        self.snnc = snnc
        self.recordings = recordings

    def recipe(self, recipe: str, values: Sequence[str]) -> list[str]:
        data = [f"data.path={self.recordings}"] if recipe in (FSDD, UNSEEN) else []
        return [recipe, *(word for value in [*data, *values] for word in ("--set", value))]

    def run(self, words: Sequence[str]) -> dict:
        command = [self.snnc, *map(str, words), "--json", "--quiet"]
        environment = {**os.environ, "RAYON_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\n{done.stderr}")
        return json.loads(done.stdout)

    def weights(self, name: str, recipe: str, seed: int, values: Sequence[str] = ()) -> Path:
        """Returns the weights of a training, which is done unless they exist."""
        out = RUNS / f"{name}-{seed}"
        weights = out / "weights.safetensors"
        if not weights.exists():
            values = [*values, f"training.seed={seed}", "build=[]"]
            self.run(["train", *self.recipe(recipe, values), "--out", out, "--overwrite"])
        return weights

    def evaluate(self, recipe: str, weights: Path, values: Sequence[str] = ()) -> "Accuracy":
        found = self.run(["eval", *self.recipe(recipe, values), "--weights", weights, "--on", CHIP])
        return Accuracy(*(100 * x for x in (found["float"]["accuracy"], found[CHIP]["accuracy"], found["agreement"])))


class Accuracy:
    """Percentages of the test set."""

    def __init__(self, in_float: float, on_chip: float, agreement: float):
        self.in_float, self.on_chip, self.agreement = in_float, on_chip, agreement


def accuracy(trainer: Trainer, workers: ThreadPoolExecutor) -> list[str]:
    """Five seeds of both recipes."""
    lines = ["| recipe | seed | float | Xylo Audio 3 | same class |", "|---|---|---|---|---|"]
    recipes = {"digits.yaml": ("digits", DIGITS), "fsdd.yaml": ("fsdd", FSDD)}
    for file, (name, recipe) in recipes.items():
        found = list(
            workers.map(lambda seed: trainer.evaluate(recipe, trainer.weights(name, recipe, seed)), range(5))
        )
        for seed, x in enumerate(found):
            cells = [f"{x.in_float:.1f} %", f"{x.on_chip:.1f} %", f"{x.agreement:.1f} %"]
            lines.append(row([f"`{file}`" if seed == 0 else "", str(seed), *cells]))
        means = [bold(spread([x.in_float for x in found])), bold(spread([x.on_chip for x in found]))]
        same = f"{statistics.mean(x.agreement for x in found):.1f} %"
        lines.append(row(["", "mean and standard deviation", *means, same]))
    return lines


def quantization(trainer: Trainer, workers: ThreadPoolExecutor) -> list[str]:
    """The same weights under every quantizer."""
    lines = ["| `quantize` | 0 | 1 | 2 | mean | same class as float |", "|---|---|---|---|---|---|"]
    for label, values in QUANTIZATIONS:
        found = list(
            workers.map(lambda seed: trainer.evaluate(FSDD, trainer.weights("fsdd", FSDD, seed), values), range(3))
        )
        seeds = [f"{x.on_chip:.1f} %" for x in found]
        same = f"{statistics.mean(x.agreement for x in found):.1f} %"
        lines.append(row([label, *seeds, spread([x.on_chip for x in found]), same]))
    return lines


def aware(trainer: Trainer, workers: ThreadPoolExecutor) -> list[str]:
    """Quantization after training, and during it."""
    lines = [
        "| network and `quantize` | trained and run in float | quantized after training | quantization-aware |",
        "|---|---|---|---|",
    ]

    def measure(values, name, trained, run) -> list[Accuracy]:
        def one(seed: int) -> Accuracy:
            return trainer.evaluate(FSDD, trainer.weights(name, FSDD, seed, trained), [*values, *run])

        return list(workers.map(one, range(3)))

    for quantize, after, during in AWARE:
        cells = ["", "", ""]
        run = [f"quantize={{ {quantize} }}"]
        if after:
            found = measure([], "fsdd", [], run)
            cells[1] = spread([x.on_chip for x in found])
            if quantize == "weight_bits: 8":
                cells[0] = spread([x.in_float for x in found])
        if during:
            trained = [f"quantize={{ {quantize}, aware: {during} }}"]
            cells[2] = spread([x.on_chip for x in measure([], slug(f"aware {quantize} {during}"), trained, run)])
        start = f", `aware: {during}`" if during and during != "true" else ""
        lines.append(row([f"`{quantize}`{start}", *cells]))

    exact = [f"network={unquantized()}"]
    plain = measure([], "exact", exact, exact)
    trained = [*exact, "quantize={ aware: true }"]
    during = measure([], "exact-aware", trained, exact)
    cells = [spread([x.in_float for x in plain]), *(spread([x.on_chip for x in y]) for y in (plain, during))]
    lines.append(row(["`quantize_time_constants: false`", *cells]))
    return lines


def unquantized() -> Path:
    """Writes the network of the digits with time constants that are not rounded to bit shifts."""
    network = (ROOT / "examples/digits/digits.snn").read_text()
    path = RUNS / "exact.snn"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(network.replace("output: vmem,", "output: vmem,\n    quantize_time_constants: false,"))
    return path


def run_in_float(trainer: Trainer, workers: ThreadPoolExecutor) -> list[str]:
    """What the float weights of quantization-aware training are worth in float."""
    lines = ["| run in float after quantization-aware training | accuracy |", "|---|---|"]
    exact = [f"network={unquantized()}"]
    for label, name, values, run in [
        ("4 bits", slug("aware weight_bits: 4 true"), ["quantize={ weight_bits: 4, aware: true }"], []),
        ("3 bits", slug("aware weight_bits: 3 true"), ["quantize={ weight_bits: 3, aware: true }"], []),
        ("time constants that bit shifts cannot express", "exact-aware", [*exact, "quantize={ aware: true }"], exact),
    ]:
        found = workers.map(
            lambda seed: trainer.evaluate(FSDD, trainer.weights(name, FSDD, seed, values), run), range(3)
        )
        lines.append(row([label, f"{statistics.mean(x.in_float for x in found):.1f} %"]))
    return lines


def speakers(trainer: Trainer, workers: ThreadPoolExecutor) -> list[str]:
    """Each speaker left out."""

    def folds(variant: tuple[str, str, list[str]]) -> list[dict]:
        label, recipe, values = variant
        out = RUNS / slug(f"speakers {label}")
        if not (out / "folds.csv").exists():
            words = ["--folds", "speaker", "--seeds", "3", "--out", out, "--overwrite"]
            trainer.run(["train", *trainer.recipe(recipe, [*values, "build=[xylo-audio3]"]), *words])
        with open(out / "folds.csv", newline="") as file:
            return list(csv.DictReader(file))

    if not DRAWN.exists():
        unfinished = DRAWN.with_suffix(".unfinished")
        subprocess.run([sys.executable, ROOT / "examples/digits/make_data.py", "drawn", unfinished], check=True)
        unfinished.rename(DRAWN)
    found = list(workers.map(folds, SPEAKERS))
    heads = [f"{label}, {engine}" for label, *_ in SPEAKERS for engine in ("float", "chip")]
    lines = [row(["left out", *heads]), "|---" * (1 + len(heads)) + "|"]
    columns = ["test accuracy float", f"test accuracy {CHIP}"]
    means: list[list[float]] = [[] for _ in heads]
    for speaker in sorted({line["tested"] for line in found[0]}):
        cells = []
        for number, (rows, column) in enumerate((rows, column) for rows in found for column in columns):
            values = [100 * float(line[column]) for line in rows if line["tested"] == speaker]
            means[number].append(statistics.mean(values))
            cells.append(spread(values))
        lines.append(row([speaker, *cells]))
    lines.append(row(["mean", *(bold(f"{statistics.mean(values):.1f} %") for values in means)]))
    return lines


def row(cells: Sequence[str]) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


def spread(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.1f} ± {statistics.stdev(values):.1f} %"


def bold(text: str) -> str:
    return f"**{text}**"


def slug(text: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in text).split())


def replace(page: str, table: list[str]) -> str:
    """Replaces the table of the page whose first column has this head."""
    head = table[0].split("|")[1]
    lines = page.split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith(f"|{head}|"))
    end = next(i for i in range(start, len(lines)) if not lines[i].startswith("|"))
    return "\n".join([*lines[:start], *table, *lines[end:]])


TABLES = {
    "accuracy": accuracy,
    "quantization": quantization,
    "aware": aware,
    "run-in-float": run_in_float,
    "speakers": speakers,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="*", help=f"tables to make; all by default: {', '.join(TABLES)}")
    parser.add_argument("--fsdd", required=True, help="folder of the recordings")
    parser.add_argument("--snnc", help="the compiler; built by default")
    parser.add_argument("--workers", type=int, default=2, help="trainings at a time (default: %(default)s)")
    parser.add_argument("--update", action="store_true", help="write the tables into the page")
    args = parser.parse_args()
    if not args.snnc:
        subprocess.run(["cargo", "build", "--release", "-q", "-p", "snnc"], cwd=ROOT, check=True)
    trainer = Trainer(args.snnc or str(ROOT / "target/release/snnc"), os.path.abspath(args.fsdd))
    with ThreadPoolExecutor(args.workers) as workers:
        for name in args.tables or TABLES:
            table = TABLES[name](trainer, workers)
            print("\n".join(table), end="\n\n", flush=True)
            if args.update:
                PAGE.write_text(replace(PAGE.read_text(), table))


if __name__ == "__main__":
    main()
