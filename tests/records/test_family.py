"""Families: which figure stands first."""

from __future__ import annotations

from tests.support import records
from zoosmith.records.family import headline


def test_headline_is_macro_f1_where_there_is_one() -> None:
    assert headline(records.measurement()) == "toy.macro_f1"
    only = records.quality() | {"metrics": {"accuracy": records.bounded(0.5)}}
    assert headline(records.measurement(quality={"toy": only})) == "toy.accuracy"
