"""Labels that nobody names: the classes are what rows of `train` hold."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from zoosmith.contract.errors import ZooError
from zoosmith.sources.faults import BadRow, Faults
from zoosmith.sources.labels import TRAIN, missing, nearest_label, require_name, visible

MOST_CLASSES = 10_000


class Found(NamedTuple):
    """A label as it is in the source, where it stands first, and how often."""

    value: Any
    place: str
    rows: int


class Seen:
    """The values that rows hold, in alphabetical order.

    A column of numbers that are not all whole holds no classes: its values are kept as they are.
    """

    def __init__(self) -> None:
        """None yet."""
        self._splits: dict[str, dict[str, Found]] = {}
        self._numbers, self._fractions = True, False

    def name(self, split: str, value: Any, place: str) -> Any:
        """The label as it is. Raises BadRow for a missing one; what else is wrong, `finish` tells."""
        require_name(value)
        if (mark := missing(value)) and not is_number(value):
            raise BadRow(_told(mark))
        found, text = self._splits.setdefault(split, {}), str(value)
        if text not in found:
            self._judge(value)
        if text in found or len(found) < MOST_CLASSES:
            first = found.get(text, Found(value, place, 0))
            found[text] = first._replace(rows=first.rows + 1)
        elif not self._numbers:
            raise ZooError(f"{place}: more than {MOST_CLASSES} different labels; is it a column of classes?")
        return value if is_number(value) and not isinstance(value, str) else text

    def finish(self, faults: Faults) -> list[str]:
        """The names of the classes; none for a column of numbers. Adds what is wrong to `faults`."""
        if self._numbers and self._fractions:
            return []
        everything: dict[str, Found] = {}
        for found in self._splits.values():
            everything = found | everything
        self._refuse_numbers(faults)
        self._refuse_marks(faults)
        self._refuse_others(faults)
        _refuse_likes(everything, faults)
        return sorted(everything)

    def untrained(self) -> list[str]:
        """Classes without rows of `train`: `finish` refuses them."""
        return []

    def _judge(self, value: Any) -> None:
        number = is_number(value)
        self._numbers = self._numbers and number
        self._fractions = self._fractions or (number and not float(value).is_integer())

    def _refuse_numbers(self, faults: Faults) -> None:
        for split, found in self._splits.items():
            for value, place, rows in found.values():
                if is_number(value) and not isinstance(value, str) and not missing(value):
                    what = f"label {value} is a number, and nothing says of which class: give `labels` in their order"
                    faults.add(f"{place} (split {split})", what, rows)

    def _refuse_marks(self, faults: Faults) -> None:
        """Those that are numbers: in a column of quantities they mark nothing, which is known by now."""
        for split, found in self._splits.items():
            for value, place, rows in found.values():
                if mark := missing(value):
                    faults.add(f"{place} (split {split})", _told(mark), rows)

    def _refuse_others(self, faults: Faults) -> None:
        """What is trained on says which classes there are."""
        trained = self._splits.get(TRAIN, {})
        for split, found in self._splits.items() if trained else ():
            for name, (value, place, rows) in found.items():
                if name not in trained and not missing(value):
                    hint = nearest_label(name, tuple(trained))
                    faults.add(f"{place} (split {split})", f"label {value!r} occurs in no row of train{hint}", rows)


def _told(mark: str) -> str:
    return (
        f"the label is {mark}, which marks a missing one: leave such rows out, or name it under `labels` in the recipe "
        "if it is a class"
    )


def _refuse_likes(everything: dict[str, Found], faults: Faults) -> None:
    """Names that nobody gave and that look alike are one class written in two ways, or two: the recipe must say."""
    for other, name in alike(everything):
        what = (
            f"{differ(other, name)}: write them alike, or name both under `labels` in the recipe if they are two "
            "classes"
        )
        faults.add(everything[name].place, what, everything[name].rows)


def alike(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs of names that a reader takes for one: the first in alphabetical order with each that looks like it."""
    seen: dict[str | Decimal, str] = {}
    for name in sorted(names):
        other = seen.setdefault(_folded(name), name)
        if other != name:
            yield other, name


def differ(one: str, other: str) -> str:
    """How little two names that look alike differ by."""
    how = "how the number is written" if is_number(one) and is_number(other) else "case or spacing alone"
    return f"labels {one!r} and {other!r} differ by {how}"


def _folded(name: str) -> str | Decimal:
    if is_number(name):
        return Decimal(name)  # exact: long numbers may be names
    return " ".join(visible(unicodedata.normalize("NFKC", name)).casefold().split())


def is_number(value: Any) -> bool:
    """Whether it is a finite number, or a text that Python reads as one."""
    try:
        return not isinstance(value, bool) and math.isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return False
