"""A bucket with faults, and two machines that share it: stores in folders of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import s3
from tests.support.s3 import bucket
from zoosmith.remote.caches import Caches
from zoosmith.remote.config import CacheConfig
from zoosmith.store.store import ActionResult, Store

__all__ = ["bucket"]

HOST = {"id": "far-away-2c-8g-abcdef"}


class Machine:
    """A store with caches, and what was warned of."""

    def __init__(self, root: Path, *configs: CacheConfig) -> None:
        self.store, self.warned = Store(root), list[str]()
        self.caches = Caches(configs, self.store, HOST, self.warned.append)

    def build(self, made: dict[str, bytes], /, **inputs: Any) -> ActionResult:
        """What a step of these inputs leaves in the store."""
        from zoosmith.common.canonical import digest

        staging = self.store.folder("work") / "out"
        for name, data in made.items():
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
            (staging / name).write_bytes(data)
        about = {"name": "toy/write", "seconds": 1.0}
        record = ActionResult(digest(inputs), inputs, self.store.add_tree(staging), about)
        self.store.record(record)
        return record

    def fetched(self, key: str) -> ActionResult | None:
        """What the caches bring of an action."""
        found = self.caches.find(key)
        return self.caches.fetch(found) if found else None


Config = Callable[..., CacheConfig]


@pytest.fixture
def config(bucket: s3.S3) -> Config:
    """The configuration of the bucket, with a short patience."""

    def made(**changed: Any) -> CacheConfig:
        about = {"name": "team", "url": "s3://zoo/cache", "write": True, "trust": "any", "timeout_s": 1.0}
        return CacheConfig(**(about | {"endpoint": bucket.url} | changed))

    return made


@pytest.fixture
def ours(config: Config, tmp_path: Path) -> Machine:
    """The machine that builds and sends."""
    return Machine(tmp_path / "ours", config())


@pytest.fixture
def theirs(config: Config, tmp_path: Path) -> Machine:
    """A machine with an empty store."""
    return Machine(tmp_path / "theirs", config())
