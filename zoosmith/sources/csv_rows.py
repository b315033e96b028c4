"""Rows of CSV files (RFC 4180) whose first line names the columns; ';' or a tab may stand for ','."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from zoosmith.contract.errors import ZooError
from zoosmith.sources.lines import lines_of
from zoosmith.sources.table import Row, Rows, Table

SEPARATORS = {",": "','", ";": "';'", "\t": "tabs", "|": "'|'"}
LONGEST = 1 << 26  # characters of a cell; the library's own limit is 131,072, a quote that is never closed has none


def table(file: Path, columns: Mapping[str, str], say: Callable[[str], None]) -> Table:
    """The rows of a file. Separators that are not commas are said. Raises ZooError naming file and line."""
    separator = _separator(file, set(columns.values()))
    if separator != ",":
        say(f"{file.name}: columns are separated by {SEPARATORS[separator]}")
    return Table(str(file), lambda: _rows(file, separator), lambda: sum(1 for _ in _rows(file, separator)), lines=True)


def _separator(file: Path, wanted: set[str]) -> str:
    """The one that parts the first line into columns that the recipe names; of several such, into most columns."""
    found = {one: _names(file, one) for one in SEPARATORS}
    return max(found, key=lambda one: (len(wanted & set(found[one])), len(found[one])))


def _names(file: Path, separator: str) -> list[str]:
    csv.field_size_limit(LONGEST)
    try:
        return next(csv.reader((text for _, text in lines_of(file)), delimiter=separator, strict=True), [])
    except csv.Error:
        return []  # told where the rows are read


def _rows(file: Path, separator: str) -> Rows:
    parsed = _parsed(file, separator)
    names = _unlike(file, next(parsed, (1, []))[1])
    for begin, cells in parsed:
        yield begin, _row(file, begin, names, cells)


def _parsed(file: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """First line and cells of each row that is not blank, that of the names first."""
    csv.field_size_limit(LONGEST)
    reader = csv.reader((text for _, text in lines_of(file)), delimiter=separator, strict=True)
    begin = 1
    try:
        for cells in reader:
            if cells:
                yield begin, cells
            begin = reader.line_num + 1
    except csv.Error as error:
        quote = '; a quote (") that is opened here is closed nowhere' if "unexpected end" in str(error) else ""
        raise ZooError(f"{file}:{begin}: unreadable row: {error}{quote}") from None


def _unlike(file: Path, names: list[str]) -> list[str]:
    if twice := [name for name in names if names.count(name) > 1]:
        raise ZooError(f"{file}:1: two columns are called {twice[0]!r}; give each a name of its own")
    return names


def _row(file: Path, number: int, names: list[str], cells: list[str]) -> Row:
    if len(cells) != len(names):
        found = "more columns" if len(cells) > len(names) else f"columns {names[: len(cells)]}"
        raise ZooError(f"{file}:{number}: {found} instead of {names}")
    return dict(zip(names, cells, strict=True))
