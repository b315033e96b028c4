"""The content-addressed store in `artifacts/.store`.

    files/ab/cdef...      bytes, named by their SHA-256
    trees/<digest>.json   [[path, size, sha256], ...]; its own SHA-256 is the tree's digest
    actions/<key>.json    what an action gave: tree digest and provenance
    names/<name>.json     the action last used under a name, for `why`
    work/<key>/           scratch of a running or interrupted action
    logs/<key>.log        what the worker printed
    locks/<key>.lock      held while an action runs

Files come first, then the tree, then the action: a kill in between leaves bytes that nothing names.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from zoosmith.common.canonical import canonical, digest, pretty
from zoosmith.contract.errors import ZooError
from zoosmith.store.files import copy_file, payload, sha256_file, sync_folder, write_atomic


class Entry(NamedTuple):
    """One file of a tree: path with '/', size in bytes, SHA-256."""

    path: str
    size: int
    sha256: str


class CorruptStore(ZooError):
    """Bytes in the store that are not what their name says."""


@dataclass(frozen=True)
class ActionResult:
    """An entry of the action cache."""

    key: str
    inputs: dict[str, Any]
    tree: str
    provenance: dict[str, Any]


class Store:
    """Trees and actions below one folder. Safe for several processes."""

    def __init__(self, root: Path) -> None:
        """Use `root`; folders are made when something is written."""
        self.root = root

    def folder(self, kind: str) -> Path:
        """A sub-folder of the store, made if it is missing."""
        path = self.root / kind
        path.mkdir(parents=True, exist_ok=True)
        return path

    def file(self, sha256: str) -> Path:
        """Where the bytes with this SHA-256 are or would be."""
        return self.root / "files" / sha256[:2] / sha256[2:]

    def add_tree(self, staging: Path) -> str:
        """Move the files below `staging` into the store and return the tree's digest.

        Raises ZooError for links, special files and an empty folder.
        """
        paths = payload(staging)
        if not paths:
            raise ZooError("the step wrote no file; a builder writes its artifact below job.out")
        entries = [self._take(staging, path) for path in paths]
        tree = digest([list(entry) for entry in entries])
        write_atomic(self.folder("trees") / f"{tree}.json", canonical([list(entry) for entry in entries]))
        return tree

    def tree(self, tree: str) -> list[Entry] | None:
        """The entries of a tree, or None if the store does not have it."""
        try:
            raw = (self.root / "trees" / f"{tree}.json").read_bytes()
            rows = json.loads(raw)
        except (FileNotFoundError, ValueError):
            return None
        return [Entry(*row) for row in rows] if digest(rows) == tree else None

    def has(self, tree: str) -> bool:
        """Whether the tree and all its files are there with their sizes; hashes are checked on checkout."""
        entries = self.tree(tree)
        return entries is not None and all(self._sized(entry) for entry in entries)

    def checkout(self, tree: str, target: Path, only: tuple[str, ...] | None = None) -> None:
        """Copy a tree (or the files named in `only`) to the folder `target`, checking every hash.

        At any moment `target` is absent, what it was, or the whole tree. Only one caller at a time may have the
        same target. Raises CorruptStore after removing the bad bytes, so that the next run builds them again.
        """
        entries = self.tree(tree)
        if entries is None:
            raise CorruptStore(f"tree {tree[:12]} is not in the store; run the command again to rebuild it")
        fresh, old = (target.with_name(f".{target.name}.{age}") for age in ("new", "old"))
        _discard(fresh, old)
        fresh.mkdir(parents=True)
        try:
            for entry in entries:
                if only is None or entry.path in only:
                    self._give(entry, fresh / entry.path)
            if target.exists():
                target.rename(old)
            fresh.rename(target)
        finally:
            _discard(fresh, old)

    def read(self, tree: str, path: str) -> bytes:
        """Bytes of one file of a tree. Raises CorruptStore if either is missing."""
        for entry in self.tree(tree) or []:
            if entry.path == path and self._sized(entry):
                return self.file(entry.sha256).read_bytes()
        raise CorruptStore(f"{path} of tree {tree[:12]} is not in the store; run the command again to rebuild it")

    def record(self, record: ActionResult) -> None:
        """Add an entry to the action cache, after its tree."""
        body = {"inputs": record.inputs, "tree": record.tree, "provenance": record.provenance}
        write_atomic(self.folder("actions") / f"{record.key}.json", pretty(body).encode())

    def recorded(self, key: str) -> ActionResult | None:
        """What is cached for an action, whether or not its files are still there."""
        try:
            body = json.loads((self.root / "actions" / f"{key}.json").read_bytes())
            return ActionResult(key, body["inputs"], body["tree"], body["provenance"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def finished(self, key: str) -> ActionResult | None:
        """The cached result of an action if its tree is whole."""
        record = self.recorded(key)
        return record if record and self.has(record.tree) else None

    def name(self, name: str, key: str) -> None:
        """Remember that `name` was last made by the action `key`."""
        file = self.root / "names" / f"{name}.json"
        if key_of(file) != key:
            write_atomic(file, canonical({"key": key}))

    def named(self, name: str) -> ActionResult | None:
        """The action last used under `name`."""
        key = key_of(self.root / "names" / f"{name}.json")
        return self.recorded(key) if key else None

    def _sized(self, entry: Entry) -> bool:
        try:
            return self.file(entry.sha256).stat().st_size == entry.size
        except FileNotFoundError:
            return False

    def _take(self, staging: Path, path: Path) -> Entry:
        source = staging / path
        size, sha256 = source.stat().st_size, sha256_file(source)
        target = self.file(sha256)
        entry = Entry(path.as_posix(), size, sha256)
        if not self._sized(entry):
            target.parent.mkdir(parents=True, exist_ok=True)
            with source.open("rb") as file:
                os.fsync(file.fileno())
            source.chmod(0o444)
            source.rename(target)
            sync_folder(target.parent)
        return entry

    def _give(self, entry: Entry, target: Path) -> None:
        source = self.file(entry.sha256)
        if not self._sized(entry) or copy_file(source, target) != entry.sha256:
            source.unlink(missing_ok=True)
            raise CorruptStore(
                f"{entry.path} in the store was missing or damaged and has been removed; "
                "run the command again to rebuild it"
            )


def key_of(name: Path) -> str | None:
    """The action key that a file below names/ holds; None if the file is missing or damaged."""
    try:
        return str(json.loads(name.read_bytes())["key"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _discard(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
