"""From a registry's row to a folder: `zoosmith pull NAME`.

    HOME/.NAME.pull/parts/<sha256>   bytes on their way; a later pull goes on with them
    HOME/.NAME.pull/tree/            the finished files, renamed to HOME/NAME as one folder

Only sizes and hashes of the registry are trusted; where a file lies is what the version's pointer says.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol

from zoosmith.common import gate
from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import PAYLOAD_MANIFEST
from zoosmith.predictor import manifest_digest
from zoosmith.publish import folders, pointer, room
from zoosmith.publish.catalog import Catalog, Version, check
from zoosmith.publish.signed import Signatures
from zoosmith.publish.staging import prepare, remove
from zoosmith.records.schema import File
from zoosmith.signing.trust import Trust
from zoosmith.store.files import copy_file, sha256_file, sync_file, sync_folder
from zoosmith.store.locks import flock, holding
from zoosmith.store.store import Store
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.download import download
from zoosmith.transfer.locations import Location
from zoosmith.transfer.retry import RetryPolicy

THREADS = 4


class Progress(Protocol):
    """Receives the progress of a pull; called from several threads."""

    def begin(self, what: str, total: int) -> None:
        """A pull of `total` bytes begins; `what` is its name and version."""

    def won(self, count: int) -> None:
        """`count` more bytes have arrived."""

    def say(self, text: str) -> None:
        """Show one line of text."""


@dataclass
class Pulled:
    """What a pull gave. `fetched` bytes came from elsewhere, `reused` were on this machine; `signed` says by whom."""

    version: Version
    folder: Path
    fetched: int = 0
    reused: int = 0
    unchanged: bool = False
    signed: str = ""


@dataclass(frozen=True)
class Puller:
    """Pulls from one registry into the folder `home`. `stores` are looked through for files that are here already.

    With `repair` a copy that is damaged, or was changed, is replaced too, if it holds no files of other names. `trust`
    says whose signatures count; without one nothing is demanded.
    """

    catalog: Catalog
    home: Path
    cache: Cache
    progress: Progress
    retry: RetryPolicy
    stores: tuple[Store, ...] = ()
    repair: bool = False
    trust: Trust = field(default_factory=Trust)
    unkept: list[OSError] = field(default_factory=list, init=False)

    def pull(self, wanted: str) -> list[Pulled]:
        """`NAME`, `NAME@N` or `NAME@ALIAS`, and what it needs. Raises ZooError; a target is whole or as it was."""
        versions = self.closure(wanted)
        for version in versions:
            self.signatures.admit(version)
        self.require_room(versions)
        return [self.pulled(version) for version in versions]

    @cached_property
    def signatures(self) -> Signatures:
        """What is demanded of versions of this registry, and who signed them."""
        return Signatures(self.catalog, self.trust, self.retry, self.cache)

    def require_room(self, versions: list[Version]) -> None:
        """Raise ZooError if the disk is too small for all of them, before anything is fetched."""

        def parts(version: Version) -> Callable[[str, Any], Path]:
            return lambda _, file: self._staging(version) / "parts" / str(file.sha256)

        asked = [
            room.Wanted(str(each), self.home / each.name, {file.path: file for file in each.row.files}, parts(each))
            for each in versions
        ]
        room.require(
            asked, self.home, self._lies_at, "free some, or pull into a folder on a larger disk (`--into DIR`)"
        )

    def _lies_at(self, file: room.Sized) -> Path | None:
        """Where on this machine a file of that hash and size lies."""
        places = [self.cache.file(file.sha256), *(store.file(file.sha256) for store in self.stores)]
        return next((place for place in places if place.is_file() and place.stat().st_size == file.size), None)

    def _staging(self, version: Version) -> Path:
        return self.home / f".{version.name}.pull"

    def closure(self, wanted: str) -> list[Version]:
        """The version and all that it cannot be opened without, checked before anything is fetched."""
        todo, found = [self.catalog.find(wanted)], dict[str, Version]()
        while todo:
            version = todo.pop()
            check(version)
            if found.setdefault(version.name, version) != version:
                raise ZooError(f"{wanted} needs two versions of {version.name}, which cannot lie side by side")
            for role, tree in sorted(version.row.needs.items()):
                needed = self.catalog.by_tree(tree)
                if needed is not None and needed not in found.values():
                    todo.append(needed)
                elif needed is None and not self._has(tree):
                    fault = self.catalog.damage(tree)
                    damaged = f"; it may be what is damaged: {fault}" if fault else ""
                    raise ZooError(
                        f"{version} cannot be opened without {role!r}, the tree {tree[:12]}..., which is neither in "
                        f"this registry nor in {self.home}{damaged}"
                    )
        return list(found.values())

    def _has(self, tree: str) -> bool:
        """Whether an artifact with this tree lies in `home` already."""
        return any(manifest_digest(file.parent) == tree for file in self.home.glob(f"[!.]*/{PAYLOAD_MANIFEST}"))

    def _waits(self, version: Version, lock: Path) -> None:
        self.progress.say(f"another pull of {version.name} is running; waiting for it{holding(lock)}")

    def pulled(self, version: Version) -> Pulled:
        """One version in its folder, without what it needs. Raises ZooError; the folder is whole or as it was."""
        target = self.home / version.name
        staging = self._staging(version)
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            lock = self.cache.lock(target)
            with flock(lock, waiting=partial(self._waits, version, lock)):
                folders.recover(target)
                unchanged = folders.is_tree(target, version.row.files)
                pulled = Pulled(version, target, unchanged=unchanged)
                if unchanged:
                    pulled.signed = self.signatures.checked(version, target)
                else:
                    if self.repair:
                        folders.require_repairable(target, version.row.files)
                    else:
                        folders.require_replaceable(target)
                    self._fill(staging, pulled)
                shutil.rmtree(staging, ignore_errors=True)
                return pulled
        except ZooError:
            if self.catalog.packed is not None:  # nothing of it was far away, so nothing is worth keeping
                remove(staging)
            raise
        except OSError as error:
            raise ZooError(f"{error.filename or target}: {error.strerror}; what was fetched is kept") from None

    def _fill(self, staging: Path, pulled: Pulled) -> None:
        """Make the tree below `staging` and rename it to the target."""
        version = pulled.version
        wanted = {file.sha256: file for file in version.row.files}
        parts, tree = prepare(staging, wanted)
        self.progress.begin(str(version), sum(file.size for file in wanted.values()))
        missing = [file for file in wanted.values() if not self._here(file, parts / file.sha256)]
        pulled.fetched = sum(file.size for file in missing)
        pulled.reused = sum(file.size for file in wanted.values()) - pulled.fetched
        if missing:
            self._fetch(version, missing, parts)
        _assemble(parts, version.row.files, tree)
        folders.agree(tree, version.row.files)
        gate.require(tree, str(version))
        pulled.signed = self.signatures.checked(version, tree)
        folders.put(tree, pulled.folder)

    def _here(self, file: File, part: Path) -> bool:
        """Whether the file could be had from this machine.

        A part of full length may share its bytes with the cache, so a wrong one is removed, never written to.
        """
        if part.exists() and part.stat().st_size >= file.size:
            if part.stat().st_size == file.size and sha256_file(part) == file.sha256:
                self.progress.won(file.size)
                return True
            part.unlink()
        if self.cache.take(file.sha256, file.size, part) or any(_from(s, file, part) for s in self.stores):
            self.progress.won(file.size)
            return True
        return False

    def _fetch_from(self, location: Location, version: Version, missing: list[File], parts: Path) -> None:
        """All missing files from one location, several at once; the first fault stops the others."""
        retry = replace(self.retry, stop=threading.Event())
        at = pointer.where(version, location, retry)
        _in_threads(lambda file: self._one(location, at[file.path], file, parts, retry), missing, retry)

    def _fetch(self, version: Version, missing: list[File], parts: Path) -> None:
        """All missing files from the first location that has them."""
        refused = []
        for location in self.catalog.locations(version):
            try:
                self._fetch_from(location, version, missing, parts)
                return
            except ZooError as error:
                refused.append(str(error))
        raise ZooError(f"{version} could not be pulled: " + "; ".join(refused))

    def _one(self, location: Location, at: str, file: File, parts: Path, retry: RetryPolicy) -> None:
        download(location, at, file, parts / file.sha256, self.progress.won, retry)
        try:
            self.cache.keep(parts / file.sha256, file.sha256)
        except OSError as error:  # the file is right where it is wanted; a full cache disk costs only later pulls
            self.unkept.append(error)
            if self.unkept[0] is error:
                self.progress.say(f"{self.cache.root} takes no more files ({error.strerror}); going on without it")


def _in_threads(work: Callable[[File], None], files: list[File], retry: RetryPolicy) -> None:
    """Run `work` on each file, the largest first; the first failure stops the others and is raised."""
    ordered = sorted(files, key=lambda file: -file.size)
    with ThreadPoolExecutor(min(THREADS, len(files))) as pool:
        running: list[Future[Any]] = [pool.submit(work, file) for file in ordered]
        try:
            done, _ = wait(running, return_when=FIRST_EXCEPTION)
            if failed := [future for future in done if future.exception()]:
                failed[0].result()
        finally:
            retry.stop.set()
            pool.shutdown(cancel_futures=True)


def _from(store: Store, file: File, part: Path) -> bool:
    """Whether a zoo's store has the file and it is right; a wrong one is the store's own affair."""
    source = store.file(file.sha256)
    if not source.is_file() or source.stat().st_size != file.size:
        return False
    if copy_file(source, part) == file.sha256:
        return True
    part.unlink()
    return False


def _assemble(parts: Path, files: Iterable[File], tree: Path) -> None:
    """Move the parts to their paths; a part that stands at several paths is copied to the others."""
    placed: dict[str, Path] = {}
    for file in files:
        target = tree / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if first := placed.get(file.sha256):
            copy_file(first, target)
        else:
            (parts / file.sha256).rename(target)
            placed[file.sha256] = target
    for path in placed.values():
        sync_file(path)
    for folder in {path.parent for path in placed.values()}:
        sync_folder(folder)
