"""How often and how long what failed is tried again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from zoosmith.contract.errors import ZooError

T = TypeVar("T")


class Unreachable(ZooError):
    """No answer, or only transient faults: a cached copy may be used instead."""


class TransientError(Exception):
    """A transient fault. `after`: seconds that the server asks to wait; `progressed`: new bytes of the file came."""

    def __init__(self, reason: str, after: float | None = None, progressed: bool = False) -> None:
        """Keep the reason, and what is known about when to try again."""
        super().__init__(reason)
        self.after = after
        self.progressed = progressed


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long to try again. `stop` ends all waiting.

    A server has `timeout_s` for its first byte and between bytes, and must then keep up `min_rate.MIN_BYTES_S`.
    """

    tries: int = 6
    first_s: float = 0.5
    longest_s: float = 120.0
    timeout_s: float = 30.0
    stop: threading.Event = field(default_factory=threading.Event)

    def until_done(self, attempt: Callable[[], T]) -> T:
        """What `attempt` returns, once it no longer raises TransientError. Raises ZooError after the last try."""
        failures = 0
        while True:
            try:
                return attempt()
            except TransientError as again:
                failures = 1 if again.progressed else failures + 1
                if failures >= self.tries:
                    raise Unreachable(f"{again}; gave up after {failures} tries") from None
                self._wait(failures, again)

    def _wait(self, failures: int, again: TransientError) -> None:
        if (again.after or 0) > self.longest_s:
            raise Unreachable(f"{again}; it asks to come back in {again.after:.0f} s") from None
        if self.stop.wait(max(self.first_s * 2 ** (failures - 1), again.after or 0)):
            raise ZooError("stopped")
