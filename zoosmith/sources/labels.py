"""Labels of rows: the names of classes, given by the recipe or the source, or those that rows hold."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from zoosmith.common.names import nearest
from zoosmith.sources.faults import BadRow, Faults

nearest_label = lru_cache(256)(nearest)


class Given:
    """Classes whose names and order the recipe or the source says."""

    def __init__(self, names: Sequence[str]) -> None:
        """Take labels of these names, and their indices."""
        self._names = tuple(names)

    def name(self, split: str, value: Any, place: str) -> str:
        """The label's name: whole numbers are indices, unless the labels themselves are written as numbers.

        Raises BadRow.
        """
        names = self._names
        by_index = isinstance(value, int) and not isinstance(value, bool)
        if by_index and any(label.lstrip("-").isdigit() for label in names):
            raise BadRow(
                f"label {value} is a number, and so are the labels {list(names)}: it may be an index or a name; "
                "write the column as text, or name the labels in words"
            )
        if by_index:
            if 0 <= value < len(names):
                return str(names[value])
            raise BadRow(f"label {value} is outside the set 0..{len(names) - 1} ({', '.join(names)})")
        if str(value) not in names:
            raise BadRow(f"label {value!r} is outside the set{nearest_label(str(value), names)}")
        return str(value)

    def finish(self, faults: Faults) -> list[str]:
        """The names of the classes in the order of their indices."""
        return list(self._names)


class Seen:
    """Classes that nobody names: the values that rows hold, in alphabetical order."""

    def __init__(self) -> None:
        """None yet."""
        self._values: dict[str, None] = {}

    def name(self, split: str, value: Any, place: str) -> str:
        """The label as text. Raises BadRow for a missing one."""
        if value is None:
            raise BadRow("the label is missing")
        self._values[str(value)] = None
        return str(value)

    def finish(self, faults: Faults) -> list[str]:
        """The names of the classes."""
        return sorted(self._values)
