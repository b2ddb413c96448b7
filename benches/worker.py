"""One engine in a process of its own, measured on request.

A worker prepares its network, computes one step to be checked, and says that it is ready; then it reads lines
from its standard input, each a number of seconds, and answers each with the times that its steps took. So
engines of different environments take turns on one machine without starting anew. Answers are lines of JSON.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import networks

MOST_TIMES = 2000  # in one answer


def arguments(config: type = networks.Config) -> argparse.Namespace:
    """What the driver tells every worker; `config` is the class of the case's configuration."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--case", type=Path, required=True, help="folder of the case")
    parser.add_argument("--config", type=lambda text: config(**json.loads(text)), required=True)
    parser.add_argument("--result", type=Path, required=True, help="file for what is to be checked")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--setting", default="", help="which form of the engine, where there are several")
    return parser.parse_args()


def serve(step: Callable[[], float | None], units: int = 1, **facts: object) -> None:
    """Answers the driver until it hangs up. `step` does `units` pieces of work, and may tell the seconds."""
    step()
    _say(facts)
    for line in sys.stdin:
        end = time.perf_counter() + float(line)
        seconds = []
        while not seconds or (time.perf_counter() < end and len(seconds) < MOST_TIMES):
            start = time.perf_counter()
            told = step()
            seconds.append((told or time.perf_counter() - start) / units)
        _say({"seconds": seconds, "peak_mib": _peak_mib()})


def _peak_mib() -> float:
    """Greatest resident memory of this process. (`getrusage` would count the parent's before `exec`.)"""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _say(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)
