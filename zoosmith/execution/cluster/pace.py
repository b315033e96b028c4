"""How often a step on a node tells how it gets on: the driver hears all steps of the cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

OFTEN_S = 0.5
RARELY_S = 30.0
NODES_A_SECOND = 100


def pace_s(nodes: int) -> float:
    """Seconds between two reports of a step in a cluster of so many nodes."""
    return min(RARELY_S, max(OFTEN_S, nodes / NODES_A_SECOND))


class Paced:
    """The last state of a step, every so often; the first one at once."""

    def __init__(self, every_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is known yet."""
        self.every_s = every_s
        self.clock = clock
        self._state: dict[str, Any] = {}
        self._next = float("-inf")

    def add(self, report: dict[str, Any]) -> None:
        """Take over what has changed."""
        self._state |= report

    def due(self) -> dict[str, Any] | None:
        """What to tell now; None where there is nothing new, or it was told a moment ago."""
        if not self._state or self.clock() < self._next:
            return None
        self._next = self.clock() + self.every_s
        told, self._state = self._state, {}
        return told
