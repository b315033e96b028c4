"""Processor time: what a measured process took, by thread, and what others took of its processors.

With it a measurement proves what it claims: so many threads, nobody else at work, the waiting side idle.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import ZooError

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
ROUNDING_S = 0.06  # the kernel tells processor time in ticks of 10 ms, for each thread before and after
BEYOND = 0.05
OVER = 0.1
WAITING = 0.05


def of_this_process() -> dict[str, Any]:
    """Processor seconds so far: `total`, and `threads` by id. Source: proc_pid_stat(5), fields utime and stime."""
    threads = {}
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            fields = (task / "stat").read_text().rpartition(")")[2].split()
            threads[task.name] = (int(fields[11]) + int(fields[12])) * TICK_S
    return {"total": time.process_time(), "threads": threads}


@dataclass
class Timed:
    """What a process did in its timed blocks, and how long the other sides were timed meanwhile; seconds."""

    cpu: float = 0.0
    wall: float = 0.0
    waited: float = 0.0


def prove(name: str, threads: int, timed: Timed, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Raise ZooError where a process waited busily, or worked with more threads than `threads`.

    before, after: `of_this_process` around all blocks. A process that is pinned to as many processors as it has
    threads cannot take more than those, so the work of each thread is looked at too.
    """
    total = after["total"] - before["total"]
    waiting = total - timed.cpu
    if waiting > WAITING * timed.waited + ROUNDING_S:
        raise ZooError(
            f"{name}: took {waiting:.2f} s of processor time while it should wait for {timed.waited:.2f} s: a thread "
            "pool that spins slows the side that is timed; its runtime must let idle threads sleep"
        )
    worked = sorted((took - before["threads"].get(id, 0.0) for id, took in after["threads"].items()), reverse=True)
    beyond = total - sum(worked[:threads])
    if beyond > BEYOND * total + ROUNDING_S or timed.cpu > (threads + OVER) * timed.wall + ROUNDING_S:
        ended = total - sum(worked) > ROUNDING_S  # threads that came and went
        busy = max(threads + 1, sum(took > BEYOND * total for took in worked) + ended)
        raise ZooError(
            f"{name}: measured with {busy} threads, reported as {threads}: {beyond / total:.0%} of its processor time "
            "went to other threads; its runtime must keep to the `threads` that it is given"
        )


class Others:
    """The share of `cpus` that other processes, or other machines of the same host, took during blocks."""

    def __init__(self, cpus: Sequence[int]) -> None:
        """Nothing was seen yet."""
        self.cpus = [f"cpu{cpu}" for cpu in cpus]
        self.taken = 0.0
        self.seconds = 0.0

    def busy(self) -> float:
        """Seconds that the processors have not been idle, those that a hypervisor stole included.

        Source: proc_stat(5), fields user to steal but idle and iowait; a time `guest` is within `user`.
        """
        total = 0
        for line in Path("/proc/stat").read_text().splitlines():
            name, *fields = line.split()
            if name in self.cpus:
                total += sum(int(field) for i, field in enumerate(fields[:8]) if i not in (3, 4))
        return total * TICK_S

    def block(self, before: float, own: float, wall: float) -> None:
        """Add a block of `wall` seconds, of which the timed process took `own`."""
        self.taken += self.busy() - before - own
        self.seconds += wall * len(self.cpus)

    @property
    def share(self) -> float:
        """From 0 to 1, over all blocks."""
        return min(1.0, max(0.0, self.taken / self.seconds)) if self.seconds else 0.0
