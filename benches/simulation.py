"""Time of a step of the chip's bit-exact simulation: synnet compared with SynSense's xylosim. Checks every state.

    python benches/simulation.py --xylosim-python VENV/bin/python

See README.md. Prints a Markdown table and writes all results as lines of JSON.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

import driver
import specifications
from driver import Unavailable, Worker, note
from specifications import Config, cases, write_case

# Settings with their numbers of threads: record the readout or all states of one sample, or run a batch.
SETTINGS = {"readout": 1, "all": 1, "batch": 1, "batch on 2": 2}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", default=";".join(cases()), help="which cases (default: %(default)s)")
    parser.add_argument("--xylosim-python", default=sys.executable, help="interpreter with xylosim")
    parser.add_argument("--synnet", help="program of the bench `simulation`; built by default")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=1.0, help="per engine and round (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=driver.REPOSITORY / "runs/simulation-step")
    args = parser.parse_args()
    args.synnet = args.synnet or driver.cargo_bench("synnet-xylo", "simulation")

    rows = []
    for name in args.cases.split(";"):
        case = args.output / name.replace(", ", "-").replace(" ", "-")
        write_case(cases()[name], case)
        rows += [{"case": name, **row} for row in measure(args, cases()[name], case)]
    facts = driver.machine()
    (args.output / "results.jsonl").write_text("".join(json.dumps({**facts, **row}) + "\n" for row in rows))
    print("\n" + json.dumps(facts) + "\n\n" + driver.table([readable(row) for row in rows], COLUMNS))
    if not all(row["equal"] for row in rows):
        sys.exit("synnet and xylosim disagree")


def measure(args: argparse.Namespace, config: Config, case: Path) -> list[dict]:
    """Measures all engines in turn on one case."""
    workers = []
    try:
        peer = driver.python(args.xylosim_python, "simulation_xylosim")
        workers.append(Worker("xylosim", peer, case, config))
    except Unavailable as error:
        note(f"{case.name}: skipping {error}")
    for setting, threads in SETTINGS.items():
        workers.append(Worker("synnet", [args.synnet], case, config, threads=threads, setting=setting))
    note(f"{case.name}: ready")
    driver.measure_in_rounds(workers, args.rounds, args.seconds)
    for worker in workers:
        worker.stop()
    expected, spikes = states(workers[0]), states(workers[-1])["hidden.spikes"]
    rows = [{**worker.summary(), "equal": equal(states(worker), expected)} for worker in workers]
    slowest = rows[0]["median_s"] if rows[0]["engine"] == "xylosim" else None
    return [
        {**row, "spikes": float(spikes.mean()), "ratio": slowest and slowest / row["median_s"]} for row in rows
    ]


def states(worker: Worker) -> dict[str, np.ndarray]:
    """Returns every state of every step of the first sample."""
    return dict(np.load(worker.result.with_suffix(".npz")))


def equal(own: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> bool:
    """Returns whether all states are equal."""
    return own.keys() == expected.keys() and all(np.array_equal(own[name], expected[name]) for name in own)


COLUMNS = ["case", "spikes per neuron", "engine", "setting", "per step", "min to max", "passes", "ratio"]
COLUMNS += ["states", "peak MiB", "version"]


def readable(row: dict) -> dict:
    """Formats a row for the table."""
    return {
        **row,
        "spikes per neuron": f"{row['spikes']:.3f}",
        "per step": driver.duration(row["median_s"]),
        "min to max": f"{driver.duration(row['min_s'])} to {driver.duration(row['max_s'])}",
        "passes": row["count"],
        "ratio": f"{row['ratio']:.3g}" if row["ratio"] else "",
        "states": "equal" if row["equal"] else "DIFFER",
        "peak MiB": f"{row['peak_mib']:.0f}",
    }


if __name__ == "__main__":
    main()
