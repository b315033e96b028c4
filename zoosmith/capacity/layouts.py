"""How the cores of this host are shared out: worker processes, and threads in each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from zoosmith.capacity.trial import Trial
from zoosmith.contract.errors import ZooError

FREE = 0.9  # of the memory that is available, which workers may fill


class Layout(NamedTuple):
    """Worker processes, each with one copy of the artifact, and the threads of each."""

    workers: int
    threads: int

    def __str__(self) -> str:
        """In words."""
        workers, threads = "s" * (self.workers != 1), "s" * (self.threads != 1)
        return f"{self.workers} worker{workers} of {self.threads} thread{threads}"


def candidates(cores: int, workers: int | None, threads: int | None) -> list[Layout]:
    """What was asked for; else what fills the cores: 1, 2, 4 ... workers and as many threads as that leaves to each.

    Raises ZooError where it takes more threads than there are cores, which would wait for each other.
    """
    for option, told in (("--workers", workers), ("--threads", threads)):
        if told is not None and not 1 <= told <= cores:
            raise ZooError(f"{option} {told}: this host has {cores} cores for us; it takes 1 to {cores}")
    if workers and threads and workers * threads > cores:
        raise ZooError(f"--workers {workers} times --threads {threads} is more than the {cores} cores of this host")
    if workers:
        return [Layout(workers, threads or cores // workers)]
    if threads:
        return [Layout(cores // threads, threads)]
    counts = sorted({*(2**i for i in range(cores.bit_length()) if 2**i <= cores), cores})
    return [Layout(count, cores // count) for count in counts]


def fitting(layouts: Sequence[Layout], worker_mb: int, free_mb: int) -> list[Layout]:
    """Those whose workers, `worker_mb` MiB each, find room in `free_mb`. Raises ZooError for none."""
    found = [layout for layout in layouts if layout.workers * worker_mb <= FREE * free_mb]
    if not found:
        least = min(layouts)
        raise ZooError(f"{least} take {least.workers * worker_mb} MiB; {free_mb} MiB of memory are available")
    return found


def best(tried: Sequence[tuple[Layout, Trial]], limit_ms: float) -> Layout:
    """The highest throughput with all workers busy, of those within the limit; the shortest p95 where none is."""
    within = [one for one in tried if one[1].p95_ms.value <= limit_ms]
    if within:
        return max(within, key=lambda one: one[1].per_second.value)[0]
    return min(tried, key=lambda one: one[1].p95_ms.value)[0]


def available_mb() -> int:
    """MiB that can be taken without swapping. Source: proc_meminfo(5), MemAvailable."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("MemAvailable:"))
