"""Rows of JSON lines (https://jsonlines.org), one object a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from zoosmith.contract.errors import ZooError
from zoosmith.sources.lines import lines_of
from zoosmith.sources.table import Row, Rows, Table


def table(file: Path, columns: Mapping[str, str], say: Callable[[str], None]) -> Table:
    """The rows of a file; blank lines are none. Reading raises ZooError naming file and line."""
    return Table(
        str(file), lambda: _rows(file), lambda: sum(1 for _, text in lines_of(file) if text.strip()), lines=True
    )


def _rows(file: Path) -> Rows:
    for number, text in lines_of(file):
        if text.strip():
            yield number, _row(file, number, text)


def _row(file: Path, number: int, text: str) -> Row:
    try:
        row = json.loads(text)
    except ValueError as error:
        raise ZooError(f"{file}:{number}: unreadable row: {error}") from None
    except RecursionError:
        raise ZooError(f"{file}:{number}: unreadable row: it is nested too deeply") from None
    if not isinstance(row, dict):
        raise ZooError(f'{file}:{number}: expected an object such as {{"text": ...}}, found {text[:40]!r}')
    return row
