"""Reading a registry of many files: what lists show at once, an entry when it is asked for.

Objects never change, so each is fetched once and kept in the cache under its SHA-256; what lists show is kept whole in
one file of the cache (`zoosmith.publish.kept`), so that it is there at once until the registry changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from zoosmith.common.canonical import digest
from zoosmith.contract.errors import ZooError
from zoosmith.publish import kept, objects
from zoosmith.publish.entries import DamagedEntry, Entries
from zoosmith.publish.kept import Lines
from zoosmith.publish.objects import MAX_OBJECT, Root, path_of
from zoosmith.records.brief import Brief
from zoosmith.store import heal
from zoosmith.store.files import write_atomic
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.retry import RetryPolicy, TransientError

if TYPE_CHECKING:
    from zoosmith.records.registry import Entry
    from zoosmith.transfer.locations import Location

THREADS = 8
CHUNK = 1 << 16


class Indexed(Entries):
    """Entries by name. Raises DamagedEntry for one whose objects are not what the index says."""

    def __init__(self, root: Root, what: str, cache: Cache, cure: str, retry: RetryPolicy) -> None:
        """Entries of the registry whose folder has the URL `what`."""
        self.root, self.what, self.cache, self.cure, self.retry = root, what, cache, cure, retry

    @cached_property
    def location(self) -> Location:
        """Where its objects lie."""
        from zoosmith.transfer import locations

        return locations.within(self.what, "")

    @property
    def mark(self) -> str:
        """What stands for all of it: the digest of the index in registry.json."""
        return digest(dict(self.root.index))

    def read(self, sha256: str) -> bytes:
        """An object's bytes, from the cache or from the registry. Raises ZooError."""
        kept = self.cache.file(objects.required(sha256))
        with suppress(OSError):
            data = heal.read_regular(kept) or b""
            if hashlib.sha256(data).hexdigest() == sha256:
                return data
        data = self.retry.until_done(lambda: self._fetched(sha256))
        objects.parsed(data, sha256)
        if not self.what.startswith("file:"):
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

    @cached_property
    def lines(self) -> Lines:
        """The line of each name: its entry's object and its brief."""
        return kept.read(self.cache.briefs(self.what), self.mark) or self._gathered()

    def _gathered(self) -> Lines:
        """All leaves, several at once; kept for the next time. Raises ZooError where one is damaged."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(THREADS) as pool:
            branches = list(pool.map(self._object, self.root.index.values()))
            leaves = pool.map(self._object, [each for told in branches for each in told.values()])
            lines = Lines.of({name: line for leaf in leaves for name, line in leaf.items()})
        kept.write(self.cache.briefs(self.what), self.mark, lines)
        return lines

    def told(self, name: str) -> dict[str, Any]:
        """See Entries."""
        return {name: objects.entry_of(self.read, self.lines[name])}

    def __getitem__(self, name: str) -> Entry:
        """Read and check one entry; it must be what the index shows of it."""
        from zoosmith.records.brief_made import of_entry

        entry = super().__getitem__(name)
        if self.lines.brief(name) != of_entry(entry):  # also where it is a kept one
            raise DamagedEntry(
                f"{self.what}: the index shows {name} otherwise than its entry does\n{self.cure}".strip()
            )
        return entry

    def briefs(self) -> dict[str, Brief | None]:
        """See Entries."""
        return self.lines.briefs(self.lines)

    def holding(self, words: Iterable[str]) -> dict[str, Brief | None]:
        """See Entries."""
        return self.lines.briefs(self.lines.holding(words))

    def left_out(self) -> list[str]:
        """See Entries."""
        return self.lines.left_out

    def __iter__(self) -> Iterator[str]:
        """Names, sorted."""
        return iter(self.lines)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.lines)

    def __contains__(self, name: object) -> bool:
        """Whether it is in the index."""
        return name in self.lines
