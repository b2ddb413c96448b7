"""Time and memory of a training step: synnet compared with Rockpool and JAX. Checks the gradients.

    python benches/training.py --torch-python VENV/bin/python --jax-python VENV/bin/python

See README.md. Prints a Markdown table and writes all results as lines of JSON.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

import driver
from driver import Unavailable, Worker, note
from networks import TRAINING, Config, write_case

JAX_SETTINGS = [f"{form}-{unroll}" for form in ("layers", "layers_vjp", "steps") for unroll in (1, 8)]
TOLERANCE = 1e-3  # of gradients, relative to the maximum entry of their tensor


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--configs", default=",".join(TRAINING), help="which networks (default: %(default)s)")
    parser.add_argument("--threads", default="1,2", help="numbers of threads (default: %(default)s)")
    parser.add_argument(
        "--engines", default="rockpool,jax,synnet", help="which engines (default: %(default)s)"
    )
    parser.add_argument("--torch-python", default=sys.executable, help="interpreter with torch and rockpool")
    parser.add_argument("--jax-python", default=sys.executable, help="interpreter with jax and optax")
    parser.add_argument("--synnet", help="program of the bench `training`; built by default")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=2.0, help="per engine and round (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=driver.REPOSITORY / "runs/training-step")
    args = parser.parse_args()

    rows = []
    for name in args.configs.split(","):
        case = args.output / name
        write_case(TRAINING[name], case)
        for threads in map(int, args.threads.split(",")):
            rows += measure(args, TRAINING[name], case, threads)
    facts = driver.machine()
    lines = [json.dumps({**facts, **row}) for row in rows]
    (args.output / "results.jsonl").write_text("\n".join(lines) + "\n")
    print("\n" + json.dumps(facts) + "\n\n" + driver.table([readable(row) for row in rows], COLUMNS))
    if any(row["gradient_difference"] > TOLERANCE for row in rows):
        sys.exit(f"gradients differ by more than {TOLERANCE:g}")


def measure(args: argparse.Namespace, config: Config, case: Path, threads: int) -> list[dict]:
    """Measures all engines in turn on one configuration."""
    rest = {"case": case, "config": config, "threads": threads}
    start = {
        "rockpool": lambda: Worker("rockpool", driver.python(args.torch_python, "training_rockpool"), **rest),
        "jax": lambda: driver.start_best(
            "jax", driver.python(args.jax_python, "training_jax"), JAX_SETTINGS, args.seconds, **rest
        ),
        "synnet": lambda: Worker("synnet", [synnet(args)], **rest),
    }
    workers = []
    for engine in args.engines.split(","):
        try:
            workers.append(start[engine]())
            note(f"{case.name}, {threads} threads: {engine} is ready")
        except Unavailable as error:
            note(f"{case.name}, {threads} threads: skipping {error}")
    driver.measure_in_rounds(workers, args.rounds, args.seconds)
    for worker in workers:
        worker.stop()
    reference = load_file(workers[0].result) if workers else {}
    rows = [{"config": case.name, **worker.summary(), **differences(worker, reference)} for worker in workers]
    own = next((row["median_s"] for row in rows if row["engine"] == "synnet"), None)
    return [{**row, "ratio": row["median_s"] / own if own else None} for row in rows]


def synnet(args: argparse.Namespace) -> str:
    """Returns the path of synnet's benchmark, which is built once."""
    if args.synnet is None:
        args.synnet = driver.cargo_bench("synnet-runtime", "training")
    return args.synnet


def differences(worker: Worker, reference: dict[str, np.ndarray]) -> dict[str, float]:
    """Returns the differences of loss and gradients from the first engine's, before any update."""
    own = load_file(worker.result)
    loss = float(own["loss"][0] / reference["loss"][0] - 1)
    tensors = [name for name in reference if name != "loss"]
    relative = [np.abs(own[name] - reference[name]).max() / np.abs(reference[name]).max() for name in tensors]
    return {"loss_difference": abs(loss), "gradient_difference": float(max(relative))}


COLUMNS = [
    "config",
    "threads",
    "engine",
    "setting",
    "median",
    "min to max",
    "steps",
    "ratio",
    "peak MiB",
]
COLUMNS += ["gradients"]


def readable(row: dict) -> dict:
    """Formats a row for the table."""
    return {
        **row,
        "median": driver.duration(row["median_s"]),
        "min to max": f"{driver.duration(row['min_s'])} to {driver.duration(row['max_s'])}",
        "steps": row["count"],
        "ratio": f"{row['ratio']:.3g}" if row["ratio"] else "",
        "peak MiB": f"{row['peak_mib']:.0f}",
        "gradients": f"{row['gradient_difference']:.1e}",
    }


if __name__ == "__main__":
    main()
