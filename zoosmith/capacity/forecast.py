"""A queue that is simulated with service times that were measured: which rate to try first.

It is a guess that saves trials, never a figure that is told: service times of real servers depend on each other, on the
load, and on whoever else is at work.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Sequence

from zoosmith.capacity.load import open_loop, poisson_arrivals
from zoosmith.stats.dependent import quantile

CALLS = 2_000
STEPS = 8


class Simulated:
    """Servers on a clock of their own, which stands still while nothing happens."""

    def __init__(self, count: int, service: Callable[[], float]) -> None:
        """`service()` is how many seconds the next query takes."""
        self.count = count
        self.service = service
        self.clock = 0.0
        self._busy: list[tuple[float, int]] = []

    def now(self) -> float:
        """The time."""
        return self.clock

    def start(self, server: int, query: int) -> None:
        """It is busy from now on."""
        heapq.heappush(self._busy, (self.clock + self.service(), server))

    def wait(self, until: float | None) -> list[tuple[int, float]]:
        """The next to finish, or nobody and the clock at `until`."""
        if self._busy and (until is None or self._busy[0][0] <= until):
            self.clock, server = heapq.heappop(self._busy)
            return [(server, self.clock)]
        if until is None:
            raise ValueError("nobody is at work, so waiting has no end")
        self.clock = max(self.clock, until)
        return []


def likely_rate(services: Sequence[float], servers: int, limit_s: float, share: float, seed: int) -> float:
    """The rate a second at which `share` of the queries would be answered within `limit_s`; 0 where none would.

    services: seconds that calls took, drawn from at random.
    """
    low, high = 0.0, servers * len(services) / sum(services)
    for _ in range(STEPS):
        rate = (low + high) / 2.0
        fits = quantile(_latencies(services, servers, rate, seed), share) <= limit_s
        low, high = (rate, high) if fits else (low, rate)
    return low


def _latencies(services: Sequence[float], servers: int, rate: float, seed: int) -> list[float]:
    draw = random.Random(seed)
    simulated = Simulated(servers, lambda: draw.choice(services))
    load = open_loop(simulated, [0.0, *poisson_arrivals(rate, CALLS / rate, seed)], math.inf)
    return [call.latency for call in load.calls]
