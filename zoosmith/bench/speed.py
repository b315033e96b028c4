"""Latency at batch 1, and the ratio to the reference from processes that take turns.

Artifact and reference are started several times, because the start itself is a source of variance (memory
layout, thread placement). Within a start they answer the same inputs in blocks, in the order ABBA; the
one that waits is blocked in a read. The interval is that of Student's t on the log ratios of the blocks.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoosmith.bench.process import Opened, opened
from zoosmith.core.intervals import Estimate, ratio_from_logs

WARM_UP_CALLS = 16
WARM_UP_AT_MOST = 12
STEADY = 0.05


@dataclass(frozen=True)
class Plan:
    """How long to look: process starts a side, pairs of blocks a start, seconds a block of the slower side."""

    starts: int
    pairs: int
    block_s: float


@dataclass
class Timings:
    """Milliseconds of every timed call, the log ratios reference / artifact of the blocks, memory in MiB."""

    artifact: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)
    log_ratios: list[float] = field(default_factory=list)
    memory: dict[str, int] = field(default_factory=dict)

    @property
    def speedup(self) -> Estimate:
        """How many times as fast as the reference."""
        return ratio_from_logs(self.log_ratios)


def compare(
    artifact: Path, reference: Path | None, arguments: dict[str, Any], plan: Plan, progress: Callable[..., None]
) -> Timings:
    """Time `artifact`, in turns with `reference` where one is given.

    `arguments` are those of `Child.open` without the folder; its cpus are those of both sides.
    """
    timings = Timings()
    folders = {"artifact": artifact} | ({"reference": reference} if reference else {})
    for start in range(plan.starts):
        progress(start, plan.starts, f"speed, start {start + 1} of {plan.starts}")
        with opened(*folders) as children:
            sides = dict(zip(folders, children, strict=True))
            for name, child in sides.items():
                child.send("open", folder=str(folders[name]), **arguments)
            for child in children:
                child.reply()
            calls = _calls(max(warm_up(child) for child in children), plan.block_s)
            for pair in range(plan.pairs):
                _pair(sides, calls, pair % 2 == 1, timings)
            timings.memory = children[0].ask("memory")
    return timings


def warm_up(child: Opened) -> float:
    """Call until the median of a round is within 5 % of the round before; return it in milliseconds."""
    before = math.inf
    for _ in range(WARM_UP_AT_MOST):
        now = percentile(child.ask("time", calls=WARM_UP_CALLS)["ms"], 0.5)
        if abs(now - before) <= STEADY * now:
            return now
        before = now
    return before


def _calls(slowest_ms: float, block_s: float) -> int:
    return max(8, min(400, round(block_s * 1000 / slowest_ms)))


def _pair(sides: dict[str, Opened], calls: int, reverse: bool, timings: Timings) -> None:
    """One block of each side; every other pair in reverse order."""
    medians = {}
    for name in sorted(sides, reverse=reverse):
        took = sides[name].ask("time", calls=calls)["ms"]
        getattr(timings, name).extend(took)
        medians[name] = percentile(took, 0.5)
    if "reference" in medians:
        timings.log_ratios.append(math.log(medians["reference"] / medians["artifact"]))


def percentile(values: Sequence[float], share: float) -> float:
    """Smallest value that at least `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def measuring_cpus(threads: int) -> list[int]:
    """The last `threads` processors of those this process may use: the first serve most interrupts."""
    return sorted(os.sched_getaffinity(0))[-threads:]
