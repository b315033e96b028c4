"""A registry that may be somebody else's: its versions by name, by tree, and where they lie."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from zoosmith.common import safe
from zoosmith.common.canonical import digest
from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.publish.asked import named_by_number, number_of, parted
from zoosmith.publish.entries import DamagedEntry, Entries, briefs, left_out
from zoosmith.publish.seen import Changes

if TYPE_CHECKING:
    from zoosmith.publish.packed import Packed
    from zoosmith.records.brief import Brief
    from zoosmith.records.registry import Entry, Registry, Row
    from zoosmith.transfer.locations import Location

PIN = re.compile("[0-9a-f]{16,64}")


class Version(NamedTuple):
    """One version of one artifact."""

    name: str
    number: int
    row: Row

    def __str__(self) -> str:
        return f"{self.name}@{self.number}"


@dataclass(frozen=True)
class Catalog:
    """Entries of a registry by name, the URL of the folder that it lies in, and a remark if it is not the newest.

    packed: the files of all versions, where it is a bundle or an image; it then points nowhere else.
    """

    artifacts: Mapping[str, Entry]
    base: str
    remark: str = ""
    changes: Changes = field(default_factory=Changes)
    packed: Packed | None = None

    @cached_property
    def registry(self) -> Registry:
        """The whole of it; every entry is read and checked. Raises ZooError for the first that is damaged."""
        from zoosmith.records.registry import Registry

        return Registry(artifacts=dict(self.artifacts))

    @cached_property
    def briefs(self) -> dict[str, Brief | None]:
        """What lists show, by name; None for an entry that is damaged."""
        return briefs(self.artifacts)

    @cached_property
    def left_out(self) -> list[str]:
        """Names that lists leave out: of damaged entries, and such as nothing may have."""
        return left_out(self.artifacts)

    def holding(self, words: Iterable[str]) -> dict[str, Brief | None]:
        """As `briefs`, of all artifacts of which lists show all words, and perhaps of others."""
        return self.artifacts.holding(words) if isinstance(self.artifacts, Entries) else self.briefs

    def find(self, wanted: str) -> Version:
        """The version that `NAME`, `NAME@N` or `NAME:ALIAS` means, which must be the tree of `#TREE` behind it.

        Raises ZooError with the nearest name, for another tree, for a version that is no longer what it was when it was
        first seen, unless its new tree is the one that is asked for, and for an alias whose history was rewritten.
        """
        named, mark, pin = wanted.partition("#")
        if mark:
            return self._pinned(named, pin)
        version = self.newest(named)
        if self.rewritten(version.name) and not named_by_number(named):
            raise ZooError(f"{self.rewritten(version.name)}; {named} is refused, {version} is still had by its number")
        first = self.changes.replaced.get((version.name, version.number))
        if first is not None:
            raise ZooError(
                f"{version} in {self.base} was replaced: it is the tree {version.row.tree_digest[:16]}..., and was "
                f"{first[:16]}... when it was first read here; a version never changes, so it is refused. If its owner "
                f"says that this is meant, name the tree: {version}#{version.row.tree_digest}"
            )
        return version

    def _pinned(self, named: str, pin: str) -> Version:
        """The version with a tree that begins with `pin`, which vouches for it."""
        if not PIN.fullmatch(pin):
            raise ZooError(
                f"{named}#{pin} names no tree: expected 16 to 64 hexadecimal digits, as `zoosmith show` gives"
            )
        version = self.newest(named)
        known = [version] if parted(named)[1] else list(self._versions(version.name))
        same = next((each for each in known if each.row.tree_digest.startswith(pin)), None)
        if same is None:
            raise ZooError(f"{version} in {self.base} is the tree {version.row.tree_digest}, not {pin}: refused")
        return same

    def newest(self, wanted: str) -> Version:
        """As `find`, also of a version that was replaced."""
        name, which = parted(wanted)
        entry = self.artifacts.get(name)
        if entry is None:
            raise ZooError(f"{self.base} has no artifact {name!r}{nearest(name, self.artifacts)}")
        found = number_of(name, which, entry, self.base)
        return Version(safe.name(name), int(found), entry.versions[found])

    def yanked(self, version: Version) -> str | None:
        """Why a version was yanked; None for one that was not."""
        entry = self.artifacts.get(version.name)
        return entry.yanked.get(str(version.number)) if entry else None

    def rewritten(self, name: str) -> str:
        """That the history of an artifact's names is not to be trusted; empty where it goes on from what was known."""
        if name not in self.changes.rewritten:
            return ""
        return (
            f"the history of {name} in {self.base} does not go on from what was read here before, so where its names "
            "stand is not to be trusted: ask its owner"
        )

    def warning(self, version: Version) -> str:
        """One line for who has a version, or gets it; empty where it was not yanked."""
        why = self.yanked(version)
        if why is None:
            return ""
        entry = self.artifacts[version.name]
        instead = "no other version is left" if entry.newest is None else f"{version.name}@{entry.newest} is not"
        return f"{version} was yanked by its publisher: {why} ({instead})"

    def versions(self) -> Iterator[Version]:
        """All versions, the newest of an artifact first."""
        for name in sorted(self.artifacts):
            yield from self._versions(name)

    def _versions(self, name: str) -> Iterator[Version]:
        entry = self.artifacts[name]
        for number in sorted(map(int, entry.versions), reverse=True):
            yield Version(name, number, entry.versions[str(number)])

    def with_tree(self, tree: str) -> list[Version]:
        """All versions with this tree; only their entries are read, and damaged ones left out (see `damage`)."""
        names = [name for name, brief in sorted(self.briefs.items()) if brief and tree in brief.trees.values()]
        return [each for name in names for each in self._sound(name) if each.row.tree_digest == tree]

    def _sound(self, name: str) -> list[Version]:
        """All versions of an artifact; none where its entry is damaged."""
        try:
            return list(self._versions(name))
        except DamagedEntry:
            return []

    def by_tree(self, tree: str) -> Version | None:
        """A version with this tree, for what an artifact needs; one that is published and not yanked, if any is."""
        same = self.with_tree(tree)
        return min(same, key=lambda one: (not one.row.locations, self.yanked(one) is not None), default=None)

    def damage(self, tree: str) -> DamagedEntry | None:
        """What is wrong with an entry that has this tree, or, where none has, may have had it; None for all sound."""
        having = [name for name, brief in self.briefs.items() if brief and tree in brief.trees.values()]
        unread = [name for name, brief in self.briefs.items() if brief is None]
        return next((fault for name in [*having, *unread] if (fault := self._fault(name))), None)

    def _fault(self, name: str) -> DamagedEntry | None:
        try:
            _ = self.artifacts[name]
        except DamagedEntry as error:
            return error
        return None

    def locations(self, version: Version) -> list[Location]:
        """Where the files lie. Raises ZooError if the version was not published, or lies where it must not."""
        if not version.row.locations:
            raise ZooError(
                f"{version} is not published: its row has no location; "
                f"ask the zoo's owner for `doit publish:{version.name}`, or build it with `doit build:{version.name}`"
            )
        if self.packed is not None:
            return [self.packed.below(location) for location in version.row.locations]
        from zoosmith.transfer import locations

        return [locations.location_at(location, self.base) for location in version.row.locations]


def check(version: Version) -> None:
    """Raise ZooError if the files of a row could do harm, or are not the tree that the row names."""
    from zoosmith.contract.manifest import PAYLOAD_MANIFEST

    files = version.row.files
    safe.name(version.name)
    safe.paths(file.path for file in files)
    for file in files:
        if safe.is_pickle(file.path):
            raise ZooError(f"{version} holds {file.path!r}, a pickle or a format that may hold one: refused")
        if safe.is_code(file.path):
            raise ZooError(f"{version} holds {file.path!r}, which is code: refused")
        if not 0 <= file.size <= safe.MAX_FILE_BYTES:
            raise ZooError(f"{version}: {file.path!r} cannot have {file.size} bytes")
    if len({(file.sha256, file.size) for file in files}) != len({file.sha256 for file in files}):
        raise ZooError(f"{version} gives one SHA-256 two sizes; the registry is damaged")
    if digest([[file.path, file.size, file.sha256] for file in files]) != version.row.tree_digest:
        raise ZooError(f"{version}: the files of the row are not those of its tree digest; the registry is damaged")
    if PAYLOAD_MANIFEST not in {file.path for file in files}:
        raise ZooError(f"{version} has no {PAYLOAD_MANIFEST}, so it is no artifact")
