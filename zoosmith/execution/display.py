"""What the user sees while steps run: one live line each on a terminal, plain lines on a pipe."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from zoosmith.common.text import hushed, inline

PLAIN_EVERY_S = 10.0


@dataclass
class Line:
    """The state of one running step."""

    title: str
    started: float = field(default_factory=time.monotonic)
    done: float | None = None
    total: float | None = None
    text: str = ""
    memory_mb: int = 0
    printed: float = field(default_factory=time.monotonic)
    counted_from: tuple[float, float] | None = None  # when a share was first told, and which: not 0 where one resumes

    def update(self, message: dict[str, Any]) -> None:
        """Take over what a worker or the sampler reported."""
        for name in ("done", "total", "text", "memory_mb"):
            if name in message:
                setattr(self, name, message[name])
        fraction = self.fraction
        if fraction is not None and (self.counted_from is None or fraction < self.counted_from[1]):
            self.counted_from = (time.monotonic(), fraction)

    @property
    def fraction(self) -> float | None:
        """Share that is done, if the step counts."""
        done, total = self.done, self.total  # a report may change them meanwhile
        return min(done / total, 1.0) if done is not None and total else None

    def cells(self) -> tuple[str, str, str, str, str]:
        """What, progress, elapsed, rest, memory."""
        elapsed = time.monotonic() - self.started
        fraction = self.fraction
        share = f"{fraction:4.0%}" if fraction is not None else ""
        memory = f"{self.memory_mb} MiB" if self.memory_mb else ""
        return inline(self.title), inline(f"{share} {self.text}".strip()), clock(elapsed), self._left(), memory

    def _left(self) -> str:
        """The time left at the pace since the first report, once a fiftieth of the step was done since."""
        fraction = self.fraction
        if fraction is None or self.counted_from is None:
            return ""
        since, first = self.counted_from
        done = fraction - first
        return f"{clock((time.monotonic() - since) / done * (1 - fraction))} left" if done > 0.02 else ""


def clock(seconds: float) -> str:
    """Seconds as m:ss or h:mm:ss."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Display:
    """Shared by all steps of one run; safe for threads."""

    def __init__(self, console: Console | None = None) -> None:
        """Draw on `console`, standard error unless given: results on standard output stay clean."""
        self.console = console or Console(stderr=True, highlight=False, soft_wrap=True, quiet=hushed())
        self.lines: list[Line] = []
        self.lock = threading.RLock()
        self.live: Live | None = None
        self.closed = False

    def start(self, title: str) -> Line:
        """Add a step."""
        line = Line(title)
        with self.lock:
            self.lines.append(line)
            if self.console.is_terminal and self.live is None and not self.closed:
                self.live = Live(console=self.console, refresh_per_second=4, get_renderable=self._table, transient=True)
                self.live.start()
            elif not self.console.is_terminal:
                self.say(f"{title} ...")
        return line

    def update(self, line: Line, message: dict[str, Any]) -> None:
        """Take a report over; on a pipe print a line every ten seconds. What a step says is printed at once."""
        with self.lock:
            if "say" in message:
                self.say(f"{line.title}: {message['say']}")
            line.update(message)
            if self.live is None and time.monotonic() - line.printed >= PLAIN_EVERY_S:
                line.printed = time.monotonic()
                self.say("  " + "  ".join(filter(None, line.cells())))

    def finish(self, line: Line, verdict: str) -> None:
        """Remove a step and say how it ended."""
        with self.lock:
            self.lines.remove(line)
            if not self.lines and self.live is not None:
                self.live.stop()
                self.live = None
            self.say(f"{line.title}: {verdict} ({clock(time.monotonic() - line.started)})")

    def close(self) -> None:
        """Give the terminal back after an interrupt, and be silent: steps that wind up have been told of already."""
        with self.lock:
            self.closed = True
            if self.live is not None:
                self.live.stop()
                self.live = None

    def say(self, text: str) -> None:
        """One line of text above the live lines."""
        with self.lock:
            if self.closed:
                return
            self.console.print("\n  ".join(map(inline, text.split("\n"))), markup=False)
            if not self.console.is_terminal:
                sys.stderr.flush()

    def _table(self) -> Table:
        """Called with rich's own lock held, and we call rich with ours held: taking ours here could deadlock."""
        table = Table.grid(padding=(0, 2))
        for line in tuple(self.lines):
            table.add_row(*map(Text, line.cells()))
        return table
