"""What the engine itself costs: whole-process times of doit over this zoo and over 500 recipes.

    python -m benchmarks.engine [--runs 5] [--json benchmarks/results/engine.json]

`doit list` and a `doit build:NAME` with nothing to do, median of several runs after a warm-up, beside
`python -c pass` in the same run. The generated zoo has 500 recipes of 8 artifacts; one family of it is
really built first, by a builder without torch. Goals: 0.5 s and 0.8 s; with 500 recipes 3 s and 2 s; with one recipe of
2,000 artifacts 1 s and 2 s.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.fast import write_fast_zoo
from zoosmith.bench.host import this_host

GOALS_S = {"doit list": 0.5, "doit build (nothing to do)": 0.8, "500 recipes: doit list": 3.0,
           "500 recipes: doit build (nothing to do)": 2.0, "2,000 artifacts: doit list": 1.0,
           "2,000 artifacts: doit build (nothing to do)": 2.0}  # fmt: skip
DOIT = [sys.executable, "-m", "doit"]


def seconds(command: list[str], cwd: Path, runs: int) -> list[float]:
    """Wall-clock seconds of whole processes, after one warm-up."""
    found = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(command, cwd=cwd, check=True, capture_output=True)
        found.append(time.perf_counter() - start)
    return found[1:]


def measure(runs: int) -> dict[str, list[float]]:
    """Seconds of each command."""
    found = {"python -c pass": seconds([sys.executable, "-c", "pass"], Path.cwd(), runs)}
    with tempfile.TemporaryDirectory() as folder:
        for label, recipes, artifacts in (("", 1, 8), ("500 recipes: ", 500, 8), ("2,000 artifacts: ", 1, 2000)):
            zoo = write_fast_zoo(Path(folder) / f"zoo{recipes}-{artifacts}", recipes=recipes, artifacts=artifacts)
            build = [*DOIT, "build:family0-a7"]
            subprocess.run(build, cwd=zoo, check=True, capture_output=True)
            found[f"{label}doit list"] = seconds([*DOIT, "list"], zoo, runs)
            found[f"{label}doit build (nothing to do)"] = seconds(build, zoo, runs)
    return found


def main() -> int:
    """Print the table; exit 1 where a goal is missed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    found = measure(given.runs)
    host = this_host()
    print(f"host {host.id}: {host.cpu}, {host.cores} cores; median of {given.runs} runs (min to max), seconds")
    missed = 0
    for name, times in found.items():
        goal = GOALS_S.get(name)
        median = statistics.median(times)
        missed += goal is not None and median > goal
        verdict = "" if goal is None else f"  goal {goal:g}: {'met' if median <= goal else 'MISSED'}"
        print(f"  {name:<42}{median:6.3f} ({min(times):.3f} to {max(times):.3f}){verdict}")
    if given.json:
        body = {"host": host.model_dump(mode="json"), "runs": given.runs, "seconds": found}
        given.json.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
