"""Publishing to a folder, which any web server then serves as a registry.

    registry.json           rows with locations relative to itself, or the root of an index (`zoosmith.publish.objects`)
    NAME/latest             the highest version that is not yanked, as text
    evidence/<sha256>.json  what was compared when a name moved (`zoosmith promote`)
    NAME/v<N>/              one version: files, README.md, its plots, zoosmith.json; never changed once it is there
    NAME/.v<N>.new/         a version on its way; NAME/.lock is held meanwhile

A version is copied, synced and renamed into place; only then it is listed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import ZooError
from zoosmith.publish import room, signing
from zoosmith.publish.ledger import InFolder
from zoosmith.publish.release import Published, Release
from zoosmith.records.layout import POINTER, Pointer
from zoosmith.records.registry import Registry
from zoosmith.records.versions import clash, published_versions
from zoosmith.store.files import copy_file, payload, sha256_file, sweep_atomic, sync_folder, write_atomic
from zoosmith.store.locks import flock


def require_room(releases: Iterable[Release], folder: Path) -> None:
    """Raise ZooError if the disk of `folder` is too small for all of them, before anything is copied."""

    def staged(release: Release) -> Callable[[str, Any], Path]:
        return lambda at, _: _staging(release, folder) / at

    releases = list(releases)
    asked = [
        room.Wanted(
            f"{one.name} v{one.version}", _shelf(one, folder), {f.at: f for f in one.pointer.files}, staged(one)
        )
        for one in releases
    ]
    room.require(asked, folder, lambda file: releases[0].store.file(file.sha256), "free some, or publish elsewhere")


def _shelf(release: Release, folder: Path) -> Path:
    return folder / release.name / f"v{release.version}"


def _staging(release: Release, folder: Path) -> Path:
    return folder / release.name / f".v{release.version}.new"


def publish(release: Release, folder: Path, tell: Callable[[str], None]) -> Published:
    """Publish below `folder`. Raises ZooError if the version is there with other or damaged content."""
    home = folder / release.name
    shelf = _shelf(release, folder)
    with flock(home / ".lock", waiting=lambda: tell(f"another process publishes {release.name}; waiting for it")):
        fresh = not shelf.exists()
        if fresh:
            staging = _staging(release, folder)
            _stage(release, staging)
            staging.rename(shelf)
            sync_folder(home)
        else:
            _require_same(release, shelf)
            for id, data in release.signatures.items():
                write_atomic(shelf / signing.file_name(id), data)
        listed = _list(release, folder)
    return Published(release.name, release.version, f"{shelf.as_uri()}/", fresh or listed)


def _stage(release: Release, staging: Path) -> None:
    """Fill `staging`; whole files of an attempt that was cut off are kept. All of it is on the disk afterwards."""
    wanted = {file.at: file.sha256 for file in release.pointer.files}
    if staging.is_symlink() or not staging.is_dir():
        staging.unlink(missing_ok=True)  # a link would have files elsewhere removed and written
        staging.mkdir()
    for path in payload(staging):
        if wanted.get(path.as_posix()) != sha256_file(staging / path):
            (staging / path).unlink()
    for at, sha256 in wanted.items():
        target = staging / at
        if not target.is_file() and copy_file(release.store.file(sha256), target) != sha256:
            raise ZooError(f"{target} was written wrongly; check the disk, then run the same command again")
    for name, text in release.texts().items():
        (staging / name).parent.mkdir(parents=True, exist_ok=True)
        (staging / name).write_bytes(text)
    _sync(staging)


def _sync(folder: Path) -> None:
    """Make everything below `folder` durable."""
    for path in payload(folder):
        with (folder / path).open("rb") as file:
            os.fsync(file.fileno())
    for path in [*(path for path in folder.rglob("*") if path.is_dir()), folder]:
        sync_folder(path)


def _require_same(release: Release, shelf: Path) -> None:
    """Raise ZooError unless `shelf` is this very version with every byte right."""
    try:
        found = Pointer.model_validate_json((shelf / POINTER).read_bytes())
    except (FileNotFoundError, ValueError):
        raise _damaged(shelf, POINTER) from None
    if found.tree_digest != release.tree:
        taken = [int(path.name[1:]) for path in shelf.parent.glob("v*") if path.name[1:].isdigit()]
        raise clash(release.name, release.version, str(shelf.parent.parent), taken)
    own = [(file.at, file.size, file.sha256) for file in release.pointer.files]
    for at, size, sha256 in [*own, *((file.path, file.size, file.sha256) for file in found.beside)]:
        path = shelf / at
        if not path.is_file() or path.stat().st_size != size or sha256_file(path) != sha256:
            raise _damaged(shelf, at)


def _damaged(shelf: Path, at: str) -> ZooError:
    return ZooError(f"{at} is missing or damaged in {shelf}; move that folder away, then run the same command again")


def _list(release: Release, folder: Path) -> bool:
    """Put the row into the folder's registry; whether that changed anything."""
    latest = folder / release.name / "latest"
    with flock(folder / ".lock"):
        sweep_atomic(latest)
        book = InFolder(folder)
        before = book.entry(release.name)
        alone = Registry(artifacts={release.name: before} if before else {})
        at = f"{release.name}/v{release.version}/"
        entry = published_versions(alone, release.name, release.version, release.row, at).artifacts[release.name]
        if entry != before:
            book.put(release.name, entry)
        number = f"{entry.newest or entry.latest}\n"
        if not latest.is_file() or latest.read_text() != number:
            write_atomic(latest, number.encode())
    return entry != before
