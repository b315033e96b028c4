"""Which rows of which table make up each split, and that no row stands in two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from zoosmith.contract.errors import ZooError
from zoosmith.recipes.splits import WHOLE, Part, parts
from zoosmith.sources.table import Row, Table


class Piece(NamedTuple):
    """Rows of one table that stand in `split`, as its piece number `order`."""

    split: str
    order: int
    rows: range


def names(splits: Mapping[str, str]) -> list[str]:
    """The tables that are read, each once."""
    return list(dict.fromkeys(part.name for expression in splits.values() for part in parts(expression)))


def planned(splits: Mapping[str, str], tables: Mapping[str, Table]) -> dict[str, list[Piece]]:
    """Pieces by table. Raises ZooError for slices that are empty, and for two that share rows."""
    found: dict[str, list[Piece]] = {name: [] for name in tables}
    count = cache(lambda name: tables[name].count())
    for ours, expression in splits.items():
        for order, part in enumerate(parts(expression)):
            endless = part.whole and next(tables[part.name].read(), None) is not None  # spares counting
            piece = Piece(ours, order, WHOLE if endless else _chosen(ours, part, count(part.name)))
            _refuse_overlap(piece, found[part.name])
            found[part.name].append(piece)
    return found


def taken(table: Table, pieces: list[Piece]) -> Iterator[tuple[Piece, str, Row]]:
    """The rows that stand in a piece, each with its piece and its place. Reading ends behind the last."""
    last = max(piece.rows.stop for piece in pieces)
    for i, (number, row) in enumerate(table.read()):
        if i >= last:
            return
        for piece in pieces:
            if i in piece.rows:
                yield piece, table.place(number), row


def _chosen(ours: str, part: Part, rows: int) -> range:
    chosen = part.chosen(rows)
    if not chosen:
        raise ZooError(f"split {ours}: {part.text!r} is empty; {part.name} has {rows} rows")
    return chosen


def _refuse_overlap(piece: Piece, others: list[Piece]) -> None:
    for other in others:
        if piece.rows.start < other.rows.stop and other.rows.start < piece.rows.stop:
            raise ZooError(
                f"the splits {piece.split!r} and {other.split!r} share rows; give them ranges that do not overlap"
            )
