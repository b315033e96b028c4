"""Latency at batch 1, and ratios between processes that take turns.

Every side is started several times, because the start itself is a source of variance (memory layout, thread
placement). Within a start all sides answer the same inputs in blocks, in the order ABBA; those that wait are
blocked in a read. With three sides every order has its turn, each followed by its reverse, so that none always
follows itself or another. Blocks of one start share its luck, so the unit of the interval is the start: Student's t
on the mean log ratio of each start. `benchmarks/coverage.py` shows what an interval over blocks would cover.
"""

from __future__ import annotations

import math
import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice, permutations
from pathlib import Path
from statistics import fmean
from typing import Any

from zoosmith.bench.process import Opened, opened
from zoosmith.bench.usage import Others, Timed, prove
from zoosmith.records.scores import Bounded, rounded
from zoosmith.records.timing import Latency
from zoosmith.stats.intervals import Estimate, ratio_from_logs

ARTIFACT, REFERENCE = "artifact", "reference"
WARM_UP_CALLS = 16
WARM_UP_AT_MOST = 12
STEADY = 0.05


@dataclass(frozen=True)
class Plan:
    """How long to look: process starts a side, turns of blocks a start, seconds a block of the slowest side."""

    starts: int
    turns: int
    block_s: float


@dataclass
class Timings:
    """By side: milliseconds of every timed call, and the mean log ratio side / artifact of each start.

    `memory` is the artifact's, `vram` too where the device has its own, in MiB; `others` the share of the
    measuring processors that other processes took while blocks were timed.
    """

    ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    log_ratios: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    memory: dict[str, int] = field(default_factory=dict)
    vram: dict[str, int] | None = None
    others: float = 0.0

    def ratio(self, side: str) -> Estimate:
        """How many times as fast as `side` the artifact is; n is the number of starts."""
        return ratio_from_logs(self.log_ratios[side])


def compare(sides: Mapping[str, Path], arguments: dict[str, Any], plan: Plan, progress: Callable[..., None]) -> Timings:
    """Time the folder of the side "artifact" in turns with those of the other sides.

    `arguments` are those of `Child.open` without the folder; its cpus are those of all sides. Raises ZooError
    where a side works with more threads than `arguments` say, or works while it should wait.
    """
    timings, others = Timings(), Others(arguments["cpus"])
    for start in range(plan.starts):
        progress(start, plan.starts, f"speed, start {start + 1} of {plan.starts}")
        with opened(*sides) as children:
            opened_sides = dict(zip(sides, children, strict=True))
            for name, child in opened_sides.items():
                child.send("open", folder=str(sides[name]), **arguments)
            for child in children:
                child.reply()
            _start(opened_sides, plan, arguments["threads"], timings, others)
            last = opened_sides[ARTIFACT].ask("memory")
            timings.memory, timings.vram = last["memory"], last["vram"]
    timings.others = others.share
    return timings


def _start(sides: dict[str, Opened], plan: Plan, threads: int, timings: Timings, others: Others) -> None:
    """Warm up, take turns, prove that each side kept to itself."""
    calls = calls_of(max(warm_up(child) for child in sides.values()), plan.block_s)
    before = {name: child.ask("usage") for name, child in sides.items()}
    timed = {name: Timed() for name in sides}
    turns = [
        {name: block(name, sides[name], calls, timings, timed[name], others) for name in order}
        for order in islice(cycle(orders(sorted(sides))), plan.turns)
    ]
    for name, child in sides.items():
        timed[name].waited = sum(other.wall for other in timed.values()) - timed[name].wall
        prove(name, threads, timed[name], before[name], child.ask("usage"))
        if name != ARTIFACT:
            timings.log_ratios[name].append(fmean(math.log(turn[name] / turn[ARTIFACT]) for turn in turns))


def warm_up(child: Opened) -> float:
    """Call until the median of a round is within 5 % of the round before; return it in milliseconds."""
    before = math.inf
    for _ in range(WARM_UP_AT_MOST):
        now = percentile(child.ask("time", calls=WARM_UP_CALLS)["ms"], 0.5)
        if abs(now - before) <= STEADY * now:
            return now
        before = now
    return before


def calls_of(slowest_ms: float, block_s: float) -> int:
    """How many calls make a block of so many seconds, within bounds."""
    return max(8, min(400, round(block_s * 1000 / slowest_ms)))


def orders(names: list[str]) -> list[tuple[str, ...]]:
    """Every order of the sides, each followed by its reverse."""
    found: list[tuple[str, ...]] = []
    for order in permutations(names):
        if order not in found:
            found += [order, order[::-1]]
    return found


def block(name: str, child: Opened, calls: int, timings: Timings, timed: Timed, others: Others) -> float:
    """Time so many calls of a side; their median in milliseconds."""
    busy = others.busy()
    found = child.ask("time", calls=calls)
    others.block(busy, found["cpu_s"], found["wall_s"])
    timed.cpu += found["cpu_s"]
    timed.wall += found["wall_s"]
    timings.ms[name].extend(found["ms"])
    return percentile(found["ms"], 0.5)


def bounded(estimate: Estimate) -> Bounded:
    """A ratio as it is recorded, to six decimals."""
    found = {name: rounded(getattr(estimate, name)) for name in ("value", "low", "high")}
    return Bounded(n=estimate.n, **found)


def percentile(values: Sequence[float], share: float) -> float:
    """Smallest value that at least `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def latency(milliseconds: Sequence[float]) -> Latency:
    """Percentiles of calls, rounded to the microsecond."""
    p50, p95, p99 = (round(percentile(milliseconds, share), 3) for share in (0.5, 0.95, 0.99))
    return Latency(p50=p50, p95=p95, p99=p99, n=len(milliseconds))


def measuring_cpus(threads: int) -> list[int]:
    """The last `threads` processors of those this process may use: the first serve most interrupts."""
    return sorted(os.sched_getaffinity(0))[-threads:]
