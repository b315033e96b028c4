"""One step at a time: two drivers of a cluster that want the same one.

A lease is held while its owner's heartbeats come. All are kept by one process of the cluster, so taking over one that
has lapsed has no race.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

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

    def keep(self, keys: Iterable[str], owner: str) -> None:
        """Keep what the owner has."""
        for key in keys:
            self.take(key, owner)

    def give_back(self, key: str, owner: str) -> None:
        """End a lease, if it is the owner's."""
        if self._held.get(key, ("", 0.0))[0] == owner:
            del self._held[key]


class Keeper:
    """Heartbeats of all leases of one driver: one call a beat, however many steps are under way."""

    def __init__(self, send: Callable[[list[str]], Any], hear: Callable[[Any], object], beat_s: float = BEAT_S) -> None:
        """Nothing is held. send: begins a call that keeps these; hear: waits for its end."""
        self.send = send
        self.hear = hear
        self.beat_s = beat_s
        self._keys: set[str] = set()
        self._lock, self._talking = threading.Lock(), threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def kept(self, key: str) -> Iterator[None]:
        """Keep a lease; no call that does so begins after this has ended, and with the last lease all have ended.

        A thread that still waits for Ray when the process ends would have Ray end it with an error.
        """
        with self._lock:
            self._keys.add(key)
            if not self._thread:
                self._thread = threading.Thread(target=self._beat, daemon=True, name="leases")
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard(key)
                last = not self._keys
            if last:
                with self._talking:
                    pass

    def _beat(self) -> None:
        while True:
            time.sleep(self.beat_s)
            with self._talking:
                with self._lock:
                    sent = self.send(sorted(self._keys)) if self._keys else None
                if sent is not None:
                    self.hear(sent)


@contextmanager
def held(
    take: Callable[[], str | None],
    give_back: Callable[[], object],
    waiting: Callable[[str], None],
    pause_s: float = 1.0,
) -> Iterator[None]:
    """Hold a lease, once whoever has it lets go or falls silent; `waiting` is told once who that is."""
    holder, told = take(), False
    while holder is not None:
        if not told:
            waiting(holder)
            told = True
        time.sleep(pause_s)
        holder = take()
    try:
        yield
    finally:
        give_back()
