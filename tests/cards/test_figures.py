"""Figures: the right numbers of the right artifacts, and words for them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import records
from zoosmith.cards.figures import Confusion, Curves, Pareto, figures, milliseconds, rows, significant
from zoosmith.records.family import Subject

METRIC = "toy.macro_f1"


def reference(**changed: Any) -> Subject:
    latency = {"p50": 6.0, "p95": 9.0, "p99": 9.5, "n": 100}
    return Subject(records.build("toy-fp32"), records.reference(latency_ms=latency, **changed))


def subject(name: str = "toy-onnx-int8", **changed: Any) -> Subject:
    return Subject(records.build(name), records.measurement(name, **changed))


def made(*siblings: Subject, of: int = 0) -> dict[str, Any]:
    return figures(siblings[of], siblings, METRIC)


def test_without_a_profile_the_family_and_the_confusion() -> None:
    assert [*made(subject(), reference())] == ["pareto", "confusion-toy"]
    assert [*made(subject())] == ["confusion-toy"]
    assert [*made(subject(quality={"toy": records.quality(confusion=[])}))] == []


def test_with_a_profile_length_and_batch_too() -> None:
    assert [*made(subject(profile=records.profile()))] == ["length", "batch", "confusion-toy"]
    assert [*made(subject(profile=records.profile() | {"by_batch": []}))] == ["length", "confusion-toy"]


def test_points_carry_the_recorded_values() -> None:
    figure = made(subject(), reference())["pareto"]
    assert isinstance(figure, Pareto)
    told = [(p.name, p.role, p.ms, p.value, p.low, p.high) for p in figure.points]
    assert told == [
        ("onnx-int8", "this", 2.0, 0.89, 0.87, 0.91),
        ("fp32", "reference", 6.0, 0.89, 0.87, 0.91),
    ]
    assert figure.subtitle == "on epyc-2c, 1 thread, batch 1"
    assert figure.text == (
        "toy.macro_f1 against p50 latency: onnx-int8 0.8900 at 2.00 ms; fp32 0.8900 at 6.00 ms. "
        "On the Pareto front: onnx-int8."
    )


def at(name: str, ms: float, accuracy: float) -> Subject:
    latency = {"p50": ms, "p95": ms, "p99": ms, "n": 9}
    return subject(name, latency_ms=latency, quality={"toy": records.quality(accuracy)})


@pytest.mark.parametrize(
    ("family", "front"),
    [
        ([("toy-a", 1.0, 0.8), ("toy-b", 2.0, 0.9)], ["a", "b"]),
        ([("toy-a", 1.0, 0.9), ("toy-b", 2.0, 0.9)], ["a"]),
        ([("toy-a", 1.0, 0.9), ("toy-b", 1.0, 0.8)], ["a"]),
        ([("toy-a", 1.0, 0.9), ("toy-b", 1.0, 0.9)], ["a", "b"]),
        ([("toy-a", 1.0, 0.8), ("toy-b", 2.0, 0.7), ("toy-c", 3.0, 0.9)], ["a", "c"]),
    ],
)
def test_the_front(family: list[tuple[str, float, float]], front: list[str]) -> None:
    figure = made(*(at(*each) for each in family))["pareto"]
    assert [point.name for point in figure.points if point.front] == front


def test_curves_are_of_the_artifact_and_the_reference_alone() -> None:
    profile = records.profile()
    figure = made(subject(profile=profile), subject("toy-other", profile=profile), reference(profile=profile))["length"]
    assert isinstance(figure, Curves)
    assert [(series.name, series.role) for series in figure.series] == [("onnx-int8", "this"), ("fp32", "reference")]
    assert rows(figure) == [
        ["tokens", "onnx-int8, ms at p50", "fp32, ms at p50"],
        ["4", "0.5 (p95 0.667)", "0.5 (p95 0.667)"],
        ["8", "1 (p95 1.33)", "1 (p95 1.33)"],
        ["16", "2 (p95 2.67)", "2 (p95 2.67)"],
    ]


def test_points_in_any_order_are_sorted_and_a_missing_one_is_a_dash() -> None:
    backwards = records.profile() | {"by_batch": [*reversed(records.profile()["by_batch"])]}
    shorter = records.profile() | {"by_batch": records.profile()["by_batch"][:2]}
    figure = made(subject(profile=backwards), reference(profile=shorter))["batch"]
    assert [row[0] for row in rows(figure)] == ["examples a call", "1", "2", "4"]
    assert rows(figure)[-1] == ["4", "600", "-"]
    assert figure.subtitle == "on epyc-2c, 1 thread"


def test_latency_by_length_says_that_it_is_of_the_model_alone_and_goes_past_where_text_is_cut() -> None:
    figure = made(subject(profile=records.profile()))["length"]
    assert figure.subtitle == "on epyc-2c, 1 thread, batch 1, tokenizer left out"
    assert figure.y_label == "ms at p50, bars up to p95; text is cut at 32 tokens"
    assert figure.y_label in figure.text
    assert figure.text.endswith("2 at 16 tokens. Model alone, tokenizer left out.")
    assert "tokenizer" not in made(subject(profile=records.profile()))["batch"].text


def test_a_profile_of_the_reference_alone_makes_no_figure() -> None:
    assert "length" not in made(subject(), reference(profile=records.profile()))


def test_the_confusion_counts_what_is_right() -> None:
    quality = records.quality(confusion=[[190, 10], [3, 197]])
    figure = made(subject(quality={"toy": quality}))["confusion-toy"]
    assert isinstance(figure, Confusion)
    assert figure.counts == ((190, 10), (3, 197))
    assert figure.text == "Confusion matrix of toy, 2 classes: 387 of 400 answers are right."


@pytest.mark.parametrize(
    ("value", "ms", "short"),
    [(0.882, "0.88", "0.882"), (12.345, "12.35", "12.3"), (0.0123, "0.012", "0.0123"), (1234.5, "1234.50", "1234")],
)
def test_numbers(value: float, ms: str, short: str) -> None:
    assert milliseconds(value) == ms
    assert significant(value) == short
