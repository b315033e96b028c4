"""Freeing the space of what nothing refers to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from zoosmith.common.units import sized
from zoosmith.contract.errors import ZooError
from zoosmith.store import heal
from zoosmith.store.locks import at_once, is_free
from zoosmith.store.store import Store, key_of

SHOWN = 20


class Doomed(NamedTuple):
    """What can go. `result` is what had to be built or fetched; None for scratch: leftovers of kills, logs."""

    path: Path
    result: str | None = None


def collect(
    store: Store, recipes: Collection[str], *, remove: bool, agrees: Callable[[str], bool] = lambda listing: True
) -> str:
    """Remove what nothing needs: names that are no longer in any recipe, actions, trees, files, logs.

    What an interrupted step left in its scratch stays: a training goes on from it.

    `recipes` holds the names that are, as `RECIPE/bases/NAME`, `RECIPE/data/NAME`, `RECIPE/NAME`. `agrees` is given the
    list of results that would go, "" for none; nothing goes unless it agrees. Returns what was freed. Raises
    ZooError while a build is running: its files are named by nothing yet.
    """
    with at_once(store.folder(".") / "gc.lock") as alone:
        if not alone:
            raise ZooError("a build is running; run `doit gc` when it is done")
        doomed = list(_unused(store, recipes))
        freed = sum(_size(one.path) for one in doomed)
        if not agrees(listing(doomed)):
            return f"nothing was removed of {freed / 1e6:.1f} MB"
        for one in doomed if remove else []:
            heal.clear(one.path)
    return f"{'freed' if remove else 'would free'} {freed / 1e6:.1f} MB in {len(doomed)} files and folders"


def listing(doomed: Collection[Doomed]) -> str:
    """One line for each result that goes, the largest part of a long list left out; "" where all is scratch."""
    results = sorted(one.result for one in doomed if one.result)
    more = [f"  and {len(results) - SHOWN} more"] if len(results) > SHOWN else []
    return "\n".join([*(f"  {result}" for result in results[:SHOWN]), *more])


def keys_in_use(store: Store, recipes: Collection[str]) -> set[str]:
    """Keys of the actions last used under names that are in a recipe; see `collect`."""
    return {key for name, path in _names(store).items() if _subject(name) in recipes and (key := key_of(path))}


def _unused(store: Store, recipes: Collection[str]) -> Iterator[Doomed]:
    files_of_names = _names(store)
    gone = {name for name in files_of_names if _subject(name) not in recipes}
    yield from (Doomed(files_of_names[name]) for name in sorted(gone))
    keys = keys_in_use(store, recipes)
    records = [record for key in keys if (record := store.recorded(key))]
    trees = {record.tree for record in records}
    files = {entry.sha256 for tree in trees for entry in store.tree(tree) or ()}
    for path in _others(store.root / "actions", keys):
        yield Doomed(path, _told(store, path.stem))
    for kind in ("trees", "left"):
        yield from map(Doomed, _others(store.root / kind, trees))
    for path in (store.root / "files").glob("*/*"):
        if path.parent.name + path.name not in files:
            yield Doomed(path)
    for path in (store.root / "work").glob("*"):
        interrupted = any((path / "scratch").glob("*"))
        if not interrupted and is_free(store.root / "locks" / f"{path.name}.lock"):
            yield Doomed(path)
    yield from map(Doomed, _others(store.root / "logs", keys))
    yield from map(Doomed, (store.root / "incoming").glob("*"))


def _told(store: Store, key: str) -> str | None:
    """What a cached result is of: name, when it was made, how long that took, how large it is; None for no result."""
    record = store.recorded(key)
    if record is None:
        return None
    about, size = record.provenance, sum(entry.size for entry in store.tree(record.tree) or ())
    name, made, seconds = about.get("name", key[:12]), about.get("started", "an unknown day"), about.get("seconds", 0)
    return f"{name} of {made}, made in {seconds:.0f} s, {sized(size)}"


def _names(store: Store) -> dict[str, Path]:
    """Files of the names that the store remembers."""
    return {_named(store, path): path for path in (store.root / "names").rglob("*.json")}


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
