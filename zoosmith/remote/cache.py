"""One cache and its circuit breaker: what fails is told once, and not asked again in this run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from zoosmith.remote.actions import Actions
from zoosmith.remote.blobs import Blobs
from zoosmith.remote.bucket import Bucket
from zoosmith.remote.config import CacheConfig
from zoosmith.remote.objects import Objects
from zoosmith.remote.static import Static
from zoosmith.remote.stores import ActionCache, BlobStore, CacheFault
from zoosmith.remote.trust import require_key, signing, trusted, what_to_do
from zoosmith.transfer.retry import RetryPolicy

TRIES = 3
T = TypeVar("T")
Warn = Callable[[str], None]


class Cache:
    """The two stores below one URL. `reads` and `writes` say whether it is still asked, and still sent to."""

    def __init__(self, config: CacheConfig, blobs: BlobStore, actions: ActionCache, objects: Objects) -> None:
        """Of `config`."""
        self.config = config
        self.blobs, self.actions, self.objects = blobs, actions, objects
        self.reads, self.writes = config.read, config.write
        self._lock = threading.Lock()
        self._told = False  # that there is something that is not trusted

    def asked(self, ask: Callable[[Cache], T], warn: Warn) -> T | None:
        """What `ask` gives, or None after a fault, which is told to `warn` the first time."""
        try:
            return ask(self) if self.reads else None
        except CacheFault as fault:
            if fault.kind == "untrusted":
                self._tell_once(f"{fault}; {what_to_do(self.config)}", warn)
                return None
            self._shut(fault, warn, "it is asked for nothing more in this run", reads=True)
        return None

    def sent(self, send: Callable[[Cache], object], warn: Warn) -> None:
        """Send something; after a fault nothing more is sent."""
        try:
            if self.writes:
                require_key(self.config)
                send(self)
        except CacheFault as fault:
            self._shut(fault, warn, "nothing more is sent to it in this run", reads=fault.kind == "unreachable")

    def _tell_once(self, words: str, warn: Warn) -> None:
        with self._lock:
            told, self._told = self._told, True
        if not told:
            warn(f"cache {self.config.where}: {words}")

    def _shut(self, fault: CacheFault, warn: Warn, then: str, *, reads: bool) -> None:
        """One that lies is still sent what is right; one that does not answer is left alone either way."""
        with self._lock:
            before = (self.reads, self.writes)
            self.reads = self.reads and not reads
            self.writes = self.writes and reads and fault.kind == "wrong"
            if before != (self.reads, self.writes):
                warn(f"cache {self.config.where}: {fault}; {then}")


def opened(config: CacheConfig) -> Cache:
    """A cache, of which nothing is asked yet. Raises ZooError for a key that it names and that cannot be used."""
    retry = RetryPolicy(tries=TRIES, first_s=0.2, longest_s=config.timeout_s, timeout_s=config.timeout_s)
    static = config.scheme in ("http", "https") and not config.write
    objects: Objects = Static(config, retry) if static else Bucket(config)
    return Cache(config, Blobs(objects, retry), Actions(objects, trusted(config), signing(config)), objects)
