"""The artifacts of a registry, each checked when it is asked for: a file of 10,000 rows opens in less than a second.

A file in the committed form (`zoosmith.common.canonical.pretty`) is read entry by entry, by its indentation: a line
that begins with four spaces and `}` can only end an entry, since strings of JSON hold no line breaks. Each entry is
parsed by itself, and all between them is compared byte by byte, so the file is what a parser of the whole would find.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from zoosmith.common import safe
from zoosmith.contract.errors import ZooError
from zoosmith.publish.entries import Entries
from zoosmith.records.brief import Brief

HEAD, TAIL = b'{\n  "artifacts": {', b'\n  },\n  "schema": 2\n}\n'
BEGIN, END = b'\n    "', b"\n    }"
BLOCK = 1 << 20
MAX_ENTRY = 4 << 20  # bytes of one entry; in a file with a larger one the values are counted first


class Source(Protocol):
    """Bytes that do not change while they are read."""

    @property
    def size(self) -> int:
        """Bytes in all."""

    def read(self, start: int, size: int) -> bytes:
        """`size` bytes from `start` on, fewer at the end."""


class FileSource:
    """A regular file, held open: one that takes its place later is another file."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises OSError, and ZooError for what is no file."""
        self.handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        found = os.fstat(self.handle)
        if not stat.S_ISREG(found.st_mode):
            raise ZooError(f"{path} is no regular file; give the folder or URL of a registry")
        self.size = found.st_size

    def read(self, start: int, size: int) -> bytes:
        """See Source."""
        return os.pread(self.handle, size, start)

    def __del__(self) -> None:
        """Close it."""
        if hasattr(self, "handle"):
            os.close(self.handle)


class BytesSource:
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        """Hold them."""
        self.data, self.size = data, len(data)

    def read(self, start: int, size: int) -> bytes:
        """See Source."""
        return self.data[start : start + size]


class Place(NamedTuple):
    """Where an entry stands in the file, and what lists show of it; None where it is damaged."""

    start: int
    size: int
    brief: Brief | None


class Shelf(Entries):
    """Entries by name, each read when it is asked for. Raises DamagedEntry for one that is damaged."""

    def __init__(self, source: Source, places: dict[str, Place], what: str, cure: str = "") -> None:
        """Entries of `source`, which is called `what` in messages; `cure` is what mends a damaged one."""
        self.source, self.places, self.what, self.cure = source, places, what, cure

    def told(self, name: str) -> dict[str, Any]:
        """See Entries."""
        place = self.places[name]
        text = b"{" + self.source.read(place.start, place.size) + b"}"
        told: dict[str, Any] = safe.parse_json(text, f"{name} in {self.what}")
        return told

    def __contains__(self, name: object) -> bool:
        """Whether it is in the file, damaged or not."""
        return name in self.places

    def __iter__(self) -> Iterator[str]:
        """Names in the order of the file."""
        return iter(self.places)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.places)

    def briefs(self) -> dict[str, Brief | None]:
        """See Entries."""
        return {name: place.brief for name, place in self.places.items()}


def shelf(source: Source, what: str, cure: str = "") -> Shelf | None:
    """The entries of a registry in the committed form; None where it is not in that form, or not JSON."""
    if not source.read(0, len(HEAD)).startswith(HEAD):
        return None
    from pydantic_core import from_json

    from zoosmith.records.brief_made import of_json

    places: dict[str, Place] = {}
    try:
        for start, piece in _pieces(source):
            told = from_json(b"{" + piece + b"}", allow_inf_nan=False, cache_strings="keys")
            if len(told) != 1 or (name := next(iter(told))) in places:
                return None
            places[name] = Place(start, len(piece), of_json(told[name]))
    except ValueError:
        return None
    return Shelf(source, places, what, cure)


def _pieces(source: Source) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes) of each entry. Raises ValueError where the file has another form."""
    at, data = 0, source.read(0, BLOCK)
    if not data.startswith(HEAD + BEGIN):
        raise ValueError("another form")
    position = len(HEAD)
    while True:
        end = data.find(END, position)
        while end < 0 or end + len(END) + len(TAIL) > len(data):  # what follows must be here too
            at, data, position = at + position, data[position:], 0
            more = source.read(at + len(data), BLOCK)
            if (not more and end < 0) or len(data) > MAX_ENTRY:
                raise ValueError("no end")
            data += more
            end = data.find(END, position)
            if not more:
                break
        stop = end + len(END)
        if end < 0 or not data.startswith(BEGIN, position):
            raise ValueError("another form")
        yield at + position + 1, data[position + 1 : stop]
        if data.startswith(TAIL, stop) and at + stop + len(TAIL) == source.size:
            return
        if not data.startswith(b",", stop):
            raise ValueError("another form")
        position = stop + 1
