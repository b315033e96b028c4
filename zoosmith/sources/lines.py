"""Lines of text files, counted as editors count them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from zoosmith.contract.errors import ZooError


def lines_of(file: Path) -> Iterator[tuple[int, str]]:
    """Number, from 1, and text of each line, its end included. Raises ZooError naming file and line."""
    number = 0
    with file.open("rb") as whole:
        for chunk in whole:
            for line in chunk.splitlines(keepends=True):  # a lone carriage return ends one too
                number += 1
                yield number, _decoded(file, number, line)


def _decoded(file: Path, number: int, line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise ZooError(f"{file}:{number}: unreadable row: {error}") from None
