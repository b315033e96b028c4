"""The content-addressed store in `artifacts/.store`.

    files/ab/cdef...      bytes, named by their SHA-256
    trees/<digest>.json   [[path, size, sha256], ...]; its own SHA-256 is the tree's digest
    left/<tree>.json       the cache that has the files of a tree which were never brought here
    actions/<key>.json    what an action gave: tree digest and provenance, and a digest over key and body
    names/<name>.json     the action last used under a name, and the host class that it was made for
    machines/<class>.json  what nodes of a host class announced last; see `zoosmith.build.built_for`
    suspect/<sha256>      a blob that a cache was seen to have wrong; see `zoosmith.store.suspects`
    work/<key>/           scratch of a running or interrupted action
    logs/<key>.log        what the worker printed
    incoming/<sha256>     a file on its way from a cache; see `zoosmith.store.adopting`
    locks/<key>.lock      held while an action runs
    kept/                 what was read of modules and recipes, for the next run; see `zoosmith.build.kept_code`

Files come first, then the tree, then the action: a kill in between leaves bytes that nothing names.

Everything that is read is checked against a digest first. What does not hold is removed, so that the step that made it
runs again; see `zoosmith.store.heal` for what is no file at all.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from zoosmith.common.canonical import canonical, digest, pretty
from zoosmith.contract.errors import ZooError
from zoosmith.store import heal
from zoosmith.store.elsewhere import Elsewhere, Tell, untold
from zoosmith.store.files import copy_file, payload, sha256_file, sha256_settled, sync_file, sync_folder
from zoosmith.store.lending import Loan, lend
from zoosmith.store.locks import flock


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

    def __init__(self, root: Path, elsewhere: Elsewhere | None = None) -> None:
        """Use `root`; folders are made when something is written. elsewhere: brings what was left in caches."""
        self.root = root
        self.elsewhere = elsewhere

    def folder(self, kind: str) -> Path:
        """A sub-folder of the store, made if it is missing."""
        return heal.make_folder(self.root / kind, self.root)

    def file(self, sha256: str) -> Path:
        """Where the bytes with this SHA-256 are or would be."""
        return self.root / "files" / sha256[:2] / sha256[2:]

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Nothing is collected meanwhile, whether it has a name yet or not; see `zoosmith.store.gc`."""
        with flock(self.folder(".") / "gc.lock", shared=True):
            yield

    def add_tree(self, staging: Path) -> str:
        """Move the files below `staging` into the store and return the tree's digest.

        Raises ZooError for links, special files and an empty folder.
        """
        paths = payload(staging)
        if not paths:
            raise ZooError("the step wrote no file; a builder writes its artifact below job.out")
        entries = [self._take(staging, path) for path in paths]
        tree = digest([list(entry) for entry in entries])
        self._place(f"trees/{tree}.json", canonical([list(entry) for entry in entries]))
        return tree

    def tree(self, tree: str) -> list[Entry] | None:
        """The entries of a tree, or None if the store does not have it."""
        raw = heal.read_regular(self.root / "trees" / f"{tree}.json")
        try:
            rows = json.loads(raw or b"")
            return [Entry(*row) for row in rows] if digest(rows) == tree else None
        except (ValueError, RecursionError):
            return None

    def has(self, tree: str) -> bool:
        """Whether the tree and all its files are there with their sizes; hashes are checked on checkout."""
        entries = self.tree(tree)
        return entries is not None and all(self._sized(entry) for entry in entries)

    def checkout(
        self, tree: str, target: Path, only: tuple[str, ...] | None = None, lent: list[Loan] | None = None
    ) -> None:
        """Copy a tree (or the files named in `only`) to the folder `target`, checking every hash.

        With `lent`, large files are links to the store's own; each is added to it, for `lending.take_back`.
        At any moment `target` is absent, what it was, or the whole tree. Only one caller at a time may have the
        same target. Raises CorruptStore after removing the bad bytes, so that the next run builds them again.
        """
        self.bring(tree, only)
        entries = self.tree(tree)
        if entries is None:
            raise CorruptStore(f"tree {tree[:12]} is not in the store; run the command again to rebuild it")
        fresh, old = (target.with_name(f".{target.name}.{age}") for age in ("new", "old"))
        _discard(fresh, old)
        fresh.mkdir(parents=True)
        try:
            for entry in entries:
                if only is None or entry.path in only:
                    self._give(entry, fresh / entry.path, lent)
            if os.path.lexists(target):
                target.rename(old)
            fresh.rename(target)
        finally:
            _discard(fresh, old)

    def read(self, tree: str, path: str) -> bytes:
        """Bytes of one file of a tree, which have its hash. Raises CorruptStore if they have not, or are missing.

        Bad bytes are removed first, so that the next run makes them again.
        """
        entry = next((entry for entry in self.tree(tree) or () if entry.path == path), None)
        if entry is None:
            raise CorruptStore(f"{path} of tree {tree[:12]} is not in the store; run the command again to rebuild it")
        if not self._sized(entry):
            self.bring(tree, (path,))
        data = heal.read_regular(self.file(entry.sha256))
        if data is None or hashlib.sha256(data).hexdigest() != entry.sha256:
            raise self._removed(entry)
        return data

    def record(self, record: ActionResult) -> None:
        """Add an entry to the action cache, after its tree."""
        body = {"inputs": record.inputs, "tree": record.tree, "provenance": record.provenance}
        self._place(f"actions/{record.key}.json", pretty(body | {"digest": digest([record.key, body])}).encode())

    def recorded(self, key: str) -> ActionResult | None:
        """What is cached for an action, whether or not its files are still there; None if it is damaged."""
        raw = heal.read_regular(self.root / "actions" / f"{key}.json")
        try:
            body = json.loads(raw or b"")
            return ActionResult(key, body["inputs"], body["tree"], body["provenance"]) if _holds(key, body) else None
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    def finished(self, key: str) -> ActionResult | None:
        """The cached result of an action if its tree is whole."""
        record = self.recorded(key)
        return record if record and self.has(record.tree) else None

    def known(self, key: str) -> ActionResult | None:
        """The cached result of an action if its tree is whole, or a cache was left what of it is not here."""
        record = self.recorded(key)
        return record if record and self.holds(record.tree) else None

    def holds(self, tree: str) -> bool:
        """Whether all files of a tree are here, or were left in a cache that this zoo reads."""
        return self.has(tree) or self.left_at(tree) is not None

    @property
    def leaves(self) -> bool:
        """Whether files of any tree were ever left in a cache."""
        return (self.root / "left").is_dir()

    def leave(self, tree: str, place: str) -> None:
        """Go on without the files of a tree whose list is here: they were seen in the cache at `place`."""
        self._place(f"left/{tree}.json", canonical({"place": place}))

    def left_at(self, tree: str) -> str | None:
        """The cache, of those that this zoo reads, in which files of a tree were left; None for none."""
        place = _said(self.root / "left" / f"{tree}.json").get("place")
        reads = self.elsewhere and isinstance(place, str) and self.elsewhere.serves(place)
        return str(place) if reads and self.tree(tree) is not None else None

    def lost(self, tree: str) -> CorruptStore:
        """What to raise where a cache has no longer what was left there; the tree is not known from then on."""
        place = self.left_at(tree) or "a cache"
        heal.clear(self.root / "left" / f"{tree}.json")
        return CorruptStore(
            f"files of tree {tree[:12]} were left in {place}, which has them no longer, or others; "
            "run the command again to rebuild it"
        )

    def lacking(self, tree: str) -> int:
        """Bytes of a tree that are not here."""
        return sum(entry.size for entry in self.tree(tree) or () if not self._sized(entry))

    def bring(self, tree: str, only: tuple[str, ...] | None = None, tell: Tell = untold) -> None:
        """See that the files of a tree (or those named in `only`) are here, if they were left in a cache.

        Raises CorruptStore where that has them no longer, and ZooError where it cannot be asked.
        """
        entries = [entry for entry in self.tree(tree) or () if only is None or entry.path in only]
        wanted = [entry for entry in entries if not self._sized(entry)]
        place = self.left_at(tree) if wanted else None
        if place is not None and self.elsewhere and not self.elsewhere.bring(self, place, wanted, tell):
            raise self.lost(tree)

    def name(self, name: str, key: str, made_for: str = "") -> None:
        """Remember that `name` was last made by the action `key`. Do it in `kept`: what has no name is collected.

        made_for: the host class of the nodes whose facts are in the key; "" for those of this machine.
        """
        if (self.key(name), self.made_for(name)) != (key, made_for):
            self._place(f"names/{name}.json", canonical({"key": key} | ({"made_for": made_for} if made_for else {})))

    def key(self, name: str) -> str | None:
        """The key of the action last used under `name`, whether or not that is still cached."""
        return key_of(self.root / "names" / f"{name}.json")

    def made_for(self, name: str) -> str | None:
        """The host class that the action last used under `name` was made for, as `name` has it; None for no action."""
        told = _said(self.root / "names" / f"{name}.json")
        return str(told.get("made_for", "")) if "key" in told else None

    def named(self, name: str) -> ActionResult | None:
        """The action last used under `name`."""
        key = self.key(name)
        return self.recorded(key) if key else None

    def _place(self, name: str, data: bytes) -> None:
        heal.place(self.root / name, data, self.root)

    def _sized(self, entry: Entry) -> bool:
        return heal.is_regular(self.file(entry.sha256), entry.size)

    def _take(self, staging: Path, path: Path) -> Entry:
        source = staging / path
        entry = Entry(path.as_posix(), source.stat().st_size, sha256_settled(source))
        target = self.file(entry.sha256)
        if not self._sized(entry) or sha256_file(target) != entry.sha256:  # damaged: here is what it was
            heal.make_folder(target.parent, self.root)
            heal.make_way(target)
            sync_file(source)
            source.chmod(0o444)
            source.rename(target)
            sync_folder(target.parent)
        return entry

    def _give(self, entry: Entry, target: Path, lent: list[Loan] | None) -> None:
        if not self._sized(entry) or self._handed(entry, target, lent) != entry.sha256:
            raise self._removed(entry)

    def _handed(self, entry: Entry, target: Path, lent: list[Loan] | None) -> str:
        """The SHA-256 of what lies at `target` now."""
        file = self.file(entry.sha256)
        if lent is not None and (given := lend(file, target, entry.path)):
            lent.append(given[1])
            return given[0]
        return copy_file(file, target)

    def _removed(self, entry: Entry) -> CorruptStore:
        """What to raise for bytes that are not what their name says; they are gone then."""
        heal.clear(self.file(entry.sha256))
        return CorruptStore(
            f"{entry.path} in the store was missing or damaged and has been removed; "
            "run the command again to rebuild it"
        )


def key_of(name: Path) -> str | None:
    """The action key that a file below names/ holds; None if the file is missing or damaged."""
    told = _said(name)
    return str(told["key"]) if "key" in told else None


def _said(file: Path) -> dict[str, Any]:
    """What a file below names/ or left/ says; {} if it is missing or damaged."""
    try:
        told = json.loads(heal.read_regular(file) or b"")
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _holds(key: str, body: dict[str, Any]) -> bool:
    """Whether an action's body is what was written under this key.

    One from before bodies had a digest is held by what it has: its inputs by the key, its tree by that tree's digest.
    """
    told = body.pop("digest", None)
    if body.keys() != {"inputs", "tree", "provenance"}:
        return False
    return digest(body["inputs"]) == key if told is None else bool(told == digest([key, body]))


def _discard(*folders: Path) -> None:
    for folder in folders:
        heal.clear(folder)
