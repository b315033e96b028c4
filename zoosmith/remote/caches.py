"""The caches of a zoo, in order: asked for results before a step runs, given them after. None is ever needed."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.remote import trees
from zoosmith.remote.cache import Cache, Warn, opened
from zoosmith.remote.config import CacheConfig
from zoosmith.remote.origin import DOWNLOADED, HOST, SIGNED, without_way
from zoosmith.remote.stores import CacheFault, Taken, Tell, untold
from zoosmith.store import adopting, suspects
from zoosmith.store.store import ActionResult, Entry, Store


@dataclass(frozen=True)
class Found:
    """A result that a cache has: its record, the files of its tree, and who signed it, for people ("" for nobody)."""

    cache: Cache
    record: ActionResult
    entries: Sequence[Entry]
    signer: str = ""

    def missing(self, store: Store) -> list[Entry]:
        """The files that the store has not."""
        return adopting.missing(store, self.entries)

    def suspected(self, store: Store) -> bool:
        """Whether some of it was seen to be wrong, so that it is looked at before anybody relies on it."""
        return any(entry.sha256 in suspects.noted(store) for entry in self.entries)

    def size(self, store: Store) -> int:
        """Bytes that bringing it here would take."""
        return sum(entry.size for entry in self.missing(store))


class Caches:
    """Asks and feeds caches. Safe for threads; no method fails because a cache does."""

    def __init__(self, configs: Iterable[CacheConfig], store: Store, host: Mapping[str, Any], warn: Warn) -> None:
        """Over the store of this machine.

        host: what is said of the machine in results that are sent. warn: told each fault, in one line, once.
        Raises ZooError where a cache asks for keys that are not known here, or cannot be used.
        """
        self.caches = [opened(config) for config in configs]
        self.store = store
        self.host = dict(host)
        self.warn = warn
        self.refused: dict[str, str] = {}  # by key, what is not taken, and why
        self._broken: set[str] = set()  # keys of results that lack bytes somewhere, or have wrong ones
        self._lock = threading.Lock()

    def named(self, name: str) -> Cache:
        """The cache of that name. Raises ZooError for none, with the nearest."""
        known = {cache.config.name: cache for cache in self.caches}
        if name not in known:
            raise ZooError(f"no cache is called {name!r}{nearest(name, known)}; zoosmith.toml names them")
        return known[name]

    def find(self, key: str) -> Found | None:
        """The first cache's result for an action, with the list of its files; nothing of these is fetched."""
        for cache in self.caches:
            if found := cache.asked(lambda cache: self._find(cache, key), self.warn):
                self.refused.pop(key, None)
                return found
        return None

    def _find(self, cache: Cache, key: str) -> Found | None:
        self._note(key)
        taken = self._taken(cache, key)
        record = taken and taken.record
        entries = record and (self.store.tree(record.tree) or trees.listing_for(self.store, cache.blobs, record.tree))
        if record and entries:
            _require_pins(record, entries)
        if record is None or entries is not None:
            self._trust(key)
        return Found(cache, taken.record, entries, taken.signer) if taken and entries else None

    def _taken(self, cache: Cache, key: str) -> Taken | None:
        try:
            return cache.actions.get(key)
        except CacheFault as fault:
            if fault.kind == "untrusted":
                self.refused[key] = f"not taken from {cache.config.where}: {fault}"
            raise

    def fetch(self, found: Found, tell: Tell = untold) -> ActionResult | None:
        """Bring a found result into the store; None where the cache has not all of it, or fails.

        Hold `Store.kept` until it has a name. Raises OSError where this machine cannot keep it.
        """
        self._require_room(found)
        key = found.record.key
        self._note(key)
        whole = found.cache.asked(
            lambda cache: trees.fetch_files(cache.blobs, self.store, found.entries, tell), self.warn
        )
        if not whole:
            return None
        self._trust(key)
        return self._taken_over(found)

    def leave(self, found: Found) -> ActionResult | None:
        """Take a found result over and leave its files there until somebody reads them; None where it is not whole."""
        tree = found.record.tree
        self._note(found.record.key)
        whole = found.cache.asked(lambda cache: trees.lies(cache.blobs, tree, found.entries), self.warn)
        if not whole or not self.glance(found):
            return None
        self._trust(found.record.key)
        self.store.leave(tree, found.cache.config.url)
        return self._taken_over(found)

    def _taken_over(self, found: Found) -> ActionResult:
        config = found.cache.config
        came = {"name": config.name, "url": config.url, "on": datetime.now(UTC).isoformat(timespec="seconds")}
        came |= {SIGNED: found.signer} if found.signer else {}
        record = replace(found.record, provenance=found.record.provenance | {DOWNLOADED: came})
        self.store.record(record)
        return record

    def glance(self, found: Found) -> bool:
        """Bring the small files of a found result that say what it is, and the list of all; whether that went well.

        Enough to tell the keys of what would be made from it, and nothing that `Store.has` takes for the whole.
        """
        done = found.cache.asked(
            lambda cache: trees.fetch_files(
                cache.blobs, self.store, trees.telling(found.entries), listed=found.entries
            ),
            self.warn,
        )
        return bool(done)

    def _require_room(self, found: Found) -> None:
        needed, free = found.size(self.store), shutil.disk_usage(self.store.folder(".")).free
        if needed > free:
            raise OSError(28, "No space left on device", str(self.store.root))

    def send(self, record: ActionResult) -> None:
        """Give a result that was made here to every cache that takes them: files, list, then the result itself."""
        again = record.key in self._broken
        told = replace(record, provenance={HOST: self.host} | without_way(record))

        def once(cache: Cache) -> None:
            is_there = not self.store.has(record.tree) and self.store.left_at(record.tree) == cache.config.url
            if not is_there:  # else a node has just sent it
                self.store.bring(record.tree)
                trees.send(cache.blobs, self.store, record.tree, again=again)
            cache.actions.put(told, again=again)

        for cache in self.caches:
            try:
                cache.sent(once, self.warn)
            except ZooError as error:  # of damage, whoever reads it next is told too, and it is made again
                self.warn(f"not sent to cache {cache.config.where}: {error}")

    def _note(self, key: str) -> None:
        """Replace what caches have of a result when it is sent, unless it turns out to be whole."""
        with self._lock:
            self._broken.add(key)

    def _trust(self, key: str) -> None:
        with self._lock:
            self._broken.discard(key)


def _require_pins(record: ActionResult, entries: Sequence[Entry]) -> None:
    """Raise CacheFault where a fetched base has other files than its recipe pins: that takes nobody's word."""
    pinned = record.inputs.get("files") if record.inputs.get("kind") == "fetch" else None
    found = {entry.path: entry.sha256 for entry in entries}
    for name, sha256 in pinned.items() if isinstance(pinned, dict) else ():
        if found.get(name) != sha256:
            raise CacheFault("wrong", f"{name} of {record.provenance.get('name')} is not what its recipe pins")
