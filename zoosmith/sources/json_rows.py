"""Rows of JSON lines (https://jsonlines.org), one object a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

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
        row = json.loads(text, object_pairs_hook=_once)
    except ValueError as error:
        array = "; it begins a JSON array: write one object a line, without brackets and commas between them"
        hint = array if number == 1 and text.lstrip().startswith("[") else ""
        raise ZooError(f"{file}:{number}: unreadable row: {error}{hint}") from None
    except RecursionError:
        raise ZooError(f"{file}:{number}: unreadable row: it is nested too deeply") from None
    if not isinstance(row, dict):
        raise ZooError(f'{file}:{number}: expected an object such as {{"text": ...}}, found {text[:40]!r}')
    return row


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, no key of which is lost to a later one of the same name."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} is given twice")
    return found
