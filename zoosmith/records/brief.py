"""What lists show of an artifact.

A registry has thousands of rows, and a command shows or opens few of them: those are checked in full. Nothing that
checks is imported here, so that a list is there at once (`zoosmith.records.brief_made` makes briefs).
"""

from __future__ import annotations

from typing import NamedTuple


class Brief(NamedTuple):
    """The newest version of an artifact that is not yanked in short, and the tree of each version by its number.

    latest: its number; where all are yanked, that of the last. size_total: bytes. quality: the headline metric with its
    value, as text; "" where nothing was measured. yanked: why, by number. heads: the digest of each entry of the
    history. last: the number that was recorded as the latest, yanked or not.
    """

    latest: int
    trees: dict[str, str]
    task: str
    format: str
    precision: str
    license: str
    builder: str
    base: tuple[str, ...]
    size_total: int
    quality: str
    aliases: dict[str, int]
    yanked: dict[str, str]
    heads: tuple[str, ...]
    last: int

    @property
    def gone(self) -> bool:
        """Whether every version is yanked."""
        return str(self.latest) in self.yanked
