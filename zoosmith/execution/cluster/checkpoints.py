"""What an interrupted step left, kept where another node finds it: a lost node costs minutes, not the training.

`checkpoints/ab/<key>.json` in the cache names a tar archive of the step's scratch folder, which is a blob. Files of a
scratch are written whole and renamed, so an archive of them at any moment is one that a kill might have left.
Nodes have no key to sign with, so where only signed results are taken there are none: one that somebody else left would
decide what a training becomes.
"""

from __future__ import annotations

import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from zoosmith.common.canonical import canonical
from zoosmith.contract.errors import ZooError
from zoosmith.execution.cluster.exchange import Exchange
from zoosmith.remote.stores import CacheFault
from zoosmith.store import heal
from zoosmith.store.files import sha256_file
from zoosmith.store.store import Store

EVERY_S = 60.0
LIMIT = 4096  # bytes of what names an archive


class Checkpoints:
    """Of one step on one node. Nothing here fails the step: without a checkpoint it begins from its start."""

    def __init__(self, key: str, store: Store, exchange: Exchange) -> None:
        """Of the action with this key."""
        self.store = store
        self.exchange = exchange
        self.work = store.root / "work" / key
        self.name = f"checkpoints/{key[:2]}/{key}.json"
        self._seen: object = None

    def restore(self) -> bool:
        """Unpack what another node left, unless this one has something of its own; whether anything was."""
        scratch = self.work / "scratch"
        if self.exchange.signed or (scratch.is_dir() and any(scratch.iterdir())):
            return False
        with suppress(CacheFault, ZooError, OSError, ValueError, KeyError, TypeError, tarfile.TarError):
            found = json.loads(self.exchange.cache.objects.read(self.name, LIMIT) or b"null")
            return found is not None and self._unpacked(found["sha256"], found["size"], scratch)
        heal.clear(scratch)
        return False

    def _unpacked(self, sha256: str, size: int, scratch: Path) -> bool:
        archive = self._archive()
        if not self.exchange.cache.blobs.get(sha256, size, archive):
            return False
        heal.make_folder(scratch, self.store.root)
        with tarfile.open(archive) as packed:
            packed.extractall(scratch, filter="data")
        archive.unlink()
        self._seen = _state(scratch)
        return True

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Save now and then what the step has in its scratch meanwhile; after a good end there is nothing to keep."""
        if self.exchange.signed:
            yield
            return
        ended = threading.Event()
        saver = threading.Thread(target=self._save_until, args=(ended,), daemon=True)
        saver.start()
        try:
            yield
        finally:
            ended.set()
            saver.join()
        with suppress(CacheFault):
            self.exchange.cache.objects.delete(self.name)

    def _save_until(self, ended: threading.Event) -> None:
        while not ended.wait(EVERY_S):
            with suppress(CacheFault, ZooError, OSError):
                self.save()

    def save(self) -> bool:
        """Send the scratch as it is now; whether anything has changed since it was last sent."""
        scratch = self.work / "scratch"
        seen = _state(scratch)
        if not seen or seen == self._seen:
            return False
        archive = self._archive()
        with tarfile.open(archive, "w") as packed:
            packed.add(scratch, arcname=".", filter=_files_alone)
        sha256, size = sha256_file(archive), archive.stat().st_size
        self.exchange.cache.blobs.put(sha256, archive)
        self.exchange.cache.objects.create(self.name, canonical({"sha256": sha256, "size": size}), again=True)
        archive.unlink()
        self._seen = seen
        return True

    def _archive(self) -> Path:
        return heal.make_folder(self.work / "checkpoint", self.store.root) / "scratch.tar"


def _files_alone(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return entry if entry.isdir() or (entry.isfile() and not entry.name.endswith(".tmp")) else None


def _state(scratch: Path) -> list[tuple[str, int, int]]:
    """Name, size and time of each file."""
    files = (path for path in sorted(scratch.rglob("*")) if path.is_file())
    return [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
