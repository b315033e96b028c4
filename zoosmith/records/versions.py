"""Published versions in a registry: where they are, and rows that come from other zoos."""

from __future__ import annotations

from collections.abc import Iterable

from zoosmith.contract.errors import ZooError
from zoosmith.records.registry import Entry, Registry, Row
from zoosmith.records.rows import merged


def clash(name: str, version: int, where: str, taken: Iterable[int]) -> ZooError:
    """The refusal to change a version that is published; `taken` are the numbers in use there."""
    following = max(taken, default=version) + 1
    return ZooError(
        f"{where} holds another {name} as v{version}, and what is published never changes; v{following} is next "
        f"there. Merge the registry.json of whoever published v{version}, then `doit build:{name}`: this one gets "
        "the next number"
    )


def add_location(
    registry: Registry, name: str, version: int, tree: str, location: str, signers: tuple[str, ...] = ()
) -> Registry:
    """The registry with one more location of a version, and signers. Raises ZooError where it is not the tree."""
    entry = registry.artifacts.get(name)
    row = entry.versions.get(str(version)) if entry else None
    if entry is None or row is None or row.tree_digest != tree:
        raise ZooError(
            f"v{version} of {name} is published at {location}, but registry.json no longer has it; "
            "restore it from its history, then run the same command again"
        )
    return _put(registry, name, version, with_signers(_at(row, location), signers), latest=entry.latest)


def published_versions(registry: Registry, name: str, version: int, row: Row, location: str) -> Registry:
    """A target's registry with a published row; results of other hosts are kept, and `latest` only grows.

    Raises ZooError where the version is another tree there.
    """
    entry = registry.artifacts.get(name)
    old = entry.versions.get(str(version)) if entry else None
    if entry and old and old.tree_digest != row.tree_digest:
        raise clash(name, version, "the registry", map(int, entry.versions))
    bare = row.model_copy(update={"locations": (), "card": f"{location}README.md"})
    if old:
        alone = Registry(artifacts={name: Entry(latest=version, versions={str(version): old})})
        bare = merged(alone, name, bare).artifacts[name].versions[str(version)]
    return _put(registry, name, version, _at(bare, location), latest=max(version, entry.latest if entry else 0))


def with_signers(row: Row, signers: Iterable[str]) -> Row:
    """The row with the ids of more keys that signed it."""
    return row.model_copy(update={"signed_by": tuple(dict.fromkeys((*row.signed_by, *signers)))})


def _at(row: Row, location: str) -> Row:
    known = row.locations
    return row if location in known else row.model_copy(update={"locations": (*known, location)})


def _put(registry: Registry, name: str, version: int, row: Row, latest: int) -> Registry:
    old = registry.artifacts.get(name) or Entry(latest=version, versions={str(version): row})
    entry = old.model_copy(update={"latest": latest, "versions": old.versions | {str(version): row}})
    return registry.model_copy(update={"artifacts": registry.artifacts | {name: entry}})
