"""A table of a source: rows that are read one after the other, as often as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
Rows = Iterator[tuple[int, Row]]


@dataclass(frozen=True)
class Table:
    """Numbered rows of one split of a source, never all of them in memory.

    title: the file, or the hub's data set and split. read: number and values of each row. count: how many rows.
    labels: the class names that the source declares for the column of labels, in the order of their indices.
    lines: whether a row's number is that of its first line in the file; else rows are counted from 1.
    """

    title: str
    read: Callable[[], Rows]
    count: Callable[[], int]
    labels: tuple[str, ...] = ()
    lines: bool = False

    def place(self, number: int) -> str:
        """Where the row of this number stands, for messages."""
        return f"{self.title}:{number}" if self.lines else f"{self.title}, row {number}"


def of_list(title: str, rows: list[Row], labels: tuple[str, ...] = ()) -> Table:
    """A table of rows that are in memory."""
    return Table(title, lambda: enumerate(rows, 1), lambda: len(rows), labels)
