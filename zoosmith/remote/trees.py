"""Whole results between a blob store and the store of this machine: what a step reads and what it wrote.

The list of a tree's files is a blob under the tree's digest, so a digest alone is enough to get the tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from zoosmith.common import safe
from zoosmith.contract.errors import ZooError
from zoosmith.remote.stores import BlobStore, CacheFault, Tell, untold
from zoosmith.store import adopting, suspects
from zoosmith.store.locks import flock
from zoosmith.store.store import CorruptStore, Entry, Store

SHA256 = re.compile(r"[0-9a-f]{64}")
AT_ONCE = 4  # files on their way at a time
TELLING = ("manifest.json", "data.json")
SMALL = 8 << 20  # bytes of one of these
T = TypeVar("T")


def listing(blobs: BlobStore, tree: str) -> list[Entry] | None:
    """The files of a tree; None if the store has no such tree. Raises CacheFault."""
    data = blobs.read(tree, safe.MAX_JSON_BYTES)
    if data is None:
        return None
    try:
        return entries_of(safe.parse_json(data, f"the list of tree {tree[:12]}"))
    except ZooError as error:
        raise CacheFault("wrong", str(error)) from None


def listing_for(store: Store, blobs: BlobStore, tree: str) -> list[Entry] | None:
    """The same for somebody who keeps `store`: a wrong list is asked for once more, and suspected after that."""
    return twice(lambda: listing(blobs, tree), tree, store)


def entries_of(rows: Any) -> list[Entry]:
    """A tree's files as a stranger lists them. Raises ZooError for paths that leave it, and for files that run code."""
    shaped = isinstance(rows, list) and all(isinstance(row, list) and len(row) == 3 for row in rows)
    if not shaped or not rows or not all(_is_entry(*row) for row in rows):
        raise ZooError("the list of a tree's files is none")
    entries = [Entry(*row) for row in rows]
    safe.paths(entry.path for entry in entries)
    for entry in entries:
        if safe.is_pickle(entry.path) or safe.is_code(entry.path):
            raise ZooError(f"{entry.path} may run code when it is loaded: refused")
    return entries


def _is_entry(path: Any, size: Any, sha256: Any) -> bool:
    named = isinstance(path, str) and isinstance(sha256, str) and SHA256.fullmatch(sha256)
    return bool(named) and type(size) is int and 0 <= size <= safe.MAX_FILE_BYTES


def fetch(blobs: BlobStore, store: Store, tree: str, tell: Tell = untold) -> bool:
    """Bring a tree into the store, which then has it whole; False if the other has not all of it. Raises CacheFault."""
    entries = store.tree(tree) or listing_for(store, blobs, tree)
    return entries is not None and fetch_files(blobs, store, entries, tell)


def fetch_files(
    blobs: BlobStore,
    store: Store,
    entries: Sequence[Entry],
    tell: Tell = untold,
    listed: Sequence[Entry] = (),
) -> bool:
    """The same for a tree whose list is known: its files, then the list; or some files of a tree of `listed` ones."""
    if not bring(blobs, store, entries, tell):
        return False
    adopting.add_listing(store, listed or entries)
    return True


def bring(blobs: BlobStore, store: Store, entries: Sequence[Entry], tell: Tell = untold) -> bool:
    """The same for files alone; what is wrong is asked for once more, and suspected after that."""
    wanted = adopting.missing(store, entries)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        whole = all(list(pool.map(lambda entry: _fetch_file(blobs, store, entry, tell), wanted)))
    if whole:
        suspects.clear(store, (entry.sha256 for entry in wanted))
    return whole


def _fetch_file(blobs: BlobStore, store: Store, entry: Entry, tell: Tell) -> bool:
    with flock(store.folder("locks") / f"incoming-{entry.sha256[:2]}.lock"):
        if not adopting.missing(store, [entry]):  # another step, or run, has brought it meanwhile
            return True
        part = adopting.arriving(store, entry.sha256)
        got = twice(lambda: blobs.get(entry.sha256, entry.size, part, tell), entry.sha256, store)
        if got:
            adopting.adopt(store, part, entry.sha256)
        return got


def twice(ask: Callable[[], T], sha256: str, store: Store) -> T:
    """What a blob store gives; what is wrong may have been so on its way, so it is asked for once more."""
    try:
        return ask()
    except CacheFault as fault:
        if fault.kind != "wrong":
            raise
    try:
        return ask()
    except CacheFault as fault:
        if fault.kind == "wrong":
            suspects.note(store, [sha256])
        raise


def telling(entries: Sequence[Entry]) -> list[Entry]:
    """The small files of a tree that say what it is: enough for the keys of what would be made from it."""
    return [one for one in entries if one.path in TELLING and one.size <= SMALL]


def lies(blobs: BlobStore, tree: str, entries: Sequence[Entry]) -> bool:
    """Whether there is something under the name of each file of a tree, and of its list. Raises CacheFault."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return all(pool.map(blobs.has, sorted({tree, *(entry.sha256 for entry in entries if entry.size)})))


def send(blobs: BlobStore, store: Store, tree: str, *, again: bool = False) -> int:
    """Send a tree of the store, its list last, and return how many bytes went.

    What is suspected there is replaced; `again` replaces everything. Raises CacheFault, and ZooError for a tree that
    nobody would take, or that the store has not whole.
    """
    entries = store.tree(tree)
    if entries is None:
        raise CorruptStore(f"tree {tree[:12]} is not in the store")
    entries_of([list(entry) for entry in entries])
    suspected = suspects.noted(store)

    def put(sha256: str, file: Path) -> int:
        return blobs.put(sha256, file, again=again or sha256 in suspected)

    files = {entry.sha256: store.file(entry.sha256) for entry in entries}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sent = sum(pool.map(put, files, files.values()))
    sent += put(tree, adopting.listing(store, tree))
    suspects.clear(store, [tree, *files])
    return sent
