"""One step at a time: two drivers of a cluster that want the same one.

A lease is held while its owner's heartbeats come. It lives in one process of the cluster, so taking over one that has
lapsed has no race.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LAPSES_S = 20.0


class Leases:
    """Who works on what, by key."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody holds anything."""
        self.clock = clock
        self._held: dict[str, tuple[str, float]] = {}

    def take(self, key: str, owner: str) -> str | None:
        """Take or keep a lease; None where `owner` has it now, else who does."""
        holder, until = self._held.get(key, (owner, 0.0))
        if holder != owner and until > self.clock():
            return holder
        self._held[key] = (owner, self.clock() + LAPSES_S)
        return None

    def give_back(self, key: str, owner: str) -> None:
        """End a lease, if it is the owner's."""
        if self._held.get(key, ("", 0.0))[0] == owner:
            del self._held[key]


@contextmanager
def held(
    take: Callable[[], str | None], give_back: Callable[[], None], waiting: Callable[[str], None], pause_s: float = 1.0
) -> Iterator[None]:
    """Hold a lease, once whoever has it lets go or falls silent; `waiting` is told once who that is."""
    told = False
    while (holder := take()) is not None:
        if not told:
            waiting(holder)
            told = True
        time.sleep(pause_s)
    try:
        yield
    finally:
        give_back()
