"""Which slice each example of an eval belongs to: the value that its row has in a column of the data set.

Values are packed as class indices are (`zoosmith.records.answers`), in the order of the examples.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import model_validator

from zoosmith.recipes.schema import Model
from zoosmith.records.answers import pack, unpack

SLICED = re.compile(r"(?P<metric>[^\[\]]+)\[(?P<column>[^\[\]=]+)=(?P<value>.*)\]", re.S)


class Membership(Model):
    """The value of each of n examples as an index into `values`, packed."""

    values: tuple[str, ...]
    n: int
    packed: str

    @model_validator(mode="after")
    def _whole(self) -> Membership:
        self.indices()
        return self

    def indices(self) -> list[int]:
        """The index into `values` of each example."""
        return unpack(self.packed, self.n, len(self.values))


class SliceName(NamedTuple):
    """A metric of the rows that have `value` in `column`, as gates name it: METRIC[COLUMN=VALUE]."""

    metric: str
    column: str
    value: str

    def __str__(self) -> str:
        return f"{self.metric}[{self.column}={self.value}]"


def parsed(name: str) -> SliceName | None:
    """The parts of METRIC[COLUMN=VALUE], of EVAL.METRIC[COLUMN=VALUE] too; None for a name of all rows."""
    found = SLICED.fullmatch(name)
    return SliceName(found["metric"], found["column"], found["value"]) if found else None


def text_of(value: Any) -> str:
    """A value of a column as the name of a slice: true and false as YAML and JSON write them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def packed(values: Sequence[Any]) -> Membership:
    """The membership of examples whose rows have these values in a column."""
    texts = [text_of(value).strip() for value in values]
    known = tuple(sorted(set(texts)))
    index = {text: i for i, text in enumerate(known)}
    return Membership(values=known, n=len(texts), packed=pack([index[text] for text in texts], len(known)))
