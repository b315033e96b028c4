"""Columns of rows: those that the recipe maps, under its names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from zoosmith.common.names import nearest
from zoosmith.sources.faults import BadRow
from zoosmith.sources.labels import Given
from zoosmith.sources.seen_labels import Seen
from zoosmith.sources.table import Row

KINDS = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
nearest_column = lru_cache(256)(nearest)


class Columns:
    """The columns that a recipe maps; `label` becomes a class's name, the others hold values of one kind each."""

    def __init__(
        self, columns: Mapping[str, str], classes: Given | Seen, slices: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        """`columns` maps our names to the source's.

        slices: further columns that rows of a split keep under the source's names, with where the recipe names each.
        """
        self._columns = columns
        self._classes = classes
        self._slices = slices or {}
        self._kinds: dict[str, tuple[str, str]] = {}
        self.blank: dict[tuple[str, str], tuple[str, int]] = {}

    def mapped(self, split: str, row: Row, place: str) -> Row:
        """The row under our names. Raises BadRow."""
        mapped = {}
        kept = self._slices.get(split, {})
        for ours, theirs in ({name: name for name in kept} | dict(self._columns)).items():
            if theirs not in row:
                where = f" (named at {kept[ours]})" if ours in kept else ""
                raise BadRow(f"no column {theirs!r}{nearest_column(theirs, tuple(row))}{where}")
            value = row[theirs]
            mapped[ours] = (
                self._classes.name(split, value, place) if ours == "label" else self._value(theirs, value, place)
            )
            if isinstance(value, str) and not value.strip():
                first, count = self.blank.get((split, theirs), (place, 0))
                self.blank[split, theirs] = first, count + 1
        return mapped

    def _value(self, column: str, value: Any, place: str) -> Any:
        if value is None or (isinstance(value, float) and math.isnan(value)):
            raise BadRow(
                f"column {column!r} is {'null' if value is None else 'NaN'}: leave such rows out, or fill them"
            )
        kind = KINDS.get(type(value), type(value).__name__)
        known, first = self._kinds.setdefault(column, (kind, place))
        if kind != known:
            raise BadRow(f"column {column!r} holds {kind} here, and {known} at {first}")
        return value
