"""Aligned text for people: columns as wide as they must be, cells no wider than may be."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from zoosmith.common.safe import printable

CELL = 60
WIDTH = 120


def aligned(rows: Sequence[Sequence[str]], indent: str = "", cell: int = CELL) -> str:
    """Rows of equal length as lines; longer cells are cut, what steers a terminal is replaced."""
    cut = [[_cut(printable(text).replace("\n", " "), cell) for text in row] for row in rows]
    widths = [max(len(row[i]) for row in cut) for i in range(len(cut[0]))] if cut else []
    lines = ("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in cut)
    return "\n".join(indent + line.rstrip() for line in lines)


def bullet(text: str) -> str:
    """A remark as an item of a list, wrapped."""
    return textwrap.fill(
        printable(text),
        WIDTH,
        initial_indent="- ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."


def not_utf8(arguments: Iterable[str]) -> str | None:
    """The first argument of a command line that held bytes that are no UTF-8, as ASCII; None where all is well."""
    return next((ascii(text) for text in arguments if any("\udc80" <= sign <= "\udcff" for sign in text)), None)
