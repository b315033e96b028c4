"""Columns by whose values an eval's scores are told: which values there are, and how many rows have each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoosmith.recipes.schema import Data
from zoosmith.records.membership import text_of
from zoosmith.sources.faults import BadRow
from zoosmith.sources.table import Row

MOST = 200  # values of a column: with more a table of them says nothing, and rows behind each are too few
Named = Mapping[str, Mapping[str, str]]
"""Split -> column -> where the recipe names it."""


class Slices:
    """Rows counted by split, column and value. Memory grows with the values, of which there are `MOST` at most."""

    def __init__(self, named: Named) -> None:
        """`named` is split -> column -> where the recipe names it."""
        self.named = named
        self._found: dict[str, dict[str, dict[str, int]]] = {
            split: {column: {} for column in columns} for split, columns in named.items()
        }

    @property
    def columns(self) -> set[str]:
        """The columns of all splits."""
        return {column for columns in self.named.values() for column in columns}

    def add(self, split: str, row: Row) -> None:
        """Count a row under our names. Raises BadRow for a value that names no slice, and for too many of them."""
        for column, counts in self._found.get(split, {}).items():
            value = self._text(split, column, row[column])
            counts[value] = counts.get(value, 0) + 1
            if len(counts) > MOST:
                where = self.named[split][column]
                raise BadRow(f"column {column!r} has more than {MOST} values, too many for slices; see {where}")

    def of(self, split: str) -> dict[str, Any]:
        """What data.json says of a split: column -> value -> rows; {} where nothing is sliced."""
        found = {column: dict(sorted(counts.items())) for column, counts in self._found.get(split, {}).items()}
        return {"slices": found} if found else {}

    def _text(self, split: str, column: str, value: Any) -> str:
        if isinstance(value, bool | int | str) and (text := text_of(value).strip()):
            return text
        where = self.named[split][column]
        told = "slices are of text, whole numbers, true or false"
        raise BadRow(f"column {column!r} is {value!r:.60}; {told}; see {where}")


def with_slices(data: Data, named: Named) -> Data:
    """The data set as readers are asked for it: they may leave out columns that nobody names."""
    further = {column: column for columns in named.values() for column in columns if column not in data.columns}
    return data.model_copy(update={"columns": further | data.columns}) if further else data
