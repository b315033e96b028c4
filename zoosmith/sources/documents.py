"""Documents of sources that keep them line by line, as WikiText does: their rows are joined."""

from __future__ import annotations

import re
from dataclasses import replace

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Data
from zoosmith.sources.table import Row, Rows, Table


def joined(table: Table, data: Data) -> Table:
    """The table with a row for each document, where the recipe says how documents begin.

    Rows before the first beginning are a document of their own unless they are blank. Reading raises ZooError where no
    row begins a document, or one has no text.
    """
    if data.documents is None:
        return table
    begins, column = re.compile(data.documents), data.columns["text"]

    def read() -> Rows:
        return _documents(table, begins, column)

    return replace(table, read=read, count=lambda: sum(1 for _ in read()))


def _documents(table: Table, begins: re.Pattern[str], column: str) -> Rows:
    first: tuple[int, Row] = (1, {})
    texts: list[str] = []
    seen = found = 0
    for number, row in table.read():
        text, seen = _text(table, number, row, column), seen + 1
        if begins.search(text):
            found += 1
            yield from _document(first, texts, column)
            texts = []
        if not texts:
            first = number, row
        texts.append(text)
    if not found:
        said = f"documents: {begins.pattern!r} is found in none of {seen} rows of the column {column!r}"
        raise ZooError(f"{table.title}: {said}")
    yield from _document(first, texts, column)


def _document(first: tuple[int, Row], texts: list[str], column: str) -> Rows:
    whole = "".join(texts)
    if whole.strip():
        yield first[0], first[1] | {column: whole}


def _text(table: Table, number: int, row: Row, column: str) -> str:
    """The row's text with one newline at its end. Blank ones are legal: they part paragraphs."""
    if column not in row:
        raise ZooError(f"{table.place(number)}: no column {column!r}{nearest(column, row)}")
    if not isinstance(row[column], str):
        raise ZooError(f"{table.place(number)}: column {column!r} should be text; found {row[column]!r}")
    return str(row[column]).removesuffix("\n") + "\n"
