"""Blobs that a cache was seen to have wrong, twice: whoever sends the right bytes replaces what lies there.

Nothing is removed for it. Bytes may have been wrong on their way alone, through a proxy that lies for a while, and then
what lies there is all that is left of something finished.
"""

from __future__ import annotations

from collections.abc import Iterable

from zoosmith.store import heal
from zoosmith.store.store import Store


def note(store: Store, digests: Iterable[str]) -> None:
    """Suspect these blobs, in later runs too."""
    for sha256 in digests:
        heal.place(store.root / "suspect" / sha256, b"", store.root)


def noted(store: Store) -> frozenset[str]:
    """The blobs that are suspected."""
    folder = store.root / "suspect"
    return frozenset(file.name for file in folder.iterdir()) if folder.is_dir() else frozenset()


def clear(store: Store, digests: Iterable[str]) -> None:
    """Suspect these no longer: they came as they should, or were replaced."""
    for sha256 in noted(store) & frozenset(digests):
        heal.clear(store.root / "suspect" / sha256)


def any_of(store: Store, tree: str) -> bool:
    """Whether the list of a tree, or one of its files, is suspected."""
    suspected = noted(store)
    return bool(suspected) and not suspected.isdisjoint(blobs_of(store, tree))


def blobs_of(store: Store, tree: str) -> list[str]:
    """What a tree is in a cache: its list, and its files."""
    return [tree, *(entry.sha256 for entry in store.tree(tree) or ())]
