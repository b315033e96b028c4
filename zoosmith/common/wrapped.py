"""Tables and paragraphs of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from zoosmith.common.text import inline

NARROW = 80
LEAST = 24  # columns that the last column of a table keeps, however wide the others are


def table(rows: Sequence[Sequence[str]], width: int = NARROW) -> list[str]:
    """Rows of equal length as lines of at most `width` columns: cells are continued below themselves, none is cut.

    A word is never broken, so that a name can be copied: a longer one makes its column wider.
    """
    if not rows:
        return []
    clean = [[inline(cell) for cell in row] for row in rows]
    widths = _widths(clean, width)
    return [line for row in clean for line in _lines(row, widths)]


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Of each column; the last one is as wide as what the others leave, and none is narrower than its longest word."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    least = [max(_longest(cell) for cell in column) for column in zip(*rows, strict=True)]
    room = width - 2 * (len(widths) - 1)
    *first, last = widths
    while sum(first) + min(last, LEAST) > room:
        spare = [(each - word, place) for place, (each, word) in enumerate(zip(first, least, strict=False))]
        most, place = max(spare, default=(0, 0))
        if most <= 0:
            break
        first[place] -= 1
    return [*first, max(1, least[-1], min(last, room - sum(first)))]


def _longest(cell: str) -> int:
    return max(map(len, cell.split()), default=1)


def _lines(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    cells = [_wrapped(cell, size) for cell, size in zip(row, widths, strict=True)]
    padded = [[*cell, *[""] * (max(map(len, cells)) - len(cell))] for cell in cells]
    return ["  ".join(part.ljust(size) for part, size in zip(line, widths, strict=True)).rstrip()
            for line in zip(*padded, strict=True)]  # fmt: skip


def _wrapped(cell: str, size: int) -> list[str]:
    """As it is where it fits: nothing of it is lost then, such as two spaces."""
    if len(cell) <= size:
        return [cell]
    return textwrap.wrap(cell, size, break_long_words=False, break_on_hyphens=False) or [""]


def paragraphs(text: str, indent: str = "", width: int = NARROW) -> list[str]:
    """Text whose paragraphs have empty lines between them, filled; no line longer than `width` but for a long word."""
    lines: list[str] = []
    for part in text.strip().split("\n\n"):
        lines += [""] * bool(lines) + filled(part, indent, indent, width)
    return lines


def filled(text: str, first: str = "", later: str = "", width: int = NARROW) -> list[str]:
    """One paragraph; `first` begins its first line and `later` the others."""
    clean = inline(" ".join(text.split()))
    return textwrap.wrap(clean, width, initial_indent=first, subsequent_indent=later, break_long_words=False,
                         break_on_hyphens=False) or [first.rstrip()]  # fmt: skip
