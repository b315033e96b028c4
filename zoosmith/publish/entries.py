"""Entries of a registry, each checked when it is asked for, so that a damaged one holds up nothing but itself."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from zoosmith.common import safe
from zoosmith.contract.errors import ZooError

if TYPE_CHECKING:
    from zoosmith.records.brief import Brief
    from zoosmith.records.registry import Entry


class DamagedEntry(ZooError):
    """An entry that is not of the schema of registries; what else the registry holds can be used."""


class Entries(Mapping[str, "Entry"]):
    """Entries by name. Raises DamagedEntry for one that is damaged, with what mends it."""

    what: str  # the file or URL, for messages
    cure: str

    @abstractmethod
    def told(self, name: str) -> dict[str, Any]:
        """{name: entry} as it stands in the file. Raises KeyError, and ZooError for what is no plain JSON."""

    @abstractmethod
    def briefs(self) -> dict[str, Brief | None]:
        """What lists show, by name; None for what is damaged."""

    def holding(self, words: Iterable[str]) -> dict[str, Brief | None]:
        """As `briefs`, of all entries of which lists show all words, and perhaps of others."""
        return self.briefs()

    def left_out(self) -> list[str]:
        """Names that lists leave out."""
        return _left_out(self.briefs())

    def __getitem__(self, name: str) -> Entry:
        """Read and check one entry."""
        from pydantic import ValidationError

        from zoosmith.records.registry import Registry, fault

        try:
            told = self.told(name)
            return Registry.model_validate({"schema": 2, "artifacts": told}).artifacts[name]
        except ValidationError as error:
            reason = fault(error, self.what)
        except ZooError as error:
            reason = str(error)
        raise DamagedEntry(f"{reason}\n{self.cure}" if self.cure else reason)


class Plain(Entries):
    """Entries of a registry that was parsed as a whole, because it is not in the committed form."""

    def __init__(self, artifacts: dict[str, Any], what: str, cure: str = "") -> None:
        """`artifacts` as they stand in the file."""
        self.artifacts, self.what, self.cure = artifacts, what, cure

    def told(self, name: str) -> dict[str, Any]:
        """See Entries."""
        return {name: self.artifacts[name]}

    def briefs(self) -> dict[str, Brief | None]:
        """See Entries."""
        from zoosmith.records.brief_made import of_json

        return {name: of_json(entry) for name, entry in self.artifacts.items()}

    def __contains__(self, name: object) -> bool:
        """Whether it is in the file, damaged or not."""
        return name in self.artifacts

    def __iter__(self) -> Any:
        """Names in the order of the file."""
        return iter(self.artifacts)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.artifacts)


def plain(told: Any, what: str, cure: str = "") -> Plain | None:
    """The entries of a registry of schema 2 that was parsed as a whole; None for all that is not just that."""
    if not isinstance(told, dict) or told.keys() != {"schema", "artifacts"} or told["schema"] != 2:
        return None
    return Plain(told["artifacts"], what, cure) if isinstance(told["artifacts"], dict) else None


def briefs(artifacts: Mapping[str, Entry]) -> dict[str, Brief | None]:
    """As `Entries.briefs`, of any artifacts."""
    if isinstance(artifacts, Entries):
        return artifacts.briefs()
    from zoosmith.records.brief_made import of_entry

    return {name: of_entry(entry) for name, entry in artifacts.items()}


def left_out(artifacts: Mapping[str, Entry]) -> list[str]:
    """As `Entries.left_out`, of any artifacts."""
    return artifacts.left_out() if isinstance(artifacts, Entries) else _left_out(briefs(artifacts))


def is_name(text: str) -> bool:
    """Whether it may be the name of an artifact."""
    try:
        return bool(safe.name(text))
    except ZooError:
        return False


def _left_out(told: Mapping[str, Brief | None]) -> list[str]:
    return sorted(name for name, brief in told.items() if brief is None or not is_name(name))
