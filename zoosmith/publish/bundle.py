"""Collecting what is to be carried: from the zoo that built it, or from any registry that has it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.publish import pointer
from zoosmith.publish.asked import number_of, parted
from zoosmith.publish.catalog import Catalog, Version
from zoosmith.publish.content import Content, of_release
from zoosmith.publish.dependencies import with_needed
from zoosmith.publish.pull import Progress, Puller
from zoosmith.publish.release import read_registry
from zoosmith.publish.signed import fetched
from zoosmith.store.store import Store
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.download import download
from zoosmith.transfer.locations import Location
from zoosmith.transfer.retry import RetryPolicy

MAX_BESIDE = 64 << 20  # bytes of a card and its plots


class Collected(NamedTuple):
    """What was asked for, as NAME@N, and all that is carried for it."""

    asked: tuple[str, ...]
    contents: tuple[Content, ...]


def from_zoo(workspace: Workspace, names: Iterable[str]) -> Collected | None:
    """The latest recorded version of each artifact, with what it needs; None for another version, or a signed one.

    Raises ZooError as `push` does: for what is not recorded, misses a gate, or is damaged in the store.
    """
    asked, found = list[str](), dict[str, Content]()
    entries = read_registry(workspace.project / "registry.json").artifacts
    for wanted in names:
        name, which = parted(wanted)
        entry = entries.get(name)
        if entry is not None and number_of(name, which, entry, "this zoo") != str(entry.latest):
            return None
        releases = with_needed(workspace, workspace.zoo.find(name))
        if any(release.row.signed_by for release in releases):
            return None  # their signatures lie where they are published
        *needed, own = [of_release(release, entries[release.name]) for release in releases]
        found |= {str(each): each for each in [*needed, own]}
        asked.append(str(own))
    return Collected(tuple(dict.fromkeys(asked)), tuple(found.values()))


def from_registry(
    catalog: Catalog, names: Iterable[str], aside: Path, progress: Progress, stores: tuple[Store, ...] = ()
) -> Collected:
    """The versions that are named, with what they need, pulled into folders below `aside`.

    Raises ZooError as `pull` does.
    """
    retry, cache = RetryPolicy(), Cache()

    def puller(number: int) -> Puller:
        return Puller(catalog, aside / f"v{number}", cache, progress, retry, stores)

    asked, versions = list[str](), dict[str, Version]()
    for wanted in names:
        closure = puller(0).closure(wanted)
        asked.append(str(closure[0]))
        versions |= {str(each): each for each in closure}
    contents = [_content(puller(each.number), each, aside / "beside") for each in versions.values()]
    return Collected(tuple(dict.fromkeys(asked)), tuple(contents))


def _content(puller: Puller, version: Version, aside: Path) -> Content:
    puller.require_room([version])
    folder = puller.pulled(version).folder
    files = {file.path: folder / file.path for file in version.row.files}
    signatures = {
        id: fetched(puller.catalog, version, id, puller.retry, f"the signature of {version}")
        for id in version.row.signed_by
    }
    whole = None if puller.catalog.rewritten(version.name) else puller.catalog.artifacts[version.name]
    beside = _beside(puller, version, aside)
    return Content(version.name, version.number, version.row, beside, files, signatures, whole)


def _beside(puller: Puller, version: Version, aside: Path) -> dict[str, bytes]:
    """The card and its plots from the first location that has them; nothing where the version has no location."""
    refused = []
    for location in puller.catalog.locations(version) if version.row.locations else []:
        try:
            return _from(location, puller, version, aside)
        except ZooError as error:
            refused.append(str(error))
    if refused:
        raise ZooError(f"the card of {version} could not be had: {'; '.join(refused)}")
    return {}


def _from(location: Location, puller: Puller, version: Version, aside: Path) -> dict[str, bytes]:
    files = pointer.told(version, location, puller.retry).beside
    if sum(max(file.size, 0) for file in files) > MAX_BESIDE:
        raise ZooError(f"what lies beside {version} is over {MAX_BESIDE >> 20} MiB, so it is not read")
    found = {}
    for file in files:
        aside.mkdir(parents=True, exist_ok=True)
        part = aside / file.sha256
        download(location, file.path, file, part, lambda _: None, puller.retry)
        found[file.path] = part.read_bytes()
    return found
