"""The worker side of a benchmark: one engine in a separate process, measured on request.

A worker prepares its network, computes one step for the checks, and reports that it is ready. Then it reads numbers of
seconds from standard input, one per line, and answers each with the times of its steps. This way, engines from
different environments are measured in turn without restarts. Answers are lines of JSON.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import networks

MAX_TIMES = 2000  # per answer


def arguments(config: type = networks.Config) -> argparse.Namespace:
    """Parses the arguments that the driver passes to every worker; `config` is the class of the configuration."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--case", type=Path, required=True, help="folder of the case")
    parser.add_argument("--config", type=lambda text: config(**json.loads(text)), required=True)
    parser.add_argument("--result", type=Path, required=True, help="output file for the checks")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--setting", default="", help="variant of the engine, if there are several")
    return parser.parse_args()


def serve(step: Callable[[], float | None], units: int = 1, **facts: object) -> None:
    """Answers the driver until it closes the pipe. `step` does `units` units of work and may return its own time."""
    step()
    _report(facts)
    for line in sys.stdin:
        end = time.perf_counter() + float(line)
        seconds = []
        while not seconds or (time.perf_counter() < end and len(seconds) < MAX_TIMES):
            start = time.perf_counter()
            measured = step()
            seconds.append((measured or time.perf_counter() - start) / units)
        _report({"seconds": seconds, "peak_mib": _peak_mib()})


def _peak_mib() -> float:
    """Returns the peak resident memory. `getrusage` would include the parent's from before `exec`."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _report(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)
