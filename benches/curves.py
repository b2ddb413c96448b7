"""Scaling of synnet's training step with batch size, time steps and synapses, one at a time, starting from network b.

    python benches/curves.py

Prints a Markdown table: the time of a step, and the time per unit of work relative to the first row. Scaling is linear
or better if the last column stays at 1 or below.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import driver
from driver import Worker
from networks import TRAINING, Config, write_case

BATCHES = (8, 16, 32, 64, 128)
STEPS = (250, 500, 1000, 2000, 4000)
HIDDEN = (32, 64, 128, 256, 512)


def curves() -> Iterator[tuple[str, list[tuple[int, Config]]]]:
    """Yields for each curve the quantity that grows, and the configurations with their units of work."""
    start = replace(TRAINING["b"], batch=8, steps=500)
    yield "batch", [(batch, replace(start, batch=batch)) for batch in BATCHES]
    yield "time steps", [(steps, replace(start, steps=steps)) for steps in STEPS]
    networks = [replace(start, hidden=(neurons,) * 3) for neurons in HIDDEN]
    yield "synapses", [(network.synapses, network) for network in networks]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--synnet", help="program of the bench `training`; built by default")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=0.5, help="per point and round (default: %(default)s)")
    args = parser.parse_args()
    program = args.synnet or driver.cargo_bench("synnet-runtime", "training")

    rows = []
    for grows, points in curves():
        with tempfile.TemporaryDirectory() as folder:
            workers = []
            for units, config in points:
                case = Path(folder) / str(units)
                write_case(config, case)
                workers.append(Worker("synnet", [program], case=case, config=config, threads=args.threads))
            driver.measure_in_rounds(workers, args.rounds, args.seconds)
            for worker in workers:
                worker.stop()
        rows += [row(grows, units, worker) for (units, _), worker in zip(points, workers)]
        first = rows[-len(points)]["per_unit"]
        for point in rows[-len(points) :]:
            point["relative"] = f"{point['per_unit'] / first:.2f}"
    columns = ["grows", "units", "step", "min to max", "peak MiB", "per unit", "relative"]
    print(json.dumps({**driver.machine(), "threads": args.threads}) + "\n\n" + driver.table(rows, columns))


def row(grows: str, units: int, worker: Worker) -> dict:
    """Formats a point of a curve for the table."""
    summary = worker.summary()
    per_unit = summary["median_s"] / units
    return {
        "grows": grows,
        "units": units,
        "step": driver.duration(summary["median_s"]),
        "min to max": f"{driver.duration(summary['min_s'])} to {driver.duration(summary['max_s'])}",
        "peak MiB": f"{summary['peak_mib']:.0f}",
        "per_unit": per_unit,
        "per unit": driver.duration(per_unit),
    }


if __name__ == "__main__":
    main()
