"""Load on servers that answer one query at a time: callers who wait for their answer, or arrivals that do not.

Queries wait in one queue, first come, first served, for whichever server is idle. The same loop drives processes and,
in tests, servers of a known service time on a clock of their own.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol


class Servers(Protocol):
    """Servers of one kind; all times are seconds of their clock."""

    @property
    def count(self) -> int:
        """How many there are; they are numbered from 0."""

    def now(self) -> float:
        """The time."""

    def start(self, server: int, query: int) -> None:
        """Give an idle server a query, as its number."""

    def wait(self, until: float | None) -> list[tuple[int, float]]:
        """Servers that have finished with when they had, as soon as there is one; none where `until` came before."""


@dataclass(frozen=True, slots=True)
class Call:
    """One answered query, in seconds of the servers' clock.

    due: when it was asked, or should have been asked by its schedule, busy or not. Latency counts from there, or a
    server that stalls would delay the very questions that would have shown it ("coordinated omission"; source: G. Tene,
    How NOT to Measure Latency, and the README of wrk2, https://github.com/giltene/wrk2).
    """

    due: float
    started: float
    finished: float

    @property
    def latency(self) -> float:
        """Seconds from when it was due to its answer."""
        return self.finished - self.due

    @property
    def service(self) -> float:
        """Seconds that a server was busy with it."""
        return self.finished - self.started


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load: calls in the order in which they were due; how many never got an answer."""

    calls: tuple[Call, ...]
    unanswered: int = 0


def poisson_arrivals(rate: float, seconds: float, seed: int) -> list[float]:
    """Times from 0 of a Poisson process of `rate` a second, ascending, below `seconds`."""
    draw, found, at = random.Random(seed), [], 0.0
    while (at := at + draw.expovariate(rate)) < seconds:
        found.append(at)
    return found


def open_loop(servers: Servers, arrivals: Sequence[float], give_up_s: float) -> Load:
    """Ask at `arrivals`, seconds from now, whoever is still waiting; all are answered before this returns.

    Where the first in the queue has waited `give_up_s`, the queue only grows: those who wait there, and all who would
    come, are unanswered.
    """
    begin = servers.now()
    return _drive(servers, [begin + at for at in arrivals], lambda finished: None, give_up_s)


def closed_loop(servers: Servers, callers: int, seconds: float) -> Load:
    """As many callers as said, each of whom asks again as soon as it has its answer, until `seconds` are over."""
    begin = servers.now()
    return _drive(servers, [begin] * callers, lambda finished: finished if finished < begin + seconds else None)


def _drive(
    servers: Servers,
    due: list[float],
    again: Callable[[float], float | None],
    give_up_s: float | None = None,
) -> Load:
    """Serve what is due, ascending; an answer at a time makes another query due where `again` says when."""
    idle, asked = list(range(servers.count)), count()
    calls: list[Call] = []
    busy: dict[int, tuple[float, float]] = {}
    while due or busy:
        now = servers.now()
        if give_up_s is not None and due and now - due[0] > give_up_s:
            calls += _drained(servers, busy)
            return Load(tuple(sorted(calls, key=lambda call: call.due)), len(due))
        while idle and due and due[0] <= now:
            server = idle.pop(0)
            busy[server] = (heapq.heappop(due), now)
            servers.start(server, next(asked))
        for server, finished in servers.wait(due[0] if idle and due else None):
            calls.append(Call(*busy.pop(server), finished))
            idle.append(server)
            if (next_due := again(finished)) is not None:
                heapq.heappush(due, next_due)
    return Load(tuple(sorted(calls, key=lambda call: call.due)))


def _drained(servers: Servers, busy: dict[int, tuple[float, float]]) -> Iterator[Call]:
    """What the servers still work at."""
    while busy:
        for server, finished in servers.wait(None):
            yield Call(*busy.pop(server), finished)
