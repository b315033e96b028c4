"""Files inside what somebody carried here, a bundle or an image: a location that never leads out of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zoosmith.common import safe
from zoosmith.contract.errors import ZooError

if TYPE_CHECKING:
    from zoosmith.publish.shelf import Source
    from zoosmith.transfer.locations import Stream
    from zoosmith.transfer.retry import RetryPolicy

CHUNK = 1 << 20


@dataclass(frozen=True)
class Part:
    """`size` bytes of another source, from `start` on."""

    source: Source
    start: int
    size: int

    def __call__(self) -> Source:
        """Itself, for who opens it."""
        return self

    def read(self, start: int, size: int) -> bytes:
        """See Source."""
        return self.source.read(self.start + start, max(0, min(size, self.size - start)))


@dataclass
class SourceStream:
    """The bytes of a source from `start` on; `total` is its size."""

    source: Source
    start: int
    total: int | None
    at: int

    def read(self, most: int) -> bytes:
        """The next bytes, at most so many; none at the end."""
        data = self.source.read(self.at, most)
        self.at += len(data)
        return data

    def close(self) -> None:
        """Nothing: the source closes itself with its last reader."""


@dataclass(frozen=True)
class Packed:
    """Files by path, each opened when it is read, and the SHA-256 that each should have.

    what: the file or folder, for messages. asked: the versions that the whole was made for. inside: the folder, with a
    final '/', that paths are looked for in.
    """

    files: Mapping[str, Callable[[], Source]]
    digests: Mapping[str, str]
    what: str
    asked: tuple[str, ...] = ()
    inside: str = ""

    def open(self, path: str, start: int, retry: RetryPolicy) -> Stream:
        """See Location. Raises ZooError for a path that is not in it."""
        at = f"{self.inside}{safe.path(path)}"
        if at not in self.files:
            raise ZooError(f"{self.what} holds no {at!r}")
        source = self.files[at]()
        start = start if start <= source.size else 0
        return SourceStream(source, start, source.size, start)

    def below(self, location: str) -> Packed:
        """The folder that a row names. Raises ZooError for a URL, and for a path that leaves it."""
        return replace(self, inside=f"{safe.path(location.rstrip('/'))}/")

    def wrong(self) -> list[str]:
        """Paths of files that are not what they should be; all of them are read."""
        return [path for path, digest in self.digests.items() if sha256_of(self.files[path]()) != digest]


def sha256_of(source: Source) -> str:
    """SHA-256 of all bytes, 64 hex digits."""
    found, at = hashlib.sha256(), 0
    while data := source.read(at, CHUNK):
        found.update(data)
        at += len(data)
    return found.hexdigest()
