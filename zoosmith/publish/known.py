"""What registries know of the artifacts that lie here: which version each is, what is newer, what was yanked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import PAYLOAD_MANIFEST
from zoosmith.predictor import manifest_digest
from zoosmith.publish import several
from zoosmith.publish.catalog import Catalog
from zoosmith.publish.opening import open_kept
from zoosmith.transfer.cache import Cache


class Known(NamedTuple):
    """What a registry knows of a folder.

    version: which one lies here, None for a tree that the registry does not have. newest: the newest that is not
    yanked, None where all are. aliases: where each stands. yanked: why the version here was yanked.
    """

    name: str
    folder: Path
    version: int | None
    newest: int | None
    aliases: dict[str, int]
    yanked: str | None
    registry: str

    @property
    def behind(self) -> bool:
        """Whether the version here was yanked, or is neither the newest nor what an alias stands for."""
        if self.version is None:
            return False
        return self.yanked is not None or (self.version != self.newest and self.version not in self.aliases.values())

    @property
    def stands(self) -> list[str]:
        """The aliases of the version here."""
        return sorted(alias for alias, number in self.aliases.items() if number == self.version)

    @property
    def text(self) -> str:
        """The version here and what there is to know of it, in a few words."""
        if self.version is None:
            return "none of its versions"
        told = [", ".join([str(self.version), *self.stands])]
        told += [f"{self.newest} is newer"] if self.newest is not None and self.newest > self.version else []
        told += [f"yanked: {self.yanked}"] if self.yanked is not None else []
        return "; ".join(told)


def homes(project: Path) -> list[Path]:
    """Where artifacts lie: artifacts/ of a zoo, else the working directory."""
    return [project / "artifacts"] if (project / "dodo.py").is_file() else [Path()]


def folders(home: Path) -> list[Path]:
    """The artifacts in a folder."""
    return [file.parent for file in sorted(home.glob(f"[!.]*/{PAYLOAD_MANIFEST}"))]


def known(found: Iterable[Path], catalogs: Sequence[Catalog]) -> Iterator[Known]:
    """What the first registry that knows its name knows of each folder; nothing of a folder that none knows."""
    for folder in found:
        name = folder.resolve().name
        catalog = next((each for each in catalogs if name in each.artifacts), None)
        brief = catalog.briefs[name] if catalog else None
        if catalog is None or brief is None:
            continue
        tree = manifest_digest(folder)
        number = max((int(n) for n, t in brief.trees.items() if t == tree), default=None)
        newest = None if brief.gone else brief.latest
        yield Known(name, folder, number, newest, brief.aliases, brief.yanked.get(str(number)), catalog.base)


def kept_catalogs(project: Path, cache: Cache) -> list[Catalog]:
    """The registries as far as they lie on this machine: no network is asked. One that is damaged is left out."""
    found = []
    try:
        places = several.places(None, project)
    except ZooError:
        return []
    for place in places:
        try:
            found.append(open_kept(place, project, cache))
        except ZooError:  # the command that asks it says what is wrong with it
            continue
    return [catalog for catalog in found if catalog is not None]
