"""Rows of CSV files (RFC 4180) whose first line names the columns."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

from zoosmith.contract.errors import ZooError
from zoosmith.sources.lines import lines_of
from zoosmith.sources.table import Row, Rows, Table


def table(file: Path, columns: Mapping[str, str], say: Callable[[str], None]) -> Table:
    """The rows of a file. Reading raises ZooError naming file and line."""
    return Table(str(file), lambda: _rows(file), lambda: sum(1 for _ in _rows(file)), lines=True)


def _rows(file: Path) -> Rows:
    reader = csv.reader((text for _, text in lines_of(file)), strict=True)
    begin = 1
    try:
        names = next(reader, [])
        begin = reader.line_num + 1
        for cells in reader:
            if cells:
                yield begin, _row(file, begin, names, cells)
            begin = reader.line_num + 1
    except csv.Error as error:
        raise ZooError(f"{file}:{begin}: unreadable row: {error}") from None


def _row(file: Path, number: int, names: list[str], cells: list[str]) -> Row:
    if len(cells) != len(names):
        found = "more columns" if len(cells) > len(names) else f"columns {names[: len(cells)]}"
        raise ZooError(f"{file}:{number}: {found} instead of {names}")
    return dict(zip(names, cells, strict=True))
