"""Freeing the space of what nothing refers to."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from zoosmith.contract.errors import ZooError
from zoosmith.store import heal
from zoosmith.store.locks import is_free
from zoosmith.store.store import Store, key_of


def collect(store: Store, recipes: Collection[str], *, remove: bool) -> str:
    """Remove what nothing needs: names that are no longer in any recipe, actions, trees, files, logs.

    What an interrupted step left in its scratch stays: a training goes on from it.

    `recipes` holds the names that are, as `RECIPE/bases/NAME`, `RECIPE/data/NAME`, `RECIPE/NAME`. Returns what was
    freed. Raises ZooError while a build is running: its files are named by nothing yet.
    """
    handle = os.open(store.folder(".") / "gc.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ZooError("a build is running; run `doit gc` when it is done") from None
        doomed = list(_unused(store, recipes))
        freed = sum(_size(path) for path in doomed)
        for path in doomed if remove else []:
            heal.clear(path)
    finally:
        os.close(handle)
    verb = "freed" if remove else "would free"
    return f"{verb} {freed / 1e6:.1f} MB in {len(doomed)} files and folders"


def _unused(store: Store, recipes: Collection[str]) -> Iterator[Path]:
    files_of_names = {_named(store, path): path for path in (store.root / "names").rglob("*.json")}
    gone = {name for name in files_of_names if _subject(name) not in recipes}
    yield from (files_of_names[name] for name in sorted(gone))
    keys = {key for name, path in files_of_names.items() if name not in gone and (key := key_of(path))}
    records = [record for key in keys if (record := store.recorded(key))]
    trees = {record.tree for record in records}
    files = {entry.sha256 for tree in trees for entry in store.tree(tree) or ()}
    yield from _others(store.root / "actions", keys)
    yield from _others(store.root / "trees", trees)
    for path in (store.root / "files").glob("*/*"):
        if path.parent.name + path.name not in files:
            yield path
    for path in (store.root / "work").glob("*"):
        interrupted = any((path / "scratch").glob("*"))
        if not interrupted and is_free(store.root / "locks" / f"{path.name}.lock"):
            yield path
    yield from _others(store.root / "logs", keys)


def _named(store: Store, path: Path) -> str:
    return path.relative_to(store.root / "names").with_suffix("").as_posix()


def _subject(name: str) -> str:
    """What a name is about: `RECIPE/measured/NAME-quick` is about the artifact `RECIPE/NAME`."""
    recipe, _, rest = name.partition("/measured/")
    return f"{recipe}/{rest.rpartition('-')[0]}" if rest else name


def _others(folder: Path, kept: set[str]) -> Iterator[Path]:
    return (path for path in folder.glob("*") if path.stem not in kept)


def _size(path: Path) -> int:
    inside = path.rglob("*") if path.is_dir() and not path.is_symlink() else [path]
    return sum(file.lstat().st_size for file in inside if heal.is_regular(file))
