"""The parent's side of `zoosmith.bench.child`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from zoosmith.contract.errors import ZooError


class Died(ZooError):
    """The process ended by itself, as native code does that finds no memory or a fault of its own."""


class Opened:
    """An artifact held open in a process of its own."""

    def __init__(self, name: str) -> None:
        """Start the process; `name` is for messages, `started` is on the monotonic clock, in nanoseconds."""
        self.name = name
        self.started = time.monotonic_ns()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zoosmith.bench.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def send(self, do: str, **arguments: Any) -> None:
        """Start a command without waiting for its reply. Raises Died."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self._died() from None

    def reply(self) -> dict[str, Any]:
        """The reply to the command before. Raises ZooError where the process failed, Died where it is gone."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise self._died()
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ZooError(f"{self.name}: {answer['error']}")
        return answer

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Send a command and wait for its reply."""
        self.send(do, **arguments)
        return self.reply()

    def _died(self) -> Died:
        return Died(f"{self.name}: the measured process died (exit status {self.process.wait()})")

    def close(self) -> None:
        """End the process. What it died of was told before."""
        assert self.process.stdin is not None and self.process.stdout is not None
        with suppress(BrokenPipeError):  # a command that was never read is flushed once more
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@contextmanager
def opened(*names: str) -> Iterator[list[Opened]]:
    """Processes that are ended whatever happens."""
    children = [Opened(name) for name in names]
    try:
        yield children
    finally:
        for child in children:
            if child.process.poll() is None:
                child.process.kill()
            child.close()
