"""Where driver and nodes leave trees for each other."""

from __future__ import annotations

from typing import Protocol

from zoosmith.store.store import Store


class Exchange(Protocol):
    """Trees by their digest, in a place that every machine of the cluster reaches."""

    def send(self, tree: str, store: Store) -> int:
        """Leave a tree of `store` there, unless it is; the bytes that went. Raises ZooError."""

    def receive(self, tree: str, store: Store) -> int:
        """Bring a tree into `store`, unless it is there, each file hashed; the bytes that came. Raises ZooError."""


class Opener(Protocol):
    """Opens the exchange at a URL with the credentials of the machine that calls it."""

    def __call__(self, url: str) -> Exchange: ...
