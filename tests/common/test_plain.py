"""Values of ours as what JSON has."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

from zoosmith.common.plain import plain


class Named(NamedTuple):
    ratio: float
    where: Path


@dataclass
class Data:
    named: Named
    words: tuple[str, ...]
    marks: frozenset[str]


class Model(BaseModel):
    low: float | None = None


def test_all_the_way_down() -> None:
    told = plain(Data(Named(math.inf, Path("a/b")), ("x",), frozenset("ba")))
    assert told == {"named": {"ratio": None, "where": "a/b"}, "words": ["x"], "marks": ["a", "b"]}
    assert json.loads(json.dumps(plain({"of": [Model(low=0.5)], "_mine": 1}))) == {"of": [{"low": 0.5}]}
