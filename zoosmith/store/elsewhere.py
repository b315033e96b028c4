"""What brings the files of a tree that were left in a cache; the store itself asks no network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from zoosmith.store.store import Entry, Store

Tell = Callable[[int], None]
"""Called with the number of bytes received; negative if bytes turned out wrong."""


def untold(count: int) -> None:
    """Tells nobody."""


class Elsewhere(Protocol):
    """The caches that a zoo reads."""

    def serves(self, place: str) -> bool:
        """Whether the zoo reads the cache at this URL."""

    def bring(self, store: Store, place: str, entries: Sequence[Entry], tell: Tell = untold) -> bool:
        """Put these files into the store, each hashed on its way; False where the cache has not all of them.

        Raises ZooError where it cannot be asked now.
        """
