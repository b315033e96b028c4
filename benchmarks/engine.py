"""What the engine itself costs: whole-process times of doit over this zoo and over 500 recipes.

    python -m benchmarks.engine [--runs 5] [--json benchmarks/results/engine.json]

`doit list` and a `doit build:NAME` with nothing to do, median of several runs after a warm-up, beside `python -c pass`
and the bare import of doit, pydantic and PyYAML in the same run. Ratios to that import are of processor time (user and
system), which neighbours on the host change little; all commands take turns, with bytecode kept as Python keeps it
(in a folder of the run's own, whatever $PYTHONDONTWRITEBYTECODE says: else all of ours is compiled anew each time, and
nothing of what is imported for comparison). The generated zoo has 500 recipes of 8
artifacts; one family of it is really built first, by a builder without torch. Goals: 0.22 s and 0.35 s, 1.5 and 2.3
times the bare import; `zoosmith --help` and `zoosmith search` 0.25 s; with 500 recipes 3 s and 2 s; with one recipe of
2,000 artifacts 1 s and 2 s.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.support.fast import write_fast_zoo
from zoosmith.bench.host import this_host

GOALS_S = {"doit list": 0.22, "doit build (nothing to do)": 0.35, "zoosmith --help": 0.25, "zoosmith search": 0.25,
           "500 recipes: doit list": 3.0, "500 recipes: doit build (nothing to do)": 2.0,
           "2,000 artifacts: doit list": 1.0, "2,000 artifacts: doit build (nothing to do)": 2.0}  # fmt: skip
GOALS_TIMES = {"doit list": 1.5, "doit build (nothing to do)": 2.3}
"""Processor time, in times that of the bare import."""
ZOOS = (("", 1, 8), ("500 recipes: ", 500, 8), ("2,000 artifacts: ", 1, 2000))  # label, recipes, artifacts of each
BARE = "import doit, pydantic, yaml"
DOIT = [sys.executable, "-m", "doit"]
ZOOSMITH = [sys.executable, "-c", "import sys; from zoosmith.app.cli.main import main; sys.exit(main())"]


class Times(NamedTuple):
    """Seconds of whole runs of a command: on the clock, and of the processors."""

    wall: list[float]
    processor: list[float]


def measure(runs: int) -> dict[str, Times]:
    """Times of each command; each zoo's commands take turns, after one warm-up of all."""
    here = Path.cwd()
    plain: dict[str, tuple[list[str], Path]] = {"python -c pass": ([sys.executable, "-c", "pass"], here)}
    plain[BARE] = ([sys.executable, "-c", BARE], here)
    with tempfile.TemporaryDirectory() as folder:
        environment = _with_bytecode(Path(folder) / "bytecode")
        for label, recipes, artifacts in ZOOS:
            zoo = write_fast_zoo(Path(folder) / f"zoo{recipes}-{artifacts}", recipes=recipes, artifacts=artifacts)
            build = [*DOIT, "build:family0-a7"]
            once(build, zoo, environment)
            plain[f"{label}doit list"] = ([*DOIT, "list"], zoo)
            plain[f"{label}doit build (nothing to do)"] = (build, zoo)
            if not label:
                plain["zoosmith --help"] = ([*ZOOSMITH, "--help"], zoo)
                plain["zoosmith search"] = ([*ZOOSMITH, "search", "family0"], zoo)
        turns = [{name: once(*command, environment) for name, command in plain.items()} for _ in range(runs + 1)][1:]
    return {name: Times(*map(list, zip(*(turn[name] for turn in turns), strict=True))) for name in plain}


def _with_bytecode(folder: Path) -> dict[str, str]:
    """The environment, with compiled modules kept in a folder."""
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return plain | {"PYTHONPYCACHEPREFIX": str(folder)}


def once(command: list[str], cwd: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds of one run, on the clock and of the processors."""
    start, before = time.perf_counter(), _spent()
    subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start, _spent() - before


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _verdict(found: float, goal: float | None) -> str:
    return "" if goal is None else f"  goal {goal:g}: {'met' if found <= goal else 'MISSED'}"


def main() -> int:
    """Print the table; exit 1 where a goal is missed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    found = measure(given.runs)
    host = this_host()
    print(f"host {host.id}: {host.cpu}, {host.cores} cores; median of {given.runs} runs (min to max), seconds;")
    print("then processor seconds, and times those of the bare import")
    bare = statistics.median(found[BARE].processor)
    missed = 0
    for name, times in found.items():
        wall, processor = map(statistics.median, times)
        told = _verdict(wall, GOALS_S.get(name)) + _verdict(processor / bare, GOALS_TIMES.get(name))
        missed += "MISSED" in told
        spread = f"({min(times.wall):.3f} to {max(times.wall):.3f})"
        print(f"  {name:<42}{wall:6.3f} {spread:<18}{processor:6.3f} {processor / bare:6.2f}{told}")
    if given.json:
        body = {"host": host.model_dump(mode="json"), "runs": given.runs}
        body["seconds"] = {name: times.wall for name, times in found.items()}
        body["processor_seconds"] = {name: times.processor for name, times in found.items()}
        given.json.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
