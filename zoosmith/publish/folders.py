"""Artifacts as folders: whether one is what a registry or its own manifest says, and putting one in place."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from zoosmith.common import safe
from zoosmith.common.canonical import digest
from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import PAYLOAD_MANIFEST
from zoosmith.predictor import read_manifest
from zoosmith.records.schema import File
from zoosmith.store.files import payload, sha256_file, sync_folder


def is_tree(folder: Path, files: Sequence[File]) -> bool:
    """Whether `folder` holds exactly these files; nothing is hashed unless names and sizes agree."""
    if not folder.is_dir() or folder.is_symlink():
        return False
    try:
        found = {path.as_posix() for path in payload(folder)}
    except ZooError:
        return False
    if found != {file.path for file in files}:
        return False
    if any((folder / file.path).stat().st_size != file.size for file in files):
        return False
    return all(sha256_file(folder / file.path) == file.sha256 for file in files)


def tree_digest(folder: Path) -> str:
    """The digest of the tree in `folder`, as the store computes it."""
    return digest([[p.as_posix(), (folder / p).stat().st_size, sha256_file(folder / p)] for p in payload(folder)])


def faults(folder: Path) -> list[str]:
    """What differs from the folder's own manifest.json, a line each. Raises ZooError if there is none."""
    listed = read_manifest(folder).files
    safe.paths(listed)
    found = {path.as_posix() for path in payload(folder)} - {PAYLOAD_MANIFEST}
    lines = [f"{path} is missing" for path in sorted(listed.keys() - found)]
    lines += [f"{path} is not in the manifest" for path in sorted(found - listed.keys())]
    for path in sorted(found & listed.keys()):
        actual = sha256_file(folder / path)
        if actual != listed[path]:
            lines.append(
                f"{path} has SHA-256 {actual[:16]}..., the manifest says {safe.printable(listed[path])[:16]}..."
            )
    return lines


def agree(folder: Path, files: Sequence[File]) -> None:
    """Raise ZooError if the manifest in `folder` lists other files or hashes than the registry."""
    listed = read_manifest(folder).files
    if listed != {file.path: file.sha256 for file in files if file.path != PAYLOAD_MANIFEST}:
        raise ZooError(f"the {PAYLOAD_MANIFEST} lists other files than the registry: refused")


def _require_folder(target: Path) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise ZooError(f"{target} is there and is no folder; move it away, or use --into DIR")


def require_repairable(target: Path, files: Sequence[File]) -> None:
    """Raise ZooError if `target` holds anything but files of these names, whatever is in them."""
    _require_folder(target)
    known = {file.path for file in files}
    for path in sorted(target.rglob("*")):
        name = path.relative_to(target).as_posix()
        if name not in known and (path.is_symlink() or not path.is_dir()):
            raise ZooError(f"{path} is no file of the artifact; move it away, then --repair replaces the rest")


def require_replaceable(target: Path) -> None:
    """Raise ZooError if `target` is something else than an unchanged artifact: it may be someone's work."""
    _require_folder(target)
    if not target.exists():
        return
    try:
        changed = bool(faults(target))
    except ZooError:
        changed = True
    if changed:
        raise ZooError(
            f"{target} is there and is no unchanged artifact; move it away, or use --into DIR; "
            "where it is only damaged, --repair replaces it"
        )


def recover(target: Path) -> None:
    """Undo a replacement that was killed half-way: the old folder comes back, or is removed if the new one is there."""
    old = _old(target)
    if old.is_symlink() or not old.is_dir():
        old.unlink(missing_ok=True)  # none of ours, and a link leads elsewhere
    elif not target.exists():
        old.rename(target)
    else:
        shutil.rmtree(old, ignore_errors=True)


def put(fresh: Path, target: Path) -> None:
    """Make `fresh` be `target`: at any moment that is absent, the old folder, or the new one."""
    if target.exists():
        target.rename(_old(target))
    fresh.rename(target)
    sync_folder(target.parent)
    shutil.rmtree(_old(target), ignore_errors=True)


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name}.pull-old")
