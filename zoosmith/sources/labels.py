"""Labels of rows: the names of classes, given by the recipe or the source, or those that rows hold."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from zoosmith.common.names import index_of, nearest
from zoosmith.sources.faults import BadRow, Faults

MARKS = {
    "", "#n/a", "#n/a n/a", "#na", "(null)", "-1", "-1.#ind", "-1.#qnan", "-1.0", "-nan", "1.#ind", "1.#qnan", "<na>",
    "<null>", "[null]", "\\n", "n/a", "nan", "nat", "null",
}  # fmt: skip
"""Of a missing value, whatever their case, as tables are read by pandas and written by databases."""
PYTHONS_MARKS = {"None", "NA"}  # in this form alone: "none" may well be a class
KINDS: dict[type, str] = {list: "a list", dict: "an object", bytes: "bytes"}
TRAIN = "train"
nearest_label = lru_cache(256)(nearest)


def require_name(value: Any) -> None:
    """Raise BadRow for what cannot name one class: a list, an object, bytes, a date, an infinite number."""
    if isinstance(value, float) and math.isinf(value):
        raise BadRow(f"the label is {value}, which is no class: leave such rows out")
    if value is not None and not isinstance(value, (str, int, float)):
        kind = KINDS.get(type(value), f"of the type {type(value).__name__}")
        raise BadRow(
            f"the label is {kind}, and a class is named by a text or a whole number: give each row one; a task of your "
            "own reads such a column under another name than `label`"
        )


def missing(value: Any) -> str | None:
    """How a value that marks a missing label is told, or None for a label."""
    if value is None:
        return "null"
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else None
    text = visible(str(value)).strip()
    if text.casefold() in MARKS or text in PYTHONS_MARKS:
        return repr(value) if text else "empty"
    return None


def visible(text: str) -> str:
    """The text without characters that nobody sees, such as a zero-width space or a byte order mark."""
    return text if text.isascii() else "".join(sign for sign in text if unicodedata.category(sign) != "Cf")


class Given:
    """Classes whose names and order the recipe or the source says."""

    def __init__(self, names: Sequence[str]) -> None:
        """Take labels of these names, and their indices."""
        self._names = tuple(names)
        self._splits: dict[str, set[str]] = {}

    def name(self, split: str, value: Any, place: str) -> str:
        """The label's name: whole numbers are indices, unless the labels themselves are written as numbers.

        Names match exactly. Raises BadRow.
        """
        require_name(value)
        found = self._of_index(int(value)) if _is_whole(value) else self._of_name(value)
        self._splits.setdefault(split, set()).add(found)
        return found

    def finish(self, faults: Faults) -> list[str]:
        """The names of the classes in the order of their indices."""
        return list(self._names)

    def untrained(self) -> list[str]:
        """Classes that no row of `train` is of, where there is such a split."""
        trained = self._splits.get(TRAIN)
        return [name for name in self._names if name not in trained] if trained else []

    def _of_index(self, value: int) -> str:
        names = self._names
        if any(label.lstrip("-").isdigit() for label in names):
            raise BadRow(
                f"label {value} is a number, and so are the labels {list(names)}: it may be an index or a name; "
                "write the column as text, or name the labels in words"
            )
        if 0 <= value < len(names):
            return names[value]
        hint = "; -1 marks a missing label: leave such rows out" if value == -1 else ""
        raise BadRow(f"label {value} is outside the set 0..{len(names) - 1} ({', '.join(names)}){hint}")

    def _of_name(self, value: Any) -> str:
        if str(value) in self._names:
            return str(value)
        if mark := missing(value):
            raise BadRow(f"the label is {mark}, which marks a missing one: leave such rows out")
        alike = index_of(str(value), self._names)
        hint = nearest_label(str(value), self._names) if alike is None else f"; did you mean {self._names[alike]!r}?"
        raise BadRow(f"label {value!r} is outside the set{hint}")


def _is_whole(value: Any) -> bool:
    """Whether it is a whole number, be it written as a float, as columns with gaps are."""
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
