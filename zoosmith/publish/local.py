"""Which folder a name means: one here, or a version of a registry by its number or alias, pulled where it is not here.

NAME, DIR            what lies here, as `zoosmith.predictor.folder_of` finds it
NAME@4, NAME:stable  the version of a registry: artifacts/NAME if it is that tree, else a folder of the cache
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from zoosmith.contract.manifest import PAYLOAD_MANIFEST
from zoosmith.predictor import folder_of, manifest_digest
from zoosmith.publish import several
from zoosmith.publish.asked import parted
from zoosmith.publish.catalog import Catalog, Version
from zoosmith.publish.pull import Progress, Puller
from zoosmith.signing import trust
from zoosmith.store.store import Store
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.retry import RetryPolicy


@dataclass(frozen=True)
class Found:
    """A folder, and the version that it is where it was asked for by number or alias."""

    folder: Path
    version: Version | None = None
    catalog: Catalog | None = None

    @property
    def warning(self) -> str:
        """That the version was yanked; empty where it was not."""
        return self.catalog.warning(self.version) if self.catalog and self.version else ""

    @property
    def title(self) -> str:
        """The version, else the name of the folder."""
        return str(self.version or self.folder.resolve().name)


def is_version(wanted: str) -> bool:
    """Whether a registry is to say what is meant: a number, an alias or a tree stands behind the name."""
    named = bool(parted(wanted)[1]) or "#" in wanted
    return named and "/" not in parted(wanted)[0] and not (Path(wanted) / PAYLOAD_MANIFEST).is_file()


def found(
    wanted: str,
    registries: Sequence[str] | None,
    project: Path,
    progress: Progress,
    cache: Callable[[], Cache] = Cache,
) -> Found:
    """The folder of what is asked for, fetched where it has to be. Raises ZooError."""
    if not is_version(wanted):
        return Found(folder_of(wanted))
    kept = cache()
    catalog = several.of_name(wanted, registries, project, kept)
    version = catalog.find(wanted)
    return Found(folder_of_version(catalog, version, project, kept, progress), version, catalog)


def folder_of_version(catalog: Catalog, version: Version, project: Path, cache: Cache, progress: Progress) -> Path:
    """Where a version lies: in artifacts/ or in the working directory, else in the cache, where it is pulled.

    Raises ZooError.
    """
    tree = version.row.tree_digest
    kept = cache.home(tree)
    for folder in (project / "artifacts" / version.name, Path(version.name), kept / version.name):
        if folder.is_dir() and manifest_digest(folder) == tree:
            if folder.parent == kept:
                os.utime(kept)  # `zoosmith prune` goes by when it was used last
            return folder
    in_zoo = (project / "dodo.py").is_file()
    stores = (Store(project / "artifacts" / ".store"),) if in_zoo else ()
    wanted = f"{version.name}@{version.number}#{tree}"
    Puller(catalog, kept, cache, progress, RetryPolicy(), stores, repair=True, trust=trust.read()).pull(wanted)
    return kept / version.name
