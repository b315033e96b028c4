"""Registries by priority: the first that knows a name decides what it is.

A name of a registry further up hides the same name further down, with all its versions: otherwise whoever may publish
to a lower one could slip a higher number of somebody else's artifact under it (dependency confusion).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.publish.asked import parted
from zoosmith.publish.catalog import Catalog
from zoosmith.publish.opening import FILE, VARIABLE, open_catalog
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.config import Config


def places(given: Sequence[str] | None, project: Path) -> list[str | None]:
    """Where to look, by priority: what is given, else `$ZOOSMITH_REGISTRY`, else the zoo's own (None) and the user's.

    Raises ZooError where there is none.
    """
    if given:
        return list(given)
    if variable := os.environ.get(VARIABLE):
        return [*variable.split()] if "://" in variable else [variable]
    own: list[str | None] = [None] if (project / FILE).is_file() else []
    found = own + list(Config.read().registries)
    if not found:
        raise ZooError(
            f"no registry: give one by --registry URL, {VARIABLE} or `zoosmith config set registries URL`, or work in "
            f"a zoo that has {FILE}"
        )
    return found


def open_all(given: Sequence[str] | None, project: Path, cache: Cache) -> Iterator[Catalog]:
    """The registries, each opened when it is reached. Raises ZooError for one that cannot be read.

    One that cannot be read is not passed over: a name that it has would then be taken from another.
    """
    for place in places(given, project):
        yield open_catalog(place, project, cache)


def of_name(wanted: str, given: Sequence[str] | None, project: Path, cache: Cache) -> Catalog:
    """The first registry that knows the name in `wanted`. Raises ZooError with the nearest name of all of them."""
    name, passed = parted(wanted)[0], list[Catalog]()
    for catalog in open_all(given, project, cache):
        if name in catalog.artifacts:
            return catalog
        passed.append(catalog)
    known = {each for catalog in passed for each in catalog.artifacts}
    bases = ", ".join(catalog.base for catalog in passed)
    raise ZooError(f"{bases} {'has' if len(passed) == 1 else 'have'} no artifact {name!r}{nearest(name, known)}")
