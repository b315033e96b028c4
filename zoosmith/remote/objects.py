"""What keeps bytes under names: the little that a cache asks of a bucket, a folder or a web server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, Protocol

from zoosmith.transfer.locations import Location


class Listed(NamedTuple):
    """An object: its name, size in bytes, and when it was written (with a time zone)."""

    name: str
    size: int
    changed: datetime


class Objects(Location, Protocol):
    """Named bytes. Every method raises CacheFault; `open` raises TransientError too, for another try."""

    def size(self, name: str) -> int | None:
        """Bytes of an object; None if it is not there."""

    def read(self, name: str, limit: int) -> bytes | None:
        """An object of at most `limit` bytes; None if it is not there."""

    def create(self, name: str, data: bytes, *, again: bool = False) -> bool:
        """Write an object in one step; False if there is one, which stays unless `again`."""

    def send(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a large object from its chunks: nothing is seen of it if the iterator raises."""

    def listed(self, prefix: str) -> Iterator[Listed]:
        """The objects below a prefix."""

    def delete(self, name: str) -> None:
        """Remove an object; it need not be there."""
