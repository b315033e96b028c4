"""Bytes that were made elsewhere and come into the store whole: files under their hash, and lists of files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zoosmith.common.canonical import canonical, digest
from zoosmith.store import heal
from zoosmith.store.files import sync_file, sync_folder
from zoosmith.store.store import Entry, Store


def missing(store: Store, entries: Sequence[Entry]) -> list[Entry]:
    """The files of a tree that the store has not, each once; bytes are looked at when they are handed out."""
    gone = (entry for entry in entries if not heal.is_regular(store.file(entry.sha256), entry.size))
    return list({entry.sha256: entry for entry in gone}.values())


def arriving(store: Store, sha256: str) -> Path:
    """Where a file lies while it comes in; what a kill left there is gone on with, what is no file makes way."""
    part = store.folder("incoming") / sha256
    heal.make_way(part)
    return part


def adopt(store: Store, part: Path, sha256: str) -> None:
    """Move a file whose hash was checked, and which is durable, into its place."""
    target = store.file(sha256)
    heal.make_folder(target.parent, store.root)
    heal.make_way(target)
    part.chmod(0o444)
    part.replace(target)
    sync_folder(target.parent)


def add_listing(store: Store, entries: Sequence[Entry]) -> str:
    """Add the list of a tree's files, and return the tree's digest."""
    rows = [list(entry) for entry in entries]
    tree = digest(rows)
    if store.tree(tree) is None:
        heal.place(listing(store, tree), canonical(rows), store.root)
    return tree


def listing(store: Store, tree: str) -> Path:
    """The file that lists a tree; its bytes have the tree's digest as their SHA-256, so it is a blob too."""
    return store.root / "trees" / f"{tree}.json"


def add_bytes(store: Store, data: bytes, sha256: str) -> None:
    """Add a small file whose hash was checked."""
    part = arriving(store, sha256)
    part.write_bytes(data)
    sync_file(part)
    adopt(store, part, sha256)
