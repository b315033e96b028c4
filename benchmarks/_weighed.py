"""A build as the engine's worker runs it, which also tells how much memory it took."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from zoosmith.bench.child import memory_mb
from zoosmith.build import build
from zoosmith.execution.worker import Step
from zoosmith.toolkit.gguf import convert, quantize

EVERY_S, OFTEN_S = 0.05, 0.005


def run(step: Step) -> None:
    """`zoosmith.build.build.run`, with notes in MiB.

    `peak`: most that was resident in this process. `with_check`: most that it and the process which opens the finished
    tree took together, pages that both map counted once. `converter`: most that was resident in the process of
    llama.cpp's converter. `quantiser`: private memory that llama.cpp's quantiser took beside what was there before.
    """
    together = _Together()
    build.check_artifact = together.around(build.check_artifact)
    before = together.others
    converter = _Most(lambda: most_of_programs(before))
    quantiser = _Most(lambda: memory_of(os.getpid(), "RssAnon"))
    convert.convert, quantize.quantize = converter.around(convert.convert), quantiser.around(quantize.quantize)
    build.run(step)
    peak = memory_mb("VmHWM")
    most = {"converter": converter.most, "quantiser": quantiser.most - quantiser.start}
    step.note("weighed", {"peak": peak, "with_check": max(peak, together.most)} | {k: v for k, v in most.items() if v})


class _Most:
    """The most that `look` gives while a call runs, and what it gave before: MiB, looked at every 5 ms."""

    def __init__(self, look: Callable[[], int]) -> None:
        self.look, self.most, self.start = look, 0, 0

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same, looked at while it runs."""

        def watched(*given: Any, **named: Any) -> Any:
            ended = threading.Event()
            self.start = self.look()
            looking = threading.Thread(target=self._until, args=(ended,), daemon=True)
            looking.start()
            try:
                return call(*given, **named)
            finally:
                ended.set()
                looking.join()

        return watched

    def _until(self, ended: threading.Event) -> None:
        while not ended.wait(OFTEN_S):
            self.most = max(self.most, self.look())


def most_of_programs(before: set[int]) -> int:
    """MiB that the largest program took which this process has started, without the processes of `before`.

    One between fork and exec still has the pages of the process that started it, and its command line: it is no program
    of its own yet.
    """
    own = _command_line(os.getpid())
    started = [pid for pid in _descendants() - before if _command_line(pid) != own]
    return max((memory_of(pid, "VmHWM") for pid in started), default=0)


def _command_line(pid: int) -> bytes:
    """As it was started; nothing once it is gone. Source: proc_pid_cmdline(5)."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def memory_of(pid: int, field: str) -> int:
    """MiB of a process by a field of its status; 0 if it is gone. Source: proc_pid_status(5)."""
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) // 1024
    return 0


class _Together:
    """What this process and those that it starts take, looked at every 50 ms."""

    def __init__(self) -> None:
        self.most = 0
        self.ended = threading.Event()
        self.others = _descendants()  # watcher and clean process, which share their pages with this one

    def around(self, check: Callable[..., None]) -> Callable[..., None]:
        """The same, looked at while it runs."""

        def watched(*given: Any) -> None:
            looking = threading.Thread(target=self._look, daemon=True)
            looking.start()
            check(*given)
            self.ended.set()
            looking.join()

        return watched

    def _look(self) -> None:
        while not self.ended.wait(EVERY_S):
            self.most = max(self.most, sum(map(_proportional_mb, {os.getpid(), *_descendants()} - self.others)))


def _descendants(of: str = "self") -> set[int]:
    """Processes that any thread of one has started, and theirs. Source: proc_tid_children(5)."""
    found: set[int] = set()
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{of}/task").iterdir():
            found |= set(map(int, (task / "children").read_text().split()))
    return found.union(*(_descendants(str(pid)) for pid in found))


def _proportional_mb(pid: int) -> int:
    """MiB of a process, shared pages divided by who shares them; 0 if it is gone. Source: proc_pid_smaps(5)."""
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) // 1024
    return 0
