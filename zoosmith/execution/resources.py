"""Processor cores and memory that steps running side by side (`doit -n`) share."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zoosmith.contract.output import Resources


class Budget:
    """Admits steps while their declared resources fit. A step larger than the machine runs alone."""

    def __init__(self, cpus: int, memory_mb: int) -> None:
        """Share `cpus` cores and `memory_mb` MiB."""
        self.total = Resources(cpus, memory_mb)
        self.used_cpus = 0
        self.used_memory = 0
        self.changed = threading.Condition()

    @contextmanager
    def reserve(self, wanted: Resources) -> Iterator[None]:
        """Wait until `wanted` fits beside what runs, and hold it."""
        cpus = min(wanted.cpus, self.total.cpus)
        memory = min(wanted.memory_mb, self.total.memory_mb)
        with self.changed:
            self.changed.wait_for(lambda: self._fits(cpus, memory))
            self.used_cpus += cpus
            self.used_memory += memory
        try:
            yield
        finally:
            with self.changed:
                self.used_cpus -= cpus
                self.used_memory -= memory
                self.changed.notify_all()

    def _fits(self, cpus: int, memory: int) -> bool:
        return self.used_cpus + cpus <= self.total.cpus and self.used_memory + memory <= self.total.memory_mb


def of_this_machine() -> Budget:
    """All cores this process may use and all memory that it may have."""
    return Budget(len(os.sched_getaffinity(0)), memory_mb())


def memory_mb(groups: Path = Path("/sys/fs/cgroup")) -> int:
    """MiB of physical memory, or of the control group that this process is in where that is less.

    Source: Linux, Control Group v2, memory.max.
    """
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    try:
        limit = (groups / "memory.max").read_text().strip()
    except OSError:  # no such group, or of version 1
        return physical
    return min(physical, int(limit) // 2**20) if limit.isdigit() else physical
