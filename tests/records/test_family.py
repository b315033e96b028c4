"""Families: which figure stands first."""

from __future__ import annotations

import json

from tests.support import records
from zoosmith.records import brief_made, rows
from zoosmith.records.family import headline
from zoosmith.records.registry import Entry, Registry, parse, to_text


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


def test_what_a_recipe_made_beside_the_split_eval_does_not_come_first() -> None:
    """Neither in a measurement nor in a row of a registry, checked or not, whose JSON is sorted by name."""
    measured = records.measurement(quality={"held": records.quality() | {"split": "held"}, "toy": records.quality()})
    assert headline(measured) == "toy.macro_f1"
    row = rows.row(records.build(), [measured], [], "card.md")
    registry = Registry(artifacts={"toy-onnx-int8": Entry(latest=1, versions={"1": row})})
    text = to_text(registry)
    entry = parse(text, "registry.json").artifacts["toy-onnx-int8"]
    assert headline(entry.versions["1"].results[0]) == "toy.macro_f1"
    brief = brief_made.of_json(json.loads(text)["artifacts"]["toy-onnx-int8"])
    assert brief is not None and brief.quality.startswith("toy.macro_f1")
    assert brief == brief_made.of_entry(entry)


def test_evals_of_the_split_eval_are_in_the_order_of_their_names() -> None:
    measured = records.measurement(quality={"a": records.quality(), "b": records.quality()})
    assert headline(measured) == "a.macro_f1"
    assert "first" not in rows.result(measured).model_dump(mode="json")
