"""One step at a time: two drivers of a cluster that want the same one.

A lease is held while its owner's heartbeats come. All are kept by one process of the cluster, so taking over one that
has lapsed has no race.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LAPSES_S = 20.0
BEAT_S = 5.0


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
    take: Callable[[], str | None],
    give_back: Callable[[], object],
    waiting: Callable[[str], None],
    beat_s: float = BEAT_S,
) -> Iterator[None]:
    """Hold a lease, once whoever has it lets go or falls silent; `waiting` is told once who that is."""
    ended = threading.Event()
    holder, told = take(), False
    while holder is not None:
        if not told:
            waiting(holder)
            told = True
        time.sleep(min(beat_s, 1.0))
        holder = take()
    beating = threading.Thread(target=_beat, args=(take, ended, beat_s), daemon=True)
    beating.start()
    try:
        yield
    finally:
        ended.set()
        beating.join()
        give_back()


def _beat(take: Callable[[], str | None], ended: threading.Event, beat_s: float) -> None:
    while not ended.wait(beat_s):
        take()
