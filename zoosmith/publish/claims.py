"""What a registry claims of an artifact that was pulled from it."""

from __future__ import annotations

from pathlib import Path

from zoosmith.contract.errors import ZooError
from zoosmith.publish.opening import open_catalog
from zoosmith.records.figures import Figures, of_result
from zoosmith.transfer.cache import Cache


def published_claims(registry: str | None, project: Path, name: str, tree: str) -> list[Figures]:
    """What the registry that pulls use says of an artifact, by host and suite: of this tree if it knows it.

    Raises ZooError if it does not know the name, or holds no results of it.
    """
    catalog = open_catalog(registry, project, Cache())
    same = [version for version in catalog.with_tree(tree) if version.name == name]
    row = (same[0] if same else catalog.find(name)).row
    if not row.results:
        raise ZooError(f"nothing is claimed of {name}: its row in {catalog.base} holds no results")
    return [of_result(name, row, result) for result in row.results]
