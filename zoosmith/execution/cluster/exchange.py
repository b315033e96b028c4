"""Trees between driver and nodes: through a cache of the zoo, which every machine of the cluster reaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from zoosmith.contract.errors import ZooError
from zoosmith.remote import trees
from zoosmith.remote.cache import Cache, opened
from zoosmith.remote.config import ANY, CacheConfig
from zoosmith.remote.stores import CacheFault
from zoosmith.store import suspects
from zoosmith.store.store import Store

T = TypeVar("T")


def meeting_place(caches: list[CacheConfig]) -> CacheConfig:
    """The first cache that is read and written. Raises ZooError where the zoo names none."""
    for one in caches:
        if one.read and one.write:
            return one
    raise ZooError(
        "a cluster exchanges trees through a cache that all its machines reach, and this zoo names none that is read "
        'and written; add to zoosmith.toml:\n  [[cache]]\n  url = "s3://BUCKET/zoo"\n  write = true\n  trust = "any"'
    )


def without_key(config: CacheConfig) -> CacheConfig:
    """As nodes get it: a private key stays where it is."""
    return replace(config, sign="")


class Exchange:
    """Trees by their digest. Each file is hashed on its way, so whose results are trusted matters to records alone."""

    def __init__(self, config: CacheConfig) -> None:
        """Through the cache of `config`, with the credentials of this machine's environment."""
        self.cache: Cache = opened(replace(config, trust=ANY))
        self._seen: set[str] = set()  # trees that were seen there whole

    @property
    def place(self) -> str:
        """Where trees are left."""
        return self.cache.config.url

    def send(self, tree: str, store: Store) -> int:
        """Leave a tree of `store` there, unless it is; the bytes that went. Raises ZooError."""
        is_left = not store.has(tree) and store.left_at(tree) == self.place
        if is_left and not suspects.any_of(store, tree):
            self._require(tree, store)
            return 0
        store.bring(tree)
        return self.asked(lambda: trees.send(self.cache.blobs, store, tree))

    def _require(self, tree: str, store: Store) -> None:
        """Raise CorruptStore where a tree that was left there is there no longer."""
        entries = store.tree(tree) or ()
        if tree not in self._seen and not self.asked(lambda: trees.lies(self.cache.blobs, tree, entries)):
            raise store.lost(tree)
        self._seen.add(tree)

    def receive(self, tree: str, store: Store) -> None:
        """Bring a tree into `store`, unless it is there. Raises ZooError."""
        if not store.has(tree) and not self.asked(lambda: trees.fetch(self.cache.blobs, store, tree)):
            raise self._gone(tree)

    def leave(self, tree: str, store: Store) -> None:
        """Bring what tells of a tree that a node has sent, and leave the rest of it there. Raises ZooError."""
        if store.has(tree):
            return
        entries = store.tree(tree) or self.asked(lambda: trees.listing_for(store, self.cache.blobs, tree))
        if entries is None or not self.asked(
            lambda: trees.fetch_files(self.cache.blobs, store, trees.telling(entries), listed=entries)
        ):
            raise self._gone(tree)
        store.leave(tree, self.place)

    def _gone(self, tree: str) -> ZooError:
        return ZooError(f"cache {self.cache.config.where} has tree {tree[:12]} no longer, or not whole; run it again")

    def send_blob(self, sha256: str, path: Path, store: Store) -> None:
        """Leave a file there, which replaces what is suspected. Raises ZooError."""
        self.asked(lambda: self.cache.blobs.put(sha256, path, again=sha256 in suspects.noted(store)))
        suspects.clear(store, [sha256])

    def receive_blob(self, sha256: str, size: int, path: Path, store: Store) -> None:
        """Make `path` the file with this hash. Raises ZooError."""
        if not self.asked(lambda: trees.twice(lambda: self.cache.blobs.get(sha256, size, path), sha256, store)):
            raise ZooError(f"cache {self.cache.config.where} has {sha256[:12]} no longer; run it again")

    def asked(self, ask: Callable[[], T]) -> T:
        """What the cache gives. Raises ZooError for what it does wrong: without it nothing reaches a node."""
        try:
            return ask()
        except CacheFault as fault:
            raise ZooError(
                f"cache {self.cache.config.where}: {fault}; a cluster exchanges through it what steps read and make"
            ) from None
