"""Families: which figure stands first."""

from __future__ import annotations

from tests.support import records
from zoosmith.records.family import headline


def test_headline_is_macro_f1_where_there_is_one() -> None:
    assert headline(records.measurement()) == "toy.macro_f1"
    only = records.quality() | {"metrics": {"accuracy": records.bounded(0.5)}}
    assert headline(records.measurement(quality={"toy": only})) == "toy.accuracy"


def test_an_eval_of_another_kind_does_not_come_first() -> None:
    """Evals are sorted by name; a share of answers that change is not what an artifact is chosen by."""
    usual = records.measurement().quality["toy"]
    checked = usual.model_copy(update={"metrics": {"swapped": usual.metrics["accuracy"]}})
    assert headline(records.measurement(quality={"checks": checked, "toy": usual})) == "toy.macro_f1"
    assert headline(records.measurement(quality={"checks": checked})) == "checks.swapped"
