"""Time of one inference step at batch size 1: generated Rust compared with other engines.

    python benches/inference.py --torch-python VENV/bin/python --jax-python VENV/bin/python

See README.md. Prints a Markdown table and writes all results as lines of JSON.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

import driver
import networks
from driver import Unavailable, Worker, note
from networks import Config, write_case

# Network b with spikes as its output, at two input densities; the hidden layers are calibrated to match.
NETWORK = replace(networks.TRAINING["b"], batch=8, output="spikes")
DENSITIES = {"0.1": NETWORK, "0.01": replace(NETWORK, probability=0.01, rate=0.02)}
TARGETS = ("x86-64", "x86-64-v3")
PEERS = {"onnx": "torch", "torchscript": "torch", "rockpool": "torch", "jax": "jax", "brian2": "brian2"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engines", default="rust,rust-int," + ",".join(PEERS), help="default: %(default)s")
    parser.add_argument(
        "--torch-python", default=sys.executable, help="interpreter with torch, rockpool, onnx and onnxruntime"
    )
    parser.add_argument("--jax-python", default=sys.executable, help="interpreter with jax")
    parser.add_argument("--brian2-python", default=sys.executable, help="interpreter with brian2")
    parser.add_argument("--snnc", help="program `snnc`; built by default")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=1.0, help="per engine and round (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=driver.REPOSITORY / "runs/inference-step")
    args = parser.parse_args()

    rows = []
    for density, config in DENSITIES.items():
        case = args.output / density
        write_case(config, case, name="Network")
        rows += [{"p": density, **row} for row in measure(args, config, case)]
    facts = driver.machine()
    (args.output / "results.jsonl").write_text("".join(json.dumps({**facts, **row}) + "\n" for row in rows))
    print("\n" + json.dumps(facts) + "\n\n" + driver.table([readable(row) for row in rows], COLUMNS))
    if any(row["equal"] < 1 for row in rows if row["engine"] == "rust"):
        sys.exit("the spikes of generated f32 code differ from the reference")


def measure(args: argparse.Namespace, config: Config, case: Path) -> list[dict]:
    """Measures all engines in turn at one density."""
    workers = []
    for engine in args.engines.split(","):
        for setting, command in commands(args, engine, config, case):
            try:
                workers.append(Worker(engine, command(), case, config, setting=setting))
                if engine not in PEERS:
                    workers[-1].facts["version"] = succeed(engine, [snnc(args), "--version"])
                note(f"p = {case.name}: {engine} {setting} is ready")
            except Unavailable as error:
                note(f"p = {case.name}: skipping {error}")
    driver.measure_in_rounds(workers, args.rounds, args.seconds)
    for worker in workers:
        worker.stop()
    weights, x, _ = networks.read_case(config, case)
    expected = networks.run(config, weights, x[:1])
    rows = [{**worker.summary(), "equal": equal(worker, expected)} for worker in workers]
    own = [row["median_s"] for row in rows if row["engine"] == "rust"]
    return [{**row, "ratio": row["median_s"] / min(own) if own else None} for row in rows]


def commands(
    args: argparse.Namespace, engine: str, config: Config, case: Path
) -> list[tuple[str, Callable[[], list[str]]]]:
    """Returns the settings of an engine, each with a function that builds and returns its command."""
    if engine in PEERS:
        interpreter = vars(args)[f"{PEERS[engine]}_python"]
        return [("", lambda: driver.python(interpreter, f"inference_{engine}"))]
    return [
        (target, lambda target=target: [generated(args, engine, target, config, case)]) for target in TARGETS
    ]


def generated(args: argparse.Namespace, form: str, target: str, config: Config, case: Path) -> str:
    """Generates the network as `rust` or `rust-int`, compiles it, and returns the path of the program."""
    folder = case / f"{form}-{target}"
    folder.mkdir(exist_ok=True)
    weights, x, _ = networks.read_case(config, case)
    save_file(dict(zip(config.weight_names, weights)), case / "weights.safetensors")
    x[0].astype(np.uint8).tofile(case / "frames.bin")
    module = [
        str(case / "net.snn"),
        "--weights",
        str(case / "weights.safetensors"),
        "-o",
        str(folder / "network.rs"),
    ]
    succeed(form, [snnc(args), "build", "--target", form, *module])
    shutil.copy(driver.BENCHES / "peers" / "inference_rust.rs", folder / "main.rs")
    optimized = ["-C", "opt-level=3", "-C", f"target-cpu={target}", "-o", str(folder / "main")]
    succeed(form, ["rustc", "--edition", "2024", *optimized, str(folder / "main.rs")])
    return str(folder / "main")


def snnc(args: argparse.Namespace) -> str:
    """Returns the path of `snnc`, which is built once."""
    if args.snnc is None:
        args.snnc = driver.cargo_build("snnc")
    return args.snnc


def succeed(engine: str, command: list[str]) -> str:
    """Runs a command that an engine requires and returns its output."""
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        raise Unavailable(f"{engine}: {ran.stderr.strip().splitlines()[0]}")
    return ran.stdout.strip()


def equal(worker: Worker, expected: np.ndarray) -> float | None:
    """Returns the fraction of outputs that equal NumPy's, or `None` for an engine without outputs."""
    if not worker.result.exists():
        return None
    return float((np.fromfile(worker.result, np.float32) == expected.ravel()).mean())


COLUMNS = [
    "p",
    "engine",
    "setting",
    "per step",
    "min to max",
    "passes",
    "ratio",
    "equal outputs",
    "version",
]


def readable(row: dict) -> dict:
    """Formats a row for the table."""
    return {
        **row,
        "per step": driver.duration(row["median_s"]),
        "min to max": f"{driver.duration(row['min_s'])} to {driver.duration(row['max_s'])}",
        "passes": row["count"],
        "ratio": f"{row['ratio']:.3g}" if row["ratio"] else "",
        "equal outputs": "" if row["equal"] is None else f"{100 * row['equal']:.2f} %",
    }


if __name__ == "__main__":
    main()
