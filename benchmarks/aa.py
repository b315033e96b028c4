"""An artifact measured against itself (A/A): how often the suite says that both are equally fast.

    python -m benchmarks.aa [--runs 100] [--loaded 30] [--json benchmarks/results/aa.json]

Short runs (about 2 s) of the suite's own protocol on a toy that hashes 1 MiB a call: first on the machine as it is,
then with a process of ours that loads one core, in turns the measuring one and another one. Goals: the ratio lies
within 0.97 to 1.03 in 95 % of the runs, and its interval holds 1 in 90 %; beside the load, a run that the suite marks
as not steady counts as told. Exits with 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.support.toys import opening, silent, write_toy
from zoosmith.bench.host import this_host
from zoosmith.bench.speed import Plan, compare
from zoosmith.bench.steadiness import AGAIN, HIGH, LOW, judge

PLAN = Plan(starts=4, turns=2, block_s=0.05)
WITHIN, HOLDS = 0.95, 0.90


@dataclass(frozen=True)
class Run:
    """One A/A run; `load` says which core another process of ours was on."""

    load: str
    ratio: float
    low: float
    high: float
    others: float
    steady: bool

    @property
    def within(self) -> bool:
        return LOW <= self.ratio <= HIGH

    @property
    def holds(self) -> bool:
        return self.low <= 1.0 <= self.high


@contextmanager
def loaded(cpu: int) -> Iterator[None]:
    """Another process at work on a core, ended by its id."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        os.sched_setaffinity(process.pid, [cpu])
        yield
    finally:
        process.kill()
        process.wait()


def one(arguments: dict[str, Any], toy: Path, load: str) -> Run:
    found = judge(compare({"artifact": toy, AGAIN: toy}, arguments, PLAN, silent), 1)
    return Run(load, found.aa.value, found.aa.low, found.aa.high, found.busy, found.steady)


def measure(runs: int, with_load: int) -> Iterator[Run]:
    """The runs one by one."""
    with tempfile.TemporaryDirectory() as folder:
        toy = write_toy(Path(folder), "toy", hashes=1)
        arguments = opening(Path(folder), toy)
        measuring = arguments["cpus"][0]
        other = min(set(os.sched_getaffinity(0)) - {measuring}, default=measuring)
        for _ in range(runs):
            yield one(arguments, toy, "none")
        for i in range(with_load):
            load, cpu = (("measuring core", measuring), ("other core", other))[i % 2]
            with loaded(cpu):
                yield one(arguments, toy, load)


def shares(runs: Sequence[Run]) -> dict[str, float]:
    """Shares of all runs; those told apart as not steady count as good only beside a load."""
    told = [run.load != "none" and not run.steady for run in runs]
    pairs = list(zip(runs, told, strict=True))
    return {
        "within": sum(run.within or marked for run, marked in pairs) / len(runs),
        "holds": sum(run.holds or marked for run, marked in pairs) / len(runs),
        "steady": sum(run.steady for run in runs) / len(runs),
    }


def main() -> int:
    """Print a line a run and the shares; exit 1 where a goal is missed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=100)
    options.add_argument("--loaded", type=int, default=30)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    host, runs = this_host(), []
    print(f"host {host.id}: {host.cpu}, {host.cores} cores")
    for run in measure(given.runs, given.loaded):
        runs.append(run)
        verdict = "steady" if run.steady else "not steady"
        interval = f"{run.ratio:.4f} ({run.low:.4f} to {run.high:.4f})"
        print(f"  {len(runs):4} load {run.load:15} {interval}  others {run.others:5.1%}  {verdict}", flush=True)
    groups = {"alone": [run for run in runs if run.load == "none"], "loaded": [r for r in runs if r.load != "none"]}
    found = {name: shares(group) for name, group in groups.items() if group}
    for name, share in found.items():
        goals = f"within {share['within']:.0%} (goal {WITHIN:.0%}), holds 1 {share['holds']:.0%} (goal {HOLDS:.0%})"
        print(f"{name}: {len(groups[name])} runs, {goals}, steady {share['steady']:.0%}")
    if given.json:
        body = {"host": host.model_dump(mode="json"), "plan": asdict(PLAN), "shares": found}
        given.json.write_text(json.dumps(body | {"runs": [asdict(run) for run in runs]}, indent=1) + "\n")
    return int(any(share["within"] < WITHIN or share["holds"] < HOLDS for share in found.values()))


if __name__ == "__main__":
    sys.exit(main())
