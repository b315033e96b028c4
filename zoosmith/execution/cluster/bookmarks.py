"""Which checkpoint of a step is the last, as drivers tell each other: `checkpoints/ab/<key>.json` in the cache.

Nodes have no key. They send archives, which go by their hash, and tell their driver; it signs for them, as it does for
results, and takes what the keys signed that are trusted with results. So nobody else decides what a training becomes.
"""

from __future__ import annotations

import re
from contextlib import suppress

from zoosmith.common import safe
from zoosmith.common.canonical import canonical
from zoosmith.contract.errors import ZooError
from zoosmith.execution.cluster.own_code import Archive
from zoosmith.remote.cache import opened
from zoosmith.remote.config import CacheConfig
from zoosmith.remote.stores import CacheFault
from zoosmith.remote.trust import require_key, signing, trusted

TYPE = "application/vnd.zoosmith.checkpoint+json"
LIMIT = 64 << 10  # bytes of a bookmark


class Bookmarks:
    """Of the steps of one driver. Nothing here fails a step: without a checkpoint it begins from its start."""

    def __init__(self, config: CacheConfig) -> None:
        """In a cache, with its keys. Raises ZooError for a key that cannot be used."""
        self.config = config
        self.objects = opened(config).objects
        self.trusted, self.sign = trusted(config, TYPE), signing(config, TYPE)
        self._known: dict[str, Archive] = {}

    def last(self, key: str) -> Archive | None:
        """The last checkpoint of an action, of a node of ours or one that is trusted; None for none."""
        if key not in self._known:
            with suppress(CacheFault, ZooError, KeyError, TypeError, ValueError):
                if data := self.objects.read(name_of(key), LIMIT):
                    self._known[key] = self._checked(key, data)
        return self._known.get(key)

    def keep(self, key: str, archive: Archive) -> None:
        """A node of ours has sent it; other drivers learn of it where what is sent from here counts."""
        self._known[key] = archive
        with suppress(CacheFault):
            require_key(self.config)
            told = archive._asdict() | {"signatures": self.sign(statement(key, archive))}
            self.objects.create(name_of(key), canonical(told), again=True)

    def drop(self, key: str) -> None:
        """The step is finished."""
        if self._known.pop(key, None):
            with suppress(CacheFault):
                self.objects.delete(name_of(key))

    def _checked(self, key: str, data: bytes) -> Archive:
        found = safe.parse_json(data, name_of(key))
        archive = Archive(found["sha256"], found["size"])
        if not re.fullmatch("[0-9a-f]{64}", archive.sha256) or type(archive.size) is not int or archive.size < 0:
            raise ValueError
        self.trusted(statement(key, archive), found["signatures"])
        return archive


def name_of(key: str) -> str:
    """Where the bookmark of an action lies."""
    return f"checkpoints/{key[:2]}/{key}.json"


def statement(key: str, archive: Archive) -> bytes:
    """What a signature is over."""
    return canonical({"key": key, **archive._asdict()})
