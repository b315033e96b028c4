"""What an interrupted step left, kept where another node finds it: a lost node costs minutes, not the training.

It is a tar archive of the step's scratch folder, a blob in the cache; which one is the last the driver knows
(bookmarks.py). Files of a scratch are written whole and renamed, so an archive of them at any moment is one that a kill
might have left.
"""

from __future__ import annotations

import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from zoosmith.contract.errors import ZooError
from zoosmith.execution.cluster.exchange import Exchange
from zoosmith.execution.cluster.own_code import Archive
from zoosmith.remote.stores import CacheFault
from zoosmith.store import heal
from zoosmith.store.files import sha256_file
from zoosmith.store.store import Store

EVERY_S = 60.0


class Checkpoints:
    """Of one step on one node. Nothing here fails the step: without a checkpoint it begins from its start."""

    def __init__(self, key: str, store: Store, exchange: Exchange) -> None:
        """Of the action with this key."""
        self.store = store
        self.exchange = exchange
        self.work = store.root / "work" / key
        self._seen: object = None

    def restore(self, left: Archive | None) -> bool:
        """Unpack what another node left, unless this one has something of its own; whether anything was."""
        scratch = self.work / "scratch"
        if left is None or (scratch.is_dir() and any(scratch.iterdir())):
            return False
        with suppress(CacheFault, ZooError, OSError, tarfile.TarError):
            return self._unpacked(left, scratch)
        heal.clear(scratch)
        return False

    def _unpacked(self, left: Archive, scratch: Path) -> bool:
        archive = self._archive()
        if not self.exchange.cache.blobs.get(left.sha256, left.size, archive):
            return False
        heal.make_folder(scratch, self.store.root)
        with tarfile.open(archive) as packed:
            packed.extractall(scratch, filter="data")
        archive.unlink()
        self._seen = _state(scratch)
        return True

    @contextmanager
    def kept(self, tell: Callable[[Archive], None]) -> Iterator[None]:
        """Save now and then what the step has in its scratch meanwhile, and tell of each that was sent."""
        ended = threading.Event()
        saver = threading.Thread(target=self._save_until, args=(ended, tell), daemon=True)
        saver.start()
        try:
            yield
        finally:
            ended.set()
            saver.join()

    def _save_until(self, ended: threading.Event, tell: Callable[[Archive], None]) -> None:
        while not ended.wait(EVERY_S):
            with suppress(CacheFault, ZooError, OSError):
                if saved := self.save():
                    tell(saved)

    def save(self) -> Archive | None:
        """Send the scratch as it is now; None where nothing has changed since it was last sent."""
        scratch = self.work / "scratch"
        seen = _state(scratch)
        if not seen or seen == self._seen:
            return None
        archive = self._archive()
        with tarfile.open(archive, "w") as packed:
            packed.add(scratch, arcname=".", filter=_files_alone)
        saved = Archive(sha256_file(archive), archive.stat().st_size)
        self.exchange.cache.blobs.put(saved.sha256, archive)
        archive.unlink()
        self._seen = seen
        return saved

    def _archive(self) -> Path:
        return heal.make_folder(self.work / "checkpoint", self.store.root) / "scratch.tar"


def _files_alone(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return entry if entry.isdir() or (entry.isfile() and not entry.name.endswith(".tmp")) else None


def _state(scratch: Path) -> list[tuple[str, int, int]]:
    """Name, size and time of each file."""
    files = (path for path in sorted(scratch.rglob("*")) if path.is_file())
    return [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
