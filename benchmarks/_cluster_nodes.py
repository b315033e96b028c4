"""Three nodes for benchmarks/cluster_faults.py, each on a small disk of its own where mounting is allowed."""

from __future__ import annotations

import errno
import itertools
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import cluster

DISK_MB = 64
STEP = (b"ray::_run", b"zoosmith.execution.worker")  # in the command line of what works on a step


@dataclass
class Nodes:
    """A cluster whose nodes come and go."""

    running: cluster.Nodes
    disks: bool
    numbers: Iterator[int] = field(default_factory=itertools.count)
    mounted: list[Path] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Of those that are there."""
        return sorted(self.running.joined)

    def folder(self, name: str) -> Path:
        """Where a node keeps trees and works."""
        return self.running.root / name

    def add(self) -> None:
        """One more node, on a disk of its own."""
        name = f"node{next(self.numbers)}"
        self.folder(name).mkdir(parents=True)
        if self.disks:
            _mount(self.folder(name))
            self.mounted.append(self.folder(name))
        self.running.add(name)

    def at_work(self, name: str | None = None) -> list[int]:
        """Processes that work on steps: on one node, or on any."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words, variables = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
            except OSError:  # it ended, or is not ours to read
                continue
            where = f"ZOOSMITH_NODE={self.folder(name) if name else self.running.root}".encode()
            if any(step in words for step in STEP) and where in variables:
                found.append(int(process.name))
        return found

    def unmount(self) -> None:
        """Give all disks back."""
        while self.mounted:
            _unmount(self.mounted.pop())

    @contextmanager
    def full(self, name: str) -> Iterator[None]:
        """The node's disk has no byte left meanwhile."""
        filler = self.folder(name) / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(1 << 16)):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
        try:
            yield
        finally:
            filler.unlink()


def can_mount(folder: Path) -> bool:
    """Whether this process may have a small disk of its own, as root may."""
    folder.mkdir()
    try:
        _mount(folder)
    except (OSError, subprocess.CalledProcessError):
        return False
    _unmount(folder)
    return True


@contextmanager
def three(root: Path) -> Iterator[Nodes]:
    """Three nodes below `root`."""
    disks = can_mount(root / "tried")
    nodes: Nodes | None = None
    try:
        with cluster.running(root / "nodes", nodes=0) as running:
            nodes = Nodes(running, disks)
            cluster.apart(root / "tmp")
            for _ in range(3):
                nodes.add()
            running.cluster.wait_for_nodes()
            yield nodes
    finally:
        if nodes:
            nodes.unmount()


def _mount(folder: Path) -> None:
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    subprocess.run(words, check=True, capture_output=True, env=os.environ | {"LC_ALL": "C"})


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
