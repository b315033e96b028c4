"""What caches have of a zoo's steps, before anything of it is fetched: what a plan says, and what a sweep keeps.

A key needs the trees of parents, so the walk goes on as if what a cache has were here; of each result it brings its
list of files and the small ones that say what it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from zoosmith.build.explain import nodes
from zoosmith.build.measuring import measure_action
from zoosmith.build.preflight import Needs
from zoosmith.build.resolve import Resolver, Unresolved
from zoosmith.build.workspace import Workspace
from zoosmith.common.units import sized
from zoosmith.contract.errors import ZooError
from zoosmith.execution.action import Action
from zoosmith.recipes.graph import Ref
from zoosmith.store.store import Store

if TYPE_CHECKING:
    from zoosmith.remote.caches import Caches, Found

Had = Mapping[str, "Found"]
"""By key, the results that are not in the store and that a cache has."""


@contextmanager
def as_if_fetched(workspace: Workspace, refs: Iterable[Ref]) -> Iterator[Had]:
    """What caches have of what artifacts are made from, of them and of their measurements here.

    Meanwhile the workspace resolves as if that were in the store, which a build must not believe.
    """
    if workspace.caches is None:
        yield {}
        return
    own = workspace.resolver
    workspace.resolver = Resolver(own.zoo, own.store, own.project, own.facts)
    try:
        yield _had(workspace, workspace.caches, refs)
    finally:
        workspace.resolver = own


def actions(workspace: Workspace, refs: Iterable[Ref]) -> Iterator[Callable[[], Action]]:
    """What makes the action of each step, in the order in which they run. It raises ZooError while that is unknown."""
    for ref in refs:
        reference = workspace.zoo.families[ref.recipe].reference
        for kind, node in dict.fromkeys([*nodes(workspace, reference), *nodes(workspace, ref)]):
            yield lambda kind=kind, node=node: workspace.resolver.action(kind, node)  # type: ignore[misc]
        for node in dict.fromkeys([reference, ref]):
            yield lambda node=node: measure_action(workspace.resolver, node, "quick")  # type: ignore[misc]


def _had(workspace: Workspace, caches: Caches, refs: Iterable[Ref]) -> dict[str, Found]:
    had: dict[str, Found] = {}
    asked: set[str] = set()
    for action_of in actions(workspace, refs):
        with suppress(Unresolved, ZooError):  # a parent is nowhere, or a step has an error that it tells itself
            key = action_of().key
            if key in asked or workspace.store.known(key):
                continue
            asked.add(key)
            found = caches.find(key)
            if found and caches.glance(found):
                had[key] = found
                workspace.resolver.as_if(found.record)
    return had


def downloads(had: Had, store: Store) -> dict[str, int]:
    """Bytes that would come from each cache; a file that two results share counts once."""
    bytes_of: Counter[str] = Counter()
    seen: set[str] = set()
    for found in had.values():
        fresh = {entry.sha256: entry.size for entry in found.missing(store) if entry.sha256 not in seen}
        seen |= fresh.keys()
        bytes_of[found.cache.config.where] += sum(fresh.values())
    return dict(bytes_of)


def with_downloads(needs: Needs, had: Had, store: Store) -> Needs:
    """The same needs with what is downloaded from caches."""
    more = sum(downloads(had, store).values())
    return needs._replace(disk=needs.disk + more, download=needs.download + more)


def told(had: Had, store: Store) -> list[str]:
    """A line for each cache that would be downloaded from."""
    return [f"  takes    {sized(size)} from cache {where}" for where, size in downloads(had, store).items()]
