"""Speed of sides that do not fit into memory side by side: each block is of a process that has the machine to itself.

Order and unit of the interval are those of `zoosmith.bench.speed`: ABBA within a start, Student's t over starts.
What differs is that a side is opened, warmed up and closed for each of its blocks, so that a start has the luck of more
than one process; and that nobody waits, so there is no waiting to prove.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import cycle, islice
from pathlib import Path
from statistics import fmean
from typing import Any

from zoosmith.bench.process import opened
from zoosmith.bench.speed import ARTIFACT, Plan, Timings, block, calls_of, orders, warm_up
from zoosmith.bench.usage import Others, Timed, prove


def compare(sides: Mapping[str, Path], arguments: dict[str, Any], plan: Plan, progress: Callable[..., None]) -> Timings:
    """As `zoosmith.bench.speed.compare`, with one side in memory at a time. Raises ZooError as it does."""
    timings, others = Timings(), Others(arguments["cpus"])
    for start in range(plan.starts):
        progress(start, plan.starts, f"speed, start {start + 1} of {plan.starts}, one model at a time")
        turns = [
            {name: _alone(name, sides[name], arguments, plan, timings, others) for name in order}
            for order in islice(cycle(orders(sorted(sides))), plan.turns)
        ]
        for name in sides.keys() - {ARTIFACT}:
            timings.log_ratios[name].append(fmean(math.log(turn[name] / turn[ARTIFACT]) for turn in turns))
    timings.others = others.share
    return timings


def _alone(name: str, folder: Path, arguments: dict[str, Any], plan: Plan, timings: Timings, others: Others) -> float:
    """Median milliseconds of one block in a process of its own."""
    timed = Timed()
    with opened(name) as [child]:
        child.ask("open", folder=str(folder), **arguments)
        calls = calls_of(warm_up(child), plan.block_s)
        before = child.ask("usage")
        median = block(name, child, calls, timings, timed, others)
        prove(name, arguments["threads"], timed, before, child.ask("usage"))
        if name == ARTIFACT:
            last = child.ask("memory")
            timings.memory, timings.vram = last["memory"], last["vram"]
    return median
