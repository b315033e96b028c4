"""Freeing a cache of what nothing needs: old results that are referenced from nowhere, then blobs that no result has.

There is no lock on a bucket, so others may send while this runs. What is younger than the cache's lifetime stays in any
case. A blob that somebody finds there and does not send again may go all the same; a result that lacks one is none, and
the next build sends it whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from zoosmith.common.units import sized
from zoosmith.contract.errors import ZooError
from zoosmith.remote import trees
from zoosmith.remote.actions import LIMIT, parsed
from zoosmith.remote.cache import Cache
from zoosmith.remote.objects import Listed
from zoosmith.remote.stores import CacheFault
from zoosmith.store.store import ActionResult

AT_ONCE = 16  # results that are read at a time


class Kept(NamedTuple):
    """What is referenced: keys of actions, and SHA-256 of trees and files."""

    keys: Collection[str]
    blobs: Collection[str]


class Doomed(NamedTuple):
    """What can go: results before blobs. `told`: a line for each result. kept: how many results stay."""

    objects: list[Listed]
    told: list[str]
    kept: int

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(one.size for one in self.objects)


def doomed(cache: Cache, kept: Kept, lifetime: timedelta) -> Doomed:
    """What of a cache is older than its lifetime and not needed. Raises ZooError where it cannot be looked through."""
    try:
        before = datetime.now(UTC) - lifetime
        blobs = list(cache.objects.listed("cas"))  # before the results: one that comes meanwhile keeps its blobs
        results = list(cache.objects.listed("ac"))
        read = dict(zip(results, _many(cache, results), strict=True))
        young = {one.key for at, one in read.items() if one and at.changed > before}
        needed = _needed([one for one in read.values() if one], {*kept.keys, *young}, set(kept.blobs))
        going = [at for at, one in read.items() if at.changed <= before and (one is None or one.key not in needed)]
        held = _held(cache, {one.tree for one in read.values() if one and one.key in needed}) | set(kept.blobs)
    except CacheFault as fault:
        raise ZooError(f"cache {cache.config.where}: {fault}; nothing was removed") from None
    loose = [at for at in blobs if at.changed <= before and _last(at.name) not in held]
    told = sorted(_line(at, one) for at, one in read.items() if at in set(going))
    return Doomed([*going, *loose], told, len(results) - len(going))


def remove(cache: Cache, found: Doomed) -> None:
    """Remove it. Raises ZooError where the cache refuses."""
    try:
        for one in found.objects:
            cache.objects.delete(one.name)
    except CacheFault as fault:
        raise ZooError(f"cache {cache.config.where}: {fault}; the same command goes on from there") from None


def _needed(results: Collection[ActionResult], keys: set[str], files: set[str]) -> set[str]:
    """Keys that stay: those given, what these are made from, and measurements of trees that stay."""
    by_tree: dict[str, list[ActionResult]] = {}
    for one in results:
        by_tree.setdefault(one.tree, []).append(one)
    found = {one.key: one for one in results if one.key in keys or one.tree in files}
    waiting = list(found.values())
    while waiting:
        parents = waiting.pop().inputs.get("parents")
        for tree in parents.values() if isinstance(parents, dict) else ():
            fresh = {one.key: one for one in by_tree.get(str(tree), ()) if one.key not in found}
            found |= fresh
            waiting += fresh.values()
    stay = {one.tree for one in found.values()} | files
    return found.keys() | {one.key for one in results if _measures(one) in stay}


def _measures(result: ActionResult) -> str | None:
    """The tree that a result is a measurement of."""
    return str(result.inputs.get("artifact")) if result.inputs.get("kind") == "measure" else None


def _many(cache: Cache, results: Iterable[Listed]) -> Iterator[ActionResult | None]:
    """The results; None for one that is damaged, or has gone meanwhile."""

    def one(at: Listed) -> ActionResult | None:
        data = cache.objects.read(at.name, LIMIT)
        try:
            return parsed(_last(at.name).removesuffix(".json"), data)[0] if data else None
        except CacheFault:
            return None

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(one, results)


def _held(cache: Cache, listed: Collection[str]) -> set[str]:
    """The trees, and all of their files."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda tree: _entries(cache, tree), listed)
        return set(listed) | {sha256 for entries in found for sha256 in entries}


def _entries(cache: Cache, tree: str) -> list[str]:
    try:
        return [entry.sha256 for entry in trees.listing(cache.blobs, tree) or ()]
    except CacheFault as fault:
        if fault.kind != "wrong":
            raise
        return []


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _line(at: Listed, result: ActionResult | None) -> str:
    name = result.provenance.get("name", at.name) if result else f"{at.name}, which is damaged"
    return f"  {name} of {at.changed:%Y-%m-%d}"


def summary(found: Doomed, removed: bool) -> str:
    """What was freed, or would be."""
    verb = "freed" if removed else "would free"
    return f"{verb} {sized(found.size)} in {len(found.objects)} objects; {found.kept} results stay"
