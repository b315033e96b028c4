"""Servers that are processes, each with the artifact open: the parent's side of `zoosmith.capacity.worker`."""

from __future__ import annotations

import json
import os
import random
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from zoosmith.bench.usage import TICK_S
from zoosmith.contract.errors import ZooError


class Unanswered(ZooError):
    """The artifact could not be opened, or failed at an input: its files may be damaged."""


class Processes:
    """Open servers. Which input a query is, its number and the seed say: equal runs ask the same in the same order."""

    def __init__(self, count: int, opening: Mapping[str, Any], seed: int) -> None:
        """Start the processes; `opening` as `worker.opened` takes it. Call `open` before anything else."""
        self.count = count
        self.order = random.Random(seed).choices(range(len(opening["inputs"])), k=4096)
        self.opening = opening
        self.memory_mb = 0
        self._selector = selectors.DefaultSelector()
        self._started: list[subprocess.Popen[bytes]] = []

    def open(self) -> None:
        """Start them all, and wait until each has answered once. Raises Unanswered with what one died of."""
        for server in range(self.count):
            process = subprocess.Popen(
                [sys.executable, "-m", "zoosmith.capacity.worker"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True,
            )  # fmt: skip
            self._started.append(process)
            assert process.stdout is not None
            self._selector.register(process.stdout, selectors.EVENT_READ, server)
            self._write(server, json.dumps(dict(self.opening)).encode() + b"\n")
        ready = 0
        while ready < self.count:
            for _, told in self._told(None):
                self.memory_mb = max(self.memory_mb, int(told["memory_mb"]))
                ready += 1

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def start(self, server: int, query: int) -> None:
        """Give an idle server a query."""
        self._write(server, b"%d\n" % self.order[query % len(self.order)])

    def wait(self, until: float | None) -> list[tuple[int, float]]:
        """Servers whose answer has come, with the time; none where `until` has. Raises Unanswered for a dead one."""
        answered = self._told(None if until is None else max(0.0, until - self.now()))
        now = self.now()
        return [(server, now) for server, _ in answered]

    def cpu_s(self) -> float:
        """Processor seconds of this process and of the servers. Source: proc_pid_stat(5), fields utime and stime."""
        ticks = 0
        for process in self._started:
            with suppress(OSError):
                fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks * TICK_S + time.process_time()

    def close(self) -> None:
        """End every process at once."""
        for process in self._started:
            process.kill()
        for process in self._started:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
        self._selector.close()

    def _write(self, server: int, line: bytes) -> None:
        pipe = self._started[server].stdin
        assert pipe is not None
        try:
            while line:
                line = line[pipe.write(line) or 0 :]
        except BrokenPipeError:
            raise self._died(server) from None

    def _told(self, timeout: float | None) -> list[tuple[int, dict[str, Any]]]:
        """A line of each server that has one; a server writes one a query, so there is never a second."""
        return [(key.data, self._line(key.data, key.fd)) for key, _ in self._selector.select(timeout)]

    def _line(self, server: int, pipe: int) -> dict[str, Any]:
        line = b""
        while not line.endswith(b"\n"):
            part = os.read(pipe, 65536)
            if not part:
                raise self._died(server)
            line += part
        told: dict[str, Any] = json.loads(line)
        if "error" in told:
            raise Unanswered(f"the artifact does not answer: {told['error']}")
        return told

    def _died(self, server: int) -> Unanswered:
        status = self._started[server].wait()
        return Unanswered(f"server {server + 1} of {self.count} died (exit status {status}); what it said stands above")


@contextmanager
def opened(count: int, opening: Mapping[str, Any], seed: int) -> Iterator[Processes]:
    """Open servers that are ended whatever happens."""
    servers = Processes(count, opening, seed)
    try:
        servers.open()
        yield servers
    finally:
        servers.close()
