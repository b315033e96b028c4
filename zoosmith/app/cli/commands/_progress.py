"""Progress of what is counted: live on a terminal, a plain line now and then on a pipe; nothing in the first 2 s."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

from zoosmith.common.text import hushed, inline, show
from zoosmith.common.units import sized

if TYPE_CHECKING:
    from rich.live import Live

QUIET_S = 2.0
PLAIN_EVERY_S = 10.0
LIVE_EVERY_S = 0.2


class Progress:
    """Safe for threads. `close()` gives the terminal back."""

    def __init__(self, unit: str = "") -> None:
        """Nothing is shown yet. unit: of what is counted, bytes unless it is given."""
        self.unit = unit
        self.lock = threading.Lock()
        self.live = sys.stderr.isatty()
        self.bar: Live | None = None
        self.begin("", 0)

    def begin(self, what: str, total: int) -> None:
        """Count from zero for `what`."""
        self.close()
        self.what, self.total, self.done = what, total, 0
        self.started = time.monotonic()
        self.next = self.started + QUIET_S

    def won(self, count: int) -> None:
        """Add to what is done; show it when it is time."""
        with self.lock:
            self.done += count
            now = time.monotonic()
            if now >= self.next:
                self.next = now + (LIVE_EVERY_S if self.live else PLAIN_EVERY_S)
                self._show(now - self.started)

    def say(self, text: str) -> None:
        """One line of text."""
        show(text, to=sys.stderr)
        sys.stderr.flush()

    def close(self) -> None:
        """End the live line."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None

    def _show(self, elapsed: float) -> None:
        if hushed():
            return
        speed = self.done / elapsed
        left = f"{(self.total - self.done) / speed:.0f} s left" if speed > 0 else ""
        share = self.done / max(self.total, 1)
        text = f"{self.what}  {share:4.0%}  {self._told(self.done)} of {self._told(self.total)}"
        text += f"  {self._told(speed)}/s  {left}"
        if self.live:
            self._update(text)
        else:
            self.say(text)

    def _told(self, amount: float) -> str:
        if not self.unit:
            return sized(amount)
        return f"{amount:,.0f} {self.unit}" if amount >= 10 else f"{amount:.1f} {self.unit}"

    def _update(self, text: str) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        if self.bar is None:
            self.bar = Live(console=Console(stderr=True), transient=True, auto_refresh=False)
            self.bar.start()
        self.bar.update(Text(inline(text), no_wrap=True, overflow="ellipsis"), refresh=True)
