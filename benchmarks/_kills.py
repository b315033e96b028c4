"""What benchmarks share that kill `zoosmith`: the process, its end, a stranger who looks, and what was found."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.user import Silent
from zoosmith.publish import folders
from zoosmith.publish.catalog import Catalog
from zoosmith.publish.pull import Puller
from zoosmith.records.registry import Entry, Row
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.retry import RetryPolicy

ROOT = Path(__file__).parents[1]
HANG_S = 120.0
STRANGER = RetryPolicy(tries=2, first_s=0.05, timeout_s=10.0)


@dataclass
class Tally:
    """What happened, and what must not happen."""

    title: str
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def blame(self, what: str) -> None:
        """Note a violation."""
        self.violations.append(f"{self.title}, kill {self.counts['killed']}: {what}")
        print(f"VIOLATION: {self.violations[-1]}", file=sys.stderr, flush=True)

    def killed(self, hit: bool, *how: str) -> None:
        """Count a kill that ended a running process; one that came too late is no kill."""
        self.counts.update(("killed", *how) if hit else ("ended before it was killed",))
        if hit and self.counts["killed"] % 20 == 0:
            print(f"{self.title}: {self.counts['killed']} kills", file=sys.stderr, flush=True)

    @staticmethod
    def summary(tallies: list[Tally], seed: int, seconds: float) -> dict[str, Any]:
        """What is reported of several."""
        return {
            "n": sum(tally.counts["killed"] for tally in tallies),
            "counts": {tally.title: dict(sorted(tally.counts.items())) for tally in tallies},
            "violations": [violation for tally in tallies for violation in tally.violations],
            "seed": seed,
            "seconds": round(seconds),
        }


class Ended(NamedTuple):
    """How a process that was left alone ended."""

    code: int
    said: str
    seconds: float


class Victim:
    """`zoosmith WORDS` in a process of its own that has finished its imports and waits for `go`."""

    def __init__(self, *words: str, cwd: Path, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks._victim", *words],
            cwd=cwd, env=os.environ | {"PYTHONPATH": str(ROOT)} | environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert self.process.stdin and self.process.stdout
        self.process.stdout.readline()

    def __enter__(self) -> Victim:
        return self

    def __exit__(self, *told: object) -> None:
        self.process.kill()
        self.process.communicate()

    def go(self, call: int = -1) -> None:
        """Begin; end by SIGKILL before that call of those that change files."""
        assert self.process.stdin
        print(call, file=self.process.stdin, flush=True)
        self.started = time.perf_counter()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def wait(self, until: Callable[[], bool], longest_s: float = HANG_S) -> None:
        """Return when `until` holds, or it has ended, or the time is over."""
        while self.running and not until() and time.perf_counter() - self.started < longest_s:
            time.sleep(0.0002)

    def kill(self) -> bool:
        """Send SIGKILL; whether that, and nothing else, ended it."""
        self.process.kill()
        self.process.communicate()
        return self.process.returncode == -signal.SIGKILL

    def finish(self) -> Ended:
        """Wait for its own end."""
        said, _ = self.process.communicate(timeout=HANG_S)
        return Ended(self.process.returncode, said, time.perf_counter() - self.started)


def left_alone(*words: str, cwd: Path, **environment: str) -> Ended:
    """Run a command to its end."""
    with Victim(*words, cwd=cwd, **environment) as process:
        process.go()
        return process.finish()


def pulled_by_a_stranger(name: str, number: int, row: Row, location: str, base: str) -> bool:
    """Whether somebody who has nothing yet gets exactly the row's files from this location. Raises ZooError."""
    entry = Entry(latest=number, versions={str(number): row.model_copy(update={"locations": (location,)})})
    catalog = Catalog({name: entry}, base)
    with tempfile.TemporaryDirectory(prefix="stranger-") as folder:
        home = Path(folder) / "home"
        Puller(catalog, home, Cache(Path(folder) / "cache"), Silent(), STRANGER).pull(f"{name}@{number}")
        return folders.is_tree(home / name, row.files)
