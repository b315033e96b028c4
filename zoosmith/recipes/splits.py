"""What `splits` of a recipe says: `NAME` or `NAME[START:STOP]` of a source, several joined by '+'."""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

PART = re.compile(r"(?P<name>[^\[\]]*[^\[\]\s])(?:\[(?P<start>(?:-?\d+)?):(?P<stop>(?:-?\d+)?)\])?")
ONE = r"\s*[^\[\]+\s][^\[\]+]*(\[(-?\d+)?:(-?\d+)?\])?\s*"
EXPRESSION = rf"{ONE}(\+{ONE})*"  # for editors, whose regular expressions know no named groups
WHOLE = range(sys.maxsize)


class Part(NamedTuple):
    """A split of the source, or a slice of its rows as Python counts them; `text` is what the recipe says."""

    text: str
    name: str
    start: int | None = None
    stop: int | None = None

    @property
    def whole(self) -> bool:
        """Whether every row is meant, however many there are."""
        return self.start in (None, 0) and self.stop is None

    def chosen(self, rows: int) -> range:
        """The rows that are meant, of `rows`."""
        return range(*slice(self.start, self.stop).indices(rows))


def parts(expression: str) -> list[Part]:
    """The parts in their order. Raises ValueError for one that cannot be read."""
    return [_part(text.strip()) for text in expression.split("+")]


def _part(text: str) -> Part:
    match = PART.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not NAME or NAME[START:STOP] with whole numbers; several are joined by '+'")
    start, stop = (int(match[bound]) if match[bound] else None for bound in ("start", "stop"))
    return Part(text, match["name"].strip(), start, stop)
