"""Starts workers, measures them in turn, and summarizes their times."""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

BENCHES = Path(__file__).resolve().parent
REPOSITORY = BENCHES.parent


class Unavailable(Exception):
    """An engine cannot be measured here."""


@dataclass
class Worker:
    """A running engine and its measurements so far."""

    name: str
    command: list[str]
    case: Path
    config: object  # a dataclass
    threads: int = 1
    setting: str = ""
    facts: dict = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    peak_mib: float = 0.0

    def __post_init__(self) -> None:
        """Starts the engine and waits until it is ready. Raises `Unavailable` if it fails."""
        self.result = self.case / f"{self.name}{self.setting}-{self.threads}.safetensors"
        limits = {
            name: str(self.threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
        }
        environment = {**os.environ, **limits, "PYTHONPATH": str(BENCHES), "PYTHONWARNINGS": "ignore"}
        command = [*self.command, "--case", str(self.case), "--config", json.dumps(asdict(self.config))]
        command += ["--result", str(self.result), "--threads", str(self.threads), "--setting", self.setting]
        self.errors = tempfile.TemporaryFile("w+")
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.errors,
                text=True,
                env=environment,
            )
        except OSError as error:
            raise Unavailable(f"{self.name}: {error}") from error
        self.facts = self._answer()

    def measure(self, seconds: float) -> float:
        """Runs the engine for about `seconds`, at least one step. Returns the median time of a step."""
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        answer = self._answer()
        self.seconds += answer["seconds"]
        self.peak_mib = answer["peak_mib"]
        return statistics.median(answer["seconds"])

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()

    def summary(self) -> dict:
        """Returns the statistics of all measurements, with the engine's name, setting and facts."""
        return {
            "engine": self.name,
            "setting": self.setting,
            "threads": self.threads,
            "median_s": statistics.median(self.seconds),
            "min_s": min(self.seconds),
            "max_s": max(self.seconds),
            "count": len(self.seconds),
            "peak_mib": round(self.peak_mib, 1),
            **self.facts,
        }

    def _answer(self) -> dict:
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        self.process.wait()
        self.errors.seek(0)
        last = self.errors.read().strip().splitlines()[-1:] or [
            f"exited with code {self.process.returncode}"
        ]
        raise Unavailable(f"{self.name}: {last[0]}")


def python(interpreter: str, peer: str) -> list[str]:
    """Returns the command of a worker in `peers/`."""
    return [interpreter, str(BENCHES / "peers" / f"{peer}.py")]


def start_best(name: str, command: list[str], settings: list[str], seconds: float, **rest: object) -> Worker:
    """Starts the engine in the setting that is fastest in a trial. The times of all trials become facts."""
    best, trials = None, {}
    for setting in settings:
        worker = Worker(name, command, setting=setting, **rest)
        trials[setting] = worker.measure(seconds)
        slower, best = (worker, best) if best and trials[setting] >= trials[best.setting] else (best, worker)
        if slower:
            slower.stop()
    best.seconds.clear()
    best.facts["trials_s"] = trials
    return best


def measure_in_rounds(workers: list[Worker], rounds: int, seconds: float) -> None:
    """Measures all workers in turn, so that other load on the machine affects all of them alike."""
    for _ in range(rounds):
        for worker in workers:
            worker.measure(seconds)


def cargo_bench(package: str, bench: str) -> str:
    """Builds a benchmark and returns the path of its program."""
    return _cargo("bench", "--no-run", "-p", package, "--bench", bench)


def cargo_build(package: str) -> str:
    """Builds the program of a package in release mode and returns its path."""
    return _cargo("build", "--release", "-p", package, "--bin", package)


def _cargo(*arguments: str) -> str:
    command = ["cargo", *arguments, "--message-format", "json"]
    build = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    messages = [json.loads(line) for line in build.stdout.splitlines() if line.startswith("{")]
    programs = [message["executable"] for message in messages if message.get("executable")]
    if build.returncode != 0 or not programs:
        raise Unavailable(f"synnet: `{' '.join(command)}` failed")
    return programs[-1]


def machine() -> dict:
    """Returns the properties of machine and toolchain that the results depend on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]

    def output_of(*command: str) -> str:
        return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True).stdout.strip()

    return {
        "date": date.today().isoformat(),
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "rustc": output_of("rustc", "--version"),
        "commit": output_of("git", "rev-parse", "--short", "HEAD"),
    }


def duration(seconds: float) -> str:
    """Formats a time with three digits in a suitable unit."""
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"


def table(rows: list[dict], columns: list[str]) -> str:
    """Formats columns of the rows as a Markdown table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(row.get(column, "")) for column in columns) + " |" for row in rows]
    return "\n".join(lines)


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
