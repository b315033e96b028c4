"""What is carried of one version: its row, its card, and where the bytes of its files are on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from zoosmith.publish import signing
from zoosmith.publish.archive import Member, member
from zoosmith.publish.release import Release
from zoosmith.records import naming
from zoosmith.records.layout import POINTER, pointer
from zoosmith.records.registry import Entry, Registry, Row, to_text
from zoosmith.records.versions import published_versions

LICENCES = "LICENCES.txt"


@dataclass(frozen=True)
class Content:
    """One version. `beside` holds the card and its plots by path, `files` where each of the row's files is, by path.

    signatures: by the id of the key, those that its row names. whole: the entry that it was taken from, whose names and
    history are carried along; None where they are not to be trusted.
    """

    name: str
    number: int
    row: Row
    beside: dict[str, bytes]
    files: dict[str, Path]
    signatures: dict[str, bytes] = field(default_factory=dict)
    whole: Entry | None = None

    def __str__(self) -> str:
        return f"{self.name}@{self.number}"

    @property
    def folder(self) -> str:
        """Where it lies in what is carried, with a final '/'."""
        return f"{self.name}/v{self.number}/"

    def members(self) -> Iterator[Member]:
        """Its files as `zoosmith push --to file://DIR` lays them out."""
        told = pointer(self.name, self.number, self.row, self.beside)
        for file in told.files:
            yield member(f"{self.folder}{file.at}", self.files[file.path], file.size, file.sha256)
        for path, data in self.beside.items():
            yield member(f"{self.folder}{path}", data)
        yield member(f"{self.folder}{POINTER}", told.to_text().encode())
        for id, data in self.signatures.items():
            yield member(f"{self.folder}{signing.file_name(id)}", data)


def of_release(release: Release, whole: Entry) -> Content:
    """What a zoo is ready to publish, with its bytes in the store."""
    files = {file.path: release.store.file(file.sha256) for file in release.row.files}
    return Content(release.name, release.version, release.row, release.beside, files, whole=whole)


def registry_of(contents: Iterable[Content]) -> Registry:
    """A registry of these versions alone, with locations relative to it, and their names with the history of them."""
    found, named = Registry(), dict[str, Entry]()
    for each in contents:
        found = published_versions(found, each.name, each.number, each.row, each.folder)
        named |= {each.name: each.whole} if each.whole else {}
    entries = {
        name: naming.carried(entry, named[name]) if name in named else entry for name, entry in found.artifacts.items()
    }
    return found.model_copy(update={"artifacts": entries})


def licences(contents: Iterable[Content]) -> str:
    """A line for each version: its licence, and what it was made from."""
    head = "The licence that each artifact is under, as its recipe tells, and what it was made from.\n\n"
    return head + "".join(f"{each}: {each.row.license}; from {', '.join(each.row.base)}\n" for each in contents)


def members(contents: Iterable[Content], more: Iterable[Member] = ()) -> list[Member]:
    """All that is carried, by path, with the registry first."""
    ordered = sorted(contents, key=lambda each: (each.name, each.number))
    found = [member(LICENCES, licences(ordered).encode()), *more]
    for each in ordered:
        found += each.members()
    first = member("registry.json", to_text(registry_of(ordered)).encode())
    return [first, *sorted(found, key=lambda each: each.file.path)]
