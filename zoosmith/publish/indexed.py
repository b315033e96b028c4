"""Reading a registry of many files: what lists show at once, an entry when it is asked for.

Objects never change, so each is fetched once and kept in the cache under its SHA-256; what lists show is kept whole in
one file of the cache, for the root that it was read at, so that it is there at once until the registry changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from pydantic_core import from_json

from zoosmith.common.canonical import canonical, digest
from zoosmith.contract.errors import ZooError
from zoosmith.publish import objects
from zoosmith.publish.entries import DamagedEntry, Entries
from zoosmith.publish.objects import MAX_OBJECT, Root, path_of
from zoosmith.records.brief import Brief, of_entry
from zoosmith.records.registry import Entry
from zoosmith.store.files import write_atomic
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.http import RetryPolicy, TransientError
from zoosmith.transfer.locations import Location, Web

THREADS = 8
CHUNK = 1 << 16
TUPLES = [Brief._fields.index(name) for name in ("base", "heads")]


class Indexed(Entries):
    """Entries by name. Raises DamagedEntry for one whose objects are not what the index says."""

    def __init__(self, root: Root, location: Location, cache: Cache, what: str, cure: str, retry: RetryPolicy) -> None:
        """Entries of the registry whose folder is `location`; `what` is its URL, for messages."""
        self.root, self.location, self.cache, self.retry = root, location, cache, retry
        self.what, self.cure = what, cure
        self._lines: dict[str, Any] | None = None
        self._looked_at = False

    @property
    def mark(self) -> str:
        """What stands for all of it: the digest of the index in registry.json."""
        return digest(dict(self.root.index))

    def read(self, sha256: str) -> bytes:
        """An object's bytes, from the cache or from the registry. Raises ZooError."""
        kept = self.cache.file(sha256)
        with suppress(OSError):
            data = kept.read_bytes()
            if hashlib.sha256(data).hexdigest() == sha256:
                return data
        data = self.retry.until_done(lambda: self._fetched(sha256))
        objects.parsed(data, sha256)
        if isinstance(self.location, Web):
            with suppress(OSError):  # a full disk costs only later reads
                write_atomic(kept, data)
        return data

    def _fetched(self, sha256: str) -> bytes:
        stream, data = self.location.open(path_of(sha256), 0, self.retry), b""
        try:
            while more := stream.read(CHUNK):
                data += more
                if len(data) > MAX_OBJECT:
                    raise ZooError(f"{path_of(sha256)} is longer than {MAX_OBJECT >> 20} MiB, so it is not read")
        finally:
            stream.close()
        if stream.total is not None and len(data) < stream.total:
            raise TransientError(f"{path_of(sha256)} was cut off")
        return data

    def _object(self, sha256: str) -> dict[str, Any]:
        return objects.parsed(self.read(sha256), sha256)

    @property
    def lines(self) -> dict[str, Any]:
        """The line of each name: its entry's object and its brief."""
        if self._lines is None:
            self._lines = self._kept() or self._gathered()
        return self._lines

    def _kept(self) -> dict[str, Any] | None:
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            told = from_json(self.cache.briefs(self.what).read_bytes(), cache_strings="keys")
            if told["mark"] == self.mark and isinstance(told["lines"], dict):
                lines: dict[str, Any] = told["lines"]
                self._looked_at = True
                return lines
        return None

    def _gathered(self) -> dict[str, Any]:
        """All leaves, several at once; kept for the next time. Raises ZooError where one is damaged."""
        with ThreadPoolExecutor(THREADS) as pool:
            branches = list(pool.map(self._object, self.root.index.values()))
            leaves = pool.map(self._object, [each for told in branches for each in told.values()])
            lines = {name: line for leaf in leaves for name, line in leaf.items()}
        lines = dict(sorted(lines.items()))
        looked_at = {
            name: line if objects.brief_of(line) else {"entry": "", "brief": None} for name, line in lines.items()
        }
        with suppress(OSError):
            write_atomic(self.cache.briefs(self.what), canonical({"mark": self.mark, "lines": looked_at}))
        return lines

    def told(self, name: str) -> dict[str, Any]:
        """See Entries."""
        return {name: objects.entry_of(self.read, self.lines[name])}

    def __getitem__(self, name: str) -> Entry:
        """Read and check one entry; it must be what the index shows of it."""
        entry = super().__getitem__(name)
        if objects.brief_of(self.lines[name]) != of_entry(entry):  # also where it is a kept one
            raise DamagedEntry(
                f"{self.what}: the index shows {name} otherwise than its entry does\n{self.cure}".strip()
            )
        return entry

    def briefs(self) -> dict[str, Brief | None]:
        """See Entries. Kept lines were looked at when they were gathered: to do so for thousands takes a while."""
        lines = self.lines
        if self._looked_at:
            return {name: _brief(line["brief"]) if line["brief"] else None for name, line in lines.items()}
        return {name: objects.brief_of(line) for name, line in lines.items()}

    def __iter__(self) -> Iterator[str]:
        """Names, sorted."""
        return iter(self.lines)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.lines)

    def __contains__(self, name: object) -> bool:
        """Whether it is in the index."""
        return name in self.lines


def _brief(told: list[Any]) -> Brief:
    """The brief of a line that was looked at before; JSON has no tuples."""
    for place in TUPLES:
        told[place] = tuple(told[place])
    return Brief(*told)
