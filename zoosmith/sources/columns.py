"""Columns of rows: those that the recipe maps, under its names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from zoosmith.common.names import nearest
from zoosmith.sources.faults import BadRow
from zoosmith.sources.labels import Given
from zoosmith.sources.seen_labels import Seen
from zoosmith.sources.table import Row

nearest_column = lru_cache(256)(nearest)


class Columns:
    """The columns that a recipe maps; `label` becomes a class's name."""

    def __init__(self, columns: Mapping[str, str], classes: Given | Seen) -> None:
        """`columns` maps our names to the source's."""
        self._columns = columns
        self._classes = classes

    def mapped(self, split: str, row: Row, place: str) -> Row:
        """The row under our names. Raises BadRow."""
        mapped = {}
        for ours, theirs in self._columns.items():
            if theirs not in row:
                raise BadRow(f"no column {theirs!r}{nearest_column(theirs, tuple(row))}")
            mapped[ours] = row[theirs]
        if "label" in mapped:
            mapped["label"] = self._classes.name(split, mapped["label"], place)
        return mapped
