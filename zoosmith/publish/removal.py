"""Taking artifacts away, and what the cache no longer needs.

All of it can be had again: files by `zoosmith pull`, what a zoo built by `doit artifact:NAME`.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.predictor import manifest_digest, read_manifest
from zoosmith.publish import known
from zoosmith.publish.folders import faults
from zoosmith.store.files import sync_folder
from zoosmith.store.locks import at_once, flock
from zoosmith.transfer.cache import Cache

DAY_S = 86_400.0
LEFT = (".{}.pull", ".{}.pull-old", ".{}.removed")  # what a pull or a removal that was ended leaves


class Gone(NamedTuple):
    """What is removed, of what kind, its bytes, and the day on which it was used last (0 where that is not asked)."""

    path: Path
    kind: str
    size: int
    used: float = 0.0


def removable(names: Sequence[str], project: Path, *, force: bool) -> list[Gone]:
    """The folders of these artifacts. Raises ZooError for a name that is not here, and for what another here needs.

    Without `force` also for a folder that is not as its manifest says: it may be someone's work.
    """
    [home] = known.homes(project)
    here = {folder.resolve().name: folder for folder in known.folders(home)}
    for name in names:
        if name not in here:
            raise ZooError(f"no artifact {name!r} in {home.resolve()}{nearest(name, here)}")
    chosen = [here[name] for name in dict.fromkeys(names)]
    for other in set(here.values()) - set(chosen):
        _require_unneeded(other, chosen)
    for folder in () if force else chosen:
        if faults(folder):
            raise ZooError(f"{folder} was changed since it was built or pulled; move it away, or say --force")
    return [Gone(folder, "artifact", _size(folder)) for folder in chosen]


def _require_unneeded(other: Path, chosen: Sequence[Path]) -> None:
    try:
        needs = set(read_manifest(other).needs.values())
    except ZooError:
        return
    for folder in chosen if needs else ():
        if manifest_digest(folder) in needs:
            raise ZooError(
                f"{other.resolve().name} cannot be opened without {folder.resolve().name}; remove both, or none"
            )


def remove(gone: Gone, cache: Cache) -> None:
    """Remove it: it is there whole, or out of the way at once. Waits for a pull of the same."""
    if gone.kind != "artifact":
        _away(gone.path)
        return
    with flock(cache.lock(gone.path)):
        aside = gone.path.with_name(f".{gone.path.resolve().name}.removed")
        _away(aside)
        gone.path.rename(aside)
        sync_folder(aside.parent)
        _away(aside)


def prunable(project: Path, cache: Cache, days: float, now: float | None = None) -> list[Gone]:
    """What of the cache was not used for so many days, and what ended pulls have left in the folders of artifacts.

    A file that shares its bytes with an artifact (hard link) takes no room of its own and stays.
    """
    before = (time.time() if now is None else now) - days * DAY_S
    found = (*_left(project, cache), *_files(cache), *_versions(cache), *_registries(cache))
    return [each for each in found if each.used < before]


def _files(cache: Cache) -> Iterator[Gone]:
    for entry in os.scandir(cache.root / "files"):
        told = entry.stat(follow_symlinks=False)
        if told.st_nlink == 1:
            yield Gone(Path(entry.path), "file", told.st_size, max(told.st_atime, told.st_mtime))


def _versions(cache: Cache) -> Iterator[Gone]:
    for home in sorted((cache.root / "versions").iterdir()):
        yield Gone(home, "version", _size(home), home.stat().st_mtime)


def _registries(cache: Cache) -> Iterator[Gone]:
    """Copies of registries; what was seen of them stays, since that is what a rollback is noticed by."""
    for file in sorted((cache.root / "registries").glob("[!.]*.json")):
        yield Gone(file, "registry", file.stat().st_size, file.stat().st_mtime)


def _left(project: Path, cache: Cache) -> Iterator[Gone]:
    """Folders of pulls and removals that nobody is at; a pull that was ended goes on with its own."""
    for home in known.homes(project):
        for path in sorted(home.glob(".*.*")):
            name = path.name[1:].rpartition(".")[0]
            if path.name not in [left.format(name) for left in LEFT] or not path.is_dir() or path.is_symlink():
                continue
            with at_once(cache.lock(home / name)) as free:
                if free:
                    yield Gone(path, "leftover", _size(path), path.stat().st_mtime)


def _away(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    return sum(each.lstat().st_size for each in path.rglob("*") if each.is_file())
